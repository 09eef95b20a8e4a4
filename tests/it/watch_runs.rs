//! Healthy and sick runs under the default watch: the false alarms and the findings of docs/reliability.md.
//!
//! cargo test --test it watch_runs -- --ignored --nocapture

#[path = "../../examples/common/mod.rs"]
pub mod examples;

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use burn_gan::data::{Mixture, MixtureSourceConfig, ShuffleConfig, Source, idx};
use burn_gan::ema::EmaConfig;
use burn_gan::loss::{LabelledLoss, Loss};
use burn_gan::model::{DcganConfig, MlpGenerator};
use burn_gan::observe::{FindingKind, Measures, Observer, Watch, WatchConfig};
use burn_gan::trainer::GanTrainerConfig;
use burn_gan::{AdversarialTrainer, GanError, Generator};
use examples::points::Recipe;

use crate::common::places::MNIST_5K;

/// A generator that sees next to nothing of its latents.
#[derive(Module, Debug)]
struct Deaf {
    inner: MlpGenerator,
}

impl Generator<2> for Deaf {
    fn latent_size(&self) -> usize {
        self.inner.latent_size()
    }
    fn generate(&self, latent: Tensor<2>, condition: &()) -> Tensor<2> {
        self.inner.generate(latent * 1e-3, condition)
    }
}

/// Trains under the default watch and prints a row of the table: windows, alarms by kind, extremes.
fn row<const D: usize, T: AdversarialTrainer<D>, S: Source<D>>(
    name: &str,
    seed: u64,
    steps: usize,
    mut trainer: T,
    mut source: S,
) -> Result<Vec<FindingKind>, GanError> {
    let device = trainer.device().without_autodiff();
    let real = source.batch(1_000_000, &device)?;
    let mut watch: Watch<D> = WatchConfig::new().init(&real)?;
    let mut windows: Vec<Measures> = Vec::new();
    let mut end = String::new();
    for step in 0..steps {
        let report = match trainer.step(source.batch(step, &device)?) {
            Ok(report) => report,
            Err(error) => {
                end = format!(" {error}");
                break;
            }
        };
        watch.observe(&report, &trainer)?;
        if let Some(measures) = watch.measures()
            && measures.last == step
        {
            windows.push(measures);
        }
    }
    let kinds: Vec<FindingKind> = watch.findings().iter().map(|found| found.kind).collect();
    let count = |kind| kinds.iter().filter(|&&found| found == kind).count();
    let extreme = |of: fn(&Measures) -> Option<f64>, pick: fn(f64, f64) -> f64| {
        windows
            .iter()
            .filter_map(of)
            .reduce(pick)
            .map_or("-".to_string(), |value| format!("{value:.3e}"))
    };
    println!(
        "| {name} | {seed} | {steps} | {} | {} | {} | {} | {} | {} | {} | {} |{end}",
        windows.len(),
        count(FindingKind::Saturation),
        count(FindingKind::Stall),
        count(FindingKind::Collapse),
        extreme(|window| Some(window.logit_gap), f64::max),
        extreme(|window| window.accuracy, f64::max),
        extreme(|window| window.movement, f64::min),
        extreme(|window| window.diversity, f64::min),
    );
    Ok(kinds)
}

fn points(
    name: &str,
    mixture: Mixture,
    seed: u64,
    steps: usize,
    config: GanTrainerConfig,
) -> Vec<FindingKind> {
    let run = || {
        let device = Device::flex().autodiff();
        let networks = Recipe::R3gan.networks(seed);
        let mut source = MixtureSourceConfig::new(mixture, 128)
            .with_seed(seed)
            .init()?;
        let trainer = config.with_seed(seed).init(
            networks.init_generator(&device)?,
            networks.init_discriminator(&device)?,
            &source.batch(0, &device)?,
        )?;
        row(name, seed, steps, trainer, source)
    };
    run().unwrap()
}

fn deaf(seed: u64, steps: usize) -> Vec<FindingKind> {
    let run = || {
        let device = Device::flex().autodiff();
        let networks = Recipe::R3gan.networks(seed);
        let mut source = MixtureSourceConfig::new(Mixture::ring(), 128)
            .with_seed(seed)
            .init()?;
        let inner = networks.init_generator(&device)?;
        let trainer = Recipe::R3gan
            .config(Mixture::ring(), 20_000)
            .with_seed(seed)
            .init(
                Deaf { inner },
                networks.init_discriminator(&device)?,
                &source.batch(0, &device)?,
            )?;
        row("ring, latents times 1e-3", seed, steps, trainer, source)
    };
    run().unwrap()
}

fn digits(name: &str, seed: u64, steps: usize, config: GanTrainerConfig) -> Vec<FindingKind> {
    let run = || {
        let device = Device::flex().autodiff();
        let networks = DcganConfig::new(1, 28, 28).with_filters(32).with_seed(seed);
        let mut source = ShuffleConfig::new(64)
            .with_seed(seed)
            .init(idx::read_folder(MNIST_5K)?)?;
        let trainer = config.with_seed(seed).init(
            networks.init_generator(&device)?,
            networks.init_discriminator(&device)?,
            &source.batch(0, &device)?,
        )?;
        row(name, seed, steps, trainer, source)
    };
    run().unwrap()
}

/// The settings of the example `digits`.
fn digits_config() -> GanTrainerConfig {
    GanTrainerConfig::new()
        .with_loss(Loss::Smoothed {
            loss: LabelledLoss::NonSaturating,
            real_label: 0.9,
        })
        .with_ema(Some(EmaConfig::new().with_decay(0.998)))
}

const SEEDS: std::ops::RangeInclusive<u64> = 1..=3;

#[test]
#[ignore = "minutes; prints a table"]
fn healthy_points() {
    for seed in SEEDS {
        for (name, mixture) in [("ring", Mixture::ring()), ("grid", Mixture::grid())] {
            let config = Recipe::R3gan.config(mixture, 20_000);
            let found = points(&format!("{name}, r3gan"), mixture, seed, 20_000, config);
            assert_eq!(found, [], "a false alarm: {name}, seed {seed}");
        }
    }
}

#[test]
#[ignore = "minutes; prints a table"]
fn digits_collapse_with_one_seed_and_are_healthy_with_the_others() {
    for seed in SEEDS {
        let found = digits("digits, dcgan", seed, 1500, digits_config());
        // With seed 3 this recipe collapses from the start: its samples are 64 equal grey squares.
        let expected: &[FindingKind] = if seed == 3 {
            &[FindingKind::Collapse; 3]
        } else {
            &[]
        };
        assert_eq!(found, expected, "seed {seed}");
    }
}

#[test]
#[ignore = "minutes; prints a table"]
fn sick_points() {
    let ring = Mixture::ring();
    for seed in SEEDS {
        for (name, mixture) in [("ring", ring), ("grid", Mixture::grid())] {
            let stalled = Recipe::R3gan.config(mixture, 20_000);
            let stalled = stalled.with_generator_learning_rate(1e-9);
            let kinds = points(
                &format!("{name}, r3gan, G rate 1e-9"),
                mixture,
                seed,
                2000,
                stalled,
            );
            assert!(kinds.contains(&FindingKind::Stall));

            let saturated = GanTrainerConfig::dcgan().with_generator_learning_rate(1e-9);
            let saturated = saturated.with_discriminator_learning_rate(1e-2);
            let name = format!("{name}, dcgan, G rate 1e-9, D rate 1e-2");
            points(&name, mixture, seed, 2000, saturated);
        }
        let faster = GanTrainerConfig::dcgan().with_discriminator_learning_rate(1e-2);
        points("ring, dcgan, D rate 1e-2", ring, seed, 2000, faster);
        let collapsed = GanTrainerConfig::dcgan().with_learning_rates(1e-2);
        points("ring, dcgan, rates 1e-2", ring, seed, 2000, collapsed);
        let kinds = deaf(seed, 2000);
        assert!(kinds.contains(&FindingKind::Collapse));
    }
}

#[test]
#[ignore = "minutes; prints a table"]
fn sick_digits() {
    for seed in SEEDS {
        let config = digits_config().with_discriminator_learning_rate(1e-2);
        digits("digits, dcgan, D rate 1e-2", seed, 500, config);
        let config = digits_config().with_generator_learning_rate(1e-9);
        digits("digits, dcgan, G rate 1e-9", seed, 1000, config);
        let config = digits_config().with_learning_rates(1e-2);
        digits("digits, dcgan, rates 1e-2", seed, 500, config);
    }
}
