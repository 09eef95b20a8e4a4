//! The zero-centred penalties R1 and R2.

use burn::tensor::Tensor;

use super::GradientPenalty;
use super::norm::squared_norm;
use crate::random::Stream;

/// `gamma / 2 |grad D(x)|^2` at the real samples.
///
/// Source: Mescheder, Geiger and Nowozin 2018, "Which training methods for GANs do actually converge?",
/// equation 9.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct R1 {
    /// Twice the weight of the squared norm.
    pub gamma: f64,
}

impl<const D: usize> GradientPenalty<D> for R1 {
    fn points(&self, real: &Tensor<D>, _fake: &Tensor<D>, _random: &mut Stream) -> Tensor<D> {
        real.clone()
    }

    fn cost(&self, gradient: Tensor<D>) -> Tensor<1> {
        squared_norm(gradient) * (self.gamma / 2.0)
    }
}

/// `gamma / 2 |grad D(x)|^2` at the generated samples.
///
/// Source: Mescheder, Geiger and Nowozin 2018, equation 10.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct R2 {
    /// Twice the weight of the squared norm.
    pub gamma: f64,
}

impl<const D: usize> GradientPenalty<D> for R2 {
    fn points(&self, _real: &Tensor<D>, fake: &Tensor<D>, _random: &mut Stream) -> Tensor<D> {
        fake.clone()
    }

    fn cost(&self, gradient: Tensor<D>) -> Tensor<1> {
        squared_norm(gradient) * (self.gamma / 2.0)
    }
}
