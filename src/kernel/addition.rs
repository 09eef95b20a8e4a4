//! The sum of two tensors.

use burn::backend::flex::FlexTensor;

use super::blocks::{BLOCK, rewritten};
use super::bridge::{Flat, Forward, Kernel};
use super::wide::wide;

/// The sum of two tensors of one shape.
#[derive(Debug, Clone, Copy)]
pub struct Addition;

impl Kernel<2> for Addition {
    type Saved = ();
    type Aside = ();

    fn forward(&self, [mut a, mut b]: [FlexTensor; 2]) -> Forward<(), ()> {
        if !a.is_unique() {
            std::mem::swap(&mut a, &mut b);
        }
        let mut blocks = b.values().chunks(BLOCK);
        let value = rewritten(a, [usize::MAX, BLOCK], &mut blocks, &|a, b| {
            wide!([a: &'a mut [f32] = a, b: &'a [f32] = b] {
                a.iter_mut().zip(b).for_each(|(a, b)| *a += b);
            });
        });
        Forward {
            value,
            saved: (),
            aside: (),
        }
    }

    fn backward(
        &self,
        _saved: (),
        gradient: FlexTensor,
        wanted: [bool; 2],
    ) -> [Option<FlexTensor>; 2] {
        wanted.map(|wanted| wanted.then(|| gradient.clone()))
    }
}
