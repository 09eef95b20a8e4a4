//! A convolution over channels-last images.

use burn::config::Config;
use burn::module::{Module, Param};
use burn::tensor::ops::ConvOptions;
use burn::tensor::{Device, Tensor, module::conv2d};

use super::activation::Activation;
use super::linear::{activate_biased, zero_bias};
use super::spectral::{normalized_weight, replace_weight};
use super::window::Window;
use crate::dual::Dual;
use crate::errors::{ConfigError, ShapeError, at_least_1};
use crate::kernel;
use crate::network_error::NetworkError;
use crate::nn::{Algorithm, Initialization, to_channels_first, to_channels_last};
use crate::random::Stream;

/// Configuration of a [`Convolution`], and of its transpose, the
/// [`TransposedConvolution`](crate::nn::TransposedConvolution).
#[derive(Config, Debug)]
#[non_exhaustive]
pub struct ConvolutionConfig {
    /// Channels of the input.
    pub inputs: usize,
    /// Channels of the output.
    pub outputs: usize,
    /// Side of the square kernel in pixels: 1, 3, 5 .. without stride, at least the stride otherwise.
    pub kernel: usize,
    /// Stride in pixels: what the image shrinks by, or grows by in the transpose.
    #[config(default = 1)]
    pub stride: usize,
    /// Rows and columns of zeros on each side of the image, less than the kernel: a side of `size` pixels becomes
    /// `floor((size + 2 * padding - kernel) / stride) + 1`, and any kernel of at least the stride is allowed. `None`
    /// divides sizes by the stride; a transposed convolution takes nothing else.
    #[config(default = "None")]
    pub padding: Option<usize>,
    /// Number of groups of channels: each group of outputs sees the group of inputs of the same index alone.
    /// Divides `inputs` and `outputs`.
    #[config(default = 1)]
    pub groups: usize,
    /// Whether to add a bias; it starts at 0.
    #[config(default = false)]
    pub bias: bool,
    /// Whether the weights are divided by their largest singular value; see
    /// [`SpectralNorm`](crate::nn::SpectralNorm).
    #[config(default = false)]
    pub spectral_norm: bool,
    /// How it is computed.
    #[config(default = "Algorithm::Matmul")]
    pub algorithm: Algorithm,
    /// Distribution of the initial weights.
    #[config(default = "Initialization::DCGAN")]
    pub initialization: Initialization,
}

/// A convolution `[N, H, W, inputs]` to `[N, H / stride, W / stride, outputs]`.
///
/// It pads with zeros so that sizes are divided by the stride; a size that does not divide is rounded down
/// where `kernel - stride` is even (kernel 4, stride 2), up where it is odd (kernel 3, stride 2). Another padding
/// gives other sizes ([`ConvolutionConfig::padding`]).
///
/// The weights are stored as the matrix `[kernel * kernel * inputs / groups, outputs]`. Its rows run over the
/// kernel's blocks of `stride x stride` pixels (row by row), inside a block over its pixels (row by row),
/// inside a pixel over the input channels of a group; its columns run over the groups.
/// [`Convolution::standard_weight`] and [`Convolution::with_standard_weight`] convert from and to
/// `[outputs, inputs / groups, kernel, kernel]`.
#[derive(Module, Debug)]
pub struct Convolution {
    /// `[kernel * kernel * inputs / groups, outputs]`.
    pub weight: Param<Tensor<2>>,
    /// `[outputs]`.
    pub bias: Option<Param<Tensor<1>>>,
    #[module(skip)]
    window: Window,
    #[module(skip)]
    groups: usize,
    #[module(skip)]
    algorithm: Algorithm,
}

impl ConvolutionConfig {
    /// Builds the layer with weights drawn from `stream`.
    ///
    /// # Errors
    /// [`NetworkError::UnsupportedKernel`], [`NetworkError::Config`] for a channel count of 0, for `groups`
    /// that do not divide both channel counts, or a padding that is not below the kernel.
    pub fn init(&self, stream: &mut Stream, device: &Device) -> Result<Convolution, NetworkError> {
        let window = self.window()?;
        let fan_in = window.area() * self.inputs / self.groups;
        let shape = [fan_in, self.outputs];
        let weight = self.initialization.parameter(shape, fan_in, stream, device);
        Ok(Convolution {
            weight: normalized_weight(self.spectral_norm, weight, stream),
            bias: zero_bias(self.bias, self.outputs, device),
            window,
            groups: self.groups,
            algorithm: self.algorithm,
        })
    }

    /// The kernel's window, once all sizes have been checked.
    pub(super) fn window(&self) -> Result<Window, NetworkError> {
        let window = match self.padding {
            None => Window::new(self.kernel, self.stride)?,
            Some(padding) => Window::with_padding(self.kernel, self.stride, padding)?,
        };
        at_least_1("inputs", self.inputs)?;
        at_least_1("outputs", self.outputs)?;
        at_least_1("groups", self.groups)?;
        for channels in [self.inputs, self.outputs] {
            if !channels.is_multiple_of(self.groups) {
                return Err(ConfigError::new(
                    "groups",
                    self.groups,
                    "must divide the inputs and the outputs",
                )
                .into());
            }
        }
        Ok(window)
    }
}

impl Convolution {
    /// `[N, H, W, inputs]` to `[N, H', W', outputs]`.
    pub fn propagate(&self, x: Dual<4>) -> Dual<4> {
        self.propagate_activated(x, Activation::Identity)
    }

    /// With an activation behind it.
    pub(crate) fn propagate_activated(&self, x: Dual<4>, activation: Activation) -> Dual<4> {
        let product = x.weighted(self.weight.val(), |x, weight| match self.algorithm {
            Algorithm::Matmul => self.matmul(x, weight),
            Algorithm::Direct => self.direct(x, weight),
        });
        activate_biased(product, self.bias.as_ref(), activation)
    }

    /// The trained weights as `[outputs, inputs / groups, kernel, kernel]`, the layout of other libraries.
    pub fn standard_weight(&self) -> Tensor<4> {
        self.to_standard(self.weight.base())
    }

    fn to_standard(&self, weight: Tensor<2>) -> Tensor<4> {
        let [rows, outputs] = weight.dims();
        let (kernel, area) = (self.window.kernel, self.window.area());
        let order = self.window.stored_to_standard(&weight.device());
        weight
            .reshape([area, rows / area, outputs])
            .select(0, order)
            .permute([2, 1, 0])
            .reshape([outputs, rows / area, kernel, kernel])
    }

    /// The same layer with weights given as `[outputs, inputs / groups, kernel, kernel]`.
    ///
    /// # Errors
    /// [`ShapeError`] for weights of another shape.
    pub fn with_standard_weight(mut self, weight: Tensor<4>) -> Result<Self, ShapeError> {
        let [rows, outputs] = self.weight.dims();
        let (kernel, area) = (self.window.kernel, self.window.area());
        let expected = [outputs, rows / area, kernel, kernel];
        check_weight(expected, &weight)?;
        let order = self.window.standard_to_stored(&weight.device());
        let weight = weight
            .reshape([outputs, rows / area, area])
            .permute([2, 1, 0])
            .select(0, order)
            .reshape([rows, outputs]);
        self.weight = replace_weight(self.weight, weight);
        Ok(self)
    }

    fn matmul(&self, x: Tensor<4>, weight: Tensor<2>) -> Tensor<4> {
        let [_, height, width, channels] = x.dims();
        let grid = [height, width].map(|size| self.window.output(size));
        let window = self.window.of_kernel();
        if let Some(y) = kernel::convolution(&x, &weight, window, self.groups, grid) {
            return y;
        }
        let slices = self.window.slices(x);
        if self.groups > 1 {
            return grouped_product(Tensor::cat(slices, 3), weight, self.groups, channels);
        }
        if !self.window.by_run(channels) {
            return product(Tensor::cat(slices, 3), weight);
        }
        let products = slices
            .into_iter()
            .zip(self.window.ranges(channels))
            .map(|(slice, rows)| product(slice, weight.clone().slice_dim(0, rows)));
        // A kernel has at least one run; the default stands for nothing.
        products.reduce(|sum, term| sum + term).unwrap_or_else(|| {
            let [_, outputs] = self.weight.dims();
            Tensor::zeros([0, 0, 0, outputs], &weight.device())
        })
    }

    fn direct(&self, x: Tensor<4>, weight: Tensor<2>) -> Tensor<4> {
        let Window {
            stride, padding, ..
        } = self.window;
        let options = ConvOptions::new([stride; 2], [padding; 2], [1; 2], self.groups);
        let x = to_channels_first(x);
        to_channels_last(conv2d(x, self.to_standard(weight), None, options))
    }
}

/// `[N, H, W, C]` times `[C, C']`, pixel by pixel.
pub(super) fn product(x: Tensor<4>, weight: Tensor<2>) -> Tensor<4> {
    let [n, height, width, channels] = x.dims();
    let outputs = weight.dims()[1];
    x.reshape([n * height * width, channels])
        .matmul(weight)
        .reshape([n, height, width, outputs])
}

/// `[N, H, W, taps * C]` times `[taps * C / groups, C']`, group by group: one batched product.
fn grouped_product(
    patches: Tensor<4>,
    weight: Tensor<2>,
    groups: usize,
    channels: usize,
) -> Tensor<4> {
    let [n, height, width, columns] = patches.dims();
    let [rows, outputs] = weight.dims();
    let (taps, pixels) = (columns / channels, n * height * width);
    let patches = patches
        .reshape([pixels, taps, groups, channels / groups])
        .permute([2, 0, 1, 3])
        .reshape([groups, pixels, rows]);
    let weight = weight
        .reshape([rows, groups, outputs / groups])
        .swap_dims(0, 1);
    patches
        .matmul(weight)
        .swap_dims(0, 1)
        .reshape([n, height, width, outputs])
}

/// Refuses weights of another shape.
pub(super) fn check_weight(expected: [usize; 4], weight: &Tensor<4>) -> Result<(), ShapeError> {
    ShapeError::check("standard weights", &expected, &weight.dims())
}
