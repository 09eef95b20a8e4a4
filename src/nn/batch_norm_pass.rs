//! What the layers of batch normalisation have in common.

use burn::module::RunningState;
use burn::tensor::{FloatDType, Tensor};

use super::activation::Activation;
use crate::dual::{Dual, standardized};
use crate::kernel::{self, Function, Over, Statistics};

/// One forward pass of a batch normalisation.
pub(super) struct BatchNormPass<'a, const S: usize> {
    /// Scale, `[channels]`, or `[samples, channels]`.
    pub gamma: Tensor<S>,
    /// Shift, of the scale's shape.
    pub beta: Tensor<S>,
    /// Whether the batch's statistics are used on an autodiff device.
    pub is_training: bool,
    /// Running mean and (biased) variance, `[channels]`.
    pub running: [&'a RunningState<Tensor<1>>; 2],
    pub momentum: f64,
    pub epsilon: f64,
}

impl<const S: usize> BatchNormPass<'_, S> {
    /// Normalises `[samples, .., channels]` and applies an activation.
    pub fn propagate<const D: usize>(&self, x: Dual<D>, activation: Activation) -> Dual<D> {
        if self.is_training && x.value.device().is_autodiff() {
            self.by_batch(x, activation).marked_coupled()
        } else {
            self.by_running(x, activation)
        }
    }

    /// Normalises by the batch's statistics; without a tangent, the running ones advance.
    fn by_batch<const D: usize>(&self, x: Dual<D>, activation: Activation) -> Dual<D> {
        let (gamma, beta) = (&self.gamma, &self.beta);
        // An `Err` gives the input back, and is as large as the result.
        #[allow(clippy::result_large_err)]
        let normalization = |x, function| {
            kernel::normalization(x, [gamma, beta], Over::Batch, None, self.epsilon, function)
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
        let tangent = kernel::normalization_tangent(&x.value, dx, gamma, Over::Batch, self.epsilon);
        let normalized = match (tangent, normalization(x.value.clone(), Function::Identity)) {
            (Ok(dy), Ok((y, _))) => x.map_together(|_, _| (y, Some(dy))),
            _ => self.by_batch_portably(x),
        };
        activation.propagate(normalized)
    }

    fn by_batch_portably<const D: usize>(&self, x: Dual<D>) -> Dual<D> {
        self.by_column(x, |x| {
            let gamma = self.by_row(&self.gamma, &x);
            let beta = self.by_row(&self.beta, &x);
            let scaled = x.map_together(|x, dx| {
                let is_value_pass = dx.is_none();
                let normal = standardized(x, dx, &[0], self.epsilon, Some(gamma));
                if is_value_pass {
                    self.advance([normal.mean, normal.variance].map(|x| x.squeeze_dim(0)));
                }
                (normal.value, normal.tangent)
            });
            scaled.shift(beta, |x, beta| x + beta)
        })
    }

    fn by_running<const D: usize>(&self, x: Dual<D>, activation: Activation) -> Dual<D> {
        if x.tangent.is_some() {
            return activation.propagate(self.by_running_portably(x));
        }
        let value = |x: Tensor<D>| {
            let given = Some(self.running_at(&x));
            let (scaling, function) = ([&self.gamma, &self.beta], activation.function());
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
        let [mean, variance] = self.running_at(&x.value).map(Tensor::unsqueeze::<2>);
        self.by_column(x, |x| {
            let scale = self.by_row(&self.gamma, &x) / (variance + self.epsilon).sqrt();
            let beta = self.by_row(&self.beta, &x);
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
        let channels = shape[D - 1];
        let rows = shape.iter().take(D - 1).product::<usize>();
        function(x.linear(|x| x.reshape([rows, channels]))).linear(|x| x.reshape(shape))
    }

    /// Scales or shifts for each row of `[rows, channels]`: `[rows, channels]` where each sample has its own, else
    /// `[1, channels]`.
    fn by_row(&self, values: &Tensor<S>, x: &Dual<2>) -> Tensor<2> {
        let [rows, channels] = x.value.dims();
        let samples = values.shape().num_elements() / channels;
        match rows.checked_div(samples) {
            Some(positions) if samples > 1 && positions > 1 => values
                .clone()
                .reshape([samples, 1, channels])
                .repeat_dim(1, positions)
                .reshape([rows, channels]),
            _ => values.clone().reshape([samples, channels]),
        }
    }

    /// Running mean and variance, on the device of `x` and in its precision.
    fn running_at<const D: usize>(&self, x: &Tensor<D>) -> Statistics {
        let (device, precision): (_, FloatDType) = (x.device(), x.dtype().into());
        self.running
            .map(|state| state.value_sync().to_device(&device).cast(precision))
    }

    /// `running = (1 - momentum) running + momentum batch`.
    fn advance(&self, batch: Statistics) {
        for (state, batch) in self.running.into_iter().zip(batch) {
            let running = state.value_sync();
            let precision: FloatDType = running.dtype().into();
            let batch = batch.detach().to_device(&running.device()).cast(precision);
            let (old, new) = (1.0 - self.momentum, self.momentum);
            state.update((running * old + batch * new).detach());
        }
    }
}
