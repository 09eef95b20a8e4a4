//! Configuration of the trainer, checked once.

use burn::config::Config;
use burn::grad_clipping::GradientClippingConfig;
use burn::optim::{AdamConfig, AdamWConfig, RmsPropConfig, SgdConfig};
use serde::Serialize;

use super::dry_run::dry_run;
use super::gan::GanTrainer;
use super::penalties::push_penalty;
use super::state::State;
use crate::batch::{Batch, Condition};
use crate::ema::EmaConfig;
use crate::errors::{at_least_1, positive};
use crate::gan_error::GanError;
use crate::loss::Loss;
use crate::network::{Discriminator, Generator};
use crate::optimizer::{NetworkOptimizer, ScheduledAdamConfig};
use crate::penalty::{Penalty, PenaltyMethod};
use crate::schedule::Schedule;

/// An optimiser and its settings, in Burn's own configurations.
///
/// Any other Burn optimiser goes in with [`GanTrainer::with_optimizers`].
#[derive(Config, Debug)]
#[non_exhaustive]
pub enum OptimizerConfig {
    /// Adam.
    Adam(AdamConfig),
    /// Adam with decoupled weight decay.
    AdamW(AdamWConfig),
    /// RMSProp.
    RmsProp(RmsPropConfig),
    /// Stochastic gradient descent.
    Sgd(SgdConfig),
    /// Adam with a scheduled second moment.
    ScheduledAdam(ScheduledAdamConfig),
}

impl OptimizerConfig {
    /// Adam with beta1 = 0.5, beta2 = 0.999 (Radford et al. 2016, section 4) and epsilon = 1e-8.
    pub fn dcgan() -> Self {
        Self::Adam(
            AdamConfig::new()
                .with_beta_1(0.5)
                .with_beta_2(0.999)
                .with_epsilon(1e-8),
        )
    }

    /// The optimiser.
    ///
    /// # Errors
    /// [`GanError::Config`] for a value out of range in a [`ScheduledAdamConfig`]; Burn's own
    /// configurations are taken as they are.
    pub fn init(&self) -> Result<NetworkOptimizer, GanError> {
        Ok(match self {
            Self::Adam(config) => clipped(config.build().into(), config),
            Self::AdamW(config) => clipped(config.build().into(), config),
            Self::RmsProp(config) => clipped(config.build().into(), config),
            Self::Sgd(config) => clipped(config.build().into(), config),
            Self::ScheduledAdam(config) => config.init()?,
        })
    }
}

/// With the gradient clipping of one of Burn's configurations: their `build` drops it, and the field is private.
fn clipped(optimizer: NetworkOptimizer, config: &impl Serialize) -> NetworkOptimizer {
    let fields = serde_json::to_value(config).unwrap_or_default();
    // Sgd has it under another name than the others.
    let clipping = ["grad_clipping", "gradient_clipping"]
        .iter()
        .filter_map(|name| fields.get(name))
        .find_map(|field| serde_json::from_value::<GradientClippingConfig>(field.clone()).ok());
    optimizer.with_clipping(clipping.as_ref())
}

/// How often a step looks whether losses, gradients and weights are still finite.
///
/// The look is one read from the device. If it fails, the training state goes back to the last one that was
/// looked at and found good, and the step returns [`GanError::NonFiniteStep`], which says what was found.
#[derive(Config, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FiniteCheck {
    /// After every step: nothing but the failed step is lost.
    EveryStep,
    /// After every so many steps, for devices where reading a number is slow; up to as many steps are
    /// lost.
    Every(usize),
}

impl FiniteCheck {
    /// Number of steps from one look to the next.
    pub(super) fn interval(&self) -> usize {
        match self {
            Self::EveryStep => 1,
            Self::Every(steps) => *steps,
        }
    }
}

/// Configuration of a [`GanTrainer`]; the defaults are those of the DCGAN paper.
///
/// ```
/// use burn::tensor::{Device, Tensor};
/// use burn_gan::{AdversarialTrainer, Batch, loss::Loss, model::MlpConfig, trainer::GanTrainerConfig};
///
/// let device = Device::flex().autodiff();
/// let networks = MlpConfig::new(2).with_hidden(vec![32]);
/// let batch = Batch::new(Tensor::<2>::ones([8, 2], &device));
/// let mut trainer = GanTrainerConfig::new().with_loss(Loss::Hinge).init(
///     networks.init_generator(&device)?,
///     networks.init_discriminator(&device)?,
///     &batch,
/// )?;
/// let report = trainer.step(batch)?.read()?;
/// assert!(report.loss_discriminator.is_finite());
/// # Ok::<(), burn_gan::GanError>(())
/// ```
#[derive(Config, Debug)]
#[non_exhaustive]
pub struct GanTrainerConfig {
    /// What the two networks minimise.
    #[config(default = "Loss::NonSaturating")]
    pub loss: Loss,
    /// Label of real samples, in (1/2, 1]; below 1 it is one-sided label smoothing.
    #[config(default = 1.0)]
    pub real_label: f64,
    /// The generator's optimiser.
    #[config(default = "OptimizerConfig::dcgan()")]
    pub generator_optimizer: OptimizerConfig,
    /// The discriminator's optimiser.
    #[config(default = "OptimizerConfig::dcgan()")]
    pub discriminator_optimizer: OptimizerConfig,
    /// The generator's learning rate.
    #[config(default = 2e-4)]
    pub generator_learning_rate: f64,
    /// The discriminator's learning rate; unequal rates are the two time-scale rule (Heusel et al. 2017).
    #[config(default = 2e-4)]
    pub discriminator_learning_rate: f64,
    /// Factor on both learning rates, by the step.
    #[config(default = "Schedule::Constant(1.0)")]
    pub learning_rate_schedule: Schedule,
    /// Gradient penalties of the discriminator, added up. The weight of each is that of
    /// `loss + penalty`; R1 and R2 have the paper's factor 1/2.
    #[config(default = "Vec::new()")]
    pub penalties: Vec<Penalty>,
    /// How the penalties' gradient is computed.
    #[config(default = "PenaltyMethod::Exact")]
    pub penalty_method: PenaltyMethod,
    /// Factor on all penalties, by the step.
    #[config(default = "Schedule::Constant(1.0)")]
    pub penalty_schedule: Schedule,
    /// In every so many steps there are penalties, as many times as strong: lazy regularisation (Karras et al.
    /// 2020, appendix B). 1 is every step, and is what the R3GAN paper advises: its appendix E reports that
    /// training with lazy intervals failed completely on small data.
    #[config(default = 1)]
    pub penalty_interval: usize,
    /// Steps of the discriminator for each step of the generator, at least 1; every step takes a batch.
    #[config(default = 1)]
    pub critic_steps: usize,
    /// Bound on the absolute value of every discriminator weight after each step (Arjovsky et al. 2017,
    /// algorithm 1: 0.01).
    pub weight_clip: Option<f64>,
    /// Bound on the norm of each player's gradient over all its parameters: a longer gradient is scaled down to
    /// it (Pascanu et al. 2013). The gradient of a penalty counts with that of the loss.
    pub gradient_clip: Option<f64>,
    /// In how many parts the batch of a step goes through the networks, at least 1; the gradients are added up to
    /// those of the whole batch, and each player takes one step. It takes less memory and some more time, for
    /// the generator runs once for each half.
    ///
    /// Latent vectors and the points of penalties are those of the whole batch, so the result is the same up to
    /// rounding, with three exceptions. Batch normalisation (its running statistics move on by each part),
    /// minibatch standard deviation, and the relativistic average loss see a part in place of the batch, as does
    /// any layer or loss of your own that mixes samples. A generator with randomness of its own (dropout) draws
    /// afresh for each half. Parts may differ in size by one; a batch of fewer samples has fewer parts.
    #[config(default = 1)]
    pub micro_batches: usize,
    /// Moving average of the generator's weights, which samples are then drawn from.
    pub ema: Option<EmaConfig>,
    /// How often losses, gradients and weights are checked for NaN and infinities.
    #[config(default = "FiniteCheck::EveryStep")]
    pub finite_check: FiniteCheck,
    /// The largest number of samples that are drawn at once.
    #[config(default = 128)]
    pub sample_chunk: usize,
    /// Seed of the latent vectors.
    #[config(default = 0)]
    pub seed: u64,
}

impl GanTrainerConfig {
    /// Builds the trainer for data like `example`, a batch of at least one real sample.
    ///
    /// Networks on a device without autodiff are moved onto one with it. Both networks run once on one
    /// sample, in their evaluation form, so that shapes that do not fit are found here.
    ///
    /// # Errors
    /// [`GanError::Config`] for a value out of range, [`GanError::Shape`] where the
    /// generator's samples, the discriminator's input or its logits do not have the shape that they must
    /// have, [`GanError::NetworkFailed`] where a network panics on the sample, [`GanError::Batch`] and
    /// [`GanError::Batch`] for an example that is none, [`GanError::NoTangentRule`] and
    /// [`GanError::PenalizedBatchNorm`] for a discriminator that the penalties cannot be computed for.
    pub fn init<const D: usize, C, G, N>(
        &self,
        generator: G,
        discriminator: N,
        example: &Batch<D, C>,
    ) -> Result<GanTrainer<D, G, N, C>, GanError>
    where
        C: Condition,
        G: Generator<D, C>,
        N: Discriminator<D, C>,
    {
        self.check()?;
        let loss = self.loss.build(self.real_label)?;
        dry_run(&generator, &discriminator, example)?;
        let mut penalties = None;
        for penalty in &self.penalties {
            let penalty = penalty.build()?;
            push_penalty(
                &mut penalties,
                penalty,
                self.penalty_method,
                &discriminator,
                example,
            )?;
        }
        let generator = generator.train();
        let ema = self
            .ema
            .as_ref()
            .map(|ema| ema.init(&generator))
            .transpose()?;
        let state = State {
            generator,
            discriminator: discriminator.train(),
            generator_optimizer: self.generator_optimizer.init()?,
            discriminator_optimizer: self.discriminator_optimizer.init()?,
            ema,
            steps: 0,
            learning_rate_factor: 1.0,
        };
        Ok(GanTrainer::new(
            self.clone(),
            loss,
            penalties,
            state,
            example,
        ))
    }

    fn check(&self) -> Result<(), GanError> {
        positive("generator_learning_rate", self.generator_learning_rate)?;
        positive(
            "discriminator_learning_rate",
            self.discriminator_learning_rate,
        )?;
        if let Some(bound) = self.weight_clip {
            positive("weight_clip", bound)?;
        }
        if let Some(bound) = self.gradient_clip {
            positive("gradient_clip", bound)?;
        }
        let factor = |value: f64| value >= 0.0 && value.is_finite();
        let requirement = "must be finite and not negative";
        self.learning_rate_schedule
            .check("learning_rate_schedule", factor, requirement)?;
        self.penalty_schedule
            .check("penalty_schedule", factor, requirement)?;
        at_least_1("penalty_interval", self.penalty_interval)?;
        at_least_1("critic_steps", self.critic_steps)?;
        at_least_1("micro_batches", self.micro_batches)?;
        at_least_1("finite_check", self.finite_check.interval())?;
        at_least_1("sample_chunk", self.sample_chunk)?;
        Ok(())
    }
}
