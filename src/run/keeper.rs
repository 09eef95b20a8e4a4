//! What a run keeps on disk: its checkpoints, written and found again.

use std::path::{Path, PathBuf};

use burn::config::Config;
use serde_json::Value;

use super::run_state::RunState;
use crate::checkpoint::{
    Checkpoint, CheckpointError, Checkpoints, FORMAT, Manifest, ScoreRecord, differences,
};
use crate::errors::at_least_1;
use crate::gan_error::GanError;
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
    /// The checkpoints of a run with this configuration; the folder is created.
    pub fn open(
        config: CheckpointConfig,
        configuration: Value,
        seed: u64,
        best: Option<Score<'a, T>>,
    ) -> Result<Self, GanError> {
        at_least_1("checkpoints.every", config.every)?;
        at_least_1("checkpoints.keep", config.keep)?;
        let checkpoints = Checkpoints::open(&config.folder)?;
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

    /// Whether the checkpoints go to this folder, whatever it is called.
    pub fn is_in(&self, folder: &Path) -> bool {
        match (folder.canonicalize(), self.folder().canonicalize()) {
            (Ok(one), Ok(other)) => one == other,
            _ => folder == self.folder(),
        }
    }

    /// Refuses a folder with checkpoints of another run.
    pub fn refuse_older(&self) -> Result<(), GanError> {
        match Checkpoints::list(&self.config.folder)?.keys().next_back() {
            Some(&step) => Err(CheckpointError::Exist {
                folder: self.config.folder.clone(),
                step,
            }
            .into()),
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
        let is_older = manifest.format < FORMAT || manifest.burn_gan != env!("CARGO_PKG_VERSION");
        let (allowed, refused): (Vec<_>, Vec<_>) = found.into_iter().partition(|difference| {
            is_allowed(&difference.field) || (is_older && difference.saved.is_none())
        });
        for difference in allowed {
            log::warn!("goes on with a change that was allowed: {difference}");
        }
        if !refused.is_empty() {
            return Err(CheckpointError::Mismatch {
                path: checkpoint.path.clone(),
                differences: refused.iter().map(ToString::to_string).collect(),
            }
            .into());
        }
        Ok(())
    }

    /// Whether a run with this many steps behind it writes a checkpoint.
    pub fn is_due(&self, steps: usize) -> bool {
        steps.is_multiple_of(self.config.every)
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
        state: RunState,
        score: Option<ScoreRecord>,
    ) -> Result<(), GanError> {
        let (run, state) = state.write()?;
        let mut manifest = Manifest::new(steps, self.seed);
        manifest.configuration = self.configuration.clone();
        manifest.state = state.numbers;
        manifest.run = run;
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
        Ok(self.checkpoints.prune(steps, self.config.keep, best)?)
    }
}
