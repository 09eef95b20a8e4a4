//! [`Transformation`]: what is done to each image of a batch, with the numbers drawn.

use burn::tensor::{Device, Tensor, TensorData};

use super::color_matrix::ColorMatrix;
use super::matrix::Matrix;
use super::resampling::Resampling;
use crate::dual::Dual;

/// A change for each image of a batch, in a fixed order; all are linear in the image up to a constant.
///
/// Made by [`Augmentation::draw`](super::Augmentation::draw).
#[derive(Debug, Clone)]
pub struct Transformation {
    changes: Vec<Change>,
}

#[derive(Debug, Clone)]
enum Change {
    /// `[N, 1, 1, 1]`, added.
    Brightness(Tensor<4>),
    /// `[N, 1, 1, 1]`, times the differences from the mean over the channels.
    Saturation(Tensor<4>),
    /// `[N, 1, 1, 1]`, times the differences from the mean over the image.
    Contrast(Tensor<4>),
    Translation(Box<Translation>),
    /// `[N, 1, H, W]`, 0 where an image becomes 0 and 1 elsewhere.
    Mask(Tensor<4>),
    Resampling(Box<Resampling>),
    Color(Box<ColorMatrix>),
}

/// Which pixel comes to which place, as products of matrices of zeros and ones: exact, and several times as fast on a CPU as
/// to gather and scatter.
#[derive(Debug, Clone)]
struct Translation {
    /// `[N, 1, H, H]`, a row of zeros for a place that is filled from beyond the edge.
    rows: Tensor<4>,
    /// `[N, 1, W, W]`, a column of zeros for such a place.
    columns: Tensor<4>,
}

impl Transformation {
    /// None at all.
    pub(super) fn identity() -> Self {
        Self {
            changes: Vec::new(),
        }
    }

    fn with(mut self, change: Change) -> Self {
        self.changes.push(change);
        self
    }

    pub(super) fn brightened(self, added: Tensor<4>) -> Self {
        self.with(Change::Brightness(added))
    }

    pub(super) fn saturated(self, factor: Tensor<4>) -> Self {
        self.with(Change::Saturation(factor))
    }

    pub(super) fn contrasted(self, factor: Tensor<4>) -> Self {
        self.with(Change::Contrast(factor))
    }

    pub(super) fn masked(self, mask: Tensor<4>) -> Self {
        self.with(Change::Mask(mask))
    }

    /// Moves each image by so many pixels, one number an image.
    pub(super) fn translated(
        self,
        down: &[i64],
        right: &[i64],
        [height, width]: [usize; 2],
        device: &Device,
    ) -> Self {
        let selection = |shifts, side: usize| {
            let values = selection(shifts, side);
            let data = TensorData::new(values, [down.len(), 1, side, side]);
            Tensor::<4>::from_data(data, device)
        };
        self.with(Change::Translation(Box::new(Translation {
            rows: selection(down, height),
            // A column of the product is a mix of columns.
            columns: selection(right, width).swap_dims(2, 3),
        })))
    }

    /// Changes the plane of each image, where any changes.
    pub(super) fn resampled(
        self,
        changes: &[Matrix<3>],
        size: [usize; 2],
        device: &Device,
    ) -> Self {
        if changes.iter().all(|change| *change == Matrix::identity()) {
            return self;
        }
        let resampling = Resampling::new(changes, size, device);
        self.with(Change::Resampling(Box::new(resampling)))
    }

    /// Changes the colours of each image of one channel or three, where any changes.
    pub(super) fn recolored(self, changes: &[Matrix<4>], channels: usize, device: &Device) -> Self {
        if changes.iter().all(|change| *change == Matrix::identity()) {
            return self;
        }
        let matrix = ColorMatrix::new(changes, channels, device);
        self.with(Change::Color(Box::new(matrix)))
    }

    /// The changed images `[N, C, H, W]`; a tangent is changed along with its value.
    pub fn apply(&self, images: Dual<4>) -> Dual<4> {
        self.changes
            .iter()
            .fold(images, |images, change| change.apply(images))
    }

    /// The changes of the images `start..start + length`.
    pub(crate) fn narrow(&self, start: usize, length: usize) -> Self {
        self.each(
            |tensor| tensor.clone().narrow(0, start, length),
            |moved| moved.narrow(start, length),
            |color| color.narrow(start, length),
        )
    }

    /// The same changes on another device, without autodiff.
    #[cfg(feature = "training")]
    pub(crate) fn to_device(&self, device: &Device) -> Self {
        self.each(
            |tensor| tensor.clone().without_autodiff().to_device(device),
            |moved| moved.to_device(device),
            |color| color.to_device(device),
        )
    }

    /// The same changes of other tensors.
    fn each(
        &self,
        of: impl Fn(&Tensor<4>) -> Tensor<4>,
        of_resampling: impl Fn(&Resampling) -> Resampling,
        of_colors: impl Fn(&ColorMatrix) -> ColorMatrix,
    ) -> Self {
        let changes = self.changes.iter().map(|change| match change {
            Change::Brightness(added) => Change::Brightness(of(added)),
            Change::Saturation(factor) => Change::Saturation(of(factor)),
            Change::Contrast(factor) => Change::Contrast(of(factor)),
            Change::Translation(moved) => Change::Translation(Box::new(Translation {
                rows: of(&moved.rows),
                columns: of(&moved.columns),
            })),
            Change::Mask(mask) => Change::Mask(of(mask)),
            Change::Resampling(moved) => Change::Resampling(Box::new(of_resampling(moved))),
            Change::Color(color) => Change::Color(Box::new(of_colors(color))),
        });
        Self {
            changes: changes.collect(),
        }
    }
}

impl Change {
    fn apply(&self, images: Dual<4>) -> Dual<4> {
        match self {
            Self::Brightness(added) => {
                images.shift(added.clone(), |x, added| x.clone() + beside(&added, &x))
            }
            Self::Saturation(factor) => images.linear(|x| {
                let mean = x.clone().mean_dim(1);
                (x.clone() - mean.clone()) * beside(factor, &x) + mean
            }),
            Self::Contrast(factor) => images.linear(|x| {
                let mean = x.clone().mean_dim(1).mean_dim(2).mean_dim(3);
                (x.clone() - mean.clone()) * beside(factor, &x) + mean
            }),
            Self::Translation(moved) => images.linear(|x| {
                let (rows, columns) = (beside(&moved.rows, &x), beside(&moved.columns, &x));
                rows.matmul(x).matmul(columns)
            }),
            Self::Mask(mask) => images.linear(|x| x.clone() * beside(mask, &x)),
            Self::Resampling(moved) => images.linear(|x| moved.apply(x)),
            Self::Color(color) => color.apply(images),
        }
    }
}

/// A constant for an operation with `x`: what autodiff does not track stays untracked.
pub(super) fn beside<const R: usize, const D: usize>(
    constant: &Tensor<R>,
    x: &Tensor<D>,
) -> Tensor<R> {
    if x.device().is_autodiff() {
        constant.clone().autodiff()
    } else {
        constant.clone()
    }
}

/// For each shift in turn a matrix `[side, side]` that is 1 where the pixel of the column comes to the place of the row.
fn selection(shifts: &[i64], side: usize) -> Vec<f32> {
    let mut selection = vec![0.0; shifts.len() * side * side];
    for (matrix, shift) in selection.chunks_mut(side * side).zip(shifts) {
        for (place, row) in matrix.chunks_mut(side).enumerate() {
            let source = usize::try_from(place as i64 - shift).ok();
            if let Some(pixel) = source.and_then(|source| row.get_mut(source)) {
                *pixel = 1.0;
            }
        }
    }
    selection
}
