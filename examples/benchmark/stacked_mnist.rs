//! StackedMNIST (Srivastava et al. 2017, Lin et al. 2018) with convolutions on the real digits, and the ablation that R3GAN
//! (Huang et al. 2024, table 1) makes on it.

use burn::tensor::{Device, Tensor};
use burn_gan::data::{DataError, IdxImages, Samples, Source, Subset, idx};
use burn_gan::feature::{FeatureExtractor, predicted_classes};
use burn_gan::loss::Loss;
use burn_gan::metric::{Features, frechet_distance};
use burn_gan::model::Classifier;
use burn_gan::penalty::Penalty;
use burn_gan::random::{Purpose, Stream};
use burn_gan::{Batch, GanError, Identity};

use crate::common;
use crate::common::digits::{BATCH_SIZE, DIGITS, GAMMA, Settings, judge_training, settings_of};
use crate::digit_scores::SIZE;
use crate::image_runs::{self, FINDINGS, FRECHET, ImageScores, case, train_on};
use crate::stacked_digits::{CHANNELS, SAMPLES, mode_scores};
use crate::suite::{Case, Column, Job, Reference, Scores, Suite};

const DATA: &str = "stacked-mnist";
const STEPS: usize = 4000;
/// Images that go through the classifier at once.
const CHUNK: usize = 250;

const R1: Penalty = Penalty::R1 { gamma: GAMMA };
const R2: Penalty = Penalty::R2 { gamma: GAMMA };
/// Name on the command line, label, loss, penalties.
const RECIPES: [(&str, &str, Loss, &[Penalty]); 4] = [
    (
        "rpgan-r1-r2",
        "RpGAN + R1 + R2",
        Loss::RelativisticPaired,
        &[R1, R2],
    ),
    ("gan-r1-r2", "GAN + R1 + R2", Loss::NonSaturating, &[R1, R2]),
    ("rpgan-r1", "RpGAN + R1", Loss::RelativisticPaired, &[R1]),
    ("gan-r1", "GAN + R1", Loss::NonSaturating, &[R1]),
];

const COLUMNS: [Column; 4] = [
    Column::new("modes", "modes", 1),
    Column::new("reverse_kl", "reverse KL", 3),
    Column::new(FRECHET, "Frechet distance", 2),
    Column::new(FINDINGS, "warnings", 0),
];

pub struct StackedMnist;

/// The recipe of `digits` without clusters, with another loss and other penalties.
fn settings(loss: Loss, penalties: &[Penalty], steps: usize) -> Settings {
    let mut settings = settings_of([CHANNELS, SIZE, SIZE], steps, 0);
    let trainer = settings.trainer.with_loss(loss);
    settings.trainer = trainer.with_penalties(penalties.to_vec());
    settings
}

/// Images `[N, 3, 28, 28]` of three digits each, drawn independently.
struct Stacked {
    digits: Subset<IdxImages>,
    seed: u64,
}

impl Stacked {
    /// Of the digits to train on.
    fn new(seed: u64) -> Result<Self, GanError> {
        let digits = idx::read_folder(DIGITS)?;
        let split = judge_training().split(digits.len())?;
        let digits = Subset::new(digits, split.training)?;
        Ok(Self { digits, seed })
    }

    fn draw(&self, step: usize, count: usize, device: &Device) -> Result<Tensor<4>, DataError> {
        let mut stream = Stream::new(self.seed, Purpose::Data, step as u64);
        let indices: Vec<usize> = (0..count * CHANNELS)
            .map(|_| stream.index(self.digits.len()))
            .collect();
        let digits = self.digits.select(&indices, device)?.samples;
        Ok(digits.reshape([count, CHANNELS, SIZE, SIZE]))
    }
}

impl Source<4> for Stacked {
    fn batch(&mut self, step: usize, device: &Device) -> Result<Batch<4>, DataError> {
        Ok(Batch::new(self.draw(step, BATCH_SIZE, device)?))
    }

    fn identity(&self) -> Result<Identity, DataError> {
        Ok(Identity::new("stacked-mnist", 1)
            .with("seed", self.seed)
            .with("batch_size", BATCH_SIZE))
    }
}

/// The committed classifier and the features of the single digits.
struct StackedScores {
    classifier: Classifier,
    real: Features,
}

impl StackedScores {
    fn new(digits: &Subset<IdxImages>, device: &Device) -> Result<Self, GanError> {
        let classifier = common::digits_classifier(SIZE, device)?;
        let all: Vec<usize> = (0..digits.len()).collect();
        let digits = digits.select(&all, device)?.samples;
        let real = classifier.extract(digits, CHUNK)?;
        Ok(Self { classifier, real })
    }
}

/// The channels of images as images `[3 N, 1, 28, 28]`.
fn single(images: Tensor<4>) -> Tensor<4> {
    let [count, ..] = images.dims();
    images.reshape([count * CHANNELS, 1, SIZE, SIZE])
}

impl ImageScores for StackedScores {
    fn samples(&self) -> usize {
        SAMPLES
    }

    fn compared(&self) -> usize {
        self.real.count() / CHANNELS
    }

    fn frechet_distance_of(&self, images: Tensor<4>) -> Result<f64, GanError> {
        let digits = single(images.narrow(0, 0, self.compared()));
        let generated = self.classifier.extract(digits, CHUNK)?;
        Ok(frechet_distance(&self.real, &generated)?)
    }

    fn of_images(&self, images: Tensor<4>) -> Result<Scores, GanError> {
        let classes = predicted_classes(&self.classifier, single(images.clone()))?;
        let mut scores = mode_scores(&classes)?;
        scores.insert(FRECHET.to_string(), self.frechet_distance_of(images)?);
        Ok(scores)
    }
}

impl Suite for StackedMnist {
    fn name(&self) -> &'static str {
        DATA
    }

    fn protocol(&self) -> &'static str {
        "StackedMNIST (Srivastava et al. 2017, Lin et al. 2018): three random digits of 28x28 pixels are the channels of an\n\
         image, which makes 1,000 modes. The committed classifier classifies the digits of 26,000 generated images; a mode\n\
         counts with one image. Frechet distance: 3,999 single digits against the 4,000 that are trained on, in the\n\
         classifier's features. Warnings are those of the watch during training.\n"
    }

    fn columns(&self, _data: &str) -> &'static [Column] {
        &COLUMNS
    }

    fn cases(&self, steps: Option<usize>) -> Vec<Case> {
        let steps = steps.unwrap_or(STEPS);
        let of_recipe = |(recipe, label, loss, penalties)| Case {
            seeds: 3,
            ..case(
                DATA,
                recipe,
                label,
                &settings(loss, penalties, steps),
                steps,
            )
        };
        RECIPES.into_iter().map(of_recipe).collect()
    }

    fn references(&self, _data: &str) -> Result<Vec<Reference>, GanError> {
        let device = Device::flex();
        let stacked = Stacked::new(0)?;
        let real = stacked.draw(0, SAMPLES, &device)?;
        let real = StackedScores::new(&stacked.digits, &device)?.of_images(real)?;
        let published = |label: &str, cells: [&str; 2]| Reference {
            label: label.to_string(),
            cells: cells.map(str::to_string).to_vec(),
        };
        Ok(vec![
            Reference::of("the real digits, stacked", &COLUMNS, &real),
            published("R3GAN's RpGAN + R1 + R2, published", ["1000", "0.078"]),
            published("R3GAN's GAN + R1 + R2, published", ["693", "0.93"]),
        ])
    }

    fn one_thread_each(&self) -> bool {
        false
    }

    fn run(&self, job: &Job) -> Result<(f64, Scores), GanError> {
        let stacked = Stacked::new(job.seed)?;
        let scores = StackedScores::new(&stacked.digits, &job.device)?;
        let settings = image_runs::settings(&job.case)?;
        train_on(&scores, &settings, job, stacked, |_| ())
    }
}
