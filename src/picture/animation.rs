//! [`PictureAnimation`]: pictures one after the other.

use std::path::Path;

use burn::tensor::Tensor;

use super::{PictureError, PictureGrid};
use crate::batch::BatchError;
use crate::errors::{ConfigError, ShapeError};
use crate::png_file::save_animation;

/// Frames one after the other in one animated PNG file (APNG), for ever.
///
/// Browsers play it; a viewer that knows PNG alone shows the first frame. Each frame is a picture of images
/// `[N, C, H, W]`, laid out as the grid has it: with one image a frame, that image.
///
/// ```
/// use burn::tensor::{Device, Tensor};
/// use burn_gan::picture::{PictureAnimation, PictureGrid};
///
/// // Ten images, one a frame.
/// let images = Tensor::<4>::zeros([10, 1, 28, 28], &Device::flex());
/// let folder = tempfile::tempdir()?;
/// PictureAnimation::new(PictureGrid::new(1).with_scale(4))
///     .with_delay(50)
///     .save(images.iter_dim(0), folder.path().join("walk.png"))?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PictureAnimation {
    grid: PictureGrid,
    delay: u16,
}

impl PictureAnimation {
    /// An animation of 25 frames a second, each drawn as this grid.
    pub fn new(grid: PictureGrid) -> Self {
        Self { grid, delay: 40 }
    }

    /// Shows each frame for so many milliseconds, at least 1; browsers take their time with less than 20.
    pub fn with_delay(mut self, milliseconds: u16) -> Self {
        self.delay = milliseconds;
        self
    }

    /// Writes frames of images `[N, C, H, W]` in [-1, 1], all of one shape; values outside are clamped.
    ///
    /// The file is written beside its target and then renamed. One frame is drawn at a time.
    ///
    /// # Errors
    /// [`PictureError::Batch`] without frames or images, [`PictureError::Shape`] for a frame of another shape than the
    /// first one, [`PictureError::Config`] for a delay of 0, otherwise those of [`PictureGrid::save`].
    pub fn save(
        &self,
        frames: impl IntoIterator<Item = Tensor<4>>,
        path: impl AsRef<Path>,
    ) -> Result<(), PictureError> {
        if self.delay == 0 {
            let requirement = "must be at least 1 millisecond";
            return Err(ConfigError::new("delay", self.delay, requirement).into());
        }
        // The file begins with their number.
        let frames: Vec<Tensor<4>> = frames.into_iter().collect();
        let first = frames.first().ok_or(BatchError::Empty)?.dims();
        for frame in &frames {
            ShapeError::check("frame of the animation", &first, &frame.dims())?;
        }
        let drawn = frames.into_iter().map(|frame| self.grid.draw(frame));
        save_animation(drawn, self.delay, path.as_ref())
    }
}
