//! [`DiffAugmentConfig`]: the augmentation of Zhao et al. 2020.

use burn::config::Config;
use burn::tensor::{Device, Tensor, TensorData};

use super::Transformation;
use crate::errors::ConfigError;
use crate::random::Stream;

/// DiffAugment (Zhao et al. 2020, section 4 and the released code): every image is changed in colour, translated and has a
/// square cut out of it, each by random numbers of its own.
///
/// ```
/// use burn::tensor::{Device, Tensor};
/// use burn_gan::Dual;
/// use burn_gan::augment::DiffAugmentConfig;
/// use burn_gan::random::{Purpose, Stream};
///
/// let device = Device::flex();
/// let mut stream = Stream::new(0, Purpose::Augmentation, 0);
/// // Cut out of images of ones: a quarter of each becomes 0, less where the square reaches over the edge.
/// let config = DiffAugmentConfig::new().with_color(false).with_translation(0.0);
/// let images = Tensor::<4>::ones([8, 1, 16, 16], &device);
/// let cut = config.draw(images.dims(), &mut stream, &device).apply(Dual::constant(images));
/// let left = cut.value.mean().into_scalar::<f32>();
/// assert!(left > 0.74 && left < 1.0);
/// ```
#[derive(Config, Debug, PartialEq)]
#[non_exhaustive]
pub struct DiffAugmentConfig {
    /// Changes of brightness (up to 0.5 is added or taken away), saturation (differences of the channels times 0 to 2) and
    /// contrast (differences from the image's mean times 0.5 to 1.5). Values may leave [-1, 1].
    #[config(default = true)]
    pub color: bool,
    /// The furthest translation along either side, in [0, 1] of that side; what comes in from beyond the edge is 0. 0 for
    /// none.
    #[config(default = 0.125)]
    pub translation: f64,
    /// The side of the rectangle that is set to 0, in [0, 1] of the image's side; its centre is anywhere in the image. 0
    /// for none.
    #[config(default = 0.5)]
    pub cutout: f64,
}

impl DiffAugmentConfig {
    /// Draws a change for each of the images of a batch of shape `[N, C, H, W]`.
    pub fn draw(&self, shape: [usize; 4], stream: &mut Stream, device: &Device) -> Transformation {
        let [count, _, height, width] = shape;
        let device = &device.clone().without_autodiff();
        let mut drawn = Transformation::identity();
        let mut uniform = |from: f64, to: f64| -> Tensor<4> {
            let values = stream.uniform_values(count);
            let values: Vec<f32> = values
                .into_iter()
                .map(|value| (from + (to - from) * f64::from(value)) as f32)
                .collect();
            Tensor::from_data(TensorData::new(values, [count, 1, 1, 1]), device)
        };
        if self.color {
            drawn = drawn
                .brightened(uniform(-0.5, 0.5))
                .saturated(uniform(0.0, 2.0))
                .contrasted(uniform(0.5, 1.5));
        }
        if self.translation > 0.0 {
            let mut shifts = |side: usize| -> Vec<i64> {
                let furthest = rounded(self.translation, side);
                let shift = |_| stream.index(2 * furthest + 1) as i64 - furthest as i64;
                (0..count).map(shift).collect()
            };
            let (down, right) = (shifts(height), shifts(width));
            drawn = drawn.translated(&down, &right, [height, width], device);
        }
        if self.cutout > 0.0 {
            let sides = [height, width].map(|side| rounded(self.cutout, side));
            let mut mask = vec![1.0; count * height * width];
            for image in mask.chunks_mut(height * width) {
                let rows = cut(sides[0], height, stream);
                let columns = cut(sides[1], width, stream);
                for row in rows {
                    image[row * width..][columns.clone()].fill(0.0);
                }
            }
            let mask = TensorData::new(mask, [count, 1, height, width]);
            drawn = drawn.masked(Tensor::from_data(mask, device));
        }
        drawn
    }

    pub(super) fn check(&self) -> Result<(), ConfigError> {
        let share = |field, value: f64| {
            if (0.0..=1.0).contains(&value) {
                return Ok(());
            }
            Err(ConfigError::new(field, value, "must be from 0 to 1"))
        };
        share("augmentation.translation", self.translation)?;
        share("augmentation.cutout", self.cutout)
    }
}

/// A share of a side, in whole pixels.
fn rounded(share: f64, side: usize) -> usize {
    (share * side as f64 + 0.5) as usize
}

/// The pixels of a side that are cut out: `length` of them around a random centre, as far as they are in the image.
fn cut(length: usize, side: usize, stream: &mut Stream) -> std::ops::Range<usize> {
    // An even length has no pixel in its middle, and one centre more.
    let center = stream.index(side + 1 - length % 2);
    let start = center.saturating_sub(length / 2);
    let end = (center + length).saturating_sub(length / 2).min(side);
    start..end
}
