//! One sample through both networks before training, so that what does not fit is found before it starts.

use burn::tensor::Device;

use super::finite::{Sums, non_finite_weights};
use crate::batch::{Batch, BatchError, Condition, check_condition};
use crate::errors::ShapeError;
use crate::gan_error::GanError;
use crate::module_tree::module_device;
use crate::network::{Discriminator, Generator};
use crate::non_finite::NonFinite;
use crate::random::{Purpose, Stream};
use crate::unwind::caught;

/// Runs copies of both networks, in evaluation form, on one latent vector and one real sample.
pub(super) fn dry_run<const D: usize, C: Condition>(
    generator: &impl Generator<D, C>,
    discriminator: &impl Discriminator<D, C>,
    example: &Batch<D, C>,
) -> Result<(), GanError> {
    if example.is_empty() {
        return Err(GanError::Batch(BatchError::Empty));
    }
    check_condition(example.len(), &example.condition)?;
    let latent_size = generator.latent_size();
    let data = &example.samples.dims()[1..];
    if let Some(shape) = generator.sample_shape() {
        ShapeError::check("samples of the generator", data, &shape)?;
    }
    if let Some(shape) = discriminator.sample_shape() {
        ShapeError::check("input of the discriminator", data, &shape)?;
    }
    let shape = example.samples.dims();
    guard("generator", shape, || {
        generator.check_condition(&example.condition)
    })??;
    guard("discriminator", shape, || {
        discriminator.check_condition(&example.condition)
    })??;
    let sums = || {
        vec![
            (NonFinite::GeneratorWeights, Sums::of(generator)),
            (NonFinite::DiscriminatorWeights, Sums::of(discriminator)),
        ]
    };
    if let Some(cause) = non_finite_weights(sums)? {
        return Err(GanError::NonFiniteState { steps: 0, cause });
    }

    let device = module_device(generator).without_autodiff();
    let Batch {
        samples: real,
        condition,
    } = first_sample(example, &device);
    let latent = Stream::new(0, Purpose::Latent, 0).normal([1, latent_size], &device);
    let generator = generator.valid();
    let generated = guard("generator", [1, latent_size], || {
        generator.generate(latent, &condition).dims()
    })?;
    ShapeError::check("samples of the generator", data, &generated[1..])?;

    let discriminator = discriminator.valid();
    let logits = guard("discriminator", real.dims(), || {
        discriminator.logits(real, &condition).dims()
    })?;
    // Several logits a sample are allowed, none are not.
    let expected = [logits[0].max(1)];
    ShapeError::check("logits of the discriminator", &expected, &logits)?;
    Ok(())
}

/// The first sample of a batch and its condition on a device, without autodiff.
pub(super) fn first_sample<const D: usize, C: Condition>(
    batch: &Batch<D, C>,
    device: &Device,
) -> Batch<D, C> {
    let samples = batch.samples.clone().narrow(0, 0, 1);
    Batch {
        samples: samples.without_autodiff().to_device(device),
        condition: batch.condition.narrow(0, 1).to_device(device),
    }
}

/// Runs something with a network on an input of this shape; a panic becomes an error.
pub(super) fn guard<const I: usize, T>(
    network: &'static str,
    shape: [usize; I],
    forward: impl FnOnce() -> T,
) -> Result<T, GanError> {
    // After a panic nothing uses the network: it is a copy, or the step that ran it is undone.
    caught(forward).map_err(|message| GanError::NetworkFailed {
        network,
        shape: shape.to_vec(),
        message,
    })
}
