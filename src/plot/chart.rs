//! [`Chart`]: lines over a number, such as losses over steps.

use std::path::Path;

use plotters::element::{DashedPathElement, PathElement};
use plotters::prelude::RGBColor;
use plotters::series::{DashedLineSeries, LineSeries};
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::axis::{Axis, has_place};
use super::error::PlotError;
use super::page::{Area, Page, body, failed, fine, line};
use super::plane::{Plane, Surroundings, draw_legend, rows, size, swatch};

/// Colours of lines, in this order (Okabe and Ito's, without the yellow that is too pale for a line).
const COLOURS: [RGBColor; 7] = [
    RGBColor(0, 114, 178),
    RGBColor(213, 94, 0),
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(230, 159, 0),
    RGBColor(86, 180, 233),
    RGBColor(0, 0, 0),
];
/// The colour of reference lines, which should not draw the eye.
const GREY: RGBColor = RGBColor(110, 110, 110);

/// `(x, y)`.
type Point = (f64, f64);

/// A line of at most so many points has a dot at each.
const DOTTED: usize = 40;

/// Lines over a number, as one PNG picture.
///
/// Points that are not finite are gaps, and so are those beyond 1e300 and, on a logarithmic axis, those below 1e-300. A
/// chart without any point says so. The names of the lines stand in the corner with the fewest points.
///
/// ```
/// use burn_gan::plot::Chart;
///
/// let folder = tempfile::tempdir()?;
/// Chart::new("Digits")
///     .with_axes("step", "Frechet distance")
///     .with_line("DCGAN", &[(500.0, 41.0), (1000.0, 17.5), (1500.0, 9.25)])
///     .with_line("WGAN-GP", &[(500.0, 60.0), (1000.0, f64::NAN), (1500.0, 8.0)])
///     .with_reference("held-out real samples", 1.5)
///     .with_logarithmic_y(true)
///     .save(folder.path().join("scores.png"))?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Chart {
    page: Page,
    x_label: String,
    y_label: String,
    lines: Vec<(String, Vec<(f64, f64)>)>,
    references: Vec<(String, f64)>,
    logarithmic_y: bool,
}

impl Chart {
    /// A chart without lines, of 900x540 pixels.
    pub fn new(title: impl Into<String>) -> Self {
        Self {
            page: Page::new(title, 900, 540),
            x_label: String::new(),
            y_label: String::new(),
            lines: Vec::new(),
            references: Vec::new(),
            logarithmic_y: false,
        }
    }

    /// Names what runs from left to right and what runs upwards.
    pub fn with_axes(mut self, x: impl Into<String>, y: impl Into<String>) -> Self {
        self.x_label = x.into();
        self.y_label = y.into();
        self
    }

    /// Adds a line through these points `(x, y)`, in their order. A single line is not named in the picture, and neither
    /// are those of so many that their names have no room.
    pub fn with_line(mut self, name: impl Into<String>, points: &[(f64, f64)]) -> Self {
        self.lines.push((name.into(), points.to_vec()));
        self
    }

    /// Adds a level line of dashes, such as the score of held-out real samples.
    pub fn with_reference(mut self, name: impl Into<String>, y: f64) -> Self {
        self.references.push((name.into(), y));
        self
    }

    /// Whether equal distances upwards are equal ratios; they are not by default.
    pub fn with_logarithmic_y(mut self, logarithmic_y: bool) -> Self {
        self.logarithmic_y = logarithmic_y;
        self
    }

    /// Makes the picture so many pixels wide and high, each between 300 and 4,000.
    pub fn with_size(mut self, width: u32, height: u32) -> Self {
        self.page = self.page.with_size(width, height);
        self
    }

    /// Writes the chart as a PNG file. The same chart is the same bytes.
    ///
    /// The file is written beside its target and then renamed.
    ///
    /// # Errors
    /// [`PlotError::Config`] for a size out of its range, [`PlotError::File`] where the file cannot be written,
    /// [`PlotError::Drawing`] where it cannot be drawn.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), PlotError> {
        self.page.save(path.as_ref(), |area| self.draw(area))
    }

    fn draw(&self, area: &Area) -> Result<(), PlotError> {
        // A gap has no place in either direction.
        let points = self.lines.iter().flat_map(|(_, points)| points);
        let points = points.filter(|point| self.has_place(point));
        let drawn: Vec<Point> = points.copied().collect();
        let levels = self.references.iter().map(|(_, level)| *level);
        let ys = drawn.iter().map(|(_, y)| *y).chain(levels);
        let x = Axis::of(drawn.iter().map(|(x, _)| *x), false, 0.0, None);
        let y = Axis::of(ys, self.logarithmic_y, 0.05, None);
        let surroundings = Surroundings {
            x_label: &self.x_label,
            y_label: &self.y_label,
            has_grid: true,
            ..Surroundings::default()
        };
        let mut plane = surroundings.draw(area, x, y)?;

        // A single line is what the y axis says.
        let has_legend = self.lines.len() + self.references.len() > 1;
        let named = if has_legend { rows(&plane) } else { 0 };
        let across = |start| {
            let ((x, y), half) = swatch(start);
            [(x - half, y), (x + half, y)]
        };
        for (index, (name, points)) in self.lines.iter().enumerate() {
            let colour = COLOURS[index % COLOURS.len()];
            let series = self.strokes(points, &plane).into_iter();
            let series = series.map(|(ends, radius)| {
                LineSeries::new(ends, line(colour, 2.0)).point_size(fine(radius) as u32)
            });
            let series = plane.draw_series(series.flatten()).map_err(failed)?;
            if index < named {
                let style = line(colour, 3.0);
                series
                    .label(name)
                    .legend(move |start| PathElement::new(across(start), style));
            }
        }
        for (index, (name, level)) in self.references.iter().enumerate() {
            let ends = if y.share(*level).is_some() {
                vec![(x.at(0.0), *level), (x.at(1.0), *level)]
            } else {
                Vec::new()
            };
            let (dash, gap, style) = (fine(7.0), fine(5.0), line(GREY, 1.5));
            let series = DashedLineSeries::new(ends, dash, gap, style);
            let series = plane.draw_series(series).map_err(failed)?;
            if self.lines.len() + index < named {
                series
                    .label(name)
                    .legend(move |start| DashedPathElement::new(across(start), dash, gap, style));
            }
        }
        if drawn.is_empty() {
            let style = body()?.pos(Pos::new(HPos::Center, VPos::Center));
            let middle = size(&plane).map(|side| side / 2).into();
            let area = plane.plotting_area().strip_coord_spec();
            area.draw_text("no data", &style, middle).map_err(failed)?;
        }
        if has_legend {
            draw_legend(&mut plane, &drawn)?;
        }
        Ok(())
    }

    fn has_place(&self, (x, y): &Point) -> bool {
        has_place(*x, false) && has_place(*y, self.logarithmic_y)
    }

    /// The straight parts of a line, one by one, and the radius of the dots at their ends. The drawing crate draws the
    /// corners of a thick line of several parts as spikes.
    fn strokes(&self, points: &[Point], plane: &Plane) -> Vec<(Vec<Point>, f64)> {
        let is_gap = |point: &Point| !self.has_place(point);
        let has_dots = points.iter().filter(|point| !is_gap(point)).count() <= DOTTED;
        let radius = if has_dots { 3.0 } else { 1.0 };
        let strokes = points.split(is_gap).flat_map(|run| match run {
            [point] => vec![(vec![*point], 3.0)],
            run => {
                let run = thinned(run, |point| plane.backend_coord(point).0 / 2);
                let pairs = run.windows(2).map(|pair| (pair.to_vec(), radius));
                pairs.collect()
            }
        });
        strokes.collect()
    }
}

/// The points that can be told apart: of many in a column the first, the lowest, the highest and the last, so that a
/// line of a million points is drawn as fast as one of a thousand.
fn thinned(points: &[Point], column: impl Fn(&Point) -> i32) -> Vec<Point> {
    let mut kept = Vec::new();
    for group in points.chunk_by(|a, b| column(a) == column(b)) {
        if group.len() <= 4 {
            kept.extend_from_slice(group);
            continue;
        }
        let height = |a: &&Point, b: &&Point| a.1.total_cmp(&b.1);
        let ends = [group.first(), group.iter().min_by(height)];
        let others = [group.iter().max_by(height), group.last()];
        kept.extend(ends.into_iter().chain(others).flatten());
    }
    kept
}
