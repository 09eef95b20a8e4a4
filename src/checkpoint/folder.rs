//! [`Checkpoints`]: the folder that a run keeps its checkpoints in.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};

use super::error::CheckpointError;
use super::manifest::{Checkpoint, FileRecord, Manifest};
use super::storage;
use crate::errors::FileError;
use crate::files::create_folder;

const PREFIX: &str = "step-";

/// A folder of checkpoints, which one run at a time writes to.
#[derive(Debug)]
pub struct Checkpoints {
    folder: PathBuf,
    /// Held as long as this lives; the system lets go of it when the process dies, however it does.
    _lock: Option<File>,
}

/// What a scan for the newest checkpoint found.
#[derive(Debug, Default)]
pub struct Found {
    /// The newest whole checkpoint; `None` in a folder without any.
    pub checkpoint: Option<Checkpoint>,
    /// Newer ones that are damaged, each with the reason.
    pub damaged: Vec<CheckpointError>,
}

impl Checkpoints {
    /// Takes the folder, which is created, for a run, and finishes or undoes what a crash left half done.
    ///
    /// # Errors
    /// [`CheckpointError::File`] where it cannot be created or written to, [`CheckpointError::InUse`] where another
    /// run has it.
    pub fn open(folder: impl AsRef<Path>) -> Result<Self, CheckpointError> {
        let folder = folder.as_ref().to_path_buf();
        create_folder(&folder).map_err(|error| FileError::new(&folder, error))?;
        let lock = storage::lock(&folder)?;
        storage::recover(&folder)?;
        Ok(Self {
            folder,
            _lock: lock,
        })
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The checkpoints' folders by step, whole or not.
    ///
    /// # Errors
    /// [`CheckpointError::File`] where the folder cannot be read.
    pub fn list(folder: impl AsRef<Path>) -> Result<BTreeMap<usize, PathBuf>, CheckpointError> {
        let steps = storage::entries(folder.as_ref())?
            .into_iter()
            .filter_map(|(name, path)| {
                let step: usize = name.strip_prefix(PREFIX)?.parse().ok()?;
                // Other spellings of the number are not ours.
                (name == folder_name(step)).then_some((step, path))
            });
        Ok(steps.collect())
    }

    /// The newest whole checkpoint in a folder; damaged ones after it are named and passed over.
    ///
    /// # Errors
    /// [`CheckpointError::File`] where the folder cannot be read, [`CheckpointError::NoneWhole`] where all that there
    /// are are damaged, [`CheckpointError::Format`] where the newest is of a later version of this crate.
    pub fn latest(folder: impl AsRef<Path>) -> Result<Found, CheckpointError> {
        let folder = folder.as_ref();
        let mut damaged = Vec::new();
        for (step, path) in Self::list(folder)?.into_iter().rev() {
            match read_step(step, &path) {
                Ok(checkpoint) => {
                    let checkpoint = Some(checkpoint);
                    return Ok(Found {
                        checkpoint,
                        damaged,
                    });
                }
                Err(error @ CheckpointError::Damaged { .. }) => {
                    log::warn!("{error}; going back to the checkpoint before it");
                    damaged.push(error);
                }
                Err(error) => return Err(error),
            }
        }
        if damaged.is_empty() {
            return Ok(Found::default());
        }
        Err(CheckpointError::NoneWhole {
            folder: folder.to_path_buf(),
            damaged: damaged.iter().map(CheckpointError::to_string).collect(),
        })
    }

    /// The checkpoint with the best score of this name, by its manifest, and the score.
    ///
    /// # Errors
    /// [`CheckpointError::File`] where the folder cannot be read.
    pub fn best(
        folder: impl AsRef<Path>,
        name: &str,
        is_better: impl Fn(f64, f64) -> bool,
    ) -> Result<Option<(PathBuf, f64)>, CheckpointError> {
        let mut best: Option<(PathBuf, f64)> = None;
        for path in Self::list(folder)?.into_values() {
            let Ok(Manifest {
                score: Some(score), ..
            }) = Manifest::read(&path)
            else {
                continue;
            };
            let wins = best
                .as_ref()
                .is_none_or(|(_, best)| is_better(score.value, *best));
            if score.name == name && wins {
                best = Some((path, score.value));
            }
        }
        Ok(best)
    }

    /// Writes a checkpoint: all of it, or nothing.
    ///
    /// # Errors
    /// [`CheckpointError::File`] where it cannot be written, [`CheckpointError::State`] for what could not be read back: a manifest
    /// that is too long or nested too deeply, a file whose name is none or is taken. Those that were there are
    /// untouched then.
    pub fn write(
        &self,
        mut manifest: Manifest,
        files: &BTreeMap<String, Vec<u8>>,
    ) -> Result<PathBuf, CheckpointError> {
        manifest.files = files
            .iter()
            .map(|(name, content)| (name.clone(), FileRecord::of(content)))
            .collect();
        let text = manifest.to_text()?;
        let name = folder_name(manifest.step);
        let path = self.folder.join(&name);
        storage::write(&self.folder, &name, &text, files)
            .map_err(|error| FileError::new(&path, error))?;
        Ok(path)
    }

    /// Removes all checkpoints up to `step` but the last `keep` of them and the one at `best`.
    ///
    /// Later ones are damaged ones that a run passed over: they do not count, and stay until it gets there.
    ///
    /// # Errors
    /// [`CheckpointError::File`] where one cannot be removed.
    pub fn prune(
        &self,
        step: usize,
        keep: usize,
        best: Option<&Path>,
    ) -> Result<(), CheckpointError> {
        let mut checkpoints = Self::list(&self.folder)?;
        checkpoints.split_off(&(step + 1));
        let old = checkpoints.into_values().rev().skip(keep);
        for path in old.filter(|path| Some(path.as_path()) != best) {
            storage::remove(&self.folder, &path).map_err(|error| FileError::new(&path, error))?;
        }
        Ok(())
    }
}

/// A checkpoint, if it is the one of this step.
fn read_step(step: usize, path: &Path) -> Result<Checkpoint, CheckpointError> {
    let checkpoint = Checkpoint::read(path)?;
    if checkpoint.manifest.step == step {
        return Ok(checkpoint);
    }
    Err(CheckpointError::Damaged {
        path: path.to_path_buf(),
        reason: format!("it is of step {}", checkpoint.manifest.step),
    })
}

/// Sorts by name as by step.
fn folder_name(step: usize) -> String {
    format!("{PREFIX}{step:09}")
}
