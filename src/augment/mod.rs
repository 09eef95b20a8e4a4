//! Random changes of the images that a discriminator sees, for training with little data.
//!
//! A discriminator of few images learns them by heart. Changed at random in each step, they are never quite the same
//! again; and since generated images are changed in the same way, the generator learns the distribution of unchanged ones
//! (Zhao et al. 2020; Karras et al. 2020, section 2.2). The changes are differentiable, and every one that is here is linear
//! in the image up to a constant, so that exact gradient penalties go through it.
//!
//! ```
//! use burn_gan::augment::{Augmentation, DiffAugmentConfig};
//! use burn_gan::trainer::GanTrainerConfig;
//!
//! let augmentation = Augmentation::DiffAugment(DiffAugmentConfig::new());
//! let config = GanTrainerConfig::r3gan().with_augmentation(Some(augmentation));
//! ```

mod diff_augment;
mod transformation;

pub use diff_augment::DiffAugmentConfig;
pub use transformation::Transformation;

use burn::config::Config;
use burn::tensor::Device;

use crate::errors::ConfigError;
use crate::random::Stream;

/// A family of random changes of images.
#[derive(Config, Debug, PartialEq)]
#[non_exhaustive]
pub enum Augmentation {
    /// DiffAugment: colour, translation and cutout of every image (Zhao et al. 2020).
    DiffAugment(DiffAugmentConfig),
}

impl Augmentation {
    /// Draws a change for each of the images of a batch of shape `[N, C, H, W]`.
    pub fn draw(&self, shape: [usize; 4], stream: &mut Stream, device: &Device) -> Transformation {
        match self {
            Self::DiffAugment(config) => config.draw(shape, stream, device),
        }
    }

    /// # Errors
    /// [`ConfigError`] for values out of range.
    pub(crate) fn check(&self) -> Result<(), ConfigError> {
        match self {
            Self::DiffAugment(config) => config.check(),
        }
    }
}
