//! Burn's learning-rate schedulers as functions of the step.

use std::sync::{Arc, Mutex, PoisonError};

use burn::lr_scheduler::LrSchedulerConfig;
use burn::lr_scheduler::module_lr_scheduler::{ModuleLrScheduler, ModuleLrSchedulerConfig};
use serde::{Deserialize, Serialize};

use crate::errors::ConfigError;

/// One of Burn's learning-rate schedulers; made by [`Schedule::burn`](super::Schedule::burn).
///
/// Burn's schedulers hold a state and go from step to step. Here the state is a function of the step: a scheduler that
/// starts anew, taken to that step. The last state is kept, so that the next step costs one more call; an earlier
/// step starts from the beginning.
#[derive(Clone, Serialize, Deserialize)]
#[serde(into = "LrSchedulerConfig", try_from = "LrSchedulerConfig")]
pub struct BurnSchedule {
    config: LrSchedulerConfig,
    start: ModuleLrScheduler,
    last: Arc<Mutex<Option<State>>>,
}

/// A scheduler after some calls.
struct State {
    scheduler: ModuleLrScheduler,
    calls: usize,
    value: f64,
}

impl BurnSchedule {
    pub(super) fn new(config: LrSchedulerConfig) -> Result<Self, ConfigError> {
        let start = ModuleLrSchedulerConfig::new(config.clone())
            .init()
            .map_err(|message| {
                ConfigError::new("schedule", message, "must be a scheduler that Burn accepts")
            })?;
        Ok(Self {
            config,
            start,
            last: Arc::default(),
        })
    }

    /// The value that the scheduler gives in its call number `step`, counted from 0.
    pub(super) fn at(&self, step: usize) -> f64 {
        // A panic elsewhere leaves a state that is whole: it is replaced in one assignment.
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let mut state = match last.take() {
            Some(state) if state.calls <= step.saturating_add(1) => state,
            _ => State {
                scheduler: self.start.clone(),
                calls: 0,
                value: f64::NAN,
            },
        };
        while state.calls <= step {
            state.value = state.scheduler.step().base();
            state.calls += 1;
        }
        let value = state.value;
        *last = Some(state);
        value
    }
}

impl std::fmt::Debug for BurnSchedule {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.config.fmt(formatter)
    }
}

impl PartialEq for BurnSchedule {
    fn eq(&self, other: &Self) -> bool {
        // Burn's configurations cannot be compared, their text can.
        self.config.to_string() == other.config.to_string()
    }
}

impl From<BurnSchedule> for LrSchedulerConfig {
    fn from(schedule: BurnSchedule) -> Self {
        schedule.config
    }
}

impl TryFrom<LrSchedulerConfig> for BurnSchedule {
    type Error = ConfigError;

    fn try_from(config: LrSchedulerConfig) -> Result<Self, ConfigError> {
        Self::new(config)
    }
}
