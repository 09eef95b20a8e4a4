//! The layers by which a generator takes a class.

use burn::module::Module;
use burn::tensor::Device;

use super::{Conditioning, GeneratorCondition};
use crate::batch::Labels;
use crate::dual::Dual;
use crate::errors::{ConfigError, at_least_1};
use crate::network_error::NetworkError;
use crate::nn::{
    Activation, BatchNorm, ConditionalBatchNorm, ConditionalBatchNormConfig, Embedding,
    EmbeddingConfig, FeatureModulation, FeatureModulationConfig,
};
use crate::random::Stream;
use crate::state_dict::map_state;

/// The classes of a generator to be built; it has been checked that the network can take them so.
#[derive(Clone, Copy)]
pub(in crate::model) struct GeneratorClasses(Option<(usize, GeneratorCondition)>);

impl GeneratorClasses {
    /// # Errors
    /// [`ConfigError`] for 0 classes, an embedding of width 0, or a condition of the norm where there is none.
    pub fn new(
        classes: Option<usize>,
        condition: GeneratorCondition,
        has_batch_norm: bool,
    ) -> Result<Self, ConfigError> {
        let Some(classes) = classes else {
            return Ok(Self(None));
        };
        at_least_1("classes", classes)?;
        match condition {
            GeneratorCondition::Concatenation { embedding } => {
                at_least_1("generator_condition.embedding", embedding)?;
            }
            GeneratorCondition::ConditionalNorm if !has_batch_norm => {
                return Err(ConfigError::new(
                    "generator_condition",
                    condition,
                    "needs a generator with batch normalisation",
                ));
            }
            GeneratorCondition::ConditionalNorm | GeneratorCondition::Modulation => {}
        }
        Ok(Self(Some((classes, condition))))
    }

    /// How the network takes its classes, for later.
    pub fn conditioning(self) -> Conditioning {
        match self.0 {
            Some((classes, condition)) => Conditioning::reading(Some(classes), condition),
            None => Conditioning::reading(None, ()),
        }
    }

    /// What is added to the width of the latent space.
    pub fn embedding_width(self) -> usize {
        match self.0 {
            Some((_, GeneratorCondition::Concatenation { embedding })) => embedding,
            _ => 0,
        }
    }

    /// The embedding beside the latent vector, where there is to be one.
    pub fn embedding(
        self,
        stream: &mut Stream,
        device: &Device,
    ) -> Result<Option<Embedding>, NetworkError> {
        match self.0 {
            Some((classes, GeneratorCondition::Concatenation { embedding })) => {
                let config = EmbeddingConfig::new(classes, embedding);
                config.init(stream, device).map(Some)
            }
            _ => Ok(None),
        }
    }

    /// Whether a normalisation has a scale and a shift of each class, those of [`ByClass`].
    pub fn has_conditional_norm(self) -> bool {
        matches!(self.0, Some((_, GeneratorCondition::ConditionalNorm)))
    }

    /// What a hidden layer of so many channels has for its class.
    pub fn layer(self, channels: usize, device: &Device) -> Result<ByClass, NetworkError> {
        let mut layer = ByClass {
            norm: None,
            modulation: None,
        };
        match self.0 {
            Some((classes, GeneratorCondition::ConditionalNorm)) => {
                let config = ConditionalBatchNormConfig::new(classes, channels);
                layer.norm = Some(config.init(device)?);
            }
            Some((classes, GeneratorCondition::Modulation)) => {
                let config = FeatureModulationConfig::new(classes, channels);
                layer.modulation = Some(config.init(device)?);
            }
            Some((_, GeneratorCondition::Concatenation { .. })) | None => {}
        }
        Ok(layer)
    }
}

/// What of a hidden layer depends on the class: nothing, or one of these.
#[derive(Module, Debug)]
pub(in crate::model) struct ByClass {
    /// In place of the layer's batch normalisation.
    norm: Option<ConditionalBatchNorm>,
    /// Behind the layer's activation.
    modulation: Option<FeatureModulation>,
}

impl ByClass {
    /// What is behind the activation.
    pub fn modulate<const D: usize>(&self, x: Dual<D>, labels: &Option<Labels>) -> Dual<D> {
        match (&self.modulation, labels) {
            (Some(modulation), Some(labels)) => modulation.propagate(x, labels),
            _ => x,
        }
    }
}

/// A layer, its normalisation where there is one, an activation, and what depends on the class; `layer` applies the
/// activation that it is given.
pub(in crate::model) fn activated(
    norm: &Option<BatchNorm>,
    by_class: &ByClass,
    labels: &Option<Labels>,
    activation: Activation,
    layer: impl FnOnce(Activation) -> Dual<4>,
) -> Dual<4> {
    let x = match (&by_class.norm, labels) {
        (Some(norm), Some(labels)) => {
            norm.propagate_activated(layer(Activation::Identity), labels, activation)
        }
        _ => crate::model::normalization::activated(norm, activation, layer),
    };
    by_class.modulate(x, labels)
}
map_state!(ByClass: norm, modulation);
