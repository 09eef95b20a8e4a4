//! The discriminator.

use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor};

use super::block::{Block, change_width, map_basis, through};
use super::{R3ganConfig, pointwise};
use crate::batch::Labels;
use crate::dual::Dual;
use crate::identity::Identity;
use crate::model::condition::{
    Conditioning, Heads, HeadsConfig, discriminator_by_class, with_embedding,
};
use crate::model::streams::streams;
use crate::network_error::NetworkError;
use crate::nn::resampling::average_pool;
use crate::nn::{Convolution, Embedding, Initialization, Linear, LinearConfig, to_channels_last};
use crate::random::Purpose;
use crate::state_dict::{PytorchModule, StateMapper, map_state};

/// The discriminator of an R3GAN: from images `[N, C, H, W]` to logits.
#[derive(Module, Debug)]
pub struct R3ganDiscriminator {
    /// An image of the class, a further channel.
    embedding: Option<Embedding>,
    first: Convolution,
    stages: Vec<Down>,
    last: Vec<Block>,
    /// A learned image `[H, W, C]`; its product with the features is summed over height and width.
    basis: Param<Tensor<3>>,
    linear: Linear,
    heads: Heads,
    sample_shape: [usize; 3],
    #[module(skip)]
    conditioning: Conditioning,
}

/// Goes through the blocks, then halves the image.
#[derive(Module, Debug)]
struct Down {
    blocks: Vec<Block>,
    /// Where the number of channels changes.
    transition: Option<Convolution>,
}

impl R3ganDiscriminator {
    pub(super) fn new(config: &R3ganConfig, device: &Device) -> Result<Self, NetworkError> {
        let halvings = config.halvings()?;
        let [height, width, filters] = config.base(halvings);
        let heads = HeadsConfig {
            classes: config.classes,
            condition: config.discriminator_condition,
            auxiliary_outputs: config.auxiliary_outputs,
            spectral_norm: false,
        };
        let conditioning = heads.conditioning()?;
        let mut stream = streams(config.seed, Purpose::DiscriminatorWeights);
        let first = pointwise(
            heads.channels(config.channels)?,
            config.stage_filters(0),
            &mut stream(),
            device,
        )?;
        let mut stages = Vec::new();
        for level in 0..halvings {
            stages.push(Down {
                blocks: config.blocks(level, halvings, &mut stream, device)?,
                transition: config.transition([level, level + 1], &mut stream, device)?,
            });
        }
        let last = config.blocks(halvings, halvings, &mut stream, device)?;
        let basis = Initialization::LINEAR.parameter(
            [height, width, filters],
            height * width,
            &mut stream(),
            device,
        );
        let linear = LinearConfig::new(filters, 1)
            .with_bias(false)
            .with_initialization(Initialization::LINEAR)
            .init(&mut stream(), device)?;
        Ok(Self {
            embedding: heads.embedding(config.height * config.width, &mut stream(), device)?,
            first,
            stages,
            last,
            basis,
            linear,
            heads: heads.init(
                filters,
                Initialization::LINEAR,
                [&mut stream(), &mut stream()],
                device,
            )?,
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

    /// The features `[N, filters]`, what the basis makes of the last image, and the logits `[N]`.
    fn features_and_logits(&self, samples: Dual<4>, labels: Option<Labels>) -> (Dual<2>, Dual<1>) {
        let samples = samples.linear(to_channels_last);
        let samples = with_embedding(samples, &self.embedding, &labels);
        let x = self.first.propagate(samples);
        let x = self.stages.iter().fold(x, |x, stage| {
            let x = average_pool(through(&stage.blocks, x));
            change_width(&stage.transition, x)
        });
        let features = through(&self.last, x).weighted(self.basis.val(), |x, basis| {
            let [n, height, width, channels] = x.dims();
            (x * basis.unsqueeze::<4>())
                .reshape([n, height * width, channels])
                .sum_dim(1)
                .reshape([n, channels])
        });
        let linear = self.linear.propagate(features.clone());
        let logits = self.heads.logits(linear, features.clone(), &labels);
        (features, logits)
    }
}

discriminator_by_class!(R3ganDiscriminator, 4);
map_state!(Down: blocks, transition);

impl PytorchModule for R3ganDiscriminator {
    fn map_state(self, mapper: &mut StateMapper) -> Self {
        Self {
            basis: map_basis(self.basis, mapper),
            embedding: mapper.module("embedding", self.embedding),
            first: mapper.module("first", self.first),
            stages: mapper.module("stages", self.stages),
            last: mapper.module("last", self.last),
            linear: mapper.module("linear", self.linear),
            heads: mapper.module("heads", self.heads),
            ..self
        }
    }
}
