//! [`Normalization`]: what follows a convolution of a DCGAN.

use burn::tensor::Device;

use crate::dual::Dual;
use crate::network_error::NetworkError;
use crate::nn::{Activation, BatchNorm, BatchNormConfig};

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

/// A layer, its normalisation where there is one, and an activation; `layer` applies the activation that it is given.
pub(super) fn activated(
    norm: &Option<BatchNorm>,
    activation: Activation,
    layer: impl FnOnce(Activation) -> Dual<4>,
) -> Dual<4> {
    match norm {
        Some(norm) => norm.propagate_activated(layer(Activation::Identity), activation),
        None => layer(activation),
    }
}
