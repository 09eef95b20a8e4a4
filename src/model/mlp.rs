//! Multi-layer perceptrons for points and tables `[N, features]`.

use burn::config::Config;
use burn::module::Module;
use burn::tensor::{Device, Tensor};

use crate::dual::Dual;
use crate::errors::ConfigError;
use crate::identity::Identity;
use crate::network::{Discriminator, DualDiscriminator, Generator, TangentRule};
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
    /// Seed of the initial weights.
    #[config(default = 0)]
    pub seed: u64,
}

/// An MLP from latent vectors to samples `[N, features]`.
#[derive(Module, Debug)]
pub struct MlpGenerator {
    layers: Vec<Linear>,
    slope: f64,
    #[module(skip)]
    output: Activation,
}

/// An MLP from samples `[N, features]` to logits.
#[derive(Module, Debug)]
pub struct MlpDiscriminator {
    layers: Vec<Linear>,
    slope: f64,
}

impl MlpConfig {
    /// Builds the generator.
    ///
    /// # Errors
    /// [`NetworkError::Config`] for a width of 0 or a slope that is not finite.
    pub fn init_generator(&self, device: &Device) -> Result<MlpGenerator, NetworkError> {
        Ok(MlpGenerator {
            layers: self.layers(
                self.latent_size,
                self.features,
                Purpose::GeneratorWeights,
                false,
                device,
            )?,
            slope: self.slope,
            output: self.output,
        })
    }

    /// Builds the discriminator.
    ///
    /// # Errors
    /// [`NetworkError::Config`] for a width of 0 or a slope that is not finite.
    pub fn init_discriminator(&self, device: &Device) -> Result<MlpDiscriminator, NetworkError> {
        Ok(MlpDiscriminator {
            layers: self.layers(
                self.features,
                1,
                Purpose::DiscriminatorWeights,
                self.spectral_norm,
                device,
            )?,
            slope: self.slope,
        })
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
}

impl Generator<2> for MlpGenerator {
    fn latent_size(&self) -> usize {
        self.layers
            .first()
            .map_or(0, |layer| layer.weight.dims()[0])
    }

    fn generate(&self, latent: Tensor<2>, _condition: &()) -> Tensor<2> {
        let hidden = propagate(&self.layers, self.slope, Dual::constant(latent));
        self.output.propagate(hidden).value
    }

    fn sample_shape(&self) -> Option<Vec<usize>> {
        self.layers.last().map(|layer| vec![layer.weight.dims()[1]])
    }

    fn identity(&self) -> Identity {
        Identity::new("mlp-generator", 1)
            .with("slope", self.slope)
            .with("output", format!("{:?}", self.output))
    }
}

impl Discriminator<2> for MlpDiscriminator {
    fn logits(&self, samples: Tensor<2>, condition: &()) -> Tensor<1> {
        self.logits_dual(Dual::constant(samples), condition).value
    }

    fn sample_shape(&self) -> Option<Vec<usize>> {
        self.layers
            .first()
            .map(|layer| vec![layer.weight.dims()[0]])
    }

    fn tangent_rule(&self) -> Option<TangentRule<Self, 2, ()>> {
        Some(Self::logits_dual)
    }

    fn identity(&self) -> Identity {
        Identity::new("mlp-discriminator", 1).with("slope", self.slope)
    }
}

impl DualDiscriminator<2> for MlpDiscriminator {
    fn logits_dual(&self, samples: Dual<2>, _condition: &()) -> Dual<1> {
        propagate(&self.layers, self.slope, samples).linear(|x| x.squeeze_dim(1))
    }
}

/// Linear layers with a leaky ReLU between them.
fn propagate(layers: &[Linear], slope: f64, x: Dual<2>) -> Dual<2> {
    let activation = Activation::LeakyRelu { slope };
    let last = layers.len().saturating_sub(1);
    layers.iter().enumerate().fold(x, |x, (index, layer)| {
        if index == last {
            layer.propagate(x)
        } else {
            layer.propagate_activated(x, activation)
        }
    })
}
