//! A linear layer.

use burn::config::Config;
use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor};

use super::activation::Activation;
use super::spectral::{normalized_weight, replace_weight};
use crate::dual::{Dual, activate};
use crate::errors::{ShapeError, at_least_1};
use crate::kernel;
use crate::network_error::NetworkError;
use crate::nn::Initialization;
use crate::random::Stream;

/// Configuration of a [`Linear`] layer.
#[derive(Config, Debug)]
#[non_exhaustive]
pub struct LinearConfig {
    /// Width of the input.
    pub inputs: usize,
    /// Width of the output.
    pub outputs: usize,
    /// Whether to add a bias; it starts at 0.
    #[config(default = true)]
    pub bias: bool,
    /// Whether the weights are divided by their largest singular value; see
    /// [`SpectralNorm`](crate::nn::SpectralNorm).
    #[config(default = false)]
    pub spectral_norm: bool,
    /// Distribution of the initial weights.
    #[config(default = "Initialization::He { slope: 0.0 }")]
    pub initialization: Initialization,
}

/// `y = x W + b`.
///
/// [`Linear::standard_weight`] and [`Linear::with_standard_weight`] convert from and to `[outputs, inputs]`.
#[derive(Module, Debug)]
pub struct Linear {
    /// `[inputs, outputs]`.
    pub weight: Param<Tensor<2>>,
    /// `[outputs]`.
    pub bias: Option<Param<Tensor<1>>>,
}

impl LinearConfig {
    /// Builds the layer with weights drawn from `stream`.
    ///
    /// # Errors
    /// [`NetworkError::Config`] for a width of 0.
    pub fn init(&self, stream: &mut Stream, device: &Device) -> Result<Linear, NetworkError> {
        at_least_1("inputs", self.inputs)?;
        at_least_1("outputs", self.outputs)?;
        let shape = [self.inputs, self.outputs];
        let weight = self
            .initialization
            .parameter(shape, self.inputs, stream, device);
        Ok(Linear {
            weight: normalized_weight(self.spectral_norm, weight, stream),
            bias: zero_bias(self.bias, self.outputs, device),
        })
    }
}

impl Linear {
    /// `[N, inputs]` to `[N, outputs]`.
    pub fn propagate(&self, x: Dual<2>) -> Dual<2> {
        self.propagate_activated(x, Activation::Identity)
    }

    /// With an activation behind it.
    pub(crate) fn propagate_activated(&self, x: Dual<2>, activation: Activation) -> Dual<2> {
        let product = x.weighted(self.weight.val(), matrix_product);
        activate_biased(product, self.bias.as_ref(), activation)
    }

    /// The trained weights as `[outputs, inputs]`, the layout of other libraries.
    pub fn standard_weight(&self) -> Tensor<2> {
        self.weight.base().transpose()
    }

    /// The same layer with weights given as `[outputs, inputs]`.
    ///
    /// # Errors
    /// [`ShapeError`] for weights of another shape.
    pub fn with_standard_weight(mut self, weight: Tensor<2>) -> Result<Self, ShapeError> {
        let [inputs, outputs] = self.weight.dims();
        ShapeError::check("standard weights", &[outputs, inputs], &weight.dims())?;
        self.weight = replace_weight(self.weight, weight.transpose());
        Ok(self)
    }
}

/// `x W` of `[N, inputs]` and `[inputs, outputs]`.
pub(super) fn matrix_product(x: Tensor<2>, weight: Tensor<2>) -> Tensor<2> {
    kernel::product(&x, &weight).unwrap_or_else(|| x.matmul(weight))
}

/// A trainable bias of zeros, where there is to be one.
pub(super) fn zero_bias(wanted: bool, size: usize, device: &Device) -> Option<Param<Tensor<1>>> {
    wanted.then(|| Param::from_tensor(Tensor::zeros([size], device)))
}

/// Adds a bias along the last axis, a constant for the tangent, and applies an activation.
pub(super) fn activate_biased<const D: usize>(
    x: Dual<D>,
    bias: Option<&Param<Tensor<1>>>,
    activation: Activation,
) -> Dual<D> {
    activate(x, bias.map(Param::val), activation.function())
}
