//! [`Divergence`]: what a run does when training does not stay finite.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::errors::{ConfigError, at_least_1};
use crate::gan_error::GanError;

/// What a run does after a step whose losses, gradients or new weights are not finite.
///
/// Whatever it is, nothing of that step stays in the trainer, and nothing is changed in silence: every skip and
/// every roll back is a warning in the log and a number in the [`Outcome`](crate::run::Outcome).
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Divergence {
    /// The run writes a checkpoint of the last good state, where it keeps any, and ends with
    /// [`GanError::Diverged`].
    #[default]
    Stop,
    /// The step is left out, and the run goes on with the next batch, at most so many times in a run; for
    /// single bad batches.
    Skip {
        /// How many times, at least 1.
        limit: usize,
    },
    /// The run goes back to its last checkpoint and on from there with lower learning rates, at most so many
    /// times in a run; for training that blows up.
    RollBack {
        /// On both learning rates, each time, in (0, 1].
        factor: f64,
        /// How many times, at least 1.
        limit: usize,
    },
}

impl Divergence {
    /// Refuses values out of range.
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        match *self {
            Self::Stop => Ok(()),
            Self::Skip { limit } => at_least_1("divergence.limit", limit),
            Self::RollBack { factor, limit } => {
                if !(factor > 0.0 && factor <= 1.0) {
                    let requirement = "must be in (0, 1]";
                    return Err(ConfigError::new("divergence.factor", factor, requirement));
                }
                at_least_1("divergence.limit", limit)
            }
        }
    }
}

/// What a run has done about divergence so far; part of its checkpoints.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct Incidents {
    pub skipped: usize,
    pub roll_backs: usize,
}

impl Incidents {
    /// The error of a run whose policy is at its end.
    pub fn diverged(self, step: usize, checkpoint: Option<&Path>, cause: GanError) -> GanError {
        GanError::Diverged {
            step,
            after: format!(
                "after {} skipped steps and {} roll backs",
                self.skipped, self.roll_backs
            ),
            checkpoint: checkpoint.map(Path::to_path_buf),
            cause: Box::new(cause),
        }
    }
}
