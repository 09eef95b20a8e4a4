//! Optimisers: what turns the gradients of a network into its next weights.

mod network;
mod scheduled_adam;

pub use network::NetworkOptimizer;
pub use scheduled_adam::{ScheduledAdam, ScheduledAdamConfig};
