//! [`GanError`]: everything that can go wrong, one variant a cause, with the numbers in it.

use std::path::PathBuf;

use crate::batch::BatchError;
use crate::data::DataError;
use crate::errors::{ConfigError, DeviceError, FileError, ShapeError};
use crate::feature::FeatureError;
#[cfg(feature = "metrics")]
use crate::metric::MetricError;
use crate::non_finite::NonFinite;
use crate::weights::WeightsError;

/// What went wrong, with the numbers that say where.
///
/// No call of this crate panics on a user's input, a file or a device; it returns one of these.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GanError {
    /// A configuration value outside its range.
    #[error(transparent)]
    Config(#[from] ConfigError),

    /// A tensor of another shape than needed.
    #[error(transparent)]
    Shape(#[from] ShapeError),

    /// A batch without samples, or with conditions for another number of samples.
    #[error(transparent)]
    Batch(#[from] BatchError),

    /// A device could not run an operation or hand over a result.
    #[error(transparent)]
    Device(#[from] DeviceError),

    /// A file or folder could not be read or written.
    #[error(transparent)]
    File(#[from] FileError),

    /// A data set that cannot be used, or a source that failed.
    #[error(transparent)]
    Data(#[from] DataError),

    /// Weights that do not fit the network, or a damaged weights file.
    #[error(transparent)]
    Weights(#[from] WeightsError),

    /// Features that could not be computed.
    #[error(transparent)]
    Feature(#[from] FeatureError),

    /// A metric that is not defined, or could not be computed.
    #[cfg(feature = "metrics")]
    #[error(transparent)]
    Metric(#[from] MetricError),

    /// A latent tensor is not as wide as the generator's latent space.
    #[error("the generator takes latent vectors of {expected} values, got {actual}")]
    LatentSize {
        /// The generator's latent size.
        expected: usize,
        /// The width of the latent tensor.
        actual: usize,
    },

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

    /// A step led to NaN or an infinity; the trainer is back at its last good state.
    #[error(
        "step {step}: {cause} is not finite; discriminator loss {loss_discriminator}, generator loss \
         {loss_generator:?}; training state restored to step {restored}"
    )]
    NonFiniteStep {
        /// The step that failed, counted from 0.
        step: usize,
        /// What of that step was not finite, the first in its order.
        cause: NonFinite,
        /// Mean discriminator loss of that step.
        loss_discriminator: f32,
        /// Mean generator loss of that step, where the generator took one.
        loss_generator: Option<f32>,
        /// Number of steps that the restored state has behind it.
        restored: usize,
    },

    /// Batch normalisation in a discriminator with a gradient penalty.
    #[error(
        "the discriminator has batch normalisation at `{path}`: it ties the samples of a batch together, and a \
         gradient penalty needs each sample's own gradient; use another normalisation or none"
    )]
    PenalizedBatchNorm {
        /// Where in the module tree; empty where the discriminator is itself one.
        path: String,
    },

    /// An exact gradient penalty for a discriminator that cannot carry a tangent.
    #[error(
        "exact gradient penalties need a discriminator that carries a tangent: implement DualDiscriminator and \
         return Some(Self::logits_dual) from Discriminator::tangent_rule, or choose \
         PenaltyMethod::CentralDifference"
    )]
    NoTangentRule,

    /// A network panicked on a sample; most often two shapes inside it do not fit.
    #[error("the {network} fails on an input of shape {shape:?}: {message}")]
    NetworkFailed {
        /// Which network.
        network: &'static str,
        /// The input that it was given.
        shape: Vec<usize>,
        /// What it said.
        message: String,
    },

    /// Pictures are written for one channel (grey) or three (red, green, blue).
    #[error("a picture has 1 or 3 channels, the samples have {channels}")]
    PictureChannels {
        /// Channels of the samples.
        channels: usize,
    },

    /// A plot that could not be drawn.
    #[error("the plot could not be drawn: {message}")]
    Drawing {
        /// What the drawing crate said.
        message: String,
    },

    /// A saved training state, or a part of one, that does not fit or cannot be written down.
    #[error("{part}: {message}")]
    State {
        /// Which part of the state.
        part: String,
        /// What is wrong with it.
        message: String,
    },

    /// One of Burn's metrics renderers or metric loggers failed, or its user killed the run.
    #[error("the {receiver} failed: {message}")]
    MetricsReceiver {
        /// What it is.
        receiver: &'static str,
        /// What it said.
        message: String,
    },

    /// A checkpoint that is not what was written: a file is missing, cut or changed.
    #[error("damaged checkpoint {}: {reason}", path.display())]
    DamagedCheckpoint {
        /// The checkpoint's folder.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },

    /// A folder in which every checkpoint is damaged.
    #[error("no whole checkpoint in {}: {}", folder.display(), damaged.join("; "))]
    NoWholeCheckpoint {
        /// The folder.
        folder: PathBuf,
        /// What is wrong with each, the newest first.
        damaged: Vec<String>,
    },

    /// A checkpoint in the format of another version of this crate.
    #[error("{}: a checkpoint of format {found}; this version reads up to {supported}", path.display())]
    CheckpointFormat {
        /// The checkpoint's folder.
        path: PathBuf,
        /// Its format.
        found: u32,
        /// The newest format that can be read.
        supported: u32,
    },

    /// A folder of checkpoints that another run writes to.
    #[error("{}: another run keeps its checkpoints there", folder.display())]
    CheckpointsInUse {
        /// The folder.
        folder: PathBuf,
    },

    /// A new run would mix its checkpoints with those of an earlier one.
    #[error(
        "{}: there are checkpoints of an earlier run up to step {step}; resume it or take another folder",
        folder.display()
    )]
    CheckpointsExist {
        /// The folder.
        folder: PathBuf,
        /// The newest one's step.
        step: usize,
    },

    /// A run that is not the one of the checkpoint.
    #[error(
        "{} is of another run: {}; `allow_change` lets a field differ",
        path.display(),
        differences.join("; ")
    )]
    ResumeMismatch {
        /// The checkpoint's folder.
        path: PathBuf,
        /// Each field that differs, with both values.
        differences: Vec<String>,
    },

    /// Training did not stay finite, and the run's policy is at its end.
    #[error(
        "training diverged in step {step}, {after}: {cause}; last good checkpoint: {}",
        checkpoint.as_ref().map_or("none".to_string(), |path| path.display().to_string())
    )]
    Diverged {
        /// The step that failed, counted from 0.
        step: usize,
        /// What the policy had done before, in words.
        after: String,
        /// The newest whole checkpoint; `None` where the run keeps none.
        checkpoint: Option<PathBuf>,
        /// What failed.
        cause: Box<GanError>,
    },

    /// A score that came out as NaN, which is neither better nor worse than any other.
    #[error("the score `{name}` is not a number")]
    ScoreNotANumber {
        /// The score's name.
        name: String,
    },

    /// A history, or a file of scores, that cannot be read: a line of it is none of its rows.
    #[error("{}, line {line}: {message}", path.display())]
    History {
        /// The file.
        path: PathBuf,
        /// The line, counted from 1.
        line: usize,
        /// What is wrong with it.
        message: String,
    },

    /// An error of the user's own code: an observer, a score.
    #[error(transparent)]
    User(Box<dyn std::error::Error + Send + Sync>),
}

impl GanError {
    /// Wraps an input or output error with the path that it happened on.
    pub fn io(path: impl Into<PathBuf>, source: std::io::Error) -> Self {
        FileError::new(path, source).into()
    }

    /// Wraps an error of the user's own code, so that sources and observers can use `?`.
    pub fn user(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::User(error.into())
    }

    /// A configuration field whose `value` does not satisfy the `requirement`.
    pub(crate) fn config(
        field: &'static str,
        value: impl std::fmt::Debug,
        requirement: &'static str,
    ) -> Self {
        ConfigError::new(field, value, requirement).into()
    }

    /// A part of a saved state that does not fit or cannot be written down.
    #[cfg(feature = "training")]
    pub(crate) fn state(part: impl Into<String>, message: impl std::fmt::Display) -> Self {
        Self::State {
            part: part.into(),
            message: message.to_string(),
        }
    }

    /// Wraps what Burn says of a failed read or execution.
    pub(crate) fn device(error: impl std::fmt::Display) -> Self {
        DeviceError::new(error).into()
    }
}
