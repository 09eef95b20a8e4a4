//! The kernels of a training step, beside its networks, as functions of tensors.

use burn::backend::flex::FlexTensor;
use burn::tensor::Tensor;

use super::adam_step::{AdamInputs, AdamStep};
use super::bridge::from_flex;
use super::cross_entropy::CrossEntropy;
use super::operations::{plain, value_of};
use super::reduction;

/// `label * softplus(-x) + (1 - label) * softplus(x)` of each logit.
pub fn cross_entropy(logits: &Tensor<1>, label: f64) -> Option<Tensor<1>> {
    value_of(&CrossEntropy::new(label), [logits.clone().into_dispatch()])
}

/// `decay * average + (1 - decay) * live` of tensors without autodiff.
pub fn blend<const D: usize>(
    average: &Tensor<D>,
    live: &Tensor<D>,
    decay: f64,
) -> Option<Tensor<D>> {
    if average.dims() != live.dims() {
        return None;
    }
    let [average, live] = [average, live].map(|tensor| plain(tensor.clone()).ok());
    Some(from_flex(super::blend::blend(&average?, &live?, decay)))
}

/// The sum of squares of all values of a tensor without autodiff.
pub fn sum_of_squares<const D: usize>(tensor: &Tensor<D>) -> Option<f64> {
    reduced(tensor, reduction::sum_of_squares)
}

/// Whether all values of a tensor without autodiff are finite.
pub fn all_finite<const D: usize>(tensor: &Tensor<D>) -> Option<bool> {
    reduced(tensor, reduction::all_finite)
}

fn reduced<const D: usize, T>(tensor: &Tensor<D>, reduce: impl Fn(&FlexTensor) -> T) -> Option<T> {
    plain(tensor.clone()).ok().map(|tensor| reduce(&tensor))
}

impl<const D: usize> AdamInputs<D> {
    /// The tensors of flex, where they all are such and of one shape.
    fn plain(&self) -> Option<(FlexTensor, FlexTensor, Option<[FlexTensor; 2]>)> {
        let shape = self.weight.dims();
        let flex = |tensor: &Tensor<D>| {
            let fits = tensor.dims() == shape;
            plain(tensor.clone()).ok().filter(|_| fits)
        };
        let moments = match &self.moments {
            Some([moment_1, moment_2]) => Some([flex(moment_1)?, flex(moment_2)?]),
            None => None,
        };
        Some((flex(&self.weight)?, flex(&self.gradient)?, moments))
    }
}

/// The new weight and moments, from tensors without autodiff; the inputs back where the kernel is not for them.
pub fn adam<const D: usize>(
    numbers: AdamStep,
    inputs: AdamInputs<D>,
) -> Result<[Tensor<D>; 3], AdamInputs<D>> {
    let Some((weight, gradient, moments)) = inputs.plain() else {
        return Err(inputs);
    };
    // The kernel keeps the memory of what nothing else holds.
    drop(inputs);
    Ok(super::adam::step(numbers, weight, gradient, moments).map(from_flex))
}
