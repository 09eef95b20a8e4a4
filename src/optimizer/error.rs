//! [`OptimizerError`]: what can be wrong with the saved memory of an optimiser.

use burn::tensor::Shape;

/// A saved memory of an optimiser that does not fit, or cannot be written down.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum OptimizerError {
    /// Bytes that are no such memory, or a memory that cannot be written down.
    #[error("optimizer: {message}")]
    Format {
        /// What Burn says of it.
        message: String,
    },

    /// A memory of a parameter that the network does not have.
    #[error("optimizer: the network has no `{path}`")]
    UnknownParameter {
        /// The parameter's path.
        path: String,
    },

    /// A memory of a parameter of another rank.
    #[error("optimizer: `{path}` has rank {expected}, its memory is of rank {actual}")]
    Rank {
        /// The parameter's path.
        path: String,
        /// Its rank in the network.
        expected: usize,
        /// The rank that was written down.
        actual: String,
    },

    /// A memory that another optimiser wrote.
    #[error("optimizer: `{path}` is of another optimiser")]
    AnotherOptimizer {
        /// The parameter's path.
        path: String,
    },

    /// A memory of a parameter of another shape.
    #[error("optimizer: `{path}` has shape {shape:?}, its state does not fit")]
    Shape {
        /// The parameter's path.
        path: String,
        /// Its shape in the network.
        shape: Shape,
    },
}

impl OptimizerError {
    pub(super) fn format(message: impl std::fmt::Display) -> Self {
        Self::Format {
            message: message.to_string(),
        }
    }
}
