//! Three digits as the channels of an image, 1,000 modes: the protocol of StackedMNIST (Srivastava et al. 2017, Lin et
//! al. 2018) on the 8x8 digits.

use std::time::Instant;

use burn::tensor::{Device, Tensor};
use burn_gan::data::{DataError, IdxImages, Samples, Source, idx};
use burn_gan::ema::{EmaConfig, EmaDecay};
use burn_gan::feature::{FeatureExtractor, predicted_classes};
use burn_gan::loss::Loss;
use burn_gan::metric::{Features, frechet_distance, reverse_kl};
use burn_gan::model::{Classifier, MlpConfig};
use burn_gan::nn::Activation;
use burn_gan::penalty::Penalty;
use burn_gan::picture::PictureGrid;
use burn_gan::random::{Purpose, Stream};
use burn_gan::run::Fit;
use burn_gan::trainer::GanTrainerConfig;
use burn_gan::{AdversarialTrainer, Batch, GanError, Identity, Schedule};
use serde_json::json;

use crate::common;
use crate::common::places::in_repository;
use crate::suite::{Case, Column, Job, Reference, Scores, Suite, scores, summary};

const SIZE: usize = 8;
const CLASSES: usize = 10;
pub const CHANNELS: usize = 3;
const MODES: usize = CLASSES.pow(CHANNELS as u32);
/// Values of an image.
const VALUES: usize = CHANNELS * SIZE * SIZE;
/// Images that the modes are counted over.
pub const SAMPLES: usize = 26_000;
const BATCH_SIZE: usize = 128;
const STEPS: usize = 12_000;
const DIGITS: &str = in_repository!("tests/data/digits-8x8");

pub struct StackedDigits;

/// R3GAN's ablation: a loss, with or without the penalties R1 and R2.
struct Recipe {
    name: &'static str,
    label: &'static str,
    loss: Loss,
    penalties: &'static [Penalty],
}

const R1: Penalty = Penalty::R1 { gamma: 1.0 };
const R2: Penalty = Penalty::R2 { gamma: 1.0 };

const RECIPES: [Recipe; 4] = [
    Recipe {
        name: "gan",
        label: "GAN",
        loss: Loss::NonSaturating,
        penalties: &[],
    },
    Recipe {
        name: "gan-r1-r2",
        label: "GAN + R1 + R2",
        loss: Loss::NonSaturating,
        penalties: &[R1, R2],
    },
    Recipe {
        name: "rpgan-r1",
        label: "RpGAN + R1",
        loss: Loss::RelativisticPaired,
        penalties: &[R1],
    },
    Recipe {
        name: "rpgan-r1-r2",
        label: "RpGAN + R1 + R2",
        loss: Loss::RelativisticPaired,
        penalties: &[R1, R2],
    },
];

/// The settings that all recipes share, those of R3GAN over this run's length.
fn trainer(recipe: &Recipe, steps: usize) -> GanTrainerConfig {
    let cosine = |from, to| Schedule::CosineBurnIn { from, to, steps };
    let adam = common::adam(0.0, 0.99);
    GanTrainerConfig::r3gan()
        .with_loss(recipe.loss)
        .with_penalties(recipe.penalties.to_vec())
        .with_penalty_schedule(cosine(1.0, 0.1))
        .with_generator_optimizer(adam.clone())
        .with_discriminator_optimizer(adam)
        .with_learning_rates(1e-3)
        .with_learning_rate_schedule(cosine(1.0, 0.05))
        .with_ema(Some(
            EmaConfig::new().with_decay(EmaDecay::HalfLife(cosine(0.0, 500.0))),
        ))
}

/// Perceptrons: at 8x8 pixels they do as well as convolutions, in a fraction of the time.
fn networks(seed: u64) -> MlpConfig {
    MlpConfig::new(VALUES)
        .with_hidden(vec![256; 3])
        .with_latent_size(64)
        .with_output(Activation::Tanh)
        .with_seed(seed)
}

/// Images of three digits each, drawn independently, as rows of values `[N, 192]`.
struct Stacked {
    digits: IdxImages,
    seed: u64,
}

impl Stacked {
    fn new(seed: u64) -> Result<Self, DataError> {
        let digits = idx::read_folder(DIGITS)?;
        Ok(Self { digits, seed })
    }

    /// The images `[count, 192]` of a step.
    fn draw(&self, step: usize, count: usize, device: &Device) -> Result<Tensor<2>, DataError> {
        let mut stream = Stream::new(self.seed, Purpose::Data, step as u64);
        let indices: Vec<usize> = (0..count * CHANNELS)
            .map(|_| stream.index(self.digits.len()))
            .collect();
        let digits = self.digits.select(&indices, device)?.samples;
        Ok(digits.reshape([count, VALUES]))
    }
}

impl Source<2> for Stacked {
    fn batch(&mut self, step: usize, device: &Device) -> Result<Batch<2>, DataError> {
        Ok(Batch::new(self.draw(step, BATCH_SIZE, device)?))
    }

    fn identity(&self) -> Result<Identity, DataError> {
        Ok(Identity::new("stacked-digits", 1)
            .with("seed", self.seed)
            .with("batch_size", BATCH_SIZE))
    }
}

/// Modes that are found and their reverse KL, by the classes of the channels of images, one after the other.
pub fn mode_scores(classes: &[usize]) -> Result<Scores, GanError> {
    let mut hits = vec![0; MODES];
    for stacked in classes.chunks(CHANNELS) {
        hits[stacked.iter().fold(0, |mode, class| mode * CLASSES + class)] += 1;
    }
    let modes = hits.iter().filter(|hits| **hits > 0).count();
    Ok(scores([
        ("modes", modes as f64),
        (
            "reverse_kl",
            reverse_kl(&hits, &vec![1.0 / MODES as f64; MODES])?,
        ),
    ]))
}

/// What images are scored with.
struct Evaluator {
    classifier: Classifier,
    /// Features of all real digits.
    real: Features,
}

impl Evaluator {
    fn new(digits: &IdxImages, device: &Device) -> Result<Self, GanError> {
        let classifier = common::digits_classifier(SIZE, device)?;
        let all: Vec<usize> = (0..digits.len()).collect();
        let real = digits.select(&all, device)?.samples;
        Ok(Self {
            real: classifier.extract(real, 256)?,
            classifier,
        })
    }

    /// Modes, reverse KL, and the Frechet distance of single digits, as many as there are real ones.
    fn scores(&self, images: Tensor<2>) -> Result<Scores, GanError> {
        let [count, _] = images.dims();
        let digits = images.reshape([count * CHANNELS, 1, SIZE, SIZE]);
        let single = digits
            .clone()
            .narrow(0, 0, self.real.count().min(count * CHANNELS));
        let features = self.classifier.extract(single, 256)?;
        let classes = predicted_classes(&self.classifier, digits)?;
        let mut scores = mode_scores(&classes)?;
        let distance = frechet_distance(&self.real, &features)?;
        scores.insert("frechet_distance".to_string(), distance);
        Ok(scores)
    }
}

impl Suite for StackedDigits {
    fn name(&self) -> &'static str {
        "stacked-digits"
    }

    fn protocol(&self) -> &'static str {
        "The protocol of StackedMNIST (Srivastava et al. 2017, Lin et al. 2018) on the 1,797 digits of 8x8 pixels: three\n\
         random digits are the channels of an image, which makes 1,000 modes. The committed classifier classifies the digits\n\
         of 26,000 generated images; a mode counts with one image. Frechet distance: single digits, as many as real ones, in\n\
         the classifier's features.\n"
    }

    fn columns(&self, _data: &str) -> &'static [Column] {
        const COLUMNS: [Column; 3] = [
            Column::new("modes", "modes", 1),
            Column::new("reverse_kl", "reverse KL", 3),
            Column::new("frechet_distance", "Frechet distance", 2),
        ];
        &COLUMNS
    }

    fn cases(&self, steps: Option<usize>) -> Vec<Case> {
        let steps = steps.unwrap_or(STEPS);
        RECIPES
            .iter()
            .map(|recipe| {
                let trainer = trainer(recipe, steps);
                Case {
                    data: "stacked-digits",
                    recipe: recipe.name.to_string(),
                    label: recipe.label.to_string(),
                    seeds: 1,
                    steps,
                    summary: summary(&trainer, steps, BATCH_SIZE),
                    settings: json!({"trainer": trainer, "networks": networks(0), "batch_size": BATCH_SIZE}),
                }
            })
            .collect()
    }

    fn references(&self, data: &str) -> Result<Vec<Reference>, GanError> {
        let device = Device::flex();
        let stacked = Stacked::new(0)?;
        let evaluator = Evaluator::new(&stacked.digits, &device)?;
        let real = evaluator.scores(stacked.draw(0, SAMPLES, &device)?)?;
        let published = |label: &str, modes: &str, kl: &str| Reference {
            label: format!("{label} on StackedMNIST, published"),
            cells: vec![modes.to_string(), kl.to_string()],
        };
        Ok(vec![
            Reference::of("the real digits, stacked", self.columns(data), &real),
            // Huang et al. 2024, table 1: other digits, 32x32 pixels and another network.
            published("R3GAN's GAN + R1 + R2", "693", "0.93"),
            published("R3GAN's RpGAN + R1", "failed", ""),
            published("R3GAN's RpGAN + R1 + R2", "1000", "0.078"),
        ])
    }

    fn one_thread_each(&self) -> bool {
        true
    }

    fn run(&self, job: &Job) -> Result<(f64, Scores), GanError> {
        let Job { case, seed, .. } = job;
        let device = job.device.clone().autodiff();
        let recipe = RECIPES
            .iter()
            .find(|recipe| recipe.name == case.recipe)
            .ok_or_else(|| GanError::user(format!("no recipe {}", case.recipe)))?;
        let mut source = Stacked::new(*seed)?;
        let networks = networks(*seed);
        let mut trainer = trainer(recipe, case.steps).with_seed(*seed).init(
            networks.init_generator(&device)?,
            networks.init_discriminator(&device)?,
            &source.batch(0, &device)?,
        )?;
        let start = Instant::now();
        trainer.fit(&mut source).until(case.steps).run()?;
        let seconds = start.elapsed().as_secs_f64();

        let images = trainer.sample(SAMPLES, *seed, &())?;
        let shown = images
            .clone()
            .narrow(0, 0, 64)
            .reshape([64, CHANNELS, SIZE, SIZE]);
        PictureGrid::square(64)
            .with_scale(6)
            .save(shown, job.folder.join("samples.png"))?;
        let evaluator = Evaluator::new(&source.digits, &job.device)?;
        Ok((seconds, evaluator.scores(images)?))
    }
}
