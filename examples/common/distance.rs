//! How far generated samples are from those that were trained on, beside how far other real ones are.

use std::path::Path;

use burn::tensor::Device;
use burn_gan::data::Samples;
use burn_gan::feature::{FeatureExtractor, Features, RandomConvolutionsConfig};
use burn_gan::metric::Gaussian;
use burn_gan::observe::{Evaluation, Score, read_scores, score_chart};
use burn_gan::{AdversarialTrainer, Condition, GanError};

use super::digits_classifier;

/// Samples to train on that are measured at most.
pub const MEASURED: usize = 10_000;
/// Samples that go through a network at once.
const CHUNK: usize = 250;
pub const SCORE: &str = "Frechet distance";

/// The Frechet distance of generated samples from those that were trained on, in some features of them.
pub struct Distance<const D: usize, C = ()> {
    features: Box<dyn FeatureExtractor<D>>,
    training: Gaussian,
    /// As many samples are generated as there are others: the distance depends on their number.
    count: usize,
    conditions: C,
    /// The distance of the other real samples.
    pub floor: f64,
}

/// The features of the classifier of digits.
pub fn digit_features(device: &Device) -> Result<Box<dyn FeatureExtractor<4>>, GanError> {
    Ok(Box::new(digits_classifier(28, device)?))
}

/// The features of random convolutions, for images of any kind.
pub fn random_features(
    [channels, height, width]: [usize; 3],
    device: &Device,
) -> Result<Box<dyn FeatureExtractor<4>>, GanError> {
    let config = RandomConvolutionsConfig::new(channels, height, width);
    Ok(Box::new(config.init(&device.clone().without_autodiff())?))
}

impl<const D: usize, C: Condition> Distance<D, C> {
    /// From the first 10,000 samples of `training` at most; generated samples have these conditions, one for each of the
    /// `others`.
    pub fn new(
        features: Box<dyn FeatureExtractor<D>>,
        training: &dyn Samples<D, C>,
        others: &dyn Samples<D, C>,
        conditions: C,
        device: &Device,
    ) -> Result<Self, GanError> {
        let count = others.len();
        let training = Gaussian::fit(&extract(&*features, training, MEASURED, device)?)?;
        let others = Gaussian::fit(&extract(&*features, others, count, device)?)?;
        Ok(Self {
            floor: training.frechet_distance(&others)?,
            features,
            training,
            count,
            conditions,
        })
    }

    /// The distance of samples that a trainer generates.
    pub fn of<T: AdversarialTrainer<D, C>>(&self, trainer: &T) -> Result<f64, GanError> {
        let samples = trainer.sample(self.count, 0, &self.conditions)?;
        let generated = Gaussian::fit(&self.features.extract(samples, CHUNK)?)?;
        Ok(self.training.frechet_distance(&generated)?)
    }

    /// Measures a run every so many steps and writes scores.csv.
    pub fn evaluation<'a, T: AdversarialTrainer<D, C> + 'a>(
        &'a self,
        folder: &Path,
        interval: usize,
    ) -> Evaluation<'a, T> {
        let score = Score::lowest(SCORE, |trainer: &T| self.of(trainer));
        Evaluation::new(folder.join("scores.csv"), interval).with_score(self.count, score)
    }

    /// Draws scores.csv as scores.png.
    pub fn plot(&self, folder: &Path) -> Result<(), GanError> {
        score_chart(&read_scores(folder.join("scores.csv"))?, SCORE)
            .with_reference("other real samples", self.floor)
            .with_logarithmic_y(true)
            .save(folder.join("scores.png"))?;
        Ok(())
    }
}

/// The features of the first samples of a set, at most so many.
fn extract<const D: usize, C: Condition>(
    features: &dyn FeatureExtractor<D>,
    samples: &dyn Samples<D, C>,
    most: usize,
    device: &Device,
) -> Result<Features, GanError> {
    let count = samples.len().min(most);
    let mut all: Option<Features> = None;
    for start in (0..count).step_by(CHUNK) {
        let indices: Vec<usize> = (start..count.min(start + CHUNK)).collect();
        let chunk = features.extract(samples.select(&indices, device)?.samples, CHUNK)?;
        match &mut all {
            Some(all) => all.append(chunk)?,
            None => all = Some(chunk),
        }
    }
    all.ok_or_else(|| GanError::user("there are no samples"))
}
