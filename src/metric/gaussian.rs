//! [`Gaussian`]: mean and covariance of a set of features.

use nalgebra::{DMatrix, DVectorView, SymmetricEigen};

use super::MetricError;
use super::check::check_count;
use super::kernel::{dot, squared_distance};
use crate::batch::BatchError;
use crate::errors::{ConfigError, ShapeError};
use crate::feature::Features;

pub(super) const METRIC: &str = "Frechet distance";

/// How far below 0, relative to the largest, an eigenvalue of a covariance may come out by rounding.
const NEGATIVE: f64 = 1e-6;

/// A normal distribution over feature vectors, by its mean `[d]` and its covariance `[d, d]`.
///
/// What the [Frechet distance](super::frechet_distance) compares. That of the real samples can be fitted once and kept.
///
/// ```
/// use burn_gan::metric::Gaussian;
///
/// // Standard deviations 1 and 2 along the axes, apart by 3.
/// let a = Gaussian::new(vec![0.0, 0.0], vec![1.0, 0.0, 0.0, 1.0])?;
/// let b = Gaussian::new(vec![3.0, 0.0], vec![4.0, 0.0, 0.0, 4.0])?;
/// assert!((a.frechet_distance(&b)? - (9.0 + 2.0)).abs() < 1e-12);
/// # Ok::<(), burn_gan::GanError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Gaussian {
    mean: Vec<f64>,
    covariance: Vec<f64>,
    /// `sqrt(lambda_i) v_i` for each eigenvalue above 0: `C = F^T F`.
    factor: Vec<Vec<f64>>,
}

impl Gaussian {
    /// The mean and the unbiased covariance (divisor `N - 1`) of feature vectors.
    ///
    /// With `N <= d` the covariance has at most rank `N - 1`. That is no error.
    ///
    /// # Errors
    /// [`MetricError::TooFewSamples`] for one sample, [`MetricError::Overflow`] for features whose squares are not
    /// finite, [`MetricError::NoConvergence`].
    pub fn fit(features: &Features) -> Result<Self, MetricError> {
        let (count, dimensions) = (features.count(), features.dimensions());
        check_count(METRIC, count, 2)?;
        let columns: Vec<Vec<f64>> = (0..dimensions)
            .map(|dimension| features.rows().map(|row| row[dimension]).collect())
            .collect();
        let mean: Vec<f64> = columns
            .iter()
            .map(|column: &Vec<f64>| column.iter().sum::<f64>() / count as f64)
            .collect();
        let centred: Vec<Vec<f64>> = columns
            .iter()
            .zip(&mean)
            .map(|(column, mean)| column.iter().map(|value| value - mean).collect())
            .collect();
        let mut covariance = vec![0.0; dimensions * dimensions];
        for i in 0..dimensions {
            for j in 0..=i {
                let value = dot(&centred[i], &centred[j]) / (count as f64 - 1.0);
                covariance[i * dimensions + j] = value;
                covariance[j * dimensions + i] = value;
            }
        }
        Self::from_checked(mean, covariance)
    }

    /// A normal distribution by its `mean` `[d]` and its `covariance` `[d, d]`, row by row.
    ///
    /// # Errors
    /// [`MetricError::Shape`] for a covariance that is not `[d, d]`, [`MetricError::Batch`] for `d = 0`,
    /// [`MetricError::Overflow`] for NaN and infinities, [`MetricError::Config`] for a covariance that is not
    /// symmetric or has a negative eigenvalue, [`MetricError::NoConvergence`].
    pub fn new(mean: Vec<f64>, covariance: Vec<f64>) -> Result<Self, MetricError> {
        let dimensions = mean.len();
        if dimensions == 0 {
            return Err(BatchError::Empty.into());
        }
        if Some(covariance.len()) != dimensions.checked_mul(dimensions) {
            return Err(MetricError::Shape(ShapeError {
                what: "covariance",
                expected: vec![dimensions, dimensions],
                actual: vec![covariance.len()],
            }));
        }
        let largest = covariance.iter().fold(0.0_f64, |a, b| a.max(b.abs()));
        for i in 0..dimensions {
            for j in 0..i {
                let [lower, upper] = [(i, j), (j, i)].map(|(i, j)| covariance[i * dimensions + j]);
                if (lower - upper).abs() > NEGATIVE * largest {
                    let requirement = "a covariance is symmetric";
                    return Err(ConfigError::new("covariance", (lower, upper), requirement).into());
                }
            }
        }
        Self::from_checked(mean, covariance)
    }

    /// Mean `[d]`.
    pub fn mean(&self) -> &[f64] {
        &self.mean
    }

    /// Covariance `[d, d]`, row by row.
    pub fn covariance(&self) -> &[f64] {
        &self.covariance
    }

    /// The squared Frechet distance to another normal distribution; see [`frechet_distance`](super::frechet_distance).
    ///
    /// # Errors
    /// [`MetricError::FeatureDimensions`] for distributions over different spaces, [`MetricError::NoConvergence`],
    /// [`MetricError::Overflow`].
    pub fn frechet_distance(&self, other: &Self) -> Result<f64, MetricError> {
        if self.mean.len() != other.mean.len() {
            return Err(MetricError::FeatureDimensions {
                real: self.mean.len(),
                generated: other.mean.len(),
            });
        }
        // Tr (C1 C2)^(1/2) = Tr (F1 C2 F1^T)^(1/2) = the sum of the singular values of F1 F2^T. Taking no square root of
        // eigenvalues near 0, this loses no digits where a covariance is singular.
        let product = DMatrix::from_fn(self.factor.len(), other.factor.len(), |i, j| {
            dot(&self.factor[i], &other.factor[j])
        });
        let distance = squared_distance(&self.mean, &other.mean) + self.trace() + other.trace()
            - 2.0 * sum_of_singular_values(product)?;
        if !distance.is_finite() {
            return Err(MetricError::Overflow { metric: METRIC });
        }
        // Rounding can take the distance of two equal distributions below 0.
        Ok(distance.max(0.0))
    }

    fn trace(&self) -> f64 {
        self.covariance
            .iter()
            .step_by(self.mean.len() + 1)
            .sum::<f64>()
    }

    /// Of a covariance known to be square and symmetric.
    fn from_checked(mean: Vec<f64>, covariance: Vec<f64>) -> Result<Self, MetricError> {
        if !mean.iter().chain(&covariance).all(|x| x.is_finite()) {
            return Err(MetricError::Overflow { metric: METRIC });
        }
        let factor = factor(mean.len(), &covariance)?;
        Ok(Self {
            mean,
            covariance,
            factor,
        })
    }
}

/// The rows `sqrt(lambda_i) v_i` of a symmetric matrix, where the eigenvalue is above what rounding makes of 0.
fn factor(dimensions: usize, covariance: &[f64]) -> Result<Vec<Vec<f64>>, MetricError> {
    // Dimensions without spread have the eigenvalue 0. With many of them nalgebra's decomposition goes wrong, and returns
    // infinities.
    let row = |i: usize| &covariance[i * dimensions..][..dimensions];
    let spread: Vec<usize> = (0..dimensions)
        .filter(|&i| row(i).iter().any(|value| *value != 0.0))
        .collect();
    if spread.is_empty() {
        return Ok(Vec::new());
    }
    let matrix = DMatrix::from_fn(spread.len(), spread.len(), |i, j| row(spread[i])[spread[j]]);
    let eigen = SymmetricEigen::try_new(matrix, f64::EPSILON, iterations(spread.len()))
        .filter(|eigen| eigen.eigenvalues.iter().all(|value| value.is_finite()))
        .ok_or(MetricError::NoConvergence {
            metric: METRIC,
            decomposition: "eigendecomposition",
        })?;
    let largest = eigen.eigenvalues.iter().copied().fold(0.0, f64::max);
    let smallest = eigen.eigenvalues.iter().copied().fold(0.0, f64::min);
    if smallest < -NEGATIVE * largest || (largest == 0.0 && smallest < 0.0) {
        let requirement = "a covariance has no negative eigenvalue";
        return Err(ConfigError::new("covariance", smallest, requirement).into());
    }
    let rounding = dimensions as f64 * f64::EPSILON * largest;
    let scaled = |(value, vector): (&f64, DVectorView<f64>)| {
        let mut row = vec![0.0; dimensions];
        for (&place, x) in spread.iter().zip(vector.iter()) {
            row[place] = x * value.sqrt();
        }
        row
    };
    Ok(eigen
        .eigenvalues
        .iter()
        .zip(eigen.eigenvectors.column_iter())
        .filter(|&(&value, _)| value > rounding)
        .map(scaled)
        .collect())
}

fn sum_of_singular_values(matrix: DMatrix<f64>) -> Result<f64, MetricError> {
    // nalgebra has no decomposition of a matrix without entries: a distribution without any spread.
    if matrix.is_empty() {
        return Ok(0.0);
    }
    let limit = iterations(matrix.nrows().max(matrix.ncols()));
    match matrix.try_svd_unordered(false, false, f64::EPSILON, limit) {
        Some(decomposed) => Ok(decomposed.singular_values.sum()),
        None => Err(MetricError::NoConvergence {
            metric: METRIC,
            decomposition: "singular value decomposition",
        }),
    }
}

/// A bound far above the two or three iterations that an eigenvalue takes.
fn iterations(dimensions: usize) -> usize {
    100 * dimensions + 1_000
}
