//! [`GanTrainer`]: a critic step, and every so many of them a generator step.

use burn::optim::GradientsParams;
use burn::tensor::{Device, Tensor};

use super::clip::clip_weights;
use super::config::GanTrainerConfig;
use super::dry_run::{first_sample, module_device};
use super::finite::is_finite;
use super::penalties::{Penalized, Penalties, Samples, push_penalty};
use super::state::{State, fork};
use crate::contract::{
    AdversarialTrainer, Batch, Condition, Discriminator, Generator, StepReport, check_condition,
    read_scalar,
};
use crate::error::GanError;
use crate::loss::AdversarialLoss;
use crate::nn::{advance_spectral_norms, has_spectral_norm};
use crate::optimizer::NetworkOptimizer;
use crate::penalty::GradientPenalty;
use crate::random::{Purpose, Stream};
use crate::sampling::SamplerConfig;

/// The standard alternating trainer (Goodfellow et al. 2014, algorithm 1).
///
/// Each step is one batch: the discriminator learns to tell it from as many generated samples, then, in
/// every `critic_steps`-th step, the generator learns from the same generated samples to be taken for real.
/// One generator forward pass serves both. Gradient penalties join the discriminator's loss before its one
/// backward pass; spectral normalisation, where the discriminator has it, follows the weights by one power
/// iteration after each of their steps.
///
/// Built by [`GanTrainerConfig::init`].
pub struct GanTrainer<const D: usize, G, N, C = ()> {
    config: GanTrainerConfig,
    loss: Box<dyn AdversarialLoss>,
    penalties: Option<Penalties<D, N, C>>,
    state: State<G, N>,
    /// The last state found finite.
    good: State<G, N>,
    /// One real sample.
    example: Batch<D, C>,
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
    /// [`GanError::NoTangentRule`] and [`GanError::PenalizedBatchNorm`] for a discriminator that it cannot be
    /// computed for.
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

    /// Replaces the configured optimisers by any Burn optimisers, such as `LionConfig::new().build()`, with states of
    /// their own.
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
            return Err(GanError::EmptyBatch);
        }
        let shape = batch.samples.dims();
        let sample = &self.example.samples.dims()[1..];
        if &shape[1..] != sample {
            let expected = [&shape[..1], sample].concat();
            return Err(GanError::ShapeMismatch {
                what: "batch",
                expected,
                actual: shape.to_vec(),
            });
        }
        check_condition(batch.len(), &batch.condition)
    }

    /// One step on a batch that fits.
    fn advance(&mut self, batch: Batch<D, C>) -> Result<StepReport, GanError> {
        let device = self.device();
        let real = on_device(batch.samples, &device);
        let condition = batch.condition.to_device(&device);
        let generator_turn = (self.state.steps + 1).is_multiple_of(self.config.critic_steps);

        let latent_shape = [real.dims()[0], self.state.generator.latent_size()];
        let latent = Stream::new(self.config.seed, Purpose::Latent, self.state.steps as u64)
            .normal(latent_shape, &device);
        let fake = if generator_turn {
            self.state.generator.generate(latent, &condition)
        } else {
            // Nobody differentiates it, and it is no training pass of the generator.
            fork(&self.state.generator)
                .no_grad()
                .generate(latent, &condition)
        };

        let mut report = self.step_discriminator(Samples {
            real: real.clone(),
            fake: fake.clone().detach(),
            condition: &condition,
        })?;
        if generator_turn {
            report.loss_generator = Some(self.step_generator(real, fake, &condition));
        }
        self.state.steps += 1;
        Ok(report)
    }

    fn step_discriminator(&mut self, samples: Samples<D, C>) -> Result<StepReport, GanError> {
        let step = self.state.steps;
        let discriminator = self.state.discriminator.clone();
        let logits_real = discriminator.logits(samples.real.clone(), samples.condition);
        let logits_fake = discriminator.logits(samples.fake.clone(), samples.condition);
        let loss = self
            .loss
            .discriminator(logits_real.clone(), logits_fake.clone())
            .mean();
        let penalized = self.penalize(samples)?;
        let interval = self.config.penalty_interval as f64;
        let total = match &penalized {
            Some(penalized) => loss.clone() + penalized.surrogate.clone() * interval,
            None => loss.clone(),
        };
        let gradients = GradientsParams::from_grads(total.backward(), &discriminator);
        let rate = self.config.learning_rate_schedule.at(step);
        let discriminator = self.state.discriminator_optimizer.step(
            self.config.discriminator_learning_rate * rate,
            discriminator,
            gradients,
        );
        let discriminator = match self.config.weight_clip {
            Some(bound) => clip_weights(discriminator, bound),
            None => discriminator,
        };
        self.state.discriminator = match has_spectral_norm(&discriminator) {
            true => advance_spectral_norms(discriminator, 1),
            false => discriminator,
        };
        let mut report = StepReport::new(
            step,
            loss.without_autodiff(),
            logits_real.without_autodiff(),
            logits_fake.without_autodiff(),
        );
        report.logits_are_log_odds = self.loss.logits_are_log_odds();
        report.penalty = penalized.map(|penalized| penalized.cost);
        Ok(report)
    }

    /// The penalties of this step, where it has any, under their schedule.
    fn penalize(&self, samples: Samples<D, C>) -> Result<Option<Penalized>, GanError> {
        let step = self.state.steps;
        let Some(penalties) = &self.penalties else {
            return Ok(None);
        };
        if !step.is_multiple_of(self.config.penalty_interval) {
            return Ok(None);
        }
        let mut random = Stream::new(self.config.seed, Purpose::Penalty, step as u64);
        let Penalized { surrogate, cost } =
            penalties.evaluate(&self.state.discriminator, samples, &mut random)?;
        let weight = self.config.penalty_schedule.at(step);
        Ok(Some(Penalized {
            surrogate: surrogate * weight,
            cost: cost * weight,
        }))
    }

    fn step_generator(&mut self, real: Tensor<D>, fake: Tensor<D>, condition: &C) -> Tensor<1> {
        // Through the discriminator, not into it: its weights get no gradient here, and its running
        // statistics belong to its own training passes.
        let discriminator = fork(&self.state.discriminator).no_grad();
        let logits_fake = discriminator.logits(fake, condition);
        let logits_real = || discriminator.logits(real.clone(), condition);
        let loss = self.loss.generator(logits_fake, &logits_real).mean();
        let gradients = GradientsParams::from_grads(loss.backward(), &self.state.generator);
        self.state.generator = self.state.generator_optimizer.step(
            self.config.generator_learning_rate
                * self.config.learning_rate_schedule.at(self.state.steps),
            self.state.generator.clone(),
            gradients,
        );
        if let Some(ema) = &mut self.state.ema {
            ema.blend(&self.state.generator);
        }
        loss.without_autodiff()
    }

    /// Keeps the state if it is finite, or goes back to the last one that was.
    fn settle(&mut self, report: &StepReport) -> Result<(), GanError> {
        let due = self
            .state
            .steps
            .is_multiple_of(self.config.finite_check.interval());
        if !due {
            return Ok(());
        }
        if is_finite(report, &self.state.generator, &self.state.discriminator)? {
            self.good = self.state.snapshot();
            return Ok(());
        }
        let error = GanError::NonFiniteStep {
            step: report.step,
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
        let stepped = self.advance(batch).and_then(|report| {
            self.settle(&report)?;
            Ok(report)
        });
        match stepped {
            Ok(report) => Ok(report),
            Err(error) => {
                self.state = self.good.snapshot();
                Err(error)
            }
        }
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
