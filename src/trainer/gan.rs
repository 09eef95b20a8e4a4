//! [`GanTrainer`]: a critic step, and every so many of them a generator step.

use burn::tensor::{Device, Tensor};

use super::config::GanTrainerConfig;
use super::dry_run::first_sample;
use super::last_good::LastGood;
use super::micro_batch::{Part, TrainingBatch};
use super::penalties::{Penalties, push_penalty};
use super::state::{State, fork};
use crate::adversarial::AdversarialTrainer;
use crate::batch::{Batch, BatchError, Condition, check_condition};
use crate::errors::ShapeError;
use crate::gan_error::GanError;
use crate::kernel::{self, Kernels};
use crate::loss::AdversarialLoss;
use crate::module_tree::module_device;
use crate::network::{Discriminator, Generator};
use crate::optimizer::NetworkOptimizer;
use crate::penalty::GradientPenalty;
use crate::random::{Purpose, Stream};
use crate::report::StepReport;
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
/// A step is taken whole or not at all: where a network panics, a batch does not fit or something is not finite, the
/// networks, their running statistics, the optimisers and the average go back. For that a second copy of them is held,
/// and a third during a step that follows one that was not checked.
///
/// A class label beyond the classes of Burn's `Embedding` is such a panic on a CPU. A GPU reads past the end with no
/// error, and the value that it finds there is arbitrary: check labels where they come from.
///
/// Built by [`GanTrainerConfig::init`].
pub struct GanTrainer<const D: usize, G, N, C = ()> {
    pub(super) config: GanTrainerConfig,
    pub(super) loss: Box<dyn AdversarialLoss>,
    pub(super) penalties: Option<Penalties<D, N, C>>,
    pub(super) state: State<G, N>,
    pub(super) last_good: LastGood<G, N>,
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
            last_good: LastGood {
                state: state.snapshot(),
                unchecked: Vec::new(),
            },
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
        let (generator, discriminator) = (generator.into(), discriminator.into());
        self.change_both(|state| {
            state.generator_optimizer = generator.clone();
            state.discriminator_optimizer = discriminator.clone();
        });
        self
    }

    /// The configuration that it was built from.
    pub fn config(&self) -> &GanTrainerConfig {
        &self.config
    }

    /// The generator to draw samples from: the moving average where there is one, in evaluation form.
    ///
    /// Between two checks ([`FiniteCheck::Every`](super::FiniteCheck::Every)) its weights may be NaN or infinite;
    /// [`AdversarialTrainer::check_finite`] checks them now.
    pub fn sampling_generator(&self) -> G {
        match &self.state.ema {
            Some(ema) => ema.model().clone(),
            None => self.state.generator.valid(),
        }
    }

    /// The shape of `count` samples.
    pub(super) fn shape_of(&self, count: usize) -> Vec<usize> {
        let sample = &self.example.samples.dims()[1..];
        [&[count], sample].concat()
    }

    /// The kernels that compute its networks, on its device.
    pub(super) fn kernels_in_use(&self) -> Kernels {
        self.config.kernels.scope(|| {
            if kernel::serves(&self.example.samples) {
                Kernels::in_use()
            } else {
                Kernels::Off
            }
        })
    }

    fn check_batch(&self, batch: &Batch<D, C>) -> Result<(), GanError> {
        if batch.is_empty() {
            return Err(GanError::Batch(BatchError::Empty));
        }
        let count = batch.len();
        ShapeError::check("batch", &self.shape_of(count), &batch.samples.dims())?;
        check_condition(count, &batch.condition)?;
        ShapeError::check(
            "condition of one sample",
            &self.example.condition.sample_shape(),
            &batch.condition.sample_shape(),
        )?;
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
            self.generate(&self.state.generator, latent, &batch.condition)
        });
        let kept = kept.transpose()?;
        let fake = match &kept {
            Some(fake) => fake.clone().detach(),
            None => self.fake(&batch)?,
        };
        let mut report = self.step_discriminator(&batch, fake)?;
        if generator_turn {
            report = self.step_generator(&batch, kept, report)?;
        }
        self.state.steps += 1;
        Ok(report)
    }

    /// Generated samples without a graph; the generator's running statistics stay as they are.
    fn fake(&self, batch: &TrainingBatch<D, C>) -> Result<Tensor<D>, GanError> {
        let generator = fork(&self.state.generator).no_grad();
        let fakes = batch.parts.iter().map(|part| {
            let condition = part.condition(&batch.condition);
            self.generate(&generator, part.of(&batch.latent), &condition)
        });
        let fakes = fakes.collect::<Result<_, _>>()?;
        Ok(Tensor::cat(fakes, 0).detach())
    }

    /// A learning rate of the configuration under its schedule, and what roll backs made of it.
    pub(super) fn learning_rate(&self, base: f64) -> f64 {
        let scheduled = self.config.learning_rate_schedule.at(self.state.steps);
        base * scheduled * self.state.learning_rate_factor
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
        let kernels = self.config.kernels;
        kernels.scope(|| self.whole_step(|trainer| trainer.advance(batch)))
    }

    fn check_finite(&mut self) -> Result<(), GanError> {
        self.check()
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
        self.refuse_bad_state()?;
        let sampler = SamplerConfig::new()
            .with_seed(seed)
            .with_chunk(self.config.sample_chunk);
        let kernels = self.config.kernels;
        kernels.scope(|| sampler.sample(&self.sampling_generator(), count, condition))
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
