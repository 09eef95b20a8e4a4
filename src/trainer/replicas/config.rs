//! Which devices the parts of a batch go to, and what happens where one of them fails.

use std::time::Duration;

use burn::tensor::Device;

use crate::errors::{ConfigError, at_least_1};

/// What a trainer does when a device fails that it has given a part of a batch to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum OnReplicaFailure {
    /// The step returns the error, and so does every step after it.
    #[default]
    Stop,
    /// The step is taken again on the devices that are left, in parts of other sizes, and the run goes on with them. The last one
    /// that fails is an error. The log has a warning, and [`StepValues::terms`](crate::StepValues::terms) the number of devices of
    /// each step, `replicas.count`.
    GoOn,
}

/// The devices that the parts of a batch go to; see [`GanTrainer::with_replicas`](super::super::GanTrainer::with_replicas).
///
/// A list of devices is one with the defaults.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ReplicasConfig {
    /// One part of the batch goes to each, in this order. A device may stand in it several times.
    pub devices: Vec<Device>,
    /// How long a device may take for what it is given at once, which is one half of a step on its part of the batch, with the
    /// way there and back. At least a millisecond; 5 minutes, where nothing else is said.
    pub time_limit: Duration,
    /// What happens where one of them fails.
    pub on_failure: OnReplicaFailure,
}

impl ReplicasConfig {
    /// These devices.
    pub fn new(devices: Vec<Device>) -> Self {
        Self {
            devices,
            time_limit: Duration::from_secs(300),
            on_failure: OnReplicaFailure::Stop,
        }
    }

    /// The same with another time limit.
    pub fn with_time_limit(mut self, time_limit: Duration) -> Self {
        self.time_limit = time_limit;
        self
    }

    /// The same with another way to go on after a failure.
    pub fn with_on_failure(mut self, on_failure: OnReplicaFailure) -> Self {
        self.on_failure = on_failure;
        self
    }

    pub(super) fn check(&self) -> Result<(), ConfigError> {
        at_least_1("replicas", self.devices.len())?;
        if self.time_limit < Duration::from_millis(1) {
            let requirement = "must be at least a millisecond";
            return Err(ConfigError::new("time_limit", self.time_limit, requirement));
        }
        Ok(())
    }
}

impl From<Vec<Device>> for ReplicasConfig {
    fn from(devices: Vec<Device>) -> Self {
        Self::new(devices)
    }
}
