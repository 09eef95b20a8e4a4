//! `Pixels`: images of one size as bytes in memory.

use burn::tensor::{Device, Tensor, TensorData};

use super::DataError;
use crate::batch::Batch;

/// Images of one size, channels first and one after the other.
///
/// At least one image, and at least one byte in each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pixels {
    bytes: Vec<u8>,
    shape: [usize; 3],
}

impl Pixels {
    /// Images `[channels, height, width]`.
    ///
    /// # Errors
    /// [`DataError::EmptyDataset`] for no bytes, [`DataError::ByteCount`] where they are not a whole number of images.
    pub fn new(bytes: Vec<u8>, shape: [usize; 3]) -> Result<Self, DataError> {
        let size = bytes_of_image(shape).ok_or(DataError::ByteCount {
            bytes: bytes.len(),
            shape,
        })?;
        if bytes.is_empty() {
            return Err(DataError::EmptyDataset);
        }
        if !bytes.len().is_multiple_of(size) {
            return Err(DataError::ByteCount {
                bytes: bytes.len(),
                shape,
            });
        }
        Ok(Self { bytes, shape })
    }

    pub fn shape(&self) -> [usize; 3] {
        self.shape
    }

    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub fn len(&self) -> usize {
        self.bytes.len() / self.image_len()
    }

    /// The image at `index`; `None` past the end.
    pub fn get(&self, index: usize) -> Option<&[u8]> {
        self.bytes.chunks_exact(self.image_len()).nth(index)
    }

    fn image_len(&self) -> usize {
        self.shape.iter().product()
    }
}

/// Bytes of an image `[channels, height, width]`; `None` for none, and for more than can be counted.
pub(super) fn bytes_of_image(shape: [usize; 3]) -> Option<usize> {
    let product = shape
        .into_iter()
        .try_fold(1, |product: usize, side| product.checked_mul(side));
    product.filter(|&size| size > 0)
}

/// Whole images `[channels, height, width]` as a batch with values in [-1, 1]: 0 becomes -1 and 255 becomes 1.
pub(super) fn batch(bytes: &[u8], shape: [usize; 3], device: &Device) -> Batch<4> {
    let values: Vec<f32> = bytes
        .iter()
        .map(|&byte| f32::from(byte) / 127.5 - 1.0)
        .collect();
    let images = bytes.len() / shape.iter().product::<usize>().max(1);
    let [channels, height, width] = shape;
    let data = TensorData::new(values, [images, channels, height, width]);
    Batch::new(Tensor::from_data(data, &device.clone().without_autodiff()))
}

/// Appends an image `[height, width, channels]` to others, as `[channels, height, width]`.
pub(super) fn push_channels_first(image: &[u8], channels: usize, onto: &mut Vec<u8>) {
    for channel in 0..channels {
        onto.extend(image.iter().skip(channel).step_by(channels));
    }
}
