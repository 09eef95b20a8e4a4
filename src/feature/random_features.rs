//! [`RandomFeatures`]: one layer of random weights, for samples of any shape.

use burn::config::Config;
use burn::tensor::{Device, Tensor, activation};

use super::{FeatureError, FeatureExtractor, check_sample_shape};
use crate::batch::BatchError;
use crate::errors::{ConfigError, DeviceError, at_least_1};
use crate::identity::{Identity, sha256};
use crate::random::{Purpose, Stream};

/// Configuration of [`RandomFeatures`].
#[derive(Config, Debug, PartialEq)]
#[non_exhaustive]
pub struct RandomFeaturesConfig {
    /// Number of features.
    #[config(default = 64)]
    pub features: usize,
    /// Seed of the weights: part of the identity of the feature space.
    #[config(default = 0)]
    pub seed: u64,
}

/// Features of samples `[N, ...]` of any shape from one layer of random weights with a ReLU: `[N, features]`.
///
/// Distances between them follow those of the samples, without a trained network (Rahimi and Recht, "Weighted sums of
/// random kitchen sinks", NeurIPS 2008). Samples are standardised first: shifted by the mean of the real samples,
/// which each value has for itself, and divided by their standard deviation, which is one for all values. So the
/// space does not depend on the unit of the data.
///
/// ```
/// use burn::tensor::{Device, Tensor};
/// use burn_gan::feature::{FeatureExtractor, RandomFeaturesConfig};
///
/// let points = Tensor::<2>::from_floats([[1.0, 2.0], [3.0, 4.0], [0.0, 1.0]], &Device::flex());
/// let space = RandomFeaturesConfig::new().with_features(8).init(points.clone())?;
/// assert_eq!(space.extract(points, 100)?.dimensions(), 8);
/// # Ok::<(), burn_gan::GanError>(())
/// ```
#[derive(Debug, Clone)]
pub struct RandomFeatures {
    config: RandomFeaturesConfig,
    /// The mean of the real samples, `[1, values]`.
    mean: Tensor<2>,
    /// The mean squared distance of a real value from its mean.
    variance: f64,
    /// `[values, features]`, the division by the standard deviation included.
    weights: Tensor<2>,
    /// `[1, features]`.
    bias: Tensor<2>,
    sample_shape: Vec<usize>,
    device: Device,
}

impl RandomFeaturesConfig {
    /// The space for samples like the real ones of `real_example` `[N, ...]`, on their device.
    ///
    /// # Errors
    /// [`FeatureError::Config`] for 0 features, and where the real samples do not differ or are not finite;
    /// [`FeatureError::Batch`] for no samples, [`FeatureError::Device`] where they cannot be read.
    pub fn init<const D: usize>(
        &self,
        real_example: Tensor<D>,
    ) -> Result<RandomFeatures, FeatureError> {
        at_least_1("features", self.features)?;
        let real = real_example.without_autodiff();
        let (shape, device) = (real.dims(), real.device());
        if shape[0] == 0 {
            return Err(BatchError::Empty.into());
        }
        let sample_shape = shape[1..].to_vec();
        let values = sample_shape.iter().product();
        let flat = real.reshape([shape[0], values]);
        let mean = flat.clone().mean_dim(0);
        let variance = (flat - mean.clone())
            .powi_scalar(2)
            .mean()
            .try_into_scalar::<f64>()
            .map_err(DeviceError::new)?;
        if !(variance > 0.0 && variance.is_finite()) {
            let requirement = "the samples must differ and be finite";
            return Err(ConfigError::new("real_example: variance", variance, requirement).into());
        }
        // The inputs of the ReLU then have a variance of 2 over the real samples, half of it the bias.
        let scale = 1.0 / (variance * values as f64).sqrt();
        let mut stream = Stream::new(self.seed, Purpose::Features, 0);
        Ok(RandomFeatures {
            config: self.clone(),
            mean,
            variance,
            weights: stream.normal([values, self.features], &device) * scale,
            bias: stream.normal([1, self.features], &device),
            sample_shape,
            device,
        })
    }
}

#[cfg(feature = "training")]
impl RandomFeatures {
    /// Number of features.
    pub(crate) fn dimensions(&self) -> usize {
        self.config.features
    }

    /// The device that the features are computed on.
    pub(crate) fn device(&self) -> &Device {
        &self.device
    }
}

impl<const D: usize> FeatureExtractor<D> for RandomFeatures {
    fn features(&self, samples: Tensor<D>) -> Result<Tensor<2>, FeatureError> {
        check_sample_shape(&samples, &self.sample_shape)?;
        let shape = [samples.dims()[0], self.mean.dims()[1]];
        let flat = samples
            .without_autodiff()
            .to_device(&self.device)
            .reshape(shape);
        let inputs = (flat - self.mean.clone()).matmul(self.weights.clone()) + self.bias.clone();
        Ok(activation::relu(inputs))
    }

    /// The real samples count by their mean and variance.
    fn identity(&self) -> Result<Identity, FeatureError> {
        let mean = self.mean.clone().try_into_vec_as::<f32>();
        let statistics: Vec<u8> = mean
            .map_err(DeviceError::new)?
            .into_iter()
            .flat_map(f32::to_le_bytes)
            .chain(self.variance.to_le_bytes())
            .collect();
        Ok(Identity::new("random-features", 1)
            .with("sample_shape", self.sample_shape.clone())
            .with("features", self.config.features)
            .with("seed", self.config.seed)
            .with("statistics_sha256", sha256(&statistics)))
    }
}
