//! The gradient penalties of a trainer: checked once, evaluated together.

use std::sync::Arc;

use burn::tensor::{Device, Tensor};

use super::dry_run::guard;
use crate::batch::{Batch, Condition};
use crate::errors::ShapeError;
use crate::gan_error::GanError;
use crate::identity::Identity;
use crate::kernel;
use crate::module_tree::module_device;
use crate::network::Discriminator;
use crate::penalty::{CentralDifference, Change, Exact, GradientPenalty, PenaltyMethod, Term};
use crate::random::Stream;

/// Some gradient penalties of one discriminator and the way their gradient is computed.
pub struct Penalties<const D: usize, N, C> {
    method: Arc<Method<D, N, C>>,
    penalties: Vec<Arc<dyn GradientPenalty<D>>>,
}

// Derived, it would ask for networks and conditions that can be cloned.
impl<const D: usize, N, C> Clone for Penalties<D, N, C> {
    fn clone(&self) -> Self {
        Self {
            method: self.method.clone(),
            penalties: self.penalties.clone(),
        }
    }
}

enum Method<const D: usize, N, C> {
    Exact(Exact<N, D, C>),
    CentralDifference(CentralDifference),
}

/// What penalties are at some points: means over the samples, summed over the penalties, `[1]`.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Penalized {
    /// To back-propagate: its gradient in the weights is that of the penalties, its value is not them.
    pub surrogate: Tensor<1>,
    /// The penalties, to report; without autodiff.
    pub cost: Tensor<1>,
}

impl<const D: usize, C: Condition, N: Discriminator<D, C>> Penalties<D, N, C> {
    /// No penalties yet. Checks that the discriminator can be penalised this way, by real samples like those in
    /// `example`.
    ///
    /// # Errors
    /// [`GanError::Penalty`] for one that cannot, [`GanError::NetworkFailed`] where it panics.
    pub fn new(
        method: PenaltyMethod,
        discriminator: &N,
        example: &Batch<D, C>,
    ) -> Result<Self, GanError> {
        let device = module_device(discriminator).without_autodiff();
        let Batch { samples, condition } = a_few_samples(example, &device);
        let method = guard("discriminator", samples.dims(), || match method {
            PenaltyMethod::Exact => {
                Exact::new(discriminator, samples, &condition).map(Method::Exact)
            }
            PenaltyMethod::CentralDifference { step } => {
                CentralDifference::new(discriminator, step, samples, &condition)
                    .map(Method::CentralDifference)
            }
        })??;
        Ok(Self {
            method: Arc::new(method),
            penalties: Vec::new(),
        })
    }

    /// With one more.
    pub fn with(mut self, penalty: impl GradientPenalty<D> + 'static) -> Self {
        self.penalties.push(Arc::new(penalty));
        self
    }

    /// What they are, for checkpoints.
    pub fn identities(&self) -> Vec<Identity> {
        self.penalties
            .iter()
            .map(|penalty| penalty.identity())
            .collect()
    }

    /// The points of each penalty, from as many real and generated samples.
    ///
    /// # Errors
    /// [`GanError::Shape`] for points of another shape.
    pub fn points(
        &self,
        real: &Tensor<D>,
        fake: &Tensor<D>,
        random: &mut Stream,
    ) -> Result<Vec<Tensor<D>>, GanError> {
        let real = real.clone().without_autodiff();
        let fake = fake.clone().without_autodiff();
        let mut points = Vec::new();
        for penalty in &self.penalties {
            let at = penalty.points(&real, &fake, random);
            if at.dims() != real.dims() {
                return Err(GanError::Shape(ShapeError {
                    what: "points of a penalty",
                    expected: real.dims().to_vec(),
                    actual: at.dims().to_vec(),
                }));
            }
            points.push(at);
        }
        Ok(points)
    }

    /// All penalties at their points, as many points each as there are conditions.
    ///
    /// # Errors
    /// [`GanError::Penalty`] for a cost that is not one number a point.
    pub fn evaluate(
        &self,
        discriminator: &N,
        points: Vec<Tensor<D>>,
        condition: &C,
    ) -> Result<Penalized, GanError> {
        self.evaluate_through(None, discriminator, points, condition)
    }

    /// [`Penalties::evaluate`] of the discriminator of changed points.
    pub(super) fn evaluate_through(
        &self,
        change: Option<Change<D>>,
        discriminator: &N,
        points: Vec<Tensor<D>>,
        condition: &C,
    ) -> Result<Penalized, GanError> {
        let count = points.first().map_or(0, |points| points.dims()[0]);
        // A change is of one batch of samples.
        let term = if change.is_none() && self.shares_a_pass(&points) {
            let condition = C::cat(vec![condition.clone(); points.len()]);
            let cost = |gradient: Tensor<D>| {
                let parts = self.penalties.iter().enumerate().map(|(index, penalty)| {
                    penalty.cost(gradient.clone().narrow(0, index * count, count))
                });
                Tensor::cat(parts.collect(), 0)
            };
            let points = Tensor::cat(points, 0);
            self.term(change, discriminator, points, &condition, &cost)?
        } else {
            let mut terms = Vec::new();
            for (penalty, points) in self.penalties.iter().zip(points) {
                let cost = |gradient| penalty.cost(gradient);
                terms.push(self.term(change, discriminator, points, condition, &cost)?);
            }
            let (surrogates, costs) = terms
                .into_iter()
                .map(|term| (term.surrogate, term.cost))
                .unzip();
            Term {
                surrogate: Tensor::cat(surrogates, 0),
                cost: Tensor::cat(costs, 0),
            }
        };
        Ok(Penalized {
            surrogate: term.surrogate.sum() / count as f64,
            cost: term.cost.sum() / count as f64,
        })
    }

    /// Whether the points of several penalties go through the discriminator as one batch: they may, as long as
    /// samples do not influence each other there. Kernels rather see the same points again, which they have results of.
    fn shares_a_pass(&self, points: &[Tensor<D>]) -> bool {
        let kept = points.iter().all(kernel::serves);
        match &*self.method {
            Method::Exact(exact) => self.penalties.len() > 1 && !exact.is_coupled() && !kept,
            Method::CentralDifference(_) => false,
        }
    }

    fn term(
        &self,
        change: Option<Change<D>>,
        discriminator: &N,
        points: Tensor<D>,
        condition: &C,
        cost: &dyn Fn(Tensor<D>) -> Tensor<1>,
    ) -> Result<Term, GanError> {
        let change = change.unwrap_or(&|points| points);
        let term = match &*self.method {
            Method::Exact(exact) => {
                exact.term_through(change, discriminator, points, condition, cost)
            }
            Method::CentralDifference(method) => {
                method.term_through(change, discriminator, points, condition, cost)
            }
        };
        Ok(term?)
    }
}

/// Some of a batch's samples, or as many copies of them where it has fewer, on a device without autodiff. The fewer
/// there are, the likelier it is that dropout drops nothing.
fn a_few_samples<const D: usize, C: Condition>(
    batch: &Batch<D, C>,
    device: &Device,
) -> Batch<D, C> {
    const COUNT: usize = 8;
    let taken = batch.len().clamp(1, COUNT);
    let copies = COUNT.div_ceil(taken);
    let samples = batch.samples.clone().narrow(0, 0, taken);
    let samples = samples.without_autodiff().to_device(device);
    let condition = batch.condition.narrow(0, taken).to_device(device);
    Batch {
        samples: Tensor::cat(vec![samples; copies], 0),
        condition: C::cat(vec![condition; copies]),
    }
}
