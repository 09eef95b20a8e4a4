//! [`ImageCondition`]: what a network of images is conditioned on, nothing or another image.

use burn::tensor::Tensor;

use crate::batch::Condition;
use crate::errors::ShapeError;
use crate::network_error::NetworkError;

/// The conditions of a discriminator of images in [`model`](crate::model) that judges samples alone, `()`, or each beside
/// an image `[N, C, H, W]`, such as the one that it is a translation of.
///
/// Which of the two it takes is its configuration; it refuses the other before training.
pub trait ImageCondition: Condition + sealed::Sealed {
    /// The images `[N, C, H, W]`, one a sample, where there are any.
    fn images(&self) -> Option<&Tensor<4>>;
}

impl ImageCondition for () {
    fn images(&self) -> Option<&Tensor<4>> {
        None
    }
}

impl ImageCondition for Tensor<4> {
    fn images(&self) -> Option<&Tensor<4>> {
        Some(self)
    }
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for () {}
    impl Sealed for burn::tensor::Tensor<4> {}
}

/// Refuses images that are not of the shape `[C, H, W]` that a network takes (`None`: that takes none).
///
/// # Errors
/// [`NetworkError::ImageMissing`], [`NetworkError::ImageUnused`], [`NetworkError::Shape`] with both shapes.
pub(crate) fn check_images(
    condition: &impl ImageCondition,
    shape: Option<[usize; 3]>,
) -> Result<(), NetworkError> {
    match (condition.images(), shape) {
        (None, None) => Ok(()),
        (None, Some([channels, height, width])) => Err(NetworkError::ImageMissing {
            channels,
            height,
            width,
        }),
        (Some(_), None) => Err(NetworkError::ImageUnused),
        (Some(images), Some(shape)) => {
            ShapeError::check("images of the condition", &shape, &images.dims()[1..])?;
            Ok(())
        }
    }
}
