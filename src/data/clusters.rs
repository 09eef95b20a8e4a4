//! [`ClustersConfig`]: samples in groups that are alike, found without labels.

use burn::config::Config;
use burn::tensor::{Device, FloatDType, Int, Tensor};

use super::{Clustered, DataError, Samples, check_finite};
use crate::batch::Condition;
use crate::errors::{ConfigError, DeviceError, ShapeError, at_least_1};
use crate::identity::Identity;
use crate::random::{Purpose, Stream};

/// Samples whose clusters are looked for at once.
const CHUNK: usize = 512;

/// Groups samples by their values into clusters, so that a conditional GAN can learn from data without labels: k-means (Lloyd
/// 1982) from centres that k-means++ (Arthur and Vassilvitskii 2007) draws.
///
/// A generator of one connected latent space has to draw something between two kinds of samples that have nothing between
/// them. With the cluster as its class it need not, and the discriminator compares what is alike. GANs of clusters are
/// Logo-GAN's (Sage et al. 2018, section 4); Liu et al. 2020 cluster in a network's features and not in pixels.
///
/// Samples are generated from labels that are as frequent as the clusters are
/// ([`Clustered::frequencies`]): all of them together are samples of the data, and no label is needed from anybody.
///
/// ```
/// use burn::tensor::{Device, Tensor};
/// use burn_gan::data::{ClustersConfig, Memory, Samples};
///
/// let device = Device::flex();
/// let points = Tensor::<2>::from_floats([[0.0, 0.1], [9.0, 9.0], [0.1, 0.0], [9.1, 9.0], [0.0, 0.0]], &device);
/// let points = Memory::new(points)?;
/// let clusters = ClustersConfig::new(2).fit(&points, &device)?;
/// let points = clusters.label(points, &device)?;
///
/// let labels = points.labels();
/// assert_eq!(labels[0], labels[2]);
/// assert_ne!(labels[0], labels[1]);
/// let mut sizes = points.frequencies().counts().to_vec();
/// sizes.sort();
/// assert_eq!(sizes, [2, 3]);
/// // As a source of real samples it has the cluster of each sample as its class.
/// assert_eq!(points.select(&[1, 4], &device)?.condition.dims(), [2]);
/// # Ok::<(), burn_gan::data::DataError>(())
/// ```
#[derive(Config, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ClustersConfig {
    /// Number of clusters.
    pub count: usize,
    /// Samples that the centres are computed of, at most: so many drawn from a larger set. They are all in memory.
    #[config(default = 5000)]
    pub samples: usize,
    /// Iterations at most; it ends earlier where no sample changes its cluster.
    #[config(default = 100)]
    pub iterations: usize,
    /// Seed of the samples that are drawn, and of the first centres.
    #[config(default = 0)]
    pub seed: u64,
}

impl ClustersConfig {
    /// Finds the clusters of a set; its conditions do not matter. The work is done on `device`.
    ///
    /// # Errors
    /// [`DataError::Config`] for a count, samples or iterations of 0 and for more clusters than there are samples,
    /// [`DataError::NonFinite`] where a value is NaN or infinite, [`DataError::Device`] where a result cannot be read, and
    /// what keeps the set from its data.
    pub fn fit<const D: usize, C: Condition>(
        &self,
        samples: &impl Samples<D, C>,
        device: &Device,
    ) -> Result<Clusters, DataError> {
        self.check(samples.len())?;
        let device = &device.clone().without_autodiff();
        let mut stream = Stream::new(self.seed, Purpose::Clusters, 0);
        let mut indices: Vec<usize> = if samples.len() > self.samples {
            let mut drawn = stream.permutation(samples.len());
            drawn.truncate(self.samples);
            drawn
        } else {
            (0..samples.len()).collect()
        };
        // In the order of the set, which files are read fastest in.
        indices.sort_unstable();
        let mut shape = Vec::new();
        let mut chunks = Vec::new();
        for indices in indices.chunks(CHUNK) {
            let samples = samples.select(indices, device)?.samples;
            shape = samples.dims()[1..].to_vec();
            chunks.push(rows(samples, indices)?);
        }
        let rows = Tensor::cat(chunks, 0);
        let mut clusters = Clusters {
            centers: first_centers(&rows, self.count, &mut stream)?,
            shape,
            config: self.clone(),
        };
        let mut labels = clusters.nearest(rows.clone())?;
        for _ in 0..self.iterations {
            clusters.centers = means(&rows, &labels, clusters.centers);
            let next = clusters.nearest(rows.clone())?;
            if next == labels {
                break;
            }
            labels = next;
        }
        Ok(clusters)
    }

    fn check(&self, samples: usize) -> Result<(), DataError> {
        at_least_1("clusters.count", self.count)?;
        at_least_1("clusters.samples", self.samples)?;
        at_least_1("clusters.iterations", self.iterations)?;
        if samples == 0 {
            return Err(DataError::EmptyDataset);
        }
        if self.count > samples.min(self.samples) {
            let requirement = "must not be more than the samples that the centres are computed of";
            return Err(ConfigError::new("clusters.count", self.count, requirement).into());
        }
        Ok(())
    }
}

/// Clusters of samples, by their centres; [`ClustersConfig::fit`] finds them.
#[derive(Debug, Clone)]
pub struct Clusters {
    /// `[clusters, values]`.
    centers: Tensor<2>,
    /// The shape of one sample.
    shape: Vec<usize>,
    config: ClustersConfig,
}

impl Clusters {
    /// Number of clusters.
    pub fn count(&self) -> usize {
        self.config.count
    }

    /// The centres `[clusters, values]`: the mean sample of each cluster, flat.
    pub fn centers(&self) -> &Tensor<2> {
        &self.centers
    }

    /// The set with the cluster of each sample, that of the nearest centre, as its class label.
    ///
    /// It may be another set than that of the clusters, such as what is held out of it. All samples are loaded once, on
    /// `device`.
    ///
    /// # Errors
    /// [`DataError::Shape`] for samples of another shape, [`DataError::EmptyDataset`] for no samples,
    /// [`DataError::NonFinite`] where a value is NaN or infinite, [`DataError::Device`] where a result cannot be read, and
    /// what keeps the set from its data.
    pub fn label<const D: usize, S: Samples<D>>(
        &self,
        samples: S,
        device: &Device,
    ) -> Result<Clustered<S>, DataError> {
        let device = &device.clone().without_autodiff();
        let mut labels = Vec::with_capacity(samples.len());
        let all: Vec<usize> = (0..samples.len()).collect();
        for indices in all.chunks(CHUNK) {
            let samples = samples.select(indices, device)?.samples;
            ShapeError::check("samples to cluster", &self.shape, &samples.dims()[1..])?;
            let centers = self.centers.clone().to_device(device);
            let distances = squared_distances(rows(samples, indices)?, centers);
            labels.extend(nearest_of(distances)?);
        }
        Clustered::new(samples, labels, self.count(), self.identity())
    }

    /// How they were found; with the set that it was done on it decides which clusters they are.
    fn identity(&self) -> Identity {
        Identity::new("clusters", 1)
            .with("count", self.config.count)
            .with("samples", self.config.samples)
            .with("iterations", self.config.iterations)
            .with("seed", self.config.seed)
    }

    fn nearest(&self, rows: Tensor<2>) -> Result<Vec<usize>, DataError> {
        nearest_of(squared_distances(rows, self.centers.clone()))
    }
}

/// Samples as rows `[N, values]` in single precision; refuses values that are not finite.
fn rows<const D: usize>(samples: Tensor<D>, indices: &[usize]) -> Result<Tensor<2>, DataError> {
    let values = samples.dims()[1..].iter().product::<usize>();
    let samples = samples.without_autodiff().cast(FloatDType::F32);
    let rows: Tensor<2> = samples.reshape([indices.len(), values]);
    let place = |index: usize| indices[index / values] * values + index % values;
    check_finite(rows.clone(), place)?;
    Ok(rows)
}

/// k-means++: each further centre is a sample, drawn with a probability that grows with its squared distance from the centres
/// before it.
fn first_centers(
    rows: &Tensor<2>,
    count: usize,
    stream: &mut Stream,
) -> Result<Tensor<2>, DataError> {
    let [samples, _] = rows.dims();
    let row = |index: usize| rows.clone().narrow(0, index, 1);
    let mut centers = vec![row(stream.index(samples))];
    let mut nearest = vec![f64::INFINITY; samples];
    while centers.len() < count {
        let last = centers[centers.len() - 1].clone();
        let distances = read(squared_distances(rows.clone(), last).squeeze_dim(1))?;
        for (nearest, distance) in nearest.iter_mut().zip(distances) {
            // Rounding can leave less than 0.
            *nearest = nearest.min(f64::from(distance.max(0.0)));
        }
        centers.push(row(drawn(&nearest, stream)));
    }
    Ok(Tensor::cat(centers, 0))
}

/// An index, drawn with these weights; any where all are 0, as where every sample is a centre.
fn drawn(weights: &[f64], stream: &mut Stream) -> usize {
    let total: f64 = weights.iter().sum();
    if total <= 0.0 {
        return stream.index(weights.len());
    }
    let mut left = total * f64::from(stream.uniform_values(1)[0]);
    let found = weights.iter().position(|weight| {
        left -= weight;
        left < 0.0
    });
    // Rounding can leave a little behind the last one.
    found.unwrap_or(weights.len() - 1)
}

/// The mean of the samples of each cluster; one without samples keeps its centre.
fn means(rows: &Tensor<2>, labels: &[usize], centers: Tensor<2>) -> Tensor<2> {
    let [count, _] = centers.dims();
    let device = rows.device();
    let labels: Vec<i64> = labels.iter().map(|&label| label as i64).collect();
    let labels = Tensor::<1, Int>::from_data(labels.as_slice(), &device);
    let clusters = Tensor::<1, Int>::arange(0..count as i64, &device);
    // Row `k` has a 1 for each sample of cluster `k`.
    let members = clusters
        .unsqueeze_dim::<2>(1)
        .equal(labels.unsqueeze_dim(0))
        .float();
    let sizes = members.clone().sum_dim(1);
    let is_empty = sizes.clone().equal_elem(0.0);
    let means = members.matmul(rows.clone()) / sizes.clamp_min(1.0);
    let shape = means.dims();
    means.mask_where(is_empty.expand(shape), centers)
}

/// `|x - c|^2 = |x|^2 - 2 x c + |c|^2` for rows `[N, values]` and centres `[K, values]`: `[N, K]`.
fn squared_distances(rows: Tensor<2>, centers: Tensor<2>) -> Tensor<2> {
    let of_rows = rows.clone().square().sum_dim(1);
    let of_centers = centers.clone().square().sum_dim(1).transpose();
    of_rows + of_centers - rows.matmul(centers.transpose()).mul_scalar(2.0)
}

/// The nearest centre of each row, the first of two at one distance.
fn nearest_of(distances: Tensor<2>) -> Result<Vec<usize>, DataError> {
    let [count, clusters] = distances.dims();
    let distances = read(distances.reshape([count * clusters]))?;
    let nearest = |distances: &[f32]| {
        let by_distance = |a: &usize, b: &usize| distances[*a].total_cmp(&distances[*b]);
        (0..clusters).min_by(by_distance).unwrap_or(0)
    };
    Ok(distances.chunks(clusters).map(nearest).collect())
}

fn read(values: Tensor<1>) -> Result<Vec<f32>, DataError> {
    Ok(values.try_into_vec_as::<f32>().map_err(DeviceError::new)?)
}
