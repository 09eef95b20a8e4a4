//! [`Run`]: a whole training run, from its first step to its last.

use std::marker::PhantomData;
use std::sync::atomic::{AtomicBool, Ordering};

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
    /// Whether an observer or the stop flag ended the run.
    pub stopped: bool,
    /// The last step's report; `None` where there was nothing left to do.
    pub last: Option<StepReport>,
}

/// A training run to be: made by [`Fit::fit`](super::Fit::fit), started by [`Run::run`].
#[must_use = "nothing is trained before `run`"]
pub struct Run<'a, const D: usize, C, T, S> {
    trainer: &'a mut T,
    source: &'a mut S,
    steps: usize,
    observers: Vec<&'a mut dyn Observer<T>>,
    stop: Option<&'a AtomicBool>,
    condition: PhantomData<C>,
}

impl<'a, const D: usize, C, T, S> Run<'a, D, C, T, S>
where
    C: Condition,
    T: AdversarialTrainer<D, C>,
    S: Source<D, C>,
{
    pub(super) fn new(trainer: &'a mut T, source: &'a mut S, steps: usize) -> Self {
        Self {
            trainer,
            source,
            steps,
            observers: Vec::new(),
            stop: None,
            condition: PhantomData,
        }
    }

    /// Has this observer look at every step, after those that were added before.
    pub fn observe(mut self, observer: &'a mut impl Observer<T>) -> Self {
        self.observers.push(observer);
        self
    }

    /// Ends the run after the step in which this flag becomes true, as an observer that stops would.
    ///
    /// A signal handler or another thread may set it.
    pub fn stop_flag(mut self, flag: &'a AtomicBool) -> Self {
        self.stop = Some(flag);
        self
    }

    /// Trains.
    ///
    /// # Errors
    /// The first error of the source, a step or an observer; the trainer keeps what it has learnt.
    pub fn run(mut self) -> Result<Outcome, GanError> {
        let device = self.trainer.device().without_autodiff();
        let plan = Plan::new(self.trainer.steps(), self.steps);
        log::info!("training from step {} to {}", plan.from, plan.to);
        self.observers.start(plan)?;
        let mut outcome = Outcome {
            steps: self.trainer.steps(),
            stopped: false,
            last: None,
        };
        while self.trainer.steps() < self.steps && !outcome.stopped {
            let batch = self.source.batch(self.trainer.steps(), &device)?;
            let report = self.trainer.step(batch)?;
            let flow = self.observers.observe(&report, self.trainer)?;
            outcome.stopped = flow == Flow::Stop || self.is_asked_to_stop();
            outcome.last = Some(report);
        }
        outcome.steps = self.trainer.steps();
        self.observers.finish(self.trainer)?;
        log::info!("training ended at step {}", outcome.steps);
        Ok(outcome)
    }

    fn is_asked_to_stop(&self) -> bool {
        self.stop.is_some_and(|flag| flag.load(Ordering::Relaxed))
    }
}
