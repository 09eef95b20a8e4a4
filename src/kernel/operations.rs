//! The kernels as functions of tensors.

use burn::backend::DispatchTensor;
use burn::backend::flex::FlexTensor;
use burn::tensor::Tensor;

use super::adam_step::{AdamInputs, AdamStep};
use super::bridge::{Flat, Kernel, apply, from_flex, into_flex};
use super::convolution::{Convolution, TransposedConvolution};
use super::cross_entropy::CrossEntropy;
use super::filtering::{ThreeTaps, TwoTaps};
use super::linear::Linear;
use super::switch::Kernels;
use super::window::Window;
use super::{reduction, winograd};

/// `[N, H, W, C]` with weights `[area * C / groups, O]` to `[N, grid.., O]`.
pub fn convolution(
    x: &Tensor<4>,
    weight: &Tensor<2>,
    window: Window,
    groups: usize,
    grid: [usize; 2],
) -> Option<Tensor<4>> {
    let inputs = [x.clone().into_dispatch(), weight.clone().into_dispatch()];
    let ([_, _, _, channels], [_, outputs]) = (x.dims(), weight.dims());
    match Saving::of(window, groups, channels, outputs) {
        Some(Saving::TwoTaps) => {
            value_of(&winograd::Convolution::<TwoTaps>::new(window, grid), inputs)
        }
        Some(Saving::ThreeTaps) => value_of(
            &winograd::Convolution::<ThreeTaps>::new(window, grid),
            inputs,
        ),
        None => {
            let kernel = Convolution {
                window,
                groups,
                grid,
            };
            value_of(&kernel, inputs)
        }
    }
}

/// `[N, rows, columns, C]` with weights `[C, area * O / groups]` to `[N, s * rows, s * columns, O]`.
pub fn transposed_convolution(
    x: &Tensor<4>,
    weight: &Tensor<2>,
    window: Window,
    groups: usize,
) -> Option<Tensor<4>> {
    let inputs = [x.clone().into_dispatch(), weight.clone().into_dispatch()];
    let ([_, _, _, channels], [_, columns]) = (x.dims(), weight.dims());
    let outputs = columns / window.area();
    match Saving::of(window, groups, outputs, channels) {
        Some(Saving::TwoTaps) => value_of(
            &winograd::TransposedConvolution::<TwoTaps>::new(window),
            inputs,
        ),
        Some(Saving::ThreeTaps) => value_of(
            &winograd::TransposedConvolution::<ThreeTaps>::new(window),
            inputs,
        ),
        None => value_of(&TransposedConvolution { window, groups }, inputs),
    }
}

/// A form with fewer multiplications.
enum Saving {
    TwoTaps,
    ThreeTaps,
}

impl Saving {
    /// The form for a convolution from `channels` of an image to `outputs` of the grid, where there is one and it is
    /// wanted.
    fn of(window: Window, groups: usize, channels: usize, outputs: usize) -> Option<Self> {
        if groups > 1 || Kernels::in_use() < Kernels::Fast {
            None
        } else if winograd::fits::<TwoTaps>(window, channels, outputs) {
            Some(Self::TwoTaps)
        } else if winograd::fits::<ThreeTaps>(window, channels, outputs) {
            Some(Self::ThreeTaps)
        } else {
            None
        }
    }
}

/// `x W + b` of `[N, K]`, `[K, O]` and `[O]`.
pub fn linear(x: &Tensor<2>, weight: &Tensor<2>, bias: &Tensor<1>) -> Option<Tensor<2>> {
    let inputs = [
        x.clone().into_dispatch(),
        weight.clone().into_dispatch(),
        bias.clone().into_dispatch(),
    ];
    value_of(&Linear, inputs)
}

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

/// The values of a tensor without autodiff on the host.
pub fn values(tensor: &Tensor<1>) -> Option<Vec<f32>> {
    reduced(tensor, |tensor| tensor.values().to_vec())
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

/// The flex tensor of one without autodiff, where kernels are to be used; the tensor itself otherwise.
fn plain<const D: usize>(tensor: Tensor<D>) -> Result<FlexTensor, Tensor<D>> {
    if Kernels::in_use() == Kernels::Off {
        Err(tensor)
    } else {
        into_flex(tensor)
    }
}

/// The result of a kernel that finds nothing beside it.
fn value_of<K: Kernel<N, Aside = ()>, const N: usize, const D: usize>(
    kernel: &K,
    inputs: [DispatchTensor; N],
) -> Option<Tensor<D>> {
    if Kernels::in_use() == Kernels::Off {
        return None;
    }
    let (value, ()) = apply(kernel, inputs).ok()?;
    Some(Tensor::from_dispatch(value))
}
