//! [`Surface`]: a discriminator's logits over a part of the plane, as colours.

use burn::tensor::{Device, Tensor, TensorData};
use plotters::element::Rectangle;
use plotters::prelude::RGBColor;
use plotters::style::Color;

use super::axis::{Axis, ends};
use super::error::PlotError;
use super::page::{Area, failed, fine};
use super::plane::{Plane, Surroundings, axes, size};
use crate::errors::{DeviceError, ShapeError};
use crate::unwind::caught;

/// Pixels a side of a cell: one point of the plane, one colour.
const CELL: f64 = 4.0;
/// Pixels that the scale of colours takes beside the plane: the scale, and at most its labels.
const SCALE: f64 = 18.0;
const SCALE_LABELS: f64 = 66.0;
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

impl Surface<'_> {
    /// Draws the axes, the logits as colours between them, and beside them what the colours mean.
    pub fn draw<'p>(&self, area: &Area<'p>, x: Axis, y: Axis) -> Result<Plane<'p>, PlotError> {
        let width = area.dim_in_pixel().0 as i32;
        let (area, beside) = area.split_horizontally(width - fine(SCALE + SCALE_LABELS));
        // The text is known when the logits are, and those are asked for where there is room.
        let mut surroundings = Surroundings {
            x_label: ".",
            ..Surroundings::default()
        };
        let (x, y) = surroundings.same_scale(&area, x, y)?;
        let plane = surroundings.build(&area, x, y)?;
        let [columns, rows] = size(&plane).map(|side| (side / fine(CELL)).max(1) as usize);
        let logits = self.logits([columns, rows], &x, &y)?;
        let finite = logits.iter().copied().filter(|logit| logit.is_finite());
        let (low, high) = ends(finite).unwrap_or((0.0, 0.0));
        let largest = low.abs().max(high.abs());
        let largest = if largest > 0.0 { largest } else { 1.0 };

        let scale = Axis::between(-largest, largest);
        let [low, high] = [low, high].map(|logit| scale.label(rounded(logit, largest)));
        let range = format!("logit: {low} to {high}");
        surroundings.x_label = &range;
        let mut plane = surroundings.draw(&area, x, y)?;
        draw_cells(&mut plane, [columns, rows], |cell| {
            colour(logits[cell] / largest)
        })?;
        // As high as the plane: a row below it as well.
        surroundings.x_label = " ";
        surroundings.scale = Some(SCALE);
        let mut stripe = surroundings.draw(&beside, Axis::between(0.0, 1.0), scale)?;
        draw_cells(&mut stripe, [1, 2 * rows], |cell| {
            colour((cell as f64 + 0.5) / rows as f64 - 1.0)
        })?;
        Ok(plane)
    }

    /// The logits at the middles of so many columns and rows of cells, row by row from the bottom.
    fn logits(
        &self,
        [columns, rows]: [usize; 2],
        x: &Axis,
        y: &Axis,
    ) -> Result<Vec<f64>, PlotError> {
        let middle = |axis: &Axis, index: usize, count: usize| {
            axis.at((index as f64 + 0.5) / count as f64) as f32
        };
        let points: Vec<[f32; 2]> = (0..rows * columns)
            .map(|cell| {
                let (column, row) = (cell % columns, cell / columns);
                [middle(x, column, columns), middle(y, row, rows)]
            })
            .collect();
        let mut logits = Vec::with_capacity(points.len());
        for chunk in points.chunks(CHUNK) {
            logits.extend(self.logits_at(chunk)?);
        }
        Ok(logits)
    }

    fn logits_at(&self, points: &[[f32; 2]]) -> Result<Vec<f64>, PlotError> {
        let count = points.len();
        let data = TensorData::new(points.as_flattened().to_vec(), [count, 2]);
        let points = Tensor::from_data(data, &self.device);
        let logits =
            caught(|| (self.logits)(points)).map_err(|message| PlotError::SurfaceFailed {
                shape: [count, 2],
                message,
            })?;
        if logits.dims() != [count] {
            return Err(PlotError::Shape(ShapeError {
                what: "logits of a surface",
                expected: vec![count],
                actual: logits.dims().to_vec(),
            }));
        }
        logits
            .try_into_vec_as::<f64>()
            .map_err(|error| DeviceError::new(error).into())
    }
}

/// The colour of a logit as a share, in [-1, 1], of the largest.
fn colour(share: f64) -> RGBColor {
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

/// Fills so many columns and rows of cells, row by row from the bottom.
fn draw_cells(
    plane: &mut Plane,
    [columns, rows]: [usize; 2],
    colour: impl Fn(usize) -> RGBColor,
) -> Result<(), PlotError> {
    let (x, y) = axes(plane);
    let corner = |column: usize, row: usize| {
        let across = column as f64 / columns as f64;
        (x.at(across), y.at(row as f64 / rows as f64))
    };
    let cells = (0..rows * columns).map(|cell| {
        let (column, row) = (cell % columns, cell / columns);
        let corners = [corner(column, row), corner(column + 1, row + 1)];
        Rectangle::new(corners, colour(cell).filled())
    });
    plane.draw_series(cells).map_err(failed)?;
    Ok(())
}

/// A number with the digits that count beside the largest.
fn rounded(number: f64, largest: f64) -> f64 {
    let digit = 10f64.powf(largest.log10().floor() - 2.0);
    let rounded = (number / digit).round() * digit;
    if rounded.is_finite() { rounded } else { number }
}
