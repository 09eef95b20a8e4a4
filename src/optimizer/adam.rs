//! Burn's Adam with its step in one pass where a kernel is for it.

use burn::optim::{
    Adam as BurnsAdam, AdamConfig, AdamState, AdaptiveMomentumState, LearningRate, Optimizer,
};
use burn::tensor::{Device, Tensor};
use serde::Deserialize;

use crate::errors::ConfigError;
use crate::kernel::{self, AdamInputs, AdamStep};

/// Burn's Adam, to the bit: the kernel does its operations in their order.
#[derive(Clone)]
pub(super) struct Adam {
    burns: BurnsAdam,
    /// `None` where Burn's form does more than the kernel.
    plain: Option<Plain>,
}

/// The settings of Adam without more.
#[derive(Clone, Copy)]
struct Plain {
    betas: [f32; 2],
    epsilon: f32,
}

/// The fields of Burn's configuration, which are private: they are read from its serialised form.
#[derive(Deserialize)]
struct Settings {
    beta_1: f32,
    beta_2: f32,
    epsilon: f32,
    amsgrad: bool,
    weight_decay: Option<serde_json::Value>,
}

impl Adam {
    pub fn new(config: &AdamConfig) -> Result<Self, ConfigError> {
        let settings = serde_json::to_value(config).and_then(Settings::deserialize);
        let settings = settings.map_err(|error| {
            let requirement = "must have the fields of Burn's Adam: its configuration has changed";
            ConfigError::new("adam", error, requirement)
        })?;
        let is_plain = !settings.amsgrad && settings.weight_decay.is_none();
        Ok(Self {
            burns: config.build(),
            plain: is_plain.then_some(Plain {
                betas: [settings.beta_1, settings.beta_2],
                epsilon: settings.epsilon,
            }),
        })
    }
}

impl Plain {
    /// The numbers of step `time`, counted from 1, as Burn rounds them.
    fn numbers(self, time: usize, learning_rate: LearningRate) -> AdamStep {
        let power = time as i32;
        let [correction_1, correction_2] = self.betas.map(|beta| 1.0 - beta.powi(power));
        let root = correction_2.sqrt();
        AdamStep {
            keep: self.betas,
            take: self.betas.map(|beta| 1.0 - beta),
            factor: root / correction_1,
            epsilon: self.epsilon * root,
            rate: learning_rate as f32,
        }
    }
}

impl Optimizer for Adam {
    type State<const D: usize> = AdamState<D>;

    fn step<const D: usize>(
        &self,
        learning_rate: LearningRate,
        weight: Tensor<D>,
        gradient: Tensor<D>,
        state: Option<AdamState<D>>,
    ) -> (Tensor<D>, Option<AdamState<D>>) {
        let Some(plain) = self.plain else {
            return self.burns.step(learning_rate, weight, gradient, state);
        };
        let numbers = plain.numbers(next_time(&state), learning_rate);
        match in_one_pass(numbers, weight, gradient, state) {
            Ok(stepped) => stepped,
            Err((weight, gradient, state)) => {
                self.burns.step(learning_rate, weight, gradient, state)
            }
        }
    }

    fn to_device<const D: usize>(state: AdamState<D>, device: &Device) -> AdamState<D> {
        BurnsAdam::to_device(state, device)
    }
}

/// Weight, gradient and what is remembered.
type Inputs<const D: usize> = (Tensor<D>, Tensor<D>, Option<AdamState<D>>);

/// The number of the step after this state, counted from 1.
pub(super) fn next_time<const D: usize>(state: &Option<AdamState<D>>) -> usize {
    1 + state.as_ref().map_or(0, |state| state.momentum.time)
}

/// The new weight and state by the kernel; the inputs back where it is not for them.
// An `Err` gives the inputs back, and is as large as the result.
#[allow(clippy::result_large_err)]
pub(super) fn in_one_pass<const D: usize>(
    numbers: AdamStep,
    weight: Tensor<D>,
    gradient: Tensor<D>,
    state: Option<AdamState<D>>,
) -> Result<(Tensor<D>, Option<AdamState<D>>), Inputs<D>> {
    let time = next_time(&state);
    let with_moments = |time, [moment_1, moment_2]: [Tensor<D>; 2]| {
        AdamState::new(AdaptiveMomentumState::new(time, moment_1, moment_2))
    };
    let inputs = AdamInputs {
        weight,
        gradient,
        moments: state.map(|state| [state.momentum.moment_1, state.momentum.moment_2]),
    };
    match kernel::adam(numbers, inputs) {
        Ok([weight, moment_1, moment_2]) => {
            Ok((weight, Some(with_moments(time, [moment_1, moment_2]))))
        }
        Err(inputs) => {
            let state = inputs
                .moments
                .map(|moments| with_moments(time - 1, moments));
            Err((inputs.weight, inputs.gradient, state))
        }
    }
}
