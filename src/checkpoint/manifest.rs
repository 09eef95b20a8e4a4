//! [`Manifest`]: what a checkpoint says of itself, and whether it is true.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::error::CheckpointError;
use crate::errors::StateError;
use crate::identity::sha256;
use crate::saved_state::SavedState;

/// Version of the format that this crate writes; it reads this one and all before it.
///
/// Format 2 has what observers remember in a file of its own; in format 1 it was a part of the manifest.
pub const FORMAT: u32 = 2;
/// Burn's version, whose weights format the files are in.
const BURN: &str = "0.22.1";
pub(super) const MANIFEST: &str = "manifest.json";
pub(super) const MANIFEST_HASH: &str = "manifest.sha256";
/// No manifest is anywhere near as long; a longer file is none, and a longer one is not written.
const LONGEST_MANIFEST: u64 = 16 << 20;

/// What a checkpoint says of itself: `manifest.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// Version of the format; see [`FORMAT`].
    pub format: u32,
    /// Version of this crate that wrote it.
    pub burn_gan: String,
    /// Version of Burn that this crate was made for.
    pub burn: String,
    /// Steps behind the trainer.
    pub step: usize,
    /// Seed of the trainer's random streams.
    pub seed: u64,
    /// What has to be the same for a run to go on: the full configuration, shapes, data.
    pub configuration: Value,
    /// The trainer's counters.
    pub state: Value,
    /// The run's own counters.
    pub run: Value,
    /// How good it is, where the run keeps the best.
    #[serde(default)]
    pub score: Option<ScoreRecord>,
    /// The files beside the manifest.
    pub files: BTreeMap<String, FileRecord>,
}

/// How good a checkpoint is by a metric.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ScoreRecord {
    /// The metric's name.
    pub name: String,
    /// The score; an infinity is text in the file.
    #[serde(with = "crate::number")]
    pub value: f64,
}

/// What a file must be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileRecord {
    /// Its size in bytes.
    pub bytes: u64,
    /// SHA-256 of its content in hexadecimal digits.
    pub sha256: String,
}

/// A whole checkpoint in memory: every hash was compared.
#[derive(Debug, Clone)]
pub struct Checkpoint {
    /// Its folder.
    pub path: PathBuf,
    /// What it says of itself.
    pub manifest: Manifest,
    /// Contents of the files by name.
    pub files: BTreeMap<String, Vec<u8>>,
}

impl FileRecord {
    pub(super) fn of(content: &[u8]) -> Self {
        Self {
            bytes: content.len() as u64,
            sha256: sha256(content),
        }
    }
}

impl Manifest {
    /// A manifest of this version of the crate, of a trainer with `step` steps behind it.
    pub fn new(step: usize, seed: u64) -> Self {
        Self {
            format: FORMAT,
            burn_gan: env!("CARGO_PKG_VERSION").to_string(),
            burn: BURN.to_string(),
            step,
            seed,
            configuration: Default::default(),
            state: Default::default(),
            run: Default::default(),
            score: None,
            files: BTreeMap::new(),
        }
    }

    /// Reads the manifest of a checkpoint's folder and compares its hash; the other files are not read.
    ///
    /// # Errors
    /// [`CheckpointError::Damaged`] for one that is missing, cannot be read or is not what was written,
    /// [`CheckpointError::Format`] for one of a later version of this crate.
    pub fn read(folder: impl AsRef<Path>) -> Result<Self, CheckpointError> {
        let folder = folder.as_ref();
        let text = read_bounded(folder, MANIFEST, LONGEST_MANIFEST)?;
        let hash = read_bounded(folder, MANIFEST_HASH, 256)?;
        if hash != hash_line(&text).as_bytes() {
            return Err(damaged(folder, format!("{MANIFEST} fails its hash")));
        }
        Self::parse(folder, &text)
    }

    /// The content of its file, if it can be read back.
    pub(super) fn to_text(&self) -> Result<Vec<u8>, CheckpointError> {
        let refused = |reason: String| CheckpointError::from(StateError::new(MANIFEST, reason));
        for name in self.files.keys() {
            if name == MANIFEST || name == MANIFEST_HASH || !is_file_name(name) {
                return Err(refused(format!("no file can be called `{name}`")));
            }
        }
        let text = serde_json::to_vec_pretty(self).map_err(|error| refused(error.to_string()))?;
        let bytes = text.len() as u64;
        if bytes > LONGEST_MANIFEST {
            return Err(refused(format!(
                "{bytes} bytes, and no more than {LONGEST_MANIFEST} are read"
            )));
        }
        match serde_json::from_slice::<Self>(&text) {
            Ok(_) => Ok(text),
            Err(error) => Err(refused(error.to_string())),
        }
    }

    fn parse(folder: &Path, text: &[u8]) -> Result<Self, CheckpointError> {
        /// The one field that all formats share.
        #[derive(Deserialize)]
        struct Format {
            format: u32,
        }
        let unreadable = |error: serde_json::Error| damaged(folder, format!("{MANIFEST}: {error}"));
        let Format { format } = serde_json::from_slice(text).map_err(unreadable)?;
        if format == 0 || format > FORMAT {
            return Err(CheckpointError::Format {
                path: folder.to_path_buf(),
                found: format,
                supported: FORMAT,
            });
        }
        serde_json::from_slice(text).map_err(unreadable)
    }
}

impl ScoreRecord {
    /// A score by the name of its metric.
    pub fn new(name: impl Into<String>, value: f64) -> Self {
        Self {
            name: name.into(),
            value,
        }
    }
}

impl Checkpoint {
    /// Reads a checkpoint's folder, all of it, and compares every size and hash.
    ///
    /// # Errors
    /// Those of [`Manifest::read`], and [`CheckpointError::Damaged`] for any other file that is missing,
    /// cannot be read or is not what was written.
    pub fn read(folder: impl AsRef<Path>) -> Result<Self, CheckpointError> {
        let folder = folder.as_ref();
        let manifest = Manifest::read(folder)?;
        let mut files = BTreeMap::new();
        for (name, record) in &manifest.files {
            // A name that leads out of the folder is no file of the checkpoint.
            if !is_file_name(name) {
                return Err(damaged(folder, format!("`{name}` is no file name")));
            }
            let content = read_bounded(folder, name, record.bytes)?;
            if content.len() as u64 != record.bytes {
                let (bytes, expected) = (content.len(), record.bytes);
                let reason = format!("{name} has {bytes} bytes of {expected}");
                return Err(damaged(folder, reason));
            }
            if sha256(&content) != record.sha256 {
                return Err(damaged(folder, format!("{name} fails its hash")));
            }
            files.insert(name.clone(), content);
        }
        Ok(Self {
            path: folder.to_path_buf(),
            manifest,
            files,
        })
    }

    /// The trainer's state in it.
    pub fn into_state(self) -> SavedState {
        SavedState {
            numbers: self.manifest.state,
            files: self.files,
        }
    }
}

/// Whether it names a file in a folder, and none elsewhere.
fn is_file_name(name: &str) -> bool {
    Path::new(name).file_name() == Some(name.as_ref())
}

/// The content of a file of at most `longest` bytes.
fn read_bounded(folder: &Path, name: &str, longest: u64) -> Result<Vec<u8>, CheckpointError> {
    let unreadable = |error: std::io::Error| damaged(folder, format!("{name}: {error}"));
    let mut file = File::open(folder.join(name)).map_err(unreadable)?;
    let mut content = Vec::new();
    // Memory grows with what is read, not with what anybody announces.
    file.by_ref()
        .take(longest)
        .read_to_end(&mut content)
        .map_err(unreadable)?;
    if file.read(&mut [0]).map_err(unreadable)? > 0 {
        let reason = format!("{name} has more than {longest} bytes");
        return Err(damaged(folder, reason));
    }
    Ok(content)
}

fn damaged(folder: &Path, reason: String) -> CheckpointError {
    CheckpointError::Damaged {
        path: folder.to_path_buf(),
        reason,
    }
}

/// The manifest's hash in the form that `sha256sum -c` checks.
pub(super) fn hash_line(manifest: &[u8]) -> String {
    format!("{}  {MANIFEST}\n", sha256(manifest))
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_recorded_version_of_burn_is_the_one_in_use() {
        let lock = std::fs::read_to_string("Cargo.lock").unwrap();
        let used = format!("name = \"burn\"\nversion = \"{}\"", super::BURN);
        assert!(lock.contains(&used), "update BURN");
    }
}
