//! The kernels as functions of tensors.

use burn::backend::DispatchTensor;
use burn::backend::flex::FlexTensor;
use burn::tensor::Tensor;

use super::bridge::{Flat, Kernel, apply, into_flex};
use super::convolution::{Convolution, TransposedConvolution};
use super::filtering::{ThreeTaps, TwoTaps};
use super::linear::Linear;
use super::switch::Kernels;
use super::window::Window;
use super::winograd;

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

/// The values of a tensor without autodiff on the host.
pub fn values(tensor: &Tensor<1>) -> Option<Vec<f32>> {
    plain(tensor.clone())
        .ok()
        .map(|tensor| tensor.values().to_vec())
}

/// The flex tensor of one without autodiff, where kernels are to be used; the tensor itself otherwise.
pub(super) fn plain<const D: usize>(tensor: Tensor<D>) -> Result<FlexTensor, Tensor<D>> {
    if Kernels::in_use() == Kernels::Off {
        Err(tensor)
    } else {
        into_flex(tensor)
    }
}

/// The result of a kernel that finds nothing beside it.
pub(super) fn value_of<K: Kernel<N, Aside = ()>, const N: usize, const D: usize>(
    kernel: &K,
    inputs: [DispatchTensor; N],
) -> Option<Tensor<D>> {
    if Kernels::in_use() == Kernels::Off {
        return None;
    }
    let (value, ()) = apply(kernel, inputs).ok()?;
    Some(Tensor::from_dispatch(value))
}
