//! [`GanTrainer`]: a critic step, and every so many of them a generator step.

use std::sync::Arc;

use burn::module::Module;
use burn::tensor::{Device, Tensor};

use super::config::GanTrainerConfig;
use super::penalties::Penalties;
use super::players::Players;
use super::replicas::Replicas;
use super::rules::Rules;
use super::transaction::Transaction;
use crate::adversarial::AdversarialTrainer;
use crate::batch::{Batch, BatchError, Condition, check_condition};
use crate::errors::ShapeError;
use crate::gan_error::GanError;
use crate::kernel::{self, Kernels};
use crate::loss::AdversarialLoss;
use crate::module_tree::module_device;
use crate::network::{Discriminator, Generator};
use crate::objective::{Adversarial, Objective};
use crate::optimizer::NetworkOptimizer;
use crate::penalty::GradientPenalty;
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
pub struct GanTrainer<const D: usize, G: Module, N: Module, C = ()> {
    pub(super) rules: Rules<D, G, N, C>,
    pub(super) players: Transaction<Players<G, N>>,
    pub(super) replicas: Option<Replicas<D, G, N, C>>,
}

impl<const D: usize, G, N, C> GanTrainer<D, G, N, C>
where
    C: Condition,
    G: Generator<D, C>,
    N: Discriminator<D, C>,
{
    /// Replaces what both players minimise by an objective, one of the user's own or a sum of several; see
    /// [`objective`](crate::objective).
    pub fn with_objective(mut self, objective: impl Objective<D, G, N, C> + 'static) -> Self {
        self.rules.objective = Arc::new(objective);
        self
    }

    /// Replaces the configured loss by one of the user's own.
    pub fn with_loss(self, loss: impl AdversarialLoss + 'static) -> Self {
        self.with_objective(Adversarial(loss))
    }

    /// Adds a gradient penalty of the user's own to the configured ones.
    ///
    /// # Errors
    /// [`GanError::Penalty`] for a discriminator that it cannot be computed for.
    pub fn with_penalty(
        mut self,
        penalty: impl GradientPenalty<D> + 'static,
    ) -> Result<Self, GanError> {
        let penalties = match self.rules.penalties.take() {
            Some(penalties) => penalties,
            None => Penalties::new(
                self.rules.config.penalty_method,
                self.players.parts().discriminator.network(),
                &self.rules.example,
            )?,
        };
        self.rules.penalties = Some(penalties.with(penalty));
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
        self.players.change(|players| {
            players.generator.optimizer = generator.clone();
            players.discriminator.optimizer = discriminator.clone();
        });
        self
    }

    /// The configuration that it was built from.
    pub fn config(&self) -> &GanTrainerConfig {
        &self.rules.config
    }

    /// The generator to draw samples from: the moving average where there is one, in evaluation form.
    ///
    /// Between two checks ([`FiniteCheck::Every`](super::FiniteCheck::Every)) its weights may be NaN or infinite;
    /// [`AdversarialTrainer::check_finite`] checks them now.
    pub fn sampling_generator(&self) -> G {
        self.players.parts().generator.sampling_network()
    }

    /// The kernels that compute its networks, on its device.
    pub(super) fn kernels_in_use(&self) -> Kernels {
        self.rules.config.kernels.scope(|| {
            if kernel::serves(&self.rules.example.samples) {
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
        ShapeError::check("batch", &self.rules.shape_of(count), &batch.samples.dims())?;
        check_condition(count, &batch.condition)?;
        ShapeError::check(
            "condition of one sample",
            &self.rules.example.condition.sample_shape(),
            &batch.condition.sample_shape(),
        )?;
        Ok(())
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
        let Self {
            rules,
            players,
            replicas,
        } = self;
        if let Some(replicas) = replicas {
            return replicas.step(rules, players, batch);
        }
        let step = |parts: &mut _, turn| rules.advance(parts, turn, batch);
        rules.config.kernels.scope(|| players.step(step))
    }

    fn check_finite(&mut self) -> Result<(), GanError> {
        self.players.check()
    }

    fn steps(&self) -> usize {
        self.players.steps()
    }

    fn generator(&self) -> &G {
        self.players.parts().generator.network()
    }

    fn discriminator(&self) -> &N {
        self.players.parts().discriminator.network()
    }

    fn sample(&self, count: usize, seed: u64, condition: &C) -> Result<Tensor<D>, GanError> {
        self.players.refuse_bad_state()?;
        let sampler = SamplerConfig::new()
            .with_seed(seed)
            .with_chunk(self.rules.config.sample_chunk);
        let kernels = self.rules.config.kernels;
        kernels.scope(|| sampler.sample(&self.sampling_generator(), count, condition))
    }

    fn device(&self) -> Device {
        module_device(self.discriminator()).autodiff()
    }
}
