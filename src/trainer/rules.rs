//! What a step of a [`GanTrainer`](super::GanTrainer) goes by, and the step itself.

use std::cell::RefCell;
use std::sync::Arc;

use burn::tensor::{Device, Tensor};

use super::augmented::{self, Changes};
use super::config::GanTrainerConfig;
use super::dry_run::guard;
use super::micro_batch::{Part, TrainingBatch};
use super::penalties::Penalties;
use super::player::fork;
use super::players::Players;
use super::transaction::Turn;
use crate::batch::{Batch, Condition};
use crate::errors::ShapeError;
use crate::gan_error::GanError;
use crate::module_tree::module_device;
use crate::network::{Discriminator, Generator};
use crate::objective::Objective;
use crate::random::{Purpose, Stream};
use crate::report::StepReport;

/// What steps do not change: the configuration, what both players minimise, and what a sample looks like.
pub(super) struct Rules<const D: usize, G, N, C> {
    pub config: GanTrainerConfig,
    pub objective: Arc<dyn Objective<D, G, N, C>>,
    pub penalties: Option<Penalties<D, N, C>>,
    /// One real sample.
    pub example: Batch<D, C>,
}

impl<const D: usize, G, N, C> Rules<D, G, N, C>
where
    C: Condition,
    G: Generator<D, C>,
    N: Discriminator<D, C>,
{
    /// One step on a batch that fits.
    pub fn advance(
        &self,
        players: &mut Players<G, N>,
        turn: Turn,
        batch: Batch<D, C>,
    ) -> Result<StepReport, GanError> {
        let batch = self.training_batch(players, turn, batch, self.config.micro_batches)?;
        let generator_turn = self.is_generator_turn(turn);

        // One generator pass serves both halves, unless parts are to keep the graph small.
        let kept = (generator_turn && batch.parts.len() == 1).then(|| {
            let latent = batch.latent.clone();
            self.generate(players.generator.network(), latent, &batch.condition)
        });
        let kept = kept.transpose()?;
        let fake = match &kept {
            Some(fake) => fake.clone().detach(),
            None => self.fake(players.generator.network(), &batch)?,
        };
        let report = self.step_discriminator(players, turn, &batch, fake)?;
        let report = augmented::reported(report, batch.augmentation_probability, players);
        let report = if generator_turn {
            self.step_generator(players, turn, &batch, kept, report)?
        } else {
            report
        };
        augmented::take_in(&report, &batch, players);
        Ok(report)
    }

    /// A batch on the training device, with its latent vectors, to go through in so many parts.
    pub fn training_batch(
        &self,
        players: &mut Players<G, N>,
        turn: Turn,
        batch: Batch<D, C>,
        parts: usize,
    ) -> Result<TrainingBatch<D, C>, GanError> {
        let device = module_device(players.discriminator.network()).autodiff();
        let real = on_device(batch.samples, &device);
        let count = real.dims()[0];
        let latent_shape = [count, players.generator.network().latent_size()];
        let latent = Stream::new(self.config.seed, Purpose::Latent, turn.step as u64)
            .normal(latent_shape, &device);
        Ok(TrainingBatch {
            real,
            latent,
            condition: batch.condition.to_device(&device),
            augmentation_probability: self.augmentation_probability(players, turn)?,
            parts: Part::split(count, parts),
        })
    }

    /// Whether the generator learns in this step as well.
    pub fn is_generator_turn(&self, turn: Turn) -> bool {
        (turn.step + 1).is_multiple_of(self.config.critic_steps)
    }

    /// The changes of the whole batch in one half of a step, where there is an augmentation.
    pub fn changes(&self, turn: Turn, half: Half, batch: &TrainingBatch<D, C>) -> Option<Changes> {
        let (shape, device) = (batch.real.dims(), batch.real.device());
        let probability = batch.augmentation_probability.unwrap_or(1.0);
        Changes::draw(&self.config, probability, turn, half, shape, &device)
    }

    /// Generated samples without a graph; the generator's running statistics stay as they are.
    fn fake(&self, generator: &G, batch: &TrainingBatch<D, C>) -> Result<Tensor<D>, GanError> {
        let generator = fork(generator).no_grad();
        let fakes = batch.parts.iter().map(|part| {
            let condition = part.condition(&batch.condition);
            self.generate(&generator, part.of(&batch.latent), &condition)
        });
        let fakes = fakes.collect::<Result<_, _>>()?;
        Ok(Tensor::cat(fakes, 0).detach())
    }

    /// Samples of these latent vectors, one each.
    pub fn generate(
        &self,
        generator: &G,
        latent: Tensor<2>,
        condition: &C,
    ) -> Result<Tensor<D>, GanError> {
        let shape = latent.dims();
        let samples = guard("generator", shape, || generator.generate(latent, condition))?;
        let expected = self.shape_of(shape[0]);
        ShapeError::check("samples of the generator", &expected, &samples.dims())?;
        Ok(samples)
    }

    /// The shape of `count` samples.
    pub fn shape_of(&self, count: usize) -> Vec<usize> {
        let sample = &self.example.samples.dims()[1..];
        [&[count], sample].concat()
    }

    /// A learning rate of the configuration under its schedule, and what roll backs made of it.
    pub fn learning_rate(&self, base: f64, turn: Turn) -> f64 {
        let scheduled = self.config.learning_rate_schedule.at(turn.step);
        base * scheduled * turn.learning_rate_factor
    }

    /// The random numbers of the objective in one half of a step.
    pub fn random(&self, turn: Turn, half: Half) -> RefCell<Stream> {
        self.random_of_part(turn, half, 0)
    }

    /// The same for a part that draws beside the others, not after them.
    pub fn random_of_part(&self, turn: Turn, half: Half, part: usize) -> RefCell<Stream> {
        let stream = half.stream(self.config.seed, Purpose::Objective, turn);
        RefCell::new(stream.part(part as u64))
    }
}

// Derived, it would ask for networks that can be cloned.
impl<const D: usize, G, N, C: Clone> Clone for Rules<D, G, N, C> {
    fn clone(&self) -> Self {
        Self {
            config: self.config.clone(),
            objective: self.objective.clone(),
            penalties: self.penalties.clone(),
            example: self.example.clone(),
        }
    }
}

/// Whose half of a step it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Half {
    Discriminator = 0,
    Generator = 1,
}

impl Half {
    /// The random numbers of this half of a step.
    pub fn stream(self, seed: u64, purpose: Purpose, turn: Turn) -> Stream {
        Stream::new(seed, purpose, 2 * turn.step as u64 + self as u64)
    }
}

/// A batch as an untracked tensor of the training device.
pub(super) fn on_device<const D: usize>(samples: Tensor<D>, device: &Device) -> Tensor<D> {
    samples
        .without_autodiff()
        .to_device(&device.clone().without_autodiff())
        .autodiff()
}
