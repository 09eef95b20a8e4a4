//! The kernels as functions of tensors.

use burn::backend::DispatchTensor;
use burn::tensor::{Device, Tensor};

use super::addition::Addition;
use super::bridge::{self, Kernel, apply};
use super::convolution::{Convolution, TransposedConvolution};
use super::direct;
use super::filtering::{ThreeTaps, TwoTaps};
use super::resampling::Resampling;
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
        None if direct::fits(window, groups, channels, outputs) => {
            value_of(&direct::Convolution { window, groups }, inputs)
        }
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

/// The mean of every 2x2 block of `[N, H, W, C]`.
pub fn average_pool(x: &Tensor<4>) -> Option<Tensor<4>> {
    value_of(&Resampling::Average, [x.clone().into_dispatch()])
}

/// Every pixel of `[N, H, W, C]` four times.
pub fn upsample_nearest(x: &Tensor<4>) -> Option<Tensor<4>> {
    value_of(&Resampling::Nearest, [x.clone().into_dispatch()])
}

/// Bilinear interpolation of `[N, H, W, C]` at twice the size.
pub fn upsample_bilinear(x: &Tensor<4>) -> Option<Tensor<4>> {
    value_of(&Resampling::Bilinear, [x.clone().into_dispatch()])
}

/// The sum of two tensors of one shape; `None` where the shapes differ, too.
pub fn add<const D: usize>(a: &Tensor<D>, b: &Tensor<D>) -> Option<Tensor<D>> {
    if a.dims() != b.dims() {
        return None;
    }
    value_of(
        &Addition,
        [a.clone().into_dispatch(), b.clone().into_dispatch()],
    )
}

/// Whether the kernels that are in use serve this tensor.
pub fn serves<const D: usize>(x: &Tensor<D>) -> bool {
    Kernels::in_use() != Kernels::Off && bridge::is_flex(&x.clone().into_dispatch())
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

/// Nothing to remark on in a build with kernels.
pub fn remark(_device: &Device) {}
