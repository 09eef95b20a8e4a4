//! The functions of a training step in a build without kernels.

use burn::tensor::Tensor;

use super::adam_step::{AdamInputs, AdamStep};

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
