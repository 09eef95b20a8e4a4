//! [`Strength`]: how probable the changes of an augmentation are.

use burn::config::Config;

use crate::errors::{ConfigError, at_least_1};
use crate::schedule::Schedule;

/// The probability `p` of each change of [`AdaConfig`](super::AdaConfig).
///
/// Below about 0.8 the generator learns the distribution of unchanged images; beyond, changes leak into what it draws
/// (Karras et al. 2020, section 2.2).
#[derive(Config, Debug, PartialEq)]
#[non_exhaustive]
pub enum Strength {
    /// By the trainer's step, in [0, 1].
    Scheduled(Schedule),
    /// By how far the discriminator overfits.
    Adaptive(AdaptiveStrengthConfig),
}

impl Default for Strength {
    fn default() -> Self {
        Self::Adaptive(AdaptiveStrengthConfig::new())
    }
}

impl Strength {
    /// The same probability in every step.
    pub fn fixed(probability: f64) -> Self {
        Self::Scheduled(Schedule::Constant(probability))
    }

    pub(super) fn check(&self) -> Result<(), ConfigError> {
        match self {
            Self::Scheduled(schedule) => schedule.check(
                "augmentation.strength",
                |probability| (0.0..=1.0).contains(&probability),
                "must be from 0 to 1",
            ),
            Self::Adaptive(config) => config.check(),
        }
    }
}

/// Which logits of a step tell how far the discriminator overfits.
#[derive(Config, Debug, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum LogitSign {
    /// `sign(D(x))`: how many real samples it takes for real, less those that it does not. The paper's, for losses whose
    /// logits are positive for real samples: minimax, non-saturating, hinge.
    Real,
    /// `sign(D(x) - D(G(z)))` of real and generated samples in pairs, for every loss: the logits of relativistic losses and of
    /// a Wasserstein critic have no 0 that means anything.
    Relative,
}

/// Configuration of a probability that follows the discriminator (Karras et al. 2020, section 3): it starts at 0, and
/// after every few steps becomes a little larger where `r_t`, the mean sign of the logits of real samples, is above its
/// target, and a little smaller where it is below.
///
/// `r_t` is near 0 as long as the discriminator cannot tell real from generated samples, and 1 when it has all real ones
/// right: it knows them by heart. The logits are those of the changed samples, which the steps compute anyway.
///
/// ```
/// use burn_gan::augment::{AdaConfig, AdaptiveStrengthConfig, Augmentation, Strength};
/// use burn_gan::trainer::GanTrainerConfig;
///
/// // For a run of 100,000 images rather than 25 million:
/// let strength = AdaptiveStrengthConfig::new().with_images(20_000);
/// let augmentation = AdaConfig::new().with_strength(Strength::Adaptive(strength));
/// let config = GanTrainerConfig::new().with_augmentation(Some(Augmentation::Ada(augmentation)));
/// ```
#[derive(Config, Debug, PartialEq)]
#[non_exhaustive]
pub struct AdaptiveStrengthConfig {
    /// What `r_t` is held at, in (-1, 1).
    #[config(default = 0.6)]
    pub target: f64,
    /// Real images in which the probability gets from 0 to 1, at most so fast.
    #[config(default = 500_000)]
    pub images: usize,
    /// Steps from one adjustment to the next.
    #[config(default = 4)]
    pub interval: usize,
    /// Which logits `r_t` is of.
    #[config(default = "LogitSign::Real")]
    pub sign: LogitSign,
}

impl AdaptiveStrengthConfig {
    /// The next probability, from the mean sign `r_t` of the logits of this many real images; in [0, 1].
    pub fn adjusted(&self, probability: f64, r_t: f64, images: usize) -> f64 {
        let amount = images as f64 / self.images as f64;
        let adjusted = if r_t > self.target {
            probability + amount
        } else if r_t < self.target {
            probability - amount
        } else {
            probability
        };
        adjusted.clamp(0.0, 1.0)
    }

    fn check(&self) -> Result<(), ConfigError> {
        if !(self.target > -1.0 && self.target < 1.0) {
            let requirement = "must be above -1 and below 1";
            return Err(ConfigError::new(
                "augmentation.strength.target",
                self.target,
                requirement,
            ));
        }
        at_least_1("augmentation.strength.images", self.images)?;
        at_least_1("augmentation.strength.interval", self.interval)
    }
}
