//! [`HeldOutLogits`]: what the discriminator says of real samples that it does not learn from.

use burn::module::Module;
use burn::tensor::Tensor;
use serde_json::Value;

use crate::adversarial::AdversarialTrainer;
use crate::batch::{Batch, Condition};
use crate::data::{DataError, Samples};
use crate::errors::at_least_1;
use crate::gan_error::GanError;
use crate::network::Discriminator;
use crate::observer::{Flow, Interval, Observer, Plan};
use crate::random::{Purpose, Stream};
use crate::report::StepReport;
use crate::unwind::caught;

/// At most so many samples go through the discriminator at once.
const CHUNK: usize = 128;

/// An observer that sees two numbers more every so many steps, and after the last one: the discriminator's mean logits of
/// training samples and of as many held-out real samples. Both are taken after the step, of samples that no augmentation has
/// changed, by the discriminator in its evaluation form.
///
/// A discriminator that learns what real samples have in common says the same of both. One that learns the training samples
/// by heart takes held-out samples for generated ones: the two lines part (Karras et al. 2020, figure 1).
///
/// The numbers are `evaluation.logit_training` and `evaluation.logit_held_out` of
/// [`StepValues::terms`](crate::StepValues::terms): columns of a [`History`](super::History), lines of the plot `logits.png`, a
/// metric each. The observer behind has to act in the same steps: a history whose own interval is a divisor of this one.
///
/// ```
/// use burn_gan::AdversarialTrainer;
/// use burn_gan::data::{Samples, Source};
/// use burn_gan::observe::{HeldOutLogits, History};
/// use burn_gan::run::Run;
///
/// fn watched<'a, T: AdversarialTrainer<4>, S: Source<4>>(
///     run: Run<'a, 4, (), T, S>,
///     training: impl Samples<4> + 'a,
///     held_out: impl Samples<4> + 'a,
/// ) -> Run<'a, 4, (), T, S> {
///     let history = History::csv("out/run/losses.csv", 10);
///     run.observe(HeldOutLogits::new(training, held_out, 100, history))
/// }
/// ```
pub struct HeldOutLogits<'a, const D: usize, C, O> {
    training: Box<dyn Samples<D, C> + 'a>,
    held_out: Box<dyn Samples<D, C> + 'a>,
    samples: usize,
    interval: Interval,
    observer: O,
}

impl<'a, const D: usize, C: Condition, O> HeldOutLogits<'a, D, C, O> {
    /// `observer`, with the numbers of at most 512 samples of each set every `interval` steps.
    pub fn new(
        training: impl Samples<D, C> + 'a,
        held_out: impl Samples<D, C> + 'a,
        interval: usize,
        observer: O,
    ) -> Self {
        Self {
            training: Box::new(training),
            held_out: Box::new(held_out),
            samples: 512,
            interval: Interval::new(interval),
            observer,
        }
    }

    /// The same with another number of samples: so many of each set, or as many as the smaller one has. They are the same
    /// ones each time.
    pub fn with_samples(mut self, samples: usize) -> Self {
        self.samples = samples;
        self
    }

    /// The report with both numbers.
    fn evaluated<T: AdversarialTrainer<D, C>>(
        &self,
        report: &StepReport,
        trainer: &T,
    ) -> Result<StepReport, GanError> {
        let count = self.samples.min(self.training.len());
        let count = count.min(self.held_out.len());
        let discriminator = trainer.discriminator().valid();
        let mut report = report.clone();
        for (name, samples) in [
            ("logit_training", &self.training),
            ("logit_held_out", &self.held_out),
        ] {
            let mut order = Stream::new(0, Purpose::HeldOut, 0).permutation(samples.len());
            order.truncate(count);
            let mut logits = Vec::new();
            for indices in order.chunks(CHUNK) {
                let batch = samples.select(indices, &trainer.device().without_autodiff())?;
                logits.push(logits_of(&discriminator, batch)?);
            }
            report = report.with_number("evaluation", name, Tensor::cat(logits, 0).mean());
        }
        Ok(report)
    }
}

/// The logits of a batch; a panic becomes an error.
fn logits_of<const D: usize, C>(
    discriminator: &impl Discriminator<D, C>,
    batch: Batch<D, C>,
) -> Result<Tensor<1>, GanError> {
    let shape = batch.samples.dims().to_vec();
    caught(|| discriminator.logits(batch.samples, &batch.condition)).map_err(|message| {
        GanError::NetworkFailed {
            network: "discriminator",
            shape,
            message,
        }
    })
}

impl<const D: usize, C, O: std::fmt::Debug> std::fmt::Debug for HeldOutLogits<'_, D, C, O> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("HeldOutLogits")
            .field("samples", &self.samples)
            .field("interval", &self.interval)
            .field("observer", &self.observer)
            .finish_non_exhaustive()
    }
}

impl<const D: usize, C, T, O> Observer<T> for HeldOutLogits<'_, D, C, O>
where
    C: Condition,
    T: AdversarialTrainer<D, C>,
    O: Observer<T>,
{
    /// That of the observer, whose memory it is.
    fn name(&self) -> String {
        self.observer.name()
    }

    fn start(&mut self, plan: Plan) -> Result<(), GanError> {
        self.interval.start()?;
        at_least_1("samples", self.samples)?;
        if self.training.is_empty() || self.held_out.is_empty() {
            return Err(DataError::EmptyDataset.into());
        }
        self.observer.start(plan)
    }

    fn observe(&mut self, report: &StepReport, trainer: &T) -> Result<Flow, GanError> {
        if self.interval.is_due(report.step) {
            let report = self.evaluated(report, trainer)?;
            return self.observer.observe(&report, trainer);
        }
        self.observer.observe(report, trainer)
    }

    fn finish(&mut self, last: Option<&StepReport>, trainer: &T) -> Result<(), GanError> {
        match self.interval.at_the_end(last) {
            Some(report) => {
                let report = self.evaluated(report, trainer)?;
                self.observer.finish(Some(&report), trainer)
            }
            None => self.observer.finish(last, trainer),
        }
    }

    fn memory(&mut self) -> Result<Value, GanError> {
        self.observer.memory()
    }

    fn recall(&mut self, memory: &Value) -> Result<(), GanError> {
        self.observer.recall(memory)
    }
}
