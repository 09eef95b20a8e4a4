//! The 28x28 digits: distances, precision and coverage in the features of a classifier.

use std::path::Path;
use std::time::Instant;

use burn::tensor::{Device, Tensor};
use burn_gan::data::{Memory, Samples, ShuffleConfig, Source, idx};
use burn_gan::ema::EmaConfig;
use burn_gan::feature::FeatureExtractor;
use burn_gan::metric::{
    Features, KernelDistanceConfig, density_coverage, frechet_distance, kernel_distance,
    precision_recall,
};
use burn_gan::model::{Classifier, DcganConfig, Normalization};
use burn_gan::observe::{Evaluation, Score, read_scores};
use burn_gan::picture::PictureGrid;
use burn_gan::plot::Chart;
use burn_gan::run::Fit;
use burn_gan::trainer::{GanTrainer, GanTrainerConfig};
use burn_gan::{AdversarialTrainer, GanError};
use serde_json::json;

use crate::common;
use crate::common::digits::{DIGITS, judge_training};
use crate::common::recipes;
use crate::suite::{Case, Column, Job, Reference, Run, Scores, Suite, run_folder, scores, summary};

const SIZE: usize = 28;
const BATCH_SIZE: usize = 64;
/// How often a run is scored.
const EVALUATIONS: usize = 12;
const FRECHET: &str = "frechet_distance";

pub struct Digits28;

/// Name on the command line, label, steps.
const RECIPES: [(&str, &str, usize); 3] = [
    ("dcgan", "DCGAN", 3000),
    ("wgan-gp", "WGAN-GP", 6000),
    ("r3gan", "R3GAN's recipe", 3000),
];

/// The settings of a recipe over so many steps.
fn trainer(recipe: &str, steps: usize) -> GanTrainerConfig {
    match recipe {
        "dcgan" => recipes::dcgan(),
        "wgan-gp" => GanTrainerConfig::wgan_gp()
            .with_learning_rates(1e-3)
            .with_ema(Some(EmaConfig::new().with_decay(0.99))),
        _ => recipes::r3gan(1.0, steps),
    }
}

/// The same networks for all, but for the normalisation in the discriminator, which a gradient penalty rules out.
/// R3GAN's own networks take several times as long a step at this size.
fn networks(trainer: &GanTrainerConfig, seed: u64) -> DcganConfig {
    let discriminator = if trainer.penalties.is_empty() {
        Normalization::Batch
    } else {
        Normalization::None
    };
    DcganConfig::new(1, SIZE, SIZE)
        .with_filters(32)
        .with_discriminator_normalization(discriminator)
        .with_seed(seed)
}

/// The real digits, and what images are scored with.
struct Evaluator {
    classifier: Classifier,
    /// The digits to train on, as images and as features.
    training: Tensor<4>,
    real: Features,
    /// The others: as many as generated images are scored.
    held_out: Features,
}

impl Evaluator {
    /// Training sees the digits that the classifier's training saw.
    fn new(device: &Device) -> Result<Self, GanError> {
        let digits = idx::read_folder(DIGITS)?;
        let split = judge_training().split(digits.len())?;
        let classifier = common::digits_classifier(SIZE, device)?;
        let training = digits.select(&split.training, device)?.samples;
        let held_out = digits.select(&split.held_out, device)?.samples;
        let features = |images| classifier.extract(images, 256);
        Ok(Self {
            real: features(training.clone())?,
            held_out: features(held_out)?,
            training,
            classifier,
        })
    }

    fn features<T: AdversarialTrainer<4>>(&self, trainer: &T) -> Result<Features, GanError> {
        let images = trainer.sample(self.held_out.count(), 0, &())?;
        Ok(self.classifier.extract(images, 256)?)
    }

    fn scores(&self, generated: &Features) -> Result<Scores, GanError> {
        let kernel = kernel_distance(&self.real, generated, &KernelDistanceConfig::new())?;
        let manifold = precision_recall(&self.real, generated, 3)?;
        let balls = density_coverage(&self.real, generated, 5)?;
        Ok(scores([
            (FRECHET, frechet_distance(&self.real, generated)?),
            ("kernel_distance", kernel.value),
            ("precision", manifold.precision),
            ("recall", manifold.recall),
            ("density", balls.density),
            ("coverage", balls.coverage),
        ]))
    }

    /// Trains, with an evaluation every so often, and scores.
    fn train(&self, job: &Job) -> Result<(f64, Scores), GanError> {
        let device = job.device.clone().autodiff();
        let steps = job.case.steps;
        let mut source = ShuffleConfig::new(BATCH_SIZE)
            .with_seed(job.seed)
            .init(Memory::new(self.training.clone())?)?;
        let trainer = trainer(job.case.recipe, steps);
        let networks = networks(&trainer, job.seed);
        let mut trainer = trainer.with_seed(job.seed).init(
            networks.init_generator(&device)?,
            networks.init_discriminator(&device)?,
            &source.batch(0, &device)?,
        )?;
        let distance = Score::lowest(FRECHET, |trainer: &GanTrainer<4, _, _>| {
            Ok(frechet_distance(&self.real, &self.features(trainer)?)?)
        });
        let evaluation = Evaluation::new(scores_file(&job.folder), (steps / EVALUATIONS).max(1))
            .with_score(self.held_out.count(), distance);
        let start = Instant::now();
        trainer
            .fit(&mut source)
            .until(steps)
            .observe(evaluation)
            .run()?;
        let seconds = start.elapsed().as_secs_f64();

        PictureGrid::square(64)
            .with_scale(2)
            .save(trainer.sample(64, 0, &())?, job.folder.join("samples.png"))?;
        Ok((seconds, self.scores(&self.features(&trainer)?)?))
    }
}

fn scores_file(folder: &Path) -> std::path::PathBuf {
    folder.join("scores.csv")
}

impl Suite for Digits28 {
    fn name(&self) -> &'static str {
        "digits28"
    }

    fn protocol(&self) -> &'static str {
        "4,000 of the 5,000 real digits of 28x28 pixels are trained on, the other 1,000 are held out of both the GANs' and\n\
         the classifier's training. Scores compare 1,000 generated digits with the 4,000, in the 64 features of the\n\
         committed classifier, and so does the floor: the 1,000 held-out digits. The classifier knows the 4,000, so a\n\
         generator that repeats them can score below the floor.\n"
    }

    fn columns(&self, _data: &str) -> &'static [Column] {
        const COLUMNS: [Column; 6] = [
            Column::new(FRECHET, "Frechet distance", 2),
            Column::new("kernel_distance", "kernel distance", 1),
            Column::new("precision", "precision", 3),
            Column::new("recall", "recall", 3),
            Column::new("density", "density", 3),
            Column::new("coverage", "coverage", 3),
        ];
        &COLUMNS
    }

    fn cases(&self, steps: Option<usize>) -> Vec<Case> {
        RECIPES
            .into_iter()
            .map(|(recipe, label, usual)| {
                let steps = steps.unwrap_or(usual);
                let trainer = trainer(recipe, steps);
                Case {
                    data: "digits28",
                    recipe,
                    label,
                    seeds: 1,
                    steps,
                    summary: summary(&trainer, steps, BATCH_SIZE),
                    settings: json!({
                        "trainer": trainer,
                        "networks": networks(&trainer, 0),
                        "batch_size": BATCH_SIZE,
                    }),
                }
            })
            .collect()
    }

    fn references(&self, data: &str) -> Result<Vec<Reference>, GanError> {
        let evaluator = Evaluator::new(&Device::flex())?;
        let reference = evaluator.scores(&evaluator.held_out)?;
        Ok(vec![Reference::of(
            "held-out real digits",
            self.columns(data),
            &reference,
        )])
    }

    fn one_thread_each(&self) -> bool {
        false
    }

    fn run(&self, job: &Job) -> Result<(f64, Scores), GanError> {
        Evaluator::new(&job.device)?.train(job)
    }

    /// The Frechet distance over the steps, a line a run.
    fn plot(&self, runs: &[Run], folder: &Path) -> Result<(), GanError> {
        let evaluator = Evaluator::new(&Device::flex())?;
        let reference = frechet_distance(&evaluator.real, &evaluator.held_out)?;
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
