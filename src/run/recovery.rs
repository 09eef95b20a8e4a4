//! [`Recovery`]: what a run saves, and how it goes on after steps that did not stay finite.

use super::divergence::Incidents;
use super::outcome::Outcome;
use crate::gan_error::GanError;
use crate::observer::Observer;

/// Who sees each step, in this order.
pub(super) type Observers<'a, T> = Vec<Box<dyn Observer<T> + 'a>>;

/// A run in progress, as its recovery sees it.
pub(super) struct Progress<'r, 'o, T> {
    pub trainer: &'r mut T,
    pub observers: &'r mut Observers<'o, T>,
    /// Steps behind the trainer.
    pub steps: usize,
}

/// What a run does besides taking steps; a part of its type, so that a run without checkpoints takes any trainer.
pub(super) trait Recovery<T> {
    /// Brings the trainer and the observers to where the run goes on.
    fn resume(&mut self, run: Progress<T>) -> Result<(), GanError>;

    /// Whether a checkpoint is needed before the first step.
    fn is_due_at_start(&self) -> bool;

    /// Whether a checkpoint is due after so many steps.
    fn is_due(&self, steps: usize) -> bool;

    /// Steps behind the last checkpoint; `None` where there is none.
    fn saved_steps(&self) -> Option<usize>;

    /// Writes a checkpoint of a state that is known to be finite.
    fn save(&mut self, run: Progress<T>) -> Result<(), GanError>;

    /// Writes a checkpoint, as far as one can be written, of a run that ends in this error.
    fn save_after(&mut self, run: Progress<T>, error: &GanError);

    /// What the policy says of step `step`, which did not stay finite; an error where the run ends.
    fn recover(
        &mut self,
        run: Progress<T>,
        step: usize,
        cause: GanError,
    ) -> Result<Recovered, GanError>;

    /// Goes back to the last checkpoint; an error where the policy does not allow it.
    fn go_back(&mut self, run: Progress<T>, step: usize, cause: GanError) -> Result<(), GanError>;

    /// Adds what it knows of the run.
    fn describe(&self, outcome: &mut Outcome);
}

/// How a run goes on.
pub(super) enum Recovered {
    /// With the next step.
    Skipped,
    /// From an earlier step.
    WentBack,
}

/// A run that saves nothing and ends with the first step that did not stay finite.
pub(super) struct NoRecovery;

impl<T> Recovery<T> for NoRecovery {
    fn resume(&mut self, _: Progress<T>) -> Result<(), GanError> {
        Ok(())
    }

    fn is_due_at_start(&self) -> bool {
        false
    }

    fn is_due(&self, _: usize) -> bool {
        false
    }

    fn saved_steps(&self) -> Option<usize> {
        None
    }

    fn save(&mut self, _: Progress<T>) -> Result<(), GanError> {
        Ok(())
    }

    fn save_after(&mut self, _: Progress<T>, _: &GanError) {}

    fn recover(
        &mut self,
        _: Progress<T>,
        step: usize,
        cause: GanError,
    ) -> Result<Recovered, GanError> {
        Err(Incidents::default().diverged(step, None, cause))
    }

    fn go_back(&mut self, _: Progress<T>, step: usize, cause: GanError) -> Result<(), GanError> {
        Err(Incidents::default().diverged(step, None, cause))
    }

    fn describe(&self, _: &mut Outcome) {}
}
