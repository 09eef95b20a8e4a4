//! The last good state: what was checked, and where a step that fails goes back to.

use super::finite::first_non_finite;
use super::gan::GanTrainer;
use super::state::State;
use crate::batch::Condition;
use crate::gan_error::GanError;
use crate::network::{Discriminator, Generator};
use crate::report::StepReport;
use crate::unwind::caught;

/// A [`State`] that was found finite, and the reports of the steps since then.
///
/// Without such steps the good state is the trainer's own.
pub(super) struct LastGood<G, N> {
    pub state: State<G, N>,
    pub unchecked: Vec<StepReport>,
}

impl<const D: usize, G, N, C> GanTrainer<D, G, N, C>
where
    C: Condition,
    G: Generator<D, C>,
    N: Discriminator<D, C>,
{
    /// Takes a step whole or not at all: after an error or a panic the state is as before it.
    ///
    /// A state that was not checked may be what made it fail. It is checked then, and where it is not finite, that is
    /// the error, and the state is the last good one.
    pub(super) fn whole_step(
        &mut self,
        step: impl FnOnce(&mut Self) -> Result<StepReport, GanError>,
    ) -> Result<StepReport, GanError> {
        // A checked state is in `last_good` already.
        let is_checked = self.last_good.unchecked.is_empty();
        let before = (!is_checked).then(|| self.state.snapshot());
        let number = self.state.steps;
        let outcome = caught(|| step(self)).unwrap_or_else(|message| {
            Err(GanError::StepFailed {
                step: number,
                message,
            })
        });
        match outcome {
            Ok(report) => {
                self.last_good.unchecked.push(report.clone());
                if self.is_check_due() {
                    self.check()?;
                }
                Ok(report)
            }
            Err(error) => {
                self.state = before.unwrap_or_else(|| self.last_good.state.snapshot());
                self.check()?;
                Err(error)
            }
        }
    }

    /// Whether a multiple of the interval was reached since the last check; steps that were left out count.
    fn is_check_due(&self) -> bool {
        let interval = self.config.finite_check.interval();
        self.state.steps / interval > self.last_good.state.steps / interval
    }

    /// Checks the steps since the last check: the state becomes the last good one, or goes back to it.
    pub(super) fn check(&mut self) -> Result<(), GanError> {
        let steps = std::mem::take(&mut self.last_good.unchecked);
        if steps.is_empty() {
            return Ok(());
        }
        let checked = self.refuse_non_finite(&steps);
        match &checked {
            Ok(()) => self.last_good.state = self.state.snapshot(),
            Err(error) => {
                log::warn!("{error}");
                self.state = self.last_good.state.snapshot();
            }
        }
        checked
    }

    fn refuse_non_finite(&self, steps: &[StepReport]) -> Result<(), GanError> {
        let found = first_non_finite(steps, &self.state.generator, &self.state.discriminator)?;
        let Some(found) = found else {
            return Ok(());
        };
        Err(GanError::NonFiniteStep {
            step: found.values.step,
            cause: found.cause,
            loss_discriminator: found.values.loss_discriminator,
            loss_generator: found.values.loss_generator,
            restored: self.last_good.state.steps,
        })
    }

    /// Refuses to hand out a state that is not finite; nothing is restored.
    pub(super) fn refuse_bad_state(&self) -> Result<(), GanError> {
        let steps = &self.last_good.unchecked;
        if steps.is_empty() {
            return Ok(());
        }
        match first_non_finite(steps, &self.state.generator, &self.state.discriminator)? {
            Some(found) => Err(GanError::NonFiniteState {
                steps: self.state.steps,
                cause: found.cause,
            }),
            None => Ok(()),
        }
    }

    /// Changes what no step does, in the last good state as well; what is good of the rest stays what was checked.
    pub(super) fn change_both(&mut self, change: impl Fn(&mut State<G, N>)) {
        change(&mut self.state);
        change(&mut self.last_good.state);
    }
}
