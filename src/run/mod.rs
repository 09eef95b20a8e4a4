//! A whole training run: `fit` over a source of real samples, with observers and checkpoints; the page
//! [Reliability](crate::guide::reliability) shows one.

mod conditions;
mod divergence;
mod fit;
mod keeper;
mod outcome;
mod persistent_run;
mod plain_run;
mod recovery;
mod restoring;
mod run_state;
mod session;

pub use divergence::Divergence;
pub use fit::{Fit, Fitting};
pub use keeper::CheckpointConfig;
pub use outcome::Outcome;
pub use persistent_run::PersistentRun;
pub use plain_run::Run;
