//! Relativistic losses: is this sample more real than that one?

use burn::tensor::Tensor;

use super::{AdversarialLoss, softplus};

/// Real and generated samples in pairs: the discriminator minimises `softplus(-(real - fake))`, the
/// generator `softplus(-(fake - real))`.
///
/// The best discriminator's `real - fake` is the difference of the two samples' log-odds: its logits are
/// log-odds up to a constant that nothing fixes.
///
/// Source: Jolicoeur-Martineau 2019, "The relativistic discriminator", section 4 (there RSGAN; RpGAN since
/// "On relativistic f-divergences", 2020); the loss of R3GAN (Huang et al. 2024, equation 2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RelativisticPaired;

impl AdversarialLoss for RelativisticPaired {
    fn discriminator(&self, real: Tensor<1>, fake: Tensor<1>) -> Tensor<1> {
        softplus(fake - real)
    }

    fn generator(&self, fake: Tensor<1>, real: &dyn Fn() -> Tensor<1>) -> Tensor<1> {
        softplus(real() - fake)
    }
}

/// Each sample against the average of the other kind: the discriminator minimises
/// `softplus(-(real - mean(fake))) + softplus(fake - mean(real))`, the generator the same with real and
/// generated exchanged.
///
/// The means are those of the batch, so a sample's loss depends on the whole batch.
///
/// Source: Jolicoeur-Martineau 2019, "The relativistic discriminator", section 4 (RaSGAN).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RelativisticAverage;

impl AdversarialLoss for RelativisticAverage {
    fn discriminator(&self, real: Tensor<1>, fake: Tensor<1>) -> Tensor<1> {
        let (mean_real, mean_fake) = (real.clone().mean(), fake.clone().mean());
        softplus(mean_fake - real) + softplus(fake - mean_real)
    }

    fn generator(&self, fake: Tensor<1>, real: &dyn Fn() -> Tensor<1>) -> Tensor<1> {
        self.discriminator(fake, real())
    }
}
