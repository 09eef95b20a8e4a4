//! Tangent rules of activations, element by element.

use burn::tensor::{Tensor, activation};

use super::Dual;

/// `max(x, 0)`, with slope 0 at 0.
pub fn relu<const D: usize>(x: Dual<D>) -> Dual<D> {
    x.piecewise_linear(activation::relu, |x, dx| dx * step(x))
}

/// `x` where `x > 0`, `slope * x` elsewhere (Maas et al. 2013).
///
/// Computed as `(1 - slope) * relu(x) + slope * x`: on the CPU backends that takes a small part of the time
/// of a masked form ([Performance](crate::guide::performance)).
pub fn leaky_relu<const D: usize>(x: Dual<D>, slope: f64) -> Dual<D> {
    x.piecewise_linear(
        |x| activation::relu(x.clone()) * (1.0 - slope) + x * slope,
        |x, dx| dx * (step(x) * (1.0 - slope) + slope),
    )
}

/// The hyperbolic tangent; its derivative is `1 - tanh(x)^2`.
pub fn tanh<const D: usize>(x: Dual<D>) -> Dual<D> {
    x.map(Tensor::tanh, |x, dx| dx * (x.tanh().square().neg() + 1.0))
}

/// The logistic sigmoid `s(x) = 1 / (1 + exp(-x))`; its derivative is `s (1 - s)`.
pub fn sigmoid<const D: usize>(x: Dual<D>) -> Dual<D> {
    x.map(activation::sigmoid, |x, dx| {
        let s = activation::sigmoid(x);
        dx * s.clone() * (s.neg() + 1.0)
    })
}

/// `x s(x)` with the sigmoid `s` (SiLU or swish, Elfwing et al. 2018); its derivative is
/// `s (1 + x (1 - s))`.
pub fn silu<const D: usize>(x: Dual<D>) -> Dual<D> {
    x.map(
        |x| x.clone() * activation::sigmoid(x),
        |x, dx| {
            let s = activation::sigmoid(x.clone());
            dx * s.clone() * (x * (s.neg() + 1.0) + 1.0)
        },
    )
}

/// `log(1 + exp(x))` without overflow; its derivative is the sigmoid.
pub fn softplus<const D: usize>(x: Dual<D>) -> Dual<D> {
    x.map(
        |x| activation::softplus(x, 1.0),
        |x, dx| dx * activation::sigmoid(x),
    )
}

/// 1 where `x > 0`, 0 elsewhere.
fn step<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    x.greater_scalar(0.0).float()
}
