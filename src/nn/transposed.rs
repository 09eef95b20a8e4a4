//! A transposed convolution over channels-last images.

use burn::module::{Module, Param};
use burn::tensor::ops::ConvTransposeOptions;
use burn::tensor::{Device, Tensor, module::conv_transpose2d};

use super::activation::Activation;
use super::convolution::{check_weight, product};
use super::linear::{activate_biased, zero_bias};
use super::spectral::{normalized_weight, replace_weight};
use super::window::Window;
use crate::dual::Dual;
use crate::errors::{ConfigError, ShapeError};
use crate::kernel;
use crate::network_error::NetworkError;
use crate::nn::{Algorithm, ConvolutionConfig, to_channels_first, to_channels_last};
use crate::random::Stream;

/// A transposed convolution `[N, H, W, inputs]` to `[N, stride * H, stride * W, outputs]`.
///
/// The transpose of a [`Convolution`](crate::nn::Convolution) of the same kernel and stride;
/// [`ConvolutionConfig::init_transposed`] builds it. The weights are stored as the matrix
/// `[inputs, kernel * kernel * outputs / groups]`, its columns in the order of the convolution's rows.
/// [`TransposedConvolution::standard_weight`] and [`TransposedConvolution::with_standard_weight`] convert from and to
/// `[inputs, outputs / groups, kernel, kernel]`.
#[derive(Module, Debug)]
pub struct TransposedConvolution {
    /// `[inputs, kernel * kernel * outputs / groups]`.
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
    /// Builds the transpose of a convolution, from `inputs` to `outputs` channels, with weights drawn from `stream`.
    ///
    /// # Errors
    /// As [`ConvolutionConfig::init`], and [`NetworkError::Config`] for a padding.
    pub fn init_transposed(
        &self,
        stream: &mut Stream,
        device: &Device,
    ) -> Result<TransposedConvolution, NetworkError> {
        if let Some(padding) = self.padding {
            let requirement = "must be None for a transposed convolution";
            return Err(ConfigError::new("padding", padding, requirement).into());
        }
        let window = self.window()?;
        let shape = [self.inputs, window.area() * self.outputs / self.groups];
        // Every output pixel adds up one weight in stride^2 of the kernel.
        let fan_in = window.area() * self.inputs / (self.stride * self.stride * self.groups);
        let weight = self
            .initialization
            .parameter(shape, fan_in.max(1), stream, device);
        Ok(TransposedConvolution {
            weight: normalized_weight(self.spectral_norm, weight, stream),
            bias: zero_bias(self.bias, self.outputs, device),
            window,
            groups: self.groups,
            algorithm: self.algorithm,
        })
    }
}

impl TransposedConvolution {
    /// `[N, H, W, inputs]` to `[N, stride * H, stride * W, outputs]`.
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

    /// The trained weights as `[inputs, outputs / groups, kernel, kernel]`, the layout of other libraries.
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

    /// The same layer with weights given as `[inputs, outputs / groups, kernel, kernel]`.
    ///
    /// # Errors
    /// [`ShapeError`] for weights of another shape.
    pub fn with_standard_weight(mut self, weight: Tensor<4>) -> Result<Self, ShapeError> {
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
        let window = self.window.of_kernel();
        if let Some(y) = kernel::transposed_convolution(&x, &weight, window, self.groups) {
            return y;
        }
        let [_, columns] = weight.dims();
        let channels = columns / self.window.area() * self.groups;
        let device = x.device();
        let ranges = self.window.ranges(channels).into_iter();
        let slices = if self.groups == 1 && self.window.by_run(channels) {
            ranges
                .map(|columns| product(x.clone(), weight.clone().slice_dim(1, columns)))
                .collect()
        } else {
            let patches = self.patches(x, weight);
            ranges
                .map(|columns| patches.clone().slice_dim(3, columns))
                .collect()
        };
        self.window.add_up(slices, &device)
    }

    /// `[N, H, W, inputs]` to `[N, H, W, kernel * kernel * outputs]`: what each pixel adds to its surroundings, in one
    /// product, or in one batched product of all groups.
    fn patches(&self, x: Tensor<4>, weight: Tensor<2>) -> Tensor<4> {
        if self.groups == 1 {
            return product(x, weight);
        }
        let [n, height, width, inputs] = x.dims();
        let [_, columns] = weight.dims();
        let (groups, pixels, area) = (self.groups, n * height * width, self.window.area());
        let x = x.reshape([pixels, groups, inputs / groups]).swap_dims(0, 1);
        let weight = weight.reshape([groups, inputs / groups, columns]);
        x.matmul(weight)
            .reshape([groups, pixels, area, columns / area])
            .permute([1, 2, 0, 3])
            .reshape([n, height, width, columns * groups])
    }

    fn direct(&self, x: Tensor<4>, weight: Tensor<2>) -> Tensor<4> {
        let Window {
            stride, padding, ..
        } = self.window;
        let surplus = self.window.surplus();
        let options =
            ConvTransposeOptions::new([stride; 2], [padding; 2], [surplus; 2], [1; 2], self.groups);
        let x = to_channels_first(x);
        to_channels_last(conv_transpose2d(x, self.to_standard(weight), None, options))
    }
}
