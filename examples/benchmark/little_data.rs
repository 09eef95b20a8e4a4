//! Little data: 500 images to learn from, with and without augmentation.

use std::path::Path;
use std::time::Instant;

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use burn_gan::augment::{Augmentation, DiffAugmentConfig};
use burn_gan::data::{Memory, Samples, ShuffleConfig, Source, idx};
use burn_gan::feature::FeatureExtractor;
use burn_gan::metric::{Features, frechet_distance, precision_recall};
use burn_gan::model::{DcganConfig, Normalization};
use burn_gan::observe::{Evaluation, Score, read_scores};
use burn_gan::picture::PictureGrid;
use burn_gan::plot::Chart;
use burn_gan::run::Fit;
use burn_gan::trainer::GanTrainerConfig;
use burn_gan::{AdversarialTrainer, Discriminator, GanError};
use serde_json::json;

use crate::common;
use crate::common::digits::{DIGITS, judge_training, recipe};
use crate::common::faces::{FaceFeatures, FacePart, Use};
use crate::suite::{
    Case, Column, Job, Reference, Run, Scores, Suite, run_folder, scores, scores_file, summary,
};

pub struct LittleData;

/// Images to learn from.
const IMAGES: usize = 500;
const BATCH_SIZE: usize = 64;
const STEPS: usize = 3000;
/// How often a run is scored.
const EVALUATIONS: usize = 12;
const FRECHET: &str = "frechet_distance";
const GAP: &str = "gap";
const CHUNK: usize = 250;

const DATA: [&str; 2] = ["digits", "faces"];
/// Name on the command line, label.
const RECIPES: [(&str, &str); 3] = [
    ("none", "no augmentation"),
    ("diff", "DiffAugment"),
    ("ada", "ADA"),
];

fn trainer(recipe_name: &str) -> GanTrainerConfig {
    let augmentation = match recipe_name {
        "diff" => Some(Augmentation::DiffAugment(DiffAugmentConfig::new())),
        "ada" => Some(common::ada()),
        _ => None,
    };
    recipe(0).with_augmentation(augmentation)
}

fn networks(data: &str, seed: u64) -> DcganConfig {
    let [channels, side] = match data {
        "digits" => [1, 28],
        _ => [3, 32],
    };
    DcganConfig::new(channels, side, side)
        .with_filters(32)
        .with_discriminator_normalization(Normalization::None)
        .with_seed(seed)
}

/// The images to learn from, others, and the features that both are compared in.
struct Evaluator {
    space: Box<dyn FeatureExtractor<4>>,
    training: Tensor<4>,
    held_out: Tensor<4>,
    real: Features,
}

impl Evaluator {
    fn new(data: &str, device: &Device) -> Result<Self, GanError> {
        let first: Vec<usize> = (0..IMAGES).collect();
        let (space, training, held_out): (Box<dyn FeatureExtractor<4>>, _, _) = match data {
            "digits" => {
                // The classifier of digits has seen those that are learned from.
                let digits = idx::read_folder(DIGITS)?;
                let split = judge_training().split(digits.len())?;
                let judge = common::digits_classifier(28, device)?;
                (
                    Box::new(judge),
                    digits.select(&split.training[..IMAGES], device)?.samples,
                    digits.select(&split.held_out, device)?.samples,
                )
            }
            _ => {
                let faces = FacePart::Glasses.faces()?;
                let held_out = Use::HeldOut.of(&faces)?;
                let all: Vec<usize> = (0..held_out.len()).collect();
                (
                    Box::new(FaceFeatures::load(device)?),
                    Use::Training.of(&faces)?.select(&first, device)?.samples,
                    held_out.select(&all, device)?.samples,
                )
            }
        };
        Ok(Self {
            real: space.extract(held_out.clone(), CHUNK)?,
            space,
            training,
            held_out,
        })
    }

    /// As many samples as there are held-out images.
    fn generated<T: AdversarialTrainer<4>>(&self, trainer: &T) -> Result<Features, GanError> {
        let images = trainer.sample(self.real.count(), 0, &())?;
        Ok(self.space.extract(images, CHUNK)?)
    }

    fn scores(&self, features: &Features) -> Result<Scores, GanError> {
        let manifold = precision_recall(&self.real, features, 3)?;
        Ok(scores([
            (FRECHET, frechet_distance(&self.real, features)?),
            ("precision", manifold.precision),
            ("recall", manifold.recall),
        ]))
    }

    /// How much higher the discriminator rates the images that it has learned from than others: what it knows by heart.
    fn gap<T: AdversarialTrainer<4>>(&self, trainer: &T) -> Result<f64, GanError> {
        let mean = |images: &Tensor<4>| {
            let images = images
                .clone()
                .to_device(&trainer.device().without_autodiff());
            let logits = trainer.discriminator().valid().logits(images, &());
            logits
                .mean()
                .try_into_scalar::<f64>()
                .map_err(GanError::user)
        };
        Ok(mean(&self.training)? - mean(&self.held_out)?)
    }

    fn train(&self, job: &Job) -> Result<(f64, Scores), GanError> {
        let device = job.device.clone().autodiff();
        let mut source = ShuffleConfig::new(BATCH_SIZE)
            .with_seed(job.seed)
            .init(Memory::new(self.training.clone())?)?;
        let networks = networks(job.case.data, job.seed);
        let mut trainer = trainer(&job.case.recipe).with_seed(job.seed).init(
            networks.init_generator(&device)?,
            networks.init_discriminator(&device)?,
            &source.batch(0, &device)?,
        )?;
        let interval = job.case.steps.div_ceil(EVALUATIONS);
        let distance = Score::lowest(FRECHET, |trainer: &_| {
            Ok(frechet_distance(&self.real, &self.generated(trainer)?)?)
        });
        let gap = Score::lowest(GAP, |trainer: &_| self.gap(trainer));
        let evaluation = Evaluation::new(scores_file(&job.folder), interval)
            .with_score(self.real.count(), distance)
            .with_score(self.real.count(), gap);
        let start = Instant::now();
        trainer
            .fit(&mut source)
            .until(job.case.steps)
            .observe(evaluation)
            .run()?;
        let seconds = start.elapsed().as_secs_f64();
        PictureGrid::square(64)
            .with_scale(2)
            .save(trainer.sample(64, 0, &())?, job.folder.join("samples.png"))?;
        let mut scores = self.scores(&self.generated(&trainer)?)?;
        scores.insert(GAP.into(), self.gap(&trainer)?);
        Ok((seconds, scores))
    }
}

impl Suite for LittleData {
    fn name(&self) -> &'static str {
        "little-data"
    }

    fn protocol(&self) -> &'static str {
        "500 images are learned from. Scores compare generated images with as many held-out real ones, which neither the GANs\n\
         nor the judges have seen: 1,000 digits in the features of the committed classifier, 500 faces in those of the three\n\
         committed classifiers of their parts. The gap is how much higher the discriminator's mean logit of the 500 is than\n\
         that of the held-out images. The floor is the 500 themselves.\n"
    }

    fn columns(&self, _data: &str) -> &'static [Column] {
        const COLUMNS: [Column; 4] = [
            Column::new(FRECHET, "Frechet distance", 2),
            Column::new("precision", "precision", 3),
            Column::new("recall", "recall", 3),
            Column::new(GAP, "gap of logits", 2),
        ];
        &COLUMNS
    }

    fn cases(&self, steps: Option<usize>) -> Vec<Case> {
        let steps = steps.unwrap_or(STEPS);
        let case = |data| {
            RECIPES.map(|(recipe, label)| {
                let trainer = trainer(recipe);
                Case {
                    data,
                    recipe: recipe.to_string(),
                    label: label.to_string(),
                    seeds: 3,
                    steps,
                    summary: summary(&trainer, steps, BATCH_SIZE),
                    settings: json!({
                        "trainer": trainer,
                        "networks": networks(data, 0),
                        "batch_size": BATCH_SIZE,
                        "images": IMAGES,
                    }),
                }
            })
        };
        DATA.into_iter().flat_map(case).collect()
    }

    fn references(&self, data: &str) -> Result<Vec<Reference>, GanError> {
        let evaluator = Evaluator::new(data, &Device::flex())?;
        let training = evaluator.space.extract(evaluator.training.clone(), CHUNK)?;
        Ok(vec![Reference::of(
            "the 500 images",
            self.columns(data),
            &evaluator.scores(&training)?,
        )])
    }

    fn one_thread_each(&self) -> bool {
        false
    }

    fn run(&self, job: &Job) -> Result<(f64, Scores), GanError> {
        Evaluator::new(job.case.data, &job.device)?.train(job)
    }

    /// The distance and the gap over the steps, a line a run.
    fn plot(&self, runs: &[Run], folder: &Path) -> Result<(), GanError> {
        for data in DATA {
            for (score, title) in [(FRECHET, "Frechet distance"), (GAP, "gap of logits")] {
                let mut chart = Chart::new(format!("500 {data}")).with_axes("step", title);
                for run in runs.iter().filter(|run| run.failure.is_none()) {
                    let path = scores_file(&run_folder(folder, &run.data, &run.recipe, run.seed));
                    // The run of a file alone has left nothing here.
                    if run.data != data || !path.exists() {
                        continue;
                    }
                    let rows = read_scores(&path)?.into_iter();
                    let line: Vec<(f64, f64)> = rows
                        .filter(|row| row.score == score)
                        .map(|row| ((row.step + 1) as f64, row.value))
                        .collect();
                    chart = chart.with_line(format!("{}, seed {}", run.recipe, run.seed), &line);
                }
                let path = folder.join(format!("{data}-{score}.png"));
                chart.save(&path)?;
                eprintln!("wrote {}", path.display());
            }
        }
        Ok(())
    }
}
