//! [`MixtureSource`]: fresh samples of a [`Mixture`] every step.

use burn::config::Config;
use burn::tensor::Device;

use super::{DataError, Mixture, Source};
use crate::batch::Batch;
use crate::errors::at_least_1;
use crate::identity::Identity;
use crate::random::{Purpose, Stream};

/// Configuration of [`MixtureSource`].
///
/// ```
/// use burn::tensor::Device;
/// use burn_gan::data::{Mixture, MixtureSourceConfig, Source};
///
/// let mut source = MixtureSourceConfig::new(Mixture::ring(), 64).with_seed(7).init()?;
/// let batch = source.batch(0, &Device::flex())?;
/// assert_eq!(batch.samples.dims(), [64, 2]);
/// # Ok::<(), burn_gan::GanError>(())
/// ```
#[derive(Config, Debug)]
#[non_exhaustive]
pub struct MixtureSourceConfig {
    /// The distribution.
    pub mixture: Mixture,
    /// Number of samples in a batch.
    pub batch_size: usize,
    /// The seed of the samples.
    #[config(default = 0)]
    pub seed: u64,
}

impl MixtureSourceConfig {
    /// A source of batches of the mixture.
    ///
    /// # Errors
    /// [`DataError::Config`] for a batch size of 0 and for a mixture that [`Mixture::check`] refuses.
    pub fn init(&self) -> Result<MixtureSource, DataError> {
        at_least_1("batch_size", self.batch_size)?;
        self.mixture.check()?;
        Ok(MixtureSource {
            mixture: self.mixture,
            batch_size: self.batch_size,
            seed: self.seed,
        })
    }
}

/// A source of batches `[batch_size, 2]`, fresh samples of a [`Mixture`] every step.
///
/// Made by [`MixtureSourceConfig::init`].
#[derive(Debug, Clone)]
pub struct MixtureSource {
    mixture: Mixture,
    batch_size: usize,
    seed: u64,
}

impl MixtureSource {
    /// The distribution.
    pub fn mixture(&self) -> &Mixture {
        &self.mixture
    }
}

impl Source<2> for MixtureSource {
    fn batch(&mut self, step: usize, device: &Device) -> Result<Batch<2>, DataError> {
        let mut stream = Stream::new(self.seed, Purpose::Data, step as u64);
        let device = device.clone().without_autodiff();
        Ok(Batch::new(self.mixture.sample(
            self.batch_size,
            &mut stream,
            &device,
        )))
    }

    fn identity(&self) -> Result<Identity, DataError> {
        Ok(Identity::new("mixture", 1)
            .with("mixture", format!("{:?}", self.mixture))
            .with("batch_size", self.batch_size)
            .with("seed", self.seed))
    }
}
