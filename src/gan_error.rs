//! [`GanError`]: everything that can go wrong, one variant a cause, with the numbers in it.

use std::path::PathBuf;

use crate::batch::BatchError;
#[cfg(feature = "training")]
use crate::checkpoint::CheckpointError;
use crate::data::DataError;
use crate::errors::{ConfigError, DeviceError, FileError, ShapeError, StateError};
use crate::exchange::ExchangeError;
use crate::feature::FeatureError;
#[cfg(feature = "metrics")]
use crate::metric::MetricError;
use crate::network_error::NetworkError;
use crate::non_finite::NonFinite;
#[cfg(feature = "training")]
use crate::objective_error::ObjectiveError;
#[cfg(feature = "training")]
use crate::observe_error::ObserveError;
#[cfg(feature = "training")]
use crate::optimizer::OptimizerError;
#[cfg(feature = "training")]
use crate::penalty::PenaltyError;
#[cfg(feature = "image")]
use crate::picture::PictureError;
#[cfg(feature = "plot")]
use crate::plot::PlotError;
#[cfg(feature = "training")]
use crate::replica_error::ReplicaError;
use crate::state_dict::StateDictError;
use crate::weights::WeightsError;

/// What went wrong, with the numbers that say where.
///
/// Wrong values, files and devices that fail come back as one of these, and so do panics of your own networks, losses
/// and penalties while a trainer is built or takes a step. That needs a program that unwinds: one with `panic = "abort"`
/// ends. A panic of your own sources and observers is not caught.
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

    /// Tensors by PyTorch's names that do not fit a network, or cannot be renamed.
    #[error(transparent)]
    StateDict(#[from] StateDictError),

    /// Weights that were not written for another library, or not taken from one.
    #[error(transparent)]
    Exchange(#[from] ExchangeError),

    /// Features that could not be computed.
    #[error(transparent)]
    Feature(#[from] FeatureError),

    /// A metric that is not defined, or could not be computed.
    #[cfg(feature = "metrics")]
    #[error(transparent)]
    Metric(#[from] MetricError),

    /// Samples that could not be written as a picture.
    #[cfg(feature = "image")]
    #[error(transparent)]
    Picture(#[from] PictureError),

    /// A plot that could not be drawn or written.
    #[cfg(feature = "plot")]
    #[error(transparent)]
    Plot(#[from] PlotError),

    /// A saved training state, or a part of one, that does not fit or cannot be written down.
    #[error(transparent)]
    State(#[from] StateError),

    /// A checkpoint that is not written, or not gone on from.
    #[cfg(feature = "training")]
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),

    /// An observer of the library's own failed, or what one has written cannot be read.
    #[cfg(feature = "training")]
    #[error(transparent)]
    Observe(#[from] ObserveError),

    /// A layer or network that cannot be built, or does not fit what it is given.
    #[error(transparent)]
    Network(#[from] NetworkError),

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

    /// A state with NaN or an infinity in it, which cannot be trained from, saved or sampled from.
    ///
    /// The trainer is as it was: [`check_finite`](crate::AdversarialTrainer::check_finite) takes it back to its last
    /// good state.
    #[error("the state after {steps} steps cannot be used: {cause} is not finite")]
    NonFiniteState {
        /// Number of steps behind the state.
        steps: usize,
        /// What is not finite.
        cause: NonFinite,
    },

    /// Something in a step panicked: a loss, a penalty, an optimiser, a backward pass, a device. The training state is
    /// as it was before the step.
    #[error("step {step} failed, and nothing of it stays: {message}")]
    StepFailed {
        /// The step, counted from 0.
        step: usize,
        /// What it said.
        message: String,
    },

    /// A device that takes parts of batches failed, or a worker cannot be reached.
    #[cfg(feature = "training")]
    #[error(transparent)]
    Replica(#[from] ReplicaError),

    /// A discriminator that a gradient penalty cannot be computed for.
    #[cfg(feature = "training")]
    #[error(transparent)]
    Penalty(#[from] PenaltyError),

    /// An objective that the networks or the conditions do not fit.
    #[cfg(feature = "training")]
    #[error(transparent)]
    Objective(#[from] ObjectiveError),

    /// A saved memory of an optimiser that does not fit.
    #[cfg(feature = "training")]
    #[error(transparent)]
    Optimizer(#[from] OptimizerError),

    /// A network panicked on an input, before training or in a step; most often two shapes inside it do not fit, or a
    /// label is beyond its classes. A step's training state is then as it was before.
    #[error("the {network} fails on an input of shape {shape:?}: {message}")]
    NetworkFailed {
        /// Which network.
        network: &'static str,
        /// The input that it was given.
        shape: Vec<usize>,
        /// What it said.
        message: String,
    },

    /// The distance of an inversion from its target is NaN or infinite.
    #[cfg(feature = "training")]
    #[error(
        "the distance after {steps} steps of the inversion is {distance}: the generator's weights must be finite, or the \
         learning rate is too high"
    )]
    InversionDiverged {
        /// Steps behind it.
        steps: usize,
        /// The distance.
        distance: f64,
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
    #[cfg(feature = "training")]
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
        StateError::new(part, message).into()
    }

    /// Wraps what Burn says of a failed read or execution.
    #[cfg(feature = "training")]
    pub(crate) fn device(error: impl std::fmt::Display) -> Self {
        DeviceError::new(error).into()
    }
}
