//! The generator.

use burn::module::Module;
use burn::tensor::{Device, Tensor};

use super::ResnetConfig;
use super::attention::attended;
use crate::dual::Dual;
use crate::model::streams::streams;
use crate::network::Generator;
use crate::network_error::NetworkError;
use crate::nn::resampling::upsample_nearest;
use crate::nn::{
    Activation, BatchNorm, BatchNormConfig, Convolution, Initialization, SelfAttention, Stem,
    StemConfig, to_channels_first,
};
use crate::random::{Purpose, Stream};

/// The generator of a residual GAN: from latent noise to images `[N, C, H, W]` in [-1, 1].
#[derive(Module, Debug)]
pub struct ResnetGenerator {
    stem: Stem,
    pub(super) blocks: Vec<Up>,
    norm: BatchNorm,
    last: Convolution,
    latent_size: usize,
    sample_shape: [usize; 3],
}

/// Doubles the image: normalisation, ReLU, upsampling, 3x3, normalisation, ReLU, 3x3, beside a shortcut.
#[derive(Module, Debug)]
pub(super) struct Up {
    first_norm: BatchNorm,
    first: Convolution,
    second_norm: BatchNorm,
    second: Convolution,
    shortcut: Convolution,
    pub(super) attention: Option<SelfAttention>,
}

impl ResnetGenerator {
    pub(super) fn new(config: &ResnetConfig, device: &Device) -> Result<Self, NetworkError> {
        let halvings = config.halvings()?;
        let (height, width) = (config.height >> halvings, config.width >> halvings);
        let filters = config.generator_channels();
        let mut stream = streams(config.seed, Purpose::GeneratorWeights);
        let stem = StemConfig::new(config.latent_size, [height, width, filters])
            .with_bias(true)
            .with_initialization(Initialization::LINEAR)
            .init(&mut stream(), device)?;
        let blocks = (0..halvings)
            .map(|_| Up::new(config, &mut stream, device))
            .collect::<Result<Vec<_>, _>>()?;
        Ok(Self {
            stem,
            blocks,
            norm: BatchNormConfig::new(filters).init(device)?,
            last: config.convolution(
                [filters, config.channels, 3],
                false,
                &mut stream(),
                device,
            )?,
            latent_size: config.latent_size,
            sample_shape: config.sample_shape(),
        })
    }
}

impl Up {
    fn new(
        config: &ResnetConfig,
        stream: &mut impl FnMut() -> Stream,
        device: &Device,
    ) -> Result<Self, NetworkError> {
        let filters = config.generator_channels();
        let mut convolution =
            |kernel| config.convolution([filters, filters, kernel], false, &mut stream(), device);
        Ok(Self {
            first_norm: BatchNormConfig::new(filters).init(device)?,
            first: convolution(3)?,
            second_norm: BatchNormConfig::new(filters).init(device)?,
            second: convolution(3)?,
            shortcut: convolution(1)?,
            attention: None,
        })
    }

    fn propagate(&self, x: Dual<4>) -> Dual<4> {
        let y = self
            .first_norm
            .propagate_activated(x.clone(), Activation::Relu);
        let y = self.first.propagate(upsample_nearest(y));
        let y = self.second_norm.propagate_activated(y, Activation::Relu);
        // A 1x1 convolution and the repetition of pixels commute; this order is a quarter of the work.
        let shortcut = upsample_nearest(self.shortcut.propagate(x));
        attended(&self.attention, shortcut + self.second.propagate(y))
    }
}

impl Generator<4> for ResnetGenerator {
    fn latent_size(&self) -> usize {
        self.latent_size
    }

    fn generate(&self, latent: Tensor<2>, _condition: &()) -> Tensor<4> {
        let x = self.stem.propagate(Dual::constant(latent));
        let x = self.blocks.iter().fold(x, |x, block| block.propagate(x));
        let x = self.norm.propagate_activated(x, Activation::Relu);
        let x = self.last.propagate_activated(x, Activation::Tanh);
        to_channels_first(x.value)
    }

    fn sample_shape(&self) -> Option<Vec<usize>> {
        Some(self.sample_shape.to_vec())
    }
}
