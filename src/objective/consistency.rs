//! [`Consistency`]: logits that an augmentation does not change.

use burn::tensor::Tensor;

use super::{Objective, Round, Terms};
use crate::augment::{Augmentation, Strength};
use crate::dual::Dual;
use crate::errors::ConfigError;
use crate::gan_error::GanError;
use crate::network::{Discriminator, Generator};
use crate::schedule::Schedule;

/// The paper's lambda, for both kinds of samples.
const WEIGHT: f64 = 10.0;

/// Consistency regularisation: the squared difference between the discriminator's logits of an image and of the image
/// changed at random, `|D(x) - D(T(x))|^2`, for the discriminator.
///
/// CR takes real images alone ([`Consistency::of_real`]), balanced CR real and generated ones ([`Consistency::balanced`]).
/// The changes are no augmentation of the game: what the loss sees is unchanged, so that they cannot leak into what the
/// generator draws. In a trainer that has an augmentation as well, these changes come on top of it.
///
/// It costs a pass of the discriminator for each kind of images. Running statistics of batch normalisation count those
/// passes too.
///
/// ```
/// use burn_gan::augment::{Augmentation, DiffAugmentConfig};
/// use burn_gan::loss::Hinge;
/// use burn_gan::objective::{Adversarial, Consistency};
///
/// let moved = DiffAugmentConfig::new().with_color(false).with_cutout(0.0);
/// let consistency = Consistency::balanced(Augmentation::DiffAugment(moved))?;
/// let objective = Adversarial(Hinge) + consistency;
/// # Ok::<(), burn_gan::ConfigError>(())
/// ```
///
/// Sources: Zhang et al. 2020, "Consistency regularization for generative adversarial networks" (CR); Zhao et al. 2021,
/// "Improved consistency regularization for GANs" (bCR).
#[derive(Debug, Clone, PartialEq)]
pub struct Consistency {
    augmentation: Augmentation,
    probability: f64,
    real_weight: f64,
    generated_weight: f64,
}

impl Consistency {
    /// Of real images, with a weight of 10: CR.
    ///
    /// # Errors
    /// For values of the augmentation that are out of range, and for a probability that is not the same in every step.
    pub fn of_real(augmentation: Augmentation) -> Result<Self, ConfigError> {
        augmentation.check()?;
        let probability = match augmentation.strength() {
            None => 1.0,
            Some(Strength::Scheduled(Schedule::Constant(probability))) => *probability,
            Some(other) => {
                let requirement = "must be the same in every step here: `Strength::fixed`";
                return Err(ConfigError::new("strength", other, requirement));
            }
        };
        Ok(Self {
            augmentation,
            probability,
            real_weight: WEIGHT,
            generated_weight: 0.0,
        })
    }

    /// Of real and generated images, with a weight of 10 each: balanced CR.
    ///
    /// # Errors
    /// Those of [`Consistency::of_real`].
    pub fn balanced(augmentation: Augmentation) -> Result<Self, ConfigError> {
        Self::of_real(augmentation)?.with_weights(WEIGHT, WEIGHT)
    }

    /// The same with other weights; what has a weight of 0 is not computed.
    ///
    /// # Errors
    /// For a weight that is negative or not finite.
    pub fn with_weights(mut self, real: f64, generated: f64) -> Result<Self, ConfigError> {
        for weight in [real, generated] {
            if !(weight >= 0.0 && weight.is_finite()) {
                let requirement = "must be finite and not negative";
                return Err(ConfigError::new("consistency weight", weight, requirement));
            }
        }
        self.real_weight = real;
        self.generated_weight = generated;
        Ok(self)
    }

    /// `|D(x) - D(T(x))|^2`, one number a logit.
    fn distance<G, N, C>(
        &self,
        round: &Round<4, G, N, C>,
        images: &Tensor<4>,
        logits: Tensor<1>,
    ) -> Result<Tensor<1>, GanError>
    where
        G: Generator<4, C>,
        N: Discriminator<4, C>,
    {
        let (shape, device) = (images.dims(), images.device());
        let change = round.draw(|random| {
            self.augmentation
                .draw(self.probability, shape, random, &device)
        });
        let changed = change.apply(Dual::constant(images.clone())).value;
        Ok((logits - round.outputs_of(&changed)?.logits).square())
    }
}

impl<G, N, C> Objective<4, G, N, C> for Consistency
where
    G: Generator<4, C>,
    N: Discriminator<4, C>,
{
    fn discriminator(&self, round: &Round<4, G, N, C>) -> Result<Terms, GanError> {
        let mut terms = Terms::none();
        if self.real_weight > 0.0 {
            let logits = round.real_outputs()?.logits.clone();
            let distance = self.distance(round, round.seen_real(), logits)?;
            terms = terms + Terms::of("consistency_real", distance) * self.real_weight;
        }
        if self.generated_weight > 0.0 {
            let logits = round.generated_outputs()?.logits.clone();
            let distance = self.distance(round, round.seen_generated(), logits)?;
            terms = terms + Terms::of("consistency_generated", distance) * self.generated_weight;
        }
        Ok(terms)
    }
}
