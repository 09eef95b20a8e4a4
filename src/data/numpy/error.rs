//! [`NumpyError`]: what is wrong with a file of NumPy's.

use std::path::PathBuf;

/// A NumPy file that is damaged, or of a kind that is not read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NumpyError {
    /// A file or member of an archive that does not start as an array does.
    #[error("{}: not a NumPy array, it starts with {magic:02x?}", path.display())]
    Magic {
        /// The file.
        path: PathBuf,
        /// Its first bytes, up to 8.
        magic: Vec<u8>,
    },

    /// A header that cannot be understood.
    #[error("{}: the header is not that of a NumPy array: {header}", path.display())]
    Header {
        /// The file.
        path: PathBuf,
        /// The beginning of the header.
        header: String,
    },

    /// An element type that is not read.
    #[error(
        "{}: elements of type `{descr}` are not read; convert the array to a float, integer, unsigned or boolean type",
        path.display()
    )]
    ElementType {
        /// The file.
        path: PathBuf,
        /// NumPy's name of the type.
        descr: String,
    },

    /// Fewer or more bytes of values than the header announces.
    #[error("{}: the header announces {expected} bytes of values, the file holds {actual}", path.display())]
    Length {
        /// The file.
        path: PathBuf,
        /// Bytes announced; `u64::MAX` where it is more than that.
        expected: u64,
        /// Bytes found.
        actual: u64,
    },

    /// An unsigned number beyond 63 bits.
    #[error("{}: value {index} is {value}, which is too large", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// Its place, in the order of the file.
        index: usize,
        /// The number.
        value: u64,
    },

    /// An archive that cannot be read.
    #[error("{}: {message}", path.display())]
    Archive {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        message: String,
    },

    /// An array that an archive does not have.
    #[error("{}: no array `{name}` among {names:?}", path.display())]
    NoSuchArray {
        /// The file.
        path: PathBuf,
        /// The name asked for.
        name: String,
        /// The names that it has.
        names: Vec<String>,
    },

    /// An array of another rank than its use needs.
    #[error("{purpose} need {wanted} axes, the array has shape {shape:?}")]
    Rank {
        /// What it was to become.
        purpose: &'static str,
        /// How many axes that needs.
        wanted: &'static str,
        /// The array's shape.
        shape: Vec<usize>,
    },

    /// An array of another element type than its use needs.
    #[error("{purpose} need {wanted}")]
    Kind {
        /// What it was to become.
        purpose: &'static str,
        /// Which elements that needs.
        wanted: &'static str,
    },

    /// A class label that is no number from 0.
    #[error("label {index} is {label}; classes count from 0")]
    Label {
        /// Its place.
        index: usize,
        /// The label.
        label: i64,
    },
}
