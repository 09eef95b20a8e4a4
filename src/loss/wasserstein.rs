//! The Wasserstein loss.

use burn::tensor::Tensor;

use super::AdversarialLoss;

/// The critic minimises `fake - real`, the generator `-fake`: the dual form of the Wasserstein-1 distance.
///
/// It bounds that distance only for a critic with a bounded slope, by weight clipping or a gradient
/// penalty; without one the loss has no lower bound.
///
/// Source: Arjovsky et al. 2017 (WGAN), equation 2.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Wasserstein;

impl AdversarialLoss for Wasserstein {
    fn discriminator(&self, real: Tensor<1>, fake: Tensor<1>) -> Tensor<1> {
        fake - real
    }

    fn generator(&self, fake: Tensor<1>, _real: &dyn Fn() -> Tensor<1>) -> Tensor<1> {
        -fake
    }
}
