//! [`Named`]: an observer under a name of its own.

use serde_json::Value;

use super::{Flow, Observer, Plan};
use crate::gan_error::GanError;
use crate::report::StepReport;

/// An observer under another name than its type's, for runs with two of the same type that remember something.
///
/// ```
/// use burn_gan::observe::{EarlyStoppingConfig, Named, Observer, Score};
///
/// let score = Score::lowest("distance", |&value: &f64| Ok(value));
/// let stopping = Named::new("patient", EarlyStoppingConfig::new().init(score)?);
/// assert_eq!(stopping.name(), "patient");
/// # Ok::<(), burn_gan::GanError>(())
/// ```
#[derive(Debug)]
pub struct Named<O> {
    name: String,
    observer: O,
}

impl<O> Named<O> {
    /// `observer`, called `name` in checkpoints.
    pub fn new(name: impl Into<String>, observer: O) -> Self {
        Self {
            name: name.into(),
            observer,
        }
    }
}

impl<T, O: Observer<T>> Observer<T> for Named<O> {
    fn name(&self) -> String {
        self.name.clone()
    }

    fn start(&mut self, plan: Plan) -> Result<(), GanError> {
        self.observer.start(plan)
    }

    fn observe(&mut self, report: &StepReport, trainer: &T) -> Result<Flow, GanError> {
        self.observer.observe(report, trainer)
    }

    fn finish(&mut self, last: Option<&StepReport>, trainer: &T) -> Result<(), GanError> {
        self.observer.finish(last, trainer)
    }

    fn memory(&mut self) -> Result<Value, GanError> {
        self.observer.memory()
    }

    fn recall(&mut self, memory: &Value) -> Result<(), GanError> {
        self.observer.recall(memory)
    }
}
