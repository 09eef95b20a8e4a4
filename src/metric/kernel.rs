//! Products and distances of vectors, and the kernel two-sample statistic that rests on them.

use crate::feature::Features;

/// Number of sums that run side by side; one alone would wait for each addition.
const LANES: usize = 8;

/// The inner product `x . y`.
pub(super) fn dot(x: &[f64], y: &[f64]) -> f64 {
    sum_of_pairs(x, y, |x, y| x * y)
}

/// The squared Euclidean distance `|x - y|^2`.
pub(super) fn squared_distance(x: &[f64], y: &[f64]) -> f64 {
    sum_of_pairs(x, y, |x, y| (x - y) * (x - y))
}

fn sum_of_pairs(x: &[f64], y: &[f64], term: impl Fn(f64, f64) -> f64) -> f64 {
    let (mut x, mut y) = (x.chunks_exact(LANES), y.chunks_exact(LANES));
    let mut sums = [0.0; LANES];
    for (x, y) in x.by_ref().zip(y.by_ref()) {
        for lane in 0..LANES {
            sums[lane] += term(x[lane], y[lane]);
        }
    }
    let rest: f64 = x
        .remainder()
        .iter()
        .zip(y.remainder())
        .map(|(&x, &y)| term(x, y))
        .sum();
    sums.iter().sum::<f64>() + rest
}

/// The unbiased estimate of the squared maximum mean discrepancy, of sets of at least two samples.
///
/// `1 / (m (m - 1)) sum_{i != j} k(x_i, x_j) + 1 / (n (n - 1)) sum_{i != j} k(y_i, y_j) - 2 / (m n) sum_{i, j} k(x_i, y_j)`,
/// Gretton et al. 2012, equation 3.
pub(super) fn unbiased_discrepancy(
    real: &Features,
    generated: &Features,
    kernel: impl Fn(&[f64], &[f64]) -> f64,
) -> f64 {
    let across: f64 = real
        .rows()
        .map(|x| generated.rows().map(|y| kernel(x, y)).sum::<f64>())
        .sum();
    let pairs = real.count() as f64 * generated.count() as f64;
    mean_within(real, &kernel) + mean_within(generated, &kernel) - 2.0 * across / pairs
}

/// The mean kernel value over the pairs of different samples.
fn mean_within(features: &Features, kernel: impl Fn(&[f64], &[f64]) -> f64) -> f64 {
    let count = features.count();
    let sum: f64 = (1..count)
        .map(|i| {
            (0..i)
                .map(|j| kernel(features.row(i), features.row(j)))
                .sum::<f64>()
        })
        .sum();
    2.0 * sum / (count as f64 * (count as f64 - 1.0))
}
