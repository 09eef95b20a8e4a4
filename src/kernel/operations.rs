//! The kernels as functions of tensors.

use burn::backend::flex::FlexTensor;
use burn::backend::{DispatchTensor, TensorMetadata};
use burn::tensor::{Device, Tensor};

use super::activation::{Activation, Biased, Tangent};
use super::addition::Addition;
use super::bridge::{self, Flat, Kernel, apply, from_flex, into_flex};
use super::convolution::{Convolution, TransposedConvolution};
use super::direct;
use super::elementwise::with_function;
use super::filtering::{ThreeTaps, TwoTaps};
use super::function::Function;
use super::geometry::Geometry;
use super::normalization::Normalization;
use super::normalization_tangent::NormalizationTangent;
use super::over::{Over, Statistics};
use super::product::Product;
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
    if grid.contains(&0) {
        return None;
    }
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

/// `f(x)`.
pub fn activation<const D: usize>(
    x: Tensor<D>,
    function: Function,
) -> Result<Tensor<D>, Tensor<D>> {
    let inputs = [x.into_dispatch()];
    let result = with_function!(function, f => applied(&Activation(f), inputs));
    match result {
        Ok((value, ())) => Ok(Tensor::from_dispatch(value)),
        Err([x]) => Err(Tensor::from_dispatch(x)),
    }
}

/// `f(x + bias)`, with a bias `[C]` along the last axis.
pub fn biased_activation<const D: usize>(
    x: Tensor<D>,
    bias: &Tensor<1>,
    function: Function,
) -> Result<Tensor<D>, Tensor<D>> {
    if x.dims().last() != bias.dims().first() {
        return Err(x);
    }
    let inputs = [x.into_dispatch(), bias.clone().into_dispatch()];
    let result = with_function!(function, f => applied(&Biased(f), inputs));
    match result {
        Ok((value, ())) => Ok(Tensor::from_dispatch(value)),
        Err([x, _]) => Err(Tensor::from_dispatch(x)),
    }
}

/// `slope * dx` of a piecewise linear function whose slope is not negative, from the function's value; it is a constant
/// here.
pub fn piecewise_linear_tangent<const D: usize>(
    value: &Tensor<D>,
    dx: Tensor<D>,
    function: Function,
) -> Result<Tensor<D>, Tensor<D>> {
    let value = value.clone().without_autodiff();
    let inputs = [value.into_dispatch(), dx.into_dispatch()];
    let result = with_function!(function, f => applied(&Tangent(f), inputs));
    match result {
        Ok((dy, ())) => Ok(Tensor::from_dispatch(dy)),
        Err([_, dx]) => Err(Tensor::from_dispatch(dx)),
    }
}

/// Fewer channels than this are too few for what a position of its own costs.
const FEWEST_OF_POSITION: usize = 32;

/// The geometry of a normalisation, where the kernels are good for it.
fn geometry(over: Over, shape: &[usize], scale: &[usize]) -> Option<Geometry> {
    Geometry::of(over, shape, scale).filter(|geometry| match over {
        Over::Batch | Over::Sample { .. } => true,
        Over::Position => geometry.channels >= FEWEST_OF_POSITION,
    })
}

/// `f(gamma xhat + beta)`, where `xhat` has mean 0 and variance 1, with the statistics of [`Over::Batch`]. Scale and shift
/// are `[channels]`, or `[samples, channels]`. With statistics that are given, `xhat` is of those.
pub fn normalization<const D: usize, const S: usize>(
    x: Tensor<D>,
    [gamma, beta]: [&Tensor<S>; 2],
    over: Over,
    given: Option<Statistics>,
    epsilon: f64,
    function: Function,
) -> Result<(Tensor<D>, Option<Statistics>), Tensor<D>> {
    let found = geometry(over, &x.dims(), &gamma.dims());
    let given = given.map(|given| given.map(|tensor| into_flex(tensor.without_autodiff()).ok()));
    let given = match given {
        None => None,
        Some([Some(mean), Some(variance)]) => Some([mean, variance]),
        Some(_) => return Err(x),
    };
    let Some(geometry) = found.filter(|_| gamma.dims() == beta.dims()) else {
        return Err(x);
    };
    let tracked = x.device().is_autodiff() || gamma.device().is_autodiff();
    let [gamma, beta] = [gamma, beta].map(|tensor| tensor.clone().into_dispatch());
    let inputs = [x.into_dispatch(), gamma, beta];
    let result = with_function!(function, activation => {
        let kernel = Normalization {
            geometry,
            epsilon,
            activation,
            given,
            tracked,
        };
        applied(&kernel, inputs)
    });
    match result {
        Ok((value, found)) => Ok((
            Tensor::from_dispatch(value),
            found.map(|found| found.map(from_flex)),
        )),
        Err([x, _, _]) => Err(Tensor::from_dispatch(x)),
    }
}

/// The tangent of [`normalization`] without shift and activation.
pub fn normalization_tangent<const D: usize, const S: usize>(
    x: &Tensor<D>,
    dx: Tensor<D>,
    gamma: &Tensor<S>,
    over: Over,
    epsilon: f64,
) -> Result<Tensor<D>, Tensor<D>> {
    let Some(geometry) = geometry(over, &x.dims(), &gamma.dims()) else {
        return Err(dx);
    };
    let kernel = NormalizationTangent { geometry, epsilon };
    let inputs = [
        x.clone().into_dispatch(),
        dx.into_dispatch(),
        gamma.clone().into_dispatch(),
    ];
    match applied(&kernel, inputs) {
        Ok((u, ())) => Ok(Tensor::from_dispatch(u)),
        Err([_, dx, _]) => Err(Tensor::from_dispatch(dx)),
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

/// `x W` of `[N, K]` and `[K, O]`.
pub fn product(x: &Tensor<2>, weight: &Tensor<2>) -> Option<Tensor<2>> {
    value_of(
        &Product,
        [x.clone().into_dispatch(), weight.clone().into_dispatch()],
    )
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
    let (value, ()) = applied(kernel, inputs).ok()?;
    Some(Tensor::from_dispatch(value))
}

/// Nothing to remark on in a build with kernels.
pub fn remark(_device: &Device) {}

/// [`apply`] with the kernels that are in use; a tensor without any value is left to the portable operations.
fn applied<K: Kernel<N>, const N: usize>(
    kernel: &K,
    inputs: [DispatchTensor; N],
) -> Result<(DispatchTensor, K::Aside), [DispatchTensor; N]> {
    let is_empty = |input: &DispatchTensor| input.shape().num_elements() == 0;
    if Kernels::in_use() == Kernels::Off || inputs.iter().any(is_empty) {
        Err(inputs)
    } else {
        apply(kernel, inputs)
    }
}
