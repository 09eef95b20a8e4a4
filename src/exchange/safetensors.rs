//! Safetensors files.

use std::fs;
use std::path::Path;

use burn::tensor::{DType, TensorData, bf16, f16};
use safetensors::tensor::{Dtype, TensorView};
use safetensors::{SafeTensorError, SafeTensors, serialize};

use super::ExchangeError;
use super::elements::of_bytes;
use crate::errors::FileError;
use crate::files::replace_file;
use crate::state_dict::StateDict;

const FORMAT: &str = "safetensors";

/// Writes tensors, in their element types, and the texts about them into a file.
///
/// The file is written beside its target and then renamed: a crash or a full disk leaves an older file as it was.
///
/// # Errors
/// [`ExchangeError::File`] where it cannot be written, [`ExchangeError::ElementType`] for tensors that are neither of floats
/// nor of whole numbers with 64 bits.
pub fn write_safetensors(state: &StateDict, path: impl AsRef<Path>) -> Result<(), ExchangeError> {
    let path = path.as_ref();
    let mut encoded = Vec::new();
    for (name, tensor) in state.tensors() {
        let (dtype, bytes) = encode(tensor).ok_or_else(|| ExchangeError::ElementType {
            path: path.to_path_buf(),
            tensor: name.clone(),
            element_type: format!("{:?}", tensor.dtype()),
        })?;
        encoded.push((name, dtype, tensor.shape().to_vec(), bytes));
    }
    let damaged = |error| damaged(path, &error);
    let mut views = Vec::new();
    for (name, dtype, shape, bytes) in &encoded {
        let view = TensorView::new(*dtype, shape.clone(), bytes).map_err(damaged)?;
        views.push((name.as_str(), view));
    }
    let metadata = state.metadata().clone();
    let metadata = (!metadata.is_empty()).then(|| metadata.into_iter().collect());
    let bytes = serialize(views, metadata).map_err(damaged)?;
    replace_file(path, |partial| {
        fs::write(partial, &bytes).map_err(|error| FileError::new(path, error).into())
    })
}

/// Reads all tensors of a file, in their element types, and the texts about them.
///
/// # Errors
/// [`ExchangeError::File`] where it cannot be read, [`ExchangeError::Damaged`] where it is no safetensors file or not a
/// whole one, [`ExchangeError::ElementType`] for tensors of floats with 8 bits and fewer, or of complex numbers.
pub fn read_safetensors(path: impl AsRef<Path>) -> Result<StateDict, ExchangeError> {
    let path = path.as_ref();
    let bytes = fs::read(path).map_err(|error| FileError::new(path, error))?;
    let (_, header) = SafeTensors::read_metadata(&bytes).map_err(|error| damaged(path, &error))?;
    let tensors = SafeTensors::deserialize(&bytes).map_err(|error| damaged(path, &error))?;
    let mut state = StateDict::new();
    for (name, tensor) in tensors.tensors() {
        let Some(data) = decode(&tensor) else {
            return Err(ExchangeError::ElementType {
                path: path.to_path_buf(),
                tensor: name,
                element_type: tensor.dtype().to_string(),
            });
        };
        state.insert(name, data);
    }
    let texts = header.metadata().iter().flatten();
    Ok(texts.fold(state, |state, (key, text)| state.with_metadata(key, text)))
}

/// The element type and the values, little-endian, where the format has them.
fn encode(tensor: &TensorData) -> Option<(Dtype, Vec<u8>)> {
    Some(match tensor.dtype() {
        DType::F64 => (Dtype::F64, to_bytes(tensor, f64::to_le_bytes)),
        DType::F32 | DType::Flex32 => (Dtype::F32, to_bytes(tensor, f32::to_le_bytes)),
        DType::F16 => (Dtype::F16, to_bytes(tensor, f16::to_le_bytes)),
        DType::BF16 => (Dtype::BF16, to_bytes(tensor, bf16::to_le_bytes)),
        DType::I64 => (Dtype::I64, to_bytes(tensor, i64::to_le_bytes)),
        _ => return None,
    })
}

fn to_bytes<T: burn::tensor::Element, const N: usize>(
    tensor: &TensorData,
    bytes: impl Fn(T) -> [u8; N],
) -> Vec<u8> {
    tensor.iter::<T>().flat_map(bytes).collect()
}

/// Values of floats in their type, whole numbers as `i64`; `None` for what has no counterpart.
fn decode(tensor: &TensorView) -> Option<TensorData> {
    let (shape, bytes) = (tensor.shape(), tensor.data());
    Some(match tensor.dtype() {
        Dtype::F64 => of_bytes(shape, bytes, f64::from_le_bytes),
        Dtype::F32 => of_bytes(shape, bytes, f32::from_le_bytes),
        Dtype::F16 => of_bytes(shape, bytes, f16::from_le_bytes),
        Dtype::BF16 => of_bytes(shape, bytes, bf16::from_le_bytes),
        Dtype::I64 => of_bytes(shape, bytes, i64::from_le_bytes),
        Dtype::I32 => of_bytes(shape, bytes, |bytes| i64::from(i32::from_le_bytes(bytes))),
        Dtype::I16 => of_bytes(shape, bytes, |bytes| i64::from(i16::from_le_bytes(bytes))),
        Dtype::I8 => of_bytes(shape, bytes, |bytes| i64::from(i8::from_le_bytes(bytes))),
        Dtype::U32 => of_bytes(shape, bytes, |bytes| i64::from(u32::from_le_bytes(bytes))),
        Dtype::U16 => of_bytes(shape, bytes, |bytes| i64::from(u16::from_le_bytes(bytes))),
        Dtype::U8 | Dtype::BOOL => of_bytes(shape, bytes, |[byte]: [u8; 1]| i64::from(byte)),
        _ => return None,
    })
}

fn damaged(path: &Path, error: &SafeTensorError) -> ExchangeError {
    ExchangeError::damaged(path, FORMAT, error)
}
