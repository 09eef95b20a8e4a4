//! [`NearestSamplesConfig`]: which samples of a data set are nearest to given ones.

use burn::config::Config;
use burn::tensor::Device;
use serde::{Deserialize, Serialize};

use super::MetricError;
use super::check::check_count;
use super::kernel::squared_distance;
use super::neighbours::Nearest;
use crate::batch::{BatchError, Condition};
use crate::data::Samples;
use crate::errors::{ShapeError, at_least_1};
use crate::feature::{FeatureError, FeatureExtractor, Features};

const METRIC: &str = "search for the nearest samples";

/// A sample of a data set, and how far it is from another sample.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Neighbour {
    /// Its place in the data set.
    pub index: usize,
    /// The Euclidean distance of the two in the feature space.
    pub distance: f64,
}

/// A search for the nearest samples of a data set, whose samples go through a chunk at a time.
///
/// The feature space says what "near" is: [`Pixels`](crate::feature::Pixels) finds copies, the features of a network also what
/// looks alike and is not in the same place. Distances are in double precision on the host, so that a copy is at distance 0.
/// Memory holds the features of the samples asked for and those of a chunk; the time is that of a distance for each sample and
/// each of the data.
///
/// ```
/// use burn::tensor::{Device, Tensor};
/// use burn_gan::data::Memory;
/// use burn_gan::feature::{FeatureExtractor, Pixels};
/// use burn_gan::metric::NearestSamplesConfig;
///
/// let device = Device::flex();
/// let data = Memory::new(Tensor::<2>::from_floats([[0.0, 0.0], [3.0, 4.0], [9.0, 9.0]], &device))?;
/// let generated = Pixels.extract(Tensor::<2>::from_floats([[3.0, 3.0]], &device), 100)?;
/// let nearest = NearestSamplesConfig::new().nearest(&generated, &data, &Pixels, &device)?;
/// assert_eq!((nearest[0][0].index, nearest[0][0].distance), (1, 1.0));
/// # Ok::<(), burn_gan::GanError>(())
/// ```
#[derive(Config, Debug, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct NearestSamplesConfig {
    /// Number of neighbours of each sample.
    #[config(default = 1)]
    pub k: usize,
    /// Samples of the data that are in memory at once.
    #[config(default = 256)]
    pub chunk: usize,
}

impl NearestSamplesConfig {
    /// For each of the `samples`, as features of `space`, its `k` nearest samples of the data, the nearest first; of two at one
    /// distance the first.
    ///
    /// The samples of the data are made on `device`.
    ///
    /// # Errors
    /// [`MetricError::Config`] for a `k` or a chunk of 0, [`MetricError::TooFewSamples`] for data of fewer than `k` samples,
    /// [`MetricError::FeatureDimensions`] where `samples` are of another space, [`MetricError::Feature`] for what
    /// the data or the space cannot give.
    pub fn nearest<const D: usize, C: Condition>(
        &self,
        samples: &Features,
        data: &impl Samples<D, C>,
        space: &impl FeatureExtractor<D>,
        device: &Device,
    ) -> Result<Vec<Vec<Neighbour>>, MetricError> {
        self.check(data.len(), self.k)?;
        self.search(samples, |_| None, data, space, device)
    }

    /// For each of the samples of the data at `indices` its `k` nearest *other* samples of the data.
    ///
    /// Of data that are independent, the distances of a sample from all others are distributed as those of a held-out sample
    /// from the data: a yardstick for [`CopyCheck`](super::CopyCheck) where none is held out.
    ///
    /// # Errors
    /// [`MetricError::Feature`] for no indices or one past the end, [`MetricError::TooFewSamples`] for data of fewer than
    /// `k + 1` samples, otherwise those of [`NearestSamplesConfig::nearest`].
    pub fn nearest_others<const D: usize, C: Condition>(
        &self,
        indices: &[usize],
        data: &impl Samples<D, C>,
        space: &impl FeatureExtractor<D>,
        device: &Device,
    ) -> Result<Vec<Vec<Neighbour>>, MetricError> {
        self.check(data.len(), self.k.saturating_add(1))?;
        let mut samples: Option<Features> = None;
        for chunk in indices.chunks(self.chunk) {
            let found = features(chunk, data, space, device)?;
            match &mut samples {
                None => samples = Some(found),
                Some(samples) => samples.append(found)?,
            }
        }
        let samples = samples.ok_or(BatchError::Empty)?;
        let itself = |sample: usize| indices.get(sample).copied();
        self.search(&samples, itself, data, space, device)
    }

    /// Refuses numbers of 0, and data of fewer samples than are `needed`.
    fn check(&self, samples: usize, needed: usize) -> Result<(), MetricError> {
        at_least_1("k", self.k)?;
        at_least_1("chunk", self.chunk)?;
        check_count(METRIC, samples, needed)
    }

    /// The nearest samples of the data, but the one that is left out for each sample.
    fn search<const D: usize, C: Condition>(
        &self,
        samples: &Features,
        left_out: impl Fn(usize) -> Option<usize>,
        data: &impl Samples<D, C>,
        space: &impl FeatureExtractor<D>,
        device: &Device,
    ) -> Result<Vec<Vec<Neighbour>>, MetricError> {
        let mut nearest = vec![Nearest::new(self.k); samples.count()];
        let count = data.len();
        for start in (0..count).step_by(self.chunk) {
            let chunk: Vec<usize> = (start..count).take(self.chunk).collect();
            let real = features(&chunk, data, space, device)?;
            if real.dimensions() != samples.dimensions() {
                return Err(MetricError::FeatureDimensions {
                    real: real.dimensions(),
                    generated: samples.dimensions(),
                });
            }
            for (place, (sample, nearest)) in samples.rows().zip(&mut nearest).enumerate() {
                let left_out = left_out(place);
                for (&index, real) in chunk.iter().zip(real.rows()) {
                    if Some(index) != left_out {
                        nearest.offer(index, squared_distance(sample, real));
                    }
                }
            }
        }
        let neighbour = |&(index, squared): &(usize, f64)| Neighbour {
            index,
            distance: squared.sqrt(),
        };
        let of_sample = |nearest: Nearest| nearest.found().iter().map(neighbour).collect();
        Ok(nearest.into_iter().map(of_sample).collect())
    }
}

/// The features of the samples at these places, all at once.
fn features<const D: usize, C: Condition>(
    indices: &[usize],
    data: &impl Samples<D, C>,
    space: &impl FeatureExtractor<D>,
    device: &Device,
) -> Result<Features, MetricError> {
    let samples = data
        .select(indices, device)
        .map_err(FeatureError::from)?
        .samples;
    let count = samples.dims()[0];
    ShapeError::check("samples of the data set", &[indices.len()], &[count])?;
    Ok(space.extract(samples, indices.len())?)
}
