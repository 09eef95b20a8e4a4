//! [`Restoring`]: a run that saves its trainer and puts it back.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::divergence::{Divergence, Incidents};
use super::keeper::Keeper;
use super::outcome::Outcome;
use super::recovery::{Progress, Recovered, Recovery};
use super::run_state::RunState;
use crate::checkpoint::{Checkpoint, Checkpoints, Found};
use crate::gan_error::GanError;
use crate::observer::Observer;
use crate::persistent::Persistent;

/// The recovery of a run whose trainer is [`Persistent`].
pub(super) struct Restoring<'a, T> {
    /// `None` where no checkpoints are written.
    keeper: Option<Keeper<'a, T>>,
    divergence: Divergence,
    /// Where the run goes on from.
    from: Option<PathBuf>,
    /// Fields of the configuration that may differ there.
    allowed: Vec<String>,
    incidents: Incidents,
    resumed: Option<usize>,
    damaged: Vec<String>,
}

impl<'a, T: Persistent> Restoring<'a, T> {
    pub fn new(
        keeper: Option<Keeper<'a, T>>,
        divergence: Divergence,
        from: Option<PathBuf>,
        allowed: Vec<String>,
    ) -> Self {
        Self {
            keeper,
            divergence,
            from,
            allowed,
            incidents: Incidents::default(),
            resumed: None,
            damaged: Vec::new(),
        }
    }

    /// Writes a checkpoint, where the run keeps any; what observers and scores fail to say goes through `forgive`.
    fn write(
        &mut self,
        run: Progress<T>,
        forgive: impl Fn(GanError) -> Result<(), GanError>,
    ) -> Result<(), GanError> {
        let Some(keeper) = &mut self.keeper else {
            return Ok(());
        };
        let trainer = run.trainer.save_state()?;
        let observers = match run.observers.memory() {
            Ok(memory) => memory,
            Err(error) => forgive(error).map(|()| Value::Null)?,
        };
        let score = match keeper.score(run.trainer) {
            Ok(score) => score,
            Err(error) => forgive(error).map(|()| None)?,
        };
        let state = RunState {
            trainer,
            incidents: self.incidents,
            observers,
        };
        keeper.save(run.steps, state, score)
    }

    /// The folder of the last checkpoint.
    fn last(&self) -> Option<&Path> {
        let (_, path) = self.keeper.as_ref()?.last.as_ref()?;
        Some(path)
    }
}

impl<T: Persistent> Recovery<T> for Restoring<'_, T> {
    /// Puts the trainer where the newest checkpoint is, if the run resumes and there is one.
    fn resume(&mut self, mut run: Progress<T>) -> Result<(), GanError> {
        let (Some(keeper), Some(folder)) = (&mut self.keeper, &self.from) else {
            return Ok(());
        };
        let found = if folder.exists() {
            Checkpoints::latest(folder)?
        } else {
            Found::default()
        };
        self.damaged = found.damaged.iter().map(ToString::to_string).collect();
        let Some(mut checkpoint) = found.checkpoint else {
            log::info!("no checkpoint in {}: a new run", folder.display());
            return Ok(());
        };
        let saved = std::mem::take(&mut checkpoint.manifest.configuration);
        checkpoint.manifest.configuration = run.trainer.upgraded_description(saved);
        keeper.refuse_other(&checkpoint, &self.allowed)?;
        log::info!("going on from {}", checkpoint.path.display());
        let steps = checkpoint.manifest.step;
        if keeper.is_in(folder) {
            keeper.last = Some((steps, checkpoint.path.clone()));
        }
        self.incidents = restore(&mut run, checkpoint)?;
        self.resumed = Some(steps);
        Ok(())
    }

    /// There has to be something to go back to.
    fn is_due_at_start(&self) -> bool {
        matches!(self.divergence, Divergence::RollBack { .. }) && self.last().is_none()
    }

    fn is_due(&self, steps: usize) -> bool {
        self.keeper
            .as_ref()
            .is_some_and(|keeper| keeper.is_due(steps))
    }

    fn saved_steps(&self) -> Option<usize> {
        let (steps, _) = self.keeper.as_ref()?.last.as_ref()?;
        Some(*steps)
    }

    fn save(&mut self, run: Progress<T>) -> Result<(), GanError> {
        self.write(run, Err)
    }

    fn save_after(&mut self, run: Progress<T>, error: &GanError) {
        let steps = run.steps;
        if self.keeper.is_none() || self.saved_steps() == Some(steps) {
            return;
        }
        let saved = self.write(run, |missing| {
            log::error!("saved without a part: {missing}");
            Ok(())
        });
        match saved {
            Ok(()) => log::warn!("the run ends at step {steps}, which is saved: {error}"),
            Err(second) => log::error!("the run ends at step {steps}, not saved: {second}"),
        }
    }

    fn recover(
        &mut self,
        run: Progress<T>,
        step: usize,
        cause: GanError,
    ) -> Result<Recovered, GanError> {
        match self.divergence {
            Divergence::Skip { limit } if self.incidents.skipped < limit => {
                self.incidents.skipped += 1;
                let count = self.incidents.skipped;
                log::warn!("left out, {count} of {limit} times: {cause}");
                // Where not every step is checked, those since the last check are lost with this one.
                for _ in run.steps..=step {
                    run.trainer.skip_step();
                }
                Ok(Recovered::Skipped)
            }
            Divergence::RollBack { .. } => {
                self.go_back(run, step, cause).map(|()| Recovered::WentBack)
            }
            _ => Err(self.incidents.diverged(step, self.last(), cause)),
        }
    }

    /// Back to the last checkpoint, with lower learning rates, if the policy allows it once more.
    fn go_back(
        &mut self,
        mut run: Progress<T>,
        step: usize,
        cause: GanError,
    ) -> Result<(), GanError> {
        let found = match (self.divergence, &self.keeper) {
            (Divergence::RollBack { factor, limit }, Some(keeper))
                if self.incidents.roll_backs < limit =>
            {
                Checkpoints::latest(keeper.folder())?
                    .checkpoint
                    .map(|checkpoint| (checkpoint, factor, limit))
            }
            _ => None,
        };
        let Some((checkpoint, factor, limit)) = found else {
            return Err(self.incidents.diverged(step, self.last(), cause));
        };
        let now = self.incidents.roll_backs + 1;
        log::warn!(
            "going back to {}, {now} of {limit} times, with learning rates times {factor}: {cause}",
            checkpoint.path.display()
        );
        let saved = restore(&mut run, checkpoint)?;
        // The checkpoint knows of the roll backs before it.
        for _ in saved.roll_backs..now {
            run.trainer.scale_learning_rates(factor);
        }
        self.incidents = Incidents {
            roll_backs: now,
            ..saved
        };
        Ok(())
    }

    fn describe(&self, outcome: &mut Outcome) {
        outcome.resumed = self.resumed;
        outcome.damaged = self.damaged.clone();
        outcome.checkpoint = self.last().map(Path::to_path_buf);
        outcome.skipped = self.incidents.skipped;
        outcome.roll_backs = self.incidents.roll_backs;
    }
}

/// Puts a checkpoint's state into the trainer and the observers.
fn restore<T: Persistent>(
    run: &mut Progress<T>,
    checkpoint: Checkpoint,
) -> Result<Incidents, GanError> {
    let saved = RunState::read(checkpoint)?;
    run.trainer.load_state(&saved.trainer)?;
    run.observers.recall(&saved.observers)?;
    Ok(saved.incidents)
}
