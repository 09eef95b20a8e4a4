//! [`inception_score`]: sure of each sample's class, and all classes alike.

use serde::{Deserialize, Serialize};

use super::MetricError;
use super::check::check_count;
use crate::errors::at_least_1;
use crate::feature::Features;

const METRIC: &str = "Inception score";

/// How far a row's sum may be from 1: single precision softmax over many classes stays well below.
const SUM_TOLERANCE: f64 = 1e-3;

/// A score of the Inception score's form, and how far the splits differ in it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct InceptionScore {
    /// The mean over the splits, from 1 to the number of classes.
    pub value: f64,
    /// The standard deviation over the splits, with their number as the divisor, as the authors' code has it.
    pub deviation: f64,
}

/// `exp(E_x KL(p(y | x) || p(y)))` of the class `probabilities` `[N, classes]` of generated samples.
///
/// Salimans et al., "Improved techniques for training GANs", NeurIPS 2016, section 4, <https://arxiv.org/abs/1606.03498>.
/// The samples are cut into `splits` parts in their order, each part is scored by itself with its own `p(y)`; the paper
/// has 10 parts of 5,000 samples. Only with the ImageNet classifier is it the Inception score; with another it
/// compares with nothing but itself. It knows no real samples: one perfect sample a class, repeated, has the best score.
/// Small parts score lower: `p(y)` follows their samples.
///
/// ```
/// use burn_gan::metric::{Features, inception_score};
///
/// // Sure of every sample, and all three classes are there.
/// let rows = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];
/// let score = inception_score(&Features::from_rows(&rows)?, 1)?;
/// assert!((score.value - 3.0).abs() < 1e-12);
/// # Ok::<(), burn_gan::GanError>(())
/// ```
///
/// # Errors
/// [`MetricError::NotADistribution`] for a row with an entry below 0 or a sum that is not 1,
/// [`MetricError::TooFewSamples`] for fewer samples than splits, [`MetricError::Config`] for no splits.
pub fn inception_score(
    probabilities: &Features,
    splits: usize,
) -> Result<InceptionScore, MetricError> {
    at_least_1("splits", splits)?;
    let count = probabilities.count();
    check_count(METRIC, count, splits)?;
    for (sample, row) in probabilities.rows().enumerate() {
        let smallest = row.iter().copied().fold(f64::INFINITY, f64::min);
        let sum: f64 = row.iter().sum();
        if smallest < 0.0 || (sum - 1.0).abs() > SUM_TOLERANCE {
            return Err(MetricError::NotADistribution {
                sample,
                smallest,
                sum,
            });
        }
    }
    let rows: Vec<&[f64]> = probabilities.rows().collect();
    let scores: Vec<f64> = (0..splits)
        .map(|split| score(&rows[split * count / splits..(split + 1) * count / splits]))
        .collect();
    let value = scores.iter().sum::<f64>() / splits as f64;
    let squares: f64 = scores.iter().map(|score| (score - value).powi(2)).sum();
    Ok(InceptionScore {
        value,
        deviation: (squares / splits as f64).sqrt(),
    })
}

/// The score of one part.
fn score(rows: &[&[f64]]) -> f64 {
    let count = rows.len() as f64;
    let classes = rows.first().map_or(0, |row| row.len());
    let marginal: Vec<f64> = (0..classes)
        .map(|class| rows.iter().map(|row| row[class]).sum::<f64>() / count)
        .collect();
    let divergences = rows.iter().map(|row| {
        row.iter()
            .zip(&marginal)
            // p ln p is 0 at 0.
            .filter(|&(&p, _)| p > 0.0)
            .map(|(p, marginal)| p * (p / marginal).ln())
            .sum::<f64>()
    });
    (divergences.sum::<f64>() / count).exp()
}
