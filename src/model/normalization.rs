//! [`Normalization`]: what follows a convolution of a DCGAN.

use burn::tensor::Device;

use crate::dual::Dual;
use crate::network_error::NetworkError;
use crate::nn::{BatchNorm, BatchNormConfig};

/// Which normalisation follows a convolution.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[non_exhaustive]
pub enum Normalization {
    /// Batch normalisation; it ties the samples of a batch together.
    #[default]
    Batch,
    /// None; a bias takes its place.
    None,
}

impl Normalization {
    /// The layer, where there is to be one.
    pub(super) fn init(
        self,
        channels: usize,
        device: &Device,
    ) -> Result<Option<BatchNorm>, NetworkError> {
        match self {
            // Scales start at 1 here; the paper's code draws them from Normal(1, 0.02).
            Self::Batch => BatchNormConfig::new(channels).init(device).map(Some),
            Self::None => Ok(None),
        }
    }
}

/// Applies the normalisation, where there is one.
pub(super) fn normalize(norm: &Option<BatchNorm>, x: Dual<4>) -> Dual<4> {
    match norm {
        Some(norm) => norm.propagate(x),
        None => x,
    }
}
