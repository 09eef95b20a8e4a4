//! [`HorizontalFlip`]: a set of images and their mirror images.

use burn::tensor::{Bool, Device, Tensor, TensorData};

use super::{DataError, Samples, check_indices};
use crate::batch::{Batch, Condition};
use crate::identity::Identity;

/// A set of images `[N, C, H, W]` and behind them, in the same order, their mirror images with left and right exchanged.
///
/// The condition of a mirror image is that of the image. Classes have to be the same in a mirror, which those of letters and
/// digits are not; where an image is the condition, it is not mirrored.
///
/// Unlike an augmentation of what the discriminator sees, which the generator is not to learn, this adds to the data:
/// generated images are mirrored as often as not.
///
/// ```
/// use burn::tensor::{Device, Tensor};
/// use burn_gan::data::{HorizontalFlip, Memory, Samples};
///
/// let device = Device::flex();
/// let images = Memory::new(Tensor::<4>::from_floats([[[[1.0, 2.0]]], [[[3.0, 4.0]]]], &device))?;
/// let both = HorizontalFlip::new(images);
/// assert_eq!(both.len(), 4);
/// let batch = both.select(&[1, 3], &device)?;
/// assert_eq!(batch.samples.into_data().to_vec::<f32>().unwrap(), [3.0, 4.0, 4.0, 3.0]);
/// # Ok::<(), burn_gan::GanError>(())
/// ```
#[derive(Debug, Clone)]
pub struct HorizontalFlip<S> {
    images: S,
}

impl<S> HorizontalFlip<S> {
    /// These images and their mirror images.
    pub fn new(images: S) -> Self {
        Self { images }
    }

    /// The images alone.
    pub fn images(&self) -> &S {
        &self.images
    }
}

impl<S> HorizontalFlip<S> {
    /// The images that these are or mirror.
    fn sources<C: Condition>(&self, indices: &[usize]) -> Result<Vec<usize>, DataError>
    where
        S: Samples<4, C>,
    {
        check_indices(indices, self.len())?;
        let images = self.images.len();
        Ok(indices.iter().map(|index| index % images).collect())
    }
}

impl<C: Condition, S: Samples<4, C>> Samples<4, C> for HorizontalFlip<S> {
    fn len(&self) -> usize {
        2 * self.images.len()
    }

    fn select(&self, indices: &[usize], device: &Device) -> Result<Batch<4, C>, DataError> {
        let Batch { samples, condition } = self.images.select(&self.sources(indices)?, device)?;
        let images = self.images.len();
        let mirrored: Vec<bool> = indices.iter().map(|&index| index >= images).collect();
        Ok(Batch {
            samples: flipped(samples, mirrored),
            condition,
        })
    }

    fn conditions(&self, indices: &[usize], device: &Device) -> Result<C, DataError> {
        self.images.conditions(&self.sources(indices)?, device)
    }

    fn all_conditions(&self, device: &Device) -> Result<Option<C>, DataError> {
        let conditions = self.images.all_conditions(device)?;
        Ok(conditions.map(|conditions| C::cat(vec![conditions.clone(), conditions])))
    }

    fn identity(&self) -> Result<Identity, DataError> {
        let images = self.images.identity()?;
        Ok(Identity::new("horizontal flip", 1).with("images", images.to_value()))
    }
}

/// The images, some of them mirrored.
fn flipped(images: Tensor<4>, mirrored: Vec<bool>) -> Tensor<4> {
    if !mirrored.contains(&true) {
        return images;
    }
    let shape = images.dims();
    let mirrored = TensorData::new(mirrored, [shape[0], 1, 1, 1]);
    let mirrored = Tensor::<4, Bool>::from_data(mirrored, &images.device()).expand(shape);
    let mirror_images = images.clone().flip([3]);
    images.mask_where(mirrored, mirror_images)
}
