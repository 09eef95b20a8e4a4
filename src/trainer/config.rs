//! Configuration of the trainer, checked once.

use burn::config::{Config, config_to_json};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::saved_config::upgraded;
use crate::augment::{Augmentation, LogitSign, Strength};
use crate::ema::EmaConfig;
use crate::errors::{ConfigError, at_least_1, positive};
use crate::kernel::Kernels;
use crate::loss::Loss;
use crate::optimizer::OptimizerConfig;
use crate::penalty::{Penalty, PenaltyMethod};
use crate::schedule::Schedule;

/// How often a step checks whether losses, gradients and weights are still finite.
///
/// The check is one read from the device. If it fails, the training state goes back to the last one that was
/// found finite, and the step returns [`GanError::NonFiniteStep`](crate::GanError::NonFiniteStep), which says what was
/// found.
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
    /// Number of steps from one check to the next.
    pub(super) fn interval(&self) -> usize {
        match self {
            Self::EveryStep => 1,
            Self::Every(steps) => *steps,
        }
    }
}

/// Where gradient penalties are taken in a run with an augmentation `T`.
#[derive(Config, Debug, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum PenaltyPlace {
    /// The gradient of `D` at the changed images `T(x)`, as R3GAN's released code has it.
    Changed,
    /// The gradient of `D(T(x))` at the images `x` themselves, through the change: StyleGAN2-ADA's R1 (Karras et al. 2020,
    /// its released code). `T` are the changes of the real images, at whichever points.
    Unchanged,
}

/// Configuration of a [`GanTrainer`](super::GanTrainer); the defaults are those of the DCGAN paper.
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
///
/// # Schedules
///
/// Every schedule, those of the optimisers and of the average too, is a function of the trainer's step: one a batch,
/// one a step of the discriminator. With [`critic_steps`](Self::critic_steps) of 5 a schedule over 1,000 steps ends with
/// the generator's 200th step, for both players.
///
/// # Files
///
/// It goes into a file and comes back by `burn::config::Config`; a field that a file leaves out has its default. Files
/// of version 0.1.0 are read; one with a smoothed label beside a loss without labels, or with a half-life beside another
/// decay, is refused.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(remote = "Self", default)]
#[non_exhaustive]
pub struct GanTrainerConfig {
    /// What the two networks minimise.
    pub loss: Loss,
    /// The generator's optimiser.
    pub generator_optimizer: OptimizerConfig,
    /// The discriminator's optimiser.
    pub discriminator_optimizer: OptimizerConfig,
    /// The generator's learning rate.
    pub generator_learning_rate: f64,
    /// The discriminator's learning rate; unequal rates are the two time-scale rule (Heusel et al. 2017).
    pub discriminator_learning_rate: f64,
    /// Factor on both learning rates, by the step.
    pub learning_rate_schedule: Schedule,
    /// Gradient penalties of the discriminator, added up. The weight of each is that of
    /// `loss + penalty`; R1 and R2 have the paper's factor 1/2.
    pub penalties: Vec<Penalty>,
    /// How the penalties' gradient is computed.
    pub penalty_method: PenaltyMethod,
    /// Factor on all penalties, by the step.
    pub penalty_schedule: Schedule,
    /// In every so many steps there are penalties, as many times as strong: lazy regularisation (Karras et al.
    /// 2020, appendix B). 1 is every step, and is what the R3GAN paper advises: its appendix E reports that
    /// training with lazy intervals failed completely on small data.
    ///
    /// The first step has penalties. An observer of every tenth step (the 10th, the 20th) sees none of an interval of 2; one of
    /// every fifth does.
    pub penalty_interval: usize,
    /// Steps of the discriminator for each step of the generator, at least 1; every step takes a batch.
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
    pub micro_batches: usize,
    /// Random changes of the images that the discriminator sees, real and generated ones alike; `None` for none. Each half
    /// of a step draws its own. The probability of an adaptive one is a part of the trainer's state.
    pub augmentation: Option<Augmentation>,
    /// Where penalties are taken in a run with an augmentation.
    pub penalty_place: PenaltyPlace,
    /// Moving average of the generator's weights, which samples are then drawn from.
    pub ema: Option<EmaConfig>,
    /// How often losses, gradients and weights are checked for NaN and infinities.
    pub finite_check: FiniteCheck,
    /// The largest number of samples that are drawn at once.
    pub sample_chunk: usize,
    /// Which kernels of this crate compute the networks where they can: on the flex backend. Part of what has to be the
    /// same for a run to go on from a checkpoint, under the name `kernels`.
    pub kernels: Kernels,
    /// Seed of the latent vectors.
    pub seed: u64,
}

impl Default for GanTrainerConfig {
    fn default() -> Self {
        Self {
            loss: Loss::NonSaturating,
            generator_optimizer: OptimizerConfig::dcgan(),
            discriminator_optimizer: OptimizerConfig::dcgan(),
            generator_learning_rate: 2e-4,
            discriminator_learning_rate: 2e-4,
            learning_rate_schedule: Schedule::Constant(1.0),
            penalties: Vec::new(),
            penalty_method: PenaltyMethod::Exact,
            penalty_schedule: Schedule::Constant(1.0),
            penalty_interval: 1,
            critic_steps: 1,
            weight_clip: None,
            gradient_clip: None,
            micro_batches: 1,
            augmentation: None,
            penalty_place: PenaltyPlace::Changed,
            ema: None,
            finite_check: FiniteCheck::EveryStep,
            sample_chunk: 128,
            kernels: Kernels::Fast,
            seed: 0,
        }
    }
}

/// The methods that set one field.
macro_rules! setters {
    ($($method:ident => $field:ident: $kind:ty,)*) => {
        impl GanTrainerConfig {
            $(
                #[doc = concat!("The same with another [`", stringify!($field), "`](Self::", stringify!($field), ").")]
                pub fn $method(mut self, $field: $kind) -> Self {
                    self.$field = $field;
                    self
                }
            )*
        }
    };
}

setters! {
    with_loss => loss: Loss,
    with_generator_optimizer => generator_optimizer: OptimizerConfig,
    with_discriminator_optimizer => discriminator_optimizer: OptimizerConfig,
    with_generator_learning_rate => generator_learning_rate: f64,
    with_discriminator_learning_rate => discriminator_learning_rate: f64,
    with_learning_rate_schedule => learning_rate_schedule: Schedule,
    with_penalties => penalties: Vec<Penalty>,
    with_penalty_method => penalty_method: PenaltyMethod,
    with_penalty_schedule => penalty_schedule: Schedule,
    with_penalty_interval => penalty_interval: usize,
    with_critic_steps => critic_steps: usize,
    with_weight_clip => weight_clip: Option<f64>,
    with_gradient_clip => gradient_clip: Option<f64>,
    with_micro_batches => micro_batches: usize,
    with_augmentation => augmentation: Option<Augmentation>,
    with_penalty_place => penalty_place: PenaltyPlace,
    with_ema => ema: Option<EmaConfig>,
    with_finite_check => finite_check: FiniteCheck,
    with_sample_chunk => sample_chunk: usize,
    with_kernels => kernels: Kernels,
    with_seed => seed: u64,
}

impl GanTrainerConfig {
    /// The hyper-parameters of DCGAN.
    pub fn new() -> Self {
        Self::default()
    }

    /// Refuses values out of range.
    pub(super) fn check(&self) -> Result<(), ConfigError> {
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
        if let PenaltyMethod::CentralDifference { step } = self.penalty_method {
            positive("penalty_method.step", step)?;
        }
        at_least_1("penalty_interval", self.penalty_interval)?;
        at_least_1("critic_steps", self.critic_steps)?;
        at_least_1("micro_batches", self.micro_batches)?;
        if let Some(augmentation) = &self.augmentation {
            augmentation.check()?;
            self.check_sign(augmentation)?;
        }
        at_least_1("finite_check", self.finite_check.interval())?;
        at_least_1("sample_chunk", self.sample_chunk)?;
        Ok(())
    }

    /// Refuses an augmentation that goes by the sign of logits beside a loss that gives it no meaning.
    fn check_sign(&self, augmentation: &Augmentation) -> Result<(), ConfigError> {
        match augmentation.strength() {
            Some(Strength::Adaptive(adaptive))
                if adaptive.sign == LogitSign::Real && !self.loss.separates_at_0() =>
            {
                Err(ConfigError::new(
                    "augmentation.strength.sign",
                    (adaptive.sign, self.loss),
                    "must be `LogitSign::Relative`: the loss does not bring logits of real samples above 0",
                ))
            }
            _ => Ok(()),
        }
    }
}

impl Config for GanTrainerConfig {}

impl std::fmt::Display for GanTrainerConfig {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&config_to_json(self))
    }
}

// The derived methods above are those of the type itself, so that files of earlier versions can be turned into today's
// form before they are read.
impl Serialize for GanTrainerConfig {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Self::serialize(self, serializer)
    }
}

impl<'de> Deserialize<'de> for GanTrainerConfig {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let fields = serde_json::Value::deserialize(deserializer)?;
        let fields = upgraded(fields).map_err(serde::de::Error::custom)?;
        Self::deserialize(fields).map_err(serde::de::Error::custom)
    }
}
