//! The penalty of WGAN-GP, two-sided and one-sided.

use burn::tensor::Tensor;

use super::GradientPenalty;
use super::norm::gradient_norm;
use crate::random::Stream;

/// `weight (|grad D(x)| - 1)^2` at random points between a real and a generated sample.
///
/// Each pair of samples has one mixing weight of its own, uniform on [0, 1), the same for all of its values.
/// The one-sided form, `weight max(0, |grad D(x)| - 1)^2`, leaves gradients below 1 alone.
///
/// Source: Gulrajani et al. 2017, "Improved training of Wasserstein GANs", equation 3; section 4 there
/// discusses the one-sided form.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct WassersteinGp {
    /// Lambda; 10 in the paper.
    pub weight: f64,
    /// Whether gradients below 1 cost nothing.
    pub one_sided: bool,
}

impl WassersteinGp {
    /// The two-sided penalty.
    pub fn new(weight: f64) -> Self {
        Self {
            weight,
            one_sided: false,
        }
    }

    /// The one-sided penalty.
    pub fn one_sided(weight: f64) -> Self {
        Self {
            weight,
            one_sided: true,
        }
    }
}

impl<const D: usize> GradientPenalty<D> for WassersteinGp {
    fn points(&self, real: &Tensor<D>, fake: &Tensor<D>, random: &mut Stream) -> Tensor<D> {
        let mix = mixing_weights(real, random);
        real.clone() * mix.clone() + fake.clone() * (mix.neg() + 1.0)
    }

    fn cost(&self, gradient: Tensor<D>) -> Tensor<1> {
        let excess = gradient_norm(gradient) - 1.0;
        let excess = if self.one_sided {
            burn::tensor::activation::relu(excess)
        } else {
            excess
        };
        excess.square() * self.weight
    }
}

/// One uniform number on [0, 1) a sample, `[N, 1, ..]`.
pub(super) fn mixing_weights<const D: usize>(
    samples: &Tensor<D>,
    random: &mut Stream,
) -> Tensor<D> {
    let mut shape = [1; D];
    shape[0] = samples.dims()[0];
    random.uniform(shape, &samples.device())
}
