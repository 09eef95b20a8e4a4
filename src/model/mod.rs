//! Networks: generators, discriminators and a classifier, whose size is configuration.

mod classifier;
mod codes;
mod condition;
mod dcgan;
mod mlp;
mod normalization;
mod normalized;
mod patchgan;
mod r3gan;
mod resnet;
mod size;
mod streams;
mod translator;
mod trunk;
mod unet;

pub use classifier::{Classifier, ClassifierConfig};
pub use codes::{CodedGenerator, Codes};
pub use condition::{DiscriminatorCondition, GeneratorCondition};
pub use dcgan::{DcganConfig, DcganDiscriminator, DcganGenerator};
pub use mlp::{MlpConfig, MlpDiscriminator, MlpGenerator};
pub use normalization::Normalization;
pub use patchgan::{PatchganConfig, PatchganDiscriminator};
pub use r3gan::{R3ganConfig, R3ganDiscriminator, R3ganGenerator};
pub use resnet::{Pooling, ResnetConfig, ResnetDiscriminator, ResnetGenerator};
pub use translator::{Padding, TranslatorConfig, TranslatorGenerator};
pub(crate) use trunk::{Trunk, TrunkConfig};
pub use unet::{UnetConfig, UnetGenerator};
