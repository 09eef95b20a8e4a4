//! How far generated images are from real ones, over the steps of a run.

use std::path::Path;

use burn::tensor::{Device, Tensor};
use burn_gan::data::IdxImages;
use burn_gan::feature::{FeatureExtractor, RandomConvolutionsConfig};
use burn_gan::metric::Gaussian;
use burn_gan::observe::{Evaluation, Score, read_scores, score_chart};
use burn_gan::{AdversarialTrainer, GanError};

use super::digits_classifier;

/// Generated images that are measured, and other real ones, where there are so many.
const SAMPLES: usize = 1000;
/// Images that go through a network at once.
const CHUNK: usize = 250;
const SCORE: &str = "Frechet distance";

/// The Frechet distance from real images, in some features of them.
pub struct ImageDistance {
    space: Box<dyn FeatureExtractor<4>>,
    real: Gaussian,
    /// Generated images.
    count: usize,
    /// The distance of as many other real images.
    of_real: f64,
}

/// The features of the classifier of digits.
pub fn digit_features(device: &Device) -> Result<Box<dyn FeatureExtractor<4>>, GanError> {
    Ok(Box::new(digits_classifier(28, device)?))
}

/// The features of random convolutions, for images of any kind.
pub fn random_features(
    images: &IdxImages,
    device: &Device,
) -> Result<Box<dyn FeatureExtractor<4>>, GanError> {
    let config = RandomConvolutionsConfig::new(1, images.height(), images.width());
    Ok(Box::new(config.init(&device.clone().without_autodiff())?))
}

impl ImageDistance {
    /// Between `real` images and as many generated ones as there are `others`, at most 1,000.
    pub fn new(
        space: Box<dyn FeatureExtractor<4>>,
        real: Tensor<4>,
        others: Tensor<4>,
    ) -> Result<Self, GanError> {
        let count = SAMPLES.min(others.dims()[0]);
        let real = fit(&space, real)?;
        let of_real = real.frechet_distance(&fit(&space, others.narrow(0, 0, count))?)?;
        Ok(Self {
            space,
            real,
            count,
            of_real,
        })
    }

    /// The distance of images that a trainer generates.
    pub fn of<T: AdversarialTrainer<4>>(&self, trainer: &T) -> Result<f64, GanError> {
        let generated = fit(&self.space, trainer.sample(self.count, 0, &())?)?;
        Ok(self.real.frechet_distance(&generated)?)
    }

    /// Measures a run every so many steps and writes scores.csv.
    pub fn evaluation<'a, T: AdversarialTrainer<4> + 'a>(
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
            .with_reference("other real images", self.of_real)
            .with_logarithmic_y(true)
            .save(folder.join("scores.png"))?;
        Ok(())
    }
}

fn fit(space: &dyn FeatureExtractor<4>, images: Tensor<4>) -> Result<Gaussian, GanError> {
    Ok(Gaussian::fit(&space.extract(images, CHUNK)?)?)
}
