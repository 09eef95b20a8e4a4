#![warn(missing_docs)]
#![forbid(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]
//! Generative adversarial networks on the Burn framework.

pub mod contract;
pub mod data;
pub mod dual;
pub mod error;
pub mod metric;
pub mod random;

pub use contract::{
    AdversarialTrainer, Batch, Condition, Discriminator, DualDiscriminator, Generator, StepReport,
    StepValues,
};
pub use dual::Dual;
pub use error::GanError;
