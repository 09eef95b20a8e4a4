//! Eight Gaussians on a circle, the first test of any GAN: does the generator find all of them?
//!
//! cargo run --release --example ring

mod common;

use std::process::ExitCode;
use std::time::Instant;

use burn_gan::data::{Mixture, MixtureSourceConfig, Source};
use burn_gan::ema::EmaConfig;
use burn_gan::metric::mode_coverage;
use burn_gan::model::MlpConfig;
use burn_gan::train::{Fit, Observer, ProgressBar, ReportFile};
use burn_gan::trainer::GanTrainerConfig;
use burn_gan::{AdversarialTrainer, GanError};
use clap::Parser;

/// Trains a small GAN on eight Gaussians in the plane.
///
/// Writes losses.csv to the output folder. The last line of output is a JSON object: how many of the eight
/// modes 2,500 samples reach, and the share of samples within three standard deviations of a mode.
#[derive(Parser, Debug)]
struct Arguments {
    #[command(flatten)]
    common: common::CommonArgs,

    /// Training steps
    #[arg(long, default_value_t = 5000)]
    steps: usize,

    /// Real samples in a step
    #[arg(long, default_value_t = 256)]
    batch_size: usize,
}

const SAMPLES: usize = 2500;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    common::run(|| ring(&arguments))
}

fn ring(arguments: &Arguments) -> Result<serde_json::Value, GanError> {
    let Arguments { common, steps, .. } = arguments;
    let device = common.device()?.autodiff();
    let folder = common.folder("ring")?;

    let mixture = Mixture::ring();
    let mut source = MixtureSourceConfig::new(mixture, arguments.batch_size)
        .with_seed(common.seed)
        .init()?;
    let networks = MlpConfig::new(2).with_latent_size(2).with_seed(common.seed);
    // With equal rates the generator runs from mode to mode; a discriminator that learns five times as fast
    // (the two time-scale rule) holds it on all of them.
    let mut trainer = GanTrainerConfig::new()
        .with_generator_learning_rate(2e-4)
        .with_discriminator_learning_rate(1e-3)
        .with_ema(Some(EmaConfig::new()))
        .with_seed(common.seed)
        .init(
            networks.init_generator(&device)?,
            networks.init_discriminator(&device)?,
            &source.batch(0, &device)?,
        )?;
    let mut observers: Vec<Box<dyn Observer<_>>> = vec![
        Box::new(ProgressBar::new(100)),
        Box::new(ReportFile::create(folder.join("losses.csv"), 100)?),
    ];

    let start = Instant::now();
    trainer.fit(&mut source, *steps, &mut observers)?;
    let seconds = start.elapsed().as_secs_f64();

    let samples = trainer.sample(SAMPLES, common.seed, &())?;
    let coverage = mode_coverage(samples, &mixture.centers(), mixture.sigma())?;
    Ok(serde_json::json!({
        "steps": trainer.steps(),
        "seconds": seconds,
        "modes": coverage.modes,
        "high_quality": coverage.high_quality,
        "device": common.device_name(),
    }))
}
