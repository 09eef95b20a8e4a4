//! The discriminator of pix2pix and CycleGAN: a logit for each patch of an image.

use burn::config::Config;
use burn::module::Module;
use burn::tensor::{Device, Tensor};

use super::normalization::Normalization;
use super::normalized::NormalizedConvolution;
use super::size;
use super::streams::streams;
use crate::dual::Dual;
use crate::errors::at_least_1;
use crate::identity::Identity;
use crate::image_condition::{ImageCondition, check_images};
use crate::network::{Discriminator, DualDiscriminator, TangentRule};
use crate::network_error::NetworkError;
use crate::nn::{Activation, Algorithm, Convolution, ConvolutionConfig, to_channels_last};
use crate::random::Purpose;
use crate::state_dict::map_state;

/// The leaky ReLU behind every layer but the last.
const LEAKY_RELU: Activation = Activation::LeakyRelu { slope: 0.2 };
/// Channels double with each halving, so many times at most.
const DOUBLINGS: usize = 3;

/// Configuration of a PatchGAN (Isola et al. 2017, section 3.2 and appendix 6.1.2; Zhu et al. 2017, "Unpaired
/// Image-to-Image Translation using Cycle-Consistent Adversarial Networks", appendix 7.2): a discriminator that gives one
/// logit for each of the overlapping patches of an image.
///
/// Layers are those of the authors' PyTorch code. `layers` 4x4 convolutions halve the image, C64-C128-C256; two more keep
/// it, but for one row and column each: C512 and the logits. So 3 layers see patches of 70x70 pixels, 30x30 of them in
/// 256x256; 1 layer sees 16x16 and 5 see 286x286 pixels. `layers` 0 is the paper's "PixelGAN": three 1x1 convolutions, a
/// logit for each pixel.
///
/// With `condition_channels` above 0 it judges each sample beside an image, as in pix2pix, and implements
/// [`Discriminator<4, Tensor<4>>`](Discriminator): the image's channels come before the sample's. With 0 it is that of
/// CycleGAN, `Discriminator<4>`.
///
/// Batch normalisation ties the samples of a batch together: gradient penalties need another one, or none.
///
/// ```
/// use burn::{prelude::*, tensor::Device};
/// use burn_gan::{Discriminator, model::PatchganConfig};
///
/// let device = Device::flex();
/// let config = PatchganConfig::new(3, 32, 48).with_condition_channels(1).with_filters(4);
/// assert_eq!((config.patch(), config.grid()?), (70, [2, 4]));
/// let discriminator = config.init(&device)?;
/// let images = Tensor::<4>::zeros([5, 3, 32, 48], &device);
/// let source = Tensor::<4>::zeros([5, 1, 32, 48], &device);
/// assert_eq!(discriminator.logits(images, &source).dims(), [5 * 2 * 4]);
/// # Ok::<(), burn_gan::GanError>(())
/// ```
#[derive(Config, Debug)]
#[non_exhaustive]
pub struct PatchganConfig {
    /// Channels of the samples.
    pub channels: usize,
    /// Height of the samples, and of the images beside them, in pixels.
    pub height: usize,
    /// Width of the samples, and of the images beside them, in pixels.
    pub width: usize,
    /// Channels of the image beside each sample; 0 for none.
    #[config(default = 0)]
    pub condition_channels: usize,
    /// Channels of the first layer; they double with each layer, up to 8 times as many.
    #[config(default = 64)]
    pub filters: usize,
    /// Number of layers that halve the image; 0 judges each pixel alone.
    #[config(default = 3)]
    pub layers: usize,
    /// Normalisation of all layers but the first and the last.
    #[config(default = "Normalization::Batch")]
    pub normalization: Normalization,
    /// Whether the weights are divided by their largest singular value; as
    /// [`ResnetConfig::spectral_norm`](crate::model::ResnetConfig::spectral_norm).
    #[config(default = false)]
    pub spectral_norm: bool,
    /// How the convolutions are computed.
    #[config(default = "Algorithm::Matmul")]
    pub algorithm: Algorithm,
    /// Seed of the initial weights.
    #[config(default = 0)]
    pub seed: u64,
}

/// The discriminator: from images `[N, C, H, W]` to logits `[N * k]`, one a patch, row by row.
#[derive(Module, Debug)]
pub struct PatchganDiscriminator {
    hidden: Vec<NormalizedConvolution>,
    last: Convolution,
    condition_channels: usize,
    sample_shape: [usize; 3],
    #[module(skip)]
    normalization: Normalization,
}

impl PatchganConfig {
    /// Side of a patch in pixels: what one logit depends on.
    pub fn patch(&self) -> usize {
        match self.layers {
            0 => 1,
            // The last two layers see 7 pixels; each one before makes `2 side + 2` of `side`.
            layers => size::doubled(9, layers, usize::MAX) - 2,
        }
    }

    /// Rows and columns of patches, and so of logits.
    ///
    /// # Errors
    /// [`NetworkError::ImageTooSmall`] for images without a patch, [`NetworkError::Config`] for a size of 0.
    pub fn grid(&self) -> Result<[usize; 2], NetworkError> {
        at_least_1("height", self.height)?;
        at_least_1("width", self.width)?;
        if self.layers == 0 {
            return Ok([self.height, self.width]);
        }
        let minimum = size::doubled(3, self.layers, usize::MAX);
        if self.height.min(self.width) < minimum {
            return Err(NetworkError::ImageTooSmall {
                height: self.height,
                width: self.width,
                minimum,
            });
        }
        Ok([self.height, self.width].map(|side| (side >> self.layers) - 2))
    }

    /// Builds the discriminator.
    ///
    /// # Errors
    /// [`NetworkError::ImageTooSmall`], [`NetworkError::Config`] for a size of 0.
    pub fn init(&self, device: &Device) -> Result<PatchganDiscriminator, NetworkError> {
        at_least_1("channels", self.channels)?;
        at_least_1("filters", self.filters)?;
        self.grid()?;
        let mut stream = streams(self.seed, Purpose::DiscriminatorWeights);
        let bias = self.normalization.keeps_bias();
        let filters = |layer: usize| size::doubled(self.filters, layer.min(DOUBLINGS), usize::MAX);
        let inputs = self.condition_channels + self.channels;
        let mut hidden = Vec::new();
        for layer in 0..=self.layers.max(1) {
            let (inputs, bias, norm) = match layer {
                0 => (inputs, true, Normalization::None),
                _ => (filters(layer - 1), bias, self.normalization),
            };
            let convolution = self
                .convolution(inputs, filters(layer), layer < self.layers)
                .with_bias(bias);
            let layer = NormalizedConvolution::new(&convolution, norm, &mut stream(), device)?;
            hidden.push(layer);
        }
        Ok(PatchganDiscriminator {
            hidden,
            last: self
                .convolution(filters(self.layers.max(1)), 1, false)
                .with_bias(bias || self.layers > 0)
                .init(&mut stream(), device)?,
            condition_channels: self.condition_channels,
            sample_shape: [self.channels, self.height, self.width],
            normalization: self.normalization,
        })
    }

    /// A 4x4 convolution with one row of zeros on each side, or a 1x1 convolution.
    fn convolution(&self, inputs: usize, outputs: usize, halves: bool) -> ConvolutionConfig {
        let (kernel, padding) = if self.layers == 0 { (1, 0) } else { (4, 1) };
        ConvolutionConfig::new(inputs, outputs, kernel)
            .with_stride(if halves { 2 } else { 1 })
            .with_padding(Some(padding))
            .with_spectral_norm(self.spectral_norm)
            .with_algorithm(self.algorithm)
    }
}

impl PatchganDiscriminator {
    /// The shape of the images beside the samples, where there are any.
    fn condition_shape(&self) -> Option<[usize; 3]> {
        let [_, height, width] = self.sample_shape;
        (self.condition_channels > 0).then_some([self.condition_channels, height, width])
    }

    /// The forward pass for both conditions: what is generic would be compiled again in every program.
    fn forward(&self, samples: Dual<4>, images: Option<Tensor<4>>) -> Dual<1> {
        let samples = samples.linear(to_channels_last);
        let x = match images {
            Some(images) => Dual::constant(to_channels_last(images)).cat(samples, 3),
            None => samples,
        };
        let x = self
            .hidden
            .iter()
            .fold(x, |x, layer| layer.propagate(x, LEAKY_RELU));
        self.last.propagate(x).linear(|x| {
            let logits = x.dims().iter().product::<usize>();
            x.reshape([logits])
        })
    }
}

impl<C: ImageCondition> Discriminator<4, C> for PatchganDiscriminator {
    fn logits(&self, samples: Tensor<4>, condition: &C) -> Tensor<1> {
        self.logits_dual(Dual::constant(samples), condition).value
    }

    fn sample_shape(&self) -> Option<Vec<usize>> {
        Some(self.sample_shape.to_vec())
    }

    fn check_condition(&self, condition: &C) -> Result<(), NetworkError> {
        check_images(condition, self.condition_shape())
    }

    fn tangent_rule(&self) -> Option<TangentRule<Self, 4, C>> {
        Some(Self::logits_dual)
    }

    fn identity(&self) -> Identity {
        Identity::new("patchgan-discriminator", 1)
            .with("condition_channels", self.condition_channels)
            .with("normalization", format!("{:?}", self.normalization))
    }
}

impl<C: ImageCondition> DualDiscriminator<4, C> for PatchganDiscriminator {
    fn logits_dual(&self, samples: Dual<4>, condition: &C) -> Dual<1> {
        self.forward(samples, condition.images().cloned())
    }
}
map_state!(PatchganDiscriminator: hidden, last);
