#![warn(missing_docs)]
#![forbid(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]
//! Generative adversarial networks on the Burn framework.

pub mod contract;
pub mod data;
pub mod dual;
#[cfg(feature = "training")]
pub mod ema;
pub mod error;
#[cfg(feature = "training")]
pub mod loss;
pub mod metric;
pub mod model;
pub mod nn;
#[cfg(feature = "image")]
pub mod picture;
pub mod random;
pub mod sampling;
pub mod theory;
#[cfg(feature = "training")]
pub mod train;
#[cfg(feature = "training")]
pub mod trainer;
pub mod weights;

pub use contract::{
    AdversarialTrainer, Batch, Condition, Discriminator, DualDiscriminator, Generator, StepReport,
    StepValues,
};
pub use dual::Dual;
pub use error::GanError;
pub use sampling::SamplerConfig;
pub use weights::{load_weights, save_weights};
