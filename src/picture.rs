//! Samples as pictures.

use std::path::Path;

use burn::tensor::Tensor;

use crate::batch::BatchError;
use crate::gan_error::GanError;
use crate::png_file::Rgb8;

/// Images side by side in one PNG picture.
///
/// ```no_run
/// use burn::tensor::{Device, Tensor};
/// use burn_gan::picture::PictureGrid;
///
/// let images = Tensor::<4>::zeros([64, 1, 28, 28], &Device::flex());
/// PictureGrid::square(64).save(images, "grid.png")?;
/// # Ok::<(), burn_gan::GanError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct PictureGrid {
    /// Images a row.
    pub columns: usize,
    /// Pixels between two images.
    pub gap: usize,
    /// Side of the square that each pixel becomes.
    pub scale: usize,
}

impl PictureGrid {
    /// A grid with this many images a row.
    pub fn with_columns(columns: usize) -> Self {
        Self {
            columns: columns.max(1),
            gap: 2,
            scale: 1,
        }
    }

    /// A grid of `count` images with about as many rows as columns.
    pub fn square(count: usize) -> Self {
        Self::with_columns((count as f64).sqrt().ceil() as usize)
    }

    /// The same grid with each pixel as a square of `scale` pixels a side.
    pub fn with_scale(mut self, scale: usize) -> Self {
        self.scale = scale.max(1);
        self
    }

    /// Writes images `[N, C, H, W]` in [-1, 1] as a PNG file, row by row; values outside are clamped.
    ///
    /// The file is written beside its target and then renamed.
    ///
    /// # Errors
    /// [`GanError::PictureChannels`] unless C is 1 (grey) or 3 (colour), [`GanError::Batch`] without
    /// images, [`GanError::File`] where the file cannot be written.
    pub fn save(&self, images: Tensor<4>, path: impl AsRef<Path>) -> Result<(), GanError> {
        self.draw(images)?.save(path.as_ref())
    }

    fn draw(&self, images: Tensor<4>) -> Result<Rgb8, GanError> {
        let [count, channels, height, width] = images.dims();
        if channels != 1 && channels != 3 {
            return Err(GanError::PictureChannels { channels });
        }
        if count == 0 || height == 0 || width == 0 {
            return Err(GanError::Batch(BatchError::Empty));
        }
        let values = images.try_into_vec_as::<f32>().map_err(GanError::device)?;
        let columns = self.columns.min(count);
        let rows = count.div_ceil(self.columns);
        let side = |images: usize, pixels: usize| images * pixels + (images - 1) * self.gap;
        let picture_width = side(columns, width) * self.scale;
        let picture_height = side(rows, height) * self.scale;
        let mut colours = vec![0; 3 * picture_width * picture_height];
        let plane = height * width;
        for (index, image) in values.chunks_exact(channels * plane).enumerate() {
            let left = (index % self.columns) * (width + self.gap);
            let top = (index / self.columns) * (height + self.gap);
            for pixel in 0..plane {
                // Grey is the same value three times.
                let colour = [0, 1, 2].map(|c| byte(image[c.min(channels - 1) * plane + pixel]));
                let (x, y) = (left + pixel % width, top + pixel / width);
                for row in y * self.scale..(y + 1) * self.scale {
                    let start = 3 * (row * picture_width + x * self.scale);
                    let square = &mut colours[start..start + 3 * self.scale];
                    for drawn in square.chunks_exact_mut(3) {
                        drawn.copy_from_slice(&colour);
                    }
                }
            }
        }
        Ok(Rgb8 {
            width: picture_width,
            height: picture_height,
            colours,
        })
    }
}

/// [-1, 1] to 0..=255.
fn byte(value: f32) -> u8 {
    ((value + 1.0) * 127.5).round().clamp(0.0, 255.0) as u8
}
