//! The errors that every family shares: a configuration value, a shape, a device, a file.

use std::path::PathBuf;

/// A configuration value outside its range.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{field} = {value}: {requirement}")]
pub struct ConfigError {
    /// The configuration field.
    pub field: &'static str,
    /// Its value.
    pub value: String,
    /// What it has to satisfy.
    pub requirement: &'static str,
}

impl ConfigError {
    /// A field whose `value` does not satisfy the `requirement`.
    pub(crate) fn new(
        field: &'static str,
        value: impl std::fmt::Debug,
        requirement: &'static str,
    ) -> Self {
        Self {
            field,
            value: format!("{value:?}"),
            requirement,
        }
    }
}

/// A tensor that does not have the shape that its receiver works on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what}: expected shape {expected:?}, got {actual:?}")]
pub struct ShapeError {
    /// Which tensor it is, in words.
    pub what: &'static str,
    /// The shape that was needed.
    pub expected: Vec<usize>,
    /// The shape that came.
    pub actual: Vec<usize>,
}

impl ShapeError {
    /// Refuses another shape than the expected one.
    pub(crate) fn check(
        what: &'static str,
        expected: &[usize],
        actual: &[usize],
    ) -> Result<(), Self> {
        if expected == actual {
            return Ok(());
        }
        Err(Self {
            what,
            expected: expected.to_vec(),
            actual: actual.to_vec(),
        })
    }
}

/// A device that could not run an operation or hand over a result.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the device failed: {message}")]
pub struct DeviceError {
    /// Burn's account of it.
    pub message: String,
}

impl DeviceError {
    /// Wraps what Burn says of a failed read or execution.
    pub(crate) fn new(error: impl std::fmt::Display) -> Self {
        Self {
            message: error.to_string(),
        }
    }
}

/// A file or folder that could not be read or written.
#[derive(Debug, thiserror::Error)]
#[error("{}: {source}", path.display())]
pub struct FileError {
    /// The file or folder.
    pub path: PathBuf,
    /// The system's account of it.
    pub source: std::io::Error,
}

impl FileError {
    /// Wraps an input or output error with the path that it happened on.
    pub fn new(path: impl Into<PathBuf>, source: std::io::Error) -> Self {
        Self {
            path: path.into(),
            source,
        }
    }
}

/// A saved training state, or a part of one, that does not fit or cannot be written down.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{part}: {message}")]
pub struct StateError {
    /// Which part of the state.
    pub part: String,
    /// What is wrong with it.
    pub message: String,
}

impl StateError {
    /// A part of a state, and what is wrong with it.
    pub fn new(part: impl Into<String>, message: impl std::fmt::Display) -> Self {
        Self {
            part: part.into(),
            message: message.to_string(),
        }
    }
}

/// Refuses a size, count or interval of 0.
pub(crate) fn at_least_1(field: &'static str, value: usize) -> Result<(), ConfigError> {
    if value == 0 {
        return Err(ConfigError::new(field, value, "must be at least 1"));
    }
    Ok(())
}

/// Refuses a number that is not positive, or not finite.
pub(crate) fn positive(field: &'static str, value: f64) -> Result<(), ConfigError> {
    if value > 0.0 && value.is_finite() {
        Ok(())
    } else {
        Err(ConfigError::new(field, value, "must be positive"))
    }
}
