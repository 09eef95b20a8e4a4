//! [`Fit`]: steps over a source of real samples until their number is reached.

use super::Run;
use crate::adversarial::AdversarialTrainer;
use crate::batch::Condition;
use crate::data::Source;

/// Whole training runs, for every [`AdversarialTrainer`].
pub trait Fit<const D: usize, C: Condition = ()>: AdversarialTrainer<D, C> + Sized {
    /// A run until the trainer has taken `steps` steps in all; [`Run::run`] starts it.
    ///
    /// Step `s` learns from the source's batch `s`, so that a trainer that already has steps behind it goes
    /// on where it was.
    fn fit<'a, S: Source<D, C>>(
        &'a mut self,
        source: &'a mut S,
        steps: usize,
    ) -> Run<'a, D, C, Self, S> {
        Run::new(self, source, steps)
    }
}

impl<const D: usize, C: Condition, T: AdversarialTrainer<D, C>> Fit<D, C> for T {}
