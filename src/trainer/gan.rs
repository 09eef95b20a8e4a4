//! [`GanTrainer`]: a critic step, and every so many of them a generator step.

use burn::tensor::{Device, Tensor};

use super::config::GanTrainerConfig;
use super::dry_run::first_sample;
use super::finite::first_non_finite;
use super::micro_batch::{Part, TrainingBatch};
use super::penalties::{Penalties, push_penalty};
use super::state::{State, fork};
use crate::adversarial::AdversarialTrainer;
use crate::batch::BatchError;
use crate::batch::{Batch, Condition, check_condition};
use crate::errors::ShapeError;
use crate::gan_error::GanError;
use crate::loss::AdversarialLoss;
use crate::module_tree::module_device;
use crate::network::{Discriminator, Generator};
use crate::optimizer::NetworkOptimizer;
use crate::penalty::GradientPenalty;
use crate::random::{Purpose, Stream};
use crate::report::{StepReport, read_scalar};
use crate::sampling::SamplerConfig;

/// The standard alternating trainer (Goodfellow et al. 2014, algorithm 1).
///
/// Each step is one batch: the discriminator learns to tell it from as many generated samples, then, in
/// every `critic_steps`-th step, the generator learns from the same generated samples to be taken for real.
/// One generator forward pass serves both; with [`micro_batches`](GanTrainerConfig::micro_batches) the second
/// half runs it again, part by part. Gradient penalties join the discriminator's loss before its one
/// backward pass; spectral normalisation, where the discriminator has it, follows the weights by one power
/// iteration after each of their steps.
///
/// Built by [`GanTrainerConfig::init`].
pub struct GanTrainer<const D: usize, G, N, C = ()> {
    pub(super) config: GanTrainerConfig,
    pub(super) loss: Box<dyn AdversarialLoss>,
    pub(super) penalties: Option<Penalties<D, N, C>>,
    pub(super) state: State<G, N>,
    /// The last state found finite.
    pub(super) good: State<G, N>,
    /// The last step's report, until somebody has looked whether that step stayed finite.
    pub(super) unsettled: Option<StepReport>,
    /// One real sample.
    pub(super) example: Batch<D, C>,
}

impl<const D: usize, G, N, C> GanTrainer<D, G, N, C>
where
    C: Condition,
    G: Generator<D, C>,
    N: Discriminator<D, C>,
{
    pub(super) fn new(
        config: GanTrainerConfig,
        loss: Box<dyn AdversarialLoss>,
        penalties: Option<Penalties<D, N, C>>,
        state: State<G, N>,
        example: &Batch<D, C>,
    ) -> Self {
        Self {
            config,
            loss,
            penalties,
            good: state.snapshot(),
            unsettled: None,
            example: first_sample(example, &module_device(&state.discriminator)),
            state,
        }
    }

    /// Replaces the configured loss by one of the user's own.
    pub fn with_loss(mut self, loss: impl AdversarialLoss + 'static) -> Self {
        self.loss = Box::new(loss);
        self
    }

    /// Adds a gradient penalty of the user's own to the configured ones.
    ///
    /// # Errors
    /// [`GanError::Penalty`] for a discriminator that it cannot be computed for.
    pub fn with_penalty(
        mut self,
        penalty: impl GradientPenalty<D> + 'static,
    ) -> Result<Self, GanError> {
        push_penalty(
            &mut self.penalties,
            Box::new(penalty),
            self.config.penalty_method,
            &self.state.discriminator,
            &self.example,
        )?;
        Ok(self)
    }

    /// Replaces the configured optimisers by others, with states of their own: those of an
    /// [`OptimizerConfig`](crate::optimizer::OptimizerConfig), rules for some of the parameters, any
    /// [`UpdateRule`](crate::optimizer::UpdateRule). A schedule in them counts their own steps.
    pub fn with_optimizers(
        mut self,
        generator: impl Into<NetworkOptimizer>,
        discriminator: impl Into<NetworkOptimizer>,
    ) -> Self {
        self.state.generator_optimizer = generator.into();
        self.state.discriminator_optimizer = discriminator.into();
        self.good = self.state.snapshot();
        self
    }

    /// The configuration that it was built from.
    pub fn config(&self) -> &GanTrainerConfig {
        &self.config
    }

    /// The generator to draw samples from: the moving average where there is one, in evaluation form.
    pub fn sampling_generator(&self) -> G {
        match &self.state.ema {
            Some(ema) => ema.model().clone(),
            None => self.state.generator.valid(),
        }
    }

    fn check_batch(&self, batch: &Batch<D, C>) -> Result<(), GanError> {
        if batch.is_empty() {
            return Err(GanError::Batch(BatchError::Empty));
        }
        let shape = batch.samples.dims();
        let sample = &self.example.samples.dims()[1..];
        if &shape[1..] != sample {
            let expected = [&shape[..1], sample].concat();
            return Err(GanError::Shape(ShapeError {
                what: "batch",
                expected,
                actual: shape.to_vec(),
            }));
        }
        check_condition(batch.len(), &batch.condition)?;
        Ok(())
    }

    /// One step on a batch that fits.
    fn advance(&mut self, batch: Batch<D, C>) -> Result<StepReport, GanError> {
        let device = self.device();
        let real = on_device(batch.samples, &device);
        let condition = batch.condition.to_device(&device);
        let generator_turn = (self.state.steps + 1).is_multiple_of(self.config.critic_steps);

        let count = real.dims()[0];
        let latent_shape = [count, self.state.generator.latent_size()];
        let latent = Stream::new(self.config.seed, Purpose::Latent, self.state.steps as u64)
            .normal(latent_shape, &device);
        let batch = TrainingBatch {
            real,
            latent,
            condition,
            parts: Part::split(count, self.config.micro_batches),
        };

        // One generator pass serves both halves, unless parts are to keep the graph small.
        let kept = (generator_turn && batch.parts.len() == 1).then(|| {
            let latent = batch.latent.clone();
            self.state.generator.generate(latent, &batch.condition)
        });
        let fake = match &kept {
            Some(fake) => fake.clone().detach(),
            None => self.fake(&batch),
        };
        let mut report = self.step_discriminator(&batch, fake)?;
        if generator_turn {
            self.step_generator(&batch, kept, &mut report);
        }
        self.state.steps += 1;
        Ok(report)
    }

    /// Generated samples that nobody differentiates, from no training pass of the generator.
    fn fake(&self, batch: &TrainingBatch<D, C>) -> Tensor<D> {
        let generator = fork(&self.state.generator).no_grad();
        let fakes = batch.parts.iter().map(|part| {
            let condition = part.condition(&batch.condition);
            generator.generate(part.of(&batch.latent), &condition)
        });
        Tensor::cat(fakes.collect(), 0).detach()
    }

    /// A learning rate of the configuration under its schedule, and what roll backs made of it.
    pub(super) fn learning_rate(&self, base: f64) -> f64 {
        let scheduled = self.config.learning_rate_schedule.at(self.state.steps);
        base * scheduled * self.state.learning_rate_factor
    }

    /// Looks at the last step, unless that was done, and goes back to the last good state if it fails.
    pub(super) fn settle(&mut self) -> Result<(), GanError> {
        let Some(report) = self.unsettled.take() else {
            return Ok(());
        };
        let settled = self.look(&report);
        match settled {
            Ok(()) => self.good = self.state.snapshot(),
            Err(_) => self.state = self.good.snapshot(),
        }
        settled
    }

    /// Whether the state is finite after the step of this report.
    fn look(&self, report: &StepReport) -> Result<(), GanError> {
        let found = first_non_finite(report, &self.state.generator, &self.state.discriminator)?;
        let Some(cause) = found else {
            return Ok(());
        };
        let error = GanError::NonFiniteStep {
            step: report.step,
            cause,
            loss_discriminator: read_scalar(report.loss_discriminator.clone())?,
            loss_generator: report.loss_generator.clone().map(read_scalar).transpose()?,
            restored: self.good.steps,
        };
        log::warn!("{error}");
        Err(error)
    }
}

impl<const D: usize, G, N, C> AdversarialTrainer<D, C> for GanTrainer<D, G, N, C>
where
    C: Condition,
    G: Generator<D, C>,
    N: Discriminator<D, C>,
{
    type Generator = G;
    type Discriminator = N;

    fn step(&mut self, batch: Batch<D, C>) -> Result<StepReport, GanError> {
        self.check_batch(&batch)?;
        let report = match self.advance(batch) {
            Ok(report) => report,
            Err(error) => {
                self.unsettled = None;
                self.state = self.good.snapshot();
                return Err(error);
            }
        };
        self.unsettled = Some(report.clone());
        let interval = self.config.finite_check.interval();
        if self.state.steps.is_multiple_of(interval) {
            self.settle()?;
        }
        Ok(report)
    }

    fn check_finite(&mut self) -> Result<(), GanError> {
        self.settle()
    }

    fn steps(&self) -> usize {
        self.state.steps
    }

    fn generator(&self) -> &G {
        &self.state.generator
    }

    fn discriminator(&self) -> &N {
        &self.state.discriminator
    }

    fn sample(&self, count: usize, seed: u64, condition: &C) -> Result<Tensor<D>, GanError> {
        SamplerConfig::new()
            .with_seed(seed)
            .with_chunk(self.config.sample_chunk)
            .sample(&self.sampling_generator(), count, condition)
    }

    fn device(&self) -> Device {
        module_device(&self.state.discriminator).autodiff()
    }
}

/// A batch as an untracked tensor of the training device.
fn on_device<const D: usize>(samples: Tensor<D>, device: &Device) -> Tensor<D> {
    samples
        .without_autodiff()
        .to_device(&device.clone().without_autodiff())
        .autodiff()
}
