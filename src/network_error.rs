//! [`NetworkError`]: why a layer or network was not built.

use crate::errors::{ConfigError, DeviceError, ShapeError};

/// What is wrong with a layer or network, or with what it is given.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NetworkError {
    /// A configuration value outside its range.
    #[error(transparent)]
    Config(#[from] ConfigError),

    /// A tensor of another shape than needed.
    #[error(transparent)]
    Shape(#[from] ShapeError),

    /// A device could not run an operation or hand over a result.
    #[error(transparent)]
    Device(#[from] DeviceError),

    /// A latent tensor is not as wide as the generator's latent space.
    #[error("the generator takes latent vectors of {expected} values, got {actual}")]
    LatentSize {
        /// The generator's latent size.
        expected: usize,
        /// The width of the latent tensor.
        actual: usize,
    },

    /// A class label that a network has no class for.
    #[error("label {label}: there are {classes} classes, counted from 0")]
    LabelOutOfRange {
        /// The label.
        label: i64,
        /// Number of classes.
        classes: usize,
    },

    /// A network that is conditioned on a class got no labels.
    #[error(
        "the network takes a label of one of {classes} classes with each sample, and there are no labels"
    )]
    LabelsMissing {
        /// Number of classes.
        classes: usize,
    },

    /// A network that is conditioned on nothing got labels.
    #[error("the network takes no class labels: its configuration names no classes")]
    LabelsUnused,

    /// A kernel and stride without a padding that gives `size / stride` (or `size * stride`).
    #[error(
        "kernel {kernel} with stride {stride} has no size-preserving padding: \
         the stride must be between 1 and the kernel, and stride 1 needs an odd kernel"
    )]
    UnsupportedKernel {
        /// Side of the square kernel, in pixels.
        kernel: usize,
        /// Stride, in pixels.
        stride: usize,
    },

    /// Halving the image does not lead to a base size that the network starts from.
    #[error(
        "images of {height}x{width} cannot be halved: height and width must be even and at least \
         twice the base size {minimum}"
    )]
    UnreachableSize {
        /// Image height in pixels.
        height: usize,
        /// Image width in pixels.
        width: usize,
        /// The smallest side that the base may have.
        minimum: usize,
    },

    /// A network that translates an image, or judges a sample beside one, got none.
    #[error(
        "the network takes an image of {channels} channels and {height}x{width} pixels with each sample, and there is none"
    )]
    ImageMissing {
        /// Channels of the image.
        channels: usize,
        /// Height of the image in pixels.
        height: usize,
        /// Width of the image in pixels.
        width: usize,
    },

    /// A network that judges samples alone got an image with each of them.
    #[error(
        "the network takes no image beside the samples: its configuration has 0 condition channels"
    )]
    ImageUnused,

    /// Images that a network cannot halve as often as it is to.
    #[error("images of {height}x{width}: height and width must be multiples of {divisor}")]
    IndivisibleSize {
        /// Image height in pixels.
        height: usize,
        /// Image width in pixels.
        width: usize,
        /// What both must be multiples of.
        divisor: usize,
    },

    /// Images too small for the windows of a network.
    #[error("images of {height}x{width}: height and width must be at least {minimum}")]
    ImageTooSmall {
        /// Image height in pixels.
        height: usize,
        /// Image width in pixels.
        width: usize,
        /// The smallest side.
        minimum: usize,
    },
}
