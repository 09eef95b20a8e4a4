//! Tangent rules of activations: element by element, and the softmax.

use burn::tensor::{FloatDType, Tensor, activation};

use super::Dual;
use crate::kernel::{self, Function};

/// `max(x, 0)`, with slope 0 at 0.
pub fn relu<const D: usize>(x: Dual<D>) -> Dual<D> {
    activate(x, None, Function::Relu)
}

/// `x` where `x > 0`, `slope * x` elsewhere (Maas et al. 2013).
///
/// Without kernels of this crate it is computed as `(1 - slope) * relu(x) + slope * x`: on the CPU backends that takes a
/// small part of the time of a masked form ([Performance](crate::guide::performance)).
pub fn leaky_relu<const D: usize>(x: Dual<D>, slope: f64) -> Dual<D> {
    activate(x, None, Function::LeakyRelu { slope })
}

/// The hyperbolic tangent; its derivative is `1 - tanh(x)^2`.
pub fn tanh<const D: usize>(x: Dual<D>) -> Dual<D> {
    activate(x, None, Function::Tanh)
}

/// The logistic sigmoid `s(x) = 1 / (1 + exp(-x))`; its derivative is `s (1 - s)`.
pub fn sigmoid<const D: usize>(x: Dual<D>) -> Dual<D> {
    activate(x, None, Function::Sigmoid)
}

/// `x s(x)` with the sigmoid `s` (SiLU or swish, Elfwing et al. 2018); its derivative is
/// `s (1 + x (1 - s))`.
pub fn silu<const D: usize>(x: Dual<D>) -> Dual<D> {
    activate(x, None, Function::Silu)
}

/// `log(1 + exp(x))` without overflow; its derivative is the sigmoid.
pub fn softplus<const D: usize>(x: Dual<D>) -> Dual<D> {
    activate(x, None, Function::Softplus)
}

/// `exp(x) / sum(exp(x))` with the sum along `axis`, without overflow. The derivative of its value `s` is
/// `ds = s (dx - sum(s dx))`.
///
/// The axis must not be that of the batch, so that samples stay independent.
pub fn softmax<const D: usize>(x: Dual<D>, axis: usize) -> Dual<D> {
    x.map_together(|x, dx| {
        let s = activation::softmax(x, axis);
        let ds = dx.map(|dx| {
            let mean = (s.clone() * dx.clone()).sum_dim(axis);
            s.clone() * (dx - mean)
        });
        (s, ds)
    })
}

/// `f(x + bias)`, with a bias `[C]` along the last axis where there is one.
pub(crate) fn activate<const D: usize>(
    x: Dual<D>,
    bias: Option<Tensor<1>>,
    function: Function,
) -> Dual<D> {
    let bias = bias.map(|bias| {
        if x.value_is_untracked() {
            bias.without_autodiff()
        } else {
            bias
        }
    });
    match function {
        Function::Identity => shifted(x, bias),
        Function::LeakyRelu { slope } if slope < 0.0 => {
            let rule = |x, dx| dx * slope_at(x, function);
            shifted(x, bias).piecewise_linear(|x| value(x, None, function), rule)
        }
        // The slope follows from the value, so that the input is not kept.
        Function::Relu | Function::LeakyRelu { .. } => x.piecewise_linear_together(|x, dx| {
            let y = value(x, bias, function);
            let dy = dx.map(|dx| {
                let from_kernel = kernel::piecewise_linear_tangent(&y, dx, function);
                from_kernel.unwrap_or_else(|dx| dx * slope_at(y.clone(), function))
            });
            (y, dy)
        }),
        _ if x.tangent.is_none() => x.map(
            |x| value(x, bias, function),
            |x, dx| dx * slope_at(x, function),
        ),
        _ => shifted(x, bias).map(
            |x| value(x, None, function),
            |x, dx| dx * slope_at(x, function),
        ),
    }
}

fn shifted<const D: usize>(x: Dual<D>, bias: Option<Tensor<1>>) -> Dual<D> {
    match bias {
        Some(bias) => x.shift(bias, |x, bias| value(x, Some(bias), Function::Identity)),
        None => x,
    }
}

fn value<const D: usize>(x: Tensor<D>, bias: Option<Tensor<1>>, function: Function) -> Tensor<D> {
    match bias {
        None => kernel::activation(x, function).unwrap_or_else(|x| portable(x, function)),
        Some(bias) => kernel::biased_activation(x, &bias, function)
            .unwrap_or_else(|x| portable(x + bias.unsqueeze(), function)),
    }
}

/// In operations of Burn.
fn portable<const D: usize>(x: Tensor<D>, function: Function) -> Tensor<D> {
    match function {
        Function::Identity => x,
        Function::Relu => activation::relu(x),
        Function::LeakyRelu { slope } => activation::relu(x.clone()) * (1.0 - slope) + x * slope,
        Function::Tanh => x.tanh(),
        Function::Sigmoid => activation::sigmoid(x),
        Function::Silu => x.clone() * activation::sigmoid(x),
        Function::Softplus => activation::softplus(x, 1.0),
    }
}

/// The derivative at `x`.
fn slope_at<const D: usize>(x: Tensor<D>, function: Function) -> Tensor<D> {
    match function {
        Function::Identity => x.ones_like(),
        Function::Relu => step(x),
        Function::LeakyRelu { slope } => step(x) * (1.0 - slope) + slope,
        Function::Tanh => value(x, None, Function::Tanh).square().neg() + 1.0,
        Function::Sigmoid => {
            let s = value(x, None, Function::Sigmoid);
            s.clone() * (s.neg() + 1.0)
        }
        Function::Silu => {
            let s = value(x.clone(), None, Function::Sigmoid);
            s.clone() * (x * (s.neg() + 1.0) + 1.0)
        }
        Function::Softplus => value(x, None, Function::Sigmoid),
    }
}

/// 1 where `x > 0`, 0 elsewhere.
fn step<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    let precision: FloatDType = x.dtype().into();
    // A number of a truth value has the device's precision.
    x.greater_scalar(0.0).float().cast(precision)
}
