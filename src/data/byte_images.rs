//! [`ByteImages`]: images of one size, kept as bytes.

#[cfg(feature = "image-folder")]
use std::sync::Arc;

use burn::tensor::Device;

#[cfg(feature = "image-folder")]
use super::image_cache::CachedImages;
use super::pixels::{Pixels, batch, bytes_of_image, push_channels_first};
use super::{DataError, IdxImages, LabelledByteImages, Samples, check_indices};
use crate::batch::Batch;
use crate::identity::{Identity, sha256};

/// Images of one size, kept as bytes and converted a batch at a time.
///
/// A batch is `[N, channels, height, width]` with values in [-1, 1], byte / 127.5 - 1: 0 becomes -1 and 255 becomes 1.
/// The bytes are in memory, a quarter of what the values would take, or, for a folder of pictures, in its cache file;
/// a batch then reads its own images alone.
///
/// ```
/// use burn::tensor::Device;
/// use burn_gan::data::{ByteImages, Samples};
///
/// // Two colour images of 1x2 pixels, row by row, three bytes a pixel.
/// let bytes = vec![255, 0, 0, 0, 0, 255, 0, 255, 0, 51, 51, 51];
/// let images = ByteImages::channels_last(bytes, 1, 2, 3)?;
/// assert_eq!((images.len(), images.shape()), (2, [3, 1, 2]));
///
/// let batch = images.select(&[1], &Device::flex())?.samples;
/// assert_eq!(batch.dims(), [1, 3, 1, 2]);
/// let values = batch.into_data().try_to_vec::<f32>().unwrap();
/// assert_eq!(values, [-1.0, -0.6, 1.0, -0.6, -1.0, -0.6]);
/// # Ok::<(), burn_gan::GanError>(())
/// ```
#[derive(Debug, Clone)]
pub struct ByteImages(Bytes);

#[derive(Debug, Clone)]
enum Bytes {
    Memory(Pixels),
    #[cfg(feature = "image-folder")]
    Cached(Arc<CachedImages>),
}

impl ByteImages {
    /// Images `[N, channels, height, width]`, one after the other.
    ///
    /// # Errors
    /// [`DataError::EmptyDataset`] for no bytes, [`DataError::ByteCount`] where they are not a whole number of images
    /// or a side is 0.
    pub fn channels_first(
        bytes: Vec<u8>,
        channels: usize,
        height: usize,
        width: usize,
    ) -> Result<Self, DataError> {
        Pixels::new(bytes, [channels, height, width]).map(Self::in_memory)
    }

    /// Images `[N, height, width, channels]`, one after the other, as most programs keep them.
    ///
    /// # Errors
    /// Those of [`ByteImages::channels_first`].
    pub fn channels_last(
        bytes: Vec<u8>,
        height: usize,
        width: usize,
        channels: usize,
    ) -> Result<Self, DataError> {
        let shape = [channels, height, width];
        let pixels = Pixels::new(bytes, shape)?;
        if channels == 1 {
            return Ok(Self::in_memory(pixels));
        }
        let mut turned = Vec::with_capacity(pixels.bytes().len());
        let size = bytes_of_image(shape).unwrap_or(1);
        for image in pixels.bytes().chunks_exact(size) {
            push_channels_first(image, channels, &mut turned);
        }
        Pixels::new(turned, shape).map(Self::in_memory)
    }

    pub(super) fn in_memory(pixels: Pixels) -> Self {
        Self(Bytes::Memory(pixels))
    }

    #[cfg(feature = "image-folder")]
    pub(super) fn cached(images: CachedImages) -> Self {
        Self(Bytes::Cached(Arc::new(images)))
    }

    /// The shape of an image: channels, height, width.
    pub fn shape(&self) -> [usize; 3] {
        match &self.0 {
            Bytes::Memory(pixels) => pixels.shape(),
            #[cfg(feature = "image-folder")]
            Bytes::Cached(images) => images.shape(),
        }
    }

    /// Number of channels: 1 of a grey image, 3 of a colour image, 4 with opacity.
    pub fn channels(&self) -> usize {
        self.shape()[0]
    }

    /// Height of an image in pixels.
    pub fn height(&self) -> usize {
        self.shape()[1]
    }

    /// Width of an image in pixels.
    pub fn width(&self) -> usize {
        self.shape()[2]
    }

    /// The bytes of the image at `index`, `[channels, height, width]`.
    ///
    /// # Errors
    /// [`DataError::IndexOutOfRange`] for an index past the end, and, for images of a cache file, what keeps them
    /// there: `DataError::Cache` and [`DataError::File`].
    pub fn bytes(&self, index: usize) -> Result<Vec<u8>, DataError> {
        check_indices(&[index], self.len())?;
        let mut bytes = Vec::new();
        self.read(index, &mut bytes)?;
        Ok(bytes)
    }

    /// The same images with a class each.
    ///
    /// # Errors
    /// [`DataError::LabelCount`] where there are not as many labels as images.
    pub fn with_labels(self, labels: Vec<usize>) -> Result<LabelledByteImages, DataError> {
        LabelledByteImages::new(self, labels)
    }

    /// Puts the bytes of the image at `index`, which is in range, after the others.
    fn read(&self, index: usize, onto: &mut Vec<u8>) -> Result<(), DataError> {
        match &self.0 {
            Bytes::Memory(pixels) => onto.extend(pixels.get(index).into_iter().flatten()),
            #[cfg(feature = "image-folder")]
            Bytes::Cached(images) => images.read(index, onto)?,
        }
        Ok(())
    }
}

impl From<IdxImages> for ByteImages {
    fn from(images: IdxImages) -> Self {
        Self::in_memory(images.into_pixels())
    }
}

impl Samples<4> for ByteImages {
    fn len(&self) -> usize {
        match &self.0 {
            Bytes::Memory(pixels) => pixels.len(),
            #[cfg(feature = "image-folder")]
            Bytes::Cached(images) => images.len(),
        }
    }

    fn select(&self, indices: &[usize], device: &Device) -> Result<Batch<4>, DataError> {
        check_indices(indices, self.len())?;
        let mut bytes = Vec::new();
        for &index in indices {
            self.read(index, &mut bytes)?;
        }
        Ok(batch(&bytes, self.shape(), device))
    }

    /// The images count by their bytes, wherever those are kept.
    fn identity(&self) -> Result<Identity, DataError> {
        let hash = match &self.0 {
            Bytes::Memory(pixels) => sha256(pixels.bytes()),
            #[cfg(feature = "image-folder")]
            Bytes::Cached(images) => images.content().to_string(),
        };
        let [channels, height, width] = self.shape();
        Ok(Identity::new("byte-images", 1)
            .with("shape", vec![self.len(), channels, height, width])
            .with("sha256", hash))
    }
}
