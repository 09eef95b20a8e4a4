//! How far generated samples are from those that were trained on, beside how far held-out ones are.

use std::path::Path;

use burn::tensor::Device;
use burn_gan::data::Samples;
use burn_gan::feature::{FeatureExtractor, Features};
use burn_gan::metric::Gaussian;
use burn_gan::observe::{Evaluation, Score};
use burn_gan::{AdversarialTrainer, Condition, GanError};

/// Training samples that are measured at most.
pub const MEASURED: usize = 10_000;
/// Samples that are on the device at once.
const CHUNK: usize = 250;
pub const SCORE: &str = "Frechet distance";

pub struct Distance<const D: usize, C> {
    features: Box<dyn FeatureExtractor<D>>,
    training: Gaussian,
    /// As many samples are generated as are held out: the distance depends on their number.
    count: usize,
    conditions: C,
    /// The distance of the held-out samples.
    pub floor: f64,
}

impl<const D: usize, C: Condition> Distance<D, C> {
    pub fn new(
        features: Box<dyn FeatureExtractor<D>>,
        training: &dyn Samples<D, C>,
        held_out: &dyn Samples<D, C>,
        conditions: C,
        device: &Device,
    ) -> Result<Self, GanError> {
        let count = held_out.len();
        let training = Gaussian::fit(&extract(&*features, training, MEASURED, device)?)?;
        let others = Gaussian::fit(&extract(&*features, held_out, count, device)?)?;
        Ok(Self {
            floor: training.frechet_distance(&others)?,
            features,
            training,
            count,
            conditions,
        })
    }

    fn of<T: AdversarialTrainer<D, C>>(&self, trainer: &T) -> Result<f64, GanError> {
        let samples = trainer.sample(self.count, 0, &self.conditions)?;
        let generated = Gaussian::fit(&self.features.extract(samples, CHUNK)?)?;
        Ok(self.training.frechet_distance(&generated)?)
    }

    /// Measures a run every so many steps and writes a file of it.
    pub fn evaluation<'a, T: AdversarialTrainer<D, C> + 'a>(
        &'a self,
        path: &Path,
        interval: usize,
    ) -> Evaluation<'a, T> {
        let score = Score::lowest(SCORE, |trainer: &T| self.of(trainer));
        Evaluation::new(path, interval).with_score(self.count, score)
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
