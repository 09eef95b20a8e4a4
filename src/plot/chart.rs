//! [`Chart`]: lines over a number, such as losses over steps.

use std::path::Path;

use plotters::prelude::RGBColor;

use super::axes::{Axes, Mark, TITLE_SIZE, check_size, heading};
use super::axis::{Axis, has_place};
use super::canvas::{Anchor, Canvas, GREY, Point};
use crate::gan_error::GanError;

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

/// A line of at most so many points has a dot at each.
const DOTTED: usize = 40;

/// Lines over a number, as one PNG picture.
///
/// Points that are not finite are gaps, and so are those of 0 and less on a logarithmic axis and, on an ordinary
/// axis, those beyond 1e300. A chart without any point says so.
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
    title: String,
    x_label: String,
    y_label: String,
    lines: Vec<(String, Vec<(f64, f64)>)>,
    references: Vec<(String, f64)>,
    logarithmic_y: bool,
    width: u32,
    height: u32,
}

impl Chart {
    /// A chart without lines, of 900x540 pixels.
    pub fn new(title: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            x_label: String::new(),
            y_label: String::new(),
            lines: Vec::new(),
            references: Vec::new(),
            logarithmic_y: false,
            width: 900,
            height: 540,
        }
    }

    /// Names what runs from left to right and what runs upwards.
    pub fn with_axes(mut self, x: impl Into<String>, y: impl Into<String>) -> Self {
        self.x_label = x.into();
        self.y_label = y.into();
        self
    }

    /// Adds a line through these points `(x, y)`, in their order. A single line is not named in the picture.
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
        (self.width, self.height) = (width, height);
        self
    }

    /// Writes the chart as a PNG file. The same chart is the same bytes.
    ///
    /// The file is written beside its target and then renamed.
    ///
    /// # Errors
    /// [`GanError::Config`] for a size out of its range, [`GanError::File`] where the file cannot be written,
    /// [`GanError::Drawing`] where it cannot be drawn.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), GanError> {
        check_size(self.width, self.height)?;
        self.draw()?.save(path.as_ref())
    }

    fn draw(&self) -> Result<Canvas, GanError> {
        // A gap has no place in either direction.
        let points = self.lines.iter().flat_map(|(_, points)| points);
        let drawn: Vec<(f64, f64)> = points
            .filter(|(x, y)| has_place(*x, false) && has_place(*y, self.logarithmic_y))
            .copied()
            .collect();
        let xs = drawn.iter().map(|(x, _)| *x);
        let ys = drawn.iter().map(|(_, y)| *y);
        let levels = self.references.iter().map(|(_, level)| *level);
        let axes = Axes {
            x: Axis::of(xs, false, 0.0),
            y: Axis::of(ys.chain(levels), self.logarithmic_y, 0.05),
            x_label: &self.x_label,
            y_label: &self.y_label,
        };

        let mut canvas = Canvas::new(self.width, self.height);
        let top = heading(&mut canvas, &self.title, &self.legend())?;
        let frame = axes.frame(&canvas, top, 0.0)?;
        axes.draw(&mut canvas, frame)?;
        for (_, level) in &self.references {
            if let Some(up) = axes.y.share(*level) {
                let ends = [0.0, 1.0].map(|across| frame.at((across, up)));
                canvas.dashes(ends[0], ends[1], 1.5, GREY)?;
            }
        }
        for (index, (_, points)) in self.lines.iter().enumerate() {
            let places: Vec<Option<Point>> = points
                .iter()
                .map(|(x, y)| Some(frame.at((axes.x.share(*x)?, axes.y.share(*y)?))))
                .collect();
            curve(&mut canvas, &places, colour(index))?;
        }
        if drawn.is_empty() {
            canvas.text("no data", frame.at((0.5, 0.5)), TITLE_SIZE, Anchor::Center)?;
        }
        Ok(canvas)
    }

    /// What the lines are called; nothing where there is but one, which the axis names.
    fn legend(&self) -> Vec<(Mark, &str)> {
        let lines = self.lines.iter().enumerate();
        let lines = lines.map(|(index, (name, _))| (Mark::Line(colour(index)), name.as_str()));
        let references = self.references.iter();
        let references = references.map(|(name, _)| (Mark::Dashes(GREY), name.as_str()));
        let legend: Vec<_> = lines.chain(references).collect();
        match legend.len() > 1 {
            true => legend,
            false => Vec::new(),
        }
    }
}

/// The colour of a line.
fn colour(index: usize) -> RGBColor {
    COLOURS[index % COLOURS.len()]
}

/// A line through the places between two gaps (`None`).
fn curve(canvas: &mut Canvas, places: &[Option<Point>], colour: RGBColor) -> Result<(), GanError> {
    let has_dots = places.iter().flatten().count() <= DOTTED;
    for run in places.split(Option::is_none) {
        let run = thinned(run.iter().flatten().copied().collect());
        for pair in run.windows(2) {
            canvas.line(pair[0], pair[1], 2.0, colour)?;
        }
        if has_dots || run.len() == 1 {
            for &center in &run {
                canvas.dot(center, 3.0, colour)?;
            }
        }
    }
    Ok(())
}

/// The points that can be told apart: of many in half a pixel's width the first, the lowest, the highest and the last,
/// so that a line of a million points is drawn as fast as one of a thousand.
fn thinned(points: Vec<Point>) -> Vec<Point> {
    let column = |point: &Point| (2.0 * point.0).floor();
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
