//! [`Sum`] and [`Weighted`]: objectives made of objectives.

use super::{Objective, Round, Terms};
use crate::gan_error::GanError;
use crate::identity::Identity;
use crate::network::{Discriminator, Generator};

/// Both objectives: `adversarial + auxiliary`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sum<A, B>(pub A, pub B);

/// An objective times a factor: `l1 * 100.0`.
///
/// Around an objective of your own, it makes that one part of a sum: `Weighted(mine, 1.0) + other`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Weighted<A>(pub A, pub f64);

impl<const D: usize, G, N, C, A, B> Objective<D, G, N, C> for Sum<A, B>
where
    G: Generator<D, C>,
    N: Discriminator<D, C>,
    A: Objective<D, G, N, C>,
    B: Objective<D, G, N, C>,
{
    fn discriminator(&self, round: &Round<D, G, N, C>) -> Result<Terms, GanError> {
        Ok(self.0.discriminator(round)? + self.1.discriminator(round)?)
    }

    fn generator(&self, round: &Round<D, G, N, C>) -> Result<Terms, GanError> {
        Ok(self.0.generator(round)? + self.1.generator(round)?)
    }

    fn logits_are_log_odds(&self) -> bool {
        self.0.logits_are_log_odds() || self.1.logits_are_log_odds()
    }

    fn identity(&self) -> Identity {
        Identity::new("sum", 1)
            .with("first", self.0.identity().to_value())
            .with("second", self.1.identity().to_value())
    }
}

impl<const D: usize, G, N, C, A> Objective<D, G, N, C> for Weighted<A>
where
    G: Generator<D, C>,
    N: Discriminator<D, C>,
    A: Objective<D, G, N, C>,
{
    fn discriminator(&self, round: &Round<D, G, N, C>) -> Result<Terms, GanError> {
        Ok(self.0.discriminator(round)? * self.1)
    }

    fn generator(&self, round: &Round<D, G, N, C>) -> Result<Terms, GanError> {
        Ok(self.0.generator(round)? * self.1)
    }

    fn logits_are_log_odds(&self) -> bool {
        self.0.logits_are_log_odds()
    }

    fn identity(&self) -> Identity {
        Identity::new("weighted", 1)
            .with("objective", self.0.identity().to_value())
            .with("weight", self.1)
    }
}

/// `a + b` and `a * weight` for an objective.
macro_rules! combines {
    ($([$($parameter:ident),*] $objective:ty,)*) => {
        $(
            impl<$($parameter,)* Other> std::ops::Add<Other> for $objective {
                type Output = Sum<Self, Other>;

                fn add(self, other: Other) -> Self::Output {
                    Sum(self, other)
                }
            }

            impl<$($parameter),*> std::ops::Mul<f64> for $objective {
                type Output = Weighted<Self>;

                fn mul(self, weight: f64) -> Self::Output {
                    Weighted(self, weight)
                }
            }
        )*
    };
}

combines! {
    [A, B] Sum<A, B>,
    [A] Weighted<A>,
    [L] super::Adversarial<L>,
    [] super::AuxiliaryClassifier,
    [] super::RealClassifier,
    [] super::CodeReconstruction,
    [] super::Consistency,
    [] super::FeatureMatching,
    [] super::L1,
    [] super::LeCam,
}
