//! The two ends of a convolutional network: kernels as large as the image.

use burn::config::Config;
use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor};

use super::activation::Activation;
use super::convolution::check_weight;
use super::linear::{activate_biased, matrix_product, zero_bias};
use super::spectral::{normalized_weight, replace_weight};
use crate::dual::Dual;
use crate::errors::{ShapeError, at_least_1};
use crate::network_error::NetworkError;
use crate::nn::Initialization;
use crate::random::Stream;

/// Configuration of a [`Stem`].
#[derive(Config, Debug)]
#[non_exhaustive]
pub struct StemConfig {
    /// Width of the latent space.
    pub inputs: usize,
    /// Height, width and channels of the image that it starts.
    pub image: [usize; 3],
    /// Whether to add a bias, one a channel; it starts at 0.
    #[config(default = false)]
    pub bias: bool,
    /// Distribution of the initial weights.
    #[config(default = "Initialization::DCGAN")]
    pub initialization: Initialization,
}

/// Latent vectors `[N, inputs]` to small images `[N, H, W, C]`: a transposed convolution of a 1x1 image
/// with a kernel of `H x W`, which is one matrix product.
///
/// The weights are stored as `[inputs, H * W * C]` (row, column, channel);
/// [`Stem::standard_weight`] and [`Stem::with_standard_weight`] convert from and to `[inputs, C, H, W]`.
#[derive(Module, Debug)]
pub struct Stem {
    /// `[inputs, H * W * C]`.
    pub weight: Param<Tensor<2>>,
    /// `[C]`.
    pub bias: Option<Param<Tensor<1>>>,
    image: [usize; 3],
}

impl StemConfig {
    /// Builds the layer with weights drawn from `stream`.
    ///
    /// # Errors
    /// [`NetworkError::Config`] for a size of 0.
    pub fn init(&self, stream: &mut Stream, device: &Device) -> Result<Stem, NetworkError> {
        let size = image_size(self.image)?;
        at_least_1("inputs", self.inputs)?;
        Ok(Stem {
            weight: self
                .initialization
                .parameter([self.inputs, size], self.inputs, stream, device),
            bias: zero_bias(self.bias, self.image[2], device),
            image: self.image,
        })
    }
}

impl Stem {
    /// `[N, inputs]` to `[N, H, W, C]`.
    pub fn propagate(&self, x: Dual<2>) -> Dual<4> {
        self.propagate_activated(x, Activation::Identity)
    }

    /// With an activation behind it.
    pub(crate) fn propagate_activated(&self, x: Dual<2>, activation: Activation) -> Dual<4> {
        let [height, width, channels] = self.image;
        let product = x.weighted(self.weight.val(), |x, weight| {
            let [n, _] = x.dims();
            matrix_product(x, weight).reshape([n, height, width, channels])
        });
        activate_biased(product, self.bias.as_ref(), activation)
    }

    /// The trained weights as `[inputs, C, H, W]`, the layout of other libraries.
    pub fn standard_weight(&self) -> Tensor<4> {
        let [height, width, channels] = self.image;
        let [inputs, _] = self.weight.dims();
        self.weight
            .base()
            .reshape([inputs, height, width, channels])
            .permute([0, 3, 1, 2])
    }

    /// The same layer with weights given as `[inputs, C, H, W]`.
    ///
    /// # Errors
    /// [`ShapeError`] for weights of another shape.
    pub fn with_standard_weight(mut self, weight: Tensor<4>) -> Result<Self, ShapeError> {
        let [height, width, channels] = self.image;
        let [inputs, columns] = self.weight.dims();
        check_weight([inputs, channels, height, width], &weight)?;
        let weight = weight.permute([0, 2, 3, 1]).reshape([inputs, columns]);
        self.weight = replace_weight(self.weight, weight);
        Ok(self)
    }
}

/// Configuration of a [`Head`].
#[derive(Config, Debug)]
#[non_exhaustive]
pub struct HeadConfig {
    /// Height, width and channels of the image that it reads.
    pub image: [usize; 3],
    /// Number of outputs.
    #[config(default = 1)]
    pub outputs: usize,
    /// Whether to add a bias; it starts at 0.
    #[config(default = false)]
    pub bias: bool,
    /// Whether the weights are divided by their largest singular value; see
    /// [`SpectralNorm`](crate::nn::SpectralNorm).
    #[config(default = false)]
    pub spectral_norm: bool,
    /// Distribution of the initial weights.
    #[config(default = "Initialization::DCGAN")]
    pub initialization: Initialization,
}

/// Small images `[N, H, W, C]` to vectors `[N, outputs]`: a convolution with a kernel as large as the image
/// and no padding, which is one matrix product.
///
/// The weights are stored as `[H * W * C, outputs]` (row, column, channel);
/// [`Head::standard_weight`] and [`Head::with_standard_weight`] convert from and to `[outputs, C, H, W]`.
#[derive(Module, Debug)]
pub struct Head {
    /// `[H * W * C, outputs]`.
    pub weight: Param<Tensor<2>>,
    /// `[outputs]`.
    pub bias: Option<Param<Tensor<1>>>,
    image: [usize; 3],
}

impl HeadConfig {
    /// Builds the layer with weights drawn from `stream`.
    ///
    /// # Errors
    /// [`NetworkError::Config`] for a size of 0.
    pub fn init(&self, stream: &mut Stream, device: &Device) -> Result<Head, NetworkError> {
        let size = image_size(self.image)?;
        at_least_1("outputs", self.outputs)?;
        let shape = [size, self.outputs];
        let weight = self.initialization.parameter(shape, size, stream, device);
        Ok(Head {
            weight: normalized_weight(self.spectral_norm, weight, stream),
            bias: zero_bias(self.bias, self.outputs, device),
            image: self.image,
        })
    }
}

impl Head {
    /// `[N, H, W, C]` to `[N, outputs]`.
    pub fn propagate(&self, x: Dual<4>) -> Dual<2> {
        self.propagate_flat(x.linear(|x| x.flatten(1, 3)))
    }

    /// Flat images `[N, H * W * C]` to `[N, outputs]`.
    pub(crate) fn propagate_flat(&self, x: Dual<2>) -> Dual<2> {
        let product = x.weighted(self.weight.val(), matrix_product);
        activate_biased(product, self.bias.as_ref(), Activation::Identity)
    }

    /// The trained weights as `[outputs, C, H, W]`, the layout of other libraries.
    pub fn standard_weight(&self) -> Tensor<4> {
        let [height, width, channels] = self.image;
        let [_, outputs] = self.weight.dims();
        self.weight
            .base()
            .reshape([height, width, channels, outputs])
            .permute([3, 2, 0, 1])
    }

    /// The same layer with weights given as `[outputs, C, H, W]`.
    ///
    /// # Errors
    /// [`ShapeError`] for weights of another shape.
    pub fn with_standard_weight(mut self, weight: Tensor<4>) -> Result<Self, ShapeError> {
        let [height, width, channels] = self.image;
        let [rows, outputs] = self.weight.dims();
        check_weight([outputs, channels, height, width], &weight)?;
        let weight = weight.permute([2, 3, 1, 0]).reshape([rows, outputs]);
        self.weight = replace_weight(self.weight, weight);
        Ok(self)
    }
}

/// Number of values of an image; refuses a side or channel count of 0.
fn image_size(image: [usize; 3]) -> Result<usize, NetworkError> {
    for size in image {
        at_least_1("image", size)?;
    }
    Ok(image.iter().product())
}
