//! Sums and checks over all values of a tensor, in fixed blocks: the same bits with one thread and with several.

use burn::backend::flex::FlexTensor;

use super::blocks::{BLOCK, each};
use super::bridge::Flat;
use super::wide::wide;

/// Sums that are carried side by side, so that they fill the vector registers.
const LANES: usize = 32;

/// The sum of squares of all values of a contiguous tensor, in double precision.
pub fn sum_of_squares(tensor: &FlexTensor) -> f64 {
    // Collected in order and then added up: rayon's own sum would add in the order in which threads finish.
    let sums: Vec<f64> = by_block(tensor, &|values| {
        let mut total = 0.0;
        wide!([values: &'a [f32] = values, total: &'a mut f64 = &mut total] {
            let mut sums = [0.0_f64; LANES];
            let whole = values.chunks_exact(LANES);
            let rest = whole.remainder();
            for values in whole {
                for (sum, value) in sums.iter_mut().zip(values) {
                    let value = f64::from(*value);
                    *sum += value * value;
                }
            }
            for (sum, value) in sums.iter_mut().zip(rest) {
                let value = f64::from(*value);
                *sum += value * value;
            }
            *total = sums.iter().sum();
        });
        total
    });
    sums.iter().sum()
}

/// Whether every value of a contiguous tensor is finite.
pub fn all_finite(tensor: &FlexTensor) -> bool {
    let largest: Vec<u32> = by_block(tensor, &|values| {
        let mut largest = 0;
        wide!([values: &'a [f32] = values, largest: &'a mut u32 = &mut largest] {
            // Without the sign, the bits of floats are in the order of their magnitudes; NaN and infinity come last.
            *largest = values.iter().fold(0, |largest: u32, value| largest.max(value.to_bits() & !SIGN));
        });
        largest
    });
    largest.iter().all(|bits| *bits < f32::INFINITY.to_bits())
}

const SIGN: u32 = 1 << 31;

fn by_block<T: Clone + Default + Send>(
    tensor: &FlexTensor,
    reduce: &(dyn Fn(&[f32]) -> T + Sync),
) -> Vec<T> {
    let values = tensor.values();
    let mut found = vec![T::default(); values.len().div_ceil(BLOCK)];
    let mut blocks = values.chunks(BLOCK).zip(&mut found);
    each(values.len(), &mut blocks, &|(values, found)| {
        *found = reduce(values)
    });
    found
}
