//! The penalty of DRAGAN.

use burn::tensor::Tensor;

use super::GradientPenalty;
use super::norm::gradient_norm;
use super::wasserstein::mixing_weights;
use crate::random::Stream;

/// `weight (|grad D(x)| - 1)^2` near the real samples.
///
/// A point is `x + a * spread * s * u`: `s` the standard deviation of all values of the batch, `u` uniform on
/// [0, 1) for each value, `a` uniform on [0, 1), one a sample, as in the authors' code.
///
/// Source: Kodali et al. 2017, "On convergence and stability of GANs", algorithm 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Dragan {
    /// Lambda; 10 in the paper.
    pub weight: f64,
    /// The farthest a value moves, in standard deviations of the data; 0.5 in the authors' code.
    pub spread: f64,
}

impl Dragan {
    /// The penalty with the authors' spread of 0.5.
    pub fn new(weight: f64) -> Self {
        Self {
            weight,
            spread: 0.5,
        }
    }
}

impl<const D: usize> GradientPenalty<D> for Dragan {
    fn points(&self, real: &Tensor<D>, _fake: &Tensor<D>, random: &mut Stream) -> Tensor<D> {
        let mean = real.clone().mean().reshape([1; D]);
        let variance = (real.clone() - mean).square().mean();
        let deviation = variance.sqrt().reshape([1; D]);
        let mix = mixing_weights(real, random);
        let noise = random.uniform(real.dims(), &real.device());
        real.clone() + noise * deviation * mix * self.spread
    }

    fn cost(&self, gradient: Tensor<D>) -> Tensor<1> {
        (gradient_norm(gradient) - 1.0).square() * self.weight
    }
}
