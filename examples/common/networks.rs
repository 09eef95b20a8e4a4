//! Discriminators of images, and both networks of a configuration.

use std::path::Path;

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use burn_gan::data::ClassFrequencies;
use burn_gan::model::{DcganDiscriminator, R3ganDiscriminator, ResnetDiscriminator};
use burn_gan::{
    ClassCondition, Discriminator, Dual, DualDiscriminator, GanError, GeneratorConfig, Identity,
    ImageGenerator, NetworkError, Outputs, TangentRule, save_conditional_generator, save_generator,
};

/// A discriminator of images, whichever network of the library it is: one type for all recipes, so that a run is compiled
/// once.
#[expect(
    clippy::large_enum_variant,
    reason = "a program has one, and a box would stand in every pattern"
)]
#[derive(Module, Debug)]
pub enum ImageDiscriminator {
    Dcgan(DcganDiscriminator),
    Resnet(ResnetDiscriminator),
    R3gan(R3ganDiscriminator),
}

macro_rules! each {
    ($this:ident, $network:ident => $value:expr) => {
        match $this {
            Self::Dcgan($network) => $value,
            Self::Resnet($network) => $value,
            Self::R3gan($network) => $value,
        }
    };
}

impl<C: ClassCondition> Discriminator<4, C> for ImageDiscriminator {
    fn logits(&self, samples: Tensor<4>, condition: &C) -> Tensor<1> {
        each!(self, network => network.logits(samples, condition))
    }
    fn outputs(&self, samples: Tensor<4>, condition: &C) -> Outputs {
        each!(self, network => network.outputs(samples, condition))
    }
    fn sample_shape(&self) -> Option<Vec<usize>> {
        each!(self, network => Discriminator::<4, C>::sample_shape(network))
    }
    fn classes(&self) -> Option<usize> {
        each!(self, network => network.classes())
    }
    fn check_condition(&self, condition: &C) -> Result<(), NetworkError> {
        each!(self, network => network.check_condition(condition))
    }
    fn tangent_rule(&self) -> Option<TangentRule<Self, 4, C>> {
        Some(Self::logits_dual)
    }
    fn identity(&self) -> Identity {
        each!(self, network => Discriminator::<4, C>::identity(network))
    }
}

impl<C: ClassCondition> DualDiscriminator<4, C> for ImageDiscriminator {
    fn logits_dual(&self, samples: Dual<4>, condition: &C) -> Dual<1> {
        each!(self, network => network.logits_dual(samples, condition))
    }
}

/// Both networks of images.
pub fn init(
    networks: &GeneratorConfig,
    device: &Device,
) -> Result<(ImageGenerator, ImageDiscriminator), GanError> {
    Ok(match networks {
        GeneratorConfig::Dcgan(config) => (
            ImageGenerator::Dcgan(config.init_generator(device)?),
            ImageDiscriminator::Dcgan(config.init_discriminator(device)?),
        ),
        GeneratorConfig::Resnet(config) => (
            ImageGenerator::Resnet(config.init_generator(device)?),
            ImageDiscriminator::Resnet(config.init_discriminator(device)?),
        ),
        GeneratorConfig::R3gan(config) => (
            ImageGenerator::R3gan(config.init_generator(device)?),
            ImageDiscriminator::R3gan(config.init_discriminator(device)?),
        ),
        other => {
            let name = other.name();
            return Err(GanError::user(format!("{name} makes no images from noise")));
        }
    })
}

/// Saves a generator, whichever network it is, with how often its classes occur where that is given.
pub fn save(
    networks: &GeneratorConfig,
    generator: &ImageGenerator,
    frequencies: Option<&ClassFrequencies>,
    path: &Path,
) -> Result<(), GanError> {
    match generator {
        ImageGenerator::Dcgan(network) => save_network(networks, network, frequencies, path),
        ImageGenerator::Resnet(network) => save_network(networks, network, frequencies, path),
        ImageGenerator::R3gan(network) => save_network(networks, network, frequencies, path),
    }
}

/// The same for the network alone.
pub fn save_network<M: Module>(
    networks: &GeneratorConfig,
    network: &M,
    frequencies: Option<&ClassFrequencies>,
    path: &Path,
) -> Result<(), GanError> {
    let networks = networks.clone();
    match frequencies {
        Some(frequencies) => save_conditional_generator(networks, network, frequencies, path)?,
        None => save_generator(networks, network, path)?,
    }
    Ok(())
}
