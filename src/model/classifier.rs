//! [`Classifier`]: a small convolutional network that names the class of an image.

use burn::config::Config;
use burn::module::Module;
use burn::tensor::{Device, Tensor, activation};

use super::streams::streams;
use super::trunk::{Trunk, TrunkConfig};
use crate::dual::Dual;
use crate::errors::ConfigError;
use crate::network_error::NetworkError;
use crate::nn::{Algorithm, Initialization, Linear, LinearConfig};
use crate::random::Purpose;
use crate::state_dict::map_state;

/// Configuration of a [`Classifier`] for images of any channel count, height and width.
///
/// 3x3 convolutions with a ReLU each, the image halved behind each by its 2x2 means as long as both sides stay at
/// least 2: 8x8 becomes 2x2 in two steps, 28x28 becomes 3x3 in three. Then a hidden layer of `features` with a
/// ReLU, and one logit a class. There is no normalisation, so samples do not influence each other.
///
/// Train it with [`ClassifierTrainingConfig`](crate::feature::ClassifierTrainingConfig).
///
/// ```
/// use burn::tensor::{Device, Tensor};
/// use burn_gan::model::ClassifierConfig;
///
/// let device = Device::flex();
/// let classifier = ClassifierConfig::new(1, 28, 28, 10).init(&device)?;
/// let images = Tensor::zeros([2, 1, 28, 28], &device);
/// assert_eq!(classifier.logits(images.clone()).dims(), [2, 10]);
/// assert_eq!(classifier.penultimate(images).dims(), [2, 64]);
/// # Ok::<(), burn_gan::GanError>(())
/// ```
#[derive(Config, Debug, PartialEq)]
#[non_exhaustive]
pub struct ClassifierConfig {
    /// Channels of the images: 1 for grey, 3 for colour.
    pub channels: usize,
    /// Height of the images in pixels.
    pub height: usize,
    /// Width of the images in pixels.
    pub width: usize,
    /// Number of classes, at least 2.
    pub classes: usize,
    /// Channels of the first convolution; they double with each halving, up to eight times as many.
    #[config(default = 12)]
    pub filters: usize,
    /// Width of the hidden layer.
    #[config(default = 64)]
    pub features: usize,
    /// How the convolutions are computed.
    #[config(default = "Algorithm::Matmul")]
    pub algorithm: Algorithm,
    /// Seed of the initial weights.
    #[config(default = 0)]
    pub seed: u64,
}

/// A convolutional network from images `[N, C, H, W]` to one logit a class.
///
/// Its hidden layer is a feature space for metrics:
/// [`FeatureExtractor`](crate::feature::FeatureExtractor).
#[derive(Module, Debug)]
pub struct Classifier {
    trunk: Trunk,
    output: Linear,
    classes: usize,
}

impl ClassifierConfig {
    /// Builds the classifier with random weights.
    ///
    /// # Errors
    /// [`NetworkError::Config`] for a size of 0 or fewer than 2 classes.
    pub fn init(&self, device: &Device) -> Result<Classifier, NetworkError> {
        if self.classes < 2 {
            return Err(ConfigError::new("classes", self.classes, "must be at least 2").into());
        }
        let mut streams = streams(self.seed, Purpose::Weights);
        let trunk = TrunkConfig {
            sample_shape: [self.channels, self.height, self.width],
            filters: self.filters,
            features: self.features,
            algorithm: self.algorithm,
        };
        Ok(Classifier {
            trunk: trunk.init(&mut streams, device)?,
            output: LinearConfig::new(self.features, self.classes)
                .with_initialization(Initialization::LINEAR)
                .init(&mut streams(), device)?,
            classes: self.classes,
        })
    }
}

impl Classifier {
    /// One logit a class, `[N, classes]`, of images `[N, C, H, W]` in [-1, 1].
    pub fn logits(&self, images: Tensor<4>) -> Tensor<2> {
        let hidden = Dual::constant(self.penultimate(images));
        self.output.propagate(hidden).value
    }

    /// The hidden layer before the logits, `[N, features]`, behind its ReLU: none is negative.
    pub fn penultimate(&self, images: Tensor<4>) -> Tensor<2> {
        activation::relu(self.trunk.propagate(images))
    }

    /// The estimated probability of each class, `[N, classes]`: in [0, 1], each row sums to 1.
    pub fn probabilities(&self, images: Tensor<4>) -> Tensor<2> {
        activation::softmax(self.logits(images), 1)
    }

    /// Number of classes.
    pub fn classes(&self) -> usize {
        self.classes
    }

    /// Channels, height and width of the images that it takes.
    pub fn sample_shape(&self) -> [usize; 3] {
        self.trunk.sample_shape()
    }
}
map_state!(Classifier: trunk, output);
