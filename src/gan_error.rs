//! [`GanError`]: everything that can go wrong, one variant a cause, with the numbers in it.

use std::path::PathBuf;

use crate::batch::BatchError;
use crate::errors::{ConfigError, DeviceError, FileError, ShapeError};
use crate::network_error::NetworkError;
use crate::non_finite::NonFinite;

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

    /// A layer or network that cannot be built, or does not fit what it is given.
    #[error(transparent)]
    Network(#[from] NetworkError),

    /// A data set without samples.
    #[error("the data set has no samples")]
    EmptyDataset,

    /// Dropping the last partial batch would leave an epoch without any batch.
    #[error(
        "a batch of {batch_size} needs at least as many samples, the data set has {samples}; \
         take a smaller batch or keep the last partial one"
    )]
    BatchTooLarge {
        /// The batch size asked for.
        batch_size: usize,
        /// Number of samples in the data set.
        samples: usize,
    },

    /// A sample index past the end of the data set.
    #[error("sample {index} was asked for, the data set has {samples}")]
    IndexOutOfRange {
        /// The index asked for.
        index: usize,
        /// Number of samples in the data set.
        samples: usize,
    },

    /// A sample holds NaN or an infinity.
    #[error("value {index} of the data is {value}; samples must be finite")]
    NonFiniteData {
        /// Position in row-major order over the whole data set.
        index: usize,
        /// The value found.
        value: f32,
    },

    /// A feature vector, or a class probability, that holds NaN or an infinity.
    #[error(
        "dimension {dimension} of the features of sample {sample} is {value}; features must be finite"
    )]
    NonFiniteFeature {
        /// The sample.
        sample: usize,
        /// The dimension of its feature vector.
        dimension: usize,
        /// The value found.
        value: f64,
    },

    /// Two sets of features that do not lie in one space.
    #[error("the real features have {real} dimensions, the generated ones {generated}")]
    FeatureDimensions {
        /// Dimensions of the real samples' features.
        real: usize,
        /// Dimensions of the generated samples' features.
        generated: usize,
    },

    /// A metric needs more samples than there are.
    #[error("the {metric} needs at least {needed} samples, got {actual}")]
    TooFewSamples {
        /// The metric.
        metric: &'static str,
        /// The smallest number that it is defined for.
        needed: usize,
        /// Number of samples, of two sets that of the smaller one.
        actual: usize,
    },

    /// A row of class probabilities with a negative entry or another sum than 1.
    #[error(
        "the class probabilities of sample {sample} are not a distribution: smallest {smallest}, sum {sum}"
    )]
    NotADistribution {
        /// The sample.
        sample: usize,
        /// Its smallest entry.
        smallest: f64,
        /// The sum of its entries.
        sum: f64,
    },

    /// A matrix decomposition that found no solution within its bound of iterations.
    #[error("the {decomposition} of the {metric} did not converge")]
    NoConvergence {
        /// The metric.
        metric: &'static str,
        /// The decomposition.
        decomposition: &'static str,
    },

    /// Features so large that a metric of them leaves the range of double precision.
    #[error("the {metric} is not finite: the features are too large for double precision")]
    MetricOverflow {
        /// The metric.
        metric: &'static str,
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

    /// A folder holds none of the files looked for.
    #[error("{}: no {wanted}", folder.display())]
    MissingFile {
        /// The folder searched.
        folder: PathBuf,
        /// The names looked for.
        wanted: String,
    },

    /// A file does not start as an IDX file does: two zero bytes, a type code, a rank.
    #[error("{}: not an IDX file, it starts with {magic:02x?}", path.display())]
    IdxMagic {
        /// The file.
        path: PathBuf,
        /// Its first four bytes.
        magic: [u8; 4],
    },

    /// An IDX file of another element type or rank than asked for.
    #[error(
        "{}: IDX type {type_code:#04x} with {rank} axes, expected type 0x08 (unsigned byte) \
         with {expected_rank}",
        path.display()
    )]
    IdxLayout {
        /// The file.
        path: PathBuf,
        /// The type code in its header.
        type_code: u8,
        /// The number of axes in its header.
        rank: u8,
        /// The number of axes asked for.
        expected_rank: u8,
    },

    /// An IDX file with fewer or more bytes than its header announces.
    #[error("{}: the header announces {expected} bytes, the file holds {actual}", path.display())]
    IdxLength {
        /// The file.
        path: PathBuf,
        /// Bytes announced, header included; `u64::MAX` where it is more than that.
        expected: u64,
        /// Bytes found (after decompression).
        actual: u64,
    },

    /// A file that ends within its IDX header.
    #[error(
        "{}: the IDX header takes at least {expected} bytes, the file holds {actual}",
        path.display()
    )]
    IdxHeader {
        /// The file.
        path: PathBuf,
        /// Bytes that the header takes at least.
        expected: u64,
        /// Bytes found (after decompression).
        actual: u64,
    },

    /// An IDX file of images that are zero pixels high or wide.
    #[error("{}: images of {height}x{width} have no pixels", path.display())]
    EmptyImages {
        /// The file.
        path: PathBuf,
        /// Image height in its header.
        height: usize,
        /// Image width in its header.
        width: usize,
    },

    /// As many labels as images are needed.
    #[error("{images} images came with {labels} labels")]
    LabelCount {
        /// Number of images.
        images: usize,
        /// Number of labels.
        labels: usize,
    },

    /// A class label that a classifier has no class for.
    #[error("label {label}: there are {classes} classes, counted from 0")]
    LabelOutOfRange {
        /// The label.
        label: i64,
        /// Number of classes.
        classes: usize,
    },

    /// The training of a classifier led to NaN or an infinity.
    #[error(
        "the classifier's loss is {loss} in epoch {epoch}; samples must be finite, or the learning rate is too high"
    )]
    ClassifierDiverged {
        /// The epoch, counted from 0.
        epoch: usize,
        /// Its mean loss.
        loss: f32,
    },

    /// Weights that do not fit the network, or a damaged weights file.
    #[error("{}: {message}", path.display())]
    Weights {
        /// The weights file.
        path: PathBuf,
        /// Burn's account of it.
        message: String,
    },

    /// A weights file without some of the network's weights.
    #[error(
        "{}: {missing} of the {needed} tensors that the network needs are missing, such as `{first}`",
        path.display()
    )]
    IncompleteWeights {
        /// The weights file.
        path: PathBuf,
        /// Number of tensors that are missing.
        missing: usize,
        /// Number of tensors that the network takes.
        needed: usize,
        /// The first that is missing, by its name in such files.
        first: String,
    },

    /// A tensor in a weights file of another shape than the network's.
    #[error("{}: `{tensor}` has shape {actual:?}, the network needs {expected:?}", path.display())]
    WeightShape {
        /// The weights file.
        path: PathBuf,
        /// The tensor's name in the file.
        tensor: String,
        /// The network's shape.
        expected: Vec<usize>,
        /// The shape in the file.
        actual: Vec<usize>,
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

    /// An error of the user's own code: a data source, an observer.
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
