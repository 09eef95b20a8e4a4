//! [`Subset`]: some samples of a set, such as those to train on beside those held out.

use burn::tensor::Device;

use super::{DataError, Samples, check_indices};
use crate::batch::{Batch, Condition};
use crate::errors::ConfigError;
use crate::identity::{Identity, sha256};
use crate::random::{Purpose, Stream};

/// Some samples of a set, by their indices.
///
/// ```
/// use burn::tensor::{Device, Tensor};
/// use burn_gan::data::{Memory, Samples, Subset};
///
/// let device = Device::flex();
/// let points = Memory::new(Tensor::<2>::from_floats([[0.0], [1.0], [2.0], [3.0]], &device))?;
/// let (training, held_out) = Subset::hold_out::<2, ()>(&points, 1, 7)?;
/// assert_eq!((training.len(), held_out.len()), (3, 1));
/// assert!(!training.indices().contains(&held_out.indices()[0]));
///
/// let last = Subset::new::<2, ()>(&points, vec![3, 2])?;
/// assert_eq!(last.select(&[0], &device)?.samples.into_scalar::<f32>(), 3.0);
/// # Ok::<(), burn_gan::data::DataError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Subset<S> {
    samples: S,
    indices: Vec<usize>,
}

impl<S> Subset<S> {
    /// The samples at `indices`, in that order.
    ///
    /// # Errors
    /// [`DataError::Batch`] for no indices, [`DataError::IndexOutOfRange`] for an index past the end.
    pub fn new<const D: usize, C: Condition>(
        samples: S,
        indices: Vec<usize>,
    ) -> Result<Self, DataError>
    where
        S: Samples<D, C>,
    {
        check_indices(&indices, samples.len())?;
        Ok(Self { samples, indices })
    }

    /// Splits a set at random: samples to train on, and `count` others that are held out to judge by. Which, is a
    /// function of the seed and of the number of samples.
    ///
    /// # Errors
    /// [`DataError::Config`] for a count that leaves either part without samples.
    pub fn hold_out<const D: usize, C: Condition>(
        samples: S,
        count: usize,
        seed: u64,
    ) -> Result<(Self, Self), DataError>
    where
        S: Samples<D, C> + Clone,
    {
        if count == 0 || count >= samples.len() {
            let requirement = "must leave samples in both parts";
            return Err(ConfigError::new("count", count, requirement).into());
        }
        let mut held_out = Stream::new(seed, Purpose::HeldOut, 0).permutation(samples.len());
        let training = held_out.split_off(count);
        let part = |indices| Self {
            samples: samples.clone(),
            indices,
        };
        Ok((part(training), part(held_out)))
    }

    /// Which samples of the set it has.
    pub fn indices(&self) -> &[usize] {
        &self.indices
    }

    /// The indices in the set, for indices in this part of it.
    fn inner(&self, indices: &[usize]) -> Result<Vec<usize>, DataError> {
        check_indices(indices, self.indices.len())?;
        Ok(indices.iter().map(|&index| self.indices[index]).collect())
    }
}

impl<const D: usize, C: Condition, S: Samples<D, C>> Samples<D, C> for Subset<S> {
    fn len(&self) -> usize {
        self.indices.len()
    }

    fn select(&self, indices: &[usize], device: &Device) -> Result<Batch<D, C>, DataError> {
        self.samples.select(&self.inner(indices)?, device)
    }

    fn conditions(&self, indices: &[usize], device: &Device) -> Result<C, DataError> {
        self.samples.conditions(&self.inner(indices)?, device)
    }

    fn all_conditions(&self, device: &Device) -> Result<Option<C>, DataError> {
        // Of the whole set: a set without conditions need not load samples to say so.
        if self.samples.all_conditions(device)?.is_none() {
            return Ok(None);
        }
        Ok(Some(self.samples.conditions(&self.indices, device)?))
    }

    /// The set's, and which samples of it.
    fn identity(&self) -> Result<Identity, DataError> {
        let indices = self.indices.iter().flat_map(|index| index.to_le_bytes());
        Ok(self
            .samples
            .identity()?
            .with("subset", sha256(&indices.collect::<Vec<u8>>())))
    }
}
