//! [`RandomConvolutions`]: the features of a convolutional network with random weights.

use burn::config::Config;
use burn::module::Module;
use burn::tensor::{Device, Tensor};

use super::{FeatureError, FeatureExtractor, device_of, network_input};
use crate::identity::Identity;
use crate::model::{Trunk, TrunkConfig};
use crate::nn::Algorithm;
use crate::random::{Purpose, Stream};

/// Configuration of [`RandomConvolutions`] for images of any channel count, height and width.
#[derive(Config, Debug, PartialEq)]
#[non_exhaustive]
pub struct RandomConvolutionsConfig {
    /// Channels of the images: 1 for grey, 3 for colour.
    pub channels: usize,
    /// Height of the images in pixels.
    pub height: usize,
    /// Width of the images in pixels.
    pub width: usize,
    /// Channels of the first convolution; they double with each halving, up to eight times as many.
    #[config(default = 32)]
    pub filters: usize,
    /// Number of features.
    #[config(default = 64)]
    pub features: usize,
    /// Seed of the weights: part of the identity of the feature space.
    #[config(default = 0)]
    pub seed: u64,
}

/// Features of images `[N, C, H, W]` from fixed random weights: `[N, features]`.
///
/// The network is that of a [`Classifier`](crate::model::Classifier) up to its hidden layer, without the last
/// ReLU, its weights drawn from He's distribution.
///
/// What they are good for: comparing images for which there is no trained network, with nothing to download and
/// nothing to fit. Random convolutions keep local structure and forget a little of where it is, and on data far
/// from photographs, such as digits, they tell apart what features of ImageNet do not (Naeem et al., "Reliable
/// Fidelity and Diversity Metrics for Generative Models", ICML 2020, section 4, on random embeddings). What they
/// are not: they have no idea of classes, so a good image of a wrong kind is near to a real one. A score in them
/// compares with scores of the same images' size and seed alone, never with a published Frechet distance.
///
/// ```
/// use burn::tensor::{Device, Tensor};
/// use burn_gan::feature::{FeatureExtractor, RandomConvolutionsConfig};
///
/// let device = Device::flex();
/// let space = RandomConvolutionsConfig::new(3, 16, 24).with_filters(4).init(&device)?;
/// assert_eq!(space.features(Tensor::zeros([2, 3, 16, 24], &device))?.dims(), [2, 64]);
/// # Ok::<(), burn_gan::GanError>(())
/// ```
#[derive(Debug, Clone)]
pub struct RandomConvolutions {
    config: RandomConvolutionsConfig,
    trunk: Trunk,
}

impl RandomConvolutionsConfig {
    /// Draws the weights; the same seed gives the same on every backend.
    ///
    /// # Errors
    /// [`FeatureError::Network`] for a size of 0.
    pub fn init(&self, device: &Device) -> Result<RandomConvolutions, FeatureError> {
        let mut layer = 0;
        let streams = || {
            layer += 1;
            Stream::new(self.seed, Purpose::Features, layer)
        };
        let trunk = TrunkConfig {
            sample_shape: [self.channels, self.height, self.width],
            filters: self.filters,
            features: self.features,
            algorithm: Algorithm::Matmul,
        };
        let trunk = trunk.init(streams, &device.clone().without_autodiff())?;
        Ok(RandomConvolutions {
            config: self.clone(),
            trunk: trunk.valid(),
        })
    }
}

impl FeatureExtractor<4> for RandomConvolutions {
    fn features(&self, samples: Tensor<4>) -> Result<Tensor<2>, FeatureError> {
        let device = device_of(&self.trunk);
        let images = network_input(samples, self.trunk.sample_shape(), &device)?;
        Ok(self.trunk.propagate(images))
    }

    fn identity(&self) -> Result<Identity, FeatureError> {
        Ok(Identity::new("random-convolutions", 1)
            .with("sample_shape", self.trunk.sample_shape().to_vec())
            .with("filters", self.config.filters)
            .with("features", self.config.features)
            .with("seed", self.config.seed))
    }
}
