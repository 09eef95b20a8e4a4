//! The matrix product of a layer.
//!
//! It is flex's own. To divide one of 256 x 128 x 128 multiplications, which takes some 45 us, between two cores was measured
//! to be slower than to leave it to one: waking the second core takes as long as it saves.

use burn::backend::Flex;
use burn::backend::flex::FlexTensor;
use burn::backend::ops::FloatTensorOps;

use super::bridge::{Forward, Kernel};

/// Flex's matrix product.
pub fn product(a: FlexTensor, b: FlexTensor) -> FlexTensor {
    Flex::float_matmul(a, b)
}

/// A sum of products of one shape, with one term more.
pub fn sum(total: Option<FlexTensor>, term: FlexTensor) -> FlexTensor {
    match total {
        None => term,
        Some(total) => Flex::float_add(total, term),
    }
}

/// `x W` of `[N, K]` and `[K, O]`.
#[derive(Debug, Clone, Copy)]
pub struct Product;

impl Kernel<2> for Product {
    /// Both inputs.
    type Saved = [FlexTensor; 2];
    type Aside = ();

    fn forward(&self, [x, weight]: [FlexTensor; 2]) -> Forward<Self::Saved, ()> {
        Forward {
            value: product(x.clone(), weight.clone()),
            saved: [x, weight],
            aside: (),
        }
    }

    fn backward(
        &self,
        [x, weight]: Self::Saved,
        gradient: FlexTensor,
        [dx_wanted, dw_wanted]: [bool; 2],
    ) -> [Option<FlexTensor>; 2] {
        let dx = dx_wanted.then(|| product(gradient.clone(), weight.transpose(0, 1)));
        let dw = dw_wanted.then(|| product(x.transpose(0, 1), gradient));
        [dx, dw]
    }
}
