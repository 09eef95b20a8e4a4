//! [`Shuffled`]: a finite set of samples, in a new random order every epoch.

use burn::config::Config;
use burn::tensor::Device;
use serde::{Deserialize, Serialize};

use super::{DataError, Samples, Source};
use crate::batch::{Batch, Condition};
use crate::errors::at_least_1;
use crate::identity::Identity;
use crate::random::{Purpose, Stream};

/// What becomes of the samples that do not fill the last batch of an epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum LastBatch {
    /// They are left out of this epoch, so that every batch has the same size.
    #[default]
    Drop,
    /// They make a smaller batch.
    Keep,
}

/// Configuration of [`Shuffled`].
///
/// ```
/// use burn::tensor::{Device, Tensor};
/// use burn_gan::data::{LastBatch, Memory, ShuffleConfig, Source};
///
/// let device = Device::flex();
/// let points = Memory::new(Tensor::<2>::ones([10, 2], &device))?;
/// let mut source = ShuffleConfig::new(4)
///     .with_seed(7)
///     .with_last(LastBatch::Keep)
///     .init(points)?;
///
/// assert_eq!(source.batches_per_epoch(), 3);
/// assert_eq!(source.batch(0, &device)?.len(), 4);
/// assert_eq!(source.batch(2, &device)?.len(), 2);
/// # Ok::<(), burn_gan::GanError>(())
/// ```
#[derive(Config, Debug)]
#[non_exhaustive]
pub struct ShuffleConfig {
    /// Number of samples in a batch.
    pub batch_size: usize,
    /// The seed of the shuffles.
    #[config(default = 0)]
    pub seed: u64,
    /// What becomes of the samples that do not fill the last batch of an epoch.
    #[config(default = "LastBatch::Drop")]
    pub last: LastBatch,
}

impl ShuffleConfig {
    /// A source of shuffled batches of `samples`.
    ///
    /// # Errors
    /// [`DataError::Config`] for a batch size of 0, [`DataError::EmptyDataset`] for a set without samples
    /// and [`DataError::BatchTooLarge`] where dropping the last batch would leave none.
    pub fn init<const D: usize, C: Condition, S: Samples<D, C>>(
        &self,
        samples: S,
    ) -> Result<Shuffled<S>, DataError> {
        let len = samples.len();
        at_least_1("batch_size", self.batch_size)?;
        if len == 0 {
            return Err(DataError::EmptyDataset);
        }
        let batches_per_epoch = match self.last {
            LastBatch::Drop => len / self.batch_size,
            LastBatch::Keep => len.div_ceil(self.batch_size),
        };
        if batches_per_epoch == 0 {
            return Err(DataError::BatchTooLarge {
                batch_size: self.batch_size,
                samples: len,
            });
        }
        Ok(Shuffled {
            order: order(self.seed, 0, len),
            epoch: 0,
            samples,
            config: self.clone(),
            batches_per_epoch,
        })
    }
}

/// A source that goes through a finite set of samples, in a new random order every epoch.
///
/// Step `s` belongs to epoch `s / batches_per_epoch`, whose order depends on (seed, epoch) alone, so any step
/// can be asked for at any time. Made by [`ShuffleConfig::init`].
#[derive(Debug, Clone)]
pub struct Shuffled<S> {
    samples: S,
    config: ShuffleConfig,
    batches_per_epoch: usize,
    // The epoch asked for last and its order: most calls stay in one epoch.
    epoch: usize,
    order: Vec<usize>,
}

impl<S> Shuffled<S> {
    /// Number of batches in an epoch.
    pub fn batches_per_epoch(&self) -> usize {
        self.batches_per_epoch
    }

    /// The set of samples.
    pub fn samples(&self) -> &S {
        &self.samples
    }
}

impl<const D: usize, C: Condition, S: Samples<D, C>> Source<D, C> for Shuffled<S> {
    fn batch(&mut self, step: usize, device: &Device) -> Result<Batch<D, C>, DataError> {
        let epoch = step / self.batches_per_epoch;
        if epoch != self.epoch {
            self.order = order(self.config.seed, epoch, self.order.len());
            self.epoch = epoch;
        }
        let start = step % self.batches_per_epoch * self.config.batch_size;
        let end = self.order.len().min(start + self.config.batch_size);
        self.samples.select(&self.order[start..end], device)
    }

    fn conditions(&self, device: &Device) -> Result<Option<C>, DataError> {
        self.samples.all_conditions(device)
    }

    fn identity(&self) -> Result<Identity, DataError> {
        let samples = self.samples.identity()?;
        Ok(Identity::new("shuffled", 1)
            .with("batch_size", self.config.batch_size)
            .with("seed", self.config.seed)
            .with("last", format!("{:?}", self.config.last))
            .with("samples", samples.to_value()))
    }
}

/// The order of the samples in an epoch.
fn order(seed: u64, epoch: usize, len: usize) -> Vec<usize> {
    Stream::new(seed, Purpose::Shuffle, epoch as u64).permutation(len)
}
