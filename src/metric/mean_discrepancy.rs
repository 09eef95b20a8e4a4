//! [`mean_discrepancy`]: the maximum mean discrepancy with a Gaussian kernel.

use serde::{Deserialize, Serialize};

use super::MetricError;
use super::check::{check_finite, check_pair};
use super::kernel::{squared_distance, unbiased_discrepancy};
use crate::errors::positive;
use crate::feature::Features;

const METRIC: &str = "maximum mean discrepancy";

/// The bandwidth `sigma` of the Gaussian kernel `exp(-|x - y|^2 / (2 sigma^2))`.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Bandwidth {
    /// The median distance between two samples of both sets together: [`median_distance`].
    ///
    /// It depends on the generated samples. To compare generators, take the median of real samples with themselves
    /// once, and give it.
    #[default]
    Median,
    /// This one.
    Given(f64),
}

/// The unbiased estimate of the squared maximum mean discrepancy of two sets with a Gaussian kernel.
///
/// Gretton, Borgwardt, Rasch, Schoelkopf and Smola, "A kernel two-sample test", JMLR 13, 2012, equation 3. It is 0 in
/// expectation for two sets of one distribution, and below 0 half the time; for the same set twice it is not 0, for it
/// leaves each sample's pair with itself out of the sets but not out of what lies between them. The time is that of
/// `(N + M)^2 / 2` distances.
///
/// ```
/// use burn_gan::metric::{Bandwidth, Features, mean_discrepancy};
///
/// let real = Features::from_rows(&[[0.0], [1.0], [2.0], [3.0]])?;
/// let generated = Features::from_rows(&[[10.0], [11.0], [12.0]])?;
/// assert!(mean_discrepancy(&real, &generated, Bandwidth::Median)? > 0.5);
/// # Ok::<(), burn_gan::GanError>(())
/// ```
///
/// # Errors
/// [`MetricError::FeatureDimensions`] for features of different spaces, [`MetricError::TooFewSamples`] for fewer than 2
/// samples, [`MetricError::Config`] for a bandwidth that is not finite and positive,
/// [`MetricError::Overflow`].
pub fn mean_discrepancy(
    real: &Features,
    generated: &Features,
    bandwidth: Bandwidth,
) -> Result<f64, MetricError> {
    check_pair(METRIC, real, generated, 2)?;
    let sigma = match bandwidth {
        Bandwidth::Median => median_distance(real, generated)?,
        Bandwidth::Given(sigma) => sigma,
    };
    positive("bandwidth", sigma)?;
    let kernel = |x: &[f64], y: &[f64]| (-squared_distance(x, y) / (2.0 * sigma * sigma)).exp();
    check_finite(METRIC, unbiased_discrepancy(real, generated, kernel))
}

/// The median of the Euclidean distances between any two samples of both sets together.
///
/// Gretton et al. 2012, section 8. It takes memory of `4 (N + M)^2` bytes: 400 MB for two sets of 5,000 samples.
///
/// # Errors
/// [`MetricError::FeatureDimensions`] for features of different spaces, [`MetricError::Overflow`].
pub fn median_distance(real: &Features, generated: &Features) -> Result<f64, MetricError> {
    check_pair(METRIC, real, generated, 1)?;
    let rows: Vec<&[f64]> = real.rows().chain(generated.rows()).collect();
    let mut squares: Vec<f64> = (1..rows.len())
        .flat_map(|i| (0..i).map(move |j| (i, j)))
        .map(|(i, j)| squared_distance(rows[i], rows[j]))
        .collect();
    // Of an even number of distances, the median is the mean of the two in the middle.
    let middle = squares.len() / 2;
    let even = squares.len().is_multiple_of(2);
    let (below, &mut upper, _) = squares.select_nth_unstable_by(middle, f64::total_cmp);
    let lower = if even {
        below.iter().copied().fold(f64::NEG_INFINITY, f64::max)
    } else {
        upper
    };
    check_finite(METRIC, (lower.sqrt() + upper.sqrt()) / 2.0)
}
