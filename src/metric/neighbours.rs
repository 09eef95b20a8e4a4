//! The k-nearest-neighbour balls that estimate where a distribution lies.

use super::MetricError;
use super::check::check_count;
use super::kernel::squared_distance;
use crate::errors::at_least_1;
use crate::feature::Features;

/// For each sample the squared distance to its k-th nearest other sample of the same set.
///
/// Kynkaanniemi et al. 2019, equation 1. The ball of that radius round a sample is part of the estimated manifold.
pub(super) fn squared_radii(
    metric: &'static str,
    features: &Features,
    k: usize,
) -> Result<Vec<f64>, MetricError> {
    at_least_1("k", k)?;
    let count = features.count();
    check_count(metric, count, k.saturating_add(1))?;
    let mut distances = Vec::with_capacity(count);
    Ok((0..count)
        .map(|i| {
            let others = (0..count).filter(|&j| j != i);
            distances.clear();
            distances.extend(others.map(|j| squared_distance(features.row(i), features.row(j))));
            *distances.select_nth_unstable_by(k - 1, f64::total_cmp).1
        })
        .collect())
}

/// The share of `samples` that lie in at least one ball round one of the `centers`.
pub(super) fn share_inside(samples: &Features, centers: &Features, squared_radii: &[f64]) -> f64 {
    let inside = samples
        .rows()
        .filter(|sample| {
            centers
                .rows()
                .zip(squared_radii)
                .any(|(center, &radius)| squared_distance(sample, center) <= radius)
        })
        .count();
    inside as f64 / samples.count() as f64
}
