//! The standard alternating trainer: one step at a time, checked before and after.

mod build;
mod clip;
mod config;
mod discriminator;
mod dry_run;
mod finite;
mod gan;
mod generator;
mod gradients;
mod last_good;
mod micro_batch;
mod passes;
mod penalties;
mod persist;
mod presets;
mod saved_config;
mod state;

pub use crate::optimizer::OptimizerConfig;
pub use config::{FiniteCheck, GanTrainerConfig};
pub use gan::GanTrainer;
