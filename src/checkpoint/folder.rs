//! [`Checkpoints`]: the folder that a run keeps its checkpoints in.

use std::collections::BTreeMap;
use std::fs::{self, File, TryLockError};
use std::io::Write;
use std::path::{Path, PathBuf};

use super::manifest::{Checkpoint, FileRecord, MANIFEST, MANIFEST_HASH, Manifest, hash_line};
use crate::gan_error::GanError;

const PREFIX: &str = "step-";
/// Names of what is not whole yet, or not wanted any more.
const WRITING: &str = ".writing-";
const REMOVED: &str = ".removed-";

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
    pub damaged: Vec<GanError>,
}

impl Checkpoints {
    /// Takes the folder, which is created, for a run, and clears away what a crash left half-written.
    ///
    /// # Errors
    /// [`GanError::File`] where it cannot be created or written to, [`GanError::CheckpointsInUse`] where another
    /// run has it.
    pub fn open(folder: impl AsRef<Path>) -> Result<Self, GanError> {
        let folder = folder.as_ref().to_path_buf();
        fs::create_dir_all(&folder).map_err(|error| GanError::io(&folder, error))?;
        let lock = lock(&folder)?;
        for (name, path) in entries(&folder)? {
            if name.starts_with(WRITING) || name.starts_with(REMOVED) {
                fs::remove_dir_all(&path).map_err(|error| GanError::io(&path, error))?;
            }
        }
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
    /// [`GanError::File`] where the folder cannot be read.
    pub fn list(folder: impl AsRef<Path>) -> Result<BTreeMap<usize, PathBuf>, GanError> {
        let steps = entries(folder.as_ref())?
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
    /// [`GanError::File`] where the folder cannot be read, [`GanError::NoWholeCheckpoint`] where all that there
    /// are are damaged, [`GanError::CheckpointFormat`] where the newest is of a later version of this crate.
    pub fn latest(folder: impl AsRef<Path>) -> Result<Found, GanError> {
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
                Err(error @ GanError::DamagedCheckpoint { .. }) => {
                    log::warn!("{error}; going back to the checkpoint before it");
                    damaged.push(error);
                }
                Err(error) => return Err(error),
            }
        }
        match damaged.is_empty() {
            true => Ok(Found {
                checkpoint: None,
                damaged,
            }),
            false => Err(GanError::NoWholeCheckpoint {
                folder: folder.to_path_buf(),
                damaged: damaged.iter().map(GanError::to_string).collect(),
            }),
        }
    }

    /// The checkpoint with the best score of this name, by its manifest, and the score.
    ///
    /// # Errors
    /// [`GanError::File`] where the folder cannot be read.
    pub fn best(
        folder: impl AsRef<Path>,
        name: &str,
        is_better: impl Fn(f64, f64) -> bool,
    ) -> Result<Option<(PathBuf, f64)>, GanError> {
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
    /// [`GanError::File`] where it cannot be written; those that were there are untouched then.
    pub fn write(
        &self,
        mut manifest: Manifest,
        files: &BTreeMap<String, Vec<u8>>,
    ) -> Result<PathBuf, GanError> {
        manifest.files = files
            .iter()
            .map(|(name, content)| (name.clone(), FileRecord::of(content)))
            .collect();
        let text = serde_json::to_vec_pretty(&manifest)
            .map_err(|error| GanError::state("manifest", error))?;
        let name = folder_name(manifest.step);
        let partial = self.folder.join(format!("{WRITING}{name}"));
        let path = self.folder.join(&name);
        let written = fill(&partial, &text, files).and_then(|()| self.put(&partial, &path));
        match written {
            Ok(()) => Ok(path),
            Err(error) => {
                // Nothing to say of a leftover that cannot be removed: the first error is the one that counts.
                let _ = fs::remove_dir_all(&partial);
                Err(GanError::io(path, error))
            }
        }
    }

    /// Moves a finished folder to its name; an older one of that name makes way.
    fn put(&self, partial: &Path, path: &Path) -> std::io::Result<()> {
        let removed = self.removed(path);
        if path.exists() {
            fs::rename(path, &removed)?;
        }
        fs::rename(partial, path)?;
        sync_folder(&self.folder)?;
        if removed.exists() {
            fs::remove_dir_all(&removed)?;
        }
        Ok(())
    }

    /// Removes all checkpoints up to `step` but the last `keep` of them and the one at `best`.
    ///
    /// Later ones are damaged ones that a run passed over: they do not count, and stay until it gets there.
    ///
    /// # Errors
    /// [`GanError::File`] where one cannot be removed.
    pub fn prune(&self, step: usize, keep: usize, best: Option<&Path>) -> Result<(), GanError> {
        let mut checkpoints = Self::list(&self.folder)?;
        checkpoints.split_off(&(step + 1));
        let old = checkpoints.into_values().rev().skip(keep);
        for path in old.filter(|path| Some(path.as_path()) != best) {
            // Renamed first: half of a folder must not pass for a damaged checkpoint.
            let removed = self.removed(&path);
            fs::rename(&path, &removed)
                .and_then(|()| fs::remove_dir_all(&removed))
                .map_err(|error| GanError::io(&path, error))?;
        }
        Ok(())
    }

    fn removed(&self, path: &Path) -> PathBuf {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        self.folder.join(format!("{REMOVED}{name}"))
    }
}

/// A checkpoint, if it is the one of this step.
fn read_step(step: usize, path: &Path) -> Result<Checkpoint, GanError> {
    let checkpoint = Checkpoint::read(path)?;
    match checkpoint.manifest.step == step {
        true => Ok(checkpoint),
        false => Err(GanError::DamagedCheckpoint {
            path: path.to_path_buf(),
            reason: format!("it is of step {}", checkpoint.manifest.step),
        }),
    }
}

/// Sorts by name as by step.
fn folder_name(step: usize) -> String {
    format!("{PREFIX}{step:09}")
}

fn entries(folder: &Path) -> Result<Vec<(String, PathBuf)>, GanError> {
    let io = |error| GanError::io(folder, error);
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(io)? {
        let entry = entry.map_err(io)?;
        if let Ok(name) = entry.file_name().into_string() {
            found.push((name, entry.path()));
        }
    }
    Ok(found)
}

/// Makes a folder of these files and brings it to the disk.
fn fill(folder: &Path, manifest: &[u8], files: &BTreeMap<String, Vec<u8>>) -> std::io::Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    fs::create_dir(folder)?;
    for (name, content) in files {
        write_synced(&folder.join(name), content)?;
    }
    write_synced(&folder.join(MANIFEST), manifest)?;
    write_synced(&folder.join(MANIFEST_HASH), hash_line(manifest).as_bytes())?;
    sync_folder(folder)
}

fn write_synced(path: &Path, content: &[u8]) -> std::io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(content)?;
    file.sync_all()
}

/// Brings the names in a folder to the disk, where the system can.
fn sync_folder(folder: &Path) -> std::io::Result<()> {
    match cfg!(unix) {
        true => File::open(folder)?.sync_all(),
        false => Ok(()),
    }
}

/// Keeps other runs out of the folder; `None` on a file system without locks.
fn lock(folder: &Path) -> Result<Option<File>, GanError> {
    let path = folder.join(".lock");
    let file = File::create(&path).map_err(|error| GanError::io(&path, error))?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Err(GanError::CheckpointsInUse {
            folder: folder.to_path_buf(),
        }),
        Err(TryLockError::Error(error)) => {
            log::debug!("{}: no lock: {error}", path.display());
            Ok(None)
        }
    }
}
