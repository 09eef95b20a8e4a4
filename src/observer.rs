//! Observers: how a run speaks to the outside.

use serde_json::Value;

use crate::gan_error::GanError;
use crate::report::StepReport;

/// Whether training goes on.
///
/// In order of urgency: where several observers differ, the greatest counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Flow {
    /// Take the next step.
    Continue,
    /// Go back to the last checkpoint and on from there with lower learning rates, as
    /// `Run::on_divergence` says; where it says nothing, or no checkpoint is kept,
    /// the run ends in an error.
    RollBack,
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
/// One method is required. A list of observers is an observer, and so is [`Every`], which calls
/// another in every so many steps, and `()`, which sees nothing.
///
/// ```
/// use burn_gan::{GanError, StepReport, observe::{Flow, Observer}};
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
    /// Called before the first step, and again when the run goes back to an earlier one.
    ///
    /// # Errors
    /// An error ends the run.
    fn start(&mut self, _plan: Plan) -> Result<(), GanError> {
        Ok(())
    }

    /// Called after every step. Reading numbers from the report waits for the device.
    ///
    /// # Errors
    /// An error ends the run, after a checkpoint was written where the run keeps any.
    fn observe(&mut self, report: &StepReport, trainer: &T) -> Result<Flow, GanError>;

    /// Called once, after the last step of a run that met no error.
    ///
    /// # Errors
    /// An error is the run's.
    fn finish(&mut self, _trainer: &T) -> Result<(), GanError> {
        Ok(())
    }

    /// What it has to know when the run is resumed, to be kept in a checkpoint; whatever it writes to files
    /// should be on the disk when this returns. Nothing by default.
    ///
    /// # Errors
    /// An error ends the run.
    fn memory(&mut self) -> Result<Value, GanError> {
        Ok(Value::Null)
    }

    /// Called before [`Observer::start`] with the memory of a checkpoint that the run goes on from.
    ///
    /// # Errors
    /// An error ends the run; [`GanError::State`] for a memory that is not its own.
    fn recall(&mut self, _memory: &Value) -> Result<(), GanError> {
        Ok(())
    }
}

impl<T> Observer<T> for () {
    fn observe(&mut self, _report: &StepReport, _trainer: &T) -> Result<Flow, GanError> {
        Ok(Flow::Continue)
    }
}

macro_rules! observer_behind {
    ($pointer:ty) => {
        impl<T, O: Observer<T> + ?Sized> Observer<T> for $pointer {
            fn start(&mut self, plan: Plan) -> Result<(), GanError> {
                (**self).start(plan)
            }
            fn observe(&mut self, report: &StepReport, trainer: &T) -> Result<Flow, GanError> {
                (**self).observe(report, trainer)
            }
            fn finish(&mut self, trainer: &T) -> Result<(), GanError> {
                (**self).finish(trainer)
            }
            fn memory(&mut self) -> Result<Value, GanError> {
                (**self).memory()
            }
            fn recall(&mut self, memory: &Value) -> Result<(), GanError> {
                (**self).recall(memory)
            }
        }
    };
}
observer_behind!(Box<O>);
observer_behind!(&mut O);

/// All of them see every step, in their order, whatever the others say of it; the first error is the list's.
///
/// Memories are paired by position: a list of another length starts without any, with a warning.
impl<T, O: Observer<T>> Observer<T> for Vec<O> {
    fn start(&mut self, plan: Plan) -> Result<(), GanError> {
        self.iter_mut()
            .try_for_each(|observer| observer.start(plan))
    }

    fn observe(&mut self, report: &StepReport, trainer: &T) -> Result<Flow, GanError> {
        // An error of one must not leave a gap in what the others have seen.
        let flows: Vec<_> = self
            .iter_mut()
            .map(|observer| observer.observe(report, trainer))
            .collect();
        flows
            .into_iter()
            .try_fold(Flow::Continue, |flow, next| Ok(flow.max(next?)))
    }

    fn finish(&mut self, trainer: &T) -> Result<(), GanError> {
        self.iter_mut()
            .try_for_each(|observer| observer.finish(trainer))
    }

    fn memory(&mut self) -> Result<Value, GanError> {
        self.iter_mut().map(Observer::memory).collect()
    }

    fn recall(&mut self, memory: &Value) -> Result<(), GanError> {
        match memory {
            Value::Array(memories) if memories.len() == self.len() => self
                .iter_mut()
                .zip(memories)
                .try_for_each(|(observer, memory)| observer.recall(memory)),
            _ => {
                log::warn!("the checkpoint is not of this list of observers: they start afresh");
                Ok(())
            }
        }
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
    interval: usize,
    plan: Plan,
    observer: O,
}

impl<O> Every<O> {
    /// `observer` after every `interval` steps; 0 counts as 1.
    pub fn new(interval: usize, observer: O) -> Self {
        Self {
            interval,
            plan: Plan::new(0, 0),
            observer,
        }
    }
}

impl<T, O: Observer<T>> Observer<T> for Every<O> {
    fn start(&mut self, plan: Plan) -> Result<(), GanError> {
        self.plan = plan;
        self.observer.start(plan)
    }

    fn observe(&mut self, report: &StepReport, trainer: &T) -> Result<Flow, GanError> {
        match self.plan.is_due(report.step, self.interval) {
            true => self.observer.observe(report, trainer),
            false => Ok(Flow::Continue),
        }
    }

    fn finish(&mut self, trainer: &T) -> Result<(), GanError> {
        self.observer.finish(trainer)
    }

    fn memory(&mut self) -> Result<Value, GanError> {
        self.observer.memory()
    }

    fn recall(&mut self, memory: &Value) -> Result<(), GanError> {
        self.observer.recall(memory)
    }
}
