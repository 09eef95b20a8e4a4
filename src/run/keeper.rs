//! What a run keeps on disk: its checkpoints, written and found again.

use std::path::{Path, PathBuf};

use burn::config::Config;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Run;
use super::divergence::Incidents;
use crate::adversarial::AdversarialTrainer;
use crate::batch::Condition;
use crate::checkpoint::{Checkpoint, Checkpoints, Manifest, ScoreRecord, differences};
use crate::data::Source;
use crate::errors::at_least_1;
use crate::gan_error::GanError;
use crate::persistent::{Persistent, SavedState};
use crate::score::Score;

/// Where and how often a run writes checkpoints.
#[derive(Config, Debug)]
#[non_exhaustive]
pub struct CheckpointConfig {
    /// The folder, which is created.
    pub folder: PathBuf,
    /// Steps from one checkpoint to the next; there is one after the last step too, and whenever the run ends
    /// early.
    #[config(default = 500)]
    pub every: usize,
    /// How many of the last checkpoints are kept; the best is kept besides.
    #[config(default = 3)]
    pub keep: usize,
}

/// How a run asks its trainer for what [`Persistent`] trainers can do.
///
/// Functions, not a bound: a run without checkpoints takes any trainer.
pub(super) struct Persistence<T> {
    pub describe: fn(&T) -> Result<Value, GanError>,
    pub upgrade: fn(&T, Value) -> Value,
    pub seed: fn(&T) -> u64,
    pub save: fn(&T) -> Result<SavedState, GanError>,
    pub load: fn(&mut T, &SavedState) -> Result<(), GanError>,
    pub skip: fn(&mut T),
    pub scale: fn(&mut T, f64),
}

impl<T: Persistent> Persistence<T> {
    pub fn of() -> Self {
        Self {
            describe: T::description,
            upgrade: T::upgraded_description,
            seed: T::seed,
            save: T::save_state,
            load: T::load_state,
            skip: T::skip_step,
            scale: T::scale_learning_rates,
        }
    }
}

/// The part of a run that is no trainer's.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct RunState {
    pub incidents: Incidents,
    pub observers: Value,
}

/// The checkpoints of a run in progress.
pub(super) struct Keeper<'a, T> {
    config: CheckpointConfig,
    checkpoints: Checkpoints,
    /// What has to be the same for the run to go on.
    configuration: Value,
    seed: u64,
    best: Option<Score<'a, T>>,
    /// Steps behind the last checkpoint, and its folder.
    pub last: Option<(usize, PathBuf)>,
}

impl<'a, T> Keeper<'a, T> {
    /// The checkpoints of a run that keeps any.
    pub fn of<const D: usize, C, S>(run: &mut Run<'a, D, C, T, S>) -> Result<Option<Self>, GanError>
    where
        C: Condition,
        T: AdversarialTrainer<D, C>,
        S: Source<D, C>,
    {
        let best = run.best.take();
        let config = match (run.checkpoints.take(), &run.resume) {
            (Some(config), _) => Some(config),
            (None, Some(folder)) => Some(CheckpointConfig::new(folder.clone())),
            (None, None) => None,
        };
        let (Some(config), Some(persistence)) = (config, &run.persistence) else {
            return match best {
                Some(score) => {
                    let requirement = "needs a run that keeps checkpoints";
                    Err(GanError::config("keep_best", score.name(), requirement))
                }
                None => Ok(None),
            };
        };
        let mut configuration = (persistence.describe)(run.trainer)?;
        match configuration.as_object_mut() {
            Some(fields) => fields.insert("source".to_string(), run.source.identity()?.to_value()),
            None => return Err(GanError::state("configuration", "it is no object")),
        };
        let seed = (persistence.seed)(run.trainer);
        let keeper = Self::open(config, configuration, seed, best)?;
        if run.resume.as_deref() != Some(keeper.folder()) {
            keeper.refuse_older()?;
        }
        Ok(Some(keeper))
    }

    fn open(
        config: CheckpointConfig,
        configuration: Value,
        seed: u64,
        best: Option<Score<'a, T>>,
    ) -> Result<Self, GanError> {
        at_least_1("checkpoints.every", config.every)?;
        at_least_1("checkpoints.keep", config.keep)?;
        let checkpoints = Checkpoints::open(&config.folder)?;
        // As it will be read: text does not keep the last bit of every number.
        let configuration = serde_json::to_vec(&configuration)
            .and_then(|text| serde_json::from_slice(&text))
            .map_err(|error| GanError::state("configuration", error))?;
        Ok(Self {
            config,
            checkpoints,
            configuration,
            seed,
            best,
            last: None,
        })
    }

    pub fn folder(&self) -> &Path {
        &self.config.folder
    }

    /// Refuses a folder with checkpoints of another run.
    fn refuse_older(&self) -> Result<(), GanError> {
        match Checkpoints::list(&self.config.folder)?.keys().next_back() {
            Some(&step) => Err(GanError::CheckpointsExist {
                folder: self.config.folder.clone(),
                step,
            }),
            None => Ok(()),
        }
    }

    /// Refuses a checkpoint of another run, but for the `allowed` fields.
    pub fn refuse_other(
        &self,
        checkpoint: &Checkpoint,
        allowed: &[String],
    ) -> Result<(), GanError> {
        let is_allowed = |field: &str| {
            allowed.iter().any(|allowed| {
                let rest = field.strip_prefix(allowed.as_str());
                rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
            })
        };
        let manifest = &checkpoint.manifest;
        let found = differences(&manifest.configuration, &self.configuration);
        // What an earlier version of the crate did not know of cannot differ from what it did.
        let is_older = manifest.burn_gan != env!("CARGO_PKG_VERSION");
        let (allowed, refused): (Vec<_>, Vec<_>) = found.into_iter().partition(|difference| {
            is_allowed(&difference.field) || (is_older && difference.saved.is_none())
        });
        for difference in allowed {
            log::warn!("goes on with a change that was allowed: {difference}");
        }
        if !refused.is_empty() {
            return Err(GanError::ResumeMismatch {
                path: checkpoint.path.clone(),
                differences: refused.iter().map(ToString::to_string).collect(),
            });
        }
        Ok(())
    }

    /// Whether a run with this many steps behind it writes a checkpoint.
    pub fn is_due(&self, steps: usize, total: usize) -> bool {
        steps.is_multiple_of(self.config.every) || steps == total
    }

    /// How good the trainer is, where the best checkpoint is kept.
    pub fn score(&mut self, trainer: &T) -> Result<Option<ScoreRecord>, GanError> {
        let Some(score) = &mut self.best else {
            return Ok(None);
        };
        let value = score.value(trainer)?;
        Ok(Some(ScoreRecord::new(score.name(), value)))
    }

    /// Writes a checkpoint and removes those that are not to be kept.
    pub fn save(
        &mut self,
        steps: usize,
        state: SavedState,
        run: RunState,
        score: Option<ScoreRecord>,
    ) -> Result<(), GanError> {
        let mut manifest = Manifest::new(steps, self.seed);
        manifest.configuration = self.configuration.clone();
        manifest.state = state.numbers;
        manifest.run = serde_json::to_value(run).map_err(|error| GanError::state("run", error))?;
        manifest.score = score;
        let path = self.checkpoints.write(manifest, &state.files)?;
        log::debug!("checkpoint {}", path.display());
        self.last = Some((steps, path));
        let best = match &self.best {
            Some(score) => {
                let is_better = |value, best| score.is_better(value, best);
                Checkpoints::best(&self.config.folder, score.name(), is_better)?
            }
            None => None,
        };
        let best = best.as_ref().map(|(path, _)| path.as_path());
        self.checkpoints.prune(steps, self.config.keep, best)
    }
}
