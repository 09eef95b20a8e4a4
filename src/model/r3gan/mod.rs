//! R3GAN: residual networks without normalisation for images `[N, C, H, W]`.

mod block;
mod discriminator;
mod generator;

pub use discriminator::R3ganDiscriminator;
pub use generator::R3ganGenerator;

use burn::config::Config;
use burn::tensor::Device;

use self::block::{Block, BlockConfig};
use super::condition::{DiscriminatorCondition, GeneratorCondition};
use super::size;
use crate::errors::at_least_1;
use crate::network_error::NetworkError;
use crate::nn::{Algorithm, Convolution, ConvolutionConfig, Initialization};
use crate::random::Stream;

/// Slope of the leaky ReLU below 0.
const SLOPE: f64 = 0.2;

/// Configuration of an R3GAN (Huang, Gokaslan, Kuleshov and Tompkin 2024, section 3 and the released code) for
/// images of any channel count, height and width.
///
/// Train it with the relativistic pairing loss and both gradient penalties R1 and R2. Both networks are
/// residual, with neither normalisation nor biases but those of the activations. The discriminator halves the
/// image as long as both sides are even and the result is at least `base_size` on both; the generator doubles
/// it as often. 28x28 becomes 7x7 in two steps, 32x32 becomes 4x4 in three.
///
/// The defaults make a small network for small images. The paper's are wider (768 channels at 32x32), have two
/// blocks a stage and groups of 16 channels. Between stages images are resampled bilinearly; the released code
/// halves them with the wider filter (1, 3, 3, 1) / 8 instead.
///
/// ```
/// use burn::{prelude::*, tensor::Device};
/// use burn_gan::{Discriminator, Generator, model::R3ganConfig};
///
/// let device = Device::flex();
/// let config = R3ganConfig::new(1, 8, 8).with_filters(4);
/// let generator = config.init_generator(&device)?;
/// let discriminator = config.init_discriminator(&device)?;
/// let images = generator.generate(Tensor::zeros([2, config.latent_size], &device), &());
/// assert_eq!(images.dims(), [2, 1, 8, 8]);
/// assert_eq!(discriminator.logits(images, &()).dims(), [2]);
/// # Ok::<(), burn_gan::GanError>(())
/// ```
#[derive(Config, Debug)]
#[non_exhaustive]
pub struct R3ganConfig {
    /// Channels of the images: 1 for grey, 3 for colour.
    pub channels: usize,
    /// Height of the images in pixels.
    pub height: usize,
    /// Width of the images in pixels.
    pub width: usize,
    /// Width of the latent space.
    #[config(default = 64)]
    pub latent_size: usize,
    /// Channels at the largest resolution; they double with each halving, up to `max_filters`.
    #[config(default = 32)]
    pub filters: usize,
    /// The most channels that a stage has.
    #[config(default = 128)]
    pub max_filters: usize,
    /// Residual blocks at each resolution.
    #[config(default = 1)]
    pub blocks: usize,
    /// How many times wider a block is inside than outside.
    #[config(default = 2)]
    pub expansion: usize,
    /// Channels in a group of a block's 3x3 convolution, a divisor of each stage's `expansion * filters`;
    /// `None` for no groups.
    #[config(default = "None")]
    pub group_width: Option<usize>,
    /// The smallest side that halving may lead to.
    #[config(default = 4)]
    pub base_size: usize,
    /// How the convolutions are computed.
    #[config(default = "Algorithm::Matmul")]
    pub algorithm: Algorithm,
    /// Number of classes that images are conditioned on; `None` for no condition. Both networks then take
    /// [`Labels`](crate::Labels), and trainers refuse data without them; a pass of your own without them panics.
    #[config(default = "None")]
    pub classes: Option<usize>,
    /// How the generator takes a class. It has no batch normalisation, so that
    /// [`ConditionalNorm`](GeneratorCondition::ConditionalNorm) is refused.
    #[config(default = "GeneratorCondition::Concatenation { embedding: 32 }")]
    pub generator_condition: GeneratorCondition,
    /// How the discriminator takes a class.
    #[config(default = "DiscriminatorCondition::Projection")]
    pub discriminator_condition: DiscriminatorCondition,
    /// Number of auxiliary outputs of the discriminator, linear in the features that its logits are of: estimated codes of
    /// an InfoGAN (Chen et al. 2016), for example. `None` for none, or for those of an auxiliary classifier.
    #[config(default = "None")]
    pub auxiliary_outputs: Option<usize>,
    /// Seed of the initial weights.
    #[config(default = 0)]
    pub seed: u64,
}

impl R3ganConfig {
    /// How many times the image is halved (and doubled).
    ///
    /// # Errors
    /// [`NetworkError::UnreachableSize`] where it cannot be halved at all.
    pub fn halvings(&self) -> Result<usize, NetworkError> {
        size::halvings(self.height, self.width, self.base_size)
    }

    /// Builds the generator.
    ///
    /// # Errors
    /// [`NetworkError::UnreachableSize`], [`NetworkError::Config`] for a size of 0, a `group_width` that does not divide a
    /// block's width, or a condition that it cannot take.
    pub fn init_generator(&self, device: &Device) -> Result<R3ganGenerator, NetworkError> {
        self.check()?;
        R3ganGenerator::new(self, device)
    }

    /// Builds the discriminator.
    ///
    /// # Errors
    /// [`NetworkError::UnreachableSize`], [`NetworkError::Config`] for a size of 0, a `group_width` that does not divide a
    /// block's width, or auxiliary outputs beside an auxiliary classifier.
    pub fn init_discriminator(&self, device: &Device) -> Result<R3ganDiscriminator, NetworkError> {
        self.check()?;
        R3ganDiscriminator::new(self, device)
    }

    fn check(&self) -> Result<(), NetworkError> {
        at_least_1("channels", self.channels)?;
        at_least_1("latent_size", self.latent_size)?;
        at_least_1("filters", self.filters)?;
        at_least_1("max_filters", self.max_filters)?;
        at_least_1("blocks", self.blocks)?;
        at_least_1("expansion", self.expansion)?;
        Ok(())
    }

    fn sample_shape(&self) -> [usize; 3] {
        [self.channels, self.height, self.width]
    }

    /// Channels after `level` halvings.
    fn stage_filters(&self, level: usize) -> usize {
        size::doubled(self.filters, level, self.max_filters)
    }

    /// Height, width and channels of the smallest image.
    fn base(&self, halvings: usize) -> [usize; 3] {
        [
            self.height >> halvings,
            self.width >> halvings,
            self.stage_filters(halvings),
        ]
    }

    /// The blocks after `level` halvings, of `halvings` in all.
    fn blocks(
        &self,
        level: usize,
        halvings: usize,
        stream: &mut impl FnMut() -> Stream,
        device: &Device,
    ) -> Result<Vec<Block>, NetworkError> {
        let block = BlockConfig {
            filters: self.stage_filters(level),
            expansion: self.expansion,
            group_width: self.group_width,
            total_blocks: self.blocks * (halvings + 1),
            algorithm: self.algorithm,
        };
        (0..self.blocks)
            .map(|_| block.init(&mut stream(), device))
            .collect()
    }

    /// What leads from the channels of one level to those of another, where their number changes.
    fn transition(
        &self,
        [from, to]: [usize; 2],
        stream: &mut impl FnMut() -> Stream,
        device: &Device,
    ) -> Result<Option<Convolution>, NetworkError> {
        let (inputs, outputs) = (self.stage_filters(from), self.stage_filters(to));
        (inputs != outputs)
            .then(|| pointwise(inputs, outputs, &mut stream(), device))
            .transpose()
    }
}

/// A 1x1 convolution; the number of channels is all that it changes.
fn pointwise(
    inputs: usize,
    outputs: usize,
    stream: &mut Stream,
    device: &Device,
) -> Result<Convolution, NetworkError> {
    ConvolutionConfig::new(inputs, outputs, 1)
        .with_initialization(Initialization::LINEAR)
        .init(stream, device)
}
