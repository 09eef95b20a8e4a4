//! Adversarial losses on raw logits, per sample, in forms that stay finite.
//!
//! A discriminator puts out one raw number a sample, its logit, and all formulas below are in logits: `real`
//! and `fake` are those of a real and of a generated sample. Under the cross-entropy losses `sigmoid(logit)`
//! is the discriminator's probability that the sample is real; there `-log sigmoid(x) = softplus(-x)` and
//! `-log(1 - sigmoid(x)) = softplus(x)`, so that no logarithm of 0 is ever taken, and yet a confident error
//! costs as much as it is confident.

mod cross_entropy;
mod hinge;
mod least_squares;
mod relativistic;
mod wasserstein;

pub use cross_entropy::{Minimax, NonSaturating};
pub use hinge::Hinge;
pub use least_squares::LeastSquares;
pub use relativistic::{RelativisticAverage, RelativisticPaired};
pub use wasserstein::Wasserstein;

use burn::tensor::Tensor;
use serde::{Deserialize, Serialize};

use crate::gan_error::GanError;
use crate::identity::Identity;

/// What the discriminator and the generator minimise.
///
/// A loss of your own is two formulas:
///
/// ```
/// use burn::tensor::{Device, Tensor};
/// use burn_gan::loss::AdversarialLoss;
///
/// /// The discriminator's logits should be +1 and -1, in absolute distance.
/// #[derive(Debug)]
/// struct Absolute;
///
/// impl AdversarialLoss for Absolute {
///     fn discriminator(&self, real: Tensor<1>, fake: Tensor<1>) -> Tensor<1> {
///         (real - 1.0).abs() + (fake + 1.0).abs()
///     }
///     fn generator(&self, fake: Tensor<1>, _real: &dyn Fn() -> Tensor<1>) -> Tensor<1> {
///         (fake - 1.0).abs()
///     }
/// }
///
/// let logits = |values: [f32; 2]| Tensor::<1>::from_floats(values, &Device::flex());
/// let loss = Absolute.discriminator(logits([1.0, 0.0]), logits([-1.0, 0.0]));
/// assert_eq!(loss.into_data().to_vec::<f32>().unwrap(), [0.0, 2.0]);
/// ```
pub trait AdversarialLoss: std::fmt::Debug + Send {
    /// The discriminator's loss `[N]`, one a pair of a real and a generated sample, from logits `[N]`.
    fn discriminator(&self, real: Tensor<1>, fake: Tensor<1>) -> Tensor<1>;

    /// The generator's loss `[N]`, from the logits `[N]` of generated samples.
    ///
    /// The logits of the real samples cost a forward pass; only a loss that needs them calls `real`.
    fn generator(&self, fake: Tensor<1>, real: &dyn Fn() -> Tensor<1>) -> Tensor<1>;

    /// Whether the best discriminator's logit is the log-odds of the label "real", so that its sigmoid can
    /// be reported as a probability. The default is that it is not.
    ///
    /// With a label smoothed to `a` that probability is `a * p_data / (p_data + p_model)`: `a / 2` at
    /// equilibrium.
    fn logits_are_log_odds(&self) -> bool {
        false
    }

    /// What it is, for checkpoints: a run goes on only with a loss of the same identity. The default is the
    /// type's name, version 1, and its fields as `Debug` shows them.
    fn identity(&self) -> Identity {
        Identity::of::<Self>().with("fields", format!("{self:?}"))
    }
}

/// The losses of this crate by name, for configuration files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Loss {
    /// The game of the 2014 paper; see [`Minimax`].
    Minimax,
    /// The generator's loss that does not saturate; see [`NonSaturating`].
    #[default]
    NonSaturating,
    /// See [`LeastSquares`].
    LeastSquares,
    /// See [`Hinge`].
    Hinge,
    /// See [`Wasserstein`]; needs a Lipschitz constraint such as weight clipping.
    Wasserstein,
    /// See [`RelativisticPaired`].
    RelativisticPaired,
    /// See [`RelativisticAverage`].
    RelativisticAverage,
}

impl Loss {
    /// The loss, with the real samples' label moved from 1 to `real_label` (one-sided label smoothing).
    ///
    /// # Errors
    /// [`GanError::Config`] for a label outside (1/2, 1], or other than 1 with a loss that has no
    /// labels.
    pub fn build(self, real_label: f64) -> Result<Box<dyn AdversarialLoss>, GanError> {
        if !(real_label > 0.5 && real_label <= 1.0) {
            return Err(GanError::config(
                "real_label",
                real_label,
                "must be in (1/2, 1]",
            ));
        }
        let unlabelled = |loss: Box<dyn AdversarialLoss>| {
            if real_label != 1.0 {
                let requirement = "must be 1 with this loss, which has no labels to smooth";
                return Err(GanError::config("real_label", real_label, requirement));
            }
            Ok(loss)
        };
        match self {
            Self::Minimax => Ok(Box::new(Minimax { real_label })),
            Self::NonSaturating => Ok(Box::new(NonSaturating { real_label })),
            Self::LeastSquares => Ok(Box::new(LeastSquares { real_label })),
            Self::Hinge => unlabelled(Box::new(Hinge)),
            Self::Wasserstein => unlabelled(Box::new(Wasserstein)),
            Self::RelativisticPaired => unlabelled(Box::new(RelativisticPaired)),
            Self::RelativisticAverage => unlabelled(Box::new(RelativisticAverage)),
        }
    }
}

/// `log(1 + exp(x))` without overflow; its derivative is the sigmoid, 1/2 at 0 too.
fn softplus(x: Tensor<1>) -> Tensor<1> {
    burn::tensor::activation::softplus(x, 1.0)
}
