//! How one checkpoint's folder comes to its name and goes away, so that a crash at any moment leaves a whole one.
//!
//! ```text
//! write:   fill .writing-step-N     rename step-N to .replaced-step-N     rename .writing-step-N to step-N
//!          (where there was a step-N before)                              remove .replaced-step-N
//! remove:  rename step-N to .removed-step-N     remove .removed-step-N
//! ```
//!
//! [`recover`] finishes or undoes what a crash interrupted.

use std::collections::BTreeMap;
use std::fs::{self, File, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::error::CheckpointError;
use super::manifest::{Checkpoint, MANIFEST, MANIFEST_HASH, hash_line};
use crate::errors::FileError;
use crate::files::sync_folder;

/// A folder that may not be whole.
const WRITING: &str = ".writing-";
/// A checkpoint that makes way for another one of the same step.
const REPLACED: &str = ".replaced-";
/// A checkpoint that is not wanted any more, perhaps half of it.
const REMOVED: &str = ".removed-";

/// Makes a checkpoint of this name: all of it, or nothing. An older one of that name is replaced.
pub(super) fn write(
    parent: &Path,
    name: &str,
    manifest: &[u8],
    files: &BTreeMap<String, Vec<u8>>,
) -> io::Result<()> {
    let partial = parent.join(format!("{WRITING}{name}"));
    let written =
        fill(&partial, manifest, files).and_then(|()| put(parent, &partial, &parent.join(name)));
    if written.is_err() {
        // Nothing to say of a leftover that cannot be removed: the first error is the one that counts.
        let _ = fs::remove_dir_all(&partial);
    }
    written
}

/// Removes a checkpoint. Renamed first: half of a folder must not pass for a damaged checkpoint.
pub(super) fn remove(parent: &Path, path: &Path) -> io::Result<()> {
    let removed = beside(parent, REMOVED, path);
    fs::rename(path, &removed)?;
    fs::remove_dir_all(&removed)
}

/// Finishes or undoes what a crash left half done.
pub(super) fn recover(parent: &Path) -> Result<(), CheckpointError> {
    for (name, path) in entries(parent)? {
        if let Some(name) = name.strip_prefix(REPLACED) {
            put_back(parent, &path, name).map_err(|error| FileError::new(&path, error))?;
        }
    }
    for (name, path) in entries(parent)? {
        if name.starts_with(WRITING) || name.starts_with(REMOVED) {
            fs::remove_dir_all(&path).map_err(|error| FileError::new(&path, error))?;
        }
    }
    Ok(())
}

/// Sees to it that there is a checkpoint of this name, the new one if it is whole and otherwise the replaced one.
fn put_back(parent: &Path, replaced: &Path, name: &str) -> io::Result<()> {
    let path = parent.join(name);
    let partial = parent.join(format!("{WRITING}{name}"));
    if path.exists() {
        fs::remove_dir_all(replaced)
    } else if Checkpoint::read(&partial).is_ok() {
        fs::rename(&partial, &path)?;
        sync_folder(parent)?;
        fs::remove_dir_all(replaced)
    } else {
        fs::rename(replaced, &path)?;
        sync_folder(parent)
    }
}

/// Moves a finished folder to its name; an older one of that name makes way.
fn put(parent: &Path, partial: &Path, path: &Path) -> io::Result<()> {
    let replaced = beside(parent, REPLACED, path);
    if path.exists() {
        if replaced.exists() {
            fs::remove_dir_all(&replaced)?;
        }
        fs::rename(path, &replaced)?;
    }
    if let Err(error) = fs::rename(partial, path) {
        // The older one is better than none.
        let _ = fs::rename(&replaced, path);
        return Err(error);
    }
    sync_folder(parent)?;
    if replaced.exists() {
        fs::remove_dir_all(&replaced)?;
    }
    Ok(())
}

/// Makes a folder of these files and brings it to the disk.
fn fill(folder: &Path, manifest: &[u8], files: &BTreeMap<String, Vec<u8>>) -> io::Result<()> {
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

fn write_synced(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(content)?;
    file.sync_all()
}

fn beside(parent: &Path, prefix: &str, path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    parent.join(format!("{prefix}{name}"))
}

/// What is in a folder, by name.
pub(super) fn entries(folder: &Path) -> Result<Vec<(String, PathBuf)>, CheckpointError> {
    let io = |error| FileError::new(folder, error);
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(io)? {
        let entry = entry.map_err(io)?;
        if let Ok(name) = entry.file_name().into_string() {
            found.push((name, entry.path()));
        }
    }
    Ok(found)
}

/// Keeps other runs out of the folder; `None` on a file system without locks.
pub(super) fn lock(folder: &Path) -> Result<Option<File>, CheckpointError> {
    let path = folder.join(".lock");
    let file = File::create(&path).map_err(|error| FileError::new(&path, error))?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Err(CheckpointError::InUse {
            folder: folder.to_path_buf(),
        }),
        Err(TryLockError::Error(error)) => {
            log::debug!("{}: no lock: {error}", path.display());
            Ok(None)
        }
    }
}
