//! The standard alternating trainer: one step at a time, checked before and after.

mod adaptive;
mod augmented;
mod build;
mod clip;
mod config;
mod discriminator;
mod dry_run;
mod finite;
mod found;
mod gan;
mod generator;
mod gradients;
mod micro_batch;
mod part;
mod penalties;
mod persist;
mod persistent_parts;
mod player;
mod players;
mod presets;
mod replicas;
mod reported;
mod rules;
mod saved_averages;
mod saved_config;
mod saved_player;
mod transaction;

pub use crate::optimizer::OptimizerConfig;
pub use config::{FiniteCheck, GanTrainerConfig, PenaltyPlace};
pub use gan::GanTrainer;
pub use part::{Part, Parts};
pub use penalties::{Penalized, Penalties};
pub use persistent_parts::PersistentParts;
pub use player::Player;
#[cfg(feature = "remote")]
pub use replicas::connect_worker;
pub use replicas::{OnReplicaFailure, ReplicaError, ReplicasConfig};
pub use transaction::{Transaction, Turn};
