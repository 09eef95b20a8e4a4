//! A transposed convolution over channels-last images.

use burn::config::Config;
use burn::module::{Module, Param};
use burn::tensor::ops::ConvTransposeOptions;
use burn::tensor::{Device, Tensor, module::conv_transpose2d};

use super::convolution::{check_weight, product};
use super::linear::{add_bias, zero_bias};
use super::spectral::replace_weight;
use super::window::Window;
use crate::dual::Dual;
use crate::errors::at_least_1;
use crate::gan_error::GanError;
use crate::nn::{Algorithm, Initialization, to_channels_first, to_channels_last};
use crate::random::Stream;

/// Configuration of a [`TransposedConvolution`].
#[derive(Config, Debug)]
#[non_exhaustive]
pub struct TransposedConvolutionConfig {
    /// Channels of the input.
    pub inputs: usize,
    /// Channels of the output.
    pub outputs: usize,
    /// Side of the square kernel in pixels: 1, 3, 5 .. without stride, at least the stride otherwise.
    pub kernel: usize,
    /// Stride in pixels: the factor that the image grows by.
    #[config(default = 1)]
    pub stride: usize,
    /// Whether to add a bias; it starts at 0.
    #[config(default = false)]
    pub bias: bool,
    /// How it is computed.
    #[config(default = "Algorithm::Matmul")]
    pub algorithm: Algorithm,
    /// Distribution of the initial weights.
    #[config(default = "Initialization::DCGAN")]
    pub initialization: Initialization,
}

/// A transposed convolution `[N, H, W, inputs]` to `[N, stride * H, stride * W, outputs]`.
///
/// The transpose of a [`Convolution`](crate::nn::Convolution) of the same kernel and stride. The weights
/// are stored as the matrix `[inputs, kernel * kernel * outputs]`, its columns in the order of the
/// convolution's rows. [`TransposedConvolution::standard_weight`] and
/// [`TransposedConvolution::with_standard_weight`] convert from and to
/// `[inputs, outputs, kernel, kernel]`.
#[derive(Module, Debug)]
pub struct TransposedConvolution {
    /// `[inputs, kernel * kernel * outputs]`.
    pub weight: Param<Tensor<2>>,
    /// `[outputs]`.
    pub bias: Option<Param<Tensor<1>>>,
    #[module(skip)]
    window: Window,
    #[module(skip)]
    algorithm: Algorithm,
}

impl TransposedConvolutionConfig {
    /// Builds the layer with weights drawn from `stream`.
    ///
    /// # Errors
    /// [`GanError::UnsupportedKernel`], [`GanError::Config`] for a channel count of 0.
    pub fn init(
        &self,
        stream: &mut Stream,
        device: &Device,
    ) -> Result<TransposedConvolution, GanError> {
        let window = Window::new(self.kernel, self.stride)?;
        at_least_1("inputs", self.inputs)?;
        at_least_1("outputs", self.outputs)?;
        let shape = [self.inputs, window.area() * self.outputs];
        // Every output pixel adds up one weight in stride^2 of the kernel.
        let fan_in = (window.area() * self.inputs / (self.stride * self.stride)).max(1);
        Ok(TransposedConvolution {
            weight: self.initialization.parameter(shape, fan_in, stream, device),
            bias: zero_bias(self.bias, self.outputs, device),
            window,
            algorithm: self.algorithm,
        })
    }
}

impl TransposedConvolution {
    /// `[N, H, W, inputs]` to `[N, stride * H, stride * W, outputs]`.
    pub fn propagate(&self, x: Dual<4>) -> Dual<4> {
        let product = x.weighted(self.weight.val(), |x, weight| match self.algorithm {
            Algorithm::Matmul => self.matmul(x, weight),
            Algorithm::Direct => self.direct(x, weight),
        });
        add_bias(product, self.bias.as_ref())
    }

    /// The trained weights as `[inputs, outputs, kernel, kernel]`, the layout of other libraries.
    pub fn standard_weight(&self) -> Tensor<4> {
        self.to_standard(self.weight.base())
    }

    fn to_standard(&self, weight: Tensor<2>) -> Tensor<4> {
        let [inputs, columns] = weight.dims();
        let (kernel, area) = (self.window.kernel, self.window.area());
        let order = self.window.stored_to_standard(&weight.device());
        weight
            .reshape([inputs, area, columns / area])
            .select(1, order)
            .swap_dims(1, 2)
            .reshape([inputs, columns / area, kernel, kernel])
    }

    /// The same layer with weights given as `[inputs, outputs, kernel, kernel]`.
    ///
    /// # Errors
    /// [`GanError::Shape`] for weights of another shape.
    pub fn with_standard_weight(mut self, weight: Tensor<4>) -> Result<Self, GanError> {
        let [inputs, columns] = self.weight.dims();
        let (kernel, area) = (self.window.kernel, self.window.area());
        let expected = [inputs, columns / area, kernel, kernel];
        check_weight(expected, &weight)?;
        let order = self.window.standard_to_stored(&weight.device());
        let weight = weight
            .reshape([inputs, columns / area, area])
            .swap_dims(1, 2)
            .select(1, order)
            .reshape([inputs, columns]);
        self.weight = replace_weight(self.weight, weight);
        Ok(self)
    }

    fn matmul(&self, x: Tensor<4>, weight: Tensor<2>) -> Tensor<4> {
        let [_, columns] = weight.dims();
        let channels = columns / self.window.area();
        let device = x.device();
        let ranges = self.window.ranges(channels).into_iter();
        let slices = if self.window.by_run(channels) {
            ranges
                .map(|columns| product(x.clone(), weight.clone().slice_dim(1, columns)))
                .collect()
        } else {
            let patches = product(x, weight);
            ranges
                .map(|columns| patches.clone().slice_dim(3, columns))
                .collect()
        };
        self.window.add_up(slices, &device)
    }

    fn direct(&self, x: Tensor<4>, weight: Tensor<2>) -> Tensor<4> {
        let Window { stride, .. } = self.window;
        let (padding, surplus) = (self.window.padding(), self.window.surplus());
        let options = ConvTransposeOptions::new([stride; 2], [padding; 2], [surplus; 2], [1; 2], 1);
        let x = to_channels_first(x);
        to_channels_last(conv_transpose2d(x, self.to_standard(weight), None, options))
    }
}
