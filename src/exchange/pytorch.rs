//! Files that `torch.save` has written.

use std::fs::File;
use std::io;
use std::path::Path;

use burn::tensor::{TensorData, bf16, f16};
use pytorch_reader::{DType, PytorchError, PytorchReader, Tensor};

use super::ExchangeError;
use super::elements::of_bytes;
use crate::errors::FileError;
use crate::state_dict::StateDict;
use crate::unwind::caught;

const FORMAT: &str = "PyTorch";

/// Reads a state dict that `torch.save` has written (`.pth`, `.pt`), all of it: `key` names the entry of a checkpoint that is
/// the state dict, such as `"state_dict"` or `"generator"`; `None` for a file that is one.
///
/// Nothing in the file is run, unlike in Python, where such a file is a program. Values keep their precision; whole numbers
/// become `i64`.
///
/// # Errors
/// [`ExchangeError::File`] where it cannot be read, [`ExchangeError::Damaged`] where it is no file of PyTorch's, not a whole
/// one, or has no such entry.
pub fn read_pytorch(path: impl AsRef<Path>, key: Option<&str>) -> Result<StateDict, ExchangeError> {
    let path = path.as_ref();
    // The system's own account of it: the reader makes one error of everything.
    File::open(path).map_err(|error| FileError::new(path, error))?;
    // A reader of other people's files that panics would end the program.
    caught(|| read(path, key)).map_err(|message| damaged(path, &message))?
}

fn read(path: &Path, key: Option<&str>) -> Result<StateDict, ExchangeError> {
    let reader = match key {
        Some(key) => PytorchReader::with_top_level_key(path, key),
        None => PytorchReader::new(path),
    };
    let reader = reader.map_err(|error| match error {
        PytorchError::Io(error) => of_input(path, error),
        error => damaged(path, &error),
    })?;
    let mut state = StateDict::new();
    for (name, tensor) in reader.into_tensors() {
        let bytes = tensor.read().map_err(|error| of_input(path, error))?;
        state.insert(name, decode(&tensor, &bytes));
    }
    Ok(state)
}

/// An error of the file's content or of the system.
fn of_input(path: &Path, error: io::Error) -> ExchangeError {
    match error.kind() {
        io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof | io::ErrorKind::InvalidInput => {
            damaged(path, &error)
        }
        _ => FileError::new(path, error).into(),
    }
}

/// The values: floats in their type, whole numbers and booleans as `i64`.
fn decode(tensor: &Tensor, bytes: &[u8]) -> TensorData {
    let shape = tensor.shape();
    // The reader gives the bytes in the order of this machine.
    match tensor.dtype() {
        DType::F64 => of_bytes(shape, bytes, f64::from_ne_bytes),
        DType::F32 => of_bytes(shape, bytes, f32::from_ne_bytes),
        DType::F16 => of_bytes(shape, bytes, f16::from_ne_bytes),
        DType::BF16 => of_bytes(shape, bytes, bf16::from_ne_bytes),
        DType::I64 => of_bytes(shape, bytes, i64::from_ne_bytes),
        // Beyond what i64 holds nothing counts.
        DType::U64 => of_bytes(shape, bytes, |bytes| {
            i64::try_from(u64::from_ne_bytes(bytes)).unwrap_or(i64::MAX)
        }),
        DType::I32 => of_bytes(shape, bytes, |bytes| i64::from(i32::from_ne_bytes(bytes))),
        DType::U32 => of_bytes(shape, bytes, |bytes| i64::from(u32::from_ne_bytes(bytes))),
        DType::I16 => of_bytes(shape, bytes, |bytes| i64::from(i16::from_ne_bytes(bytes))),
        DType::U16 => of_bytes(shape, bytes, |bytes| i64::from(u16::from_ne_bytes(bytes))),
        DType::I8 => of_bytes(shape, bytes, |bytes| i64::from(i8::from_ne_bytes(bytes))),
        DType::U8 | DType::Bool => of_bytes(shape, bytes, |[byte]: [u8; 1]| i64::from(byte)),
    }
}

fn damaged(path: &Path, error: &dyn std::fmt::Display) -> ExchangeError {
    ExchangeError::damaged(path, FORMAT, error)
}
