//! The losses of the original GAN: binary cross-entropy between real and generated.

use burn::tensor::Tensor;

use super::{AdversarialLoss, softplus};
use crate::kernel;

/// The minimax game: `min_G max_D E[log D(x)] + E[log(1 - D(G(z)))]`.
///
/// With logits, the discriminator minimises `softplus(-real) + softplus(fake)` and the generator
/// minimises `-softplus(fake)`. Against a discriminator that is sure of itself the generator's gradient
/// vanishes (it saturates); [`NonSaturating`] is what the paper advises instead.
///
/// Source: Goodfellow et al. 2014, equation 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Minimax {
    /// Label of real samples: 1, or a little less for one-sided label smoothing (Salimans et al. 2016,
    /// section 3.4).
    pub real_label: f64,
}

/// The minimax game's discriminator with the generator minimising `softplus(-fake)`, that is
/// `-log D(G(z))`: the same fixed point and a strong gradient from the start.
///
/// Source: Goodfellow et al. 2014, section 3.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NonSaturating {
    /// Label of real samples: 1, or a little less for one-sided label smoothing (Salimans et al. 2016,
    /// section 3.4).
    pub real_label: f64,
}

impl Default for Minimax {
    fn default() -> Self {
        Self { real_label: 1.0 }
    }
}

impl Default for NonSaturating {
    fn default() -> Self {
        Self { real_label: 1.0 }
    }
}

impl AdversarialLoss for Minimax {
    fn discriminator(&self, real: Tensor<1>, fake: Tensor<1>) -> Tensor<1> {
        cross_entropy(real, self.real_label) + softplus(fake)
    }

    fn generator(&self, fake: Tensor<1>, _real: &dyn Fn() -> Tensor<1>) -> Tensor<1> {
        -softplus(fake)
    }

    fn logits_are_log_odds(&self) -> bool {
        true
    }
}

impl AdversarialLoss for NonSaturating {
    fn discriminator(&self, real: Tensor<1>, fake: Tensor<1>) -> Tensor<1> {
        cross_entropy(real, self.real_label) + softplus(fake)
    }

    fn generator(&self, fake: Tensor<1>, _real: &dyn Fn() -> Tensor<1>) -> Tensor<1> {
        cross_entropy(fake, 1.0)
    }

    fn logits_are_log_odds(&self) -> bool {
        true
    }
}

/// Cross-entropy of a logit against a label: `label * softplus(-x) + (1 - label) * softplus(x)`.
///
/// With `softplus(-x) = softplus(x) - x` that is one softplus: `softplus(-x) + (1 - label) * x`.
fn cross_entropy(logit: Tensor<1>, label: f64) -> Tensor<1> {
    if let Some(cost) = kernel::cross_entropy(&logit, label) {
        return cost;
    }
    let certain = softplus(-logit.clone());
    if label == 1.0 {
        certain
    } else {
        certain + logit * (1.0 - label)
    }
}
