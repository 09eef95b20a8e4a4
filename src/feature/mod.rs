//! Feature spaces: where metrics compare generated samples with real ones.
//!
//! A metric such as the Frechet distance is a number about two clouds of points in a feature space, and means
//! nothing without the name of that space: [`FeatureExtractor::identity`]. A [`FeatureExtractor`] turns samples into
//! [`Features`]:
//!
//! | extractor | samples | what the features are |
//! |---|---|---|
//! | [`Pixels`] | any | the samples themselves; for points and tables |
//! | [`RandomFeatures`] | any | one layer of random weights over standardised samples |
//! | [`RandomConvolutions`] | images | a convolutional network with random weights; no training, no labels |
//! | [`Classifier`](crate::model::Classifier) | images | the hidden layer of a classifier trained on labelled samples ([`ClassifierTrainingConfig`]) |
//! | `Inception` (feature `inception`) | images | the network of the Frechet inception distance |

mod classes;
mod error;
mod features;
#[cfg(feature = "inception")]
mod inception;
mod pixels;
mod random_convolutions;
mod random_features;
#[cfg(feature = "training")]
mod training;

pub use classes::{ClassProbabilities, accuracy, predicted_classes};
pub use error::FeatureError;
pub use features::Features;
#[cfg(feature = "inception")]
pub use inception::Inception;
pub use pixels::Pixels;
pub use random_convolutions::{RandomConvolutions, RandomConvolutionsConfig};
pub use random_features::{RandomFeatures, RandomFeaturesConfig};
#[cfg(feature = "training")]
pub use training::{ClassifierTrainingConfig, HeldOutSplit, TrainedClassifier};

use burn::module::Module;
use burn::tensor::{Device, Tensor};

use crate::batch::BatchError;
use crate::errors::{DeviceError, ShapeError, at_least_1};
use crate::identity::Identity;
use crate::module_tree::module_device;

/// A fixed function from samples `[N, ...]` of rank `D` to features `[N, width]`.
///
/// It does not learn: the same samples have the same features, whatever else is in the batch.
///
/// ```
/// use burn::tensor::{Device, Tensor};
/// use burn_gan::Identity;
/// use burn_gan::feature::{FeatureError, FeatureExtractor};
///
/// /// The mean of each channel.
/// struct ChannelMeans;
///
/// impl FeatureExtractor<4> for ChannelMeans {
///     fn features(&self, images: Tensor<4>) -> Result<Tensor<2>, FeatureError> {
///         let [count, channels, height, width] = images.dims();
///         Ok(images.reshape([count * channels, height * width]).mean_dim(1).reshape([count, channels]))
///     }
///     fn identity(&self) -> Result<Identity, FeatureError> {
///         Ok(Identity::new("channel-means", 1))
///     }
/// }
///
/// let images = Tensor::ones([5, 3, 8, 8], &Device::flex());
/// let features = ChannelMeans.extract(images, 2)?;
/// assert_eq!((features.count(), features.row(4)), (5, [1.0; 3].as_slice()));
/// # Ok::<(), FeatureError>(())
/// ```
pub trait FeatureExtractor<const D: usize> {
    /// The features `[N, width]` of samples `[N, ...]`, plain (without autodiff), on the extractor's device or
    /// that of the samples.
    ///
    /// All samples go through at once; [`FeatureExtractor::extract`] takes them in chunks.
    ///
    /// # Errors
    /// [`FeatureError::Shape`] for samples that it does not take.
    fn features(&self, samples: Tensor<D>) -> Result<Tensor<2>, FeatureError>;

    /// What it is, by a name that stays: two scores compare only where their features have the same identity.
    ///
    /// # Errors
    /// [`FeatureError::Device`] where it rests on weights that cannot be read.
    fn identity(&self) -> Result<Identity, FeatureError>;

    /// The features of samples `[N, ...]` on the host, one vector a sample, as metrics take them.
    ///
    /// `chunk` samples go through at a time, so that the extractor's own memory on the device is that of a chunk.
    ///
    /// # Errors
    /// [`FeatureError::Batch`] for no samples, [`FeatureError::Config`] for a chunk of 0, those of
    /// [`FeatureExtractor::features`], [`FeatureError::Shape`] where there is not one row a sample,
    /// [`FeatureError::NonFinite`] for NaN and infinities, [`FeatureError::Device`] where the device fails.
    fn extract(&self, samples: Tensor<D>, chunk: usize) -> Result<Features, FeatureError> {
        at_least_1("chunk", chunk)?;
        let count = samples.dims()[0];
        if count == 0 {
            return Err(BatchError::Empty.into());
        }
        let (mut values, mut width) = (Vec::new(), None);
        for start in (0..count).step_by(chunk) {
            let length = chunk.min(count - start);
            let features = self.features(samples.clone().narrow(0, start, length))?;
            let found = features.dims();
            let width = *width.get_or_insert(found[1]);
            ShapeError::check("features", &[length, width], &found)?;
            values.extend(
                features
                    .try_into_vec_as::<f64>()
                    .map_err(DeviceError::new)?,
            );
        }
        Features::new(values, width.unwrap_or(0))
    }
}

impl<const D: usize, E: FeatureExtractor<D> + ?Sized> FeatureExtractor<D> for &E {
    fn features(&self, samples: Tensor<D>) -> Result<Tensor<2>, FeatureError> {
        (**self).features(samples)
    }
    fn identity(&self) -> Result<Identity, FeatureError> {
        (**self).identity()
    }
    fn extract(&self, samples: Tensor<D>, chunk: usize) -> Result<Features, FeatureError> {
        (**self).extract(samples, chunk)
    }
}

impl<const D: usize, E: FeatureExtractor<D> + ?Sized> FeatureExtractor<D> for Box<E> {
    fn features(&self, samples: Tensor<D>) -> Result<Tensor<2>, FeatureError> {
        (**self).features(samples)
    }
    fn identity(&self) -> Result<Identity, FeatureError> {
        (**self).identity()
    }
    fn extract(&self, samples: Tensor<D>, chunk: usize) -> Result<Features, FeatureError> {
        (**self).extract(samples, chunk)
    }
}

/// Images for a network: of the shape that it takes, plain and on its device.
fn network_input(
    images: Tensor<4>,
    sample_shape: [usize; 3],
    device: &Device,
) -> Result<Tensor<4>, FeatureError> {
    check_sample_shape(&images, &sample_shape)?;
    Ok(images.without_autodiff().to_device(device))
}

/// Refuses samples `[N, ...]` of another shape than the extractor takes.
fn check_sample_shape<const D: usize>(
    samples: &Tensor<D>,
    sample_shape: &[usize],
) -> Result<(), ShapeError> {
    let shape = samples.dims();
    let expected = [&shape[..1], sample_shape].concat();
    ShapeError::check("samples to extract features from", &expected, &shape)
}

/// The device of a network's parameters, without autodiff.
fn device_of(network: &impl Module) -> Device {
    module_device(network).without_autodiff()
}
