//! [`Interval`] and [`Every`]: observers that act every so many steps, and after the last one.

use serde_json::Value;

use super::{Flow, Observer, Plan};
use crate::errors::{ConfigError, at_least_1};
use crate::gan_error::GanError;
use crate::report::StepReport;

/// When an observer acts: after every so many steps, and once more at the end of a run, unless it did so there already.
///
/// Only [`Observer::finish`] knows where a run ends: early stopping or a stop flag may end it before its planned
/// last step. An observer keeps an interval and asks it:
///
/// ```
/// use burn_gan::observe::{Flow, Interval, Observer, Plan};
/// use burn_gan::{GanError, StepReport};
///
/// struct Print {
///     interval: Interval,
/// }
///
/// impl Print {
///     fn print(&self, report: &StepReport) -> Result<(), GanError> {
///         println!("step {}: {}", report.step, report.read()?.loss_discriminator);
///         Ok(())
///     }
/// }
///
/// impl<T> Observer<T> for Print {
///     fn start(&mut self, _: Plan) -> Result<(), GanError> {
///         Ok(self.interval.start()?)
///     }
///     fn observe(&mut self, report: &StepReport, _: &T) -> Result<Flow, GanError> {
///         if self.interval.is_due(report.step) {
///             self.print(report)?;
///         }
///         Ok(Flow::Continue)
///     }
///     fn finish(&mut self, last: Option<&StepReport>, _: &T) -> Result<(), GanError> {
///         match self.interval.at_the_end(last) {
///             Some(report) => self.print(report),
///             None => Ok(()),
///         }
///     }
/// }
///
/// let mut interval = Interval::new(3);
/// interval.start()?;
/// let due: Vec<usize> = (0..7).filter(|&step| interval.is_due(step)).collect();
/// assert_eq!(due, [2, 5]);
/// # Ok::<(), GanError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Interval {
    steps: usize,
    /// The last step that was due.
    last: Option<usize>,
}

impl Interval {
    /// After every `steps` steps.
    pub fn new(steps: usize) -> Self {
        Self { steps, last: None }
    }

    /// To be called in [`Observer::start`]: a run begins, or goes back to an earlier step.
    ///
    /// # Errors
    /// [`ConfigError`] for an interval of 0 steps.
    pub fn start(&mut self) -> Result<(), ConfigError> {
        self.last = None;
        at_least_1("interval", self.steps)
    }

    /// Whether the observer acts after step `step`, counted from 0.
    pub fn is_due(&mut self, step: usize) -> bool {
        let is_due = (step + 1).is_multiple_of(self.steps);
        if is_due {
            self.last = Some(step);
        }
        is_due
    }

    /// The last step's report, if the observer has to act on it at the end of the run; `None` where it has acted after
    /// that step, or where there was no step.
    pub fn at_the_end<'a>(&mut self, last: Option<&'a StepReport>) -> Option<&'a StepReport> {
        let report = last.filter(|report| self.last != Some(report.step))?;
        self.last = Some(report.step);
        Some(report)
    }
}

/// Calls another observer in every so many steps, and after the last one.
///
/// ```
/// use burn_gan::{GanError, StepReport, observe::{Every, Flow, Observer}};
///
/// struct Print;
///
/// impl<T> Observer<T> for Print {
///     fn observe(&mut self, report: &StepReport, _: &T) -> Result<Flow, GanError> {
///         println!("step {}: {}", report.step, report.read()?.loss_discriminator);
///         Ok(Flow::Continue)
///     }
/// }
///
/// let observer = Every::new(100, Print);
/// # let _: &dyn Observer<()> = &observer;
/// ```
#[derive(Debug)]
pub struct Every<O> {
    interval: Interval,
    observer: O,
}

impl<O> Every<O> {
    /// `observer` after every `interval` steps; a run refuses an interval of 0.
    pub fn new(interval: usize, observer: O) -> Self {
        Self {
            interval: Interval::new(interval),
            observer,
        }
    }
}

impl<T, O: Observer<T>> Observer<T> for Every<O> {
    fn name(&self) -> String {
        self.observer.name()
    }

    fn start(&mut self, plan: Plan) -> Result<(), GanError> {
        self.interval.start()?;
        self.observer.start(plan)
    }

    fn observe(&mut self, report: &StepReport, trainer: &T) -> Result<Flow, GanError> {
        if self.interval.is_due(report.step) {
            self.observer.observe(report, trainer)
        } else {
            Ok(Flow::Continue)
        }
    }

    fn finish(&mut self, last: Option<&StepReport>, trainer: &T) -> Result<(), GanError> {
        if let Some(report) = self.interval.at_the_end(last) {
            // Whatever it answers: the run is over.
            self.observer.observe(report, trainer)?;
        }
        self.observer.finish(last, trainer)
    }

    fn memory(&mut self) -> Result<Value, GanError> {
        self.observer.memory()
    }

    fn recall(&mut self, memory: &Value) -> Result<(), GanError> {
        self.observer.recall(memory)
    }
}
