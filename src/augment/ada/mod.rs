//! [`AdaConfig`]: the augmentation of Karras et al. 2020.

mod color;
mod draws;
mod geometry;

use burn::config::Config;
use burn::tensor::Device;

use super::{Strength, Transformation};
use crate::errors::ConfigError;
use crate::random::Stream;
use draws::Draws;

/// The augmentation of StyleGAN2-ADA (Karras et al. 2020, "Training generative adversarial networks with limited data",
/// appendix B): many changes of an image, each with the same probability `p`, which follows from how far the
/// discriminator overfits ([`Strength`]).
///
/// The numbers are the paper's. It differs in three ways:
///
/// - Images are resampled once, bilinearly. The paper filters with the orthogonal wavelet `sym6` before and after: where an
///   image is made smaller, more of the aliasing is left here, and an interpolated one is a little smoother.
/// - `p` stays in [0, 1]; the paper bounds it from below alone.
/// - Filtering, noise and cutout are left out, as in its own default (`bgc`).
///
/// What comes in from beyond an edge is the image reflected, as in the paper. Colour is for images of one channel or three.
/// In an image of one, hue and saturation change nothing.
///
/// ```
/// use burn::tensor::{Device, Tensor};
/// use burn_gan::Dual;
/// use burn_gan::augment::{AdaConfig, Strength};
/// use burn_gan::random::{Purpose, Stream};
///
/// // Mirrored or not, and no more than that:
/// let config = AdaConfig::new()
///     .with_strength(Strength::fixed(1.0))
///     .without_blitting()
///     .without_geometry()
///     .without_color()
///     .with_x_flip(true);
/// let device = Device::flex();
/// let images = Tensor::<4>::from_floats([[[[1.0, 2.0, 3.0]]]], &device).repeat_dim(0, 8);
/// let mut stream = Stream::new(0, Purpose::Augmentation, 0);
/// let change = config.draw(1.0, images.dims(), &mut stream, &device);
/// let changed = change.apply(Dual::constant(images)).value;
/// let rows: Vec<f32> = changed.into_data().to_vec().unwrap();
/// assert!(rows.chunks(3).all(|row| row == [1.0, 2.0, 3.0] || row == [3.0, 2.0, 1.0]));
/// ```
#[derive(Config, Debug, PartialEq)]
#[non_exhaustive]
pub struct AdaConfig {
    /// How probable each of the changes is.
    #[config(default = "Strength::default()")]
    pub strength: Strength,
    /// Left and right exchanged, or not.
    #[config(default = true)]
    pub x_flip: bool,
    /// Turned by 0, 1, 2 or 3 quarters.
    #[config(default = true)]
    pub quarter_turns: bool,
    /// Moved by whole pixels, up to 1/8 of each side.
    #[config(default = true)]
    pub integer_translation: bool,
    /// Both sides times `2^s`, `s` normal with a deviation of 0.2.
    #[config(default = true)]
    pub scaling: bool,
    /// Turned by any angle, before the anisotropic scaling, behind it, or both: at least once with probability `p`.
    #[config(default = true)]
    pub rotation: bool,
    /// The width times `2^s` and the height divided by it, `s` normal with a deviation of 0.2.
    #[config(default = true)]
    pub anisotropic_scaling: bool,
    /// Moved along each side by a normal number with a deviation of 1/8 of it.
    #[config(default = true)]
    pub fractional_translation: bool,
    /// A normal number with a deviation of 0.2 added.
    #[config(default = true)]
    pub brightness: bool,
    /// Times `2^s`, `s` normal with a deviation of 0.5.
    #[config(default = true)]
    pub contrast: bool,
    /// Dark and bright exchanged, or not, at the same hue: the luma, the mean of the channels, changes its sign.
    #[config(default = true)]
    pub luma_flip: bool,
    /// Colours turned by any angle about the grey axis.
    #[config(default = true)]
    pub hue: bool,
    /// The distance from the grey axis times `2^s`, `s` normal with a deviation of 1.
    #[config(default = true)]
    pub saturation: bool,
}

impl AdaConfig {
    /// The same without what brings whole pixels to whole pixels: flips, quarter turns, integer translation.
    pub fn without_blitting(mut self) -> Self {
        self.x_flip = false;
        self.quarter_turns = false;
        self.integer_translation = false;
        self
    }

    /// The same without what resamples: scaling, rotation, anisotropic scaling, fractional translation.
    pub fn without_geometry(mut self) -> Self {
        self.scaling = false;
        self.rotation = false;
        self.anisotropic_scaling = false;
        self.fractional_translation = false;
        self
    }

    /// The same without changes of colour.
    pub fn without_color(mut self) -> Self {
        self.brightness = false;
        self.contrast = false;
        self.luma_flip = false;
        self.hue = false;
        self.saturation = false;
        self
    }

    /// Draws a change for each of the images of a batch of shape `[N, C, H, W]`; each part of it happens with this
    /// probability, whatever the [strength](Self::strength) is.
    ///
    /// Colours of images of neither one channel nor three stay as they are; a trainer refuses those.
    pub fn draw(
        &self,
        probability: f64,
        [count, channels, height, width]: [usize; 4],
        stream: &mut Stream,
        device: &Device,
    ) -> Transformation {
        let device = &device.clone().without_autodiff();
        let mut draws = Draws(stream);
        let drawn = (0..count).map(|_| {
            let geometry = self.geometry(probability, [height, width], &mut draws);
            (geometry, self.color(probability, &mut draws))
        });
        let (geometry, color): (Vec<_>, Vec<_>) = drawn.unzip();
        let drawn = Transformation::identity().resampled(&geometry, [height, width], device);
        if is_colored(channels) {
            drawn.recolored(&color, channels, device)
        } else {
            drawn
        }
    }

    pub(super) fn check(&self) -> Result<(), ConfigError> {
        self.strength.check()
    }

    /// Refuses images that it has no colours for.
    pub(super) fn check_channels(&self, channels: usize) -> Result<(), ConfigError> {
        let has_color = *self != self.clone().without_color();
        if is_colored(channels) || !has_color {
            return Ok(());
        }
        Err(ConfigError::new(
            "augmentation",
            format!("images of {channels} channels"),
            "changes colours of 1 channel or 3: leave them out (`without_color`)",
        ))
    }
}

fn is_colored(channels: usize) -> bool {
    matches!(channels, 1 | 3)
}
