//! The discriminator.

use burn::module::Module;
use burn::tensor::{Device, Tensor};

use super::attention::attended;
use super::{Pooling, ResnetConfig};
use crate::dual::{self, Dual};
use crate::identity::Identity;
use crate::model::streams::streams;
use crate::network::{Discriminator, DualDiscriminator, TangentRule};
use crate::network_error::NetworkError;
use crate::nn::resampling::average_pool;
use crate::nn::{
    Activation, Convolution, Initialization, Linear, LinearConfig, SelfAttention, to_channels_last,
};
use crate::random::Purpose;

/// The discriminator of a residual GAN: from images `[N, C, H, W]` to logits.
#[derive(Module, Debug)]
pub struct ResnetDiscriminator {
    pub(super) first: Block,
    pub(super) down: Vec<Block>,
    unscaled: Vec<Block>,
    linear: Linear,
    #[module(skip)]
    pooling: Pooling,
    sample_shape: [usize; 3],
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
        Ok(Self {
            first: block(config.channels, true)?,
            down: (1..halvings)
                .map(|_| block(filters, true))
                .collect::<Result<Vec<_>, _>>()?,
            unscaled: (0..config.unscaled_blocks)
                .map(|_| block(filters, false))
                .collect::<Result<Vec<_>, _>>()?,
            linear: LinearConfig::new(filters, 1)
                .with_spectral_norm(config.spectral_norm)
                .with_initialization(Initialization::LINEAR)
                .init(&mut stream(), device)?,
            pooling: config.pooling,
            sample_shape: config.sample_shape(),
        })
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

impl Discriminator<4> for ResnetDiscriminator {
    fn logits(&self, samples: Tensor<4>, condition: &()) -> Tensor<1> {
        self.logits_dual(Dual::constant(samples), condition).value
    }

    fn sample_shape(&self) -> Option<Vec<usize>> {
        Some(self.sample_shape.to_vec())
    }

    fn tangent_rule(&self) -> Option<TangentRule<Self, 4, ()>> {
        Some(Self::logits_dual)
    }

    fn identity(&self) -> Identity {
        Identity::new("resnet-discriminator", 1).with("pooling", format!("{:?}", self.pooling))
    }
}

impl DualDiscriminator<4> for ResnetDiscriminator {
    fn logits_dual(&self, samples: Dual<4>, _condition: &()) -> Dual<1> {
        let x = self.first.first(samples.linear(to_channels_last));
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
        self.linear.propagate(features).linear(|x| x.squeeze_dim(1))
    }
}
