//! Runs on images: what several suites train and score in one way.

use std::time::Instant;

use burn::tensor::Tensor;
use burn_gan::data::{Clustered, ClustersConfig, Memory, ShuffleConfig, Source};
use burn_gan::feature::{FeatureExtractor, Pixels};
use burn_gan::metric::{CopyCheck, NearestSamplesConfig};
use burn_gan::observe::{Evaluation, Score, WatchConfig, read_findings, read_scores};
use burn_gan::picture::PictureGrid;
use burn_gan::run::Fit;
use burn_gan::trainer::GanTrainer;
use burn_gan::{AdversarialTrainer, ClassCondition, GanError};
use serde_json::json;

use crate::common::digits::Settings;
use crate::common::networks;
use crate::suite::{Case, Job, Scores, scores_file, summary};

/// The main score.
pub const FRECHET: &str = "frechet_distance";
/// The same after a quarter of the steps.
pub const QUARTER: &str = "frechet_distance_quarter";
/// How often the watch has warned.
pub const FINDINGS: &str = "findings";
/// Images whose neighbours are looked for at once.
const CHUNK: usize = 256;
/// How often a run is scored during training.
const EVALUATIONS: usize = 12;

/// What generated images are scored with.
pub trait ImageScores {
    /// Samples of a finished run that are scored.
    fn samples(&self) -> usize {
        10_000
    }

    /// Images that a distance is measured of.
    fn compared(&self) -> usize;

    /// The Frechet distance of the first images, as many as are compared.
    fn frechet_distance_of(&self, images: Tensor<4>) -> Result<f64, GanError>;

    /// All scores of so many [samples](Self::samples).
    fn of_images(&self, images: Tensor<4>) -> Result<Scores, GanError>;
}

/// The same with the real images to learn from.
pub trait RealImages: ImageScores {
    /// `[N, C, H, W]`.
    fn training(&self) -> &Tensor<4>;
}

/// A case of settings.
pub fn case(
    data: &'static str,
    recipe: &str,
    label: &str,
    settings: &Settings,
    steps: usize,
) -> Case {
    Case {
        data,
        recipe: recipe.to_string(),
        label: label.to_string(),
        seeds: 1,
        steps,
        summary: summary(&settings.trainer, steps, settings.batch_size),
        settings: json!(settings),
    }
}

/// The settings of a [`case`].
pub fn settings(case: &Case) -> Result<Settings, GanError> {
    serde_json::from_value(case.settings.clone()).map_err(GanError::user)
}

/// The images to learn from with their clusters as classes.
pub fn clustered(
    images: &impl RealImages,
    clusters: usize,
    job: &Job,
) -> Result<Clustered<Memory<4>>, GanError> {
    let training = Memory::new(images.training().clone())?;
    let clusters = ClustersConfig::new(clusters)
        .with_seed(job.seed)
        .fit(&training, &job.device)?;
    Ok(clusters.label(training, &job.device)?)
}

/// Trains on shuffled images, as the settings of the case say, and scores.
pub fn train(images: &impl RealImages, job: &Job) -> Result<(f64, Scores), GanError> {
    let settings = &settings(&job.case)?;
    let shuffle = ShuffleConfig::new(settings.batch_size).with_seed(job.seed);
    if settings.clusters == 0 {
        let training = Memory::new(images.training().clone())?;
        return train_on(images, settings, job, shuffle.init(training)?, |_| ());
    }
    let training = clustered(images, settings.clusters, job)?;
    let frequencies = training.frequencies().clone();
    let labels = |count| frequencies.draw(count, 0, &job.device);
    train_on(images, settings, job, shuffle.init(training)?, labels)
}

/// Trains on the batches of a source, with an evaluation every so often, and scores. `conditions` makes those of so many
/// samples.
pub fn train_on<C: ClassCondition>(
    images: &impl ImageScores,
    settings: &Settings,
    job: &Job,
    mut source: impl Source<4, C>,
    conditions: impl Fn(usize) -> C,
) -> Result<(f64, Scores), GanError> {
    let device = job.device.clone().autodiff();
    let steps = job.case.steps;
    let (generator, discriminator) =
        networks::init(&settings.networks.clone().with_seed(job.seed), &device)?;
    let trainer = settings.trainer.clone().with_seed(job.seed);
    let mut trainer = trainer.init(generator, discriminator, &source.batch(0, &device)?)?;
    let sample =
        |trainer: &GanTrainer<4, _, _, C>, count| trainer.sample(count, 0, &conditions(count));
    let compared = images.compared();
    let distance = Score::lowest(FRECHET, |trainer: &_| {
        images.frechet_distance_of(sample(trainer, compared)?)
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
    let mut scores = images.of_images(sample(&trainer, images.samples())?)?;
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

/// The median distance from generated images to the nearest of those that were trained on, by their pixels, divided by that of
/// held-out images: below 1 for a generator that repeats them.
pub fn copy_ratio(
    generated: Tensor<4>,
    held_out: Tensor<4>,
    training: &Tensor<4>,
) -> Result<f64, GanError> {
    let device = training.device();
    let training = Memory::new(training.clone())?;
    let nearest = |images| {
        let features = Pixels.extract(images, CHUNK)?;
        let config = NearestSamplesConfig::new().with_k(1);
        Ok::<_, GanError>(config.nearest(&features, &training, &Pixels, &device)?)
    };
    let check = CopyCheck::of_neighbours(&nearest(generated)?, &nearest(held_out)?)?;
    Ok(check.median_ratio.unwrap_or(f64::NAN))
}
