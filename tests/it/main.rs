//! The integration tests, one binary: linking Burn takes longer than most of them.
//!
//! Apart are those that need another set of features: `tests/dashboard.rs` and `tests/inception.rs`.

mod common;

mod accumulation;
mod architectures;
mod average;
mod backends;
mod checkpoints;
mod corpus;
mod damage;
mod data;
mod digits;
mod divergence;
mod early_stopping;
mod evaluation;
mod failed_steps;
mod feature;
mod floors;
mod gradients;
mod guide;
mod history;
mod idx;
mod kernels;
mod kernels_activation;
mod kernels_normalization;
mod layers;
mod loss;
mod loss_gradients;
mod memories;
mod memory;
mod metric;
mod metric_reference;
mod mixture;
mod models;
mod optimizer;
mod penalty;
mod penalty_gradients;
mod penalty_reference;
mod plot;
mod presets;
mod random;
mod resident;
mod resume;
mod sampling;
mod saved_config;
mod schedules;
mod spectral;
mod stability;
mod steps_reference;
mod theory;
mod train;
mod trainer;
mod translation;
mod watch;
mod watch_runs;
