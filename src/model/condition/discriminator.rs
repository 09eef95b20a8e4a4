//! The layers by which a discriminator takes a class, and its auxiliary outputs.

use burn::module::Module;
use burn::tensor::{Device, Tensor};

use super::{Conditioning, DiscriminatorCondition};
use crate::batch::Labels;
use crate::dual::Dual;
use crate::errors::{ConfigError, at_least_1};
use crate::network::Outputs;
use crate::network_error::NetworkError;
use crate::nn::{
    Embedding, EmbeddingConfig, EmbeddingProjection, EmbeddingProjectionConfig, Initialization,
    Linear, LinearConfig, map_parameter, replace,
};
use crate::random::Stream;
use crate::state_dict::{StateMapper, map_state};

/// The fields of a discriminator's configuration that its condition and its auxiliary outputs follow from.
#[derive(Clone, Copy)]
pub(in crate::model) struct HeadsConfig {
    pub classes: Option<usize>,
    pub condition: DiscriminatorCondition,
    pub auxiliary_outputs: Option<usize>,
    pub spectral_norm: bool,
}

/// What a discriminator reads of its features besides its logits without a condition.
#[derive(Module, Debug)]
pub(in crate::model) struct Heads {
    projection: Option<EmbeddingProjection>,
    auxiliary: Option<Linear>,
}

impl HeadsConfig {
    /// How the network takes its classes, for later.
    ///
    /// # Errors
    /// [`ConfigError`] for 0 classes or outputs, or auxiliary outputs beside an auxiliary classifier.
    pub fn conditioning(&self) -> Result<Conditioning, ConfigError> {
        if let Some(classes) = self.classes {
            at_least_1("classes", classes)?;
        }
        if let Some(outputs) = self.auxiliary_outputs {
            at_least_1("auxiliary_outputs", outputs)?;
            if self.auxiliary_classes().is_some() {
                return Err(ConfigError::new(
                    "auxiliary_outputs",
                    outputs,
                    "must be None beside an auxiliary classifier, whose class logits are these outputs",
                ));
            }
        }
        let conditioning = Conditioning::reading(self.classes, self.condition);
        Ok(match self.auxiliary_classes() {
            Some(_) => conditioning.without_labels(),
            None => conditioning,
        })
    }

    /// Channels of the images together with that of the class, where the class is a further input.
    ///
    /// # Errors
    /// [`ConfigError`] for images of 0 channels.
    pub fn channels(&self, channels: usize) -> Result<usize, ConfigError> {
        at_least_1("channels", channels)?;
        Ok(channels + usize::from(self.concatenates()))
    }

    /// Whether the class is a further input.
    fn concatenates(&self) -> bool {
        self.classes.is_some() && self.condition == DiscriminatorCondition::Concatenation
    }

    /// The embedding that is a further input, this wide, where there is to be one.
    pub fn embedding(
        &self,
        width: usize,
        stream: &mut Stream,
        device: &Device,
    ) -> Result<Option<Embedding>, NetworkError> {
        let classes = self.classes.filter(|_| self.concatenates());
        let embedding = classes.map(|classes| {
            EmbeddingConfig::new(classes, width)
                .with_spectral_norm(self.spectral_norm)
                .init(stream, device)
        });
        embedding.transpose()
    }

    /// The layers that read so many features, their weights drawn from one stream each.
    pub fn init(
        &self,
        features: usize,
        initialization: Initialization,
        [of_projection, of_auxiliary]: [&mut Stream; 2],
        device: &Device,
    ) -> Result<Heads, NetworkError> {
        let projects = self.condition == DiscriminatorCondition::Projection;
        let projection = self.classes.filter(|_| projects).map(|classes| {
            EmbeddingProjectionConfig::new(classes, features)
                .with_spectral_norm(self.spectral_norm)
                .with_initialization(initialization)
                .init(of_projection, device)
        });
        let outputs = self.auxiliary_classes().or(self.auxiliary_outputs);
        let auxiliary = outputs.map(|outputs| {
            LinearConfig::new(features, outputs)
                .with_spectral_norm(self.spectral_norm)
                .with_initialization(initialization)
                .init(of_auxiliary, device)
        });
        Ok(Heads {
            projection: projection.transpose()?,
            auxiliary: auxiliary.transpose()?,
        })
    }

    /// The classes of an auxiliary classifier, where there is to be one.
    fn auxiliary_classes(&self) -> Option<usize> {
        let classifies = self.condition == DiscriminatorCondition::AuxiliaryClassifier;
        self.classes.filter(|_| classifies)
    }
}

impl Heads {
    /// The logits `[N]`, from those without a condition, `[N, 1]`, and the features `[N, features]`.
    pub fn logits(&self, linear: Dual<2>, features: Dual<2>, labels: &Option<Labels>) -> Dual<1> {
        let logits = linear.linear(|x| x.squeeze_dim(1));
        match (&self.projection, labels) {
            (Some(projection), Some(labels)) => logits + projection.propagate(features, labels),
            _ => logits,
        }
    }

    /// All that a pass gives.
    pub fn outputs(&self, logits: Tensor<1>, features: Tensor<2>) -> Outputs {
        let auxiliary = self.auxiliary.as_ref().map(|auxiliary| {
            let features = Dual::constant(features.clone());
            auxiliary.propagate(features).value
        });
        Outputs::new(logits)
            .with_auxiliary(auxiliary)
            .with_features(features)
    }
}

map_state!(Heads: projection, auxiliary);

impl Heads {
    /// For features that are the values of an image of this height, width and number of channels.
    pub fn map_state_of_images(self, image: [usize; 3], mapper: &mut StateMapper) -> Self {
        let projection = self.projection.map(|layer| {
            let value = |layer: &EmbeddingProjection| channels_first(layer.weight.base(), image);
            mapper.inside("projection", |mapper| {
                mapper.tensor("weight", layer, value, |mut layer, value| {
                    layer.weight = replace(layer.weight, channels_last(value, image));
                    Ok(layer)
                })
            })
        });
        let auxiliary = self.auxiliary.map(|layer| {
            let value = |layer: &Linear| channels_first(layer.standard_weight(), image);
            mapper.inside("auxiliary", |mapper| {
                let mut layer = mapper.tensor("weight", layer, value, |layer, value| {
                    layer.with_standard_weight(channels_last(value, image))
                });
                let bias = layer.bias.take();
                layer.bias = bias.map(|bias| map_parameter("bias", bias, mapper, |bias| bias));
                layer
            })
        });
        Self {
            projection,
            auxiliary,
        }
    }
}

/// `[rows, H * W * C]` to `[rows, C * H * W]`.
fn channels_first(rows: Tensor<2>, [height, width, channels]: [usize; 3]) -> Tensor<2> {
    let [number, columns] = rows.dims();
    rows.reshape([number, height, width, channels])
        .permute([0, 3, 1, 2])
        .reshape([number, columns])
}

/// `[rows, C * H * W]` to `[rows, H * W * C]`.
fn channels_last(rows: Tensor<2>, [height, width, channels]: [usize; 3]) -> Tensor<2> {
    let [number, columns] = rows.dims();
    rows.reshape([number, channels, height, width])
        .permute([0, 2, 3, 1])
        .reshape([number, columns])
}
