//! [`Fit`]: steps over a source of real samples until their number is reached.

use std::marker::PhantomData;

use super::plain_run::Run;
use crate::adversarial::AdversarialTrainer;
use crate::batch::Condition;
use crate::data::Source;

/// Whole training runs, for every [`AdversarialTrainer`].
pub trait Fit<const D: usize, C: Condition = ()>: AdversarialTrainer<D, C> + Sized {
    /// A run over this source; [`Fitting::until`] says how far it goes and [`Run::run`] starts it.
    ///
    /// Step `s` learns from the source's batch `s`, so that a trainer that already has steps behind it goes on where it
    /// was.
    fn fit<'a, S: Source<D, C>>(&'a mut self, source: &'a mut S) -> Fitting<'a, D, C, Self, S> {
        Fitting {
            trainer: self,
            source,
            condition: PhantomData,
        }
    }
}

impl<const D: usize, C: Condition, T: AdversarialTrainer<D, C>> Fit<D, C> for T {}

/// A trainer and its source: a run once [`until`](Fitting::until) has said how far it goes.
#[must_use = "nothing is trained before `until(..).run()`"]
pub struct Fitting<'a, const D: usize, C, T, S> {
    trainer: &'a mut T,
    source: &'a mut S,
    condition: PhantomData<C>,
}

impl<'a, const D: usize, C, T, S> Fitting<'a, D, C, T, S>
where
    C: Condition,
    T: AdversarialTrainer<D, C>,
    S: Source<D, C>,
{
    /// A run until the trainer has `steps` steps behind it, those of earlier runs among them: `until(100)` and then
    /// `until(150)` are 150 steps in all.
    pub fn until(self, steps: usize) -> Run<'a, D, C, T, S> {
        Run::new(self.trainer, self.source, steps)
    }
}
