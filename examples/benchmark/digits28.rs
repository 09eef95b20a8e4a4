//! The 28x28 digits: distances, precision and coverage in the features of a classifier.

use std::path::{Path, PathBuf};

use burn::tensor::Device;
use burn_gan::GanError;
use burn_gan::ema::EmaConfig;
use burn_gan::metric::frechet_distance;
use burn_gan::model::{DcganConfig, Normalization, R3ganConfig, ResnetConfig};
use burn_gan::observe::read_scores;
use burn_gan::plot::Chart;
use burn_gan::trainer::GanTrainerConfig;

use crate::common::digits::{self, BATCH_SIZE, CLUSTERS, FILTERS, STEPS, Settings};
use crate::common::recipes;
use crate::digit_scores::{COLUMNS, DigitScores, PROTOCOL, SIZE};
use crate::image_runs::case;
use crate::peer::{self, Peer};
use crate::suite::{Case, Column, Job, Reference, Run, Scores, Suite, run_folder, scores_file};

pub const DATA: &str = "digits28";

pub struct Digits28 {
    /// A Python with PyTorch.
    pub python: Option<PathBuf>,
}

/// Name on the command line, label, steps.
const RECIPES: [(&str, &str, usize); 8] = [
    ("digits", "the example `digits`", STEPS),
    (SHORT, "the same in 1,200 steps", 1200),
    (UNCLUSTERED, "the same without clusters", 6800),
    ("dcgan", "DCGAN", 3000),
    ("wgan-gp", "WGAN-GP", 6000),
    ("sngan", "SNGAN", 3000),
    ("r3gan", "R3GAN's recipe", 3000),
    (R3GAN, "R3GAN, its networks too", 3000),
];

/// PyTorch in the most seconds that the example `digits` may take, and our settings in those that it takes.
const PEERS: [Peer; 2] = [Peer::DCGAN.with_steps(6900), Peer::RPGAN.with_steps(4320)];
const OURS: Peer = Peer::OURS.with_steps(3400);

/// About a minute on the machine of docs/results.md.
const SHORT: &str = "digits-one-minute";
const UNCLUSTERED: &str = "digits-without-clusters";
const R3GAN: &str = "r3gan-networks";

/// The settings of a recipe over so many steps: the same networks, but for the normalisation in the discriminator, which a
/// gradient penalty rules out, for SNGAN, whose networks are residual, and for R3GAN where it has its own.
fn settings(recipe: &str, steps: usize) -> Settings {
    let trainer = match recipe {
        "digits" | SHORT => return digits::settings(steps, CLUSTERS),
        UNCLUSTERED => return digits::settings(steps, 0),
        "dcgan" => recipes::dcgan(),
        "wgan-gp" => GanTrainerConfig::wgan_gp()
            .with_learning_rates(1e-3)
            .with_ema(Some(EmaConfig::new().with_decay(0.99))),
        "sngan" => GanTrainerConfig::sngan().with_ema(Some(EmaConfig::new().with_decay(0.998))),
        _ => recipes::r3gan(1.0, steps),
    };
    let networks = match recipe {
        "sngan" => {
            let networks = ResnetConfig::new(1, SIZE, SIZE).with_spectral_norm(true);
            networks.with_filters(FILTERS).into()
        }
        R3GAN => R3ganConfig::new(1, SIZE, SIZE).with_filters(16).into(),
        _ => dcgan(&trainer).into(),
    };
    Settings {
        networks,
        trainer,
        batch_size: BATCH_SIZE,
        clusters: 0,
    }
}

/// The networks of a DCGAN for a trainer.
fn dcgan(trainer: &GanTrainerConfig) -> DcganConfig {
    let normalization = if trainer.penalties.is_empty() {
        Normalization::Batch
    } else {
        Normalization::None
    };
    DcganConfig::new(1, SIZE, SIZE)
        .with_filters(FILTERS)
        .with_discriminator_normalization(normalization)
}

/// The floor.
pub fn references() -> Result<Vec<Reference>, GanError> {
    let held_out = DigitScores::new(&Device::flex())?.of_held_out()?;
    Ok(vec![Reference::of(
        "held-out real digits",
        &COLUMNS,
        &held_out,
    )])
}

impl Suite for Digits28 {
    fn name(&self) -> &'static str {
        "digits28"
    }

    fn protocol(&self) -> &'static str {
        PROTOCOL
    }

    fn columns(&self, _data: &str) -> &'static [Column] {
        &COLUMNS
    }

    fn cases(&self, steps: Option<usize>) -> Vec<Case> {
        RECIPES
            .into_iter()
            .map(|(recipe, label, usual)| {
                let steps = steps.unwrap_or(usual);
                case(DATA, recipe, label, &settings(recipe, steps), steps)
            })
            .chain(PEERS.iter().map(|peer| peer.case(DATA, steps)))
            .chain([OURS.case_of(DATA, |steps| digits::settings(steps, CLUSTERS), steps)])
            .collect()
    }

    fn missing(&self, case: &Case) -> Option<&'static str> {
        peer::missing(case, self.python.as_deref())
    }

    fn references(&self, _data: &str) -> Result<Vec<Reference>, GanError> {
        references()
    }

    fn one_thread_each(&self) -> bool {
        false
    }

    fn run(&self, job: &Job) -> Result<(f64, Scores), GanError> {
        let images = DigitScores::new(&job.device)?;
        peer::run(&images, self.python.as_deref(), job)
    }

    /// The Frechet distance over the steps, a line a run.
    fn plot(&self, runs: &[Run], folder: &Path) -> Result<(), GanError> {
        let digits = DigitScores::new(&Device::flex())?;
        let reference = frechet_distance(&digits.real, &digits.held_out)?;
        let mut chart = Chart::new("28x28 digits, 1,000 samples")
            .with_axes("step", "Frechet distance")
            .with_reference("held-out real digits", reference)
            .with_logarithmic_y(true);
        for run in runs.iter().filter(|run| run.failure.is_none()) {
            let path = scores_file(&run_folder(folder, &run.data, &run.recipe, run.seed));
            // Neither the run of a file alone nor one of PyTorch has left scores over the steps.
            if !path.exists() {
                continue;
            }
            let line: Vec<(f64, f64)> = read_scores(&path)?
                .iter()
                .map(|row| ((row.step + 1) as f64, row.value))
                .collect();
            chart = chart.with_line(format!("{}, seed {}", run.recipe, run.seed), &line);
        }
        let path = folder.join("frechet-distance.png");
        chart.save(&path)?;
        eprintln!("wrote {}", path.display());
        Ok(())
    }
}
