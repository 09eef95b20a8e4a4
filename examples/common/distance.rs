//! How far generated images are from real ones, over the steps of a run.

use std::path::Path;

use burn::tensor::{Device, Tensor};
use burn_gan::data::{IdxImages, Samples};
use burn_gan::feature::{FeatureExtractor, RandomConvolutionsConfig};
use burn_gan::metric::Gaussian;
use burn_gan::observe::{Evaluation, Score, read_scores, score_chart};
use burn_gan::{AdversarialTrainer, GanError};

use super::digits_classifier;

/// Images on either side, where there are so many: enough for 64 features, in a second.
const SAMPLES: usize = 1000;
/// Images that go through a network at once.
const CHUNK: usize = 250;
const SCORE: &str = "Frechet distance";

/// The Frechet distance from the first images of a data set, in some features of them.
pub struct ImageDistance {
    space: Box<dyn FeatureExtractor<4>>,
    real: Gaussian,
    /// Images on either side.
    count: usize,
    /// That of as many other real images.
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
    pub fn new(
        space: Box<dyn FeatureExtractor<4>>,
        images: &IdxImages,
        device: &Device,
    ) -> Result<Self, GanError> {
        let count = SAMPLES.min(images.len() / 2);
        let gaussian = |start: usize| {
            let indices: Vec<usize> = (start..start + count).collect();
            fit(&space, images.select(&indices, device)?.samples)
        };
        let real = gaussian(0)?;
        let of_real = real.frechet_distance(&gaussian(count)?)?;
        Ok(Self {
            space,
            real,
            count,
            of_real,
        })
    }

    /// Measures a run every so many steps and writes scores.csv.
    pub fn evaluation<'a, T: AdversarialTrainer<4> + 'a>(
        &'a self,
        folder: &Path,
        interval: usize,
    ) -> Evaluation<'a, T> {
        let score = Score::lowest(SCORE, |trainer: &T| {
            let generated = fit(&self.space, trainer.sample(self.count, 0, &())?)?;
            Ok(self.real.frechet_distance(&generated)?)
        });
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
