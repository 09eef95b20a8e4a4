//! A long run takes no more memory at its end than after its warm-up.
//!
//! Each test runs in a process of its own: the figure is that of the whole process.
#![cfg(target_os = "linux")]

use burn::tensor::Device;
use burn_gan::data::{Mixture, MixtureSourceConfig, ShuffleConfig, Source, idx};
use burn_gan::ema::EmaConfig;
use burn_gan::model::{DcganConfig, MlpConfig};
use burn_gan::observe::{Flow, History, Observer};
use burn_gan::run::{CheckpointConfig, Fit};
use burn_gan::trainer::{GanTrainer, GanTrainerConfig};
use burn_gan::{Discriminator, GanError, Generator, StepReport};

use crate::common::alone;
use crate::common::places::DIGITS_8X8;

/// Resident memory of this process in kilobytes.
fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    let words = line.unwrap().split_whitespace().nth(1);
    words.unwrap().parse().unwrap()
}

/// Resident memory after a tenth of the steps, and from then on the largest and the last.
#[derive(Debug, Default)]
struct Memory {
    steps: usize,
    warm: usize,
    last: usize,
}

impl<T> Observer<T> for Memory {
    fn observe(&mut self, report: &StepReport, _: &T) -> Result<Flow, GanError> {
        self.last = resident();
        if report.step + 1 == self.steps / 10 {
            self.warm = self.last;
        }
        Ok(Flow::Continue)
    }
}

impl Memory {
    fn growth(&self) -> f64 {
        self.last as f64 / self.warm as f64 - 1.0
    }
}

fn measured<const D: usize, G: Generator<D>, N: Discriminator<D>>(
    mut trainer: GanTrainer<D, G, N>,
    mut source: impl Source<D>,
    steps: usize,
) -> Memory {
    let folder = tempfile::tempdir().unwrap();
    let mut memory = Memory {
        steps,
        ..Memory::default()
    };
    trainer
        .fit(&mut source)
        .until(steps)
        .observe(&mut History::csv(folder.path().join("history.csv"), 10))
        .observe(&mut memory)
        .checkpoints(CheckpointConfig::new(folder.path().join("run")).with_every(steps / 20))
        .run()
        .unwrap();
    memory
}

fn ring(steps: usize) -> Memory {
    let device = Device::flex().autodiff();
    let mut source = MixtureSourceConfig::new(Mixture::ring(), 128)
        .init()
        .unwrap();
    let networks = MlpConfig::new(2).with_hidden(vec![64, 64]);
    let trainer = GanTrainerConfig::r3gan()
        .with_burn_in(steps)
        .init(
            networks.init_generator(&device).unwrap(),
            networks.init_discriminator(&device).unwrap(),
            &source.batch(0, &device).unwrap(),
        )
        .unwrap();
    measured(trainer, source, steps)
}

fn images(steps: usize) -> Memory {
    let device = Device::flex().autodiff();
    let images = idx::read_folder(DIGITS_8X8).unwrap();
    let mut source = ShuffleConfig::new(64).init(images).unwrap();
    let networks = DcganConfig::new(1, 8, 8).with_filters(32);
    let trainer = GanTrainerConfig::new()
        .with_ema(Some(EmaConfig::new()))
        .init(
            networks.init_generator(&device).unwrap(),
            networks.init_discriminator(&device).unwrap(),
            &source.batch(0, &device).unwrap(),
        )
        .unwrap();
    measured(trainer, source, steps)
}

#[test]
fn a_short_run_does_not_grow() {
    alone(|| {
        let memory = ring(1000);
        println!("1,000 ring steps: {memory:?}, {:+.3}", memory.growth());
        assert!(memory.growth() < 0.05, "{memory:?}");
    });
}

#[test]
#[ignore = "takes minutes; `cargo test --test it resident -- --ignored --nocapture`"]
fn long_runs_do_not_grow() {
    alone(|| {
        for (name, memory) in [
            ("10,000 ring steps", ring(10_000)),
            ("500 DCGAN steps", images(500)),
        ] {
            println!("{name}: {memory:?}, {:+.3}", memory.growth());
            assert!(memory.growth() < 0.05, "{name}: {memory:?}");
        }
    });
}
