//! Samples as pictures: [`PictureGrid`] shows them side by side, [`PictureAnimation`] one after the other.

mod animation;
mod grid;

pub use animation::PictureAnimation;
pub use grid::PictureGrid;

use crate::batch::BatchError;
use crate::errors::{ConfigError, DeviceError, FileError, ShapeError};

/// What no picture can be made of, and what keeps it from its file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PictureError {
    /// No columns, a scale or a delay of 0, or a picture that is too large.
    #[error(transparent)]
    Config(#[from] ConfigError),

    /// No images, images without pixels, or an animation without frames.
    #[error(transparent)]
    Batch(#[from] BatchError),

    /// A frame of another shape than the first one.
    #[error(transparent)]
    Shape(#[from] ShapeError),

    /// The device could not hand over the images.
    #[error(transparent)]
    Device(#[from] DeviceError),

    /// The file could not be written.
    #[error(transparent)]
    File(#[from] FileError),

    /// Pictures are written for one channel (grey) or three (red, green, blue).
    #[error("a picture has 1 or 3 channels, the samples have {channels}")]
    Channels {
        /// Channels of the samples.
        channels: usize,
    },
}

/// Pixels of the largest picture.
pub(crate) const LARGEST: usize = 1 << 28;
