//! [`Pixels`]: the samples themselves as features.

use burn::tensor::Tensor;

use super::{FeatureError, FeatureExtractor};
use crate::identity::Identity;

/// The values of a sample one after the other: `[N, ...]` to `[N, values]`.
///
/// The space for points and tables. For images it is a weak one: shifted by a pixel, an image is far from itself,
/// and a blurred one is near to many.
///
/// ```
/// use burn::tensor::{Device, Tensor};
/// use burn_gan::feature::{FeatureExtractor, Pixels};
///
/// let points = Tensor::<2>::from_floats([[1.0, 2.0], [3.0, 4.0]], &Device::flex());
/// assert_eq!(Pixels.extract(points, 100)?.row(1), [3.0, 4.0]);
/// # Ok::<(), burn_gan::GanError>(())
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct Pixels;

impl<const D: usize> FeatureExtractor<D> for Pixels {
    fn features(&self, samples: Tensor<D>) -> Result<Tensor<2>, FeatureError> {
        let shape = samples.dims();
        let values = shape[1..].iter().product::<usize>();
        Ok(samples.without_autodiff().reshape([shape[0], values]))
    }

    fn identity(&self) -> Result<Identity, FeatureError> {
        Ok(Identity::new("pixels", 1))
    }
}
