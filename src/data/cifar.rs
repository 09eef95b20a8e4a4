//! CIFAR-10 and CIFAR-100 in their binary version: colour images of 32x32 with a class each.
//!
//! A file is a row of records: one label byte (CIFAR-100: the coarse, then the fine label), then 1,024 bytes of red, of
//! green and of blue, row by row. Described by Krizhevsky with "Learning Multiple Layers of Features from Tiny Images".

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::{ByteImages, DataError, LabelledByteImages};
use crate::errors::FileError;

const SIDE: usize = 32;
const PIXELS: usize = 3 * SIDE * SIDE;

/// The part of the data set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// 50,000 images to learn from.
    Training,
    /// 10,000 images.
    Test,
}

/// Which data set, and which of its labels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    /// CIFAR-10, 10 classes.
    Ten,
    /// CIFAR-100 by its 20 coarse classes.
    HundredCoarse,
    /// CIFAR-100 by its 100 fine classes.
    HundredFine,
}

impl Version {
    /// Number of classes.
    pub fn classes(self) -> usize {
        match self {
            Self::Ten => 10,
            Self::HundredCoarse => 20,
            Self::HundredFine => 100,
        }
    }

    /// Label bytes of a record, and which of them counts.
    fn labels(self) -> (usize, usize) {
        match self {
            Self::Ten => (1, 0),
            Self::HundredCoarse => (2, 0),
            Self::HundredFine => (2, 1),
        }
    }

    /// The files of a part.
    fn files(self, part: Part) -> &'static [&'static str] {
        match (self, part) {
            (Self::Ten, Part::Training) => &[
                "data_batch_1.bin",
                "data_batch_2.bin",
                "data_batch_3.bin",
                "data_batch_4.bin",
                "data_batch_5.bin",
            ],
            (Self::Ten, Part::Test) => &["test_batch.bin"],
            (_, Part::Training) => &["train.bin"],
            (_, Part::Test) => &["test.bin"],
        }
    }

    /// The file of the classes' names.
    fn names(self) -> &'static str {
        match self {
            Self::Ten => "batches.meta.txt",
            Self::HundredCoarse => "coarse_label_names.txt",
            Self::HundredFine => "fine_label_names.txt",
        }
    }
}

/// A file that is not of CIFAR's binary version.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CifarError {
    /// Not a whole number of records.
    #[error("{}: {bytes} bytes are no whole number of records of {record}", path.display())]
    Length {
        /// The file.
        path: PathBuf,
        /// Bytes found.
        bytes: usize,
        /// Bytes of a record.
        record: usize,
    },

    /// A label that there is no class for: a file of the other data set, or a damaged one.
    #[error("{}: record {record} has label {label}: there are {classes} classes", path.display())]
    Label {
        /// The file.
        path: PathBuf,
        /// The record, counted from 0.
        record: usize,
        /// Its label.
        label: u8,
        /// Number of classes.
        classes: usize,
    },

    /// A file of names with fewer or more of them than classes.
    #[error("{}: {names} names for {classes} classes", path.display())]
    Names {
        /// The file.
        path: PathBuf,
        /// Number of names.
        names: usize,
        /// Number of classes.
        classes: usize,
    },
}

/// Reads a part of CIFAR-10 or CIFAR-100 from the folder of its files, with the names of the classes where their file
/// is there too.
///
/// ```no_run
/// use burn_gan::data::{ShuffleConfig, cifar};
///
/// let images = cifar::read_folder("cifar-10-batches-bin", cifar::Version::Ten, cifar::Part::Training)?;
/// let source = ShuffleConfig::new(64).init(images)?;
/// # Ok::<(), burn_gan::GanError>(())
/// ```
///
/// # Errors
/// Those of [`read_files`], and [`CifarError::Names`].
pub fn read_folder(
    folder: impl AsRef<Path>,
    version: Version,
    part: Part,
) -> Result<LabelledByteImages, DataError> {
    let folder = folder.as_ref();
    let files = version.files(part).iter().map(|name| folder.join(name));
    let images = read_files(&files.collect::<Vec<_>>(), version)?;
    match names(&folder.join(version.names()), version.classes())? {
        Some(names) => images.with_class_names(names),
        None => Ok(images),
    }
}

/// Reads files of CIFAR-10 or CIFAR-100 one after the other.
///
/// The classes have their numbers for names, those without images too.
///
/// # Errors
/// [`DataError::File`] for a file that cannot be read, [`DataError::Cifar`] for one that is not such a file,
/// [`DataError::EmptyDataset`] for no images.
pub fn read_files(
    paths: &[impl AsRef<Path>],
    version: Version,
) -> Result<LabelledByteImages, DataError> {
    let (label_bytes, place) = version.labels();
    let record = label_bytes + PIXELS;
    let classes = version.classes();
    let mut pixels = Vec::new();
    let mut labels = Vec::new();
    for path in paths {
        let path = path.as_ref();
        let bytes = std::fs::read(path).map_err(|error| FileError::new(path, error))?;
        if !bytes.len().is_multiple_of(record) {
            return Err(CifarError::Length {
                path: path.into(),
                bytes: bytes.len(),
                record,
            }
            .into());
        }
        for (number, bytes) in bytes.chunks_exact(record).enumerate() {
            let label = bytes[place];
            if usize::from(label) >= classes {
                return Err(CifarError::Label {
                    path: path.into(),
                    record: number,
                    label,
                    classes,
                }
                .into());
            }
            labels.push(usize::from(label));
            pixels.extend_from_slice(&bytes[label_bytes..]);
        }
    }
    let names = (0..classes).map(|class| class.to_string()).collect();
    ByteImages::channels_first(pixels, 3, SIDE, SIDE)?
        .with_labels(labels)?
        .with_class_names(names)
}

/// The names of the classes, one a line; `None` where there is no such file.
fn names(path: &Path, classes: usize) -> Result<Option<Vec<String>>, DataError> {
    let text = match std::fs::read(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        text => text.map_err(|error| FileError::new(path, error))?,
    };
    let text = String::from_utf8_lossy(&text);
    let names = text.lines().map(str::trim).filter(|name| !name.is_empty());
    let names: Vec<String> = names.map(str::to_string).collect();
    if names.len() != classes {
        return Err(CifarError::Names {
            path: path.into(),
            names: names.len(),
            classes,
        }
        .into());
    }
    Ok(Some(names))
}
