//! [`Adversarial`]: the two formulas of a loss as an objective.

use super::{Objective, Round, Terms};
use crate::gan_error::GanError;
use crate::identity::Identity;
use crate::loss::AdversarialLoss;
use crate::network::{Discriminator, Generator};

/// The game of a loss: the discriminator's logits of real and of generated samples, and nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Adversarial<L>(pub L);

impl<const D: usize, G, N, C, L> Objective<D, G, N, C> for Adversarial<L>
where
    G: Generator<D, C>,
    N: Discriminator<D, C>,
    L: AdversarialLoss,
{
    fn discriminator(&self, round: &Round<D, G, N, C>) -> Result<Terms, GanError> {
        let real = round.real_outputs()?.logits.clone();
        let fake = round.generated_outputs()?.logits.clone();
        Ok(Terms::of("adversarial", self.0.discriminator(real, fake)))
    }

    fn generator(&self, round: &Round<D, G, N, C>) -> Result<Terms, GanError> {
        let fake = round.generated_outputs()?.logits.clone();
        let failed = std::cell::RefCell::new(None);
        let real = || match round.real_outputs() {
            Ok(outputs) => outputs.logits.clone(),
            Err(error) => {
                *failed.borrow_mut() = Some(error);
                fake.zeros_like()
            }
        };
        let losses = self.0.generator(fake.clone(), &real);
        match failed.into_inner() {
            Some(error) => Err(error),
            None => Ok(Terms::of("adversarial", losses)),
        }
    }

    fn logits_are_log_odds(&self) -> bool {
        self.0.logits_are_log_odds()
    }

    fn identity(&self) -> Identity {
        self.0.identity()
    }
}
