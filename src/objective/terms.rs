//! [`Terms`]: what a player minimises, by name.

use std::borrow::Cow;

use burn::tensor::Tensor;

/// One part of what a player minimises.
#[derive(Debug, Clone)]
pub struct Term {
    /// Its name in reports.
    pub name: Cow<'static, str>,
    /// Its mean over the samples, `[1]`, with its graph.
    pub loss: Tensor<1>,
    /// Its factor in the sum.
    pub weight: f64,
}

/// What a player minimises: a weighted sum of named losses, each a mean over the samples.
///
/// A player whose objective has no terms learns nothing from it.
///
/// ```
/// use burn::tensor::{Device, Tensor};
/// use burn_gan::objective::Terms;
///
/// let losses = |values: [f32; 2]| Tensor::<1>::from_floats(values, &Device::flex());
/// let terms = Terms::of("adversarial", losses([0.5, 1.5])) + Terms::of("l1", losses([0.1, 0.3])) * 100.0;
/// assert_eq!(terms.iter().map(|term| term.name.as_ref()).collect::<Vec<_>>(), ["adversarial", "l1"]);
/// let total: f32 = terms.total().unwrap().into_scalar();
/// assert!((total - 21.0).abs() < 1e-4);
/// ```
#[derive(Debug, Clone, Default)]
pub struct Terms(Vec<Term>);

impl Terms {
    /// No terms.
    pub fn none() -> Self {
        Self::default()
    }

    /// One term, the mean of the losses `[N]` of the samples, with weight 1.
    pub fn of(name: impl Into<Cow<'static, str>>, losses: Tensor<1>) -> Self {
        Self(vec![Term {
            name: name.into(),
            loss: losses.mean(),
            weight: 1.0,
        }])
    }

    /// The terms in their order.
    pub fn iter(&self) -> std::slice::Iter<'_, Term> {
        self.0.iter()
    }

    /// The same terms with other losses, `[1]` each.
    pub(crate) fn each(mut self, replace: &mut dyn FnMut(Tensor<1>) -> Tensor<1>) -> Self {
        for term in &mut self.0 {
            term.loss = replace(term.loss.clone());
        }
        self
    }

    /// The weighted sum, `[1]`; `None` of no terms.
    pub fn total(&self) -> Option<Tensor<1>> {
        let weighted = self.0.iter().map(|term| {
            // A factor of 1 changes nothing and costs an operation.
            if term.weight == 1.0 {
                term.loss.clone()
            } else {
                term.loss.clone() * term.weight
            }
        });
        weighted.reduce(|sum, term| sum + term)
    }
}

impl std::ops::Add for Terms {
    type Output = Self;

    fn add(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }
}

impl std::ops::Mul<f64> for Terms {
    type Output = Self;

    fn mul(mut self, factor: f64) -> Self {
        for term in &mut self.0 {
            term.weight *= factor;
        }
        self
    }
}
