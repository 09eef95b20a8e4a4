//! [`MetricError`]: what keeps a metric from its value.

use crate::batch::BatchError;
use crate::errors::{ConfigError, ShapeError};
use crate::feature::FeatureError;

/// What a metric is not defined for, or cannot be computed of.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MetricError {
    /// A configuration value outside its range.
    #[error(transparent)]
    Config(#[from] ConfigError),

    /// A tensor of another shape than needed.
    #[error(transparent)]
    Shape(#[from] ShapeError),

    /// No samples, or conditions for another number of samples.
    #[error(transparent)]
    Batch(#[from] BatchError),

    /// Features that could not be had.
    #[error(transparent)]
    Feature(#[from] FeatureError),

    /// Two sets of features that do not lie in one space.
    #[error("the real features have {real} dimensions, the generated ones {generated}")]
    FeatureDimensions {
        /// Dimensions of the real samples' features.
        real: usize,
        /// Dimensions of the generated samples' features.
        generated: usize,
    },

    /// A metric needs more samples than there are.
    #[error("the {metric} needs at least {needed} samples, got {actual}")]
    TooFewSamples {
        /// The metric.
        metric: &'static str,
        /// The smallest number that it is defined for.
        needed: usize,
        /// Number of samples, of two sets that of the smaller one.
        actual: usize,
    },

    /// A row of class probabilities with a negative entry or another sum than 1.
    #[error(
        "the class probabilities of sample {sample} are not a distribution: smallest {smallest}, sum {sum}"
    )]
    NotADistribution {
        /// The sample.
        sample: usize,
        /// Its smallest entry.
        smallest: f64,
        /// The sum of its entries.
        sum: f64,
    },

    /// A matrix decomposition that found no solution within its bound of iterations.
    #[error("the {decomposition} of the {metric} did not converge")]
    NoConvergence {
        /// The metric.
        metric: &'static str,
        /// The decomposition.
        decomposition: &'static str,
    },

    /// Features so large that a metric of them leaves the range of double precision.
    #[error("the {metric} is not finite: the features are too large for double precision")]
    Overflow {
        /// The metric.
        metric: &'static str,
    },
}
