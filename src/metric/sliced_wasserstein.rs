//! [`sliced_wasserstein`]: optimal transport along random lines.

use burn::config::Config;

use super::MetricError;
use super::check::{check_finite, check_pair};
use super::kernel::dot;
use crate::errors::{ConfigError, ShapeError, at_least_1};
use crate::feature::Features;
use crate::random::{Purpose, Stream};

const METRIC: &str = "sliced Wasserstein distance";

/// The stream of the directions: apart from those of the kernel distance's subsets, which count from 0.
const DIRECTIONS: u64 = 1 << 32;

/// How [`sliced_wasserstein`] draws its directions.
#[derive(Config, Debug, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct SlicedWassersteinConfig {
    /// Number of random directions.
    #[config(default = 128)]
    pub projections: usize,
    /// Seed of the directions.
    #[config(default = 0)]
    pub seed: u64,
}

/// The sliced Wasserstein distance of order 2: the root of the mean squared Wasserstein distance between the sets'
/// projections onto random directions.
///
/// Rabin, Peyre, Delon and Bernot, "Wasserstein barycenter and its application to texture mixing", 2012; Bonneel, Rabin,
/// Peyre and Pfister, "Sliced and Radon Wasserstein barycenters of measures", 2015, section 3. Directions are uniform
/// on the sphere. Two clouds that differ by a shift alone are apart by its length over `sqrt(d)`. The numbers of samples
/// may differ. Two sets of `N` samples of one normal distribution are apart by about `2.5 / sqrt(N)` standard deviations.
///
/// The time is that of sorting both sets once a direction.
///
/// ```
/// use burn_gan::metric::{Features, SlicedWassersteinConfig, sliced_wasserstein};
///
/// let real = Features::from_rows(&[[0.0], [1.0], [2.0]])?;
/// let generated = Features::from_rows(&[[7.0], [5.0], [6.0]])?;
/// let distance = sliced_wasserstein(&real, &generated, &SlicedWassersteinConfig::new())?;
/// assert!((distance - 5.0).abs() < 1e-12);
/// # Ok::<(), burn_gan::GanError>(())
/// ```
///
/// # Errors
/// [`MetricError::FeatureDimensions`] for features of different spaces, [`MetricError::Config`] for no projections,
/// [`MetricError::Overflow`].
pub fn sliced_wasserstein(
    real: &Features,
    generated: &Features,
    config: &SlicedWassersteinConfig,
) -> Result<f64, MetricError> {
    at_least_1("projections", config.projections)?;
    check_pair(METRIC, real, generated, 1)?;
    let mut stream = Stream::new(config.seed, Purpose::Metric, DIRECTIONS);
    let directions = (0..config.projections).map(|_| {
        // A normal vector has a uniform direction.
        let values = stream.normal_values(real.dimensions());
        values.into_iter().map(f64::from).collect()
    });
    distance_along(real, generated, directions)
}

/// The same along given `directions` `[P, d]`, of any length but 0.
///
/// # Errors
/// As [`sliced_wasserstein`]; [`MetricError::Config`] for a direction of length 0,
/// [`MetricError::Shape`] for directions of another space.
pub fn sliced_wasserstein_along(
    real: &Features,
    generated: &Features,
    directions: &Features,
) -> Result<f64, MetricError> {
    check_pair(METRIC, real, generated, 1)?;
    if directions.dimensions() != real.dimensions() {
        return Err(MetricError::Shape(ShapeError {
            what: "directions",
            expected: vec![directions.count(), real.dimensions()],
            actual: vec![directions.count(), directions.dimensions()],
        }));
    }
    distance_along(real, generated, directions.rows().map(<[f64]>::to_vec))
}

/// The root of the mean squared distance along the directions, for sets of one space.
fn distance_along(
    real: &Features,
    generated: &Features,
    directions: impl ExactSizeIterator<Item = Vec<f64>>,
) -> Result<f64, MetricError> {
    let count = directions.len();
    let mut sum = 0.0;
    for direction in directions {
        let length = dot(&direction, &direction).sqrt();
        if length == 0.0 {
            let requirement = "a direction has a length above 0";
            return Err(ConfigError::new("directions", direction, requirement).into());
        }
        let project = |features: &Features| {
            let mut line: Vec<f64> = features
                .rows()
                .map(|row| dot(row, &direction) / length)
                .collect();
            line.sort_unstable_by(f64::total_cmp);
            line
        };
        sum += squared_wasserstein(&project(real), &project(generated));
    }
    check_finite(METRIC, (sum / count as f64).sqrt())
}

/// The squared Wasserstein distance of order 2 of two sorted sets of numbers: `int_0^1 (F^-1(t) - G^-1(t))^2 dt`.
///
/// Both quantile functions are steps, the one of width `1 / n`, the other of width `1 / m`; lengths are in `1 / (n m)`.
fn squared_wasserstein(x: &[f64], y: &[f64]) -> f64 {
    let (n, m) = (x.len(), y.len());
    let (mut i, mut j, mut at) = (0, 0, 0);
    let mut sum = 0.0;
    while i < n && j < m {
        let (end_x, end_y) = ((i + 1) * m, (j + 1) * n);
        let end = end_x.min(end_y);
        sum += (end - at) as f64 * (x[i] - y[j]).powi(2);
        at = end;
        i += usize::from(end_x == end);
        j += usize::from(end_y == end);
    }
    sum / (n as f64 * m as f64)
}
