//! The nearest neighbours of a sample, and the balls of their distances that estimate where a distribution lies.

use super::MetricError;
use super::check::check_count;
use super::kernel::squared_distance;
use crate::errors::at_least_1;
use crate::feature::Features;

/// The `k` nearest of the samples that are offered, in ascending order of their distances; of two at one distance the one
/// that was offered first.
#[derive(Debug, Clone)]
pub(super) struct Nearest {
    k: usize,
    /// Places and squared distances.
    found: Vec<(usize, f64)>,
}

impl Nearest {
    /// Of `k` samples, at least one.
    pub fn new(k: usize) -> Self {
        Self {
            k,
            found: Vec::new(),
        }
    }

    /// Takes a sample into account.
    pub fn offer(&mut self, index: usize, squared_distance: f64) {
        let is_full = self.found.len() == self.k;
        // Hardly any is near enough once there are k.
        if is_full && self.farthest() <= squared_distance {
            return;
        }
        if is_full {
            self.found.pop();
        }
        let place = self
            .found
            .partition_point(|(_, nearer)| *nearer <= squared_distance);
        self.found.insert(place, (index, squared_distance));
    }

    /// The squared distance of the last one; infinite where there is none.
    pub fn farthest(&self) -> f64 {
        self.found
            .last()
            .map_or(f64::INFINITY, |(_, distance)| *distance)
    }

    /// Place and squared distance of each, the nearest first.
    pub fn found(&self) -> &[(usize, f64)] {
        &self.found
    }
}

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
    let radius = |i: usize| {
        let mut nearest = Nearest::new(k);
        for j in (0..count).filter(|&j| j != i) {
            nearest.offer(j, squared_distance(features.row(i), features.row(j)));
        }
        nearest.farthest()
    };
    Ok((0..count).map(radius).collect())
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
