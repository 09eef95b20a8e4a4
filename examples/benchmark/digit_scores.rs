//! What generated 28x28 digits are scored with.

use burn::tensor::{Device, Tensor};
use burn_gan::GanError;
use burn_gan::data::{Samples, idx};
use burn_gan::feature::{FeatureExtractor, predicted_classes};
use burn_gan::metric::{
    Features, KernelDistanceConfig, density_coverage, frechet_distance, kernel_distance,
    precision_recall,
};
use burn_gan::model::Classifier;

use crate::common;
use crate::common::digits::{DIGITS, judge_training};
use crate::image_runs::{FINDINGS, FRECHET, ImageScores, QUARTER, RealImages, copy_ratio};
use crate::suite::{Column, Scores, scores};

pub const SIZE: usize = 28;
const CLASSES: usize = 10;
const CHUNK: usize = 256;

pub const COLUMNS: [Column; 10] = [
    Column::new(FRECHET, "Frechet distance", 2),
    Column::new(QUARTER, "after a quarter", 1),
    Column::new("frechet_distance_held_out", "to held-out digits", 2),
    Column::new("precision", "precision", 3),
    Column::new("recall", "recall", 3),
    Column::new("coverage", "coverage", 3),
    Column::new("least_class", "rarest class, %", 1).scaled(100.0),
    Column::new("greatest_class", "most frequent class, %", 1).scaled(100.0),
    Column::new("copy_ratio", "distance to the nearest real digit", 3),
    Column::new(FINDINGS, "warnings", 0),
];

pub const PROTOCOL: &str = "\
4,000 of the 5,000 real digits of 28x28 pixels are trained on, the other 1,000 are held out of both the GANs' and the
classifier's training. Scores compare 1,000 generated digits with the 4,000, in the 64 features of the committed
classifier, and so does the floor: the 1,000 held-out digits. The classifier knows the 4,000, so a generator that repeats
them can score below the floor; so beside it stand the distance to the 1,000 held-out digits, and the median distance from a
generated digit to the nearest of the 4,000, in pixels, divided by that of held-out digits. The classes are those that the
classifier names in 10,000 generated digits. Warnings are those of the watch during training.
";

/// The real digits, and what images are scored with.
pub struct DigitScores {
    classifier: Classifier,
    /// The digits to train on: those that the classifier's training saw.
    training: Tensor<4>,
    pub real: Features,
    /// The others: as many as generated images are scored.
    pub held_out: Features,
    held_out_images: Tensor<4>,
}

impl DigitScores {
    pub fn new(device: &Device) -> Result<Self, GanError> {
        let digits = idx::read_folder(DIGITS)?;
        let split = judge_training().split(digits.len())?;
        let classifier = common::digits_classifier(SIZE, device)?;
        let training = digits.select(&split.training, device)?.samples;
        let held_out = digits.select(&split.held_out, device)?.samples;
        Self::of(classifier, training, held_out)
    }

    /// Of other images of ten classes, and a classifier of them.
    pub fn of(
        classifier: Classifier,
        training: Tensor<4>,
        held_out: Tensor<4>,
    ) -> Result<Self, GanError> {
        let features = |images| classifier.extract(images, CHUNK);
        Ok(Self {
            real: features(training.clone())?,
            held_out: features(held_out.clone())?,
            held_out_images: held_out,
            training,
            classifier,
        })
    }

    /// All scores of the held-out digits: what an exact generator would have.
    pub fn of_held_out(&self) -> Result<Scores, GanError> {
        self.of_images(self.held_out_images.clone())
    }
}

impl ImageScores for DigitScores {
    fn compared(&self) -> usize {
        self.held_out.count()
    }

    fn frechet_distance_of(&self, images: Tensor<4>) -> Result<f64, GanError> {
        let images = images.narrow(0, 0, self.held_out.count());
        let generated = self.classifier.extract(images, CHUNK)?;
        Ok(frechet_distance(&self.real, &generated)?)
    }

    /// All images are classified, the first of them, as many as there are held-out digits, are compared.
    fn of_images(&self, images: Tensor<4>) -> Result<Scores, GanError> {
        let classes = predicted_classes(&self.classifier, images.clone())?;
        let share = |class| {
            let count = classes.iter().filter(|named| **named == class).count();
            count as f64 / classes.len() as f64
        };
        let shares = (0..CLASSES).map(share);

        let images = images.narrow(0, 0, self.held_out.count());
        let generated = self.classifier.extract(images.clone(), CHUNK)?;
        let kernel = kernel_distance(&self.real, &generated, &KernelDistanceConfig::new())?;
        let manifold = precision_recall(&self.real, &generated, 3)?;
        let balls = density_coverage(&self.real, &generated, 5)?;
        let copies = copy_ratio(images, self.held_out_images.clone(), &self.training)?;
        Ok(scores([
            (FRECHET, frechet_distance(&self.real, &generated)?),
            (
                "frechet_distance_held_out",
                frechet_distance(&self.held_out, &generated)?,
            ),
            ("kernel_distance", kernel.value),
            ("precision", manifold.precision),
            ("recall", manifold.recall),
            ("density", balls.density),
            ("coverage", balls.coverage),
            ("least_class", shares.clone().fold(1.0, f64::min)),
            ("greatest_class", shares.fold(0.0, f64::max)),
            ("copy_ratio", copies),
        ]))
    }
}

impl RealImages for DigitScores {
    fn training(&self) -> &Tensor<4> {
        &self.training
    }
}
