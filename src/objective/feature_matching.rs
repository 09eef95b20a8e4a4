//! [`FeatureMatching`]: generated samples with the features of real ones on average.

use super::{Objective, Round, Terms};
use crate::gan_error::GanError;
use crate::network::{Discriminator, Generator, Outputs};
use crate::objective_error::ObjectiveError;

/// The squared distance `|E f(x) - E f(G(z))|^2` between the mean features of real and of generated samples, for the
/// generator. The means are those of the batch, or of its part where it goes through in parts.
///
/// Needs a discriminator that gives its [features](crate::Outputs::features), as those of this crate do.
///
/// Source: Salimans et al. 2016, "Improved techniques for training GANs", section 3.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct FeatureMatching;

impl<const D: usize, G, N, C> Objective<D, G, N, C> for FeatureMatching
where
    G: Generator<D, C>,
    N: Discriminator<D, C>,
{
    fn generator(&self, round: &Round<D, G, N, C>) -> Result<Terms, GanError> {
        let mean = |outputs: &Outputs| {
            let features = outputs.features.clone();
            let means = features.map(|features| features.mean_dim(0));
            means.ok_or(ObjectiveError::NoFeatures {
                objective: "feature matching",
            })
        };
        let real = mean(round.real_outputs()?)?.detach();
        let generated = mean(round.generated_outputs()?)?;
        let distance = (real - generated).square().sum_dim(1).squeeze_dim(1);
        Ok(Terms::of("feature_matching", distance))
    }
}
