//! IDX files, the format of MNIST and its family, plain or compressed with gzip.
//!
//! Two zero bytes, a type code (0x08: unsigned byte), the number of axes, the length of each axis as a
//! big-endian 32-bit number, then the values in row-major order. Described by LeCun, Cortes and Burges with
//! "The MNIST database of handwritten digits".
//!
//! Its first bytes decide whether a file is read as compressed, never its name.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, copy, sink};
use std::path::{Path, PathBuf};

use flate2::bufread::MultiGzDecoder;

use super::{DataError, IdxImages, LabelledImages};
use crate::errors::FileError;

const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];
const UNSIGNED_BYTE: u8 = 0x08;

/// Reads the grey images of an IDX file with axes `[N, height, width]`.
///
/// # Errors
/// [`DataError::File`] for a file that cannot be read or decompressed; [`DataError::IdxMagic`],
/// [`DataError::IdxLayout`], [`DataError::IdxHeader`] and [`DataError::IdxLength`] for one that is not such an IDX
/// file, or not all of it; [`DataError::EmptyDataset`] for no images and [`DataError::EmptyImages`] for images
/// without pixels.
pub fn read_images(path: impl AsRef<Path>) -> Result<IdxImages, DataError> {
    let path = path.as_ref();
    let ([count, height, width], pixels) = read(path)?;
    if count == 0 {
        return Err(DataError::EmptyDataset);
    }
    if height == 0 || width == 0 {
        return Err(DataError::EmptyImages {
            path: path.to_path_buf(),
            height,
            width,
        });
    }
    IdxImages::from_parts(pixels, height, width)
}

/// Reads the class labels of an IDX file with one axis `[N]`.
///
/// # Errors
/// As [`read_images`].
pub fn read_labels(path: impl AsRef<Path>) -> Result<Vec<u8>, DataError> {
    let ([count], labels) = read(path.as_ref())?;
    if count == 0 {
        return Err(DataError::EmptyDataset);
    }
    Ok(labels)
}

/// Reads the images of a folder, without their labels.
///
/// The file is the first there is of `images-idx3-ubyte`, `images.idx3-ubyte`, then `train-images-idx3-ubyte`,
/// `train-images.idx3-ubyte`, each plain or with `.gz` added.
///
/// # Errors
/// [`DataError::MissingFile`] where there is none of them, otherwise those of [`read_images`].
pub fn read_folder(folder: impl AsRef<Path>) -> Result<IdxImages, DataError> {
    let (_, images) = find(folder.as_ref(), &PREFIXES, "images", "idx3")?;
    read_images(images)
}

/// Reads the images of a folder and their labels.
///
/// The images are those of [`read_folder`]; the labels beside them have `labels` for `images` and `idx1` for
/// `idx3` in their name.
///
/// # Errors
/// [`DataError::MissingFile`] where there is no such pair, [`DataError::LabelCount`] where the two do not fit,
/// otherwise those of [`read_images`].
pub fn read_labelled_folder(folder: impl AsRef<Path>) -> Result<LabelledImages, DataError> {
    let folder = folder.as_ref();
    let (prefix, images) = find(folder, &PREFIXES, "images", "idx3")?;
    let (_, labels) = find(folder, &[prefix], "labels", "idx1")?;
    read_images(images)?.with_labels(read_labels(labels)?)
}

const PREFIXES: [&str; 2] = ["", "train-"];

/// The first file of a family that is in the folder, with its prefix.
fn find<'a>(
    folder: &Path,
    prefixes: &[&'a str],
    content: &str,
    axes: &str,
) -> Result<(&'a str, PathBuf), DataError> {
    let mut names = Vec::new();
    for &prefix in prefixes {
        for separator in ["-", "."] {
            for extension in ["", ".gz"] {
                let name = format!("{prefix}{content}{separator}{axes}-ubyte{extension}");
                let path = folder.join(&name);
                if path.is_file() {
                    return Ok((prefix, path));
                }
                names.push(name);
            }
        }
    }
    Err(DataError::MissingFile {
        folder: folder.to_path_buf(),
        wanted: names.join(", "),
    })
}

/// The axes and the values of an IDX file of unsigned bytes with `RANK` axes.
fn read<const RANK: usize>(path: &Path) -> Result<([usize; RANK], Vec<u8>), DataError> {
    let mut file = open(path)?;

    let magic = read_word(path, &mut file, 0)?;
    let [0, 0, type_code, rank] = magic else {
        return Err(DataError::IdxMagic {
            path: path.to_path_buf(),
            magic,
        });
    };
    if type_code != UNSIGNED_BYTE || usize::from(rank) != RANK {
        return Err(DataError::IdxLayout {
            path: path.to_path_buf(),
            type_code,
            rank,
            expected_rank: RANK as u8,
        });
    }

    let mut axes = [0; RANK];
    let mut header = 4;
    for axis in &mut axes {
        *axis = u64::from(u32::from_be_bytes(read_word(path, &mut file, header)?));
        header += 4;
    }

    // The header is not to be trusted: memory grows with what is read, not with what it announces.
    let expected = axes.iter().copied().fold(1, u64::saturating_mul);
    let io = |error| FileError::new(path, error);
    let mut values = Vec::new();
    file.by_ref()
        .take(expected)
        .read_to_end(&mut values)
        .map_err(io)?;
    let actual = values.len() as u64 + copy(&mut file, &mut sink()).map_err(io)?;
    if actual != expected {
        return Err(DataError::IdxLength {
            path: path.to_path_buf(),
            expected: expected.saturating_add(header),
            actual: actual + header,
        });
    }
    Ok((axes.map(|axis| axis as usize), values))
}

/// The file's content, decompressed if need be.
fn open(path: &Path) -> Result<Box<dyn Read>, DataError> {
    let io = |error| FileError::new(path, error);
    let mut file = BufReader::new(File::open(path).map_err(io)?);
    let compressed = file.fill_buf().map_err(io)?.starts_with(&GZIP_MAGIC);
    Ok(if compressed {
        Box::new(MultiGzDecoder::new(file))
    } else {
        Box::new(file)
    })
}

/// The next four bytes of the header, which start at `offset`.
fn read_word(path: &Path, file: &mut dyn Read, offset: u64) -> Result<[u8; 4], DataError> {
    let mut word = Vec::with_capacity(4);
    file.take(4)
        .read_to_end(&mut word)
        .map_err(|error| FileError::new(path, error))?;
    <[u8; 4]>::try_from(word.as_slice()).map_err(|_| DataError::IdxHeader {
        path: path.to_path_buf(),
        expected: offset + 4,
        actual: offset + word.len() as u64,
    })
}
