//! [`PointsPlot`]: real and generated points in the plane, and what the discriminator makes of the plane.

use std::path::Path;

use burn::tensor::{Device, Tensor};
use plotters::prelude::RGBColor;

use super::axes::{Axes, GAP, Mark, TEXT_SIZE, check_size, count_of_ticks, heading};
use super::axis::{Axis, has_place, label};
use super::canvas::{Anchor, Canvas, Frame, INK, WHITE};
use super::surface::{Surface, colour};
use crate::errors::ShapeError;
use crate::gan_error::GanError;
use crate::module_tree::module_device;
use crate::network::Discriminator;

const REAL: RGBColor = RGBColor(0, 66, 120);
const GENERATED: RGBColor = RGBColor(196, 60, 0);
/// Radius of a point in pixels.
const RADIUS: f64 = 2.3;
/// Pixels that the scale of colours takes beside the plot: the scale, then its labels.
const SCALE: f64 = 18.0;
const SCALE_LABELS: f64 = 60.0;
/// Room around the outermost points, as a share of their range.
const ROOM: f64 = 0.1;

/// Real and generated points of the plane over the discriminator's logits, as one PNG picture.
///
/// Both axes have the same scale and show all points, unless [`PointsPlot::with_range`] says what to show. The logits
/// are a map of colours: blue where the discriminator takes a point for real, orange where it takes it for generated,
/// white at 0. Points that are not finite are left out.
///
/// ```
/// use burn::tensor::{Device, Tensor};
/// use burn_gan::plot::PointsPlot;
///
/// let device = Device::flex();
/// let real = Tensor::<2>::from_floats([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0]], &device);
/// let generated = Tensor::<2>::from_floats([[0.9, 0.1], [0.2, -0.7]], &device);
/// // Real on the circle of radius 1.
/// let logits = |points: Tensor<2>| {
///     let radius = (points.clone() * points).sum_dim(1).sqrt();
///     ((radius - 1.0).abs() * -4.0 + 1.0).squeeze_dim::<1>(1)
/// };
///
/// let folder = tempfile::tempdir()?;
/// PointsPlot::new("A circle")
///     .with_real(real)
///     .with_generated(generated)
///     .with_surface(&device, logits)
///     .save(folder.path().join("points.png"))?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct PointsPlot<'a> {
    title: String,
    real: Option<Tensor<2>>,
    generated: Option<Tensor<2>>,
    surface: Option<Surface<'a>>,
    range: Option<([f64; 2], [f64; 2])>,
    width: u32,
    height: u32,
}

impl<'a> PointsPlot<'a> {
    /// A plot without points, of 760x720 pixels.
    pub fn new(title: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            real: None,
            generated: None,
            surface: None,
            range: None,
            width: 760,
            height: 720,
        }
    }

    /// Real points `[N, 2]`.
    pub fn with_real(mut self, points: Tensor<2>) -> Self {
        self.real = Some(points);
        self
    }

    /// Generated points `[N, 2]`, drawn over the real ones.
    pub fn with_generated(mut self, points: Tensor<2>) -> Self {
        self.generated = Some(points);
        self
    }

    /// The logits of a discriminator, in its evaluation form, as the surface.
    pub fn with_discriminator<N: Discriminator<2> + 'a>(self, discriminator: &N) -> Self {
        let network = discriminator.valid();
        let device = module_device(&network).without_autodiff();
        self.with_surface(&device, move |points| network.logits(points, &()))
    }

    /// Any function from points `[N, 2]` on the device to numbers `[N]` as the surface. It is called with a few
    /// thousand points at a time.
    pub fn with_surface(
        mut self,
        device: &Device,
        logits: impl Fn(Tensor<2>) -> Tensor<1> + 'a,
    ) -> Self {
        self.surface = Some(Surface {
            device: device.clone(),
            logits: Box::new(logits),
        });
        self
    }

    /// Shows the plane from `x[0]` to `x[1]` and from `y[0]` to `y[1]`, and more of it in one direction, where the
    /// picture has other proportions. Points outside are left out.
    pub fn with_range(mut self, x: [f64; 2], y: [f64; 2]) -> Self {
        self.range = Some((x, y));
        self
    }

    /// Makes the picture so many pixels wide and high, each between 300 and 4,000.
    pub fn with_size(mut self, width: u32, height: u32) -> Self {
        (self.width, self.height) = (width, height);
        self
    }

    /// Writes the plot as a PNG file. The same points and logits are the same bytes.
    ///
    /// The file is written beside its target and then renamed.
    ///
    /// # Errors
    /// [`GanError::Config`] for a size out of its range and a range of the plane that is not finite,
    /// [`GanError::Shape`] for points that are not in the plane and logits of another number than points,
    /// [`GanError::NetworkFailed`] where the discriminator panics, [`GanError::Device`] where the device fails,
    /// [`GanError::File`] where the file cannot be written, [`GanError::Drawing`] where it cannot be drawn.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), GanError> {
        check_size(self.width, self.height)?;
        self.draw()?.save(path.as_ref())
    }

    fn draw(&self) -> Result<Canvas, GanError> {
        let real = read_points("real points", &self.real)?;
        let generated = read_points("generated points", &self.generated)?;
        let (x, y) = self.range_of(&real, &generated)?;

        let sets = [
            ("real", REAL, self.real.is_some(), &real),
            ("generated", GENERATED, self.generated.is_some(), &generated),
        ];
        let legend: Vec<_> = sets
            .iter()
            .filter(|(_, _, is_there, _)| *is_there)
            .map(|(name, colour, _, _)| (Mark::Dot(*colour), *name))
            .collect();
        let mut canvas = Canvas::new(self.width, self.height);
        let top = heading(&mut canvas, &self.title, &legend)?;
        let beside = match self.surface {
            Some(_) => 2.0 * GAP + SCALE + SCALE_LABELS,
            None => 0.0,
        };
        let has_surface = self.surface.is_some();
        let x_label = if has_surface { "." } else { "" };
        let mut axes = Axes {
            x,
            y,
            x_label,
            y_label: "",
        };
        // The labels on the left depend on the range, and the range on what they leave: twice is close enough.
        let mut frame = axes.frame(&canvas, top, beside)?;
        for _ in 0..2 {
            (axes.x, axes.y) = same_scale(&x, &y, frame);
            frame = axes.frame(&canvas, top, beside)?;
        }
        (axes.x, axes.y) = same_scale(&x, &y, frame);

        let mut range = String::new();
        if let Some(surface) = &self.surface {
            let cells = surface.cells(frame, &axes.x, &axes.y)?;
            let (low, high) = cells.range().unwrap_or((0.0, 0.0));
            let most = match low.abs().max(high.abs()) {
                0.0 => 1.0,
                most => most,
            };
            cells.draw(&mut canvas, frame, most)?;
            draw_scale(&mut canvas, frame, most)?;
            let step = most / 100.0;
            range = format!(
                "discriminator's logit: {} to {}",
                label(low, step),
                label(high, step)
            );
        }
        axes.x_label = &range;
        match has_surface {
            true => axes.draw_around(&mut canvas, frame)?,
            false => axes.draw(&mut canvas, frame)?,
        }
        for (_, colour, _, points) in sets {
            for &(x, y) in points {
                let (Some(across), Some(up)) = (axes.x.share(x), axes.y.share(y)) else {
                    continue;
                };
                let inside = 0.0..=1.0;
                if inside.contains(&across) && inside.contains(&up) {
                    let center = frame.at((across, up));
                    canvas.dot(center, RADIUS + 0.7, WHITE)?;
                    canvas.dot(center, RADIUS, colour)?;
                }
            }
        }
        Ok(canvas)
    }

    /// The part of the plane to show, before both axes have the same scale.
    fn range_of(
        &self,
        real: &[(f64, f64)],
        generated: &[(f64, f64)],
    ) -> Result<(Axis, Axis), GanError> {
        if let Some((x, y)) = self.range {
            for (field, [low, high]) in [("range of x", x), ("range of y", y)] {
                if !(has_place(low, false) && has_place(high, false) && low < high) {
                    let requirement = "must be finite and end above its start";
                    return Err(GanError::config(field, [low, high], requirement));
                }
            }
            return Ok((Axis::between(x[0], x[1]), Axis::between(y[0], y[1])));
        }
        let points = || real.iter().chain(generated);
        if points().next().is_none() {
            return Ok((Axis::between(-1.0, 1.0), Axis::between(-1.0, 1.0)));
        }
        Ok((
            Axis::of(points().map(|(x, _)| *x), false, ROOM),
            Axis::of(points().map(|(_, y)| *y), false, ROOM),
        ))
    }
}

impl std::fmt::Debug for PointsPlot<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("PointsPlot")
            .field("title", &self.title)
            .field("range", &self.range)
            .field("size", &(self.width, self.height))
            .finish_non_exhaustive()
    }
}

/// Points on the host; those that have no place are left out.
fn read_points(
    what: &'static str,
    points: &Option<Tensor<2>>,
) -> Result<Vec<(f64, f64)>, GanError> {
    let Some(points) = points else {
        return Ok(Vec::new());
    };
    let [count, width] = points.dims();
    if width != 2 {
        return Err(GanError::Shape(ShapeError {
            what,
            expected: vec![count, 2],
            actual: vec![count, width],
        }));
    }
    let values = points
        .clone()
        .try_into_vec_as::<f64>()
        .map_err(GanError::device)?;
    let points = values.chunks_exact(2).map(|point| (point[0], point[1]));
    let is_drawn = |(x, y): &(f64, f64)| has_place(*x, false) && has_place(*y, false);
    Ok(points.filter(is_drawn).collect())
}

/// Both axes with the same length a pixel: one of them becomes longer.
fn same_scale(x: &Axis, y: &Axis, frame: Frame) -> (Axis, Axis) {
    let length = |axis: &Axis| axis.ends().1 - axis.ends().0;
    let scale = (length(x) / frame.width()).max(length(y) / frame.height());
    (
        x.with_length(scale * frame.width()),
        y.with_length(scale * frame.height()),
    )
}

/// The scale of the surface's colours, on the right of the plot.
fn draw_scale(canvas: &mut Canvas, plot: Frame, most: f64) -> Result<(), GanError> {
    let scale = Frame {
        left: plot.right + 2.0 * GAP,
        right: plot.right + 2.0 * GAP + SCALE,
        ..plot
    };
    let count = scale.height() as usize;
    for step in 0..count {
        let up = step as f64 / count as f64;
        let bottom = scale.at((0.0, up)).1;
        let stripe = Frame {
            bottom,
            top: bottom - scale.height() / count as f64,
            ..scale
        };
        canvas.fill(stripe, colour(2.0 * up - 1.0))?;
    }
    canvas.outline(scale, INK)?;
    let axis = Axis::between(-most, most);
    for tick in axis.ticks(count_of_ticks(scale.height(), 70.0)) {
        let (right, middle) = scale.at((1.0, tick.share));
        canvas.line((right, middle), (right + GAP / 2.0, middle), 1.0, INK)?;
        let beside = (right + GAP, middle);
        canvas.text(&tick.label, beside, TEXT_SIZE, Anchor::Left)?;
    }
    Ok(())
}
