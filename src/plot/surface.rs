//! [`Surface`]: a discriminator's logits over a part of the plane, as colours.

use burn::tensor::{Device, Tensor};
use plotters::prelude::RGBColor;

use super::axis::Axis;
use super::canvas::{Canvas, Frame};
use crate::errors::ShapeError;
use crate::gan_error::GanError;
use crate::unwind::caught;

/// Pixels a side of a cell: one point of the plane, one colour.
const CELL: f64 = 4.0;
/// Points that the function is asked for at once.
const CHUNK: usize = 4096;

/// The colour of logits that say generated most surely, of 0, and of those that say real.
const COLOURS: [[f64; 3]; 3] = [
    [240.0, 163.0, 104.0],
    [250.0, 250.0, 250.0],
    [104.0, 171.0, 218.0],
];
/// The colour of what is no number.
const NO_NUMBER: RGBColor = RGBColor(150, 150, 150);

/// A function from points `[N, 2]` to logits `[N]`, and the device that it takes them on.
pub(super) struct Surface<'a> {
    pub device: Device,
    pub logits: Box<dyn Fn(Tensor<2>) -> Tensor<1> + 'a>,
}

/// The logits at the middles of cells, row by row from the bottom.
#[derive(Debug)]
pub(super) struct Cells {
    columns: usize,
    rows: usize,
    values: Vec<f32>,
}

impl Surface<'_> {
    /// The logits of a part of the plane that is drawn in a frame.
    pub fn cells(&self, frame: Frame, x: &Axis, y: &Axis) -> Result<Cells, GanError> {
        let count = |length: f64| ((length / CELL).round() as usize).max(1);
        let (columns, rows) = (count(frame.width()), count(frame.height()));
        let middle = |axis: &Axis, index: usize, count: usize| {
            let (low, high) = axis.ends();
            (low + (index as f64 + 0.5) / count as f64 * (high - low)) as f32
        };
        let points: Vec<f32> = (0..rows * columns)
            .flat_map(|cell| {
                [
                    middle(x, cell % columns, columns),
                    middle(y, cell / columns, rows),
                ]
            })
            .collect();
        let mut values = Vec::with_capacity(rows * columns);
        for chunk in points.chunks(2 * CHUNK) {
            values.extend(self.values(chunk)?);
        }
        Ok(Cells {
            columns,
            rows,
            values,
        })
    }

    fn values(&self, points: &[f32]) -> Result<Vec<f32>, GanError> {
        let count = points.len() / 2;
        let points = Tensor::<1>::from_floats(points, &self.device).reshape([count, 2]);
        let logits =
            caught(|| (self.logits)(points)).map_err(|message| GanError::NetworkFailed {
                network: "discriminator",
                shape: vec![count, 2],
                message,
            })?;
        if logits.dims() != [count] {
            return Err(GanError::Shape(ShapeError {
                what: "logits of a surface",
                expected: vec![count],
                actual: logits.dims().to_vec(),
            }));
        }
        logits.try_into_vec_as::<f32>().map_err(GanError::device)
    }
}

impl Cells {
    /// The lowest and the highest logit; `None` where none is finite.
    pub fn range(&self) -> Option<(f64, f64)> {
        let finite = self.values.iter().filter(|value| value.is_finite());
        finite.fold(None, |range, &value| {
            let value = f64::from(value);
            let (low, high) = range.unwrap_or((value, value));
            Some((low.min(value), high.max(value)))
        })
    }

    /// Draws the cells, in the fullest colours where a logit is `most` away from 0.
    pub fn draw(&self, canvas: &mut Canvas, frame: Frame, most: f64) -> Result<(), GanError> {
        for (cell, &value) in self.values.iter().enumerate() {
            let (column, row) = (cell % self.columns, cell / self.columns);
            let corner = |right: usize, up: usize| {
                let across = (column + right) as f64 / self.columns as f64;
                frame.at((across, (row + up) as f64 / self.rows as f64))
            };
            let ((left, bottom), (right, top)) = (corner(0, 0), corner(1, 1));
            let square = Frame {
                left,
                top,
                right,
                bottom,
            };
            canvas.fill(square, colour(f64::from(value) / most))?;
        }
        Ok(())
    }
}

/// The colour of a logit as a share, in [-1, 1], of the largest.
pub(super) fn colour(share: f64) -> RGBColor {
    if share.is_nan() {
        return NO_NUMBER;
    }
    let share = share.clamp(-1.0, 1.0);
    let [low, middle, high] = COLOURS;
    let end = if share < 0.0 { low } else { high };
    let mix = |channel: usize| {
        let mixed = middle[channel] + share.abs() * (end[channel] - middle[channel]);
        mixed.round() as u8
    };
    RGBColor(mix(0), mix(1), mix(2))
}
