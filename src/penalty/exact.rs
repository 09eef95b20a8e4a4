//! The exact method: a reverse pass for the gradient, a forward pass for the derivative of its cost.

use burn::tensor::Tensor;

use super::PenaltyError;
use super::consistency::Example;
use super::norm::sum_of_logits;
use crate::dual::Dual;
use crate::errors::ShapeError;
use crate::network::{Discriminator, TangentRule};

/// A penalty at some points.
#[derive(Debug, Clone)]
pub struct Term {
    /// What to back-propagate, one a point, `[N]`: its gradient in the weights is the penalty's, its value is
    /// not the penalty. Where a point has several logits, it is the sum over them.
    pub surrogate: Tensor<1>,
    /// The penalty, one a point, `[N]`, detached: what the gradient of the sum of the point's logits costs.
    pub cost: Tensor<1>,
}

/// Exact penalties for a discriminator that can carry a tangent.
///
/// Samples that influence each other inside the discriminator ([`Dual::is_coupled`]) are allowed: the gradient
/// is then that of the sum of all logits. Of several logits a sample it is the gradient of their sum.
#[derive(Debug)]
pub struct Exact<N, const D: usize, C> {
    rule: TangentRule<N, D, C>,
    curved: bool,
    coupled: bool,
}

impl<const D: usize, C, N: Discriminator<D, C>> Exact<N, D, C> {
    /// Finds out on a few samples what the discriminator is made of, and runs a copy of it a few times, in training
    /// form, on samples like them: its logits must be the same in each pass, and its tangent rule true.
    ///
    /// # Errors
    /// [`PenaltyError::NoTangentRule`] for a discriminator without [`Discriminator::tangent_rule`],
    /// [`PenaltyError::BatchNorm`] for one with batch normalisation, [`PenaltyError::RandomDiscriminator`] for one
    /// with dropout or other noise, [`PenaltyError::TangentRuleValue`] and [`PenaltyError::TangentRuleSlope`] for
    /// a rule that disagrees with the logits.
    pub fn new(discriminator: &N, example: Tensor<D>, condition: &C) -> Result<Self, PenaltyError> {
        super::refuse_batch_norm(discriminator)?;
        let rule = discriminator
            .tangent_rule()
            .ok_or(PenaltyError::NoTangentRule)?;
        let trial = Example::new(discriminator, example.clone());
        let logits = trial.refuse_random(condition)?;
        trial.refuse_wrong_rule(rule, condition, &logits)?;
        let example = Dual::constant(example.without_autodiff());
        let logits = rule(&discriminator.valid(), example, condition);
        Ok(Self {
            rule,
            curved: logits.is_curved(),
            coupled: logits.is_coupled(),
        })
    }

    /// Whether samples influence each other, so that penalties at different points must not share a pass.
    pub fn is_coupled(&self) -> bool {
        self.coupled
    }

    /// The penalty `cost` of the gradient at `points`.
    ///
    /// # Errors
    /// [`PenaltyError::Shape`] where `cost` does not give one number a point, or the discriminator no whole number of
    /// logits.
    pub fn term(
        &self,
        discriminator: &N,
        points: Tensor<D>,
        condition: &C,
        cost: &dyn Fn(Tensor<D>) -> Tensor<1>,
    ) -> Result<Term, PenaltyError> {
        self.term_through(&|points| points, discriminator, points, condition, cost)
    }

    /// [`Exact::term`] of the discriminator of changed points: the gradient goes through the change.
    pub(crate) fn term_through(
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
        // The slopes of a piecewise linear network do not move with its weights: its values need no graph.
        let value = if self.curved {
            points.autodiff()
        } else {
            points
        };
        let moving = Dual::with_tangent(value, direction.autodiff())?;
        let logits = (self.rule)(discriminator, change(moving), condition);
        let tangent = logits.tangent.ok_or(PenaltyError::NoTangentRule)?;
        let surrogate = sum_of_logits(tangent, cost.dims()[0])?;
        Ok(Term { surrogate, cost })
    }
}

/// What points go through on their way to a discriminator.
pub(crate) type Change<'a, const D: usize> = &'a dyn Fn(Dual<D>) -> Dual<D>;

/// The gradient of the summed logits of the changed points in the points.
pub(super) fn input_gradient<const D: usize, C, N: Discriminator<D, C>>(
    change: Change<D>,
    discriminator: &N,
    points: Tensor<D>,
    condition: &C,
) -> Tensor<D> {
    let leaf = points.clone().autodiff().require_grad();
    let changed = change(Dual::constant(leaf.clone())).value;
    // The weights get no gradient here; none is computed for them.
    let frozen = discriminator.clone().no_grad();
    let gradients = frozen.logits(changed, condition).sum().backward();
    match leaf.grad(&gradients) {
        Some(gradient) => gradient,
        // Logits that do not depend on the samples.
        None => points.zeros_like(),
    }
}

/// The cost of the gradient at each point, and the gradient of their sum in it, both without autodiff.
pub(super) fn cost_and_direction<const D: usize, C, N: Discriminator<D, C>>(
    change: Change<D>,
    discriminator: &N,
    points: Tensor<D>,
    condition: &C,
    cost: &dyn Fn(Tensor<D>) -> Tensor<1>,
) -> Result<(Tensor<1>, Tensor<D>), PenaltyError> {
    let gradient = input_gradient(change, discriminator, points, condition).without_autodiff();
    let leaf = gradient.clone().autodiff().require_grad();
    let cost = cost(leaf.clone());
    if cost.dims()[0] != gradient.dims()[0] {
        return Err(PenaltyError::Shape(ShapeError {
            what: "cost of a penalty",
            expected: vec![gradient.dims()[0]],
            actual: cost.dims().to_vec(),
        }));
    }
    let gradients = cost.clone().sum().backward();
    let direction = leaf
        .grad(&gradients)
        .unwrap_or_else(|| gradient.zeros_like());
    Ok((cost.without_autodiff(), direction))
}
