//! Whether all passes of a penalty see one function: no randomness, and a tangent rule that is the logits' own.

use burn::module::{Module, ModuleMapper, Param};
use burn::tensor::{DType, FloatDType, Tensor};

use super::PenaltyError;
use super::exact::input_gradient;
use super::norm::{gradient_norm, per_sample, sum_of_logits};
use crate::dual::Dual;
use crate::errors::DeviceError;
use crate::network::{Discriminator, TangentRule};
use crate::random::{Purpose, Stream};

/// How often the discriminator is evaluated on the same samples.
const PASSES: usize = 4;
/// How far weights and samples are moved, in standard deviations of their own.
const SHIFT: f64 = 0.1;

/// A copy of a discriminator in training form, and samples for it.
///
/// Both are a little away from what was given, since a fresh network hides faults: a bias of 0 does not show that a
/// rule adds it to the tangent, a last layer of 0 does not show anything before it. The copy has running statistics
/// of its own.
pub(super) struct Example<N, const D: usize> {
    discriminator: N,
    samples: Tensor<D>,
}

impl<N: Module, const D: usize> Example<N, D> {
    pub fn new(discriminator: &N, samples: Tensor<D>) -> Self {
        let mut shift = Shift {
            random: Stream::new(0, Purpose::Penalty, 0),
        };
        Self {
            discriminator: discriminator.valid().train().map(&mut shift),
            samples: shift.shifted(samples.without_autodiff()),
        }
    }

    /// The logits; refuses a discriminator that gives others in another pass, such as one with dropout.
    pub fn refuse_random<C>(&self, condition: &C) -> Result<Vec<f64>, PenaltyError>
    where
        N: Discriminator<D, C>,
    {
        let tolerance = Tolerance::of(&self.samples).repetition;
        let logits = || {
            let samples = self.samples.clone().autodiff();
            read(self.discriminator.logits(samples, condition))
        };
        let first = logits()?;
        for _ in 1..PASSES {
            let other = logits()?;
            let bound = tolerance * largest(first.iter().chain(&other));
            for (logit, (&first, &second)) in first.iter().zip(&other).enumerate() {
                if (first - second).abs() > bound {
                    return Err(PenaltyError::RandomDiscriminator {
                        sample: self.sample_of(logit, other.len()),
                        first,
                        second,
                    });
                }
            }
        }
        Ok(first)
    }

    /// Refuses a tangent rule whose value is not these logits, or whose tangent is not their derivative.
    pub fn refuse_wrong_rule<C>(
        &self,
        rule: TangentRule<N, D, C>,
        condition: &C,
        logits: &[f64],
    ) -> Result<(), PenaltyError>
    where
        N: Discriminator<D, C>,
    {
        let tolerance = Tolerance::of(&self.samples).rule;
        let gradient = input_gradient(
            &|points| points,
            &self.discriminator,
            self.samples.clone(),
            condition,
        );
        let gradient = gradient.without_autodiff();
        // Half of the way up the slope, where a derivative is largest, half to somewhere else.
        let mut random = Stream::new(0, Purpose::Penalty, 1);
        let direction = unit(gradient.clone()) + unit(noise_like(&gradient, &mut random));
        let moving = Dual::with_tangent(
            self.samples.clone().autodiff(),
            direction.clone().autodiff(),
        )?;
        let found = rule(&self.discriminator, moving, condition);
        let coupled = found.is_coupled();
        let values = read(found.value)?;
        let tangent = found.tangent.ok_or(PenaltyError::NoTangentRule)?;
        let tangents = read(sum_of_logits(tangent, self.samples.dims()[0])?)?;

        let bound = tolerance * largest(logits);
        for (index, (&logit, &value)) in logits.iter().zip(&values).enumerate() {
            if (logit - value).abs() > bound {
                return Err(PenaltyError::TangentRuleValue {
                    sample: self.sample_of(index, logits.len()),
                    logit,
                    value,
                });
            }
        }

        let length = gradient_norm(gradient.clone()) * gradient_norm(direction.clone());
        let lengths = read(length)?;
        let along = per_sample(gradient * direction);
        let derivatives = read(along.sum_dim(1).squeeze_dim(1))?;
        // Where samples influence each other, only the sum of the logits has this gradient.
        let (tangents, derivatives, length) = if coupled {
            let sum = |values: Vec<f64>| vec![values.into_iter().sum::<f64>()];
            let length = lengths.iter().sum();
            (sum(tangents), sum(derivatives), length)
        } else {
            (tangents, derivatives, largest(&lengths))
        };
        for (sample, (&tangent, &derivative)) in tangents.iter().zip(&derivatives).enumerate() {
            if (tangent - derivative).abs() > tolerance * length {
                return Err(PenaltyError::TangentRuleSlope {
                    sample,
                    derivative,
                    tangent,
                });
            }
        }
        Ok(())
    }

    /// The sample that one of `count` logits belongs to.
    fn sample_of(&self, logit: usize, count: usize) -> usize {
        logit * self.samples.dims()[0] / count.max(1)
    }
}

/// Relative errors that rounding explains.
struct Tolerance {
    /// Between two passes; sums may come in another order.
    repetition: f64,
    /// Between a forward and a backward pass.
    rule: f64,
}

impl Tolerance {
    fn of<const D: usize>(samples: &Tensor<D>) -> Self {
        if matches!(samples.dtype(), DType::F16 | DType::BF16) {
            Self {
                repetition: 0.05,
                rule: 0.2,
            }
        } else {
            Self {
                repetition: 1e-4,
                rule: 1e-2,
            }
        }
    }
}

/// Moves trainable weights by [`SHIFT`].
struct Shift {
    random: Stream,
}

impl Shift {
    /// Values of 0 alone are moved by [`SHIFT`] itself.
    fn shifted<const D: usize>(&mut self, values: Tensor<D>) -> Tensor<D> {
        let size = values.clone().square().mean().sqrt();
        let zero = size.clone().equal_elem(0.0);
        let size = size.mask_fill(zero, 1.0).reshape([1; D]) * SHIFT;
        noise_like(&values, &mut self.random) * size + values
    }
}

impl ModuleMapper for Shift {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        if !param.is_require_grad() {
            return param;
        }
        param.map(|weight| {
            self.shifted(weight.without_autodiff())
                .autodiff()
                .require_grad()
        })
    }
}

/// Standard normal values in the shape and type of others.
fn noise_like<const D: usize>(values: &Tensor<D>, random: &mut Stream) -> Tensor<D> {
    let device = values.device().without_autodiff();
    random
        .normal(values.dims(), &device)
        .cast(FloatDType::from(values.dtype()))
}

/// Each sample divided by its norm; one of norm 0 stays 0.
fn unit<const D: usize>(values: Tensor<D>) -> Tensor<D> {
    let length = gradient_norm(values.clone());
    let zero = length.clone().equal_elem(0.0);
    let mut shape = [1; D];
    shape[0] = values.dims()[0];
    values / length.mask_fill(zero, 1.0).reshape(shape)
}

fn largest<'a>(values: impl IntoIterator<Item = &'a f64>) -> f64 {
    values
        .into_iter()
        .fold(0.0, |most, value| most.max(value.abs()))
}

fn read(values: Tensor<1>) -> Result<Vec<f64>, DeviceError> {
    values
        .without_autodiff()
        .try_into_vec_as::<f64>()
        .map_err(DeviceError::new)
}
