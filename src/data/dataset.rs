//! [`DatasetSamples`]: any of Burn's datasets as a set of samples.

use std::error::Error;
use std::marker::PhantomData;

use burn::data::dataset::{Dataset, DatasetError};
use burn::tensor::{Device, Tensor};

use super::{DataError, Samples, check_indices};
use crate::batch::{Batch, Condition, check_condition};
use crate::errors::ShapeError;

/// A `burn::data::dataset::Dataset` and a mapper that turns an item into a sample.
///
/// The mapper gets an item and the device to put it on (a plain one, without autodiff), and returns a batch
/// of one sample: a tensor `[1, ...]`, images with values in [-1, 1], and a condition where there is one.
///
/// ```
/// use burn::data::dataset::InMemDataset;
/// use burn::tensor::{Device, Int, Tensor};
/// use burn_gan::Batch;
/// use burn_gan::data::{DatasetSamples, Samples};
///
/// let flowers = InMemDataset::new(vec![([5.1_f32, 3.5], 0), ([7.0, 3.2], 1)]);
/// let samples = DatasetSamples::new(flowers, |(sizes, class): &([f32; 2], i64), device: &Device| {
///     Ok(Batch::with_condition(
///         Tensor::<2>::from_floats([*sizes], device),
///         Tensor::<1, Int>::from_ints([*class], device),
///     )?)
/// });
///
/// let batch = samples.select(&[1, 0, 1], &Device::flex())?;
/// assert_eq!(batch.samples.dims(), [3, 2]);
/// assert_eq!(batch.condition.dims(), [3]);
/// # Ok::<(), burn_gan::GanError>(())
/// ```
#[derive(Debug, Clone)]
pub struct DatasetSamples<S, F, I, E = DatasetError> {
    dataset: S,
    mapper: F,
    item: PhantomData<fn() -> Result<I, E>>,
}

impl<S, F, I, E> DatasetSamples<S, F, I, E>
where
    S: Dataset<I, E>,
    E: Error + Send + Sync + 'static,
{
    /// The items of `dataset`, each turned into a sample by `mapper`.
    pub fn new<const D: usize, C: Condition>(dataset: S, mapper: F) -> Self
    where
        F: Fn(&I, &Device) -> Result<Batch<D, C>, DataError>,
    {
        Self {
            dataset,
            mapper,
            item: PhantomData,
        }
    }
}

impl<const D: usize, C, S, F, I, E> Samples<D, C> for DatasetSamples<S, F, I, E>
where
    C: Condition,
    S: Dataset<I, E>,
    F: Fn(&I, &Device) -> Result<Batch<D, C>, DataError>,
    E: Error + Send + Sync + 'static,
{
    fn len(&self) -> usize {
        self.dataset.len()
    }

    /// Besides the errors of [`Samples::select`]: [`DataError::User`] where the dataset cannot get an item,
    /// whatever the mapper returns, [`DataError::Shape`] and [`DataError::Batch`] where it
    /// returns anything but one sample, or samples of several shapes.
    fn select(&self, indices: &[usize], device: &Device) -> Result<Batch<D, C>, DataError> {
        // Burn's datasets panic on an index past the end.
        check_indices(indices, self.len())?;
        let device = device.clone().without_autodiff();
        let mut samples: Vec<Tensor<D>> = Vec::with_capacity(indices.len());
        let mut conditions: Vec<C> = Vec::with_capacity(indices.len());
        for &index in indices {
            let item = self.dataset.get(index).map_err(DataError::user)?;
            let Batch {
                samples: sample,
                condition,
            } = (self.mapper)(&item, &device)?;

            let mut expected = samples.first().unwrap_or(&sample).dims();
            expected[0] = 1;
            ShapeError::check("mapped sample", &expected, &sample.dims())?;
            check_condition(1, &condition)?;
            let expected = conditions.first().unwrap_or(&condition).sample_shape();
            ShapeError::check("mapped condition", &expected, &condition.sample_shape())?;

            samples.push(sample.without_autodiff().to_device(&device));
            conditions.push(condition.to_device(&device));
        }
        let samples = Tensor::cat(samples, 0);
        Ok(Batch::with_condition(samples, C::cat(conditions))?)
    }
}
