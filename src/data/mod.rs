//! Sources of real samples: what a run learns from.
//!
//! A run takes a [`Source`], which has a batch for every step. A finite set of [`Samples`] becomes one through
//! [`ShuffleConfig`], which puts them in a new random order every epoch.
//!
//! | the samples are | take |
//! |---|---|
//! | one tensor: points, a table, images | [`Memory`], shuffled |
//! | images as bytes | [`ByteImages`], shuffled |
//! | grey images in IDX files, as MNIST's | [`idx`], shuffled |
//! | CIFAR-10 or CIFAR-100 | [`cifar`], shuffled |
//! | arrays of NumPy's | [`numpy`], shuffled |
//! | a folder of pictures | `ImageFolderConfig` (feature `image-folder`), shuffled |
//! | tiles of one large picture | `SheetConfig` (feature `image-folder`), shuffled |
//! | a dataset of Burn's | `DatasetSamples` (feature `dataset`), shuffled |
//! | points of a toy distribution ([`Mixture`]) | [`MixtureSourceConfig`], fresh points every step |
//! | anything else | an implementation of [`Samples`], shuffled, or of [`Source`] |
//!
//! [`Prefetched`] prepares the next batch of any source while a step is taken, [`Subset`] is a part of a set, such as what is
//! held out, [`HorizontalFlip`] adds the mirror images of a set, [`ClustersConfig`] finds classes where there are no labels.
//! [`DataSummary`] is a look at a set before training: counts,
//! shapes, classes, range, duplicates.

mod byte_images;
pub mod cifar;
mod class_frequencies;
#[cfg(feature = "image-folder")]
mod class_names;
mod clustered;
mod clusters;
#[cfg(feature = "dataset")]
mod dataset;
mod error;
mod horizontal_flip;
pub mod idx;
mod idx_images;
#[cfg(feature = "image-folder")]
mod image_cache;
#[cfg(feature = "image-folder")]
mod image_folder;
mod labelled_byte_images;
mod memory;
mod mixture;
mod mixture_source;
pub mod numpy;
mod pixels;
mod prefetch;
#[cfg(feature = "image-folder")]
mod sheet;
mod shuffle;
mod subset;
mod summary;
#[cfg(feature = "image-folder")]
mod table;

pub use byte_images::ByteImages;
pub use class_frequencies::ClassFrequencies;
pub use clustered::Clustered;
pub use clusters::{Clusters, ClustersConfig};
#[cfg(feature = "dataset")]
pub use dataset::DatasetSamples;
pub use error::DataError;
pub use horizontal_flip::HorizontalFlip;
pub use idx_images::{IdxImages, LabelledImages};
#[cfg(feature = "image-folder")]
pub use image_cache::CacheError;
#[cfg(feature = "image-folder")]
pub use image_folder::{
    ClassSource, FolderError, FolderProgress, ImageFolder, ImageFolderConfig, LabelFile,
    OriginalSize, PictureChannels, PictureStore, Resize, ResizeFilter, SkippedPicture, Undecodable,
    UndecodableError,
};
pub use labelled_byte_images::LabelledByteImages;
pub use memory::Memory;
pub use mixture::Mixture;
pub use mixture_source::{MixtureSource, MixtureSourceConfig};
pub use prefetch::Prefetched;
#[cfg(feature = "image-folder")]
pub use sheet::{SheetConfig, SheetError};
pub use shuffle::{LastBatch, ShuffleConfig, Shuffled};
pub use subset::Subset;
pub use summary::{DataSummary, Duplicate};
#[cfg(feature = "image-folder")]
pub use table::TableError;

use std::sync::Arc;

use burn::tensor::{Device, Tensor};

use crate::batch::{Batch, BatchError, Condition, Labels, index_tensor};
use crate::errors::DeviceError;
use crate::identity::Identity;

/// Real samples for every step of a training run.
///
/// `D` and `C` are those of [`Generator`](crate::Generator): the rank of a batch and its condition.
///
/// ```
/// use burn::tensor::{Device, Tensor};
/// use burn_gan::Batch;
/// use burn_gan::data::{DataError, Source};
/// use burn_gan::random::{Purpose, Stream};
///
/// /// Points on a segment, eight a step.
/// struct Segment {
///     seed: u64,
/// }
///
/// impl Source<2> for Segment {
///     fn batch(&mut self, step: usize, device: &Device) -> Result<Batch<2>, DataError> {
///         let mut stream = Stream::new(self.seed, Purpose::Data, step as u64);
///         let position: Tensor<2> = stream.uniform([8, 1], &device.clone().without_autodiff());
///         Ok(Batch::new(position.repeat_dim(1, 2)))
///     }
/// }
///
/// let batch = Segment { seed: 1 }.batch(0, &Device::flex())?;
/// assert_eq!(batch.samples.dims(), [8, 2]);
/// # Ok::<(), DataError>(())
/// ```
pub trait Source<const D: usize, C: Condition = ()> {
    /// The samples of training step `step`, plain tensors (without autodiff) on `device`.
    ///
    /// A function of the source's seed and `step` alone: whatever was asked for before, the same step
    /// gives the same samples, so that a run can resume from its step number.
    ///
    /// # Errors
    /// Whatever keeps the source from its data; [`DataError::User`] carries an error of the user's own.
    fn batch(&mut self, step: usize, device: &Device) -> Result<Batch<D, C>, DataError>;

    /// The conditions of all its samples on `device`, such as their class labels, where there is a finite set of
    /// samples.
    ///
    /// A run checks them before its first step. The default is `None`, right where samples never end and where the
    /// conditions would cost loading all samples.
    ///
    /// # Errors
    /// Whatever keeps the source from its data.
    fn conditions(&self, _device: &Device) -> Result<Option<C>, DataError> {
        Ok(None)
    }

    /// What it is, for checkpoints: a run goes on only with data of the same identity. The default is the
    /// type's name, version 1; whatever decides what a step's batch is should be in it.
    ///
    /// # Errors
    /// Whatever keeps the source from its data.
    fn identity(&self) -> Result<Identity, DataError> {
        Ok(Identity::of::<Self>())
    }
}

impl<const D: usize, C: Condition, S: Source<D, C> + ?Sized> Source<D, C> for &mut S {
    fn batch(&mut self, step: usize, device: &Device) -> Result<Batch<D, C>, DataError> {
        (**self).batch(step, device)
    }
    fn conditions(&self, device: &Device) -> Result<Option<C>, DataError> {
        (**self).conditions(device)
    }
    fn identity(&self) -> Result<Identity, DataError> {
        (**self).identity()
    }
}

impl<const D: usize, C: Condition, S: Source<D, C> + ?Sized> Source<D, C> for Box<S> {
    fn batch(&mut self, step: usize, device: &Device) -> Result<Batch<D, C>, DataError> {
        (**self).batch(step, device)
    }
    fn conditions(&self, device: &Device) -> Result<Option<C>, DataError> {
        (**self).conditions(device)
    }
    fn identity(&self) -> Result<Identity, DataError> {
        (**self).identity()
    }
}

/// A finite set of real samples, each with an index.
pub trait Samples<const D: usize, C: Condition = ()> {
    /// Number of samples.
    fn len(&self) -> usize;

    /// Whether there are no samples.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The samples at `indices`, in that order, as plain tensors (without autodiff) on `device`.
    ///
    /// An index may occur more than once.
    ///
    /// # Errors
    /// [`DataError::IndexOutOfRange`] for an index past the end, [`DataError::Batch`] for no indices, and
    /// whatever keeps the set from its data.
    fn select(&self, indices: &[usize], device: &Device) -> Result<Batch<D, C>, DataError>;

    /// The conditions of the samples at `indices` alone, such as their class labels, as [`Samples::select`] has them.
    ///
    /// The default selects the samples too; a set that has its conditions without loading samples overrides it.
    ///
    /// # Errors
    /// As [`Samples::select`].
    fn conditions(&self, indices: &[usize], device: &Device) -> Result<C, DataError> {
        Ok(self.select(indices, device)?.condition)
    }

    /// The conditions of all samples, in their order, as [`Source::conditions`].
    ///
    /// # Errors
    /// Whatever keeps the set from its data.
    fn all_conditions(&self, _device: &Device) -> Result<Option<C>, DataError> {
        Ok(None)
    }

    /// What it is, for checkpoints; as [`Source::identity`]. The default is the type's name and the number of
    /// samples.
    ///
    /// # Errors
    /// Whatever keeps the set from its data.
    fn identity(&self) -> Result<Identity, DataError> {
        Ok(Identity::of::<Self>().with("samples", self.len()))
    }
}

macro_rules! samples_behind {
    ($pointer:ty) => {
        impl<const D: usize, C: Condition, S: Samples<D, C> + ?Sized> Samples<D, C> for $pointer {
            fn len(&self) -> usize {
                (**self).len()
            }
            fn select(&self, indices: &[usize], device: &Device) -> Result<Batch<D, C>, DataError> {
                (**self).select(indices, device)
            }
            fn conditions(&self, indices: &[usize], device: &Device) -> Result<C, DataError> {
                (**self).conditions(indices, device)
            }
            fn all_conditions(&self, device: &Device) -> Result<Option<C>, DataError> {
                (**self).all_conditions(device)
            }
            fn identity(&self) -> Result<Identity, DataError> {
                (**self).identity()
            }
        }
    };
}
samples_behind!(&S);
samples_behind!(Box<S>);
samples_behind!(Arc<S>);

/// No data set has more classes: a larger label is damage.
const MOST_CLASSES: usize = 1 << 24;

/// Refuses another number of labels than of images.
fn check_label_count(images: usize, labels: usize) -> Result<(), DataError> {
    if labels == images {
        Ok(())
    } else {
        Err(DataError::LabelCount { images, labels })
    }
}

/// Class labels on a device, as plain values.
fn label_tensor(labels: &[usize], device: &Device) -> Labels {
    index_tensor(labels, &device.clone().without_autodiff())
}

/// Refuses an empty list of indices and any index past the end of a set of `samples`.
fn check_indices(indices: &[usize], samples: usize) -> Result<(), DataError> {
    if indices.is_empty() {
        return Err(BatchError::Empty.into());
    }
    match indices.iter().find(|&&index| index >= samples) {
        Some(&index) => Err(DataError::IndexOutOfRange { index, samples }),
        None => Ok(()),
    }
}

/// Refuses NaN and infinities; `place` is where in the whole set a value of these samples stands.
fn check_finite<const D: usize>(
    samples: Tensor<D>,
    place: impl Fn(usize) -> usize,
) -> Result<(), DataError> {
    let values = samples.try_into_vec_as::<f32>().map_err(DeviceError::new)?;
    match values.iter().position(|value| !value.is_finite()) {
        Some(index) => Err(DataError::NonFinite {
            index: place(index),
            value: values[index],
        }),
        None => Ok(()),
    }
}
