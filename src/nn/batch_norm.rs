//! Batch normalisation over the last axis.

use burn::config::Config;
use burn::module::{Flag, Module, Param, RunningState};
use burn::tensor::{Device, Tensor};

use crate::dual::{Dual, standardized};
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
        at_least_1("channels", self.channels)?;
        if !(0.0..=1.0).contains(&self.momentum) {
            return Err(ConfigError::new("momentum", self.momentum, "must be in [0, 1]").into());
        }
        positive("epsilon", self.epsilon)?;
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
        let shape = x.value.dims();
        let [channels] = self.gamma.dims();
        let rows = shape.iter().take(D - 1).product::<usize>();
        let columns = x.linear(|x| x.reshape([rows, channels]));
        let training = columns.value.device().is_autodiff() && self.training.is_enabled();
        let normalized = if training {
            self.by_batch(columns)
        } else {
            self.by_running(columns)
        };
        normalized.linear(|x| x.reshape(shape))
    }

    /// Normalises by the batch's statistics; without a tangent, the running ones advance.
    fn by_batch(&self, x: Dual<2>) -> Dual<2> {
        let gamma = self.gamma.val().unsqueeze::<2>();
        let scaled = x.map_together(|x, dx| {
            let is_value_pass = dx.is_none();
            let normal = standardized(x, dx, &[0], self.epsilon, Some(gamma));
            if is_value_pass {
                advance(&self.running_mean, normal.mean, self.momentum);
                advance(&self.running_variance, normal.variance, self.momentum);
            }
            (normal.value, normal.tangent)
        });
        scaled
            .shift(self.beta.val().unsqueeze::<2>(), |x, beta| x + beta)
            .marked_coupled()
    }

    fn by_running(&self, x: Dual<2>) -> Dual<2> {
        let device = x.value.device();
        let running = |state: &RunningState<Tensor<1>>| {
            state.value_sync().to_device(&device).unsqueeze::<2>()
        };
        let mean = running(&self.running_mean);
        let deviation = (running(&self.running_variance) + self.epsilon).sqrt();
        let scale = self.gamma.val().unsqueeze::<2>() / deviation;
        let beta = self.beta.val().unsqueeze::<2>();
        x.shift(mean, |x, mean| x - mean)
            .weighted(scale, |x, scale| x * scale)
            .shift(beta, |x, beta| x + beta)
    }
}

/// `running = (1 - momentum) running + momentum batch`.
fn advance(state: &RunningState<Tensor<1>>, batch: Tensor<2>, momentum: f64) {
    let running = state.value_sync();
    let batch = batch
        .detach()
        .squeeze_dim::<1>(0)
        .to_device(&running.device());
    state.update((running * (1.0 - momentum) + batch * momentum).detach());
}
