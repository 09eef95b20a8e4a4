//! [`Memory`]: samples that are a tensor already.

use burn::tensor::{Device, Tensor};

use super::{DataError, Samples, check_finite, check_indices};
use crate::batch::{Batch, Condition, check_condition, index_tensor};
use crate::errors::DeviceError;
use crate::identity::{Identity, sha256};

/// A set of samples held as one tensor, with a condition for each where there is one.
///
/// The tensor stays on the device where it came from; each batch is picked there and then moved to the
/// device that asks. Put it on the training device and nothing is copied between the two.
///
/// ```
/// use burn::tensor::{Device, Int, Tensor};
/// use burn_gan::data::{Memory, Samples};
///
/// let device = Device::flex();
/// let points = Tensor::<2>::from_floats([[0.0, 1.0], [2.0, 3.0], [4.0, 5.0]], &device);
/// let classes = Tensor::<1, Int>::from_ints([0, 1, 1], &device);
/// let memory = Memory::with_condition(points, classes)?;
///
/// let batch = memory.select(&[2, 0], &device)?;
/// assert_eq!(batch.samples.into_data().try_to_vec::<f32>().unwrap(), [4.0, 5.0, 0.0, 1.0]);
/// assert_eq!(batch.condition.dims(), [2]);
/// # Ok::<(), burn_gan::GanError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Memory<const D: usize, C: Condition = ()> {
    samples: Tensor<D>,
    condition: C,
}

impl<const D: usize> Memory<D> {
    /// The samples `[N, ...]`, images with values in [-1, 1], under no condition.
    ///
    /// # Errors
    /// [`DataError::EmptyDataset`] where the tensor has no values, [`DataError::NonFinite`] where one is NaN
    /// or infinite, [`DataError::Device`] where they cannot be read.
    pub fn new(samples: Tensor<D>) -> Result<Self, DataError> {
        Self::with_condition(samples, ())
    }
}

impl<const D: usize, C: Condition> Memory<D, C> {
    /// The samples `[N, ...]`, images with values in [-1, 1], with one condition each.
    ///
    /// # Errors
    /// Those of [`Memory::new`], and [`DataError::Batch`] where there are not as many conditions as
    /// samples.
    pub fn with_condition(samples: Tensor<D>, condition: C) -> Result<Self, DataError> {
        let dims = samples.dims();
        if dims.contains(&0) {
            return Err(DataError::EmptyDataset);
        }
        check_condition(dims[0], &condition)?;
        let samples = samples.without_autodiff();
        check_finite(samples.clone(), |index| index)?;
        Ok(Self { samples, condition })
    }

    /// All the samples, on the device where they live.
    pub fn samples(&self) -> &Tensor<D> {
        &self.samples
    }

    /// All the conditions.
    pub fn condition(&self) -> &C {
        &self.condition
    }
}

impl<const D: usize, C: Condition> Samples<D, C> for Memory<D, C> {
    fn len(&self) -> usize {
        self.samples.dims()[0]
    }

    fn select(&self, indices: &[usize], device: &Device) -> Result<Batch<D, C>, DataError> {
        let condition = self.conditions(indices, device)?;
        let rows = index_tensor(indices, &self.samples.device());
        // A plain tensor stays plain when it moves, even to a device with autodiff.
        let samples = self.samples.clone().select(0, rows).to_device(device);
        Ok(Batch::with_condition(samples, condition)?)
    }

    fn conditions(&self, indices: &[usize], device: &Device) -> Result<C, DataError> {
        check_indices(indices, self.len())?;
        Ok(self.condition.select(indices).to_device(device))
    }

    fn all_conditions(&self, device: &Device) -> Result<Option<C>, DataError> {
        Ok(Some(self.condition.clone().to_device(device)))
    }

    /// The samples count by their values, the conditions by their shape.
    fn identity(&self) -> Result<Identity, DataError> {
        let data = self
            .samples
            .clone()
            .try_into_data()
            .map_err(DeviceError::new)?;
        Ok(Identity::new("memory", 1)
            .with("shape", self.samples.dims().to_vec())
            .with("condition", self.condition.sample_shape())
            .with("sha256", sha256(data.as_bytes())))
    }
}
