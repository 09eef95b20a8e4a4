//! [`PlotError`]: what keeps a plot from its file.

use crate::errors::{ConfigError, DeviceError, FileError, ShapeError};

/// What cannot be drawn or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PlotError {
    /// A size or a range of the plane outside its range.
    #[error(transparent)]
    Config(#[from] ConfigError),

    /// Points that are not in the plane, or logits of another number than points.
    #[error(transparent)]
    Shape(#[from] ShapeError),

    /// A device could not hand over points or logits.
    #[error(transparent)]
    Device(#[from] DeviceError),

    /// The file could not be written.
    #[error(transparent)]
    File(#[from] FileError),

    /// The discriminator, or another function of the plane, panicked on points.
    #[error("the surface fails on points of shape {shape:?}: {message}")]
    SurfaceFailed {
        /// The shape of the points.
        shape: [usize; 2],
        /// What it said.
        message: String,
    },

    /// A plot that could not be drawn.
    #[error("the plot could not be drawn: {message}")]
    Drawing {
        /// What the drawing crate said.
        message: String,
    },
}
