//! [`ObserveError`]: what can go wrong in watching a run and in reading what was written of it.

use std::path::PathBuf;

use crate::errors::FileError;

/// What can go wrong in watching a run and in reading what was written of it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ObserveError {
    /// A file could not be read or written.
    #[error(transparent)]
    File(#[from] FileError),

    /// A history, or a file of scores, that cannot be read: a line of it is none of its rows.
    #[error("{}, line {line}: {message}", path.display())]
    History {
        /// The file.
        path: PathBuf,
        /// The line, counted from 1.
        line: usize,
        /// What is wrong with it.
        message: String,
    },

    /// A file of a watch's findings that cannot be read as such.
    #[error("{} has no findings of a watch: {message}", path.display())]
    Findings {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        message: String,
    },

    /// One of Burn's metrics renderers or metric loggers failed, or its user killed the run.
    #[error("the {receiver} failed: {message}")]
    MetricsReceiver {
        /// What it is.
        receiver: &'static str,
        /// What it said.
        message: String,
    },

    /// A score that came out as NaN, which is neither better nor worse than any other.
    #[error("the score `{name}` is not a number")]
    ScoreNotANumber {
        /// The score's name.
        name: String,
    },
}
