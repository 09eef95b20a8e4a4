//! The residual networks of WGAN-GP and SNGAN for images `[N, C, H, W]`.

mod attention;
mod discriminator;
mod generator;

pub use discriminator::ResnetDiscriminator;
pub use generator::ResnetGenerator;

use burn::config::Config;
use burn::tensor::Device;

use super::condition::{DiscriminatorCondition, GeneratorCondition};
use super::size;
use crate::errors::at_least_1;
use crate::network_error::NetworkError;
use crate::nn::{Algorithm, Convolution, ConvolutionConfig, Initialization};
use crate::random::Stream;

/// How the discriminator brings its last image down to one vector.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[non_exhaustive]
pub enum Pooling {
    /// The sum over height and width (Miyato et al. 2018).
    #[default]
    Sum,
    /// The mean over height and width (Gulrajani et al. 2017).
    Mean,
}

/// Configuration of a residual GAN for images of any channel count, height and width: [`ResnetConfig::wgan_gp`] is
/// the networks of WGAN-GP, [`ResnetConfig::sngan`] those of SNGAN.
///
/// The generator doubles its image, with batch normalisation, as often as [`ResnetConfig::halvings`] says. The
/// discriminator has no normalisation of its activations, so that its samples stay independent and gradient
/// penalties apply: it halves the image `discriminator_halvings` times, then keeps its size.
///
/// ```
/// use burn::{prelude::*, tensor::Device};
/// use burn_gan::{Discriminator, Generator, model::ResnetConfig};
///
/// let device = Device::flex();
/// let config = ResnetConfig::new(1, 8, 8).with_filters(4).with_spectral_norm(true);
/// let generator = config.init_generator(&device)?;
/// let discriminator = config.init_discriminator(&device)?;
/// let images = generator.generate(Tensor::zeros([2, config.latent_size], &device), &());
/// assert_eq!(images.dims(), [2, 1, 8, 8]);
/// assert_eq!(discriminator.logits(images, &()).dims(), [2]);
/// # Ok::<(), burn_gan::GanError>(())
/// ```
#[derive(Config, Debug)]
#[non_exhaustive]
pub struct ResnetConfig {
    /// Channels of the images: 1 for grey, 3 for colour.
    pub channels: usize,
    /// Height of the images in pixels.
    pub height: usize,
    /// Width of the images in pixels.
    pub width: usize,
    /// Width of the latent space.
    #[config(default = 128)]
    pub latent_size: usize,
    /// Channels of every hidden layer, those of the generator where `generator_filters` says nothing else.
    #[config(default = 128)]
    pub filters: usize,
    /// Channels of every hidden layer of the generator; `None` for `filters`.
    #[config(default = "None")]
    pub generator_filters: Option<usize>,
    /// The smallest side that the generator may start from.
    #[config(default = 4)]
    pub base_size: usize,
    /// Blocks of the discriminator that halve the image; fewer where the image cannot be halved so often.
    #[config(default = 2)]
    pub discriminator_halvings: usize,
    /// Blocks of the discriminator after them.
    #[config(default = 2)]
    pub unscaled_blocks: usize,
    /// Whether the discriminator's weights are divided by their largest singular value. This crate's trainer
    /// then moves the singular vectors along; one of your own calls
    /// [`advance_spectral_norms`](crate::nn::advance_spectral_norms) after each of the discriminator's steps.
    #[config(default = false)]
    pub spectral_norm: bool,
    /// How the discriminator reads its last image.
    #[config(default = "Pooling::Sum")]
    pub pooling: Pooling,
    /// Side of the image at which both networks have self-attention ([`SelfAttention`](crate::nn::SelfAttention), Zhang et
    /// al. 2019, who have it at 32 of 128 pixels): behind the block whose result has this smaller side. `None` for none.
    /// All other initial weights are the same with it and without.
    ///
    /// A discriminator with it is curved ([`Dual::is_curved`](crate::Dual::is_curved)): exact gradient penalties cost more.
    #[config(default = "None")]
    pub attention: Option<usize>,
    /// How the convolutions are computed.
    #[config(default = "Algorithm::Matmul")]
    pub algorithm: Algorithm,
    /// Number of classes that images are conditioned on; `None` for no condition. Both networks then take
    /// [`Labels`](crate::Labels), and trainers refuse data without them; a pass of your own without them panics.
    #[config(default = "None")]
    pub classes: Option<usize>,
    /// How the generator takes a class. The default is that of Miyato and Koyama 2018, section 5.
    #[config(default = "GeneratorCondition::ConditionalNorm")]
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

impl ResnetConfig {
    /// The networks of WGAN-GP on 32x32 images (Gulrajani et al. 2017, appendix F): 128 channels in both, the
    /// discriminator's last image read by its mean.
    pub fn wgan_gp(channels: usize, height: usize, width: usize) -> Self {
        Self::new(channels, height, width).with_pooling(Pooling::Mean)
    }

    /// The networks of SNGAN on 32x32 images (Miyato et al. 2018, table 4): 256 channels in the generator and 128 in
    /// the discriminator, which has spectral normalisation; its last image is read by its sum.
    pub fn sngan(channels: usize, height: usize, width: usize) -> Self {
        Self::new(channels, height, width)
            .with_generator_filters(Some(256))
            .with_spectral_norm(true)
    }

    /// How many times the generator doubles its image.
    ///
    /// # Errors
    /// [`NetworkError::UnreachableSize`] where the image cannot be halved at all.
    pub fn halvings(&self) -> Result<usize, NetworkError> {
        size::halvings(self.height, self.width, self.base_size)
    }

    /// Builds the generator.
    ///
    /// # Errors
    /// [`NetworkError::UnreachableSize`], [`NetworkError::Config`] for a size of 0 or self-attention at a side that none of
    /// its blocks has.
    pub fn init_generator(&self, device: &Device) -> Result<ResnetGenerator, NetworkError> {
        self.check()?;
        ResnetGenerator::new(self, device)?.with_attention(self, device)
    }

    /// Builds the discriminator.
    ///
    /// # Errors
    /// [`NetworkError::UnreachableSize`], [`NetworkError::Config`] for a size of 0, auxiliary outputs beside an auxiliary
    /// classifier, or self-attention at a side that none of its blocks has.
    pub fn init_discriminator(&self, device: &Device) -> Result<ResnetDiscriminator, NetworkError> {
        self.check()?;
        ResnetDiscriminator::new(self, device)?.with_attention(self, device)
    }

    fn check(&self) -> Result<(), NetworkError> {
        at_least_1("channels", self.channels)?;
        at_least_1("latent_size", self.latent_size)?;
        at_least_1("filters", self.filters)?;
        at_least_1("generator_filters", self.generator_channels())?;
        at_least_1("discriminator_halvings", self.discriminator_halvings)?;
        Ok(())
    }

    /// Channels of every hidden layer of the generator.
    fn generator_channels(&self) -> usize {
        self.generator_filters.unwrap_or(self.filters)
    }

    fn sample_shape(&self) -> [usize; 3] {
        [self.channels, self.height, self.width]
    }

    fn convolution(
        &self,
        [inputs, outputs, kernel]: [usize; 3],
        spectral_norm: bool,
        stream: &mut Stream,
        device: &Device,
    ) -> Result<Convolution, NetworkError> {
        let initialization = if kernel == 1 {
            Initialization::LINEAR
        } else {
            Initialization::He { slope: 0.0 }
        };
        ConvolutionConfig::new(inputs, outputs, kernel)
            .with_bias(true)
            .with_spectral_norm(spectral_norm)
            .with_algorithm(self.algorithm)
            .with_initialization(initialization)
            .init(stream, device)
    }
}
