//! [`ExchangeError`]: why weights were not written for another library, or not taken from one.

use std::path::PathBuf;
#[cfg(any(feature = "pytorch", feature = "safetensors"))]
use std::{fmt::Display, path::Path};

use crate::errors::FileError;
use crate::network_error::NetworkError;
use crate::state_dict::StateDictError;
use crate::weights::WeightsError;

/// What can go wrong between this library and another.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExchangeError {
    /// Tensors that do not fit the network, or cannot be renamed.
    #[error(transparent)]
    StateDict(#[from] StateDictError),

    /// A file could not be read or written.
    #[error(transparent)]
    File(#[from] FileError),

    /// The network of a configuration cannot be built.
    #[error(transparent)]
    Network(#[from] NetworkError),

    /// A saved generator of this library cannot be read or written.
    #[error(transparent)]
    Weights(#[from] WeightsError),

    /// What is no file of its format, or a damaged one.
    #[error("{}: no {format} file, or a damaged one: {message}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// The name of the format.
        format: &'static str,
        /// The reader's account of it.
        message: String,
    },

    /// A tensor whose element type has no counterpart here, such as one of 8 bits of floating point.
    #[error("{}: `{tensor}` has elements of the type {element_type}", path.display())]
    ElementType {
        /// The file.
        path: PathBuf,
        /// The tensor's name.
        tensor: String,
        /// Its element type, by the name of its format.
        element_type: String,
    },

    /// A file that its format cannot hold.
    #[cfg(feature = "onnx")]
    #[error("{}: {size} bytes, of which the format can hold {largest}", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// Its size in bytes.
        size: usize,
        /// The most bytes.
        largest: usize,
    },

    /// A file of tensors that does not say which network they are of.
    #[error("{}: the file does not say which network its tensors are of", path.display())]
    NoConfiguration {
        /// The file.
        path: PathBuf,
    },

    /// A file of tensors whose account of their network cannot be understood.
    #[error("{}: the configuration of the network: {message}", path.display())]
    Configuration {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        message: String,
    },
}

impl ExchangeError {
    #[cfg(any(feature = "pytorch", feature = "safetensors"))]
    pub(super) fn damaged(path: &Path, format: &'static str, error: &dyn Display) -> Self {
        Self::Damaged {
            path: path.to_path_buf(),
            format,
            message: error.to_string(),
        }
    }
}
