//! The approximate method, for discriminators without a tangent rule.

use burn::tensor::Tensor;

use super::consistency::Example;
use super::exact::{Change, Term, cost_and_direction};
use super::norm::{gradient_norm, sum_of_logits};
use super::{PenaltyError, refuse_batch_norm};
use crate::dual::Dual;
use crate::errors::positive;
use crate::network::Discriminator;

/// Penalties by central differences: `|v| (D(x + h u) - D(x - h u)) / (2 h)` along the unit direction
/// `u = v / |v|` of the [`Exact`](super::Exact) method takes the place of its tangent.
///
/// The cost that is reported is exact; the gradient in the weights is not. For a smooth discriminator it is
/// off by about `h^2`. For a piecewise linear one it is exact for a sample whose two points lie on one piece, and
/// wrong for one with a kink between them: a smaller step makes that rarer, but the error of such a sample
/// larger. Rounding of two nearly equal numbers grows as `h` shrinks.
///
/// Of several logits a sample, `D` is their sum, as in the exact method.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CentralDifference {
    step: f64,
}

impl CentralDifference {
    /// Differences over `step` to either side, in the units of the samples, measured over a whole sample.
    ///
    /// Runs a copy of the discriminator a few times, in training form, on samples like `example`.
    ///
    /// # Errors
    /// [`PenaltyError::Config`] for a step that is not positive, [`PenaltyError::BatchNorm`] for a
    /// discriminator with batch normalisation, [`PenaltyError::RandomDiscriminator`] for one with dropout or other
    /// noise.
    pub fn new<const D: usize, C, N: Discriminator<D, C>>(
        discriminator: &N,
        step: f64,
        example: Tensor<D>,
        condition: &C,
    ) -> Result<Self, PenaltyError> {
        positive("penalty_method.step", step)?;
        refuse_batch_norm(discriminator)?;
        Example::new(discriminator, example).refuse_random(condition)?;
        Ok(Self { step })
    }

    /// The penalty `cost` of the gradient at `points`.
    ///
    /// # Errors
    /// [`PenaltyError::Shape`] where `cost` does not give one number a point, or the discriminator no whole number of
    /// logits.
    pub fn term<const D: usize, C, N: Discriminator<D, C>>(
        &self,
        discriminator: &N,
        points: Tensor<D>,
        condition: &C,
        cost: &dyn Fn(Tensor<D>) -> Tensor<1>,
    ) -> Result<Term, PenaltyError> {
        self.term_through(&|points| points, discriminator, points, condition, cost)
    }

    /// [`CentralDifference::term`] of the discriminator of changed points: the gradient goes through the change.
    pub(crate) fn term_through<const D: usize, C, N: Discriminator<D, C>>(
        &self,
        change: Change<D>,
        discriminator: &N,
        points: Tensor<D>,
        condition: &C,
        cost: &dyn Fn(Tensor<D>) -> Tensor<1>,
    ) -> Result<Term, PenaltyError> {
        let points = points.without_autodiff();
        let (cost, direction) =
            cost_and_direction(change, discriminator, points.clone(), condition, cost)?;
        let length = gradient_norm(direction.clone());
        let divisor = length
            .clone()
            .mask_fill(length.clone().equal_elem(0.0), 1.0);
        let mut shape = [1; D];
        shape[0] = points.dims()[0];
        let step = direction / divisor.reshape(shape) * self.step;
        let logits = |points: Tensor<D>| {
            let changed = change(Dual::constant(points.autodiff()));
            discriminator.logits(changed.value, condition)
        };
        let difference = logits(points.clone() + step.clone()) - logits(points - step);
        let slope = sum_of_logits(difference, shape[0])? / (2.0 * self.step);
        Ok(Term {
            surrogate: slope * length.autodiff(),
            cost,
        })
    }
}
