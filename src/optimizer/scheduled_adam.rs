//! Adam with a second moment whose decay changes over the run.

use burn::config::Config;
use burn::optim::{AdamState, AdaptiveMomentumState, LearningRate, Optimizer};
use burn::tensor::{Device, Tensor};

use super::adam::{in_one_pass, next_time};
use super::{NetworkOptimizer, UpdateRule};
use crate::errors::{ConfigError, positive};
use crate::identity::Identity;
use crate::kernel::AdamStep;
use crate::schedule::Schedule;

/// Configuration of a [`ScheduledAdam`].
#[derive(Config, Debug)]
#[non_exhaustive]
pub struct ScheduledAdamConfig {
    /// Decay of the first moment, in [0, 1).
    #[config(default = 0.0)]
    pub beta_1: f64,
    /// Decay of the second moment, in [0, 1): by the optimiser's own step, and in a trainer by the trainer's.
    pub beta_2: Schedule,
    /// Added to the root of the second moment.
    #[config(default = 1e-8)]
    pub epsilon: f64,
}

/// Adam (Kingma and Ba 2015, algorithm 1) whose `beta_2` follows a [`Schedule`].
///
/// The bias correction takes the current `beta_2` to the power of the step, as PyTorch does when its value is
/// changed between steps.
#[derive(Debug, Clone)]
pub struct ScheduledAdam {
    config: ScheduledAdamConfig,
    /// Steps of the schedule for one step of the optimiser.
    steps_per_update: usize,
}

impl ScheduledAdamConfig {
    /// The optimiser for a module.
    ///
    /// # Errors
    /// For a decay outside [0, 1) or an epsilon that is not positive.
    pub fn init(&self) -> Result<NetworkOptimizer, ConfigError> {
        Ok(NetworkOptimizer::new(self.rule_every(1)?))
    }

    /// The rule of an optimiser that takes one step in so many of the schedule's, in the last of them.
    pub(super) fn rule_every(&self, steps: usize) -> Result<UpdateRule, ConfigError> {
        let decay = |value: f64| (0.0..1.0).contains(&value);
        if !decay(self.beta_1) {
            let requirement = "must be in [0, 1)";
            return Err(ConfigError::new("beta_1", self.beta_1, requirement));
        }
        self.beta_2.check("beta_2", decay, "must be in [0, 1)")?;
        positive("epsilon", self.epsilon)?;
        let rule = ScheduledAdam {
            config: self.clone(),
            steps_per_update: steps,
        };
        let schedule = serde_json::to_value(&self.beta_2)
            .map_err(|error| ConfigError::new("beta_2", error, "must be written down"))?;
        let identity = Identity::of::<ScheduledAdam>()
            .with("beta_1", self.beta_1)
            .with("beta_2", schedule)
            .with("epsilon", self.epsilon);
        Ok(UpdateRule::new(identity, rule))
    }
}

impl Optimizer for ScheduledAdam {
    type State<const D: usize> = AdamState<D>;

    fn step<const D: usize>(
        &self,
        learning_rate: LearningRate,
        weight: Tensor<D>,
        gradient: Tensor<D>,
        state: Option<AdamState<D>>,
    ) -> (Tensor<D>, Option<AdamState<D>>) {
        let time = next_time(&state);
        let step_of_schedule = time * self.steps_per_update - 1;
        let betas = [self.config.beta_1, self.config.beta_2.at(step_of_schedule)];
        let power = i32::try_from(time).unwrap_or(i32::MAX);
        let [correction_1, correction_2] = betas.map(|beta| 1.0 - beta.powi(power));
        let root = correction_2.sqrt();
        let factor = root / correction_1;
        let epsilon = self.config.epsilon * root;
        let numbers = AdamStep {
            keep: betas.map(|beta| beta as f32),
            take: betas.map(|beta| (1.0 - beta) as f32),
            factor: factor as f32,
            epsilon: epsilon as f32,
            rate: learning_rate as f32,
        };
        let (weight, gradient, state) = match in_one_pass(numbers, weight, gradient, state) {
            Ok(stepped) => return stepped,
            Err(inputs) => inputs,
        };
        let new_1 = gradient.clone() * (1.0 - betas[0]);
        let new_2 = gradient.square() * (1.0 - betas[1]);
        let (moment_1, moment_2) = match state.map(|state| state.momentum) {
            Some(past) => (
                past.moment_1 * betas[0] + new_1,
                past.moment_2 * betas[1] + new_2,
            ),
            None => (new_1, new_2),
        };
        let update = moment_1.clone() * factor / (moment_2.clone().sqrt() + epsilon);
        let state = AdamState::new(AdaptiveMomentumState::new(time, moment_1, moment_2));
        (weight - update * learning_rate, Some(state))
    }

    fn to_device<const D: usize>(mut state: AdamState<D>, device: &Device) -> AdamState<D> {
        state.momentum = state.momentum.to_device(device);
        state
    }
}
