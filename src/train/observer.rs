//! Observers: how a run speaks to the outside.

use crate::contract::StepReport;
use crate::error::GanError;

/// Whether training goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flow {
    /// Take the next step.
    Continue,
    /// End the run here.
    Stop,
}

/// What a run is going to do.
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

    /// Whether an observer that fires every `interval` steps fires after step `step`, counted from 0. The
    /// last step of a run always counts.
    pub fn is_due(&self, step: usize, interval: usize) -> bool {
        (step + 1).is_multiple_of(interval.max(1)) || step + 1 == self.to
    }
}

/// Looks at every step of a run; `T` is the trainer's type.
///
/// One method is required. A list of observers is an observer, and so is `()`, which sees nothing.
///
/// ```
/// use burn_gan::{GanError, StepReport, train::{Flow, Observer}};
///
/// /// Ends the run when the discriminator has won.
/// struct StopWhenWon;
///
/// impl<T> Observer<T> for StopWhenWon {
///     fn observe(&mut self, report: &StepReport, _trainer: &T) -> Result<Flow, GanError> {
///         let won = report.step % 100 == 0 && report.read()?.loss_discriminator < 1e-4;
///         Ok(if won { Flow::Stop } else { Flow::Continue })
///     }
/// }
/// ```
pub trait Observer<T> {
    /// Called once, before the first step.
    ///
    /// # Errors
    /// An error ends the run.
    fn start(&mut self, _plan: Plan) -> Result<(), GanError> {
        Ok(())
    }

    /// Called after every step. Reading numbers from the report waits for the device.
    ///
    /// # Errors
    /// An error ends the run; the trainer keeps what it has learnt.
    fn observe(&mut self, report: &StepReport, trainer: &T) -> Result<Flow, GanError>;

    /// Called once, after the last step of a run that met no error.
    ///
    /// # Errors
    /// An error is the run's.
    fn finish(&mut self, _trainer: &T) -> Result<(), GanError> {
        Ok(())
    }
}

impl<T> Observer<T> for () {
    fn observe(&mut self, _report: &StepReport, _trainer: &T) -> Result<Flow, GanError> {
        Ok(Flow::Continue)
    }
}

impl<T, O: Observer<T> + ?Sized> Observer<T> for Box<O> {
    fn start(&mut self, plan: Plan) -> Result<(), GanError> {
        (**self).start(plan)
    }

    fn observe(&mut self, report: &StepReport, trainer: &T) -> Result<Flow, GanError> {
        (**self).observe(report, trainer)
    }

    fn finish(&mut self, trainer: &T) -> Result<(), GanError> {
        (**self).finish(trainer)
    }
}

/// All of them see every step; the run ends after a step that one of them stops at.
impl<T, O: Observer<T>> Observer<T> for Vec<O> {
    fn start(&mut self, plan: Plan) -> Result<(), GanError> {
        self.iter_mut()
            .try_for_each(|observer| observer.start(plan))
    }

    fn observe(&mut self, report: &StepReport, trainer: &T) -> Result<Flow, GanError> {
        let mut flow = Flow::Continue;
        for observer in self {
            if observer.observe(report, trainer)? == Flow::Stop {
                flow = Flow::Stop;
            }
        }
        Ok(flow)
    }

    fn finish(&mut self, trainer: &T) -> Result<(), GanError> {
        self.iter_mut()
            .try_for_each(|observer| observer.finish(trainer))
    }
}
