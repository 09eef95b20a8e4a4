//! A run in progress.

use std::marker::PhantomData;
use std::sync::atomic::{AtomicBool, Ordering};

use burn::tensor::Device;

use super::conditions::check_conditions;
use super::outcome::Outcome;
use super::recovery::{Observers, Progress, Recovered, Recovery};
use crate::adversarial::AdversarialTrainer;
use crate::batch::Condition;
use crate::data::Source;
use crate::gan_error::GanError;
use crate::observer::{Flow, Observer, Plan};
use crate::report::StepReport;

/// A run whose trainer takes its steps; what is saved and how errors are met is the business of `R`.
pub(super) struct Session<'a, const D: usize, C, T, S, R> {
    pub trainer: &'a mut T,
    pub source: &'a mut S,
    /// Steps behind the trainer at which the run is over.
    pub steps: usize,
    pub observers: Observers<'a, T>,
    pub stop: Option<&'a AtomicBool>,
    pub recovery: R,
    pub last: Option<StepReport>,
    pub stopped: bool,
    pub device: Device,
    pub condition: PhantomData<C>,
}

impl<'a, const D: usize, C, T, S, R> Session<'a, D, C, T, S, R>
where
    C: Condition,
    T: AdversarialTrainer<D, C>,
    S: Source<D, C>,
    R: Recovery<T>,
{
    pub fn run(mut self) -> Result<Outcome, GanError> {
        let (recovery, progress) = self.parts();
        recovery.resume(progress)?;
        check_conditions(self.trainer, self.source, &self.device)?;
        let plan = self.plan();
        log::info!("training from step {} to {}", plan.from, plan.to);
        self.observers.start(plan)?;
        if self.recovery.is_due_at_start() {
            self.save()?;
        }
        if let Err(error) = self.train() {
            self.save_after(&error);
            return Err(error);
        }
        log::info!("training ended at step {}", self.trainer.steps());
        let mut outcome = Outcome {
            steps: self.trainer.steps(),
            stopped: self.stopped,
            last: self.last,
            ..Outcome::default()
        };
        self.recovery.describe(&mut outcome);
        Ok(outcome)
    }

    /// All steps, and what belongs to the end of them.
    fn train(&mut self) -> Result<(), GanError> {
        loop {
            while self.trainer.steps() < self.steps && !self.stopped {
                self.step()?;
            }
            // A trainer that does not check each step has not said yet whether the last ones stayed finite.
            match self.trainer.check_finite() {
                Ok(()) => break,
                Err(error) => self.recover(error)?,
            }
        }
        self.observers.finish(self.last.as_ref(), self.trainer)?;
        if self.recovery.saved_steps() != Some(self.trainer.steps()) {
            self.save()?;
        }
        Ok(())
    }

    /// One step and what follows from it.
    fn step(&mut self) -> Result<(), GanError> {
        let batch = self.source.batch(self.trainer.steps(), &self.device)?;
        let report = match self.trainer.step(batch) {
            Ok(report) => report,
            Err(error) => return self.recover(error),
        };
        let step = report.step;
        let flow = match self.observers.observe(&report, self.trainer) {
            Ok(flow) => flow,
            // An observer may be the first to use a state that was not checked yet.
            Err(error @ GanError::NonFiniteState { .. }) => {
                let found = self.trainer.check_finite().err();
                return self.recover(found.unwrap_or(error));
            }
            Err(error) => return Err(error),
        };
        self.last = Some(report);
        if flow == Flow::RollBack {
            return self.go_back(step);
        }
        self.stopped = flow == Flow::Stop || self.is_asked_to_stop();
        let steps = self.trainer.steps();
        // The last checkpoint is written when the observers have finished.
        if self.stopped || steps >= self.steps || !self.recovery.is_due(steps) {
            return Ok(());
        }
        // A trainer that does not check each step may find only now that it is not finite.
        match self.trainer.check_finite() {
            Ok(()) => self.save(),
            Err(error) => self.recover(error),
        }
    }

    /// Goes on after a step that did not stay finite, where the run's policy says how.
    fn recover(&mut self, error: GanError) -> Result<(), GanError> {
        let GanError::NonFiniteStep { step, restored, .. } = error else {
            return Err(error);
        };
        let (recovery, progress) = self.parts();
        let recovered = recovery.recover(progress, step, error)?;
        self.forget_from(restored);
        match recovered {
            Recovered::Skipped => Ok(()),
            Recovered::WentBack => self.start_again(),
        }
    }

    /// Goes back because an observer asks for it, where the run's policy allows it.
    fn go_back(&mut self, step: usize) -> Result<(), GanError> {
        let cause = GanError::user("an observer asked to go back");
        let (recovery, progress) = self.parts();
        recovery.go_back(progress, step, cause)?;
        self.start_again()
    }

    /// Tells the observers that the run went back.
    fn start_again(&mut self) -> Result<(), GanError> {
        let plan = self.plan();
        self.forget_from(plan.from);
        self.observers.start(plan)
    }

    /// Drops the last report if it is of this step or a later one, which were undone.
    fn forget_from(&mut self, step: usize) {
        self.last = self.last.take().filter(|report| report.step < step);
    }

    fn save(&mut self) -> Result<(), GanError> {
        let (recovery, progress) = self.parts();
        recovery.save(progress)
    }

    /// Saves what there is before the run ends in an error, which counts more than one of saving.
    fn save_after(&mut self, error: &GanError) {
        if let Err(second) = self.trainer.check_finite() {
            log::warn!("the last steps did not stay finite either: {second}");
        }
        let (recovery, progress) = self.parts();
        recovery.save_after(progress, error);
    }

    fn parts(&mut self) -> (&mut R, Progress<'_, 'a, T>) {
        let progress = Progress {
            steps: self.trainer.steps(),
            trainer: self.trainer,
            observers: &mut self.observers,
        };
        (&mut self.recovery, progress)
    }

    fn plan(&self) -> Plan {
        Plan::new(self.trainer.steps(), self.steps)
    }

    fn is_asked_to_stop(&self) -> bool {
        self.stop.is_some_and(|flag| flag.load(Ordering::Relaxed))
    }
}
