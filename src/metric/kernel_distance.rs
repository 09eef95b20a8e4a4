//! [`kernel_distance`]: the kernel Inception distance, in any features.

use burn::config::Config;
use serde::{Deserialize, Serialize};

use super::MetricError;
use super::check::{check_finite, check_pair};
use super::kernel::{dot, unbiased_discrepancy};
use crate::errors::ConfigError;
use crate::feature::Features;
use crate::random::{Purpose, Stream};

const METRIC: &str = "kernel distance";

/// How [`kernel_distance`] draws its subsets.
///
/// The defaults are those that most published figures have: 100 subsets of 1,000 samples.
#[derive(Config, Debug, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct KernelDistanceConfig {
    /// Number of samples in a subset of either set, at least 2.
    #[config(default = 1000)]
    pub subset_size: usize,
    /// Number of subsets, at least 2.
    #[config(default = 100)]
    pub subsets: usize,
    /// Seed of the subsets.
    #[config(default = 0)]
    pub seed: u64,
}

/// A kernel distance, and how far subsets differ in it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct KernelDistance {
    /// The mean over the subsets. An unbiased estimate of a square: below 0 by chance where the sets are alike.
    pub value: f64,
    /// The standard deviation over the subsets.
    pub deviation: f64,
    /// The standard error of the mean, `deviation / sqrt(subsets)`.
    ///
    /// It is the error of drawing subsets from these samples. Subsets share samples, so another draw of the samples
    /// themselves can differ by several times as much.
    pub standard_error: f64,
}

/// The kernel distance of two sets of features: the squared maximum mean discrepancy with the kernel
/// `k(x, y) = (x . y / d + 1)^3`, as a mean over random subsets.
///
/// Binkowski, Sutherland, Arbel and Gretton, "Demystifying MMD GANs", ICLR 2018, section 4,
/// <https://arxiv.org/abs/1801.01401>. Its expected value does not depend on the number of samples, unlike that of the
/// [Frechet distance](super::frechet_distance). Subsets are drawn without replacement, each from a stream of its own.
/// The time is that of `2 subsets subset_size^2` inner products.
///
/// ```
/// use burn_gan::metric::{Features, KernelDistanceConfig, kernel_distance};
/// use burn_gan::random::{Purpose, Stream};
/// use burn::tensor::Device;
///
/// let mut stream = Stream::new(1, Purpose::Data, 0);
/// let real = Features::from_tensor(stream.normal([200, 4], &Device::flex()))?;
/// let generated = Features::from_tensor(stream.normal([300, 4], &Device::flex()) + 1.0)?;
/// let config = KernelDistanceConfig::new().with_subset_size(100).with_subsets(10);
/// let distance = kernel_distance(&real, &generated, &config)?;
/// assert!(distance.value > 10.0 * distance.standard_error);
/// # Ok::<(), burn_gan::GanError>(())
/// ```
///
/// # Errors
/// [`MetricError::FeatureDimensions`] for features of different spaces, [`MetricError::TooFewSamples`] for fewer samples
/// than a subset has, [`MetricError::Config`] for subsets of fewer than 2 samples or fewer than 2 subsets,
/// [`MetricError::Overflow`].
pub fn kernel_distance(
    real: &Features,
    generated: &Features,
    config: &KernelDistanceConfig,
) -> Result<KernelDistance, MetricError> {
    let &KernelDistanceConfig {
        subset_size,
        subsets,
        seed,
    } = config;
    if subset_size < 2 {
        let requirement = "an unbiased estimate needs 2 samples";
        return Err(ConfigError::new("subset_size", subset_size, requirement).into());
    }
    if subsets < 2 {
        let requirement = "a standard error needs 2 subsets";
        return Err(ConfigError::new("subsets", subsets, requirement).into());
    }
    check_pair(METRIC, real, generated, subset_size)?;

    let distances = (0..subsets as u64)
        .map(|subset| {
            let mut stream = Stream::new(seed, Purpose::Metric, subset);
            let mut draw = |features: &Features| {
                features.select(&stream.permutation(features.count())[..subset_size])
            };
            polynomial_discrepancy(&draw(real)?, &draw(generated)?)
        })
        .collect::<Result<Vec<f64>, MetricError>>()?;

    let count = subsets as f64;
    let value = distances.iter().sum::<f64>() / count;
    let squares: f64 = distances.iter().map(|x| (x - value).powi(2)).sum();
    let deviation = check_finite(METRIC, (squares / (count - 1.0)).sqrt())?;
    Ok(KernelDistance {
        value,
        deviation,
        standard_error: deviation / count.sqrt(),
    })
}

/// The unbiased squared maximum mean discrepancy of all samples at once, with the kernel of [`kernel_distance`].
///
/// # Errors
/// [`MetricError::FeatureDimensions`] for features of different spaces, [`MetricError::TooFewSamples`] for fewer than 2
/// samples, [`MetricError::Overflow`].
pub fn polynomial_discrepancy(real: &Features, generated: &Features) -> Result<f64, MetricError> {
    check_pair(METRIC, real, generated, 2)?;
    let dimensions = real.dimensions() as f64;
    let kernel = |x: &[f64], y: &[f64]| (dot(x, y) / dimensions + 1.0).powi(3);
    check_finite(METRIC, unbiased_discrepancy(real, generated, kernel))
}
