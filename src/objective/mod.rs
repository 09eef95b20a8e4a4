//! What both players minimise, beyond a formula of two logits.
//!
//! An [`Objective`] sees the networks and one half of a step (a [`Round`]: real and generated samples, latent vectors,
//! conditions, random numbers) and gives named terms. [`Adversarial`] makes one of an
//! [`AdversarialLoss`]. Objectives add up, and a trainer does with each of them
//! what it does with a loss: penalties, micro-batches, averages, checkpoints.
//!
//! | objective | what it is | discriminator | generator |
//! |---|---|---|---|
//! | [`Adversarial`] | the game itself | `loss(D(x), D(G(z)))` | `loss(D(G(z)))` |
//! | [`AuxiliaryClassifier`] | AC-GAN: classes of real and generated samples | `CE(x, y) + CE(G(z, y), y)` | `CE(G(z, y), y)` |
//! | [`RealClassifier`] | the same with classes of real samples alone in the discriminator | `CE(x, y)` | `CE(G(z, y), y)` |
//! | [`CodeReconstruction`] | InfoGAN: the codes in the latent vectors | `CE` and squared error | the same |
//! | [`FeatureMatching`] | the mean of the discriminator's features | - | squared distance |
//! | [`Consistency`] | CR, bCR: logits that changes of an image leave | `(D(x) - D(T(x)))^2` | - |
//! | [`LeCam`] | logits near those of the other kind in the steps before | `(D(x) - a_F)^2 + (D(G(z)) - a_R)^2` | - |
//! | [`L1`] | pix2pix: generated samples beside their real partners | - | mean absolute difference |
//!
//! ```
//! use burn::tensor::{Device, Tensor};
//! use burn_gan::loss::NonSaturating;
//! use burn_gan::model::MlpConfig;
//! use burn_gan::objective::{Adversarial, FeatureMatching};
//! use burn_gan::trainer::GanTrainerConfig;
//! use burn_gan::{AdversarialTrainer, Batch};
//!
//! let device = Device::flex().autodiff();
//! let networks = MlpConfig::new(2).with_hidden(vec![16]);
//! let batch = Batch::new(Tensor::<2>::ones([8, 2], &device));
//! let objective = Adversarial(NonSaturating::default()) + FeatureMatching * 0.1;
//! let mut trainer = GanTrainerConfig::new()
//!     .init(networks.init_generator(&device)?, networks.init_discriminator(&device)?, &batch)?
//!     .with_objective(objective);
//! let report = trainer.step(batch)?.read()?;
//! assert!(report.terms["generator.feature_matching"] >= 0.0);
//! # Ok::<(), burn_gan::GanError>(())
//! ```
//!
//! # An objective of your own
//!
//! ```
//! use burn::tensor::Tensor;
//! use burn_gan::loss::Hinge;
//! use burn_gan::objective::{Adversarial, Objective, Round, Terms, Weighted};
//! use burn_gan::{Discriminator, GanError, Generator};
//!
//! /// Keeps generated points near the origin.
//! #[derive(Debug)]
//! struct NearOrigin;
//!
//! impl<G: Generator<2>, N: Discriminator<2>> Objective<2, G, N> for NearOrigin {
//!     fn generator(&self, round: &Round<2, G, N, ()>) -> Result<Terms, GanError> {
//!         let squares: Tensor<1> = round.generated.clone().square().sum_dim(1).squeeze_dim(1);
//!         Ok(Terms::of("near_origin", squares))
//!     }
//! }
//!
//! let objective = Adversarial(Hinge) + Weighted(NearOrigin, 0.01);
//! ```

mod adversarial;
mod auxiliary_classifier;
mod averages;
mod codes;
mod combination;
mod consistency;
mod feature_matching;
mod l1;
mod lecam;
mod round;
mod terms;

pub use adversarial::Adversarial;
pub use auxiliary_classifier::{AuxiliaryClassifier, RealClassifier};
pub(crate) use averages::{MovingAverages, Tracked};
pub use codes::CodeReconstruction;
pub use combination::{Sum, Weighted};
pub use consistency::Consistency;
pub use feature_matching::FeatureMatching;
pub use l1::L1;
pub use lecam::LeCam;
pub(crate) use round::Seen;
pub use round::{Networks, Round};
pub use terms::{Term, Terms};

pub use crate::objective_error::ObjectiveError;

use crate::gan_error::GanError;
use crate::identity::Identity;
#[cfg(doc)]
use crate::loss::AdversarialLoss;

/// What the discriminator and the generator minimise, from the networks and one half of a step; see the
/// [module](self).
///
/// `D` and `C` are those of [`Generator`](crate::Generator), `G` and `N` the two networks.
pub trait Objective<const D: usize, G, N, C = ()>: std::fmt::Debug + Send + Sync {
    /// The discriminator's terms, in its half of a step. The default has none.
    ///
    /// # Errors
    /// Whatever keeps it from being computed; the step is then undone.
    fn discriminator(&self, _round: &Round<D, G, N, C>) -> Result<Terms, GanError> {
        Ok(Terms::none())
    }

    /// The generator's terms, in its half of a step. The default has none.
    ///
    /// # Errors
    /// Whatever keeps it from being computed; the step is then undone.
    fn generator(&self, _round: &Round<D, G, N, C>) -> Result<Terms, GanError> {
        Ok(Terms::none())
    }

    /// As [`AdversarialLoss::logits_are_log_odds`].
    fn logits_are_log_odds(&self) -> bool {
        false
    }

    /// What it is, for checkpoints: a run goes on only with an objective of the same identity. The default is the type's
    /// name, version 1, and its fields as `Debug` shows them.
    fn identity(&self) -> Identity {
        Identity::of::<Self>().with("fields", format!("{self:?}"))
    }
}
