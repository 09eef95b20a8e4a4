//! [`FeatureError`]: what keeps an extractor from its features.

use crate::batch::BatchError;
use crate::data::DataError;
use crate::errors::{ConfigError, DeviceError, ShapeError};
use crate::network_error::NetworkError;
use crate::weights::WeightsError;

/// What keeps samples from their features, or a classifier from its training.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FeatureError {
    /// A configuration value outside its range.
    #[error(transparent)]
    Config(#[from] ConfigError),

    /// A tensor of another shape than needed.
    #[error(transparent)]
    Shape(#[from] ShapeError),

    /// No samples, or conditions for another number of samples.
    #[error(transparent)]
    Batch(#[from] BatchError),

    /// A device could not run an operation or hand over a result.
    #[error(transparent)]
    Device(#[from] DeviceError),

    /// A network that cannot be built, or a label that it has no class for.
    #[error(transparent)]
    Network(#[from] NetworkError),

    /// Samples could not be had.
    #[error(transparent)]
    Data(#[from] DataError),

    /// The weights of the extractor's network could not be read.
    #[error(transparent)]
    Weights(#[from] WeightsError),

    /// A feature vector, or a class probability, that holds NaN or an infinity.
    #[error(
        "dimension {dimension} of the features of sample {sample} is {value}; features must be finite"
    )]
    NonFinite {
        /// The sample.
        sample: usize,
        /// The dimension of its feature vector.
        dimension: usize,
        /// The value found.
        value: f64,
    },

    /// A position past the end of a set of features.
    #[error("features {index} were asked for, there are those of {samples} samples")]
    IndexOutOfRange {
        /// The position asked for.
        index: usize,
        /// Number of samples that there are features of.
        samples: usize,
    },

    /// The training of a classifier led to NaN or an infinity.
    #[error(
        "the classifier's loss is {loss} in epoch {epoch}; samples must be finite, or the learning rate is too high"
    )]
    ClassifierDiverged {
        /// The epoch, counted from 0.
        epoch: usize,
        /// Its mean loss.
        loss: f32,
    },

    /// An error of the user's own code: an extractor.
    #[error(transparent)]
    User(Box<dyn std::error::Error + Send + Sync>),
}

impl FeatureError {
    /// Wraps an error of the user's own code, so that extractors can use `?`.
    pub fn user(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::User(error.into())
    }
}
