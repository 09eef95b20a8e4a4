//! [`density_coverage`]: quality and variety, steady against outliers.

use serde::{Deserialize, Serialize};

use super::MetricError;
use super::check::check_pair;
use super::kernel::squared_distance;
use super::neighbours::squared_radii;
use crate::feature::Features;

const METRIC: &str = "density and coverage";

/// How densely generated samples lie among the real ones, and how many of those have one near.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct DensityCoverage {
    /// Mean number of real samples' balls that a generated sample lies in, over `k`; above 1 where generated samples
    /// crowd into the dense parts.
    pub density: f64,
    /// Share of the real samples whose ball holds a generated sample, in [0, 1].
    pub coverage: f64,
}

/// Density and coverage.
///
/// Naeem, Oh, Uh, Choi and Yoo, "Reliable fidelity and diversity metrics for generative models", ICML 2020, section
/// 3, <https://arxiv.org/abs/2002.09797>. Only balls round real samples are built: they reach to the `k`-th nearest other
/// real sample, edges included (the authors' code leaves the edge out, which differs only where distances tie). The
/// paper takes `k = 5`. For an exact sampler the density is 1 in expectation, and the coverage is
/// [`expected_coverage`].
///
/// The time is that of `N (N + M)` distances for `N` real samples.
///
/// ```
/// use burn_gan::metric::{DensityCoverage, Features, density_coverage};
///
/// let real = Features::from_rows(&[[0.0], [1.0], [2.0], [10.0], [11.0], [12.0]])?;
/// // Everything lies on the lower half of the real samples.
/// let generated = Features::from_rows(&[[0.5], [1.0], [1.5]])?;
/// let found = density_coverage(&real, &generated, 1)?;
/// assert_eq!(found, DensityCoverage { density: 7.0 / 3.0, coverage: 0.5 });
/// # Ok::<(), burn_gan::GanError>(())
/// ```
///
/// # Errors
/// [`MetricError::FeatureDimensions`] for features of different spaces, [`MetricError::TooFewSamples`] for fewer than
/// `k + 1` real samples, [`MetricError::Config`] for a `k` of 0.
pub fn density_coverage(
    real: &Features,
    generated: &Features,
    k: usize,
) -> Result<DensityCoverage, MetricError> {
    check_pair(METRIC, real, generated, 1)?;
    let radii = squared_radii(METRIC, real, k)?;
    let (mut inside, mut covered) = (0_usize, 0_usize);
    for (center, &radius) in real.rows().zip(&radii) {
        let near = generated
            .rows()
            .filter(|sample| squared_distance(sample, center) <= radius)
            .count();
        inside += near;
        covered += usize::from(near > 0);
    }
    Ok(DensityCoverage {
        density: inside as f64 / (k as f64 * generated.count() as f64),
        coverage: covered as f64 / real.count() as f64,
    })
}

/// The coverage that an exact sampler has in expectation: `1 - prod_{i = 1}^{k} (N - i) / (N + M - i)` for `N` real and `M`
/// generated samples, about `1 - 1 / 2^k` for as many of both.
///
/// Naeem et al. 2020, section 3. It depends on no distribution and no dimension.
///
/// ```
/// use burn_gan::metric::expected_coverage;
///
/// assert!((expected_coverage(10_000, 10_000, 5) - 31.0 / 32.0).abs() < 1e-4);
/// ```
pub fn expected_coverage(real: usize, generated: usize, k: usize) -> f64 {
    let missed = |i: usize| {
        let (real, generated, i) = (real as f64, generated as f64, i as f64);
        (real - i).max(0.0) / (real + generated - i)
    };
    1.0 - (1..=k.min(real)).map(missed).product::<f64>()
}
