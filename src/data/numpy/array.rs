//! [`Array`]: the values of a NumPy array, and what becomes of them.

use burn::tensor::{Device, Tensor, TensorData};

use super::NumpyError;
use crate::data::{ByteImages, DataError, Memory};

/// The values of an array, row by row (the last axis is the fastest), in the smallest of three types that holds them.
#[derive(Debug, Clone, PartialEq)]
pub enum Values {
    /// Unsigned 8-bit and boolean arrays.
    Bytes(Vec<u8>),
    /// All other integers.
    Integers(Vec<i64>),
    /// Floats; those of 64 bits are rounded.
    Floats(Vec<f32>),
}

/// Which axis of images `[N, ..]` has the channels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChannelAxis {
    /// There is none: grey images `[N, height, width]`.
    None,
    /// `[N, channels, height, width]`.
    First,
    /// `[N, height, width, channels]`.
    Last,
}

/// An array of any rank, from a file of NumPy's.
#[derive(Debug, Clone, PartialEq)]
pub struct Array {
    shape: Vec<usize>,
    values: Values,
}

impl Array {
    /// As many values as the shape has.
    pub(super) fn new(shape: Vec<usize>, values: Values) -> Self {
        Self { shape, values }
    }

    /// The length of each axis; none of a single number.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// The values.
    pub fn values(&self) -> &Values {
        &self.values
    }

    /// The values as they are, as floats.
    ///
    /// # Errors
    /// [`NumpyError::Rank`] for an array of another rank than `D`.
    pub fn to_tensor<const D: usize>(&self, device: &Device) -> Result<Tensor<D>, DataError> {
        let Ok(shape) = <[usize; D]>::try_from(self.shape.as_slice()) else {
            return Err(self
                .rank("tensors of this type", "another number of")
                .into());
        };
        let values: Vec<f32> = match &self.values {
            Values::Bytes(values) => values.iter().map(|&value| f32::from(value)).collect(),
            Values::Integers(values) => values.iter().map(|&value| value as f32).collect(),
            Values::Floats(values) => values.clone(),
        };
        let device = device.clone().without_autodiff();
        Ok(Tensor::from_data(TensorData::new(values, shape), &device))
    }

    /// The values as they are, as a set of samples `[N, ...]`; images should have values in [-1, 1].
    ///
    /// # Errors
    /// Those of [`Array::to_tensor`] and of [`Memory::new`].
    pub fn to_samples<const D: usize>(&self, device: &Device) -> Result<Memory<D>, DataError> {
        Memory::new(self.to_tensor(device)?)
    }

    /// An array of bytes as images.
    ///
    /// # Errors
    /// [`NumpyError::Kind`] for other values than bytes, [`NumpyError::Rank`] for another rank than `axis` needs, and those
    /// of [`ByteImages::channels_first`].
    pub fn into_images(self, axis: ChannelAxis) -> Result<ByteImages, DataError> {
        const PURPOSE: &str = "images of bytes";
        let shape = match (axis, self.shape.as_slice()) {
            (ChannelAxis::None, &[_, height, width]) => [1, height, width],
            (ChannelAxis::First, &[_, channels, height, width])
            | (ChannelAxis::Last, &[_, height, width, channels]) => [channels, height, width],
            (ChannelAxis::None, _) => return Err(self.rank(PURPOSE, "3").into()),
            _ => return Err(self.rank(PURPOSE, "4").into()),
        };
        let Values::Bytes(bytes) = self.values else {
            return Err(NumpyError::Kind {
                purpose: PURPOSE,
                wanted: "an array of type uint8",
            }
            .into());
        };
        let [channels, height, width] = shape;
        match axis {
            ChannelAxis::Last => ByteImages::channels_last(bytes, height, width, channels),
            _ => ByteImages::channels_first(bytes, channels, height, width),
        }
    }

    /// Class labels `[N]` or `[N, 1]`, counted from 0.
    ///
    /// # Errors
    /// [`NumpyError::Rank`] for another shape, [`NumpyError::Kind`] for floats, [`NumpyError::Label`] for a negative one.
    pub fn to_labels(&self) -> Result<Vec<usize>, DataError> {
        const PURPOSE: &str = "labels";
        if !matches!(self.shape.as_slice(), [_] | [_, 1]) {
            return Err(self.rank(PURPOSE, "1 or, the second of length 1, 2").into());
        }
        match &self.values {
            Values::Bytes(labels) => Ok(labels.iter().map(|&label| usize::from(label)).collect()),
            Values::Integers(labels) => labels
                .iter()
                .enumerate()
                .map(|(index, &label)| {
                    usize::try_from(label).map_err(|_| NumpyError::Label { index, label }.into())
                })
                .collect(),
            Values::Floats(_) => Err(NumpyError::Kind {
                purpose: PURPOSE,
                wanted: "an array of integers",
            }
            .into()),
        }
    }

    fn rank(&self, purpose: &'static str, wanted: &'static str) -> NumpyError {
        NumpyError::Rank {
            purpose,
            wanted,
            shape: self.shape.clone(),
        }
    }
}
