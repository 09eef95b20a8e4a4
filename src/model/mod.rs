//! Networks: generators and discriminators whose size is configuration.

mod dcgan;
mod mlp;

pub use dcgan::{DcganConfig, DcganDiscriminator, DcganGenerator, Normalization};
pub use mlp::{MlpConfig, MlpDiscriminator, MlpGenerator};
