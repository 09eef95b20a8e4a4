//! A run in progress.

use std::marker::PhantomData;
use std::path::PathBuf;
use std::sync::atomic::Ordering;

use burn::tensor::Device;
use serde::Deserialize;
use serde_json::Value;

use super::divergence::{Divergence, Incidents};
use super::keeper::{Keeper, RunState};
use super::{Outcome, Run};
use crate::adversarial::AdversarialTrainer;
use crate::batch::Condition;
use crate::checkpoint::{Checkpoint, Checkpoints, Found};
use crate::data::Source;
use crate::gan_error::GanError;
use crate::observer::{Flow, Observer, Plan};

/// A run whose checkpoints are open and whose trainer is where it goes on.
pub(super) struct Session<'a, const D: usize, C, T, S> {
    run: Run<'a, D, C, T, S>,
    keeper: Option<Keeper<'a, T>>,
    incidents: Incidents,
    outcome: Outcome,
    device: Device,
    condition: PhantomData<C>,
}

impl<'a, const D: usize, C, T, S> Session<'a, D, C, T, S>
where
    C: Condition,
    T: AdversarialTrainer<D, C>,
    S: Source<D, C>,
{
    pub fn open(mut run: Run<'a, D, C, T, S>) -> Result<Self, GanError> {
        run.divergence.check()?;
        let keeper = Keeper::of(&mut run)?;
        if let (Divergence::RollBack { .. }, None) = (run.divergence, &keeper) {
            let requirement = "needs a run that keeps checkpoints";
            return Err(GanError::config("divergence", run.divergence, requirement));
        }
        let device = run.trainer.device().without_autodiff();
        let mut session = Self {
            run,
            keeper,
            incidents: Incidents::default(),
            outcome: Outcome::default(),
            device,
            condition: PhantomData,
        };
        session.resume()?;
        Ok(session)
    }

    pub fn run(mut self) -> Result<Outcome, GanError> {
        let plan = Plan::new(self.run.trainer.steps(), self.run.steps);
        log::info!("training from step {} to {}", plan.from, plan.to);
        self.run.observers.start(plan)?;
        // There has to be something to go back to.
        if matches!(self.run.divergence, Divergence::RollBack { .. }) && self.last().is_none() {
            self.save()?;
        }
        while self.run.trainer.steps() < self.run.steps && !self.outcome.stopped {
            if let Err(error) = self.step() {
                self.save_after(&error);
                return Err(error);
            }
        }
        if self
            .last()
            .is_none_or(|(steps, _)| *steps != self.run.trainer.steps())
        {
            self.save()?;
        }
        self.run.observers.finish(self.run.trainer)?;
        log::info!("training ended at step {}", self.run.trainer.steps());
        self.outcome.steps = self.run.trainer.steps();
        self.outcome.checkpoint = self.last().map(|(_, path)| path.clone());
        self.outcome.skipped = self.incidents.skipped;
        self.outcome.roll_backs = self.incidents.roll_backs;
        Ok(self.outcome)
    }

    /// One step and what follows from it.
    fn step(&mut self) -> Result<(), GanError> {
        let batch = self
            .run
            .source
            .batch(self.run.trainer.steps(), &self.device)?;
        let report = match self.run.trainer.step(batch) {
            Ok(report) => report,
            Err(error) => return self.diverged(error),
        };
        let flow = self.run.observers.observe(&report, self.run.trainer)?;
        let step = report.step;
        self.outcome.last = Some(report);
        if flow == Flow::RollBack {
            return self.roll_back(step, GanError::user("an observer asked to go back"));
        }
        self.outcome.stopped = flow == Flow::Stop || self.is_asked_to_stop();
        let (steps, total) = (self.run.trainer.steps(), self.run.steps);
        let is_due = self
            .keeper
            .as_ref()
            .is_some_and(|keeper| keeper.is_due(steps, total));
        if !is_due && !self.outcome.stopped {
            return Ok(());
        }
        // Where not every step is looked at, the look before saving may fail.
        self.save().or_else(|error| self.diverged(error))
    }

    /// What the policy says of an error, if it is one that the policy is for.
    fn diverged(&mut self, error: GanError) -> Result<(), GanError> {
        let GanError::NonFiniteStep { step, .. } = error else {
            return Err(error);
        };
        match (self.run.divergence, &self.run.persistence) {
            (Divergence::Skip { limit }, Some(persistence)) if self.incidents.skipped < limit => {
                self.incidents.skipped += 1;
                log::warn!(
                    "left out, {} of {limit} times: {error}",
                    self.incidents.skipped
                );
                // Where not every step is looked at, those since the last look are lost with this one.
                while self.run.trainer.steps() <= step {
                    (persistence.skip)(self.run.trainer);
                }
                Ok(())
            }
            (Divergence::RollBack { .. }, _) => self.roll_back(step, error),
            _ => Err(self.give_up(step, error)),
        }
    }

    /// Back to the last checkpoint, with lower learning rates, if the policy allows it once more.
    fn roll_back(&mut self, step: usize, cause: GanError) -> Result<(), GanError> {
        let Divergence::RollBack { factor, limit } = self.run.divergence else {
            return Err(self.give_up(step, cause));
        };
        let folder = self
            .keeper
            .as_ref()
            .map(|keeper| keeper.folder().to_path_buf());
        let found = match folder {
            Some(folder) if self.incidents.roll_backs < limit => {
                Checkpoints::latest(folder)?.checkpoint
            }
            _ => None,
        };
        let Some(checkpoint) = found else {
            return Err(self.give_up(step, cause));
        };
        let now = self.incidents.roll_backs + 1;
        log::warn!(
            "going back to {}, {now} of {limit} times, with learning rates times {factor}: {cause}",
            checkpoint.path.display()
        );
        let saved = self.restore(checkpoint)?;
        if let Some(persistence) = &self.run.persistence {
            // The checkpoint knows of the roll backs before it.
            for _ in saved.roll_backs..now {
                (persistence.scale)(self.run.trainer, factor);
            }
        }
        self.incidents = Incidents {
            roll_backs: now,
            ..saved
        };
        let plan = Plan::new(self.run.trainer.steps(), self.run.steps);
        self.run.observers.start(plan)
    }

    fn give_up(&self, step: usize, cause: GanError) -> GanError {
        GanError::Diverged {
            step,
            after: self.incidents.describe(),
            checkpoint: self.last().map(|(_, path)| path.clone()),
            cause: Box::new(cause),
        }
    }

    /// Puts the trainer where the newest checkpoint is, if the run resumes and there is one.
    fn resume(&mut self) -> Result<(), GanError> {
        let (Some(keeper), Some(folder)) = (&mut self.keeper, &self.run.resume) else {
            return Ok(());
        };
        let found = match folder.exists() {
            true => Checkpoints::latest(folder)?,
            false => Found::default(),
        };
        self.outcome.damaged = found.damaged.iter().map(ToString::to_string).collect();
        let Some(mut checkpoint) = found.checkpoint else {
            log::info!("no checkpoint in {}: a new run", folder.display());
            return Ok(());
        };
        if let Some(persistence) = &self.run.persistence {
            let saved = std::mem::take(&mut checkpoint.manifest.configuration);
            checkpoint.manifest.configuration = (persistence.upgrade)(self.run.trainer, saved);
        }
        keeper.refuse_other(&checkpoint, &self.run.allowed)?;
        log::info!("going on from {}", checkpoint.path.display());
        if folder == keeper.folder() {
            keeper.last = Some((checkpoint.manifest.step, checkpoint.path.clone()));
        }
        self.outcome.resumed = Some(checkpoint.manifest.step);
        self.incidents = self.restore(checkpoint)?;
        Ok(())
    }

    /// Puts a checkpoint's state into the trainer and the observers.
    fn restore(&mut self, checkpoint: Checkpoint) -> Result<Incidents, GanError> {
        let saved = RunState::deserialize(&checkpoint.manifest.run)
            .map_err(|error| GanError::state("run", error))?;
        if let Some(persistence) = &self.run.persistence {
            (persistence.load)(self.run.trainer, &checkpoint.into_state())?;
        }
        self.run.observers.recall(&saved.observers)?;
        Ok(saved.incidents)
    }

    /// Writes a checkpoint, where the run keeps any.
    fn save(&mut self) -> Result<(), GanError> {
        self.write(Err)
    }

    /// Writes a checkpoint; what observers and scores fail to say goes through `forgive`.
    fn write(
        &mut self,
        forgive: impl Fn(GanError) -> Result<(), GanError>,
    ) -> Result<(), GanError> {
        let (Some(keeper), Some(persistence)) = (&mut self.keeper, &self.run.persistence) else {
            return Ok(());
        };
        self.run.trainer.check_finite()?;
        let state = (persistence.save)(self.run.trainer)?;
        let observers = match self.run.observers.memory() {
            Ok(memory) => memory,
            Err(error) => forgive(error).map(|()| Value::Null)?,
        };
        let score = match keeper.score(self.run.trainer) {
            Ok(score) => score,
            Err(error) => forgive(error).map(|()| None)?,
        };
        let run = RunState {
            incidents: self.incidents,
            observers,
        };
        keeper.save(self.run.trainer.steps(), state, run, score)
    }

    /// Saves what there is before the run ends in an error, which counts more than one of saving.
    fn save_after(&mut self, error: &GanError) {
        let steps = self.run.trainer.steps();
        if self.last().is_some_and(|(last, _)| *last == steps) {
            return;
        }
        let saved = self.write(|missing| {
            log::error!("saved without a part: {missing}");
            Ok(())
        });
        match saved {
            Ok(()) => log::warn!("the run ends at step {steps}, which is saved: {error}"),
            Err(second) => log::error!("the run ends at step {steps}, not saved: {second}"),
        }
    }

    fn last(&self) -> Option<&(usize, PathBuf)> {
        self.keeper.as_ref()?.last.as_ref()
    }

    fn is_asked_to_stop(&self) -> bool {
        self.run
            .stop
            .is_some_and(|flag| flag.load(Ordering::Relaxed))
    }
}
