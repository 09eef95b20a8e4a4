//! The residual generator of CycleGAN: images to images of the same size.

use burn::config::Config;
use burn::module::Module;
use burn::tensor::{Device, Tensor};

use super::normalization::Normalization;
use super::normalized::{NormalizedConvolution, NormalizedTransposed};
use super::size;
use super::streams::streams;
use crate::dual::Dual;
use crate::errors::at_least_1;
use crate::identity::Identity;
use crate::image_condition::check_images;
use crate::network::Generator;
use crate::network_error::NetworkError;
use crate::nn::{
    Activation, Algorithm, Convolution, ConvolutionConfig, reflection_pad, to_channels_first,
    to_channels_last,
};
use crate::random::{Purpose, Stream};
use crate::state_dict::map_state;

/// Kernel of the first and the last layer, and of all others.
const LARGE_KERNEL: usize = 7;
const KERNEL: usize = 3;
/// From this side on there are more residual blocks.
const LARGE_SIDE: usize = 256;

/// What stands beyond the edges of an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[non_exhaustive]
pub enum Padding {
    /// The image reflected at its edge: fewer artefacts (Zhu et al. 2017, appendix 7.2).
    #[default]
    Reflection,
    /// Zeros, which is faster.
    Zeros,
}

/// Configuration of the residual generator of CycleGAN (Zhu et al. 2017, "Unpaired Image-to-Image Translation using
/// Cycle-Consistent Adversarial Networks", appendix 7.2; after Johnson et al. 2016).
///
/// Layers are those of the authors' PyTorch code: c7s1-64, d128, d256, residual blocks R256, u128, u64, c7s1-3, with
/// instance normalisation and ReLU, and a tanh at the end. It has no noise: a sample is a function of its source image, and
/// the latent size is 0.
///
/// ```
/// use burn::{prelude::*, tensor::Device};
/// use burn_gan::{Generator, model::TranslatorConfig};
///
/// let device = Device::flex();
/// let config = TranslatorConfig::new(1, 3, 28, 20).with_filters(4).with_blocks(Some(2));
/// let generator = config.init(&device)?;
/// let source = Tensor::<4>::zeros([2, 1, 28, 20], &device);
/// let images = generator.generate(Tensor::zeros([2, 0], &device), &source);
/// assert_eq!(images.dims(), [2, 3, 28, 20]);
/// # Ok::<(), burn_gan::GanError>(())
/// ```
#[derive(Config, Debug)]
#[non_exhaustive]
pub struct TranslatorConfig {
    /// Channels of the source images.
    pub source_channels: usize,
    /// Channels of the generated images.
    pub channels: usize,
    /// Height of both in pixels.
    pub height: usize,
    /// Width of both in pixels.
    pub width: usize,
    /// Channels of the first layer; they double with each halving.
    #[config(default = 64)]
    pub filters: usize,
    /// How many times the image is halved before the residual blocks; both sides must be divisible by 2 so often.
    #[config(default = 2)]
    pub halvings: usize,
    /// Number of residual blocks; `None` for the paper's: 9 from 256 pixels a side on, 6 below.
    #[config(default = "None")]
    pub blocks: Option<usize>,
    /// What stands beyond the edges. Layers that halve or double the image have zeros there, as in the authors' code.
    #[config(default = "Padding::Reflection")]
    pub padding: Padding,
    /// Normalisation of the hidden layers.
    #[config(default = "Normalization::Instance")]
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
pub struct TranslatorGenerator {
    first: NormalizedConvolution,
    down: Vec<NormalizedConvolution>,
    blocks: Vec<Block>,
    up: Vec<NormalizedTransposed>,
    last: Convolution,
    source_shape: [usize; 3],
    sample_shape: [usize; 3],
    #[module(skip)]
    padding: Padding,
    #[module(skip)]
    normalization: Normalization,
}

/// Two 3x3 convolutions beside the identity.
#[derive(Module, Debug)]
struct Block {
    first: NormalizedConvolution,
    second: NormalizedConvolution,
}

impl TranslatorConfig {
    /// Number of residual blocks.
    pub fn blocks(&self) -> usize {
        self.blocks.unwrap_or_else(|| {
            let is_large = self.height.min(self.width) >= LARGE_SIDE;
            if is_large { 9 } else { 6 }
        })
    }

    /// Builds the generator.
    ///
    /// # Errors
    /// [`NetworkError::IndivisibleSize`], [`NetworkError::ImageTooSmall`] where there is too little to reflect,
    /// [`NetworkError::Config`] for a size of 0.
    pub fn init(&self, device: &Device) -> Result<TranslatorGenerator, NetworkError> {
        self.check()?;
        let mut stream = streams(self.seed, Purpose::GeneratorWeights);
        let filters = |level| size::doubled(self.filters, level, usize::MAX);
        let hidden = |convolution: ConvolutionConfig, stream: &mut Stream| {
            let convolution = convolution.with_bias(self.normalization.keeps_bias());
            NormalizedConvolution::new(&convolution, self.normalization, stream, device)
        };
        let first = hidden(
            self.padded(self.source_channels, self.filters, LARGE_KERNEL),
            &mut stream(),
        )?;
        let down = (0..self.halvings)
            .map(|level| {
                let convolution = self.resizing(filters(level), filters(level + 1));
                hidden(convolution, &mut stream())
            })
            .collect::<Result<_, _>>()?;
        let width = filters(self.halvings);
        let blocks = (0..self.blocks())
            .map(|_| {
                Ok(Block {
                    first: hidden(self.padded(width, width, KERNEL), &mut stream())?,
                    second: hidden(self.padded(width, width, KERNEL), &mut stream())?,
                })
            })
            .collect::<Result<_, NetworkError>>()?;
        let up = (0..self.halvings)
            .rev()
            .map(|level| {
                let convolution = self
                    .resizing(filters(level + 1), filters(level))
                    .with_bias(self.normalization.keeps_bias());
                NormalizedTransposed::new(&convolution, self.normalization, &mut stream(), device)
            })
            .collect::<Result<_, _>>()?;
        Ok(TranslatorGenerator {
            first,
            down,
            blocks,
            up,
            last: self
                .padded(self.filters, self.channels, LARGE_KERNEL)
                .with_bias(true)
                .init(&mut stream(), device)?,
            source_shape: [self.source_channels, self.height, self.width],
            sample_shape: [self.channels, self.height, self.width],
            padding: self.padding,
            normalization: self.normalization,
        })
    }

    fn check(&self) -> Result<(), NetworkError> {
        at_least_1("source_channels", self.source_channels)?;
        at_least_1("channels", self.channels)?;
        at_least_1("filters", self.filters)?;
        size::check_divisible(self.height, self.width, self.halvings)?;
        let minimum = match self.padding {
            // A reflection takes pixels beside the edge, at both sizes.
            Padding::Reflection => {
                (LARGE_KERNEL / 2 + 1).max(size::doubled(2, self.halvings, usize::MAX))
            }
            Padding::Zeros => 1,
        };
        if self.height.min(self.width) < minimum {
            return Err(NetworkError::ImageTooSmall {
                height: self.height,
                width: self.width,
                minimum,
            });
        }
        Ok(())
    }

    /// A convolution that keeps the size of the image, once that is padded.
    fn padded(&self, inputs: usize, outputs: usize, kernel: usize) -> ConvolutionConfig {
        let zeros = match self.padding {
            Padding::Reflection => Some(0),
            Padding::Zeros => None,
        };
        ConvolutionConfig::new(inputs, outputs, kernel)
            .with_padding(zeros)
            .with_algorithm(self.algorithm)
    }

    /// A convolution that halves the image, or doubles it in the transpose.
    fn resizing(&self, inputs: usize, outputs: usize) -> ConvolutionConfig {
        ConvolutionConfig::new(inputs, outputs, KERNEL)
            .with_stride(2)
            .with_algorithm(self.algorithm)
    }
}

impl TranslatorGenerator {
    /// What a convolution of this kernel needs around the image, but for zeros.
    fn pad(&self, x: Dual<4>, kernel: usize) -> Dual<4> {
        match self.padding {
            Padding::Reflection => reflection_pad(x, kernel / 2),
            Padding::Zeros => x,
        }
    }

    fn block(&self, block: &Block, x: Dual<4>) -> Dual<4> {
        let y = self.pad(x.clone(), KERNEL);
        let y = block.first.propagate(y, Activation::Relu);
        let y = self.pad(y, KERNEL);
        x + block.second.propagate(y, Activation::Identity)
    }
}

impl Generator<4, Tensor<4>> for TranslatorGenerator {
    fn latent_size(&self) -> usize {
        0
    }

    fn generate(&self, _latent: Tensor<2>, condition: &Tensor<4>) -> Tensor<4> {
        let x = Dual::constant(to_channels_last(condition.clone()));
        let x = self.pad(x, LARGE_KERNEL);
        let x = self.first.propagate(x, Activation::Relu);
        let halve = |x, down: &NormalizedConvolution| down.propagate(x, Activation::Relu);
        let x = self.down.iter().fold(x, halve);
        let x = self.blocks.iter().fold(x, |x, block| self.block(block, x));
        let double = |x, up: &NormalizedTransposed| up.propagate(x, Activation::Relu);
        let x = self.up.iter().fold(x, double);
        let x = self.pad(x, LARGE_KERNEL);
        let x = self.last.propagate_activated(x, Activation::Tanh);
        to_channels_first(x.value)
    }

    fn sample_shape(&self) -> Option<Vec<usize>> {
        Some(self.sample_shape.to_vec())
    }

    fn check_condition(&self, condition: &Tensor<4>) -> Result<(), NetworkError> {
        check_images(condition, Some(self.source_shape))
    }

    fn identity(&self) -> Identity {
        Identity::new("translator-generator", 1)
            .with("padding", format!("{:?}", self.padding))
            .with("normalization", format!("{:?}", self.normalization))
    }
}
map_state!(TranslatorGenerator: first, down, blocks, up, last);
map_state!(Block: first, second);
