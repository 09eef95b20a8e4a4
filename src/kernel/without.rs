//! The functions of this module in a build without kernels.

use burn::tensor::Tensor;

use super::function::Function;
use super::over::{Over, Statistics};
use super::window::Window;

pub fn convolution(
    _x: &Tensor<4>,
    _weight: &Tensor<2>,
    _window: Window,
    _groups: usize,
    _grid: [usize; 2],
) -> Option<Tensor<4>> {
    None
}

pub fn transposed_convolution(
    _x: &Tensor<4>,
    _weight: &Tensor<2>,
    _window: Window,
    _groups: usize,
) -> Option<Tensor<4>> {
    None
}

pub fn activation<const D: usize>(
    x: Tensor<D>,
    _function: Function,
) -> Result<Tensor<D>, Tensor<D>> {
    Err(x)
}

pub fn biased_activation<const D: usize>(
    x: Tensor<D>,
    _bias: &Tensor<1>,
    _function: Function,
) -> Result<Tensor<D>, Tensor<D>> {
    Err(x)
}

pub fn piecewise_linear_tangent<const D: usize>(
    _value: &Tensor<D>,
    dx: Tensor<D>,
    _function: Function,
) -> Result<Tensor<D>, Tensor<D>> {
    Err(dx)
}

pub fn normalization<const D: usize, const S: usize>(
    x: Tensor<D>,
    _scale_and_shift: [&Tensor<S>; 2],
    _over: Over,
    _given: Option<Statistics>,
    _epsilon: f64,
    _function: Function,
) -> Result<(Tensor<D>, Option<Statistics>), Tensor<D>> {
    Err(x)
}

pub fn normalization_tangent<const D: usize, const S: usize>(
    _x: &Tensor<D>,
    dx: Tensor<D>,
    _gamma: &Tensor<S>,
    _over: Over,
    _epsilon: f64,
) -> Result<Tensor<D>, Tensor<D>> {
    Err(dx)
}
