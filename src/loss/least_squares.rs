//! The least-squares loss.

use burn::tensor::Tensor;

use super::AdversarialLoss;

/// Least squares with labels 0 for generated and 1 for real: the discriminator minimises
/// `(real - 1)^2 / 2 + fake^2 / 2`, the generator `(fake - 1)^2 / 2`.
///
/// The best discriminator's output is itself the probability `p_data / (p_data + p_model)`, not its log-odds.
///
/// Source: Mao et al. 2017 (LSGAN), equation 9.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LeastSquares {
    /// Label of real samples in the discriminator's loss: 1, or a little less for one-sided label
    /// smoothing.
    pub real_label: f64,
}

impl Default for LeastSquares {
    fn default() -> Self {
        Self { real_label: 1.0 }
    }
}

impl AdversarialLoss for LeastSquares {
    fn discriminator(&self, real: Tensor<1>, fake: Tensor<1>) -> Tensor<1> {
        ((real - self.real_label).square() + fake.square()) * 0.5
    }

    fn generator(&self, fake: Tensor<1>, _real: &dyn Fn() -> Tensor<1>) -> Tensor<1> {
        (fake - 1.0).square() * 0.5
    }
}
