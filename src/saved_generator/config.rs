//! [`GeneratorConfig`]: the configuration of any generator of the library, as a file names it.

use burn::tensor::Device;
use serde::{Deserialize, Serialize};

use super::{ImageGenerator, SavedGenerator, TranslationGenerator};
use crate::model::{
    CodedGenerator, Codes, DcganConfig, MlpConfig, R3ganConfig, ResnetConfig, TranslatorConfig,
    UnetConfig,
};
use crate::network_error::NetworkError;
use crate::state_dict::PytorchModule;

/// Which network a generator is, and its configuration.
///
/// ```
/// use burn_gan::GeneratorConfig;
/// use burn_gan::model::DcganConfig;
///
/// let config = GeneratorConfig::from(DcganConfig::new(1, 28, 28));
/// assert!(serde_json::to_string(&config)?.starts_with(r#"{"network":"dcgan","#));
/// assert!(matches!(config.with_seed(7), GeneratorConfig::Dcgan(config) if config.seed == 7));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "network", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum GeneratorConfig {
    /// A perceptron for points and tables.
    Mlp(MlpConfig),
    /// A DCGAN.
    Dcgan(DcganConfig),
    /// A residual network.
    Resnet(ResnetConfig),
    /// R3GAN's network.
    R3gan(R3ganConfig),
    /// A U-Net, from image to image.
    Unet(UnetConfig),
    /// CycleGAN's residual network, from image to image.
    Translator(TranslatorConfig),
}

macro_rules! from_configuration {
    ($($variant:ident($config:ident),)*) => {
        $(impl From<$config> for GeneratorConfig {
            fn from(config: $config) -> Self {
                Self::$variant(config)
            }
        })*
    };
}
from_configuration!(
    Mlp(MlpConfig),
    Dcgan(DcganConfig),
    Resnet(ResnetConfig),
    R3gan(R3ganConfig),
    Unet(UnetConfig),
    Translator(TranslatorConfig),
);

impl GeneratorConfig {
    /// The network's name in a file.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Mlp(_) => "mlp",
            Self::Dcgan(_) => "dcgan",
            Self::Resnet(_) => "resnet",
            Self::R3gan(_) => "r3gan",
            Self::Unet(_) => "unet",
            Self::Translator(_) => "translator",
        }
    }

    /// How many classes its samples are conditioned on, where they are.
    pub fn classes(&self) -> Option<usize> {
        match self {
            Self::Mlp(config) => config.classes,
            Self::Dcgan(config) => config.classes,
            Self::Resnet(config) => config.classes,
            Self::R3gan(config) => config.classes,
            Self::Unet(_) | Self::Translator(_) => None,
        }
    }

    /// The same network with this seed of the initial weights.
    pub fn with_seed(mut self, seed: u64) -> Self {
        *match &mut self {
            Self::Mlp(config) => &mut config.seed,
            Self::Dcgan(config) => &mut config.seed,
            Self::Resnet(config) => &mut config.seed,
            Self::R3gan(config) => &mut config.seed,
            Self::Unet(config) => &mut config.seed,
            Self::Translator(config) => &mut config.seed,
        } = seed;
        self
    }

    /// Builds the generator with these weights. Codes of a network that translates images count for nothing.
    pub(crate) fn build<W: NetworkWeights>(
        &self,
        codes: Codes,
        weights: &W,
        device: &Device,
    ) -> Result<SavedGenerator, W::Error> {
        let images = |network| SavedGenerator::Images(CodedGenerator::new(network, codes));
        Ok(match self {
            Self::Mlp(config) => {
                let network = weights.put_into(config.init_generator(device)?)?;
                SavedGenerator::Points(CodedGenerator::new(network, codes))
            }
            Self::Dcgan(config) => images(ImageGenerator::Dcgan(
                weights.put_into(config.init_generator(device)?)?,
            )),
            Self::Resnet(config) => images(ImageGenerator::Resnet(
                weights.put_into(config.init_generator(device)?)?,
            )),
            Self::R3gan(config) => images(ImageGenerator::R3gan(
                weights.put_into(config.init_generator(device)?)?,
            )),
            Self::Unet(config) => SavedGenerator::Translation(TranslationGenerator::Unet(
                weights.put_into(config.init(device)?)?,
            )),
            Self::Translator(config) => SavedGenerator::Translation(
                TranslationGenerator::Translator(weights.put_into(config.init(device)?)?),
            ),
        })
    }
}

/// Where a network's weights come from.
pub(crate) trait NetworkWeights {
    type Error: From<NetworkError>;

    /// The network with these weights.
    fn put_into<M: PytorchModule>(&self, network: M) -> Result<M, Self::Error>;
}
