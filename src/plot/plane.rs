//! [`Plane`]: a part of the picture between two axes, with their ticks, their labels and the legend.

use plotters::chart::{ChartBuilder, ChartContext, SeriesLabelPosition};
use plotters::coord::cartesian::Cartesian2d;
use plotters::prelude::{BitMapBackend, RGBColor};
use plotters::style::Color;

use super::axis::Axis;
use super::error::PlotError;
use super::page::{Area, INK, MARGIN, TEXT_SIZE, body, failed, fine, line};

/// Height of a line of text with what keeps it from the next, in pixels.
const ROW: f64 = 23.0;
/// Length of a tick's mark; its label is as far from it.
const MARK: f64 = 4.0;
/// Width of what stands before a name in the legend.
const SWATCH: f64 = 24.0;
/// How far below the middle of a text's box the middle of its letters is.
const TEXT_SHIFT: f64 = 0.1 * TEXT_SIZE;

pub(super) const WHITE: RGBColor = RGBColor(255, 255, 255);
/// The lines behind the data.
const PALE: RGBColor = RGBColor(225, 225, 225);

/// What is drawn between two axes.
pub(super) type Plane<'a> = ChartContext<'a, BitMapBackend<'a>, Cartesian2d<Axis, Axis>>;

/// What stands round a plane.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Surroundings<'a> {
    pub x_label: &'a str,
    pub y_label: &'a str,
    /// Lines at the ticks.
    pub has_grid: bool,
    /// So many pixels of a scale: the y axis on its right, and no x axis.
    pub scale: Option<f64>,
}

impl Surroundings<'_> {
    /// Leaves room for the labels.
    pub fn build<'a>(&self, area: &Area<'a>, x: Axis, y: Axis) -> Result<Plane<'a>, PlotError> {
        let rows = |label: &str| if label.is_empty() { 0.0 } else { ROW };
        let below = fine(rows(self.x_label) + ROW + MARK);
        let style = body()?;
        let mut widest = 0;
        for tick in y.ticks(y_ticks(area.dim_in_pixel().1 as i32 - below)) {
            let (width, _) = style.font.box_size(&y.label(tick)).map_err(failed)?;
            widest = widest.max(width as i32);
        }
        let beside = widest + fine(rows(self.y_label) + 3.0 * MARK);
        let mut builder = ChartBuilder::on(area);
        builder.x_label_area_size(below);
        match self.scale {
            Some(scale) => {
                let width = area.dim_in_pixel().0 as i32;
                builder.margin_right((width - fine(scale) - beside).max(0));
                builder.right_y_label_area_size(beside);
            }
            None => {
                // Half of the last label of the x axis may stand out on the right, or a scale follows.
                builder.margin_right(fine(MARGIN));
                builder.y_label_area_size(beside);
            }
        }
        builder.build_cartesian_2d(x, y).map_err(failed)
    }

    /// Both axes with the same length a pixel: one of them becomes longer.
    pub fn same_scale(
        &self,
        area: &Area,
        mut x: Axis,
        mut y: Axis,
    ) -> Result<(Axis, Axis), PlotError> {
        // The room for labels depends on the range, and the range on the room: twice is close enough.
        for _ in 0..2 {
            let [width, height] = size(&self.build(area, x, y)?).map(f64::from);
            let scale = (x.width() / width).max(y.width() / height);
            (x, y) = (x.with_width(scale * width), y.with_width(scale * height));
        }
        Ok((x, y))
    }

    /// Draws the axes with their ticks and labels.
    pub fn draw<'a>(&self, area: &Area<'a>, x: Axis, y: Axis) -> Result<Plane<'a>, PlotError> {
        let mut plane = self.build(area, x, y)?;
        let [width, height] = size(&plane);
        let mut mesh = plane.configure_mesh();
        mesh.bold_line_style(line(PALE, 1.0))
            .axis_style(line(INK, 1.0))
            .label_style(body()?)
            .y_label_offset(fine(TEXT_SHIFT))
            .set_all_tick_mark_size(fine(MARK))
            .x_labels((width / fine(90.0)).clamp(3, 12) as usize)
            .y_labels(y_ticks(height))
            .x_desc(self.x_label)
            .y_desc(self.y_label);
        if !self.has_grid {
            mesh.disable_mesh();
        }
        if self.scale.is_some() {
            mesh.disable_x_axis();
        }
        mesh.draw().map_err(failed)?;
        Ok(plane)
    }
}

/// How many names have room in a plane, one below the other.
pub(super) fn rows(plane: &Plane) -> usize {
    (size(plane)[1] / fine(ROW)).max(1) as usize - 1
}

/// At most so many ticks on a y axis of a height in drawn pixels.
fn y_ticks(height: i32) -> usize {
    (height / fine(50.0)).clamp(3, 12) as usize
}

/// The width and the height of a plane in drawn pixels.
pub(super) fn size(plane: &Plane) -> [i32; 2] {
    let (width, height) = plane.plotting_area().dim_in_pixel();
    [width as i32, height as i32]
}

/// The axes of a plane.
pub(super) fn axes(plane: &Plane) -> (Axis, Axis) {
    let axes = plane.as_coord_spec();
    (*axes.x_spec(), *axes.y_spec())
}

/// Writes the names of what is drawn into the corner with the fewest of these points.
pub(super) fn draw_legend(plane: &mut Plane, points: &[(f64, f64)]) -> Result<(), PlotError> {
    let (x, y) = axes(plane);
    let shares = points
        .iter()
        .map(|point| (x.share(point.0), y.share(point.1)));
    let shares: Vec<_> = shares.collect();
    let crowd = |(right, top): (f64, f64)| {
        let is_near =
            |share: Option<f64>, end: f64| share.is_some_and(|at| (at - end).abs() < 0.35);
        let near = shares.iter();
        near.filter(|(x, y)| is_near(*x, right) && is_near(*y, top))
            .count()
    };
    let corners = [
        (SeriesLabelPosition::UpperRight, (1.0, 1.0)),
        (SeriesLabelPosition::UpperLeft, (0.0, 1.0)),
        (SeriesLabelPosition::LowerLeft, (0.0, 0.0)),
        (SeriesLabelPosition::LowerRight, (1.0, 0.0)),
    ];
    let emptiest = corners.into_iter().min_by_key(|(_, corner)| crowd(*corner));
    let position = emptiest.map_or(SeriesLabelPosition::UpperRight, |(position, _)| position);
    plane
        .configure_series_labels()
        .position(position)
        .margin(fine(MARGIN / 2.0))
        .legend_area_size(fine(SWATCH + MARGIN / 2.0))
        .background_style(WHITE.mix(0.8))
        .border_style(PALE.stroke_width(fine(1.0) as u32))
        .label_font(body()?)
        .draw()
        .map_err(failed)
}

/// The middle of what stands before a name in the legend, from where the drawing crate has it begin, and half its width.
pub(super) fn swatch((x, y): (i32, i32)) -> ((i32, i32), i32) {
    let half = fine(SWATCH / 2.0);
    ((x + half, y - fine(2.0 * TEXT_SHIFT)), half)
}
