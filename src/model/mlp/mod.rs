//! Multi-layer perceptrons for points and tables `[N, features]`.

mod discriminator;
mod generator;

pub use discriminator::MlpDiscriminator;
pub use generator::MlpGenerator;

use burn::config::Config;
use burn::tensor::Device;

use super::condition::{DiscriminatorCondition, GeneratorCondition};
use crate::errors::ConfigError;
use crate::network_error::NetworkError;
use crate::nn::{Activation, Initialization, Linear, LinearConfig};
use crate::random::{Purpose, Stream};

/// Configuration of an MLP generator and discriminator for samples `[N, features]`.
///
/// ```
/// use burn::{prelude::*, tensor::Device};
/// use burn_gan::{Discriminator, Generator, model::MlpConfig};
///
/// let device = Device::flex();
/// let config = MlpConfig::new(2).with_hidden(vec![64, 64]);
/// let generator = config.init_generator(&device)?;
/// let discriminator = config.init_discriminator(&device)?;
/// let samples = generator.generate(Tensor::zeros([5, config.latent_size], &device), &());
/// assert_eq!(discriminator.logits(samples, &()).dims(), [5]);
/// # Ok::<(), burn_gan::GanError>(())
/// ```
///
/// With classes:
///
/// ```
/// use burn::{prelude::*, tensor::Device};
/// use burn_gan::{Discriminator, Generator, model::MlpConfig, nn::class_labels};
///
/// let device = Device::flex();
/// let config = MlpConfig::new(2).with_hidden(vec![64, 64]).with_classes(Some(8));
/// let generator = config.init_generator(&device)?;
/// let discriminator = config.init_discriminator(&device)?;
/// let labels = class_labels(&[0, 7, 3], 8, &device)?;
/// let samples = generator.generate(Tensor::zeros([3, config.latent_size], &device), &labels);
/// assert_eq!(discriminator.logits(samples, &labels).dims(), [3]);
/// # Ok::<(), burn_gan::GanError>(())
/// ```
#[derive(Config, Debug)]
#[non_exhaustive]
pub struct MlpConfig {
    /// Number of values in a sample.
    pub features: usize,
    /// Width of the latent space.
    #[config(default = 16)]
    pub latent_size: usize,
    /// Widths of the hidden layers, the same in both networks.
    #[config(default = "vec![128, 128, 128]")]
    pub hidden: Vec<usize>,
    /// Slope of the leaky ReLU below 0.
    #[config(default = 0.2)]
    pub slope: f64,
    /// Activation of the generator's output; `Tanh` for data scaled to [-1, 1].
    #[config(default = "Activation::Identity")]
    pub output: Activation,
    /// Spectral normalisation of all layers of the discriminator (Miyato et al. 2018). A trainer of your own calls
    /// [`advance_spectral_norms`](crate::nn::advance_spectral_norms) after each of the discriminator's steps.
    #[config(default = false)]
    pub spectral_norm: bool,
    /// Number of classes that samples are conditioned on; `None` for no condition. Both networks then take
    /// [`Labels`](crate::Labels), and trainers refuse data without them; a pass of your own without them panics.
    #[config(default = "None")]
    pub classes: Option<usize>,
    /// How the generator takes a class. It has no batch normalisation, so that
    /// [`ConditionalNorm`](GeneratorCondition::ConditionalNorm) is refused.
    #[config(default = "GeneratorCondition::Concatenation { embedding: 16 }")]
    pub generator_condition: GeneratorCondition,
    /// How the discriminator takes a class.
    #[config(default = "DiscriminatorCondition::Projection")]
    pub discriminator_condition: DiscriminatorCondition,
    /// Number of auxiliary outputs of the discriminator, linear in the features that its logits are of: estimated codes of
    /// an InfoGAN (Chen et al. 2016), for example. `None` for none, or for those of an auxiliary classifier.
    #[config(default = "None")]
    pub auxiliary_outputs: Option<usize>,
    /// Seed of the initial weights.
    #[config(default = 0)]
    pub seed: u64,
}

impl MlpConfig {
    /// Builds the generator.
    ///
    /// # Errors
    /// [`NetworkError::Config`] for a size of 0, a slope that is not finite, or a condition that it cannot take.
    pub fn init_generator(&self, device: &Device) -> Result<MlpGenerator, NetworkError> {
        MlpGenerator::new(self, device)
    }

    /// Builds the discriminator.
    ///
    /// # Errors
    /// [`NetworkError::Config`] for a size of 0, a slope that is not finite, or auxiliary outputs beside an auxiliary
    /// classifier.
    pub fn init_discriminator(&self, device: &Device) -> Result<MlpDiscriminator, NetworkError> {
        MlpDiscriminator::new(self, device)
    }

    fn layers(
        &self,
        inputs: usize,
        outputs: usize,
        purpose: Purpose,
        spectral_norm: bool,
        device: &Device,
    ) -> Result<Vec<Linear>, NetworkError> {
        if !self.slope.is_finite() {
            return Err(ConfigError::new("slope", self.slope, "must be finite").into());
        }
        let widths: Vec<usize> = [inputs]
            .into_iter()
            .chain(self.hidden.iter().copied())
            .chain([outputs])
            .collect();
        let last = self.hidden.len();
        widths
            .windows(2)
            .enumerate()
            .map(|(index, pair)| {
                // No activation follows the last layer.
                let slope = if index == last { 1.0 } else { self.slope };
                LinearConfig::new(pair[0], pair[1])
                    .with_initialization(Initialization::He { slope })
                    .with_spectral_norm(spectral_norm)
                    .init(&mut Stream::new(self.seed, purpose, index as u64), device)
            })
            .collect()
    }

    /// The stream of the initial weights of the layer `index` behind the last one of [`MlpConfig::layers`].
    fn further_stream(&self, purpose: Purpose, index: usize) -> Stream {
        let layer = self.hidden.len() + 1 + index;
        Stream::new(self.seed, purpose, layer as u64)
    }
}
