//! The functions of this module in a build without kernels.

use std::sync::Once;

use burn::tensor::{Device, Tensor};

use super::function::Function;
use super::over::{Over, Statistics};
use super::window::Window;

/// Says once that flex runs without them.
pub fn remark(device: &Device) {
    static ONCE: Once = Once::new();
    if format!("{device:?}").contains("Flex") {
        ONCE.call_once(|| {
            log::warn!(
                "burn-gan was built without its feature `flex`: the flex backend runs without its kernels, at about half \
                 the speed"
            );
        });
    }
}

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

pub fn average_pool(_x: &Tensor<4>) -> Option<Tensor<4>> {
    None
}

pub fn upsample_nearest(_x: &Tensor<4>) -> Option<Tensor<4>> {
    None
}

pub fn upsample_bilinear(_x: &Tensor<4>) -> Option<Tensor<4>> {
    None
}

pub fn add<const D: usize>(_a: &Tensor<D>, _b: &Tensor<D>) -> Option<Tensor<D>> {
    None
}

pub fn serves<const D: usize>(_x: &Tensor<D>) -> bool {
    false
}

pub fn computing_once<T>(compute: impl FnOnce() -> T) -> T {
    compute()
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

pub fn product(_x: &Tensor<2>, _weight: &Tensor<2>) -> Option<Tensor<2>> {
    None
}

pub fn values(_tensor: &Tensor<1>) -> Option<Vec<f32>> {
    None
}
