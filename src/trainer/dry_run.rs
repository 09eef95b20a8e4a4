//! One sample through both networks before training, so that what does not fit is an error, not a panic.

use burn::tensor::{Device, Tensor};

use crate::batch::BatchError;
use crate::batch::{Batch, Condition, check_condition};
use crate::errors::ShapeError;
use crate::errors::at_least_1;
use crate::gan_error::GanError;
use crate::module_tree::module_device;
use crate::network::{Discriminator, Generator};
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
    at_least_1("latent_size", latent_size)?;
    let data = &example.samples.dims()[1..];
    check_shape("samples of the generator", data, generator.sample_shape())?;
    check_shape(
        "input of the discriminator",
        data,
        discriminator.sample_shape(),
    )?;

    let device = module_device(generator).without_autodiff();
    let Batch {
        samples: real,
        condition,
    } = first_sample(example, &device);
    let latent = Stream::new(0, Purpose::Latent, 0).normal([1, latent_size], &device);
    let generator = generator.valid();
    let generated = run("generator", [1, latent_size], || {
        generator.generate(latent, &condition)
    })?;
    check_shape(
        "samples of the generator",
        data,
        Some(generated[1..].to_vec()),
    )?;

    let discriminator = discriminator.valid();
    let logits = run("discriminator", real.dims(), || {
        discriminator.logits(real, &condition)
    })?;
    check_shape("logits of the discriminator", &[1], Some(logits.to_vec()))
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

/// Runs a network and returns its output's shape.
fn run<const I: usize, const O: usize>(
    network: &'static str,
    shape: [usize; I],
    forward: impl FnOnce() -> Tensor<O>,
) -> Result<[usize; O], GanError> {
    guard(network, shape, || forward().dims())
}

/// Runs something with a network on an input of this shape; a panic becomes an error.
pub(super) fn guard<const I: usize, T>(
    network: &'static str,
    shape: [usize; I],
    forward: impl FnOnce() -> T,
) -> Result<T, GanError> {
    // The networks are copies that nothing looks at after a panic.
    caught(forward).map_err(|message| GanError::NetworkFailed {
        network,
        shape: shape.to_vec(),
        message,
    })
}

fn check_shape(
    what: &'static str,
    expected: &[usize],
    actual: Option<Vec<usize>>,
) -> Result<(), GanError> {
    match actual {
        Some(actual) if actual != expected => Err(GanError::Shape(ShapeError {
            what,
            expected: expected.to_vec(),
            actual,
        })),
        _ => Ok(()),
    }
}
