//! [`CopyCheck`]: whether generated samples are nearer to the training data than new real ones would be.

use serde::{Deserialize, Serialize};

use super::MetricError;
use super::check::check_count;
use super::nearest_samples::Neighbour;
use crate::errors::ConfigError;

const METRIC: &str = "copy check";

/// How far generated samples are from the nearest training samples, beside how far real samples are that the training has
/// not seen.
///
/// A generator that repeats its training data has samples much nearer to them than new real ones are. A distance alone says
/// nothing: in a dense data set everything has a near neighbour. The idea of measuring both, and the share of nearer pairs as
/// the statistic (Mann and Whitney's), are those of Meehan, Chaudhuri and Dasgupta, "A non-parametric test to detect
/// data-copying in generative models", AISTATS 2020, <https://arxiv.org/abs/2004.05675>.
///
/// The two numbers are about all samples together: one copy among many does not move them. Look at the smallest distances too,
/// and at the pictures. A generator of poor samples is far from everything, which hides copies: a ratio far above 1 says that
/// the samples are bad, not that they are new. Data in which samples come in near-identical pairs have a yardstick that is
/// too short.
///
/// ```
/// use burn_gan::metric::CopyCheck;
///
/// // Distances to the nearest training sample, as `NearestSamplesConfig` finds them.
/// let check = CopyCheck::new(&[0.1, 0.2, 2.5], &[2.0, 3.0, 1.0, 2.0])?;
/// assert_eq!((check.median_generated, check.median_held_out), (0.2, 2.0));
/// assert_eq!(check.median_ratio, Some(0.1));
/// assert_eq!(check.share_nearer, 0.75);
/// # Ok::<(), burn_gan::GanError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CopyCheck {
    /// The median distance of the generated samples.
    pub median_generated: f64,
    /// That of the real samples which the training has not seen.
    pub median_held_out: f64,
    /// The first over the second: about 1 for a sampler of the data's distribution, near 0 for one that repeats them. `None`
    /// where the second is 0: data of which more than half come several times are no yardstick.
    pub median_ratio: Option<f64>,
    /// The share of pairs, of a generated and a held-out sample, in which the generated one is nearer to the training data, a
    /// tie counting half: about 0.5 for a sampler of the data's distribution, near 1 for one that repeats them.
    pub share_nearer: f64,
}

impl CopyCheck {
    /// Compares the distances of generated and of held-out samples to their nearest training samples, in one feature space.
    ///
    /// # Errors
    /// [`MetricError::TooFewSamples`] for no distances, [`MetricError::Config`] for one that is negative or not
    /// finite.
    pub fn new(generated: &[f64], held_out: &[f64]) -> Result<Self, MetricError> {
        check_count(METRIC, generated.len().min(held_out.len()), 1)?;
        let generated = sorted("generated", generated)?;
        let held_out = sorted("held_out", held_out)?;
        let (median_generated, median_held_out) = (median(&generated), median(&held_out));
        let ratio = median_generated / median_held_out;
        Ok(Self {
            median_generated,
            median_held_out,
            median_ratio: ratio.is_finite().then_some(ratio),
            share_nearer: share_below(&generated, &held_out),
        })
    }

    /// The same by the first neighbour of each sample, as [`NearestSamplesConfig`](super::NearestSamplesConfig) finds it.
    ///
    /// # Errors
    /// Those of [`CopyCheck::new`].
    pub fn of_neighbours(
        generated: &[Vec<Neighbour>],
        held_out: &[Vec<Neighbour>],
    ) -> Result<Self, MetricError> {
        let distances = |found: &[Vec<Neighbour>]| -> Vec<f64> {
            let first = found.iter().filter_map(|neighbours| neighbours.first());
            first.map(|neighbour| neighbour.distance).collect()
        };
        Self::new(&distances(generated), &distances(held_out))
    }
}

/// Distances in ascending order.
fn sorted(field: &'static str, distances: &[f64]) -> Result<Vec<f64>, MetricError> {
    if let Some(distance) = distances.iter().find(|d| !(d.is_finite() && **d >= 0.0)) {
        let requirement = "a distance must be finite and not negative";
        return Err(ConfigError::new(field, distance, requirement).into());
    }
    let mut distances = distances.to_vec();
    distances.sort_by(f64::total_cmp);
    Ok(distances)
}

/// The middle of sorted values, at least one; of an even number of them the mean of the two in the middle.
fn median(sorted: &[f64]) -> f64 {
    let [lower, upper] = [(sorted.len() - 1) / 2, sorted.len() / 2];
    (sorted[lower] + sorted[upper]) / 2.0
}

/// The share of pairs of sorted values in which the first is the smaller one; ties count half.
fn share_below(smaller: &[f64], larger: &[f64]) -> f64 {
    let twice: usize = smaller
        .iter()
        .map(|value| {
            let from = larger.partition_point(|other| other < value);
            let above = larger.partition_point(|other| other <= value);
            // Above it, and half of the ties.
            2 * (larger.len() - above) + (above - from)
        })
        .sum();
    twice as f64 / (2.0 * smaller.len() as f64 * larger.len() as f64)
}
