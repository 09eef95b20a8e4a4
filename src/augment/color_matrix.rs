//! [`ColorMatrix`]: colours under an affine change.

use burn::tensor::{Device, Tensor, TensorData};

use super::matrix::Matrix;
use super::transformation::beside;
use crate::dual::Dual;

/// A matrix and an offset for the colours of each image, for images of three channels and of one.
#[derive(Debug, Clone)]
pub(super) struct ColorMatrix {
    /// `[N, C, C]`.
    matrix: Tensor<3>,
    /// `[N, C, 1]`.
    offset: Tensor<3>,
}

impl ColorMatrix {
    /// Changes of colours `(red, green, blue, 1)`; an image of one channel is one of three that are the same, and its
    /// change is the mean over them.
    pub fn new(changes: &[Matrix<4>], channels: usize, device: &Device) -> Self {
        let (mut matrix, mut offset) = (Vec::new(), Vec::new());
        for Matrix(rows) in changes {
            if channels == 1 {
                let rows = &rows[..3];
                let factor: f64 = rows.iter().flat_map(|row| &row[..3]).sum();
                matrix.push((factor / 3.0) as f32);
                offset.push((rows.iter().map(|row| row[3]).sum::<f64>() / 3.0) as f32);
            } else {
                for row in &rows[..3] {
                    matrix.extend(row[..3].iter().map(|entry| *entry as f32));
                    offset.push(row[3] as f32);
                }
            }
        }
        let tensor = |values, columns| {
            let shape = [changes.len(), channels, columns];
            Tensor::from_data(TensorData::new(values, shape), device)
        };
        Self {
            matrix: tensor(matrix, channels),
            offset: tensor(offset, 1),
        }
    }

    /// The changed images `[N, C, H, W]`.
    pub fn apply(&self, images: Dual<4>) -> Dual<4> {
        let shape = images.value.dims();
        let [count, channels, height, width] = shape;
        images
            .linear(|x| x.reshape([count, channels, height * width]))
            .linear(|x| self.product(x))
            .shift(self.offset.clone(), |x, offset| {
                x.clone() + beside(&offset, &x)
            })
            .linear(|x| x.reshape(shape))
    }

    /// The matrices times colours `[N, C, H W]`: a column for each channel, in full precision on every device.
    fn product(&self, x: Tensor<3>) -> Tensor<3> {
        let matrix = beside(&self.matrix, &x);
        let [_, channels, _] = x.dims();
        let column =
            |channel| matrix.clone().narrow(2, channel, 1) * x.clone().narrow(1, channel, 1);
        (1..channels).fold(column(0), |sum, channel| sum + column(channel))
    }

    /// Those of the images `start..start + length`.
    pub fn narrow(&self, start: usize, length: usize) -> Self {
        let narrow = |tensor: &Tensor<3>| tensor.clone().narrow(0, start, length);
        Self {
            matrix: narrow(&self.matrix),
            offset: narrow(&self.offset),
        }
    }

    /// The same on another device, without autodiff.
    #[cfg(feature = "training")]
    pub fn to_device(&self, device: &Device) -> Self {
        Self {
            matrix: self.matrix.clone().without_autodiff().to_device(device),
            offset: self.offset.clone().without_autodiff().to_device(device),
        }
    }
}
