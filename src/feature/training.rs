//! [`ClassifierTrainingConfig`]: a classifier trained on labelled samples, and judged by those held out.

use burn::config::Config;
use burn::module::Module;
use burn::optim::{AdamConfig, GradientsParams};
use burn::tensor::{Device, Int, Tensor, TensorData, activation};

use super::FeatureError;
use super::classes::{accuracy, check_count, labels};
use super::{device_of, network_input};
use crate::data::Samples;
use crate::errors::{ConfigError, DeviceError, at_least_1, positive};
use crate::model::Classifier;
#[cfg(doc)]
use crate::network_error::NetworkError;
use crate::optimizer::OptimizerConfig;
use crate::random::{Purpose, Stream};
use crate::schedule::Schedule;

/// Configuration of the training of a [`Classifier`]: cross-entropy, Adam (Kingma and Ba 2015) and a learning rate
/// that falls to 0 in a straight line.
///
/// ```
/// use burn::tensor::Device;
/// use burn_gan::data::idx;
/// use burn_gan::feature::ClassifierTrainingConfig;
/// use burn_gan::model::ClassifierConfig;
///
/// let digits = idx::read_labelled_folder("tests/data/digits-8x8")?;
/// let classifier = ClassifierConfig::new(1, 8, 8, digits.classes()).init(&Device::flex())?;
/// let trained = ClassifierTrainingConfig::new().with_epochs(1).train(&classifier, &digits)?;
/// println!("{} of the digits held out are recognised", trained.accuracy);
/// # Ok::<(), burn_gan::GanError>(())
/// ```
#[derive(Config, Debug, PartialEq)]
#[non_exhaustive]
pub struct ClassifierTrainingConfig {
    /// How often every training sample is seen.
    #[config(default = 20)]
    pub epochs: usize,
    /// Number of samples in a step; the last of an epoch takes what is left.
    #[config(default = 64)]
    pub batch_size: usize,
    /// Learning rate of the first step.
    #[config(default = 2e-3)]
    pub learning_rate: f64,
    /// Share of the samples that training does not see, in (0, 1).
    #[config(default = 0.2)]
    pub held_out: f64,
    /// Seed of which samples are held out and of the order of the others.
    #[config(default = 0)]
    pub seed: u64,
}

/// Indices of the samples of a set: those to train on, and those held out.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct HeldOutSplit {
    /// To train on.
    pub training: Vec<usize>,
    /// To judge by.
    pub held_out: Vec<usize>,
}

/// What [`ClassifierTrainingConfig::train`] comes to.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct TrainedClassifier {
    /// The classifier in its evaluation form.
    pub classifier: Classifier,
    /// The share of the held-out samples that it names correctly, in [0, 1].
    pub accuracy: f64,
    /// Mean cross-entropy of each epoch, in nats, as it was while its steps were taken.
    pub losses: Vec<f32>,
}

impl ClassifierTrainingConfig {
    /// Which of `samples` samples are trained on, and which are held out: a function of the seed.
    ///
    /// # Errors
    /// [`ConfigError`] for a `held_out` that leaves either part without samples.
    pub fn split(&self, samples: usize) -> Result<HeldOutSplit, ConfigError> {
        let count = (self.held_out * samples as f64).round() as usize;
        let shares = self.held_out > 0.0 && self.held_out < 1.0;
        if !shares || count == 0 || count >= samples {
            return Err(ConfigError::new(
                "held_out",
                self.held_out,
                "must leave samples in both parts",
            ));
        }
        let mut held_out = Stream::new(self.seed, Purpose::HeldOut, 0).permutation(samples);
        let training = held_out.split_off(count);
        Ok(HeldOutSplit { training, held_out })
    }

    /// Trains a copy of `classifier` on its device; the same seed and weights give the same result.
    ///
    /// All labels are read and checked before the first step.
    ///
    /// # Errors
    /// [`FeatureError::Config`] for numbers out of range, [`NetworkError::LabelOutOfRange`] for a label that is no class of
    /// the classifier, [`FeatureError::Shape`] for images that it does not take,
    /// [`FeatureError::ClassifierDiverged`] where the loss does not stay finite, and those of the samples.
    pub fn train<S: Samples<4, Tensor<1, Int>>>(
        &self,
        classifier: &Classifier,
        samples: &S,
    ) -> Result<TrainedClassifier, FeatureError> {
        at_least_1("epochs", self.epochs)?;
        at_least_1("batch_size", self.batch_size)?;
        positive("learning_rate", self.learning_rate)?;
        let split = self.split(samples.len())?;
        let steps = split.training.len().div_ceil(self.batch_size);
        let learning_rate = Schedule::Linear {
            from: self.learning_rate,
            to: 0.0,
            steps: self.epochs.saturating_mul(steps),
        };
        let adam = AdamConfig::new().with_epsilon(1e-8);
        let mut optimizer = OptimizerConfig::Adam(adam).init()?;
        // A fork with gradients, whatever the device it came on.
        let mut network = classifier.valid().train();
        let device = device_of(&network);
        let everything: Vec<usize> = (0..samples.len()).collect();
        let labels = labels(samples, &everything, network.classes(), &device)?;
        let mut losses = Vec::new();
        for epoch in 0..self.epochs {
            let order = Stream::new(self.seed, Purpose::Shuffle, epoch as u64)
                .permutation(split.training.len());
            let mut sum = Tensor::<1>::zeros([1], &device);
            for (step, places) in order.chunks(self.batch_size).enumerate() {
                let indices: Vec<usize> = places.iter().map(|&at| split.training[at]).collect();
                let images = samples.select(&indices, &device)?.samples;
                let images = network_input(images, network.sample_shape(), &device)?;
                let of_batch = indices.iter().map(|&index| labels[index]);
                let targets = one_hot(of_batch, network.classes(), &device);
                check_count(images.dims()[0], indices.len())?;
                let loss = cross_entropy(network.logits(images), targets);
                sum = sum + loss.clone().without_autodiff() * indices.len() as f64;
                let gradients = GradientsParams::from_grads(loss.backward(), &network);
                let rate = learning_rate.at(epoch * steps + step);
                network = optimizer.step(rate, network, gradients);
            }
            // One read an epoch; a loss that is not finite spoils every later one.
            let mean = sum / split.training.len() as f64;
            let loss = mean.try_into_scalar::<f32>().map_err(DeviceError::new)?;
            if !loss.is_finite() {
                return Err(FeatureError::ClassifierDiverged { epoch, loss });
            }
            losses.push(loss);
        }
        let classifier = network.valid();
        Ok(TrainedClassifier {
            accuracy: accuracy(&classifier, samples, &split.held_out)?,
            classifier,
            losses,
        })
    }
}

/// The mean over the batch of minus the logarithm of the right class's probability, `[1]`.
fn cross_entropy(logits: Tensor<2>, targets: Tensor<2>) -> Tensor<1> {
    let chosen = (activation::log_softmax(logits, 1) * targets).sum_dim(1);
    -chosen.mean()
}

/// Labels below `classes` as rows `[N, classes]` with a 1 at the label.
fn one_hot(
    labels: impl ExactSizeIterator<Item = usize>,
    classes: usize,
    device: &Device,
) -> Tensor<2> {
    let shape = [labels.len(), classes];
    let mut values = vec![0.0f32; labels.len() * classes];
    for (row, label) in values.chunks_exact_mut(classes).zip(labels) {
        row[label] = 1.0;
    }
    Tensor::from_data(TensorData::new(values, shape), device)
}
