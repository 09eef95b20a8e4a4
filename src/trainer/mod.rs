//! The standard alternating trainer: one step at a time, checked before and after.

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
mod state;

pub use config::{FiniteCheck, GanTrainerConfig, OptimizerConfig};
pub use gan::GanTrainer;
