//! [`PictureGrid`]: images side by side.

use std::path::Path;

use burn::tensor::Tensor;

use super::{LARGEST, PictureError};
use crate::batch::BatchError;
use crate::errors::{ConfigError, DeviceError, at_least_1};
use crate::png_file::Rgb8;

/// Images side by side in one PNG picture.
///
/// ```no_run
/// use burn::tensor::{Device, Tensor};
/// use burn_gan::picture::PictureGrid;
///
/// let images = Tensor::<4>::zeros([64, 1, 28, 28], &Device::flex());
/// PictureGrid::square(64).save(images, "grid.png")?;
/// # Ok::<(), burn_gan::picture::PictureError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PictureGrid {
    columns: usize,
    gap: usize,
    scale: usize,
}

impl PictureGrid {
    /// A grid with this many images a row, at least 1, and 2 pixels between two images.
    pub fn new(columns: usize) -> Self {
        Self {
            columns,
            gap: 2,
            scale: 1,
        }
    }

    /// A grid of `count` images with about as many rows as columns.
    pub fn square(count: usize) -> Self {
        Self::new((count.max(1) as f64).sqrt().ceil() as usize)
    }

    /// Leaves so many pixels between two images.
    pub fn with_gap(mut self, gap: usize) -> Self {
        self.gap = gap;
        self
    }

    /// Draws each pixel, and each of a gap, as a square of `scale` pixels a side, at least 1.
    pub fn with_scale(mut self, scale: usize) -> Self {
        self.scale = scale;
        self
    }

    /// Refuses a grid that no images can be laid out in.
    pub(crate) fn check(&self) -> Result<(), ConfigError> {
        at_least_1("columns", self.columns)?;
        at_least_1("scale", self.scale)
    }

    /// Writes images `[N, C, H, W]` in [-1, 1] as a PNG file, row by row; values outside are clamped.
    ///
    /// The file is written beside its target and then renamed.
    ///
    /// # Errors
    /// [`PictureError::Config`] for 0 columns, a scale of 0 and a picture of more than 2^28 pixels,
    /// [`PictureError::Channels`] unless C is 1 (grey) or 3 (colour), [`PictureError::Batch`] without images,
    /// [`PictureError::Device`] where the device fails, [`PictureError::File`] where the file cannot be written.
    pub fn save(&self, images: Tensor<4>, path: impl AsRef<Path>) -> Result<(), PictureError> {
        Ok(self.draw(images)?.save(path.as_ref())?)
    }

    /// The picture of images `[N, C, H, W]`.
    pub(super) fn draw(&self, images: Tensor<4>) -> Result<Rgb8, PictureError> {
        self.check()?;
        let [count, channels, height, width] = images.dims();
        if channels != 1 && channels != 3 {
            return Err(PictureError::Channels { channels });
        }
        if count == 0 || height == 0 || width == 0 {
            return Err(BatchError::Empty.into());
        }
        let columns = self.columns.min(count);
        let rows = count.div_ceil(columns);
        let [picture_width, picture_height] = self.size([columns, rows], [width, height])?;
        let values = images.try_into_vec_as::<f32>().map_err(DeviceError::new)?;
        let mut colours = vec![0; 3 * picture_width * picture_height];
        let plane = height * width;
        for (index, image) in values.chunks_exact(channels * plane).enumerate() {
            let left = (index % columns) * (width + self.gap);
            let top = (index / columns) * (height + self.gap);
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

    /// The width and height of a picture of so many columns and rows of images of a width and height.
    fn size(&self, counts: [usize; 2], sides: [usize; 2]) -> Result<[usize; 2], ConfigError> {
        let [width, height] = [0, 1].map(|axis| {
            let images = counts[axis].saturating_mul(sides[axis]);
            let gaps = (counts[axis] - 1).saturating_mul(self.gap);
            images.saturating_add(gaps).saturating_mul(self.scale)
        });
        if width.saturating_mul(height) > LARGEST {
            let requirement = "must have at most 2^28 pixels";
            return Err(ConfigError::new("picture", [width, height], requirement));
        }
        Ok([width, height])
    }
}

/// [-1, 1] to 0..=255.
fn byte(value: f32) -> u8 {
    ((value + 1.0) * 127.5).round().clamp(0.0, 255.0) as u8
}
