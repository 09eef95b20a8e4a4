//! [`IdxImages`] and [`LabelledImages`]: grey images of an IDX file as a set of samples.

use burn::tensor::Device;

use super::pixels::{Pixels, batch};
use super::{DataError, Samples, check_indices, check_label_count, label_tensor};
use crate::batch::{Batch, Labels};
use crate::identity::{Identity, sha256};

/// Grey images of one size, kept as bytes and converted a batch at a time.
///
/// A batch is `[N, 1, height, width]` with values in [-1, 1], byte / 127.5 - 1: 0 (black) becomes -1 and 255
/// (white) becomes 1. Read by [`idx::read_images`](super::idx::read_images) or
/// [`idx::read_folder`](super::idx::read_folder).
///
/// ```
/// use burn::tensor::Device;
/// use burn_gan::data::{Samples, idx};
///
/// let digits = idx::read_folder("tests/data/digits-8x8")?;
/// assert_eq!((digits.len(), digits.height(), digits.width()), (1797, 8, 8));
/// let batch = digits.select(&[0, 5, 9], &Device::flex())?;
/// assert_eq!(batch.samples.dims(), [3, 1, 8, 8]);
/// # Ok::<(), burn_gan::GanError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdxImages {
    /// Of one channel.
    pixels: Pixels,
}

impl IdxImages {
    /// Images of `height * width` pixels each; `pixels` holds them one after the other.
    ///
    /// # Errors
    /// Those of [`ByteImages::channels_first`](super::ByteImages::channels_first).
    pub(super) fn from_parts(
        pixels: Vec<u8>,
        height: usize,
        width: usize,
    ) -> Result<Self, DataError> {
        let pixels = Pixels::new(pixels, [1, height, width])?;
        Ok(Self { pixels })
    }

    /// What they are made of.
    pub(super) fn into_pixels(self) -> Pixels {
        self.pixels
    }

    /// Height of an image in pixels.
    pub fn height(&self) -> usize {
        self.pixels.shape()[1]
    }

    /// Width of an image in pixels.
    pub fn width(&self) -> usize {
        self.pixels.shape()[2]
    }

    /// The bytes of the image at `index`, row by row; `None` past the end.
    pub fn pixels(&self, index: usize) -> Option<&[u8]> {
        self.pixels.get(index)
    }

    /// The same images with a class label each.
    ///
    /// # Errors
    /// [`DataError::LabelCount`] where there are not as many labels as images.
    pub fn with_labels(self, labels: Vec<u8>) -> Result<LabelledImages, DataError> {
        check_label_count(self.len(), labels.len())?;
        Ok(LabelledImages {
            images: self,
            labels,
        })
    }
}

impl Samples<4> for IdxImages {
    fn len(&self) -> usize {
        self.pixels.len()
    }

    fn select(&self, indices: &[usize], device: &Device) -> Result<Batch<4>, DataError> {
        check_indices(indices, self.len())?;
        let images = indices.iter().filter_map(|&index| self.pixels(index));
        let bytes: Vec<u8> = images.flatten().copied().collect();
        Ok(batch(&bytes, self.pixels.shape(), device))
    }

    fn identity(&self) -> Result<Identity, DataError> {
        Ok(Identity::new("images", 1)
            .with("shape", vec![self.len(), self.height(), self.width()])
            .with("sha256", sha256(self.pixels.bytes())))
    }
}

/// [`IdxImages`] with a class label each, which is the condition of a batch.
///
/// Made by [`IdxImages::with_labels`] or read by
/// [`idx::read_labelled_folder`](super::idx::read_labelled_folder).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabelledImages {
    images: IdxImages,
    labels: Vec<u8>,
}

impl LabelledImages {
    /// The images.
    pub fn images(&self) -> &IdxImages {
        &self.images
    }

    /// The class label of each image.
    pub fn labels(&self) -> &[u8] {
        &self.labels
    }

    /// Number of classes: one more than the largest label.
    pub fn classes(&self) -> usize {
        self.labels
            .iter()
            .max()
            .map_or(0, |&label| usize::from(label) + 1)
    }
}

impl Samples<4, Labels> for LabelledImages {
    fn len(&self) -> usize {
        self.images.len()
    }

    fn select(&self, indices: &[usize], device: &Device) -> Result<Batch<4, Labels>, DataError> {
        let images = self.images.select(indices, device)?.samples;
        let labels = self.conditions(indices, device)?;
        Ok(Batch::with_condition(images, labels)?)
    }

    fn conditions(&self, indices: &[usize], device: &Device) -> Result<Labels, DataError> {
        check_indices(indices, self.labels.len())?;
        let labels = indices.iter().filter_map(|&index| self.labels.get(index));
        Ok(label_tensor(&numbers(labels), device))
    }

    fn all_conditions(&self, device: &Device) -> Result<Option<Labels>, DataError> {
        Ok(Some(label_tensor(&numbers(&self.labels), device)))
    }

    fn identity(&self) -> Result<Identity, DataError> {
        let images = self.images.identity()?;
        Ok(images.with("labels_sha256", sha256(&self.labels)))
    }
}

/// Labels of a file as numbers.
fn numbers<'a>(labels: impl IntoIterator<Item = &'a u8>) -> Vec<usize> {
    labels.into_iter().map(|&label| label.into()).collect()
}
