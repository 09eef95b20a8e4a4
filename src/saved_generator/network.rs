//! [`ImageGenerator`] and [`TranslationGenerator`]: any network of the library that makes images.

use burn::module::Module;
use burn::tensor::Tensor;

use crate::class_condition::ClassCondition;
use crate::identity::Identity;
use crate::model::{
    DcganGenerator, R3ganGenerator, ResnetGenerator, TranslatorGenerator, UnetGenerator,
};
use crate::network::Generator;
use crate::network_error::NetworkError;
use crate::state_dict::{PytorchModule, StateMapper};

/// A generator of images `[N, C, H, W]` from noise, with or without classes, whichever network of the library it is.
#[derive(Module, Debug)]
pub enum ImageGenerator {
    /// A DCGAN.
    Dcgan(DcganGenerator),
    /// A residual network.
    Resnet(ResnetGenerator),
    /// R3GAN's network.
    R3gan(R3ganGenerator),
}

/// A generator of images `[N, C, H, W]` from images, whichever network of the library it is.
#[expect(
    clippy::large_enum_variant,
    reason = "a program has one, and a box would stand in every pattern"
)]
#[derive(Module, Debug)]
pub enum TranslationGenerator {
    /// A U-Net.
    Unet(UnetGenerator),
    /// CycleGAN's residual network.
    Translator(TranslatorGenerator),
}

/// The methods of a generator, each that of the network which it is.
macro_rules! generator_of {
    ($condition:ty, $($variant:ident),+) => {
        fn latent_size(&self) -> usize {
            match self {
                $(Self::$variant(network) => Generator::<4, $condition>::latent_size(network),)+
            }
        }

        fn generate(&self, latent: Tensor<2>, condition: &$condition) -> Tensor<4> {
            match self {
                $(Self::$variant(network) => network.generate(latent, condition),)+
            }
        }

        fn sample_shape(&self) -> Option<Vec<usize>> {
            match self {
                $(Self::$variant(network) => Generator::<4, $condition>::sample_shape(network),)+
            }
        }

        fn classes(&self) -> Option<usize> {
            match self {
                $(Self::$variant(network) => Generator::<4, $condition>::classes(network),)+
            }
        }

        fn check_condition(&self, condition: &$condition) -> Result<(), NetworkError> {
            match self {
                $(Self::$variant(network) => network.check_condition(condition),)+
            }
        }

        fn identity(&self) -> Identity {
            match self {
                $(Self::$variant(network) => Generator::<4, $condition>::identity(network),)+
            }
        }
    };
}

impl<C: ClassCondition> Generator<4, C> for ImageGenerator {
    generator_of!(C, Dcgan, Resnet, R3gan);
}

impl Generator<4, Tensor<4>> for TranslationGenerator {
    generator_of!(Tensor<4>, Unet, Translator);
}

/// [`PytorchModule`] for a choice of networks: the tensors are those of the network which it is.
macro_rules! map_state_of {
    ($generator:ident: $($variant:ident),+) => {
        impl PytorchModule for $generator {
            fn map_state(self, mapper: &mut StateMapper) -> Self {
                match self {
                    $(Self::$variant(network) => Self::$variant(network.map_state(mapper)),)+
                }
            }
        }
    };
}
map_state_of!(ImageGenerator: Dcgan, Resnet, R3gan);
map_state_of!(TranslationGenerator: Unet, Translator);
