//! The discriminator.

use burn::module::Module;
use burn::tensor::{Device, Tensor};

use super::attention::attended;
use super::{Pooling, ResnetConfig};
use crate::batch::Labels;
use crate::dual::{self, Dual};
use crate::identity::Identity;
use crate::model::condition::{
    Conditioning, Heads, HeadsConfig, discriminator_by_class, with_embedding,
};
use crate::model::streams::streams;
use crate::network_error::NetworkError;
use crate::nn::resampling::average_pool;
use crate::nn::{
    Activation, Convolution, Embedding, Initialization, Linear, LinearConfig, SelfAttention,
    to_channels_last,
};
use crate::random::Purpose;
use crate::state_dict::map_state;

/// The discriminator of a residual GAN: from images `[N, C, H, W]` to logits.
#[derive(Module, Debug)]
pub struct ResnetDiscriminator {
    /// An image of the class, a further channel.
    embedding: Option<Embedding>,
    pub(super) first: Block,
    pub(super) down: Vec<Block>,
    unscaled: Vec<Block>,
    linear: Linear,
    heads: Heads,
    #[module(skip)]
    pooling: Pooling,
    sample_shape: [usize; 3],
    #[module(skip)]
    conditioning: Conditioning,
}

/// Two 3x3 convolutions beside a shortcut; the 1x1 convolution of a shortcut stands where the block halves.
#[derive(Module, Debug)]
pub(super) struct Block {
    first: Convolution,
    second: Convolution,
    shortcut: Option<Convolution>,
    pub(super) attention: Option<SelfAttention>,
}

impl ResnetDiscriminator {
    pub(super) fn new(config: &ResnetConfig, device: &Device) -> Result<Self, NetworkError> {
        let halvings = config.halvings()?.min(config.discriminator_halvings);
        let filters = config.filters;
        let heads = HeadsConfig {
            classes: config.classes,
            condition: config.discriminator_condition,
            auxiliary_outputs: config.auxiliary_outputs,
            spectral_norm: config.spectral_norm,
        };
        let conditioning = heads.conditioning()?;
        let mut stream = streams(config.seed, Purpose::DiscriminatorWeights);
        let mut block = |inputs, halves: bool| {
            let mut convolution = |inputs, kernel| {
                let shape = [inputs, filters, kernel];
                config.convolution(shape, config.spectral_norm, &mut stream(), device)
            };
            Ok::<_, NetworkError>(Block {
                first: convolution(inputs, 3)?,
                second: convolution(filters, 3)?,
                shortcut: halves.then(|| convolution(inputs, 1)).transpose()?,
                attention: None,
            })
        };
        let first = block(heads.channels(config.channels)?, true)?;
        let down = (1..halvings).map(|_| block(filters, true));
        let down = down.collect::<Result<Vec<_>, _>>()?;
        let unscaled = (0..config.unscaled_blocks).map(|_| block(filters, false));
        let unscaled = unscaled.collect::<Result<Vec<_>, _>>()?;
        let linear = LinearConfig::new(filters, 1)
            .with_spectral_norm(config.spectral_norm)
            .with_initialization(Initialization::LINEAR)
            .init(&mut stream(), device)?;
        Ok(Self {
            embedding: heads.embedding(config.height * config.width, &mut stream(), device)?,
            first,
            down,
            unscaled,
            linear,
            heads: heads.init(
                filters,
                Initialization::LINEAR,
                [&mut stream(), &mut stream()],
                device,
            )?,
            pooling: config.pooling,
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
        let identity = Identity::new("resnet-discriminator", 1);
        let identity = identity.with("pooling", format!("{:?}", self.pooling));
        self.conditioning.identify(identity)
    }

    /// The features `[N, filters]`, the last image brought down to a vector, and the logits `[N]`.
    fn features_and_logits(&self, samples: Dual<4>, labels: Option<Labels>) -> (Dual<2>, Dual<1>) {
        let samples = samples.linear(to_channels_last);
        let samples = with_embedding(samples, &self.embedding, &labels);
        let x = self.first.first(samples);
        let x = self.down.iter().fold(x, |x, block| block.down(x));
        let x = self.unscaled.iter().fold(x, |x, block| block.unscaled(x));
        let features = dual::relu(x).linear(|x| {
            let [n, height, width, channels] = x.dims();
            let x = x.reshape([n, height * width, channels]);
            let x = match self.pooling {
                Pooling::Sum => x.sum_dim(1),
                Pooling::Mean => x.mean_dim(1),
            };
            x.reshape([n, channels])
        });
        let linear = self.linear.propagate(features.clone());
        let logits = self.heads.logits(linear, features.clone(), &labels);
        (features, logits)
    }
}

impl Block {
    /// 3x3, ReLU, 3x3.
    fn residual(&self, x: Dual<4>) -> Dual<4> {
        let y = self.first.propagate_activated(x, Activation::Relu);
        self.second.propagate(y)
    }

    fn shortcut(&self, x: Dual<4>) -> Dual<4> {
        match &self.shortcut {
            Some(convolution) => convolution.propagate(x),
            None => x,
        }
    }

    /// The block that reads the image: no ReLU in front.
    fn first(&self, x: Dual<4>) -> Dual<4> {
        let residual = average_pool(self.residual(x.clone()));
        attended(&self.attention, residual + self.shortcut(average_pool(x)))
    }

    fn down(&self, x: Dual<4>) -> Dual<4> {
        let residual = average_pool(self.residual(dual::relu(x.clone())));
        // A 1x1 convolution and a mean commute; this order is a quarter of the work.
        attended(&self.attention, residual + self.shortcut(average_pool(x)))
    }

    fn unscaled(&self, x: Dual<4>) -> Dual<4> {
        let residual = self.residual(dual::relu(x.clone()));
        residual + self.shortcut(x)
    }
}

discriminator_by_class!(ResnetDiscriminator, 4);
map_state!(ResnetDiscriminator: embedding, first, down, unscaled, linear, heads);
map_state!(Block: first, second, shortcut, attention);
