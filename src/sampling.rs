//! Drawing samples from a generator.

use burn::config::Config;
use burn::tensor::Tensor;

use crate::batch::BatchError;
use crate::batch::{Condition, check_condition};
use crate::errors::at_least_1;
use crate::gan_error::GanError;
use crate::module_tree::module_device;
use crate::network::Generator;
use crate::network_error::NetworkError;
use crate::random::{Purpose, Stream};

/// Draws samples from a generator in chunks, so that memory is bounded by the chunk, not by the count.
///
/// ```
/// use burn::tensor::Device;
/// use burn_gan::{SamplerConfig, model::MlpConfig};
///
/// let generator = MlpConfig::new(2).init_generator(&Device::flex())?;
/// let points = SamplerConfig::new().with_seed(7).sample(&generator, 1000, &())?;
/// assert_eq!(points.dims(), [1000, 2]);
/// # Ok::<(), burn_gan::GanError>(())
/// ```
#[derive(Config, Debug)]
#[non_exhaustive]
pub struct SamplerConfig {
    /// Seed of the latent vectors.
    #[config(default = 0)]
    pub seed: u64,
    /// The largest number of samples that go through the generator at once.
    #[config(default = 128)]
    pub chunk: usize,
}

impl SamplerConfig {
    /// Draws `count` samples from standard normal latents.
    ///
    /// The generator runs in its evaluation form. The latents depend on the seed alone: the first samples
    /// are the same whatever the count and the chunk. `condition` holds one condition a sample.
    ///
    /// # Errors
    /// [`GanError::Batch`] for a count of 0, [`GanError::Batch`] where there are not
    /// `count` conditions, [`GanError::Config`] for a chunk of 0.
    pub fn sample<const D: usize, C: Condition, G: Generator<D, C>>(
        &self,
        generator: &G,
        count: usize,
        condition: &C,
    ) -> Result<Tensor<D>, GanError> {
        let mut stream = Stream::new(self.seed, Purpose::Sampling, 0);
        let latent = stream.normal(
            [count, generator.latent_size()],
            &module_device(generator).without_autodiff(),
        );
        self.decode(generator, latent, condition)
    }

    /// Turns latent vectors `[N, latent_size]` of the caller's own into samples.
    ///
    /// # Errors
    /// As [`SamplerConfig::sample`], and [`NetworkError::LatentSize`] for latents of another width.
    pub fn decode<const D: usize, C: Condition, G: Generator<D, C>>(
        &self,
        generator: &G,
        latent: Tensor<2>,
        condition: &C,
    ) -> Result<Tensor<D>, GanError> {
        let [count, latent_size] = latent.dims();
        at_least_1("chunk", self.chunk)?;
        if count == 0 {
            return Err(GanError::Batch(BatchError::Empty));
        }
        if latent_size != generator.latent_size() {
            return Err(GanError::Network(NetworkError::LatentSize {
                expected: generator.latent_size(),
                actual: latent_size,
            }));
        }
        check_condition(count, condition)?;
        let generator = generator.valid();
        let device = module_device(&generator).without_autodiff();
        let latent = latent.without_autodiff().to_device(&device);
        let condition = condition.clone().to_device(&device);
        let chunks = (0..count)
            .step_by(self.chunk)
            .map(|start| {
                let length = self.chunk.min(count - start);
                let latent = latent.clone().narrow(0, start, length);
                generator.generate(latent, &condition.narrow(start, length))
            })
            .collect();
        Ok(Tensor::cat(chunks, 0))
    }
}
