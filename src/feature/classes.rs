//! A [`Classifier`] as a feature space, and the classes that it gives samples.

use burn::module::Module;
use burn::tensor::{Device, Int, Tensor};

use super::{FeatureError, FeatureExtractor, device_of, network_input};
use crate::batch::BatchError;
use crate::data::Samples;
use crate::errors::{DeviceError, check_shape};
use crate::identity::Identity;
use crate::model::Classifier;
use crate::network_error::NetworkError;
use crate::weights::fingerprint;

/// How many images go through a classifier at once.
const CHUNK: usize = 256;

/// The hidden layer, `[N, features]`; the identity holds the weights' hash.
impl FeatureExtractor<4> for Classifier {
    fn features(&self, samples: Tensor<4>) -> Result<Tensor<2>, FeatureError> {
        let images = network_input(samples, self.sample_shape(), &device_of(self))?;
        Ok(self.valid().penultimate(images))
    }

    fn identity(&self) -> Result<Identity, FeatureError> {
        identity("classifier", self)
    }
}

/// The probabilities of a classifier's classes as features, `[N, classes]`: what scores of the form of the
/// Inception score are made of.
///
/// ```
/// use burn::tensor::{Device, Tensor};
/// use burn_gan::feature::{ClassProbabilities, FeatureExtractor};
/// use burn_gan::model::ClassifierConfig;
///
/// let device = Device::flex();
/// let classifier = ClassifierConfig::new(1, 8, 8, 10).init(&device)?;
/// let rows = ClassProbabilities(&classifier).extract(Tensor::zeros([3, 1, 8, 8], &device), 2)?;
/// assert!((rows.row(0).iter().sum::<f64>() - 1.0).abs() < 1e-5);
/// # Ok::<(), burn_gan::GanError>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct ClassProbabilities<'a>(
    /// The classifier, a trained one.
    pub &'a Classifier,
);

impl FeatureExtractor<4> for ClassProbabilities<'_> {
    fn features(&self, samples: Tensor<4>) -> Result<Tensor<2>, FeatureError> {
        let images = network_input(samples, self.0.sample_shape(), &device_of(self.0))?;
        Ok(self.0.valid().probabilities(images))
    }

    fn identity(&self) -> Result<Identity, FeatureError> {
        identity("class-probabilities", self.0)
    }
}

/// The most probable class of each image `[N, C, H, W]`.
///
/// # Errors
/// [`FeatureError::Batch`] for no images, [`FeatureError::Shape`] for images that the classifier does not
/// take, [`FeatureError::Device`] where the device fails.
pub fn predicted_classes(
    classifier: &Classifier,
    images: Tensor<4>,
) -> Result<Vec<usize>, FeatureError> {
    let probabilities = ClassProbabilities(classifier).extract(images, CHUNK)?;
    Ok(probabilities.rows().map(largest).collect())
}

/// The share of the labelled `samples` at `indices` whose most probable class is their label, in [0, 1].
///
/// # Errors
/// As [`predicted_classes`], and those of the samples.
pub fn accuracy<S: Samples<4, Tensor<1, Int>>>(
    classifier: &Classifier,
    samples: &S,
    indices: &[usize],
) -> Result<f64, FeatureError> {
    if indices.is_empty() {
        return Err(BatchError::Empty.into());
    }
    let device = device_of(classifier);
    let labels = labels(samples, indices, classifier.classes(), &device)?;
    let mut right = 0;
    for (chunk, labels) in indices.chunks(CHUNK).zip(labels.chunks(CHUNK)) {
        let images = samples.select(chunk, &device)?.samples;
        let classes = predicted_classes(classifier, images)?;
        check_count(classes.len(), chunk.len())?;
        right += classes.iter().zip(labels).filter(|(a, b)| a == b).count();
    }
    Ok(right as f64 / indices.len() as f64)
}

/// The class labels of the samples at `indices`, each below `classes`.
pub(super) fn labels<S: Samples<4, Tensor<1, Int>>>(
    samples: &S,
    indices: &[usize],
    classes: usize,
    device: &Device,
) -> Result<Vec<usize>, FeatureError> {
    let mut labels = Vec::with_capacity(indices.len());
    for chunk in indices.chunks(CHUNK) {
        let found = samples.conditions(chunk, device)?;
        check_count(found.dims()[0], chunk.len())?;
        for label in found.try_into_vec_as::<i64>().map_err(DeviceError::new)? {
            match usize::try_from(label) {
                Ok(index) if index < classes => labels.push(index),
                _ => return Err(NetworkError::LabelOutOfRange { label, classes }.into()),
            }
        }
    }
    Ok(labels)
}

/// Refuses samples or labels of which a set returned another number than was asked for.
pub(super) fn check_count(actual: usize, expected: usize) -> Result<(), FeatureError> {
    check_shape("samples of the data set", &[expected], &[actual])?;
    Ok(())
}

/// The index of the largest value; the first of several.
fn largest(row: &[f64]) -> usize {
    (1..row.len()).fold(
        0,
        |best, index| {
            if row[index] > row[best] { index } else { best }
        },
    )
}

fn identity(name: &str, classifier: &Classifier) -> Result<Identity, FeatureError> {
    Ok(Identity::new(name, 1)
        .with("sample_shape", classifier.sample_shape().to_vec())
        .with("classes", classifier.classes())
        .with("weights_sha256", fingerprint(classifier)?))
}
