//! Batch normalisation over the last axis.

use burn::config::Config;
use burn::module::{Flag, Module, Param, RunningState};
use burn::tensor::{Device, Tensor};

use super::activation::Activation;
use super::batch_norm_pass::BatchNormPass;
use crate::dual::Dual;
use crate::errors::{ConfigError, at_least_1, positive};
use crate::network_error::NetworkError;

/// Configuration of a [`BatchNorm`] layer; the defaults are Burn's and PyTorch's.
#[derive(Config, Debug)]
#[non_exhaustive]
pub struct BatchNormConfig {
    /// Number of channels.
    pub channels: usize,
    /// Added to the variance.
    #[config(default = 1e-5)]
    pub epsilon: f64,
    /// Weight of a new batch in the running statistics, in [0, 1].
    #[config(default = 0.1)]
    pub momentum: f64,
}

/// Batch normalisation (Ioffe and Szegedy 2015, algorithm 1) over the last axis of a tensor.
///
/// `y = gamma (x - mean) / sqrt(variance + epsilon) + beta`. On an autodiff device the statistics are the
/// batch's, and the running ones advance; otherwise the running ones are used. Like Burn's, and unlike
/// PyTorch's, the running variance is the biased one. A pass that carries a tangent leaves the running
/// statistics alone.
///
/// The channels are columns here, so that the statistics are column means: on a CPU that is faster than
/// moving the channels to the second axis and back, as Burn's own layer would need.
#[derive(Module, Debug)]
pub struct BatchNorm {
    /// Scale, `[channels]`; starts at 1.
    pub gamma: Param<Tensor<1>>,
    /// Shift, `[channels]`; starts at 0.
    pub beta: Param<Tensor<1>>,
    /// Whether the batch's statistics are used on an autodiff device; `freeze` switches it off.
    pub training: Param<Flag>,
    /// Running mean, `[channels]`.
    pub running_mean: RunningState<Tensor<1>>,
    /// Running (biased) variance, `[channels]`.
    pub running_variance: RunningState<Tensor<1>>,
    momentum: f64,
    epsilon: f64,
}

impl BatchNormConfig {
    /// Builds the layer.
    ///
    /// # Errors
    /// [`NetworkError::Config`] for 0 channels, a momentum outside [0, 1] or an epsilon that is not
    /// positive.
    pub fn init(&self, device: &Device) -> Result<BatchNorm, NetworkError> {
        check(self.channels, self.momentum, self.epsilon)?;
        let shape = [self.channels];
        Ok(BatchNorm {
            gamma: Param::from_tensor(Tensor::ones(shape, device)),
            beta: Param::from_tensor(Tensor::zeros(shape, device)),
            training: Param::from_bool(true),
            running_mean: RunningState::new(Tensor::zeros(shape, device)),
            running_variance: RunningState::new(Tensor::ones(shape, device)),
            momentum: self.momentum,
            epsilon: self.epsilon,
        })
    }
}

impl BatchNorm {
    /// Normalises `[.., channels]`.
    pub fn propagate<const D: usize>(&self, x: Dual<D>) -> Dual<D> {
        self.propagate_activated(x, Activation::Identity)
    }

    /// Normalises `[.., channels]` and applies an activation, in one operation where there is a kernel for both.
    pub fn propagate_activated<const D: usize>(
        &self,
        x: Dual<D>,
        activation: Activation,
    ) -> Dual<D> {
        let pass = BatchNormPass {
            gamma: self.gamma.val(),
            beta: self.beta.val(),
            is_training: self.training.is_enabled(),
            running: [&self.running_mean, &self.running_variance],
            momentum: self.momentum,
            epsilon: self.epsilon,
        };
        pass.propagate(x, activation)
    }
}

/// Refuses 0 channels, a momentum outside [0, 1] and an epsilon that is not positive.
pub(super) fn check(channels: usize, momentum: f64, epsilon: f64) -> Result<(), ConfigError> {
    at_least_1("channels", channels)?;
    if !(0.0..=1.0).contains(&momentum) {
        return Err(ConfigError::new("momentum", momentum, "must be in [0, 1]"));
    }
    positive("epsilon", epsilon)
}
