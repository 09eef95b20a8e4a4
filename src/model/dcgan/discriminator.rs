//! The discriminator.

use burn::module::Module;
use burn::tensor::{Device, Tensor};

use super::DcganConfig;
use crate::batch::Labels;
use crate::dual::Dual;
use crate::identity::Identity;
use crate::model::condition::{
    Conditioning, Heads, HeadsConfig, discriminator_by_class, with_embedding,
};
use crate::model::normalization::{Normalization, activated};
use crate::network_error::NetworkError;
use crate::nn::{
    Activation, BatchNorm, Convolution, Embedding, Head, HeadConfig, Initialization,
    to_channels_last,
};
use crate::random::{Purpose, Stream};
use crate::state_dict::{PytorchModule, StateMapper, map_state};

/// Slope of the leaky ReLU below 0 (Radford et al. 2016, section 3).
const SLOPE: f64 = 0.2;

/// The discriminator: a CNN from images `[N, C, H, W]` to logits.
#[derive(Module, Debug)]
pub struct DcganDiscriminator {
    /// An image of the class, a further channel.
    embedding: Option<Embedding>,
    first: Convolution,
    hidden: Vec<Down>,
    head: Head,
    heads: Heads,
    sample_shape: [usize; 3],
    #[module(skip)]
    conditioning: Conditioning,
}

/// Halves the image.
#[derive(Module, Debug)]
struct Down {
    convolution: Convolution,
    norm: Option<BatchNorm>,
}

impl DcganDiscriminator {
    pub(super) fn new(config: &DcganConfig, device: &Device) -> Result<Self, NetworkError> {
        let halvings = config.halvings()?;
        let mut streams = config.streams(Purpose::DiscriminatorWeights);
        let norm = config.discriminator_normalization;
        let down = |inputs, outputs, bias, stream: &mut Stream| {
            config.layer(inputs, outputs, bias).init(stream, device)
        };
        let unnormalized = norm == Normalization::None;
        let heads = HeadsConfig {
            classes: config.classes,
            condition: config.discriminator_condition,
            auxiliary_outputs: config.auxiliary_outputs,
            spectral_norm: false,
        };
        let conditioning = heads.conditioning()?;
        let first = down(
            heads.channels(config.channels)?,
            config.layer_filters(0),
            unnormalized,
            &mut streams(0),
        )?;
        let mut hidden = Vec::new();
        for level in 1..halvings {
            let outputs = config.layer_filters(level);
            hidden.push(Down {
                convolution: down(
                    config.layer_filters(level - 1),
                    outputs,
                    unnormalized,
                    &mut streams(level),
                )?,
                norm: norm.init(outputs, device)?,
            });
        }
        let base = config.base(halvings);
        let mut further = |index| streams(halvings + 1 + index);
        Ok(Self {
            embedding: heads.embedding(config.height * config.width, &mut further(0), device)?,
            heads: heads.init(
                base.iter().product(),
                Initialization::DCGAN,
                [&mut further(1), &mut further(2)],
                device,
            )?,
            first,
            hidden,
            head: HeadConfig::new(base)
                .with_bias(true)
                .init(&mut streams(halvings), device)?,
            sample_shape: config.sample_shape(),
            conditioning,
        })
    }

    /// The shape of one image, `[C, H, W]`.
    pub fn sample_shape(&self) -> Option<Vec<usize>> {
        Some(self.sample_shape.to_vec())
    }

    /// What it is, for checkpoints.
    pub fn identity(&self) -> Identity {
        self.conditioning.identify(Identity::of::<Self>())
    }

    /// The features `[N, features]`, all values of the last image, and the logits `[N]`.
    fn features_and_logits(&self, samples: Dual<4>, labels: Option<Labels>) -> (Dual<2>, Dual<1>) {
        let leaky_relu = Activation::LeakyRelu { slope: SLOPE };
        let samples = samples.linear(to_channels_last);
        let samples = with_embedding(samples, &self.embedding, &labels);
        let x = self.first.propagate_activated(samples, leaky_relu);
        let x = self.hidden.iter().fold(x, |x, down| {
            activated(&down.norm, leaky_relu, |activation| {
                down.convolution.propagate_activated(x, activation)
            })
        });
        let features = x.linear(|x| x.flatten(1, 3));
        let linear = self.head.propagate_flat(features.clone());
        let logits = self.heads.logits(linear, features.clone(), &labels);
        (features, logits)
    }
}

discriminator_by_class!(DcganDiscriminator, 4);
map_state!(Down: convolution, norm);

impl PytorchModule for DcganDiscriminator {
    fn map_state(self, mapper: &mut StateMapper) -> Self {
        // The features are the values of the last image, which PyTorch has channel by channel.
        let [_, channels, height, width] = self.head.standard_weight().dims();
        Self {
            embedding: mapper.module("embedding", self.embedding),
            first: mapper.module("first", self.first),
            hidden: mapper.module("hidden", self.hidden),
            head: mapper.module("head", self.head),
            heads: mapper.inside("heads", |mapper| {
                self.heads
                    .map_state_of_images([height, width, channels], mapper)
            }),
            ..self
        }
    }
}
