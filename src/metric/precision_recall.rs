//! [`precision_recall`]: quality and variety as two numbers.

use serde::{Deserialize, Serialize};

use super::MetricError;
use super::check::check_pair;
use super::neighbours::{share_inside, squared_radii};
use crate::feature::Features;

const METRIC: &str = "precision and recall";

/// How much of each distribution the other one covers.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct PrecisionRecall {
    /// Share of the generated samples that lie on the manifold of the real ones: quality.
    pub precision: f64,
    /// Share of the real samples that lie on the manifold of the generated ones: variety.
    pub recall: f64,
}

/// Improved precision and recall.
///
/// Kynkaanniemi, Karras, Laine, Lehtinen and Aila, "Improved precision and recall metric for assessing generative
/// models", NeurIPS 2019, equations 1 and 2, <https://arxiv.org/abs/1904.06991>. A manifold is the union of the balls
/// round a set's samples that reach to the `k`-th nearest other sample of the set, edges included; the paper takes
/// `k = 3` and as many generated samples as real ones. One outlier makes a large ball, which raises both:
/// [`density_coverage`](super::density_coverage) is the remedy.
///
/// The time is that of `(N + M)^2` distances.
///
/// ```
/// use burn_gan::metric::{Features, PrecisionRecall, precision_recall};
///
/// let real = Features::from_rows(&[[0.0], [1.0], [2.0], [3.0], [10.0], [11.0], [12.0], [13.0]])?;
/// // Everything generated is real, but the upper half of the real samples is missing.
/// let generated = Features::from_rows(&[[0.5], [1.0], [1.5], [2.0]])?;
/// let found = precision_recall(&real, &generated, 3)?;
/// assert_eq!(found, PrecisionRecall { precision: 1.0, recall: 0.5 });
/// # Ok::<(), burn_gan::GanError>(())
/// ```
///
/// # Errors
/// [`MetricError::FeatureDimensions`] for features of different spaces, [`MetricError::TooFewSamples`] for fewer than
/// `k + 1` samples in either set, [`MetricError::Config`] for a `k` of 0.
pub fn precision_recall(
    real: &Features,
    generated: &Features,
    k: usize,
) -> Result<PrecisionRecall, MetricError> {
    check_pair(METRIC, real, generated, 1)?;
    Ok(PrecisionRecall {
        precision: share_inside(generated, real, &squared_radii(METRIC, real, k)?),
        recall: share_inside(real, generated, &squared_radii(METRIC, generated, k)?),
    })
}
