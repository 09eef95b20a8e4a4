//! [`FolderError`] and [`UndecodableError`]: what keeps a folder from being a data set, and a file from being a picture.

use std::path::PathBuf;

use crate::errors::FileError;

/// A picture that cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UndecodableError {
    /// The file cannot be read.
    #[error(transparent)]
    File(#[from] FileError),

    /// More bytes than a picture may take, as a file or as pixels.
    #[error(
        "{}: {bytes} bytes, more than the {limit} that a picture may take; `with_largest_picture` allows more",
        path.display()
    )]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// Bytes of the file or of the pixels that it announces.
        bytes: u64,
        /// Bytes that are allowed.
        limit: u64,
    },

    /// Not a picture of a known format, or a damaged one.
    #[error("{}: {message}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What the decoder says.
        message: String,
    },
}

/// A folder of pictures that no data set can be made of.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FolderError {
    /// No file with the name of a picture.
    #[error(
        "{}: no pictures (png, jpg, jpeg, webp, gif, bmp) among {others} other files",
        folder.display()
    )]
    NoPictures {
        /// The folder.
        folder: PathBuf,
        /// Files of other names in it and below.
        others: usize,
    },

    /// A folder that contains itself, by a link.
    #[error("{}: the folder contains itself", folder.display())]
    Loop {
        /// The folder.
        folder: PathBuf,
    },

    /// Pictures that cannot be decoded, where none may be skipped, or none that can be.
    #[error(
        "{} of {pictures} pictures cannot be decoded; the first: {}",
        failures.len(), first(failures)
    )]
    Undecodable {
        /// Each of them.
        failures: Vec<UndecodableError>,
        /// Number of all pictures.
        pictures: usize,
    },

    /// Pictures of two sizes, where none is resized.
    #[error(
        "{} is {}x{} and {} is {}x{}; choose how pictures are resized",
        first.display(), first_size[0], first_size[1], second.display(), second_size[0], second_size[1]
    )]
    UnequalSizes {
        /// The first picture.
        first: PathBuf,
        /// Its height and width.
        first_size: [usize; 2],
        /// The first that differs from it.
        second: PathBuf,
        /// Its height and width.
        second_size: [usize; 2],
    },

    /// Reading was stopped by its caller.
    #[error("cancelled after {done} of {pictures} pictures")]
    Cancelled {
        /// Pictures decoded before.
        done: usize,
        /// Number of all pictures.
        pictures: usize,
    },

    /// Classes were asked of a folder that was read without them.
    #[error("the folder was read without classes; choose where they come from")]
    NoClasses,

    /// A picture that is in no folder of a class.
    #[error("{}: the picture is in no subfolder, which would be its class", picture.display())]
    OutsideClasses {
        /// The picture.
        picture: PathBuf,
    },

    /// A class without pictures, or without any that can be decoded.
    #[error("class `{class}` has no pictures")]
    EmptyClass {
        /// The class.
        class: String,
    },

    /// A file of labels that names a picture twice.
    #[error("{}: `{picture}` has two classes, `{first}` and `{second}`", path.display())]
    TwoClasses {
        /// The file.
        path: PathBuf,
        /// The picture.
        picture: String,
        /// Its class at first.
        first: String,
        /// Its class at last.
        second: String,
    },

    /// A file of labels that names a picture which is not in the folder.
    #[error("{}: no picture `{picture}` in the folder", path.display())]
    NoSuchPicture {
        /// The file.
        path: PathBuf,
        /// The picture.
        picture: String,
    },

    /// Pictures that a file of labels does not name.
    #[error("{}: no class for {count} pictures; the first is {}", path.display(), first.display())]
    Unlabelled {
        /// The file.
        path: PathBuf,
        /// The first such picture.
        first: PathBuf,
        /// Number of such pictures.
        count: usize,
    },
}

fn first(failures: &[UndecodableError]) -> String {
    failures.first().map_or(String::new(), ToString::to_string)
}
