//! Batch normalisation with a scale and a shift of each class.

use burn::config::Config;
use burn::module::{Flag, Module, Param, RunningState};
use burn::tensor::{Device, Tensor};

use super::activation::Activation;
use super::batch_norm::check;
use super::batch_norm_pass::BatchNormPass;
use super::embedding::rows;
use crate::batch::Labels;
use crate::dual::Dual;
use crate::errors::at_least_1;
use crate::network_error::NetworkError;

/// Configuration of a [`ConditionalBatchNorm`]; the defaults are those of [`BatchNormConfig`](crate::nn::BatchNormConfig).
#[derive(Config, Debug)]
#[non_exhaustive]
pub struct ConditionalBatchNormConfig {
    /// Number of classes.
    pub classes: usize,
    /// Number of channels.
    pub channels: usize,
    /// Added to the variance.
    #[config(default = 1e-5)]
    pub epsilon: f64,
    /// Weight of a new batch in the running statistics, in [0, 1].
    #[config(default = 0.1)]
    pub momentum: f64,
}

/// Conditional batch normalisation (de Vries et al. 2017, section 3; by class as in Miyato and Koyama 2018, section 5)
/// over the last axis of a tensor.
///
/// `y = gamma_c (x - mean) / sqrt(variance + epsilon) + beta_c`, with a scale and a shift of each class `c`. Mean and
/// variance are those of all classes together; they are taken, and the running ones advance, as in a
/// [`BatchNorm`](crate::nn::BatchNorm). A label outside `0..classes` gives NaN, as in an
/// [`Embedding`](crate::nn::Embedding).
#[derive(Module, Debug)]
pub struct ConditionalBatchNorm {
    /// Scale, `[classes, channels]`; starts at 1.
    pub gamma: Param<Tensor<2>>,
    /// Shift, `[classes, channels]`; starts at 0.
    pub beta: Param<Tensor<2>>,
    /// Whether the batch's statistics are used on an autodiff device; `freeze` switches it off.
    pub training: Param<Flag>,
    /// Running mean, `[channels]`.
    pub running_mean: RunningState<Tensor<1>>,
    /// Running (biased) variance, `[channels]`.
    pub running_variance: RunningState<Tensor<1>>,
    momentum: f64,
    epsilon: f64,
}

impl ConditionalBatchNormConfig {
    /// Builds the layer.
    ///
    /// # Errors
    /// [`NetworkError::Config`] for a size of 0, a momentum outside [0, 1] or an epsilon that is not positive.
    pub fn init(&self, device: &Device) -> Result<ConditionalBatchNorm, NetworkError> {
        at_least_1("classes", self.classes)?;
        check(self.channels, self.momentum, self.epsilon)?;
        let shape = [self.classes, self.channels];
        Ok(ConditionalBatchNorm {
            gamma: Param::from_tensor(Tensor::ones(shape, device)),
            beta: Param::from_tensor(Tensor::zeros(shape, device)),
            training: Param::from_bool(true),
            running_mean: RunningState::new(Tensor::zeros([self.channels], device)),
            running_variance: RunningState::new(Tensor::ones([self.channels], device)),
            momentum: self.momentum,
            epsilon: self.epsilon,
        })
    }
}

impl ConditionalBatchNorm {
    /// Normalises `[N, .., channels]` of samples with class labels `[N]`.
    pub fn propagate<const D: usize>(&self, x: Dual<D>, labels: &Labels) -> Dual<D> {
        self.propagate_activated(x, labels, Activation::Identity)
    }

    /// Normalises `[N, .., channels]` of samples with class labels `[N]` and applies an activation, in one operation where
    /// there is a kernel for both.
    pub fn propagate_activated<const D: usize>(
        &self,
        x: Dual<D>,
        labels: &Labels,
        activation: Activation,
    ) -> Dual<D> {
        let pass = BatchNormPass {
            gamma: rows(self.gamma.val(), labels),
            beta: rows(self.beta.val(), labels),
            is_training: self.training.is_enabled(),
            running: [&self.running_mean, &self.running_variance],
            momentum: self.momentum,
            epsilon: self.epsilon,
        };
        pass.propagate(x, activation)
    }
}
