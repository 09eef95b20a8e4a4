//! NumPy's files: `.npy`, one array, and `.npz`, an archive of arrays, of any rank: points, tables, series, images.
//!
//! An array file is a magic string, a version, the length of a header, the header, then the values. Described
//! by NumPy's `numpy.lib.format`. Structured types and objects are not read: the latter can run code.

mod archive;
mod array;
mod error;
mod header;

pub use array::{Array, ChannelAxis, Values};
pub use error::NumpyError;

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;

use self::archive::Archive;
use self::header::Header;
use super::DataError;
use crate::errors::FileError;

const MAGIC: &[u8; 6] = b"\x93NUMPY";
/// The longest header that is read: that of a plain array takes some hundred bytes.
const LONGEST_HEADER: u64 = 1 << 16;

/// Reads the array of a `.npy` file.
///
/// ```no_run
/// use burn::tensor::Device;
/// use burn_gan::data::{ShuffleConfig, numpy};
///
/// // A table [rows, 4] of floats.
/// let table = numpy::read("table.npy")?.to_samples::<2>(&Device::flex())?;
/// let source = ShuffleConfig::new(128).init(table)?;
/// # Ok::<(), burn_gan::GanError>(())
/// ```
///
/// # Errors
/// [`DataError::File`] for a file that cannot be read, [`DataError::Numpy`] for one that is no array, or not all of it, or
/// of an element type that is not read.
pub fn read(path: impl AsRef<Path>) -> Result<Array, DataError> {
    let path = path.as_ref();
    let file = File::open(path).map_err(|error| FileError::new(path, error))?;
    read_array(path, &mut BufReader::new(file))
}

/// The names of the arrays of a `.npz` archive, in their order there.
///
/// # Errors
/// [`DataError::File`] and [`NumpyError::Archive`].
pub fn names(path: impl AsRef<Path>) -> Result<Vec<String>, DataError> {
    Archive::open(path.as_ref()).map(|archive| array_names(&archive))
}

/// Reads the array `name` of a `.npz` archive.
///
/// ```no_run
/// use burn_gan::data::numpy::{self, ChannelAxis};
///
/// // As MedMNIST has it: grey images [N, 28, 28] and labels [N, 1].
/// let images = numpy::read_named("breastmnist.npz", "train_images")?.into_images(ChannelAxis::None)?;
/// let labels = numpy::read_named("breastmnist.npz", "train_labels")?.to_labels()?;
/// let labelled = images.with_labels(labels)?;
/// # Ok::<(), burn_gan::GanError>(())
/// ```
///
/// # Errors
/// Those of [`read`] and [`names`], and [`NumpyError::NoSuchArray`].
pub fn read_named(path: impl AsRef<Path>, name: &str) -> Result<Array, DataError> {
    let path = path.as_ref();
    let archive = Archive::open(path)?;
    let member = format!("{name}.npy");
    let Some(index) = archive.names().position(|found| found == member) else {
        return Err(NumpyError::NoSuchArray {
            path: path.into(),
            name: name.to_string(),
            names: array_names(&archive),
        }
        .into());
    };
    read_array(path, &mut archive.read(index)?)
}

fn array_names(archive: &Archive) -> Vec<String> {
    let arrays = archive.names().filter_map(|name| name.strip_suffix(".npy"));
    arrays.map(str::to_string).collect()
}

/// An array from its first byte on.
fn read_array(path: &Path, file: &mut dyn Read) -> Result<Array, DataError> {
    let io = |error| FileError::new(path, error);
    let header = read_header(path, file)?;
    let Some(element) = Element::of(&header.descr) else {
        return Err(NumpyError::ElementType {
            path: path.into(),
            descr: header.descr,
        }
        .into());
    };
    // The header is not to be trusted: memory grows with what is read, not with what it announces.
    let sides = header.shape.iter().map(|&side| side as u64);
    let expected = sides.fold(element.bytes as u64, u64::saturating_mul);
    let mut bytes = Vec::new();
    file.take(expected).read_to_end(&mut bytes).map_err(io)?;
    let more = io::copy(file, &mut io::sink()).map_err(io)?;
    let actual = bytes.len() as u64 + more;
    if actual != expected {
        return Err(NumpyError::Length {
            path: path.into(),
            expected,
            actual,
        }
        .into());
    }
    let values = element.values(path, bytes)?;
    let values = match (header.fortran_order, values) {
        (false, values) => values,
        (true, Values::Bytes(values)) => Values::Bytes(last_axis_fastest(&values, &header.shape)),
        (true, Values::Integers(values)) => {
            Values::Integers(last_axis_fastest(&values, &header.shape))
        }
        (true, Values::Floats(values)) => Values::Floats(last_axis_fastest(&values, &header.shape)),
    };
    Ok(Array::new(header.shape, values))
}

fn read_header(path: &Path, file: &mut dyn Read) -> Result<Header, DataError> {
    let io = |error| FileError::new(path, error);
    let mut part = |length: u64| {
        let mut bytes = Vec::new();
        (&mut *file)
            .take(length)
            .read_to_end(&mut bytes)
            .map_err(io)?;
        Ok::<_, DataError>(bytes)
    };
    let magic = part(8)?;
    let length_bytes = match magic.strip_prefix(MAGIC) {
        Some([1, _]) => 2,
        Some([2 | 3, _]) => 4,
        _ => {
            let path = path.into();
            return Err(NumpyError::Magic { path, magic }.into());
        }
    };
    let length = part(length_bytes)?;
    let short = length.len() as u64 != length_bytes;
    let length = length
        .iter()
        .rev()
        .fold(0, |length, &byte| length << 8 | u64::from(byte));
    let bytes = part(length.min(LONGEST_HEADER))?;
    let text = String::from_utf8_lossy(&bytes);
    let whole = !short && bytes.len() as u64 == length;
    let header = Header::parse(&text).filter(|_| whole);
    Ok(header.ok_or_else(|| NumpyError::Header {
        path: path.into(),
        header: text.chars().take(200).collect(),
    })?)
}

/// An element type, in the file's order of bytes.
struct Element {
    kind: u8,
    bytes: usize,
    big_endian: bool,
}

impl Element {
    /// By NumPy's name: an order of bytes (`<`, `>`, `|` for none), a kind, a number of bytes.
    fn of(descr: &str) -> Option<Self> {
        let (order, rest) = descr.split_at_checked(1)?;
        let (kind, bytes) = rest.split_at_checked(1)?;
        let kind = *kind.as_bytes().first()?;
        let bytes = match (kind, bytes) {
            (b'b' | b'u' | b'i', "1") => 1,
            (b'u' | b'i', "2") => 2,
            (b'u' | b'i' | b'f', "4") => 4,
            (b'u' | b'i' | b'f', "8") => 8,
            _ => return None,
        };
        let big_endian = match order {
            "<" => false,
            ">" => true,
            "|" if bytes == 1 => false,
            _ => return None,
        };
        Some(Self {
            kind,
            bytes,
            big_endian,
        })
    }

    fn values(&self, path: &Path, bytes: Vec<u8>) -> Result<Values, NumpyError> {
        if self.bytes == 1 && self.kind != b'i' {
            return Ok(Values::Bytes(bytes));
        }
        // Each element as the low bytes of a number, whatever their order was.
        let raw = bytes.chunks_exact(self.bytes).map(|element| {
            let push = |number: u64, &byte: &u8| number << 8 | u64::from(byte);
            match self.big_endian {
                true => element.iter().fold(0, push),
                false => element.iter().rev().fold(0, push),
            }
        });
        match (self.kind, self.bytes) {
            (b'f', 4) => Ok(Values::Floats(
                raw.map(|bits| f32::from_bits(bits as u32)).collect(),
            )),
            (b'f', _) => Ok(Values::Floats(
                raw.map(|bits| f64::from_bits(bits) as f32).collect(),
            )),
            (b'i', _) => {
                // The sign of a short number goes up to the top.
                let unused = 64 - 8 * self.bytes as u32;
                let signed = raw.map(|bits| (bits << unused).cast_signed() >> unused);
                Ok(Values::Integers(signed.collect()))
            }
            _ => raw
                .enumerate()
                .map(|(index, value)| {
                    i64::try_from(value).map_err(|_| NumpyError::TooLarge {
                        path: path.into(),
                        index,
                        value,
                    })
                })
                .collect::<Result<_, _>>()
                .map(Values::Integers),
        }
    }
}

/// Values whose first axis is the fastest, in the order where the last one is.
fn last_axis_fastest<T: Copy>(values: &[T], shape: &[usize]) -> Vec<T> {
    // How far apart two neighbours along each axis are.
    let strides: Vec<usize> = shape
        .iter()
        .scan(1, |stride: &mut usize, &side| {
            let this = *stride;
            *stride = stride.saturating_mul(side);
            Some(this)
        })
        .collect();
    let place = |mut number: usize| {
        let mut place = 0;
        for (&side, stride) in shape.iter().zip(&strides).rev() {
            place += number % side * stride;
            number /= side;
        }
        place
    };
    (0..values.len())
        .filter_map(|number| values.get(place(number)).copied())
        .collect()
}
