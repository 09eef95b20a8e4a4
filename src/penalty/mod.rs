//! Gradient penalties: what the discriminator pays for the size of its gradient in the samples.
//!
//! A penalty is two functions: at which points the gradient is taken, and what a gradient costs. Nobody writes
//! a derivative. Burn differentiates once, and a penalty needs the derivative, in the weights, of a derivative
//! in the samples. [`Exact`] gets it from one reverse and one forward pass that first-order tools can do:
//!
//! 1. `g`, the gradient of the summed logits in the points, by an ordinary backward pass;
//! 2. `v`, the gradient of the summed cost in `g`, by another, tiny one;
//! 3. `s`, the tangent of the logits in the direction `v`, `v` held constant.
//!
//! Since `sum(s) = <v, g>` and `v` is constant, `d/dw sum(s) = <v, d/dw g> = d/dw sum(cost(g))`: the gradient of
//! the tangent in the weights is exactly that of the penalty. No approximation, any cost. What a discriminator needs for it,
//! and how it was checked, is on the page [Penalties](crate::guide::penalties).
//!
//! A discriminator may give several logits a sample, one for each of its patches. "The gradient at a sample" is then that
//! of the sum of the sample's logits: with `k` logits that are alike, `k` times as long as that of one of them.
//!
//! # The surrogate is not the penalty
//!
//! What is back-propagated is the mean of `s`, the surrogate. Its *gradient* is the penalty's, its *value* is
//! not: for R1, `cost = gamma/2 |g|^2` but `s = <v, g> = gamma |g|^2`, twice as much, and for WGAN-GP it may be
//! negative. Only the cost is ever reported.
//!
//! # A penalty of your own
//!
//! ```
//! use burn::optim::GradientsParams;
//! use burn::tensor::{Device, Tensor};
//! use burn_gan::model::MlpConfig;
//! use burn_gan::penalty::{Exact, GradientPenalty, per_sample};
//! use burn_gan::random::Stream;
//!
//! /// The sum of absolute slopes, at the real samples.
//! #[derive(Debug)]
//! struct Lasso;
//!
//! impl<const D: usize> GradientPenalty<D> for Lasso {
//!     fn points(&self, real: &Tensor<D>, _fake: &Tensor<D>, _random: &mut Stream) -> Tensor<D> {
//!         real.clone()
//!     }
//!     fn cost(&self, gradient: Tensor<D>) -> Tensor<1> {
//!         per_sample(gradient).abs().sum_dim(1).squeeze_dim(1)
//!     }
//! }
//!
//! let device = Device::flex().autodiff();
//! let discriminator = MlpConfig::new(2).init_discriminator(&device)?;
//! let points = Tensor::<2>::from_floats([[0.5, -1.0], [2.0, 0.3]], &device);
//!
//! let exact = Exact::new(&discriminator, points.clone(), &())?;
//! let term = exact.term(&discriminator, points, &(), &|gradient| Lasso.cost(gradient))?;
//! let gradients = term.surrogate.mean().backward(); // what the weights learn from
//! let gradients = GradientsParams::from_grads(gradients, &discriminator);
//! let penalty: f32 = term.cost.mean().into_scalar(); // what to report
//! assert!(gradients.len() > 0 && penalty > 0.0);
//! # Ok::<(), burn_gan::GanError>(())
//! ```
//!
//! In training it goes in with [`GanTrainer::with_penalty`](crate::trainer::GanTrainer::with_penalty).

mod batch_norm;
mod central_difference;
mod consistency;
mod dragan;
mod error;
mod exact;
mod norm;
mod wasserstein;
mod zero_centered;

pub use batch_norm::refuse_batch_norm;
pub use central_difference::CentralDifference;
pub use dragan::Dragan;
pub use error::PenaltyError;
pub(crate) use exact::Change;
pub use exact::{Exact, Term};
pub use norm::{gradient_norm, per_sample};
pub use wasserstein::WassersteinGp;
pub use zero_centered::{R1, R2};

use burn::tensor::Tensor;
use serde::{Deserialize, Serialize};

use crate::errors::ConfigError;
use crate::identity::Identity;
use crate::random::Stream;

/// Where the discriminator's gradient is taken and what it costs; see the [module](self).
pub trait GradientPenalty<const D: usize>: std::fmt::Debug + Send + Sync {
    /// The points `[N, ..]` to take the gradient at, from as many real and generated samples, all without
    /// autodiff. Sample `i` stays under condition `i`.
    fn points(&self, real: &Tensor<D>, fake: &Tensor<D>, random: &mut Stream) -> Tensor<D>;

    /// What each sample's gradient `[N, ..]` costs, `[N]`. It is the gradient of the sample's logit, or of the sum of its
    /// logits where it has several.
    ///
    /// It is differentiated once; a norm in it should be [`gradient_norm`], whose gradient at 0 is 0.
    fn cost(&self, gradient: Tensor<D>) -> Tensor<1>;

    /// What it is, for checkpoints: a run goes on only with penalties of the same identity. The default is the
    /// type's name, version 1, and its fields as `Debug` shows them.
    fn identity(&self) -> Identity {
        Identity::of::<Self>().with("fields", format!("{self:?}"))
    }
}

impl<const D: usize> GradientPenalty<D> for Box<dyn GradientPenalty<D>> {
    fn points(&self, real: &Tensor<D>, fake: &Tensor<D>, random: &mut Stream) -> Tensor<D> {
        (**self).points(real, fake, random)
    }
    fn cost(&self, gradient: Tensor<D>) -> Tensor<1> {
        (**self).cost(gradient)
    }
    fn identity(&self) -> Identity {
        (**self).identity()
    }
}

/// The penalties of this crate by name, for configuration files.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Penalty {
    /// See [`R1`].
    R1 {
        /// Twice the weight of the squared norm.
        gamma: f64,
    },
    /// See [`R2`].
    R2 {
        /// Twice the weight of the squared norm.
        gamma: f64,
    },
    /// See [`WassersteinGp`]; gradients below 1 cost as much as gradients above.
    WassersteinGp {
        /// Weight, lambda in the paper.
        weight: f64,
    },
    /// See [`WassersteinGp`]; gradients below 1 cost nothing.
    OneSidedGp {
        /// Weight, lambda in the paper.
        weight: f64,
    },
    /// See [`Dragan`].
    Dragan {
        /// Weight, lambda in the paper.
        weight: f64,
    },
}

impl Penalty {
    /// The penalty.
    ///
    /// # Errors
    /// For a weight that is negative or not finite.
    pub fn build<const D: usize>(self) -> Result<Box<dyn GradientPenalty<D>>, ConfigError> {
        let (field, weight) = match self {
            Self::R1 { gamma } | Self::R2 { gamma } => ("penalties.gamma", gamma),
            Self::WassersteinGp { weight }
            | Self::OneSidedGp { weight }
            | Self::Dragan { weight } => ("penalties.weight", weight),
        };
        if !(weight >= 0.0 && weight.is_finite()) {
            let requirement = "must be finite and not negative";
            return Err(ConfigError::new(field, weight, requirement));
        }
        Ok(match self {
            Self::R1 { gamma } => Box::new(R1 { gamma }),
            Self::R2 { gamma } => Box::new(R2 { gamma }),
            Self::WassersteinGp { weight } => Box::new(WassersteinGp::new(weight)),
            Self::OneSidedGp { weight } => Box::new(WassersteinGp::one_sided(weight)),
            Self::Dragan { weight } => Box::new(Dragan::new(weight)),
        })
    }
}

/// How the gradient of a penalty in the weights is computed.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub enum PenaltyMethod {
    /// Exactly; see [`Exact`]. The discriminator must be a
    /// [`DualDiscriminator`](crate::DualDiscriminator).
    #[default]
    Exact,
    /// Approximately, for any discriminator; see [`CentralDifference`].
    CentralDifference {
        /// Distance to either side, in the units of the samples, measured over a whole sample.
        step: f64,
    },
}
