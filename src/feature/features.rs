//! [`Features`]: feature vectors on the host, what extractors return and metrics take.

use burn::tensor::Tensor;

use super::FeatureError;

use crate::batch::BatchError;
use crate::errors::{DeviceError, ShapeError, at_least_1};

/// The feature vectors of a set of samples, `[N, d]`, in double precision on the host.
///
/// There is at least one vector of at least one dimension, and all values are finite.
///
/// ```
/// use burn::tensor::{Device, Tensor};
/// use burn_gan::feature::Features;
///
/// let points = Tensor::<2>::from_floats([[2.0, 0.0], [0.0, 1.0], [0.5, 0.5]], &Device::flex());
/// let features = Features::from_tensor(points)?;
/// assert_eq!((features.count(), features.dimensions()), (3, 2));
/// assert_eq!(features.row(1), [0.0, 1.0]);
/// # Ok::<(), burn_gan::GanError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Features {
    values: Vec<f64>,
    dimensions: usize,
}

impl Features {
    /// Feature vectors one after another, `dimensions` values each.
    ///
    /// # Errors
    /// [`FeatureError::Config`] for vectors of no dimension, [`FeatureError::Batch`] for no vectors,
    /// [`FeatureError::Shape`] where the last one is cut off, [`FeatureError::NonFinite`] for NaN and
    /// infinities.
    pub fn new(values: Vec<f64>, dimensions: usize) -> Result<Self, FeatureError> {
        at_least_1("dimensions", dimensions)?;
        if values.is_empty() {
            return Err(BatchError::Empty.into());
        }
        let rest = values.len() % dimensions;
        if rest != 0 {
            return Err(ragged(dimensions, rest));
        }
        if let Some(index) = values.iter().position(|value| !value.is_finite()) {
            return Err(FeatureError::NonFinite {
                sample: index / dimensions,
                dimension: index % dimensions,
                value: values[index],
            });
        }
        Ok(Self { values, dimensions })
    }

    /// The rows of a tensor `[N, d]`, read from its device.
    ///
    /// # Errors
    /// As [`Features::new`], and [`FeatureError::Device`] where the tensor cannot be read.
    pub fn from_tensor(features: Tensor<2>) -> Result<Self, FeatureError> {
        let [_, dimensions] = features.dims();
        let values = features
            .try_into_vec_as::<f64>()
            .map_err(DeviceError::new)?;
        Self::new(values, dimensions)
    }

    /// One feature vector a row, all of the first one's length.
    ///
    /// # Errors
    /// As [`Features::new`]; [`FeatureError::Shape`] for a row of another length.
    pub fn from_rows<Row: AsRef<[f64]>>(rows: &[Row]) -> Result<Self, FeatureError> {
        let Some(first) = rows.first() else {
            return Err(BatchError::Empty.into());
        };
        let dimensions = first.as_ref().len();
        let mut values = Vec::with_capacity(rows.len() * dimensions);
        for row in rows {
            let row = row.as_ref();
            if row.len() != dimensions {
                return Err(ragged(dimensions, row.len()));
            }
            values.extend_from_slice(row);
        }
        Self::new(values, dimensions)
    }

    /// Adds the vectors of another set, for features that are computed batch by batch.
    ///
    /// # Errors
    /// [`FeatureError::Shape`] for vectors of another length.
    pub fn append(&mut self, other: Self) -> Result<(), FeatureError> {
        if other.dimensions != self.dimensions {
            return Err(ragged(self.dimensions, other.dimensions));
        }
        self.values.extend(other.values);
        Ok(())
    }

    /// The vectors at these positions, in this order.
    ///
    /// # Errors
    /// [`FeatureError::IndexOutOfRange`] for a position past the end, [`FeatureError::Batch`] for none.
    pub fn select(&self, indices: &[usize]) -> Result<Self, FeatureError> {
        if indices.is_empty() {
            return Err(BatchError::Empty.into());
        }
        let samples = self.count();
        let mut values = Vec::with_capacity(indices.len() * self.dimensions);
        for &index in indices {
            if index >= samples {
                return Err(FeatureError::IndexOutOfRange { index, samples });
            }
            values.extend_from_slice(self.row(index));
        }
        Ok(Self {
            values,
            dimensions: self.dimensions,
        })
    }

    /// Number of samples N, at least 1.
    pub fn count(&self) -> usize {
        self.values.len() / self.dimensions
    }

    /// Length of a feature vector d, at least 1.
    pub fn dimensions(&self) -> usize {
        self.dimensions
    }

    /// The feature vector of one sample.
    ///
    /// # Panics
    /// For an index past the end, as a slice does.
    pub fn row(&self, index: usize) -> &[f64] {
        &self.values[index * self.dimensions..][..self.dimensions]
    }

    /// The feature vectors in order.
    pub fn rows(&self) -> std::slice::ChunksExact<'_, f64> {
        self.values.chunks_exact(self.dimensions)
    }
}

fn ragged(expected: usize, actual: usize) -> FeatureError {
    FeatureError::Shape(ShapeError {
        what: "feature vector",
        expected: vec![expected],
        actual: vec![actual],
    })
}
