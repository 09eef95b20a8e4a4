//! Whole training steps against PyTorch's from the same weights, latents and batches: the losses of the first three
//! steps. The reference values come from `tests/golden/steps.py`, which takes them with the code that
//! `benches/compare.sh` measures.

use std::collections::BTreeMap;

use crate::common;
use crate::common::places::in_repository;
use crate::common::reference::{Layout, Reference, with_values};
use burn::module::Module;
use burn::tensor::Device;
use burn_gan::loss::Loss;
use burn_gan::model::{DcganConfig, MlpConfig, Normalization, R3ganConfig, ResnetConfig};
use burn_gan::optimizer::OptimizerConfig;
use burn_gan::penalty::Penalty;
use burn_gan::random::{Purpose, Stream};
use burn_gan::trainer::GanTrainerConfig;
use burn_gan::{AdversarialTrainer, Batch, Discriminator, Generator};
use serde_json::{Value, json};

const STEPS: u64 = 3;
const BATCH: usize = 4;
const LATENT: usize = 8;
const LEARNING_RATE: f64 = 2e-3;
const TOLERANCE: f64 = 1e-4;

/// The numbers that a trainer with seed 0 draws in each step, for latents of up to `LATENT` values.
fn draws() -> Value {
    let draws = (0..STEPS).map(|step| {
        let latent = Stream::new(0, Purpose::Latent, step).normal_values(BATCH * LATENT);
        let mix = Stream::new(0, Purpose::Penalty, step).uniform_values(BATCH);
        json!({ "latent": latent, "mix": mix })
    });
    draws.collect()
}

fn draws_file() -> std::path::PathBuf {
    in_repository("tests/golden/steps_draws.json")
}

/// For `tests/golden/steps.py`, which has no other way to these numbers.
#[test]
#[ignore = "writes a file of the repository"]
fn write_draws() {
    let text = serde_json::to_string(&draws()).unwrap() + "\n";
    std::fs::write(draws_file(), text).unwrap();
}

#[test]
fn the_reference_has_the_draws_of_today() {
    let text = std::fs::read_to_string(draws_file()).unwrap();
    let written: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(written, draws());
}

/// A network with the reference's weights.
fn with_reference<M: Module>(network: M, reference: &Reference, player: &str) -> M {
    let entries = reference.case[player].as_object().unwrap();
    let values: BTreeMap<String, Vec<f32>> = entries
        .iter()
        .map(|(path, entry)| {
            let number = |name: &str| entry[name].as_u64().unwrap() as usize;
            let layout = match entry["layout"].as_str().unwrap() {
                "vector" => Layout::Vector,
                "linear" => Layout::Linear,
                "convolution" => Layout::Convolution {
                    stride: number("stride"),
                    groups: number("groups"),
                },
                "transposed" => Layout::Transposed {
                    stride: number("stride"),
                },
                "stem" => Layout::Stem,
                "head" => Layout::Head,
                "basis" => Layout::Basis,
                "image" => Layout::Image,
                other => panic!("an unknown layout: {other}"),
            };
            (path.clone(), layout.stored(reference.data(entry)))
        })
        .collect();
    with_values(network, values)
}

fn trainer(loss: Loss, penalties: Vec<Penalty>) -> GanTrainerConfig {
    GanTrainerConfig::new()
        .with_loss(loss)
        .with_penalties(penalties)
        .with_generator_optimizer(OptimizerConfig::dcgan())
        .with_discriminator_optimizer(OptimizerConfig::dcgan())
        .with_generator_learning_rate(LEARNING_RATE)
        .with_discriminator_learning_rate(LEARNING_RATE)
}

/// Takes the steps and compares the discriminator's loss, its penalty and the generator's loss.
fn check<const D: usize, G: Generator<D>, N: Discriminator<D>>(
    name: &str,
    config: GanTrainerConfig,
    networks: impl Fn(&Device) -> (G, N),
) {
    let reference = Reference::load("steps", name);
    let expected: Vec<[Option<f64>; 3]> =
        serde_json::from_value(reference.case["losses"].clone()).unwrap();
    assert_eq!(expected.len(), STEPS as usize);
    for device in common::processors() {
        let (generator, discriminator) = networks(&device.clone().autodiff());
        let generator = with_reference(generator, &reference, "generator");
        let discriminator = with_reference(discriminator, &reference, "discriminator");
        let real = reference.data(&reference.case["real"]);
        let batch = Batch::new(burn::tensor::Tensor::<D>::from_data(real, &device));
        let mut trainer = config.init(generator, discriminator, &batch).unwrap();
        let mut worst = 0.0_f64;
        for (step, expected) in expected.iter().enumerate() {
            let found = trainer.step(batch.clone()).unwrap().read().unwrap();
            let found = [
                Some(found.loss_discriminator),
                found.penalty,
                found.loss_generator,
            ];
            for (found, expected) in found.iter().zip(expected) {
                let error = match (found, expected) {
                    (Some(found), Some(expected)) => (f64::from(*found) - expected).abs(),
                    (None, None) => 0.0,
                    _ => panic!("{name}, step {step}: {found:?} for {expected:?}"),
                };
                assert!(
                    error <= TOLERANCE,
                    "{name}, step {step}: {found:?} for {expected:?}"
                );
                worst = worst.max(error);
            }
        }
        println!("{name} on {device:?}: {worst:.1e}");
    }
}

fn dcgan(side: usize, normalization: Normalization) -> DcganConfig {
    DcganConfig::new(1, side, side)
        .with_filters(4)
        .with_latent_size(LATENT)
        .with_generator_normalization(normalization)
        .with_discriminator_normalization(normalization)
}

fn check_dcgan(name: &str, config: GanTrainerConfig, networks: DcganConfig) {
    check(name, config, |device| {
        (
            networks.init_generator(device).unwrap(),
            networks.init_discriminator(device).unwrap(),
        )
    });
}

#[test]
fn perceptrons() {
    let networks = MlpConfig::new(2)
        .with_latent_size(2)
        .with_hidden(vec![16, 16]);
    check("ring", trainer(Loss::NonSaturating, vec![]), |device| {
        (
            networks.init_generator(device).unwrap(),
            networks.init_discriminator(device).unwrap(),
        )
    });
}

#[test]
fn a_dcgan_with_batch_normalization() {
    let config = trainer(Loss::NonSaturating, vec![]);
    check_dcgan("dcgan", config, dcgan(16, Normalization::Batch));
}

#[test]
fn a_dcgan_without() {
    let config = trainer(Loss::NonSaturating, vec![]);
    check_dcgan("dcgan_plain", config, dcgan(28, Normalization::None));
}

#[test]
fn a_dcgan_with_wgan_gp() {
    let penalty = Penalty::WassersteinGp { weight: 10.0 };
    let config = trainer(Loss::NonSaturating, vec![penalty]);
    check_dcgan("dcgan_wgan_gp", config, dcgan(16, Normalization::None));
}

/// The relativistic loss with R1 and R2.
fn r1_r2() -> GanTrainerConfig {
    let penalties = vec![Penalty::R1 { gamma: 1.0 }, Penalty::R2 { gamma: 1.0 }];
    trainer(Loss::RelativisticPaired, penalties)
}

#[test]
fn a_dcgan_with_r1_and_r2() {
    check_dcgan("dcgan_r1_r2", r1_r2(), dcgan(16, Normalization::None));
}

#[test]
fn an_r3gan() {
    let networks = R3ganConfig::new(1, 8, 8)
        .with_filters(4)
        .with_max_filters(8)
        .with_group_width(Some(4))
        .with_latent_size(LATENT);
    check("r3gan_r1_r2", r1_r2(), |device| {
        (
            networks.init_generator(device).unwrap(),
            networks.init_discriminator(device).unwrap(),
        )
    });
}

#[test]
fn a_resnet_with_spectral_normalization() {
    let networks = ResnetConfig::new(3, 16, 16)
        .with_filters(4)
        .with_latent_size(LATENT)
        .with_spectral_norm(true);
    check("resnet", trainer(Loss::Hinge, vec![]), |device| {
        (
            networks.init_generator(device).unwrap(),
            networks.init_discriminator(device).unwrap(),
        )
    });
}
