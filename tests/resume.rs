//! A run that is resumed is the run that was never interrupted, to the bit.

mod common;

use std::collections::BTreeMap;
use std::path::Path;

use burn::tensor::Device;
use burn_gan::data::{Mixture, MixtureSourceConfig, ShuffleConfig, Source, idx};
use burn_gan::ema::EmaConfig;
use burn_gan::loss::Loss;
use burn_gan::model::{DcganConfig, MlpConfig, ResnetConfig};
use burn_gan::penalty::Penalty;
use burn_gan::train::{CheckpointConfig, Fit};
use burn_gan::trainer::{GanTrainer, GanTrainerConfig};
use burn_gan::{AdversarialTrainer, Discriminator, GanError, Generator, Persistent, Schedule};
use common::parameters;

const DIGITS: &str = "tests/data/digits-8x8";

#[allow(deprecated)]
fn devices() -> [Device; 2] {
    [Device::flex(), Device::ndarray()].map(Device::autodiff)
}

/// Every weight, moment and average of a trainer, by path.
#[derive(Debug, PartialEq)]
struct Everything {
    steps: usize,
    generator: BTreeMap<String, Vec<f64>>,
    discriminator: BTreeMap<String, Vec<f64>>,
    average: BTreeMap<String, Vec<f64>>,
    optimizers: [Vec<u8>; 2],
}

fn everything<const D: usize, G, N>(trainer: &GanTrainer<D, G, N>) -> Everything
where
    G: Generator<D>,
    N: Discriminator<D>,
{
    let state = trainer.save_state().unwrap();
    Everything {
        steps: trainer.steps(),
        generator: parameters(trainer.generator()),
        discriminator: parameters(trainer.discriminator()),
        average: parameters(&trainer.sampling_generator()),
        optimizers: ["generator", "discriminator"]
            .map(|player| state.files[&format!("{player}-optimizer.bpk")].clone()),
    }
}

/// Trains in one go, and again in two with a folder between them.
fn interrupted_and_not<const D: usize, G, N>(
    trainer: impl Fn() -> GanTrainer<D, G, N>,
    mut source: impl Source<D>,
    steps: usize,
) where
    G: Generator<D>,
    N: Discriminator<D>,
{
    let mut whole = trainer();
    whole.fit(&mut source, 2 * steps).run().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut first = trainer();
    let half = first.fit(&mut source, steps).resume(&folder).run().unwrap();
    assert_eq!((half.resumed, half.steps), (None, steps));
    let mut second = trainer();
    let outcome = second
        .fit(&mut source, 2 * steps)
        .resume(&folder)
        .run()
        .unwrap();
    assert_eq!((outcome.resumed, outcome.steps), (Some(steps), 2 * steps));
    assert_eq!(everything(&second), everything(&whole));
}

#[test]
fn points_under_r1_and_r2_with_five_critic_steps() {
    for device in devices() {
        let mut source = MixtureSourceConfig::new(Mixture::ring(), 16)
            .init()
            .unwrap();
        let networks = MlpConfig::new(2).with_hidden(vec![16, 16]);
        let example = source.batch(0, &device).unwrap();
        let trainer = || {
            GanTrainerConfig::r3gan()
                .with_burn_in(20)
                .with_critic_steps(5)
                .with_seed(3)
                .init(
                    networks.init_generator(&device).unwrap(),
                    networks.init_discriminator(&device).unwrap(),
                    &example,
                )
                .unwrap()
        };
        interrupted_and_not(trainer, source, 12);
    }
}

#[test]
fn images_through_batch_normalisation() {
    for device in devices() {
        let images = idx::read_folder(DIGITS).unwrap();
        let mut source = ShuffleConfig::new(8).init(images).unwrap();
        let networks = DcganConfig::new(1, 8, 8)
            .with_filters(4)
            .with_latent_size(8);
        let example = source.batch(0, &device).unwrap();
        let trainer = || {
            GanTrainerConfig::new()
                .with_ema(Some(EmaConfig::new()))
                .init(
                    networks.init_generator(&device).unwrap(),
                    networks.init_discriminator(&device).unwrap(),
                    &example,
                )
                .unwrap()
        };
        interrupted_and_not(trainer, source, 4);
    }
}

#[test]
fn spectral_vectors_go_on_where_they_were() {
    for device in devices() {
        let images = idx::read_folder(DIGITS).unwrap();
        let mut source = ShuffleConfig::new(4).init(images).unwrap();
        let networks = ResnetConfig::new(1, 8, 8)
            .with_filters(4)
            .with_latent_size(4);
        let example = source.batch(0, &device).unwrap();
        let trainer = || {
            GanTrainerConfig::sngan()
                .with_critic_steps(2)
                .init(
                    networks.init_generator(&device).unwrap(),
                    networks.init_discriminator(&device).unwrap(),
                    &example,
                )
                .unwrap()
        };
        interrupted_and_not(trainer, source, 3);
    }
}
