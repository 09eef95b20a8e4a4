//! The deep convolutional GAN for images `[N, C, H, W]`.

mod discriminator;
mod generator;

pub use discriminator::DcganDiscriminator;
pub use generator::DcganGenerator;

use burn::config::Config;
use burn::tensor::Device;

use super::condition::{DiscriminatorCondition, GeneratorCondition};
use super::normalization::Normalization;
use super::size;
use crate::network_error::NetworkError;
use crate::nn::{Algorithm, ConvolutionConfig};
use crate::random::{Purpose, Stream};

/// Kernel and stride of every layer that halves or doubles the image.
const KERNEL: usize = 4;
const STRIDE: usize = 2;

/// Configuration of a DCGAN (Radford, Metz and Chintala 2016) for images of any channel count, height and
/// width, square or not.
///
/// The discriminator halves the image with 4x4 convolutions of stride 2 as long as both sides are even and
/// the result is at least `base_size` on both, then reads it with a kernel of its full size. The generator
/// is its inverse: from latent noise to the small image, then transposed convolutions that double it.
/// 28x28 becomes 7x7 in two steps, 32x32 becomes 4x4 in three, 48x64 becomes 6x8 in three.
///
/// ```
/// use burn::{prelude::*, tensor::Device};
/// use burn_gan::{Discriminator, Generator, model::DcganConfig};
///
/// let device = Device::flex();
/// let config = DcganConfig::new(3, 16, 24).with_filters(8);
/// let generator = config.init_generator(&device)?;
/// let discriminator = config.init_discriminator(&device)?;
/// let images = generator.generate(Tensor::zeros([2, config.latent_size], &device), &());
/// assert_eq!(images.dims(), [2, 3, 16, 24]);
/// assert_eq!(discriminator.logits(images, &()).dims(), [2]);
/// # Ok::<(), burn_gan::GanError>(())
/// ```
#[derive(Config, Debug)]
#[non_exhaustive]
pub struct DcganConfig {
    /// Channels of the images: 1 for grey, 3 for colour.
    pub channels: usize,
    /// Height of the images in pixels.
    pub height: usize,
    /// Width of the images in pixels.
    pub width: usize,
    /// Width of the latent space.
    #[config(default = 100)]
    pub latent_size: usize,
    /// Channels at the largest hidden resolution; they double with each halving, up to `max_filters`.
    #[config(default = 64)]
    pub filters: usize,
    /// The most channels that a layer has, 1024 as in the paper's figure 1; `None` for no limit, which is also what a
    /// file without this field means.
    #[config(default = "Some(1024)")]
    pub max_filters: Option<usize>,
    /// The smallest side that halving may lead to.
    #[config(default = 4)]
    pub base_size: usize,
    /// Normalisation of the generator's hidden layers.
    #[config(default = "Normalization::Batch")]
    pub generator_normalization: Normalization,
    /// Normalisation of the discriminator's hidden layers but the first. Gradient penalties need `None`.
    #[config(default = "Normalization::Batch")]
    pub discriminator_normalization: Normalization,
    /// How the convolutions are computed.
    #[config(default = "Algorithm::Matmul")]
    pub algorithm: Algorithm,
    /// Number of classes that images are conditioned on; `None` for no condition. Both networks then take
    /// [`Labels`](crate::Labels), and trainers refuse data without them; a pass of your own without them panics.
    #[config(default = "None")]
    pub classes: Option<usize>,
    /// How the generator takes a class; [`ConditionalNorm`](GeneratorCondition::ConditionalNorm) needs
    /// `generator_normalization` by batch.
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

impl DcganConfig {
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
    /// [`NetworkError::UnreachableSize`], [`NetworkError::Config`] for a size of 0 or a condition that it cannot take.
    pub fn init_generator(&self, device: &Device) -> Result<DcganGenerator, NetworkError> {
        DcganGenerator::new(self, device)
    }

    /// Builds the discriminator.
    ///
    /// # Errors
    /// [`NetworkError::UnreachableSize`], [`NetworkError::Config`] for a size of 0 or auxiliary outputs beside an auxiliary
    /// classifier.
    pub fn init_discriminator(&self, device: &Device) -> Result<DcganDiscriminator, NetworkError> {
        DcganDiscriminator::new(self, device)
    }

    fn sample_shape(&self) -> [usize; 3] {
        [self.channels, self.height, self.width]
    }

    /// Height, width and channels of the smallest image.
    fn base(&self, halvings: usize) -> [usize; 3] {
        [
            self.height >> halvings,
            self.width >> halvings,
            self.layer_filters(halvings - 1),
        ]
    }

    /// Channels of the layer behind `level + 1` halvings.
    fn layer_filters(&self, level: usize) -> usize {
        size::doubled(self.filters, level, self.max_filters.unwrap_or(usize::MAX))
    }

    /// A layer that halves or doubles the image.
    fn layer(&self, inputs: usize, outputs: usize, bias: bool) -> ConvolutionConfig {
        ConvolutionConfig::new(inputs, outputs, KERNEL)
            .with_stride(STRIDE)
            .with_bias(bias)
            .with_algorithm(self.algorithm)
    }

    /// The stream of each layer's initial weights.
    fn streams(&self, purpose: Purpose) -> impl FnMut(usize) -> Stream + use<> {
        let seed = self.seed;
        move |layer| Stream::new(seed, purpose, layer as u64)
    }
}
