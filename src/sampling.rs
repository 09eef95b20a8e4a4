//! Drawing samples from a generator.

use burn::config::Config;
use burn::tensor::{Device, Tensor};

use crate::batch::BatchError;
use crate::batch::{Condition, check_condition};
use crate::errors::{ConfigError, ShapeError, at_least_1};
use crate::gan_error::GanError;
use crate::module_tree::module_device;
use crate::network::Generator;
use crate::network_error::NetworkError;
use crate::random::{Purpose, Stream};
use crate::unwind::caught;

/// Draws samples from a generator in chunks: beside the samples themselves, memory holds the latents and the
/// activations of one chunk.
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
    /// [`GanError::Batch`] for a count of 0 and where there are not `count` conditions, [`GanError::Network`] for
    /// conditions that the generator refuses, [`GanError::Config`] for a
    /// chunk of 0 and for a count whose samples no memory can hold, [`GanError::NetworkFailed`] where the generator
    /// panics, [`GanError::Shape`] where it does not return one sample a latent vector.
    pub fn sample<const D: usize, C: Condition, G: Generator<D, C>>(
        &self,
        generator: &G,
        count: usize,
        condition: &C,
    ) -> Result<Tensor<D>, GanError> {
        let latent_size = generator.latent_size();
        // One stream for all chunks: its numbers come in the same order as if they were drawn at once.
        let mut stream = Stream::new(self.seed, Purpose::Sampling, 0);
        self.generate(generator, count, condition, |_, length, device| {
            stream.normal([length, latent_size], device)
        })
    }

    /// The latents `[count, latent_size]` of the first `count` samples of this seed, on `device` without autodiff:
    /// [`SamplerConfig::decode`] makes those samples of them.
    ///
    /// # Errors
    /// [`GanError::Batch`] for a count of 0, [`GanError::Config`] for a count whose latents no memory can hold.
    pub fn latents(
        &self,
        count: usize,
        latent_size: usize,
        device: &Device,
    ) -> Result<Tensor<2>, GanError> {
        if count == 0 {
            return Err(BatchError::Empty.into());
        }
        check_latents("count", count, latent_size)?;
        let mut stream = Stream::new(self.seed, Purpose::Sampling, 0);
        Ok(stream.normal([count, latent_size], &device.clone().without_autodiff()))
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
        if count > 0 && latent_size != generator.latent_size() {
            return Err(GanError::Network(NetworkError::LatentSize {
                expected: generator.latent_size(),
                actual: latent_size,
            }));
        }
        let latent = latent.without_autodiff();
        self.generate(generator, count, condition, |start, length, device| {
            latent.clone().narrow(0, start, length).to_device(device)
        })
    }

    /// Samples of the latents `latents(start, length, device)`, asked for in order, a chunk at a time.
    fn generate<const D: usize, C: Condition, G: Generator<D, C>>(
        &self,
        generator: &G,
        count: usize,
        condition: &C,
        mut latents: impl FnMut(usize, usize, &Device) -> Tensor<2>,
    ) -> Result<Tensor<D>, GanError> {
        at_least_1("chunk", self.chunk)?;
        if count == 0 {
            return Err(BatchError::Empty.into());
        }
        check_condition(count, condition)?;
        generator.check_condition(condition)?;
        check_latents("chunk", self.chunk.min(count), generator.latent_size())?;
        let generator = generator.valid();
        let device = module_device(&generator).without_autodiff();
        let condition = condition.clone().to_device(&device);
        let mut chunks: Vec<Tensor<D>> = Vec::new();
        for start in (0..count).step_by(self.chunk) {
            let length = self.chunk.min(count - start);
            let latent = latents(start, length, &device);
            let shape = latent.dims().to_vec();
            // After a panic the copy of the generator is dropped.
            let samples = caught(|| generator.generate(latent, &condition.narrow(start, length)))
                .map_err(|message| GanError::NetworkFailed {
                network: "generator",
                shape,
                message,
            })?;
            let actual = samples.dims();
            let mut expected = chunks.first().map_or(actual, |first| first.dims());
            expected[0] = length;
            if actual != expected {
                return Err(GanError::Shape(ShapeError {
                    what: "samples of the generator",
                    expected: expected.to_vec(),
                    actual: actual.to_vec(),
                }));
            }
            if chunks.is_empty() {
                check_size(count, &actual[1..])?;
            }
            chunks.push(samples);
        }
        Ok(Tensor::cat(chunks, 0))
    }
}

/// Refuses so many times so many values of latents as fit into no memory: Rust ends the process where an allocation fails.
pub(crate) fn check_latents(
    field: &'static str,
    count: usize,
    values: usize,
) -> Result<(), ConfigError> {
    // In double precision, in which some are computed.
    let fits = |values| Vec::<f64>::new().try_reserve_exact(values).is_ok();
    if count.checked_mul(values).is_some_and(fits) {
        return Ok(());
    }
    let requirement = "so many latents do not fit into memory";
    Err(ConfigError::new(field, count, requirement))
}

/// Refuses a number of samples of this shape that no memory can hold.
fn check_size(count: usize, sample_shape: &[usize]) -> Result<(), ConfigError> {
    let bytes = sample_shape
        .iter()
        .try_fold(size_of::<f32>(), |bytes, &axis| bytes.checked_mul(axis))
        .and_then(|bytes| bytes.checked_mul(count));
    // The largest allocation that Rust makes.
    if bytes.is_some_and(|bytes| isize::try_from(bytes).is_ok()) {
        return Ok(());
    }
    Err(ConfigError::new(
        "count",
        count,
        "so many samples do not fit into memory",
    ))
}
