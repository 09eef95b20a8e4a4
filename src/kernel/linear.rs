//! A linear layer as one operation: the product and the bias, whose gradient is the sum of the rows.
//!
//! The product is flex's own. To divide one of 256 x 128 x 128 multiplications, which takes some 45 us, between two cores
//! was measured to be slower than to leave it to one: waking the second core takes as long as it saves.

use burn::backend::flex::FlexTensor;
use rayon::prelude::*;

use super::blocks::{BLOCK, SHARED};
use super::bridge::{Flat, Forward, Kernel};
use super::convolution::product;
use super::wide::wide;

/// Rows whose columns are summed up in one go.
const ROWS: usize = 64;

/// `x W + b` of `[N, K]`, `[K, O]` and `[O]`.
#[derive(Debug, Clone, Copy)]
pub struct Linear;

impl Kernel<3> for Linear {
    /// Input and weights.
    type Saved = [FlexTensor; 2];
    type Aside = ();

    fn forward(&self, [x, weight, bias]: [FlexTensor; 3]) -> Forward<Self::Saved, ()> {
        let mut y = product(x.clone(), weight.clone());
        add_to_rows(y.values_mut(), bias.values());
        Forward {
            value: y,
            saved: [x, weight],
            aside: (),
        }
    }

    fn backward(
        &self,
        [x, weight]: Self::Saved,
        gradient: FlexTensor,
        [dx_wanted, dw_wanted, db_wanted]: [bool; 3],
    ) -> [Option<FlexTensor>; 3] {
        let db = db_wanted.then(|| sum_of_rows(&gradient));
        let dx = dx_wanted.then(|| product(gradient.clone(), weight.transpose(0, 1)));
        let dw = dw_wanted.then(|| product(x.transpose(0, 1), gradient));
        [dx, dw, db]
    }
}

/// Adds a vector to each row.
fn add_to_rows(values: &mut [f32], bias: &[f32]) {
    let columns = bias.len().max(1);
    let add = |values: &mut [f32]| {
        wide!([values: &'a mut [f32] = values, bias: &'a [f32] = bias, columns: usize = columns] {
            for row in values.chunks_exact_mut(columns) {
                row.iter_mut().zip(bias).for_each(|(value, bias)| *value += bias);
            }
        });
    };
    if values.len() < SHARED {
        add(values);
    } else {
        let rows = (BLOCK / columns).max(1);
        values.par_chunks_mut(rows * columns).for_each(add);
    }
}

/// `[O]`, the sum over the rows of `[N, O]`: blocks of rows, and then their sums, each in order.
fn sum_of_rows(matrix: &FlexTensor) -> FlexTensor {
    let [_, columns] = matrix.sizes();
    let values = matrix.values();
    let sum = |values: &[f32]| {
        let mut total = vec![0.0; columns];
        accumulate_rows(values, &mut total);
        total
    };
    let block = (ROWS * columns).max(1);
    let sums: Vec<f32> = if values.len() < SHARED {
        values.chunks(block).flat_map(sum).collect()
    } else {
        values.par_chunks(block).flat_map_iter(sum).collect()
    };
    FlexTensor::of(sum(&sums), [columns])
}

fn accumulate_rows(values: &[f32], total: &mut [f32]) {
    let columns = total.len().max(1);
    wide!([values: &'a [f32] = values, total: &'a mut [f32] = total, columns: usize = columns] {
        for row in values.chunks_exact(columns) {
            total.iter_mut().zip(row).for_each(|(total, value)| *total += value);
        }
    });
}
