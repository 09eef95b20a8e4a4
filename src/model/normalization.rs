//! [`Normalization`]: what follows a convolution.

use burn::module::Module;
use burn::tensor::Device;

use crate::dual::Dual;
use crate::errors::ConfigError;
use crate::network_error::NetworkError;
use crate::nn::{Activation, BatchNorm, BatchNormConfig, InstanceNorm, InstanceNormConfig};
use crate::state_dict::{PytorchModule, StateMapper};

/// Which normalisation follows a convolution.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[non_exhaustive]
pub enum Normalization {
    /// Batch normalisation; it ties the samples of a batch together.
    #[default]
    Batch,
    /// Instance normalisation without scale and shift: samples stay independent, so that gradient penalties apply. The
    /// networks from image to image take it; a DCGAN does not.
    Instance,
    /// None; a bias takes its place.
    None,
}

impl Normalization {
    /// The layer of a DCGAN, where there is to be one.
    pub(super) fn init(
        self,
        channels: usize,
        device: &Device,
    ) -> Result<Option<BatchNorm>, NetworkError> {
        match self {
            // Scales start at 1 here; the paper's code draws them from Normal(1, 0.02).
            Self::Batch => BatchNormConfig::new(channels).init(device).map(Some),
            Self::Instance => {
                Err(
                    ConfigError::new("normalization", self, "must be Batch or None for a DCGAN")
                        .into(),
                )
            }
            Self::None => Ok(None),
        }
    }

    /// The layer of a network from image to image, where there is to be one.
    pub(super) fn layer(
        self,
        channels: usize,
        device: &Device,
    ) -> Result<Option<Norm>, NetworkError> {
        Ok(match self {
            // Scales start at 1 here; the papers' code draws them from Normal(1, 0.02).
            Self::Batch => Some(Norm::Batch(BatchNormConfig::new(channels).init(device)?)),
            Self::Instance => Some(Norm::Instance(InstanceNormConfig::new().init()?)),
            Self::None => None,
        })
    }

    /// Whether a convolution in front of it has a bias, as in the papers' code: batch normalisation has a shift of its
    /// own.
    pub(super) fn keeps_bias(self) -> bool {
        self != Self::Batch
    }
}

/// A normalisation of a network from image to image.
#[derive(Module, Debug)]
#[allow(clippy::large_enum_variant)] // There are a few of them in a network.
pub(super) enum Norm {
    Batch(BatchNorm),
    Instance(InstanceNorm),
}

impl Norm {
    /// With an activation behind it.
    pub fn propagate_activated(&self, x: Dual<4>, activation: Activation) -> Dual<4> {
        match self {
            Self::Batch(norm) => norm.propagate_activated(x, activation),
            Self::Instance(norm) => norm.propagate_activated(x, activation),
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

impl PytorchModule for Norm {
    fn map_state(self, mapper: &mut StateMapper) -> Self {
        match self {
            Self::Batch(norm) => Self::Batch(norm.map_state(mapper)),
            Self::Instance(norm) => Self::Instance(norm.map_state(mapper)),
        }
    }
}
