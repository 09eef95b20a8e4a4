//! The U-Net of pix2pix: images to images, with connections between layers of the same size.

use burn::config::Config;
use burn::module::Module;
use burn::tensor::{Device, Tensor};

use super::normalization::Normalization;
use super::normalized::{NormalizedConvolution, NormalizedTransposed};
use super::size;
use super::streams::streams;
use crate::dual::{self, Dual};
use crate::errors::at_least_1;
use crate::identity::Identity;
use crate::image_condition::check_images;
use crate::network::Generator;
use crate::network_error::NetworkError;
use crate::nn::{Activation, Algorithm, ConvolutionConfig, to_channels_first, to_channels_last};
use crate::random::{Purpose, Stream};
use crate::state_dict::map_state;

/// Slope of the encoder's leaky ReLU below 0.
const SLOPE: f64 = 0.2;
/// Kernel and stride of every layer.
const KERNEL: usize = 4;
const STRIDE: usize = 2;
/// The most halvings where the configuration names no number: 256x256 becomes 1x1.
const HALVINGS: usize = 8;
/// Channels double with each halving, so many times at most.
const DOUBLINGS: usize = 3;

/// Configuration of the U-Net generator of pix2pix (Isola et al. 2017, "Image-to-Image Translation with Conditional
/// Adversarial Networks", section 3.2 and appendix 6.1.1).
///
/// An encoder halves the source image with 4x4 convolutions and leaky ReLUs, C64-C128-C256-C512-C512-.., and a decoder
/// doubles it again with transposed ones and ReLUs; each of its layers also sees the encoder's layer of the same size.
/// Layers are those of the authors' PyTorch code: no normalisation behind the first and the last convolution of the
/// encoder, a tanh at the end.
///
/// # Randomness
///
/// The paper has dropout of rate 0.5 in three layers of the decoder as its only noise, in use after training too, and
/// finds that its samples hardly vary (section 3.1). There is none here: a step is a function of its batch and its
/// latents. With a `latent_size` above 0 the latent vector is repeated at every pixel and concatenated to the source image
/// (Zhu et al. 2017, "Toward Multimodal Image-to-Image Translation").
///
/// ```
/// use burn::{prelude::*, tensor::Device};
/// use burn_gan::{Generator, model::UnetConfig};
///
/// let device = Device::flex();
/// let config = UnetConfig::new(1, 3, 28, 28).with_filters(4);
/// assert_eq!(config.halvings()?, 2);
/// let generator = config.init(&device)?;
/// let source = Tensor::<4>::zeros([2, 1, 28, 28], &device);
/// let images = generator.generate(Tensor::zeros([2, 0], &device), &source);
/// assert_eq!(images.dims(), [2, 3, 28, 28]);
/// # Ok::<(), burn_gan::GanError>(())
/// ```
#[derive(Config, Debug)]
#[non_exhaustive]
pub struct UnetConfig {
    /// Channels of the source images.
    pub source_channels: usize,
    /// Channels of the generated images.
    pub channels: usize,
    /// Height of both in pixels.
    pub height: usize,
    /// Width of both in pixels.
    pub width: usize,
    /// Width of the latent space; 0 for none.
    #[config(default = 0)]
    pub latent_size: usize,
    /// Channels of the encoder's first layer; they double with each halving, up to 8 times as many.
    #[config(default = 64)]
    pub filters: usize,
    /// How many times the image is halved; `None` for as often as both sides are even, at most 8 times.
    #[config(default = "None")]
    pub halvings: Option<usize>,
    /// Normalisation of the hidden layers.
    #[config(default = "Normalization::Batch")]
    pub normalization: Normalization,
    /// How the convolutions are computed.
    #[config(default = "Algorithm::Matmul")]
    pub algorithm: Algorithm,
    /// Seed of the initial weights.
    #[config(default = 0)]
    pub seed: u64,
}

/// The generator: source images `[N, C, H, W]`, its condition, to images of the same size in [-1, 1].
#[derive(Module, Debug)]
pub struct UnetGenerator {
    /// From the image inwards.
    encoder: Vec<NormalizedConvolution>,
    /// From the smallest image outwards.
    decoder: Vec<NormalizedTransposed>,
    latent_size: usize,
    source_shape: [usize; 3],
    sample_shape: [usize; 3],
    #[module(skip)]
    normalization: Normalization,
}

impl UnetConfig {
    /// How many times the image is halved (and doubled).
    ///
    /// # Errors
    /// [`NetworkError::UnreachableSize`] where it cannot be halved at all, [`NetworkError::IndivisibleSize`] where it cannot
    /// be halved as often as the configuration says, [`NetworkError::Config`] for 0 halvings.
    pub fn halvings(&self) -> Result<usize, NetworkError> {
        let possible = size::halvings(self.height, self.width, 1)?;
        let Some(halvings) = self.halvings else {
            return Ok(possible.min(HALVINGS));
        };
        at_least_1("halvings", halvings)?;
        size::check_divisible(self.height, self.width, halvings)?;
        Ok(halvings)
    }

    /// Builds the generator.
    ///
    /// # Errors
    /// Those of [`UnetConfig::halvings`], and [`NetworkError::Config`] for a size of 0.
    pub fn init(&self, device: &Device) -> Result<UnetGenerator, NetworkError> {
        at_least_1("source_channels", self.source_channels)?;
        at_least_1("channels", self.channels)?;
        at_least_1("filters", self.filters)?;
        let halvings = self.halvings()?;
        let mut stream = streams(self.seed, Purpose::GeneratorWeights);
        Ok(UnetGenerator {
            encoder: (0..halvings)
                .map(|level| self.down(level, halvings, &mut stream(), device))
                .collect::<Result<_, _>>()?,
            decoder: (0..halvings)
                .rev()
                .map(|level| self.up(level, halvings, &mut stream(), device))
                .collect::<Result<_, _>>()?,
            latent_size: self.latent_size,
            source_shape: [self.source_channels, self.height, self.width],
            sample_shape: [self.channels, self.height, self.width],
            normalization: self.normalization,
        })
    }

    /// The layer that halves an image which has been halved `level` times.
    fn down(
        &self,
        level: usize,
        halvings: usize,
        stream: &mut Stream,
        device: &Device,
    ) -> Result<NormalizedConvolution, NetworkError> {
        let inputs = match level {
            0 => self.source_channels + self.latent_size,
            _ => self.layer_filters(level - 1),
        };
        let norm = if level == 0 || level + 1 == halvings {
            Normalization::None
        } else {
            self.normalization
        };
        let convolution = self
            .convolution(inputs, self.layer_filters(level))
            .with_bias(self.normalization.keeps_bias());
        NormalizedConvolution::new(&convolution, norm, stream, device)
    }

    /// The layer that doubles an image to the size which it has after `level` halvings.
    fn up(
        &self,
        level: usize,
        halvings: usize,
        stream: &mut Stream,
        device: &Device,
    ) -> Result<NormalizedTransposed, NetworkError> {
        let from_below = self.layer_filters(level);
        // But for the innermost, each sees the encoder's layer beside it.
        let inputs = if level + 1 == halvings {
            from_below
        } else {
            from_below.saturating_mul(2)
        };
        let (outputs, norm, bias) = match level {
            0 => (self.channels, Normalization::None, true),
            _ => (
                self.layer_filters(level - 1),
                self.normalization,
                self.normalization.keeps_bias(),
            ),
        };
        let convolution = self.convolution(inputs, outputs).with_bias(bias);
        NormalizedTransposed::new(&convolution, norm, stream, device)
    }

    fn convolution(&self, inputs: usize, outputs: usize) -> ConvolutionConfig {
        ConvolutionConfig::new(inputs, outputs, KERNEL)
            .with_stride(STRIDE)
            .with_algorithm(self.algorithm)
    }

    /// Channels of the encoder's layer behind `level + 1` halvings.
    fn layer_filters(&self, level: usize) -> usize {
        size::doubled(self.filters, level.min(DOUBLINGS), usize::MAX)
    }
}

impl UnetGenerator {
    /// The source images `[N, H, W, C]`, with the latent vectors `[N, z]` at every pixel.
    fn input(&self, latent: Tensor<2>, source: &Tensor<4>) -> Dual<4> {
        let source = to_channels_last(source.clone());
        if self.latent_size == 0 {
            return Dual::constant(source);
        }
        let [n, height, width, _] = source.dims();
        let latent = latent.reshape([n, 1, 1, self.latent_size]).expand([
            n,
            height,
            width,
            self.latent_size,
        ]);
        Dual::constant(Tensor::cat(vec![source, latent], 3))
    }
}

impl Generator<4, Tensor<4>> for UnetGenerator {
    fn latent_size(&self) -> usize {
        self.latent_size
    }

    fn generate(&self, latent: Tensor<2>, condition: &Tensor<4>) -> Tensor<4> {
        let (mut x, mut skipped) = (self.input(latent, condition), Vec::new());
        let innermost = self.encoder.len() - 1;
        for (level, down) in self.encoder.iter().enumerate() {
            if level == innermost {
                x = down.propagate(x, Activation::Relu);
            } else {
                x = down.propagate(x, Activation::LeakyRelu { slope: SLOPE });
                skipped.push(x.clone());
            }
        }
        for up in &self.decoder[..innermost] {
            x = up.propagate(x, Activation::Relu);
            if let Some(skip) = skipped.pop() {
                // The ReLU of a leaky ReLU is the ReLU of its input.
                x = dual::relu(skip).cat(x, 3);
            }
        }
        let x = self.decoder[innermost].propagate(x, Activation::Tanh);
        to_channels_first(x.value)
    }

    fn sample_shape(&self) -> Option<Vec<usize>> {
        Some(self.sample_shape.to_vec())
    }

    fn check_condition(&self, condition: &Tensor<4>) -> Result<(), NetworkError> {
        check_images(condition, Some(self.source_shape))
    }

    fn identity(&self) -> Identity {
        Identity::new("unet-generator", 1)
            .with("latent_size", self.latent_size)
            .with("normalization", format!("{:?}", self.normalization))
    }
}
map_state!(UnetGenerator: encoder, decoder);
