//! [`EarlyStopping`]: the end of a run that gets no better.

use burn::config::Config;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::errors::at_least_1;
use crate::gan_error::GanError;
use crate::number::Number;
use crate::observer::{Flow, Observer, Plan};
use crate::report::StepReport;
use crate::score::Score;

/// Configuration of [`EarlyStopping`].
///
/// ```
/// use burn_gan::{GanError, StepReport, observe::{EarlyStoppingConfig, Flow, Observer, Score}};
///
/// // Any type can stand for a trainer; this one is its own score.
/// let score = Score::highest("modes", |&modes: &f64| Ok(modes));
/// let mut stopping = EarlyStoppingConfig::new().with_interval(1).with_patience(2).init(score)?;
/// # use burn::tensor::{Device, Tensor};
/// # let one = || Tensor::<1>::ones([1], &Device::flex());
/// # let report = |step| StepReport::new(step, one(), one(), one());
/// // A run does this after each step:
/// assert_eq!(stopping.observe(&report(0), &5.0)?, Flow::Continue);
/// assert_eq!(stopping.observe(&report(1), &8.0)?, Flow::Continue);
/// assert_eq!(stopping.observe(&report(2), &7.0)?, Flow::Continue);
/// assert_eq!(stopping.observe(&report(3), &8.0)?, Flow::Stop);
/// assert_eq!((stopping.best_step(), stopping.best_value()), (Some(1), Some(8.0)));
/// # Ok::<(), GanError>(())
/// ```
#[derive(Config, Debug)]
#[non_exhaustive]
pub struct EarlyStoppingConfig {
    /// Steps from one evaluation of the score to the next.
    #[config(default = 500)]
    pub interval: usize,
    /// Number of evaluations in a row without an improvement that end the run.
    #[config(default = 10)]
    pub patience: usize,
    /// What a score has to be better than the best one by, in the score's unit, to count as an improvement; 0
    /// counts any.
    #[config(default = 0.0)]
    pub minimum_improvement: f64,
}

impl EarlyStoppingConfig {
    /// An observer that ends the run by this score.
    ///
    /// # Errors
    /// [`GanError::Config`] for an interval or a patience of 0, and for a minimum improvement that is
    /// negative or not finite.
    pub fn init<'a, T>(&self, score: Score<'a, T>) -> Result<EarlyStopping<'a, T>, GanError> {
        at_least_1("interval", self.interval)?;
        at_least_1("patience", self.patience)?;
        if !(self.minimum_improvement >= 0.0 && self.minimum_improvement.is_finite()) {
            return Err(GanError::config(
                "minimum_improvement",
                self.minimum_improvement,
                "must be finite and not negative",
            ));
        }
        Ok(EarlyStopping {
            config: self.clone(),
            score,
            best: None,
            waited: 0,
        })
    }
}

/// Ends a run whose score has not improved for some time.
///
/// The best score and its step can be read afterwards; the weights of that step are a checkpoint's business. Made
/// by [`EarlyStoppingConfig::init`].
#[derive(Debug)]
pub struct EarlyStopping<'a, T> {
    config: EarlyStoppingConfig,
    score: Score<'a, T>,
    best: Option<Best>,
    /// Evaluations since the best one.
    waited: usize,
}

/// The best evaluation so far.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Best {
    step: usize,
    value: f64,
}

/// What a checkpoint keeps.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Memory {
    score: String,
    best_step: Option<usize>,
    best_value: Option<Number>,
    waited: usize,
}

impl<T> EarlyStopping<'_, T> {
    /// The best score so far; `None` before the first evaluation.
    pub fn best_value(&self) -> Option<f64> {
        self.best.map(|best| best.value)
    }

    /// The step, counted from 0, after which the best score was taken; `None` before the first evaluation.
    pub fn best_step(&self) -> Option<usize> {
        self.best.map(|best| best.step)
    }

    fn is_improvement(&self, value: f64) -> bool {
        self.best.is_none_or(|best| {
            self.score.is_better(value, best.value)
                && self.score.improvement(value, best.value) >= self.config.minimum_improvement
        })
    }
}

impl<T> Observer<T> for EarlyStopping<'_, T> {
    /// With the score's name, so that there may be several.
    fn name(&self) -> String {
        format!("EarlyStopping {}", self.score.name())
    }

    fn start(&mut self, plan: Plan) -> Result<(), GanError> {
        if plan.from == 0 {
            self.best = None;
            self.waited = 0;
        }
        Ok(())
    }

    fn observe(&mut self, report: &StepReport, trainer: &T) -> Result<Flow, GanError> {
        let step = report.step;
        // Not after the last step, unlike other observers: a longer run would count that evaluation, too.
        if !(step + 1).is_multiple_of(self.config.interval) {
            return Ok(Flow::Continue);
        }
        let value = self.score.value(trainer)?;
        if self.is_improvement(value) {
            self.best = Some(Best { step, value });
            self.waited = 0;
            return Ok(Flow::Continue);
        }
        self.waited += 1;
        match self.best {
            Some(best) if self.waited >= self.config.patience => {
                log::info!(
                    "`{}` is {value} after step {step} and was best, {}, after step {}: the run ends",
                    self.score.name(),
                    best.value,
                    best.step
                );
                Ok(Flow::Stop)
            }
            _ => Ok(Flow::Continue),
        }
    }

    fn memory(&mut self) -> Result<Value, GanError> {
        serde_json::to_value(Memory {
            score: self.score.name().to_string(),
            best_step: self.best_step(),
            best_value: self.best_value().map(Number),
            waited: self.waited,
        })
        .map_err(|error| GanError::state("early stopping", error))
    }

    fn recall(&mut self, memory: &Value) -> Result<(), GanError> {
        let error = |message: &dyn std::fmt::Display| GanError::state("early stopping", message);
        let memory = Memory::deserialize(memory).map_err(|cause| error(&cause))?;
        if memory.score != self.score.name() {
            return Err(error(&format!(
                "the checkpoint keeps the score `{}`, this one is `{}`",
                memory.score,
                self.score.name()
            )));
        }
        self.best = match (memory.best_step, memory.best_value) {
            (Some(step), Some(Number(value))) if !value.is_nan() => Some(Best { step, value }),
            (None, None) => None,
            _ => return Err(error(&"a best score has a step and a value")),
        };
        self.waited = memory.waited;
        Ok(())
    }
}
