//! The changes of colour, in the order and with the numbers of the paper's appendix B.

use std::f64::consts::PI;

use super::{AdaConfig, draws::Draws};
use crate::augment::matrix::Matrix;

impl AdaConfig {
    /// The change `c` of the colours `(red, green, blue, 1)` of one image.
    pub(super) fn color(&self, p: f64, draws: &mut Draws) -> Matrix<4> {
        let c = Matrix::identity();
        let c = draws.then(c, self.brightness, p, |draw| translate(draw.normal(0.2)));
        let c = draws.then(c, self.contrast, p, |draw| scale(draw.log2_normal(0.5)));
        let c = draws.then(c, self.luma_flip, p, |draw| luma_flip(draw.index(2) as f64));
        let c = draws.then(c, self.hue, p, |draw| hue_rotation(draw.uniform(-PI, PI)));
        draws.then(c, self.saturation, p, |draw| {
            saturation(draw.log2_normal(1.0))
        })
    }
}

/// A matrix of its entries for colours; what is no colour stays.
fn of_colors(entry: impl Fn(usize, usize) -> f64) -> Matrix<4> {
    Matrix::from_entries(|row, column| {
        if row < 3 && column < 3 {
            entry(row, column)
        } else {
            f64::from(u8::from(row == column))
        }
    })
}

fn identity(row: usize, column: usize) -> f64 {
    f64::from(u8::from(row == column))
}

/// `v^T v`, the projection onto the luma axis `v = (1, 1, 1) / sqrt(3)`.
const LUMA: f64 = 1.0 / 3.0;

fn translate(b: f64) -> Matrix<4> {
    Matrix::from_entries(|row, column| {
        let offset = if row < 3 && column == 3 { b } else { 0.0 };
        identity(row, column) + offset
    })
}

fn scale(factor: f64) -> Matrix<4> {
    of_colors(|row, column| factor * identity(row, column))
}

/// The Householder reflection `I - 2 v^T v` where `i` is 1, nothing where it is 0.
fn luma_flip(i: f64) -> Matrix<4> {
    of_colors(|row, column| identity(row, column) - 2.0 * LUMA * i)
}

/// Rodrigues' formula about `v`: `I cos + [v]x sin + v^T v (1 - cos)`.
fn hue_rotation(angle: f64) -> Matrix<4> {
    let (sine, cosine) = angle.sin_cos();
    let v = LUMA.sqrt();
    of_colors(|row, column| {
        let cross = match (3 + column - row) % 3 {
            0 => 0.0,
            1 => -v,
            _ => v,
        };
        identity(row, column) * cosine + cross * sine + LUMA * (1.0 - cosine)
    })
}

/// `v^T v + (I - v^T v) s`.
fn saturation(s: f64) -> Matrix<4> {
    of_colors(|row, column| LUMA + (identity(row, column) - LUMA) * s)
}
