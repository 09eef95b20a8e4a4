//! [`Outcome`]: how a run ended.

use std::path::PathBuf;

use crate::report::StepReport;

/// How a run ended.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Outcome {
    /// Steps that the trainer has behind it.
    pub steps: usize,
    /// Whether an observer or the stop flag ended the run.
    pub stopped: bool,
    /// The last step's report; `None` where there was nothing left to do, or where the last steps were undone because
    /// they had not stayed finite.
    pub last: Option<StepReport>,
    /// The steps of the checkpoint that the run went on from; `None` where it began anew.
    pub resumed: Option<usize>,
    /// Newer checkpoints that were passed over because they are damaged, each with the reason.
    pub damaged: Vec<String>,
    /// The newest checkpoint; `None` where the run keeps none.
    pub checkpoint: Option<PathBuf>,
    /// Steps that were left out because they did not stay finite, over all of the run.
    pub skipped: usize,
    /// How often the run went back to a checkpoint, over all of it.
    pub roll_backs: usize,
}
