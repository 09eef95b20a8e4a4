//! [`frechet_distance`]: the Frechet Inception distance, in any features.

use super::MetricError;
use super::check::check_pair;
use super::gaussian::{Gaussian, METRIC};
use crate::feature::Features;

/// The squared Frechet distance of two sets of features, taken as normal distributions:
/// `|m1 - m2|^2 + Tr(C1 + C2 - 2 (C1 C2)^(1/2))`.
///
/// Heusel, Ramsauer, Unterthiner, Nessler and Hochreiter, "GANs trained by a two time-scale update rule converge to a
/// local Nash equilibrium", NeurIPS 2017, equation 6, <https://arxiv.org/abs/1706.08500>; the closed form is Dowson and
/// Landau's, 1982. In the features of the Inception network it is the FID. Covariances have the divisor `N - 1`.
///
/// # Bias
/// It is too large for few samples. For `N` white features of `d` dimensions each, both of one distribution, the excess
/// is about `(2 d + d (d + 1) / 2) / N`; in the FID's 2,048 dimensions, even the usual 50,000 samples leave a good
/// part. Compare at the same numbers, and beside the distance of held-out real samples; the
/// [kernel distance](super::kernel_distance) has no such bias.
///
/// With `N <= d` covariances are singular. The distance stays exact for them, but the excess is then no small part of it.
///
/// The time is that of `N d^2 + 20 d^3` multiplications. To compare many generators with the same real samples, keep
/// their [`Gaussian`].
///
/// ```
/// use burn_gan::metric::{Features, frechet_distance};
///
/// let real = Features::from_rows(&[[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])?;
/// let generated = Features::from_rows(&[[3.0, 0.0], [4.0, 0.0], [3.0, 1.0], [4.0, 1.0]])?;
/// assert!((frechet_distance(&real, &generated)? - 9.0).abs() < 1e-12);
/// # Ok::<(), burn_gan::GanError>(())
/// ```
///
/// # Errors
/// [`MetricError::FeatureDimensions`] for features of different spaces, [`MetricError::TooFewSamples`] for one sample,
/// [`MetricError::Overflow`], [`MetricError::NoConvergence`].
pub fn frechet_distance(real: &Features, generated: &Features) -> Result<f64, MetricError> {
    check_pair(METRIC, real, generated, 2)?;
    Gaussian::fit(real)?.frechet_distance(&Gaussian::fit(generated)?)
}
