//! A linear layer: matrix products whose rows two cores share, with the bias in the same operation.

use burn::backend::flex::FlexTensor;
use rayon::prelude::*;

use super::bridge::{Flat, Forward, Kernel};
use super::convolution::product;
use super::reduction::BLOCK;
use super::wide::wide;

/// Multiplications from which two cores are worth their start, and those from which flex takes several by itself.
const SHARED: std::ops::Range<usize> = 128 * 128 * 128..192 * 192 * 192;
/// Rows whose columns are summed up in one go.
const ROWS: usize = 64;

/// `x W` of `[N, K]` and `[K, O]`.
#[derive(Debug, Clone, Copy)]
pub struct Product;

/// `x W + b` of `[N, K]`, `[K, O]` and `[O]`.
#[derive(Debug, Clone, Copy)]
pub struct Linear;

/// Input and weights.
type Saved = [FlexTensor; 2];

impl Kernel<2> for Product {
    type Saved = Saved;
    type Aside = ();

    fn forward(&self, [x, weight]: [FlexTensor; 2]) -> Forward<Saved, ()> {
        Forward {
            value: matmul(&x, &weight),
            saved: [x, weight],
            aside: (),
        }
    }

    fn backward(
        &self,
        [x, weight]: Saved,
        gradient: FlexTensor,
        [dx_wanted, dw_wanted]: [bool; 2],
    ) -> [Option<FlexTensor>; 2] {
        let dx = dx_wanted.then(|| matmul(&gradient, &weight.transpose(0, 1)));
        let dw = dw_wanted.then(|| matmul(&x.transpose(0, 1), &gradient));
        [dx, dw]
    }
}

impl Kernel<3> for Linear {
    type Saved = Saved;
    type Aside = ();

    fn forward(&self, [x, weight, bias]: [FlexTensor; 3]) -> Forward<Saved, ()> {
        let mut y = matmul(&x, &weight);
        add_to_rows(y.values_mut(), bias.values());
        Forward {
            value: y,
            saved: [x, weight],
            aside: (),
        }
    }

    fn backward(
        &self,
        saved: Saved,
        gradient: FlexTensor,
        [dx_wanted, dw_wanted, db_wanted]: [bool; 3],
    ) -> [Option<FlexTensor>; 3] {
        let db = db_wanted.then(|| sum_of_rows(&gradient));
        let [dx, dw] = Product.backward(saved, gradient, [dx_wanted, dw_wanted]);
        [dx, dw, db]
    }
}

/// The product of two matrices, which may be transposed views; in two halves of the rows where flex would leave the
/// second core idle. The bits do not depend on the number of threads.
fn matmul(a: &FlexTensor, b: &FlexTensor) -> FlexTensor {
    let ([rows, inner], [_, columns]) = (a.sizes(), b.sizes());
    if !rows.is_multiple_of(2) || !SHARED.contains(&(rows * inner * columns)) {
        return product(a.clone(), b.clone());
    }
    let [row_stride, stride] = strides(a);
    let half = rows / 2;
    let halves = a.view([2, half, inner], [half * row_stride, row_stride, stride]);
    let [row_stride, stride] = strides(b);
    let whole = b.view([1, inner, columns], [0, row_stride, stride]);
    product(halves, whole).shaped([rows, columns])
}

/// The strides of a matrix, none of which here is negative.
fn strides(matrix: &FlexTensor) -> [usize; 2] {
    let strides = matrix.layout().strides();
    std::array::from_fn(|axis| strides[axis].unsigned_abs())
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
    if values.len() <= 4 * BLOCK {
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
    let sums: Vec<f32> = if values.len() <= 4 * BLOCK {
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
