//! [`Fit`]: steps over a source of real samples until their number is reached.

use super::observer::{Flow, Observer, Plan};
use crate::contract::{AdversarialTrainer, Condition, StepReport};
use crate::data::Source;
use crate::error::GanError;

/// How a run ended.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Outcome {
    /// Steps that the trainer has behind it.
    pub steps: usize,
    /// Whether an observer ended the run.
    pub stopped: bool,
    /// The last step's report; `None` where there was nothing left to do.
    pub last: Option<StepReport>,
}

/// Whole training runs, for every [`AdversarialTrainer`].
pub trait Fit<const D: usize, C: Condition = ()>: AdversarialTrainer<D, C> + Sized {
    /// Trains until the trainer has taken `steps` steps in all.
    ///
    /// Step `s` learns from the source's batch `s`, so that a trainer that already has steps behind it goes
    /// on where it was.
    ///
    /// # Errors
    /// The first error of the source, a step or an observer; the trainer keeps what it has learnt.
    fn fit(
        &mut self,
        source: &mut impl Source<D, C>,
        steps: usize,
        observer: &mut impl Observer<Self>,
    ) -> Result<Outcome, GanError> {
        let device = self.device().without_autodiff();
        let plan = Plan::new(self.steps(), steps);
        log::info!("training from step {} to {}", plan.from, plan.to);
        observer.start(plan)?;
        let mut outcome = Outcome {
            steps: self.steps(),
            stopped: false,
            last: None,
        };
        while self.steps() < steps && !outcome.stopped {
            let batch = source.batch(self.steps(), &device)?;
            let report = self.step(batch)?;
            outcome.stopped = observer.observe(&report, self)? == Flow::Stop;
            outcome.last = Some(report);
        }
        outcome.steps = self.steps();
        observer.finish(self)?;
        log::info!("training ended at step {}", outcome.steps);
        Ok(outcome)
    }
}

impl<const D: usize, C: Condition, T: AdversarialTrainer<D, C>> Fit<D, C> for T {}
