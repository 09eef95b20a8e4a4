//! [`Flow`] and [`Plan`]: what observers and runs say to each other.

/// Whether training goes on.
///
/// In order of urgency: where several observers differ, the greatest counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Flow {
    /// Take the next step.
    Continue,
    /// Go back to the last checkpoint and on from there with lower learning rates, as `Run::on_divergence` says; where
    /// it says nothing, or no checkpoint is kept, the run ends in an error.
    RollBack,
    /// End the run here.
    Stop,
}

/// What a run is going to do, if nothing ends it early.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Plan {
    /// Steps taken before the run.
    pub from: usize,
    /// Steps taken when it is over.
    pub to: usize,
}

impl Plan {
    /// A run from one number of steps to another.
    pub fn new(from: usize, to: usize) -> Self {
        Self { from, to }
    }
}
