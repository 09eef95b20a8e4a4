//! Optimisers: what turns the gradients of a network into its next weights.

mod adam;
mod config;
mod error;
mod memory;
mod network;
mod rule;
mod scheduled_adam;

pub use config::OptimizerConfig;
pub use error::OptimizerError;
pub use network::NetworkOptimizer;
pub use rule::UpdateRule;
pub use scheduled_adam::{ScheduledAdam, ScheduledAdamConfig};
