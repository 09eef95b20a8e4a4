//! [`CheckpointError`]: why a checkpoint is not written, or not gone on from.

use std::path::PathBuf;

use crate::errors::{FileError, StateError};

/// Why a checkpoint is not written, or not gone on from.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CheckpointError {
    /// A file or folder could not be read or written.
    #[error(transparent)]
    File(#[from] FileError),

    /// A part of the state that could not be read back, or written down.
    #[error(transparent)]
    State(#[from] StateError),

    /// A checkpoint that is not what was written: a file is missing, cut or changed.
    #[error("damaged checkpoint {}: {reason}", path.display())]
    Damaged {
        /// The checkpoint's folder.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },

    /// A folder in which every checkpoint is damaged.
    #[error("no whole checkpoint in {}: {}", folder.display(), damaged.join("; "))]
    NoneWhole {
        /// The folder.
        folder: PathBuf,
        /// What is wrong with each, the newest first.
        damaged: Vec<String>,
    },

    /// A checkpoint in the format of another version of this crate.
    #[error(
        "{}: a checkpoint of format {found}; version {} of burn-gan reads up to {supported}",
        path.display(),
        env!("CARGO_PKG_VERSION")
    )]
    Format {
        /// The checkpoint's folder.
        path: PathBuf,
        /// Its format.
        found: u32,
        /// The newest format that can be read.
        supported: u32,
    },

    /// A folder of checkpoints that another run writes to.
    #[error("{}: another run keeps its checkpoints there", folder.display())]
    InUse {
        /// The folder.
        folder: PathBuf,
    },

    /// A new run would mix its checkpoints with those of an earlier one.
    #[error(
        "{}: there are checkpoints of an earlier run up to step {step}; resume it or take another folder",
        folder.display()
    )]
    Exist {
        /// The folder.
        folder: PathBuf,
        /// The newest one's step.
        step: usize,
    },

    /// A run that is not the one of the checkpoint.
    #[error(
        "{} is of another run: {}; `allow_change` lets a field differ",
        path.display(),
        differences.join("; ")
    )]
    Mismatch {
        /// The checkpoint's folder.
        path: PathBuf,
        /// Each field that differs, with both values.
        differences: Vec<String>,
    },
}
