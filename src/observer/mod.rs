//! Observers: how a run speaks to the outside.

mod flow;
mod interval;
mod list;
mod named;

pub use flow::{Flow, Plan};
pub use interval::{Every, Interval};
pub use named::Named;

use serde_json::Value;

use crate::gan_error::GanError;
use crate::identity::Identity;
use crate::report::StepReport;

/// Sees every step of a run; `T` is the trainer's type.
///
/// One method is required. A list of observers is an observer, and so is [`Every`], which calls another in every so
/// many steps, and `()`, which sees nothing. An [`Interval`] says when to act where more than the step matters.
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
    /// What it is called in checkpoints, where its [memory](Observer::memory) is kept under this name: the same in
    /// every process. The type's name, without its path and parameters, by default; [`Named`] gives an observer
    /// another one.
    fn name(&self) -> String {
        Identity::of::<Self>().name
    }

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

    /// Called once, when a run that met no error is over, wherever that is, and before its last checkpoint is
    /// written. `last` is the report of the last step; `None` where the run took no step, or undid the last ones.
    ///
    /// # Errors
    /// An error is the run's, after the checkpoint was written where the run keeps any.
    fn finish(&mut self, _last: Option<&StepReport>, _trainer: &T) -> Result<(), GanError> {
        Ok(())
    }

    /// What it has to know when the run is resumed, to be kept in a file of the checkpoint; whatever it writes to
    /// files of its own should be on the disk when this returns. Nothing ([`Value::Null`]) by default.
    ///
    /// # Errors
    /// An error ends the run.
    fn memory(&mut self) -> Result<Value, GanError> {
        Ok(Value::Null)
    }

    /// Called before [`Observer::start`] with what the observer of this name remembered in the checkpoint that the run
    /// goes on from, where it did.
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
            fn name(&self) -> String {
                (**self).name()
            }
            fn start(&mut self, plan: Plan) -> Result<(), GanError> {
                (**self).start(plan)
            }
            fn observe(&mut self, report: &StepReport, trainer: &T) -> Result<Flow, GanError> {
                (**self).observe(report, trainer)
            }
            fn finish(&mut self, last: Option<&StepReport>, trainer: &T) -> Result<(), GanError> {
                (**self).finish(last, trainer)
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
