//! The deep convolutional GAN for images `[N, C, H, W]`.

use burn::config::Config;
use burn::module::Module;
use burn::tensor::{Device, Tensor};

use super::normalization::{Normalization, activated};
use super::size;
use crate::dual::Dual;
use crate::network::{Discriminator, DualDiscriminator, Generator, TangentRule};
use crate::network_error::NetworkError;
use crate::nn::{
    Activation, Algorithm, BatchNorm, Convolution, ConvolutionConfig, Head, HeadConfig, Stem,
    StemConfig, TransposedConvolution, to_channels_first, to_channels_last,
};
use crate::random::{Purpose, Stream};

/// Slope of the discriminator's leaky ReLU below 0 (Radford et al. 2016, section 3).
const SLOPE: f64 = 0.2;
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
    /// Seed of the initial weights.
    #[config(default = 0)]
    pub seed: u64,
}

/// The generator: an inverse CNN from latent noise to images `[N, C, H, W]` in [-1, 1].
#[derive(Module, Debug)]
pub struct DcganGenerator {
    stem: Stem,
    stem_norm: Option<BatchNorm>,
    hidden: Vec<Up>,
    last: TransposedConvolution,
    latent_size: usize,
    sample_shape: [usize; 3],
}

/// The discriminator: a CNN from images `[N, C, H, W]` to logits.
#[derive(Module, Debug)]
pub struct DcganDiscriminator {
    first: Convolution,
    hidden: Vec<Down>,
    head: Head,
    sample_shape: [usize; 3],
}

/// Doubles the image.
#[derive(Module, Debug)]
struct Up {
    convolution: TransposedConvolution,
    norm: Option<BatchNorm>,
}

/// Halves the image.
#[derive(Module, Debug)]
struct Down {
    convolution: Convolution,
    norm: Option<BatchNorm>,
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
    /// [`NetworkError::UnreachableSize`], [`NetworkError::Config`] for a size of 0.
    pub fn init_generator(&self, device: &Device) -> Result<DcganGenerator, NetworkError> {
        let halvings = self.halvings()?;
        let mut streams = self.streams(Purpose::GeneratorWeights);
        let norm = self.generator_normalization;
        let [height, width, channels] = self.base(halvings);
        let up = |inputs, outputs, bias, stream: &mut Stream| {
            ConvolutionConfig::new(inputs, outputs, KERNEL)
                .with_stride(STRIDE)
                .with_bias(bias)
                .with_algorithm(self.algorithm)
                .init_transposed(stream, device)
        };
        let mut hidden = Vec::new();
        for level in (1..halvings).rev() {
            let outputs = self.layer_filters(level - 1);
            hidden.push(Up {
                convolution: up(
                    self.layer_filters(level),
                    outputs,
                    norm == Normalization::None,
                    &mut streams(level),
                )?,
                norm: norm.init(outputs, device)?,
            });
        }
        Ok(DcganGenerator {
            stem: StemConfig::new(self.latent_size, [height, width, channels])
                .with_bias(norm == Normalization::None)
                .init(&mut streams(halvings), device)?,
            stem_norm: norm.init(channels, device)?,
            hidden,
            last: up(self.layer_filters(0), self.channels, true, &mut streams(0))?,
            latent_size: self.latent_size,
            sample_shape: self.sample_shape(),
        })
    }

    /// Builds the discriminator.
    ///
    /// # Errors
    /// [`NetworkError::UnreachableSize`], [`NetworkError::Config`] for a size of 0.
    pub fn init_discriminator(&self, device: &Device) -> Result<DcganDiscriminator, NetworkError> {
        let halvings = self.halvings()?;
        let mut streams = self.streams(Purpose::DiscriminatorWeights);
        let norm = self.discriminator_normalization;
        let down = |inputs, outputs, bias, stream: &mut Stream| {
            ConvolutionConfig::new(inputs, outputs, KERNEL)
                .with_stride(STRIDE)
                .with_bias(bias)
                .with_algorithm(self.algorithm)
                .init(stream, device)
        };
        let unnormalized = norm == Normalization::None;
        let first = down(
            self.channels,
            self.layer_filters(0),
            unnormalized,
            &mut streams(0),
        )?;
        let mut hidden = Vec::new();
        for level in 1..halvings {
            let outputs = self.layer_filters(level);
            hidden.push(Down {
                convolution: down(
                    self.layer_filters(level - 1),
                    outputs,
                    unnormalized,
                    &mut streams(level),
                )?,
                norm: norm.init(outputs, device)?,
            });
        }
        Ok(DcganDiscriminator {
            first,
            hidden,
            head: HeadConfig::new(self.base(halvings))
                .with_bias(true)
                .init(&mut streams(halvings), device)?,
            sample_shape: self.sample_shape(),
        })
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

    /// The stream of each layer's initial weights.
    fn streams(&self, purpose: Purpose) -> impl FnMut(usize) -> Stream + use<> {
        let seed = self.seed;
        move |layer| Stream::new(seed, purpose, layer as u64)
    }
}

impl Generator<4> for DcganGenerator {
    fn latent_size(&self) -> usize {
        self.latent_size
    }

    fn generate(&self, latent: Tensor<2>, _condition: &()) -> Tensor<4> {
        let latent = Dual::constant(latent);
        let x = activated(&self.stem_norm, Activation::Relu, |activation| {
            self.stem.propagate_activated(latent, activation)
        });
        let x = self.hidden.iter().fold(x, |x, up| {
            activated(&up.norm, Activation::Relu, |activation| {
                up.convolution.propagate_activated(x, activation)
            })
        });
        let x = self.last.propagate_activated(x, Activation::Tanh);
        to_channels_first(x.value)
    }

    fn sample_shape(&self) -> Option<Vec<usize>> {
        Some(self.sample_shape.to_vec())
    }
}

impl Discriminator<4> for DcganDiscriminator {
    fn logits(&self, samples: Tensor<4>, condition: &()) -> Tensor<1> {
        self.logits_dual(Dual::constant(samples), condition).value
    }

    fn sample_shape(&self) -> Option<Vec<usize>> {
        Some(self.sample_shape.to_vec())
    }

    fn tangent_rule(&self) -> Option<TangentRule<Self, 4, ()>> {
        Some(Self::logits_dual)
    }
}

impl DualDiscriminator<4> for DcganDiscriminator {
    fn logits_dual(&self, samples: Dual<4>, _condition: &()) -> Dual<1> {
        let leaky_relu = Activation::LeakyRelu { slope: SLOPE };
        let samples = samples.linear(to_channels_last);
        let x = self.first.propagate_activated(samples, leaky_relu);
        let x = self.hidden.iter().fold(x, |x, down| {
            activated(&down.norm, leaky_relu, |activation| {
                down.convolution.propagate_activated(x, activation)
            })
        });
        self.head.propagate(x).linear(|x| x.squeeze_dim(1))
    }
}
