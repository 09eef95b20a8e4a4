//! Adversarial losses on raw logits, per sample, in forms that stay finite.
//!
//! A discriminator puts out one raw number a sample, its logit, and all formulas below are in logits: `real`
//! and `fake` are those of a real and of a generated sample. One that puts out `k` numbers a sample has a loss for each of
//! them, and means are over all: the `[N]` of a loss is then `[N * k]`. Under the cross-entropy losses `sigmoid(logit)`
//! is the discriminator's probability that the sample is real; there `-log sigmoid(x) = softplus(-x)` and
//! `-log(1 - sigmoid(x)) = softplus(x)`, so that no logarithm of 0 is ever taken, and yet a confident error
//! costs as much as it is confident. All formulas are on the page [Theory](crate::guide::theory).

mod cross_entropy;
mod hinge;
mod label_smoothing;
mod least_squares;
mod relativistic;
mod wasserstein;

pub use cross_entropy::{Minimax, NonSaturating};
pub use hinge::Hinge;
pub use label_smoothing::LabelledLoss;
pub use least_squares::LeastSquares;
pub use relativistic::{RelativisticAverage, RelativisticPaired};
pub use wasserstein::Wasserstein;

use burn::tensor::Tensor;
use serde::{Deserialize, Serialize};

use crate::errors::ConfigError;
use crate::identity::Identity;
use crate::kernel;

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
pub trait AdversarialLoss: std::fmt::Debug + Send + Sync {
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

impl AdversarialLoss for Box<dyn AdversarialLoss> {
    fn discriminator(&self, real: Tensor<1>, fake: Tensor<1>) -> Tensor<1> {
        (**self).discriminator(real, fake)
    }
    fn generator(&self, fake: Tensor<1>, real: &dyn Fn() -> Tensor<1>) -> Tensor<1> {
        (**self).generator(fake, real)
    }
    fn logits_are_log_odds(&self) -> bool {
        (**self).logits_are_log_odds()
    }
    fn identity(&self) -> Identity {
        (**self).identity()
    }
}

/// The losses of this crate by name, for configuration files.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
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
    /// One-sided label smoothing (Salimans et al. 2016, section 3.4): a loss with a label a little below 1 for real
    /// samples. The losses without labels have nothing to smooth.
    Smoothed {
        /// The loss.
        loss: LabelledLoss,
        /// The label of real samples, in (1/2, 1].
        real_label: f64,
    },
}

impl Loss {
    /// The loss.
    ///
    /// # Errors
    /// For a smoothed label outside (1/2, 1].
    pub fn build(self) -> Result<Box<dyn AdversarialLoss>, ConfigError> {
        Ok(match self {
            Self::Minimax => Box::new(Minimax::default()),
            Self::NonSaturating => Box::new(NonSaturating::default()),
            Self::LeastSquares => Box::new(LeastSquares::default()),
            Self::Hinge => Box::new(Hinge),
            Self::Wasserstein => Box::new(Wasserstein),
            Self::RelativisticPaired => Box::new(RelativisticPaired),
            Self::RelativisticAverage => Box::new(RelativisticAverage),
            Self::Smoothed { loss, real_label } => loss.build(real_label)?,
        })
    }

    /// Whether the discriminator brings logits of real samples above 0 and those of generated ones below.
    pub(crate) fn separates_at_0(self) -> bool {
        match self {
            Self::Minimax | Self::NonSaturating | Self::Hinge => true,
            Self::Smoothed { loss, .. } => loss != LabelledLoss::LeastSquares,
            _ => false,
        }
    }
}

/// `log(1 + exp(x))` without overflow; its derivative is the sigmoid, 1/2 at 0 too.
fn softplus(x: Tensor<1>) -> Tensor<1> {
    kernel::cross_entropy(&x, 0.0).unwrap_or_else(|| burn::tensor::activation::softplus(x, 1.0))
}
