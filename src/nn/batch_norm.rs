//! Batch normalisation over the last axis.

use burn::config::Config;
use burn::module::{Flag, Module, Param, RunningState};
use burn::tensor::{Device, FloatDType, Tensor};

use super::activation::Activation;
use crate::dual::{Dual, standardized};
use crate::errors::{ConfigError, at_least_1, positive};
use crate::kernel::{self, Function, Over, Statistics};
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
        self.propagate_activated(x, Activation::Identity)
    }

    /// Normalises `[.., channels]` and applies an activation, in one operation where there is a kernel for both.
    pub fn propagate_activated<const D: usize>(
        &self,
        x: Dual<D>,
        activation: Activation,
    ) -> Dual<D> {
        let training = x.value.device().is_autodiff() && self.training.is_enabled();
        if training {
            self.by_batch(x, activation).marked_coupled()
        } else {
            self.by_running(x, activation)
        }
    }

    /// Normalises by the batch's statistics; without a tangent, the running ones advance.
    fn by_batch<const D: usize>(&self, x: Dual<D>, activation: Activation) -> Dual<D> {
        let (gamma, beta) = (self.gamma.val(), self.beta.val());
        // An `Err` gives the input back, and is as large as the result.
        #[allow(clippy::result_large_err)]
        let normalization = |x, function| {
            let scaling = [&gamma, &beta];
            kernel::normalization(x, scaling, Over::Batch, None, self.epsilon, function)
        };
        let Some(dx) = x.tangent.clone() else {
            return x.map_together(|x, _| {
                let y = match normalization(x, activation.function()) {
                    Ok((y, statistics)) => {
                        if let Some(statistics) = statistics {
                            self.advance(statistics);
                        }
                        y
                    }
                    Err(x) => {
                        let y = self.by_batch_portably(Dual::constant(x));
                        activation.propagate(y).value
                    }
                };
                (y, None)
            });
        };
        let tangent =
            kernel::normalization_tangent(&x.value, dx, &gamma, Over::Batch, self.epsilon);
        let normalized = match (tangent, normalization(x.value.clone(), Function::Identity)) {
            (Ok(dy), Ok((y, _))) => x.map_together(|_, _| (y, Some(dy))),
            _ => self.by_batch_portably(x),
        };
        activation.propagate(normalized)
    }

    fn by_batch_portably<const D: usize>(&self, x: Dual<D>) -> Dual<D> {
        let gamma = self.gamma.val().unsqueeze::<2>();
        self.by_column(x, |x| {
            let scaled = x.map_together(|x, dx| {
                let is_value_pass = dx.is_none();
                let normal = standardized(x, dx, &[0], self.epsilon, Some(gamma));
                if is_value_pass {
                    self.advance([normal.mean, normal.variance].map(|x| x.squeeze_dim(0)));
                }
                (normal.value, normal.tangent)
            });
            scaled.shift(self.beta.val().unsqueeze::<2>(), |x, beta| x + beta)
        })
    }

    fn by_running<const D: usize>(&self, x: Dual<D>, activation: Activation) -> Dual<D> {
        if x.tangent.is_some() {
            return activation.propagate(self.by_running_portably(x));
        }
        let value = |x: Tensor<D>| {
            let (gamma, beta) = (self.gamma.val(), self.beta.val());
            let given = Some(self.running(&x));
            let (scaling, function) = ([&gamma, &beta], activation.function());
            match kernel::normalization(x, scaling, Over::Batch, given, self.epsilon, function) {
                Ok((y, _)) => y,
                Err(x) => {
                    let y = self.by_running_portably(Dual::constant(x));
                    activation.propagate(y).value
                }
            }
        };
        // There is no tangent that a rule would be for.
        let rule = |_, dx| dx;
        if activation.is_curved() {
            x.map(value, rule)
        } else {
            x.piecewise_linear(value, rule)
        }
    }

    fn by_running_portably<const D: usize>(&self, x: Dual<D>) -> Dual<D> {
        let [mean, variance] = self.running(&x.value).map(Tensor::unsqueeze::<2>);
        let scale = self.gamma.val().unsqueeze::<2>() / (variance + self.epsilon).sqrt();
        let beta = self.beta.val().unsqueeze::<2>();
        self.by_column(x, |x| {
            x.shift(mean, |x, mean| x - mean)
                .weighted(scale, |x, scale| x * scale)
                .shift(beta, |x, beta| x + beta)
        })
    }

    /// Applies a function of `[rows, channels]`.
    fn by_column<const D: usize>(
        &self,
        x: Dual<D>,
        function: impl FnOnce(Dual<2>) -> Dual<2>,
    ) -> Dual<D> {
        let shape = x.value.dims();
        let [channels] = self.gamma.dims();
        let rows = shape.iter().take(D - 1).product::<usize>();
        function(x.linear(|x| x.reshape([rows, channels]))).linear(|x| x.reshape(shape))
    }

    /// Running mean and variance, on the device of `x` and in its precision.
    fn running<const D: usize>(&self, x: &Tensor<D>) -> Statistics {
        let (device, precision): (_, FloatDType) = (x.device(), x.dtype().into());
        [&self.running_mean, &self.running_variance]
            .map(|state| state.value_sync().to_device(&device).cast(precision))
    }

    /// `running = (1 - momentum) running + momentum batch`.
    fn advance(&self, batch: Statistics) {
        let states = [&self.running_mean, &self.running_variance];
        for (state, batch) in states.into_iter().zip(batch) {
            let running = state.value_sync();
            let precision: FloatDType = running.dtype().into();
            let batch = batch.detach().to_device(&running.device()).cast(precision);
            let (old, new) = (1.0 - self.momentum, self.momentum);
            state.update((running * old + batch * new).detach());
        }
    }
}
