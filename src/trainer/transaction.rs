//! [`Transaction`]: steps that are taken whole or not at all.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::config::FiniteCheck;
use super::finite::{first_non_finite, non_finite_parts};
use super::part::{Parts, snapshot};
use crate::errors::{ConfigError, at_least_1};
use crate::gan_error::GanError;
use crate::report::StepReport;
use crate::saved_state::SavedState;
use crate::unwind::caught;

/// The parts of a trainer, and the last state of them that was found finite.
///
/// A step is taken whole or not at all ([`Transaction::step`]): where it fails, panics, or leads to NaN or an infinity,
/// the parts are as they were, running statistics, optimisers and averages too. It counts the steps and carries the
/// factor on the learning rates that a run's policy lowers.
///
/// # A trainer of your own
///
/// One that keeps its [`Parts`] in a transaction is saved and put back by it:
/// [`PersistentParts`](super::PersistentParts).
#[derive(Debug, Clone)]
pub struct Transaction<S> {
    now: Moment<S>,
    good: Moment<S>,
    /// The reports of the steps since the good state. Without any, it is the present one.
    unchecked: Vec<StepReport>,
    interval: usize,
}

/// A state and how it was reached.
#[derive(Debug, Clone)]
struct Moment<S> {
    parts: S,
    steps: usize,
    learning_rate_factor: f64,
}

impl<S: Parts> Moment<S> {
    fn snapshot(&self) -> Self {
        Self {
            parts: snapshot(&self.parts),
            ..*self
        }
    }
}

/// What a step needs to know beside its batch.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Turn {
    /// The step's number, from 0.
    pub step: usize,
    /// On all learning rates; roll backs lower it.
    pub learning_rate_factor: f64,
}

/// What of a saved state is not in a file.
#[derive(Serialize, Deserialize)]
struct Numbers {
    steps: usize,
    #[serde(with = "crate::number")]
    learning_rate_factor: f64,
    parts: Map<String, Value>,
}

impl<S: Parts> Transaction<S> {
    /// Starts with these parts, no step behind them.
    ///
    /// # Errors
    /// For a check every 0 steps.
    pub fn new(parts: S, check: &FiniteCheck) -> Result<Self, ConfigError> {
        at_least_1("finite_check", check.interval())?;
        let now = Moment {
            parts,
            steps: 0,
            learning_rate_factor: 1.0,
        };
        Ok(Self {
            good: now.snapshot(),
            now,
            unchecked: Vec::new(),
            interval: check.interval(),
        })
    }

    /// The parts.
    pub fn parts(&self) -> &S {
        &self.now.parts
    }

    /// Number of steps behind them.
    pub fn steps(&self) -> usize {
        self.now.steps
    }

    /// Takes a step, `step(parts, turn)`, whole or not at all: after an error or a panic the parts are as before it.
    ///
    /// A state that was not checked may be what made it fail. It is checked then, and where it is not finite, that is
    /// the error, and the state is the last good one.
    ///
    /// # Errors
    /// Those of `step`; [`GanError::StepFailed`] where it panics, [`GanError::NonFiniteStep`] where it, or a step since
    /// the last check, did not stay finite.
    pub fn step(
        &mut self,
        step: impl FnOnce(&mut S, Turn) -> Result<StepReport, GanError>,
    ) -> Result<StepReport, GanError> {
        // A checked state is in `good` already.
        let is_checked = self.unchecked.is_empty();
        let before = (!is_checked).then(|| self.now.snapshot());
        let turn = Turn {
            step: self.now.steps,
            learning_rate_factor: self.now.learning_rate_factor,
        };
        let outcome = caught(|| step(&mut self.now.parts, turn)).unwrap_or_else(|message| {
            Err(GanError::StepFailed {
                step: turn.step,
                message,
            })
        });
        match outcome {
            Ok(report) => {
                self.now.steps += 1;
                self.unchecked.push(report.clone());
                if self.is_check_due() {
                    self.check()?;
                }
                Ok(report)
            }
            Err(error) => {
                self.now = before.unwrap_or_else(|| self.good.snapshot());
                self.check()?;
                Err(error)
            }
        }
    }

    /// Whether a multiple of the interval was reached since the last check; steps that were left out count.
    fn is_check_due(&self) -> bool {
        self.now.steps / self.interval > self.good.steps / self.interval
    }

    /// Checks the steps since the last check: the state becomes the last good one, or goes back to it.
    ///
    /// # Errors
    /// [`GanError::NonFiniteStep`] where it went back.
    pub fn check(&mut self) -> Result<(), GanError> {
        let steps = std::mem::take(&mut self.unchecked);
        if steps.is_empty() {
            return Ok(());
        }
        let checked = self.refuse_non_finite(&steps);
        match &checked {
            Ok(()) => self.good = self.now.snapshot(),
            Err(error) => {
                log::warn!("{error}");
                self.now = self.good.snapshot();
            }
        }
        checked
    }

    fn refuse_non_finite(&self, steps: &[StepReport]) -> Result<(), GanError> {
        let Some(found) = first_non_finite(steps, &self.now.parts)? else {
            return Ok(());
        };
        Err(GanError::NonFiniteStep {
            step: found.values.step,
            cause: found.cause,
            loss_discriminator: found.values.loss_discriminator,
            loss_generator: found.values.loss_generator,
            restored: self.good.steps,
        })
    }

    /// Refuses to hand out a state that is not finite; nothing is restored.
    ///
    /// # Errors
    /// [`GanError::NonFiniteState`].
    pub fn refuse_bad_state(&self) -> Result<(), GanError> {
        if self.unchecked.is_empty() {
            return Ok(());
        }
        match first_non_finite(&self.unchecked, &self.now.parts)? {
            Some(found) => Err(GanError::NonFiniteState {
                steps: self.now.steps,
                cause: found.cause,
            }),
            None => Ok(()),
        }
    }

    /// Changes what no step does, in the last good state as well; what is good of the rest stays what was checked.
    pub fn change(&mut self, change: impl Fn(&mut S)) {
        change(&mut self.now.parts);
        change(&mut self.good.parts);
    }

    /// Counts a step without taking one.
    pub fn skip_step(&mut self) {
        self.now.steps += 1;
        // An older good state stays at the step that it was reached by.
        if self.unchecked.is_empty() {
            self.good.steps = self.now.steps;
        }
    }

    /// Multiplies the factor on all learning rates.
    pub fn scale_learning_rates(&mut self, factor: f64) {
        for moment in [&mut self.now, &mut self.good] {
            moment.learning_rate_factor *= factor;
        }
    }

    /// Each part's network and optimiser by name, for [`Persistent::description`](crate::Persistent::description).
    pub fn description(&self) -> Value {
        let parts = self.now.parts.parts().into_iter();
        Value::from_iter(parts.map(|(name, part)| (name, part.describe())))
    }

    /// The whole state on the host.
    ///
    /// # Errors
    /// Those of [`Persistent::save_state`](crate::Persistent::save_state).
    pub fn save_state(&self) -> Result<SavedState, GanError> {
        self.refuse_bad_state()?;
        let mut state = SavedState {
            numbers: Value::Null,
            files: Default::default(),
        };
        let mut parts = Map::new();
        for (name, part) in self.now.parts.parts() {
            parts.insert(name.to_string(), part.save(name, &mut state)?);
        }
        let numbers = Numbers {
            steps: self.now.steps,
            learning_rate_factor: self.now.learning_rate_factor,
            parts,
        };
        state.numbers =
            serde_json::to_value(numbers).map_err(|error| GanError::state("counters", error))?;
        Ok(state)
    }

    /// Puts a state back, whole or not at all.
    ///
    /// # Errors
    /// Those of [`Persistent::load_state`](crate::Persistent::load_state).
    pub fn load_state(&mut self, saved: &SavedState) -> Result<(), GanError> {
        let numbers = Numbers::deserialize(&saved.numbers)
            .map_err(|error| GanError::state("counters", error))?;
        let mut parts = self.now.parts.clone();
        for (name, part) in parts.parts_mut() {
            let numbers = numbers.parts.get(name).unwrap_or(&json!(null)).clone();
            part.load(name, &numbers, saved)?;
        }
        if let Some(cause) = non_finite_parts(&parts)? {
            let steps = numbers.steps;
            return Err(GanError::NonFiniteState { steps, cause });
        }
        // Nothing was touched so far: a state that does not fit leaves it as it was.
        self.now = Moment {
            parts,
            steps: numbers.steps,
            learning_rate_factor: numbers.learning_rate_factor,
        };
        self.good = self.now.snapshot();
        self.unchecked.clear();
        Ok(())
    }
}
