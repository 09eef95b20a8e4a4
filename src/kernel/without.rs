//! The functions of this module in a build without kernels.

use burn::tensor::Tensor;

use super::adam_step::{AdamInputs, AdamStep};
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

pub fn adam<const D: usize>(
    _numbers: AdamStep,
    inputs: AdamInputs<D>,
) -> Result<[Tensor<D>; 3], AdamInputs<D>> {
    Err(inputs)
}

pub fn sum_of_squares<const D: usize>(_tensor: &Tensor<D>) -> Option<f64> {
    None
}

pub fn all_finite<const D: usize>(_tensor: &Tensor<D>) -> Option<bool> {
    None
}

pub fn linear(_x: &Tensor<2>, _weight: &Tensor<2>, _bias: &Tensor<1>) -> Option<Tensor<2>> {
    None
}

pub fn cross_entropy(_logits: &Tensor<1>, _label: f64) -> Option<Tensor<1>> {
    None
}

pub fn blend<const D: usize>(
    _average: &Tensor<D>,
    _live: &Tensor<D>,
    _decay: f64,
) -> Option<Tensor<D>> {
    None
}

pub fn values(_tensor: &Tensor<1>) -> Option<Vec<f32>> {
    None
}
