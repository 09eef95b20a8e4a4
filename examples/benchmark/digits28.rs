//! The 28x28 digits: distances, precision and coverage in the features of a classifier.

use std::path::{Path, PathBuf};
use std::time::Instant;

use burn::tensor::Device;
use burn_gan::data::{ClustersConfig, Memory, Samples, ShuffleConfig, Source};
use burn_gan::ema::EmaConfig;
use burn_gan::metric::frechet_distance;
use burn_gan::model::{DcganConfig, Normalization};
use burn_gan::observe::{Evaluation, Score, WatchConfig, read_findings, read_scores};
use burn_gan::picture::PictureGrid;
use burn_gan::plot::Chart;
use burn_gan::run::Fit;
use burn_gan::trainer::{GanTrainer, GanTrainerConfig};
use burn_gan::{AdversarialTrainer, ClassCondition, GanError};
use serde_json::json;

use crate::common::digits::{self, BATCH_SIZE, CLUSTERS, STEPS, Settings};
use crate::common::{networks, recipes};
use crate::digit_scores::{
    CLASSIFIED, COLUMNS, DigitScores, FINDINGS, FRECHET, PROTOCOL, QUARTER, SIZE,
};
use crate::peer;
use crate::suite::{
    Case, Column, Job, Reference, Run, Scores, Suite, run_folder, scores_file, summary,
};

/// How often a run is scored.
const EVALUATIONS: usize = 12;

pub struct Digits28 {
    /// A Python with PyTorch.
    pub python: Option<PathBuf>,
}

/// Name on the command line, label, steps.
const RECIPES: [(&str, &str, usize); 6] = [
    ("digits", "the example `digits`", STEPS),
    (SHORT, "the same in 1,200 steps", 1200),
    (UNCLUSTERED, "the same without clusters", 6800),
    ("dcgan", "DCGAN", 3000),
    ("wgan-gp", "WGAN-GP", 6000),
    ("r3gan", "R3GAN's recipe", 3000),
];

/// About a minute on the machine of docs/results.md.
const SHORT: &str = "digits-one-minute";
const UNCLUSTERED: &str = "digits-without-clusters";

/// The settings of a recipe over so many steps: the same networks for all, but for the normalisation in the discriminator,
/// which a gradient penalty rules out. R3GAN's own networks take several times as long a step at this size.
fn settings(recipe: &str, steps: usize) -> Settings {
    let trainer = match recipe {
        "digits" | SHORT => return digits::settings(steps, CLUSTERS),
        UNCLUSTERED => return digits::settings(steps, 0),
        "dcgan" => recipes::dcgan(),
        "wgan-gp" => GanTrainerConfig::wgan_gp()
            .with_learning_rates(1e-3)
            .with_ema(Some(EmaConfig::new().with_decay(0.99))),
        _ => recipes::r3gan(1.0, steps),
    };
    let normalization = if trainer.penalties.is_empty() {
        Normalization::Batch
    } else {
        Normalization::None
    };
    Settings {
        networks: DcganConfig::new(1, SIZE, SIZE)
            .with_filters(32)
            .with_discriminator_normalization(normalization)
            .into(),
        trainer,
        batch_size: BATCH_SIZE,
        clusters: 0,
    }
}

/// A case of settings.
pub fn case(recipe: &str, label: &str, settings: &Settings, steps: usize) -> Case {
    Case {
        data: "digits28",
        recipe: recipe.to_string(),
        label: label.to_string(),
        seeds: 1,
        steps,
        summary: summary(&settings.trainer, steps, settings.batch_size),
        settings: json!(settings),
    }
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

/// Trains, with an evaluation every so often, and scores.
pub fn train(
    digits: &DigitScores,
    settings: &Settings,
    job: &Job,
) -> Result<(f64, Scores), GanError> {
    let device = &job.device;
    let training = Memory::new(digits.training.clone())?;
    if settings.clusters == 0 {
        return train_under(digits, settings, job, training, |_| ());
    }
    let clusters = ClustersConfig::new(settings.clusters)
        .with_seed(job.seed)
        .fit(&training, device)?;
    let training = clusters.label(training, device)?;
    let frequencies = training.frequencies().clone();
    let labels = |count| frequencies.draw(count, 0, device);
    train_under(digits, settings, job, training, labels)
}

/// The same under conditions, of which `conditions` makes so many for samples.
fn train_under<C: ClassCondition>(
    digits: &DigitScores,
    settings: &Settings,
    job: &Job,
    training: impl Samples<4, C>,
    conditions: impl Fn(usize) -> C,
) -> Result<(f64, Scores), GanError> {
    let device = job.device.clone().autodiff();
    let steps = job.case.steps;
    let mut source = ShuffleConfig::new(settings.batch_size)
        .with_seed(job.seed)
        .init(training)?;
    let (generator, discriminator) =
        networks::init(&settings.networks.clone().with_seed(job.seed), &device)?;
    let trainer = settings.trainer.clone().with_seed(job.seed);
    let mut trainer = trainer.init(generator, discriminator, &source.batch(0, &device)?)?;
    let sample =
        |trainer: &GanTrainer<4, _, _, C>, count| trainer.sample(count, 0, &conditions(count));
    let compared = digits.held_out.count();
    let distance = Score::lowest(FRECHET, |trainer: &_| {
        digits.frechet_distance_of(sample(trainer, compared)?)
    });
    let interval = (steps / EVALUATIONS).max(1);
    let path = scores_file(&job.folder);
    let evaluation = Evaluation::new(&path, interval).with_score(compared, distance);
    let found = job.folder.join("findings.json");
    let watch = WatchConfig::new()
        .init(&source.batch(0, &device)?)?
        .with_file(&found);
    let start = Instant::now();
    trainer
        .fit(&mut source)
        .until(steps)
        .observe(evaluation)
        .observe(watch)
        .run()?;
    let seconds = start.elapsed().as_secs_f64();

    PictureGrid::square(64)
        .with_scale(2)
        .save(sample(&trainer, 64)?, job.folder.join("samples.png"))?;
    let mut scores = digits.of_images(sample(&trainer, CLASSIFIED)?)?;
    let findings = read_findings(&found)?.len();
    scores.insert(FINDINGS.to_string(), findings as f64);
    let quarter = EVALUATIONS / 4 * interval;
    if let Some(row) = read_scores(&path)?
        .iter()
        .find(|row| row.step + 1 == quarter)
    {
        scores.insert(QUARTER.to_string(), row.value);
    }
    Ok((seconds, scores))
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
                case(recipe, label, &settings(recipe, steps), steps)
            })
            .chain(peer::cases(steps))
            .collect()
    }

    fn missing(&self, case: &Case) -> Option<&'static str> {
        let without = peer::is_peer(case) && self.python.is_none();
        without.then_some("PyTorch is not here: name a Python that has it with --python FILE")
    }

    fn references(&self, _data: &str) -> Result<Vec<Reference>, GanError> {
        references()
    }

    fn one_thread_each(&self) -> bool {
        false
    }

    fn run(&self, job: &Job) -> Result<(f64, Scores), GanError> {
        let digits = DigitScores::new(&job.device)?;
        if let (true, Some(python)) = (peer::is_peer(&job.case), &self.python) {
            return peer::run(&digits, python, job);
        }
        train(&digits, &settings(&job.case.recipe, job.case.steps), job)
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
