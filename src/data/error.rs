//! [`DataError`]: what keeps a source from its samples.

use std::path::PathBuf;

use super::cifar::CifarError;
use super::numpy::NumpyError;
#[cfg(feature = "image-folder")]
use super::{CacheError, FolderError, SheetError, TableError, UndecodableError};
use crate::batch::BatchError;
use crate::errors::{ConfigError, DeviceError, FileError, ShapeError};

/// What is wrong with a data set, or keeps a source from it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DataError {
    /// A configuration value outside its range.
    #[error(transparent)]
    Config(#[from] ConfigError),

    /// A tensor of another shape than needed.
    #[error(transparent)]
    Shape(#[from] ShapeError),

    /// No samples, or conditions for another number of samples.
    #[error(transparent)]
    Batch(#[from] BatchError),

    /// A device could not run an operation or hand over a result.
    #[error(transparent)]
    Device(#[from] DeviceError),

    /// A file or folder could not be read.
    #[error(transparent)]
    File(#[from] FileError),

    /// The cache file of a folder of pictures is damaged, or something else is in its place.
    #[cfg(feature = "image-folder")]
    #[error(transparent)]
    Cache(#[from] CacheError),

    /// A folder of pictures that no data set can be made of.
    #[cfg(feature = "image-folder")]
    #[error(transparent)]
    Folder(#[from] FolderError),

    /// A sheet that cannot be cut into images.
    #[cfg(feature = "image-folder")]
    #[error(transparent)]
    Sheet(#[from] SheetError),

    /// A table of classes that cannot be used.
    #[cfg(feature = "image-folder")]
    #[error(transparent)]
    Table(#[from] TableError),

    /// A picture that cannot be read.
    #[cfg(feature = "image-folder")]
    #[error(transparent)]
    Undecodable(#[from] UndecodableError),

    /// A file that is not of CIFAR's binary version.
    #[error(transparent)]
    Cifar(#[from] CifarError),

    /// A file of NumPy's that is damaged, or of a kind that is not read.
    #[error(transparent)]
    Numpy(#[from] NumpyError),

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

    /// A source panicked in the thread that prepares batches.
    #[error("the source of a prefetched run panicked: {message}")]
    SourcePanicked {
        /// What it said.
        message: String,
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
    NonFinite {
        /// Position in row-major order over the whole data set.
        index: usize,
        /// The value found.
        value: f32,
    },

    /// Bytes that are not a whole number of images, or images without a byte.
    #[error(
        "{bytes} bytes are no images [channels, height, width] of shape {shape:?}, a byte a value"
    )]
    ByteCount {
        /// Number of bytes.
        bytes: usize,
        /// Channels, height and width of an image.
        shape: [usize; 3],
    },

    /// As many labels as images are needed.
    #[error("{images} images came with {labels} labels")]
    LabelCount {
        /// Number of images.
        images: usize,
        /// Number of labels.
        labels: usize,
    },

    /// A class label of the data that there is no class for.
    #[error("the data has label {label}: there are {classes} classes, counted from 0")]
    LabelOutOfRange {
        /// The label.
        label: i64,
        /// Number of classes.
        classes: usize,
    },

    /// A class that no sample of the data belongs to: there is nothing to learn it from.
    #[error("class {class} has no samples; samples of each class, counted from 0: {counts:?}")]
    EmptyClass {
        /// The first class without samples.
        class: usize,
        /// Number of samples of each class.
        counts: Vec<usize>,
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

    /// An error of the user's own code: a source, a set of samples.
    #[error(transparent)]
    User(Box<dyn std::error::Error + Send + Sync>),
}

impl DataError {
    /// Wraps an error of the user's own code, so that sources can use `?`.
    pub fn user(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::User(error.into())
    }
}
