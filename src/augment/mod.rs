//! Random changes of the images that a discriminator sees, for training with little data.
//!
//! A discriminator of few images learns them by heart. Changed at random in each step, they are never quite the same
//! again; and since generated images are changed in the same way, the generator learns the distribution of unchanged ones
//! (Zhao et al. 2020; Karras et al. 2020, section 2.2). [`DiffAugmentConfig`] changes every image a little; [`AdaConfig`]
//! changes the more of them, and the more thoroughly, the further the discriminator overfits. The changes are
//! differentiable, and every one that is here is linear in the image up to a constant, so that exact gradient penalties go
//! through it.
//!
//! ```
//! use burn_gan::augment::{Augmentation, DiffAugmentConfig};
//! use burn_gan::trainer::GanTrainerConfig;
//!
//! let augmentation = Augmentation::DiffAugment(DiffAugmentConfig::new());
//! let config = GanTrainerConfig::r3gan().with_augmentation(Some(augmentation));
//! ```

mod ada;
mod color_matrix;
mod diff_augment;
mod matrix;
mod resampling;
mod strength;
mod transformation;

pub use ada::AdaConfig;
pub use diff_augment::DiffAugmentConfig;
pub use strength::{AdaptiveStrengthConfig, LogitSign, Strength};
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
    /// ADA: flips, rotations, scaling, translation and colour, each with a probability that may follow how far the
    /// discriminator overfits (Karras et al. 2020).
    Ada(AdaConfig),
}

impl Augmentation {
    /// Draws a change for each of the images of a batch of shape `[N, C, H, W]`. Each part of one of
    /// [`Augmentation::Ada`] happens with this probability; [`Augmentation::DiffAugment`] changes every image.
    pub fn draw(
        &self,
        probability: f64,
        shape: [usize; 4],
        stream: &mut Stream,
        device: &Device,
    ) -> Transformation {
        match self {
            Self::DiffAugment(config) => config.draw(shape, stream, device),
            Self::Ada(config) => config.draw(probability, shape, stream, device),
        }
    }

    /// How probable its changes are; `None` where every image is changed.
    pub fn strength(&self) -> Option<&Strength> {
        match self {
            Self::DiffAugment(_) => None,
            Self::Ada(config) => Some(&config.strength),
        }
    }

    /// # Errors
    /// [`ConfigError`] for values out of range.
    pub(crate) fn check(&self) -> Result<(), ConfigError> {
        match self {
            Self::DiffAugment(config) => config.check(),
            Self::Ada(config) => config.check(),
        }
    }

    /// # Errors
    /// [`ConfigError`] for images of a number of channels that it does not change.
    pub(crate) fn check_channels(&self, channels: usize) -> Result<(), ConfigError> {
        match self {
            Self::DiffAugment(_) => Ok(()),
            Self::Ada(config) => config.check_channels(channels),
        }
    }
}
