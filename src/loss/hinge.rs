//! The hinge loss.

use burn::tensor::{Tensor, activation::relu};

use super::AdversarialLoss;

/// The discriminator minimises `max(0, 1 - real) + max(0, 1 + fake)`, the generator `-fake`.
///
/// Source: Lim and Ye 2017 (Geometric GAN); Miyato et al. 2018 (SNGAN), equations 16 and 17.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Hinge;

impl AdversarialLoss for Hinge {
    fn discriminator(&self, real: Tensor<1>, fake: Tensor<1>) -> Tensor<1> {
        relu(-real + 1.0) + relu(fake + 1.0)
    }

    fn generator(&self, fake: Tensor<1>, _real: &dyn Fn() -> Tensor<1>) -> Tensor<1> {
        -fake
    }
}
