//! [`Transformation`]: what is done to each image of a batch, with the numbers drawn.

use burn::tensor::{Device, Int, Tensor, TensorData};

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

/// For each pixel the one that comes to its place.
#[derive(Debug, Clone)]
struct Translation {
    /// `[N, 1, H, 1]`.
    rows: Tensor<4, Int>,
    /// `[N, 1, 1, W]`.
    columns: Tensor<4, Int>,
    /// `[N, 1, H, W]`, 0 where it would come from beyond the edge.
    inside: Tensor<4>,
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
        let count = down.len();
        let (rows, row_inside) = sources(down, height);
        let (columns, column_inside) = sources(right, width);
        let int = |values, shape: [usize; 4]| {
            Tensor::<4, Int>::from_data(TensorData::new(values, shape), device)
        };
        let float = |values, shape: [usize; 4]| {
            Tensor::<4>::from_data(TensorData::new(values, shape), device)
        };
        self.with(Change::Translation(Box::new(Translation {
            rows: int(rows, [count, 1, height, 1]),
            columns: int(columns, [count, 1, 1, width]),
            inside: float(row_inside, [count, 1, height, 1])
                * float(column_inside, [count, 1, 1, width]),
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
        let narrow = |tensor: &Tensor<4>| tensor.clone().narrow(0, start, length);
        let changes = self.changes.iter().map(|change| match change {
            Change::Brightness(added) => Change::Brightness(narrow(added)),
            Change::Saturation(factor) => Change::Saturation(narrow(factor)),
            Change::Contrast(factor) => Change::Contrast(narrow(factor)),
            Change::Translation(moved) => Change::Translation(Box::new(Translation {
                rows: moved.rows.clone().narrow(0, start, length),
                columns: moved.columns.clone().narrow(0, start, length),
                inside: narrow(&moved.inside),
            })),
            Change::Mask(mask) => Change::Mask(narrow(mask)),
            Change::Resampling(moved) => Change::Resampling(Box::new(moved.narrow(start, length))),
            Change::Color(color) => Change::Color(Box::new(color.narrow(start, length))),
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
                let (shape, inside) = (x.dims(), beside(&moved.inside, &x));
                let x = x.gather(2, moved.rows.clone().expand(shape));
                x.gather(3, moved.columns.clone().expand(shape)) * inside
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

/// Where each pixel of a side comes from, for each shift in turn, and 0 for those that come from beyond the edge.
fn sources(shifts: &[i64], side: usize) -> (Vec<i64>, Vec<f32>) {
    let last = side as i64 - 1;
    let from = shifts
        .iter()
        .flat_map(|shift| (0..=last).map(move |pixel| pixel - shift));
    from.map(|source| {
        let inside = (0..=last).contains(&source);
        (source.clamp(0, last), f32::from(u8::from(inside)))
    })
    .unzip()
}
