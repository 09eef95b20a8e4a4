//! [`PersistentRun`]: a training run with checkpoints, of a trainer that can be saved.

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use super::divergence::Divergence;
use super::keeper::{CheckpointConfig, Keeper};
use super::outcome::Outcome;
use super::plain_run::Run;
use super::restoring::Restoring;
use crate::adversarial::AdversarialTrainer;
use crate::batch::Condition;
#[cfg(doc)]
use crate::checkpoint::CheckpointError;
use crate::data::Source;
use crate::errors::ConfigError;
use crate::gan_error::GanError;
use crate::observer::Observer;
use crate::persistent::Persistent;
use crate::score::Score;

/// A training run of a [`Persistent`] trainer: with checkpoints, and a policy for steps that do not stay finite.
///
/// Made by [`Run::checkpoints`], [`Run::resume`] or [`Run::on_divergence`], started by [`PersistentRun::run`].
#[must_use = "nothing is trained before `run`"]
pub struct PersistentRun<'a, const D: usize, C, T, S> {
    run: Run<'a, D, C, T, S>,
    divergence: Divergence,
    checkpoints: Option<CheckpointConfig>,
    resume: Option<PathBuf>,
    allowed: Vec<String>,
    best: Option<Score<'a, T>>,
}

impl<'a, const D: usize, C, T, S> Run<'a, D, C, T, S>
where
    C: Condition,
    T: AdversarialTrainer<D, C> + Persistent,
    S: Source<D, C>,
{
    /// Writes checkpoints: [`PersistentRun::checkpoints`].
    pub fn checkpoints(self, config: CheckpointConfig) -> PersistentRun<'a, D, C, T, S> {
        PersistentRun::new(self).checkpoints(config)
    }

    /// Goes on from the newest whole checkpoint in the folder: [`PersistentRun::resume`].
    pub fn resume(self, folder: impl AsRef<Path>) -> PersistentRun<'a, D, C, T, S> {
        PersistentRun::new(self).resume(folder)
    }

    /// What to do when training does not stay finite: [`PersistentRun::on_divergence`].
    pub fn on_divergence(self, divergence: Divergence) -> PersistentRun<'a, D, C, T, S> {
        PersistentRun::new(self).on_divergence(divergence)
    }
}

impl<'a, const D: usize, C, T, S> PersistentRun<'a, D, C, T, S>
where
    C: Condition,
    T: AdversarialTrainer<D, C> + Persistent,
    S: Source<D, C>,
{
    pub(super) fn new(run: Run<'a, D, C, T, S>) -> Self {
        Self {
            run,
            divergence: Divergence::Stop,
            checkpoints: None,
            resume: None,
            allowed: Vec::new(),
            best: None,
        }
    }

    /// As [`Run::observe`].
    pub fn observe(mut self, observer: impl Observer<T> + 'a) -> Self {
        self.run = self.run.observe(observer);
        self
    }

    /// As [`Run::stop_flag`].
    pub fn stop_flag(mut self, flag: &'a AtomicBool) -> Self {
        self.run = self.run.stop_flag(flag);
        self
    }

    /// Writes checkpoints.
    ///
    /// [`PersistentRun::run`] refuses a folder that another run writes to ([`CheckpointError::InUse`]) or that holds
    /// an earlier run's ([`CheckpointError::Exist`]), unless it resumes from there.
    pub fn checkpoints(mut self, config: CheckpointConfig) -> Self {
        self.checkpoints = Some(config);
        self
    }

    /// Goes on from the newest whole checkpoint in the folder, with the same schedule, data and random streams: to the
    /// bit as if the run had never ended. Without any the run begins anew. Checkpoints are written there too, unless
    /// [`PersistentRun::checkpoints`] says otherwise.
    ///
    /// A damaged checkpoint is named in a warning, and the one before it is taken. [`PersistentRun::run`] refuses a
    /// checkpoint of another configuration, network, loss, penalty or source of data ([`CheckpointError::Mismatch`]), a
    /// folder in which all are damaged ([`CheckpointError::NoneWhole`]) and one of a later version of this crate
    /// ([`CheckpointError::Format`]).
    pub fn resume(mut self, folder: impl AsRef<Path>) -> Self {
        self.resume = Some(folder.as_ref().to_path_buf());
        self
    }

    /// Lets one field of the configuration differ from the checkpoint's, by the name that
    /// [`CheckpointError::Mismatch`] has for it, such as `trainer.generator_learning_rate`, with all below it.
    pub fn allow_change(mut self, field: impl Into<String>) -> Self {
        self.allowed.push(field.into());
        self
    }

    /// Takes this score of every checkpoint and keeps the best one besides the last;
    /// [`Checkpoints::best`](crate::checkpoint::Checkpoints::best) finds it.
    pub fn keep_best(mut self, score: Score<'a, T>) -> Self {
        self.best = Some(score);
        self
    }

    /// What to do when training does not stay finite; without it the run stops.
    pub fn on_divergence(mut self, divergence: Divergence) -> Self {
        self.divergence = divergence;
        self
    }

    /// Trains.
    ///
    /// # Errors
    /// Those of [`Run::run`] and of a checkpoint; the run writes one first, where it keeps any. Before the first step:
    /// the errors of [`PersistentRun::checkpoints`] and [`PersistentRun::resume`], and [`GanError::Config`] for a policy
    /// that is out of range and for [`keep_best`](Self::keep_best) or [`Divergence::RollBack`] without checkpoints.
    pub fn run(mut self) -> Result<Outcome, GanError> {
        self.divergence.check()?;
        let keeper = self.keeper()?;
        if matches!(self.divergence, Divergence::RollBack { .. }) && keeper.is_none() {
            return Err(without_checkpoints("divergence", self.divergence).into());
        }
        let restoring = Restoring::new(keeper, self.divergence, self.resume, self.allowed);
        self.run.session(restoring).run()
    }

    /// The checkpoints, if the run keeps any.
    fn keeper(&mut self) -> Result<Option<Keeper<'a, T>>, GanError> {
        let best = self.best.take();
        let folder = self.resume.clone();
        let config = self
            .checkpoints
            .take()
            .or_else(|| folder.map(CheckpointConfig::new));
        let Some(config) = config else {
            return match best {
                Some(score) => Err(without_checkpoints("keep_best", score.name()).into()),
                None => Ok(None),
            };
        };
        let mut configuration = self.run.trainer.description()?;
        let source = self.run.source.identity()?.to_value();
        match configuration.as_object_mut() {
            Some(fields) => fields.insert("source".to_string(), source),
            None => return Err(GanError::state("configuration", "it is no object")),
        };
        let seed = self.run.trainer.seed();
        let keeper = Keeper::open(config, configuration, seed, best)?;
        if !self
            .resume
            .as_deref()
            .is_some_and(|from| keeper.is_in(from))
        {
            keeper.refuse_older()?;
        }
        Ok(Some(keeper))
    }
}

fn without_checkpoints(field: &'static str, value: impl std::fmt::Debug) -> ConfigError {
    ConfigError::new(field, value, "needs a run that keeps checkpoints")
}
