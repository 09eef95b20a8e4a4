//! What surrounds the data of a plot: title, legend, axes with their ticks.

use plotters::prelude::RGBColor;

use super::axis::{Axis, Tick};
use super::canvas::{Anchor, Canvas, Frame, INK, PALE, text_width};
use crate::gan_error::GanError;

/// Height of a title's text in pixels.
pub(super) const TITLE_SIZE: f64 = 21.0;
/// Height of all other text in pixels.
pub(super) const TEXT_SIZE: f64 = 16.0;
/// Pixels around everything.
pub(super) const MARGIN: f64 = 16.0;
/// Height of a line of text with what keeps it from the next.
const ROW: f64 = 23.0;
/// Pixels between a text and what it belongs to.
pub(super) const GAP: f64 = 7.0;
/// Length of a tick's mark.
const MARK: f64 = 4.0;
/// Width of a line in the legend.
const SWATCH: f64 = 24.0;

/// How something is drawn, for the legend.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Mark {
    Line(RGBColor),
    Dashes(RGBColor),
    Dot(RGBColor),
}

/// Refuses pictures that have no room for their text, or that take gigabytes to draw.
pub(super) fn check_size(width: u32, height: u32) -> Result<(), GanError> {
    for (field, side) in [("width", width), ("height", height)] {
        if !(300..=4000).contains(&side) {
            return Err(GanError::config(
                field,
                side,
                "must be between 300 and 4,000 pixels",
            ));
        }
    }
    Ok(())
}

/// Draws the title and the legend, in as many rows as it needs; where the rest of the picture begins.
pub(super) fn heading(
    canvas: &mut Canvas,
    title: &str,
    legend: &[(Mark, &str)],
) -> Result<f64, GanError> {
    let mut middle = MARGIN;
    if !title.is_empty() {
        middle += TITLE_SIZE / 2.0;
        canvas.text(title, (MARGIN, middle), TITLE_SIZE, Anchor::Left)?;
        middle += ROW / 2.0;
    }
    if legend.is_empty() {
        return Ok(middle + GAP);
    }
    middle += ROW / 2.0;
    let mut left = MARGIN;
    for (mark, name) in legend {
        let width = SWATCH + GAP + text_width(name, TEXT_SIZE)?;
        if left > MARGIN && left + width > canvas.width() - MARGIN {
            left = MARGIN;
            middle += ROW;
        }
        let (from, to) = ((left, middle), (left + SWATCH, middle));
        match *mark {
            Mark::Line(colour) => canvas.line(from, to, 3.0, colour)?,
            Mark::Dashes(colour) => canvas.dashes(from, to, 1.5, colour)?,
            Mark::Dot(colour) => canvas.dot((left + SWATCH / 2.0, middle), 4.0, colour)?,
        }
        let start = (left + SWATCH + GAP, middle);
        canvas.text(name, start, TEXT_SIZE, Anchor::Left)?;
        left += width + 3.0 * GAP;
    }
    Ok(middle + ROW / 2.0 + GAP)
}

/// Both axes and what they are called.
#[derive(Debug)]
pub(super) struct Axes<'a> {
    pub x: Axis,
    pub y: Axis,
    pub x_label: &'a str,
    pub y_label: &'a str,
}

impl Axes<'_> {
    /// The rectangle that is left for the data below `top`, when the texts at its edges have their room and `beside`
    /// pixels on its right are kept.
    pub fn frame(&self, canvas: &Canvas, top: f64, beside: f64) -> Result<Frame, GanError> {
        let bottom = canvas.height() - MARGIN - GAP - ROW * self.rows_below();
        // How many ticks there are depends on the height and not on the width, so the height comes first.
        let labels = self.y.ticks(count_of_ticks(bottom - top, 50.0));
        let widths = labels.iter().map(|tick| text_width(&tick.label, TEXT_SIZE));
        let width = widths.collect::<Result<Vec<_>, _>>()?;
        let width = width.into_iter().fold(0.0, f64::max);
        let name = match self.y_label.is_empty() {
            true => 0.0,
            false => ROW,
        };
        // Half of the last label of the x axis may stand out on the right.
        let right = canvas.width() - MARGIN - beside.max(2.0 * TEXT_SIZE);
        Ok(Frame {
            left: (MARGIN + name + width + GAP).min(right - 1.0),
            top,
            right,
            bottom: bottom.max(top + 1.0),
        })
    }

    fn rows_below(&self) -> f64 {
        match self.x_label.is_empty() {
            true => 1.0,
            false => 2.0,
        }
    }

    /// Draws lines at the ticks, their labels, and the names of the axes.
    pub fn draw(&self, canvas: &mut Canvas, frame: Frame) -> Result<(), GanError> {
        let (across, up) = self.ticks(frame);
        for tick in across {
            let [low, high] = [0.0, 1.0].map(|up| frame.at((tick.share, up)));
            canvas.line(low, high, 1.0, PALE)?;
        }
        for tick in up {
            let [left, right] = [0.0, 1.0].map(|across| frame.at((across, tick.share)));
            canvas.line(left, right, 1.0, PALE)?;
        }
        self.draw_around(canvas, frame)
    }

    /// As [`Axes::draw`], with short marks outside in place of lines over what is drawn already.
    pub fn draw_around(&self, canvas: &mut Canvas, frame: Frame) -> Result<(), GanError> {
        let (across, up) = self.ticks(frame);
        for tick in across {
            let (x, y) = frame.at((tick.share, 0.0));
            canvas.line((x, y), (x, y + MARK), 1.0, INK)?;
            let below = (x, y + GAP + TEXT_SIZE / 2.0);
            canvas.text(&tick.label, below, TEXT_SIZE, Anchor::Center)?;
        }
        for tick in up {
            let (x, y) = frame.at((0.0, tick.share));
            canvas.line((x - MARK, y), (x, y), 1.0, INK)?;
            canvas.text(&tick.label, (x - GAP, y), TEXT_SIZE, Anchor::Right)?;
        }
        canvas.outline(frame, INK)?;
        let middle = frame.at((0.5, 0.5));
        let below = frame.bottom + GAP + ROW * 1.5;
        canvas.text(self.x_label, (middle.0, below), TEXT_SIZE, Anchor::Center)?;
        canvas.upward_text(
            self.y_label,
            (MARGIN + TEXT_SIZE / 2.0, middle.1),
            TEXT_SIZE,
        )
    }

    fn ticks(&self, frame: Frame) -> (Vec<Tick>, Vec<Tick>) {
        (
            self.x.ticks(count_of_ticks(frame.width(), 100.0)),
            self.y.ticks(count_of_ticks(frame.height(), 50.0)),
        )
    }
}

/// How many ticks fit on an axis whose labels take so many pixels each.
pub(super) fn count_of_ticks(length: f64, pixels: f64) -> usize {
    ((length / pixels) as usize).clamp(2, 12)
}
