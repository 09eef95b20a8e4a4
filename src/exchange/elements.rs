//! The elements of a tensor in a file's bytes.

use burn::tensor::{Element, TensorData};

/// A tensor of elements of `N` bytes each, one after the other.
pub fn of_bytes<T: Element, const N: usize>(
    shape: &[usize],
    bytes: &[u8],
    value: impl Fn([u8; N]) -> T,
) -> TensorData {
    let (values, _) = bytes.as_chunks::<N>();
    let values: Vec<T> = values.iter().map(|bytes| value(*bytes)).collect();
    TensorData::new(values, shape.to_vec())
}
