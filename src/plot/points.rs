//! [`PointsPlot`]: real and generated points in the plane, and what the discriminator makes of the plane.

use std::path::Path;

use burn::tensor::{Device, Tensor};
use plotters::element::Circle;
use plotters::prelude::RGBColor;
use plotters::style::Color;

use super::axis::{Axis, ends, has_place};
use super::error::PlotError;
use super::page::{Area, Page, failed, fine};
use super::plane::{Surroundings, WHITE, axes, draw_legend, swatch};
use super::surface::Surface;
use crate::errors::{ConfigError, DeviceError, ShapeError};
use crate::module_tree::module_device;
use crate::network::Discriminator;

const REAL: RGBColor = RGBColor(0, 66, 120);
const GENERATED: RGBColor = RGBColor(196, 60, 0);
/// Radius of a point in pixels, and of the white disc behind it.
const RADIUS: f64 = 2.3;
const HALO: f64 = 3.0;
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
    page: Page,
    real: Option<Tensor<2>>,
    generated: Option<Tensor<2>>,
    surface: Option<Surface<'a>>,
    range: Option<([f64; 2], [f64; 2])>,
}

impl<'a> PointsPlot<'a> {
    /// A plot without points, of 760x720 pixels.
    pub fn new(title: impl Into<String>) -> Self {
        Self {
            page: Page::new(title, 760, 720),
            real: None,
            generated: None,
            surface: None,
            range: None,
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
        self.page = self.page.with_size(width, height);
        self
    }

    /// Writes the plot as a PNG file. The same points and logits are the same bytes.
    ///
    /// The file is written beside its target and then renamed.
    ///
    /// # Errors
    /// [`PlotError::Config`] for a size out of its range and a range of the plane that is not finite,
    /// [`PlotError::Shape`] for points that are not in the plane and logits of another number than points,
    /// [`PlotError::SurfaceFailed`] where the discriminator panics, [`PlotError::Device`] where the device fails,
    /// [`PlotError::File`] where the file cannot be written, [`PlotError::Drawing`] where it cannot be drawn.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), PlotError> {
        self.page.save(path.as_ref(), |area| self.draw(area))
    }

    fn draw(&self, area: &Area) -> Result<(), PlotError> {
        let real = read_points("real points", &self.real)?;
        let generated = read_points("generated points", &self.generated)?;
        let (x, y) = self.range_of(&real, &generated)?;
        let mut plane = match &self.surface {
            Some(surface) => surface.draw(area, x, y)?,
            None => {
                let surroundings = Surroundings {
                    has_grid: true,
                    ..Surroundings::default()
                };
                let (x, y) = surroundings.same_scale(area, x, y)?;
                surroundings.draw(area, x, y)?
            }
        };

        let (x, y) = axes(&plane);
        let is_inside = |(a, b): &&(f64, f64)| x.share(*a).is_some() && y.share(*b).is_some();
        for (name, colour, is_there, points) in [
            ("real", REAL, self.real.is_some(), &real),
            ("generated", GENERATED, self.generated.is_some(), &generated),
        ] {
            let inside = points.iter().filter(is_inside);
            let discs = inside.flat_map(|center| {
                let disc =
                    |radius, colour: RGBColor| Circle::new(*center, fine(radius), colour.filled());
                [disc(HALO, WHITE), disc(RADIUS, colour)]
            });
            let series = plane.draw_series(discs).map_err(failed)?;
            if is_there {
                series.label(name).legend(move |start| {
                    Circle::new(swatch(start).0, fine(1.5 * RADIUS), colour.filled())
                });
            }
        }
        if self.real.is_some() || self.generated.is_some() {
            draw_legend(&mut plane, &[real, generated].concat())?;
        }
        Ok(())
    }

    /// The part of the plane to show, before both axes have the same scale.
    fn range_of(
        &self,
        real: &[(f64, f64)],
        generated: &[(f64, f64)],
    ) -> Result<(Axis, Axis), PlotError> {
        if let Some((x, y)) = self.range {
            for (field, [low, high]) in [("range of x", x), ("range of y", y)] {
                if !(has_place(low, false) && has_place(high, false) && low < high) {
                    let requirement = "must be finite and end above its start";
                    return Err(ConfigError::new(field, [low, high], requirement).into());
                }
            }
            return Ok((Axis::between(x[0], x[1]), Axis::between(y[0], y[1])));
        }
        let xs = || real.iter().chain(generated).map(|(x, _)| *x);
        let ys = || real.iter().chain(generated).map(|(_, y)| *y);
        let (Some(across), Some(up)) = (ends(xs()), ends(ys())) else {
            return Ok((Axis::between(-1.0, 1.0), Axis::between(-1.0, 1.0)));
        };
        // Points that share one coordinate, however far from 0: as much of it is shown as of the other.
        let spread = f64::max(across.1 - across.0, up.1 - up.0);
        let width = Some(if spread > 0.0 { spread } else { 1.0 });
        let x = Axis::of(xs(), false, ROOM, width);
        Ok((x, Axis::of(ys(), false, ROOM, width)))
    }
}

impl std::fmt::Debug for PointsPlot<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("PointsPlot")
            .field("page", &self.page)
            .field("range", &self.range)
            .finish_non_exhaustive()
    }
}

/// Points on the host; those that have no place are left out.
fn read_points(
    what: &'static str,
    points: &Option<Tensor<2>>,
) -> Result<Vec<(f64, f64)>, PlotError> {
    let Some(points) = points else {
        return Ok(Vec::new());
    };
    let [count, width] = points.dims();
    if width != 2 {
        return Err(PlotError::Shape(ShapeError {
            what,
            expected: vec![count, 2],
            actual: vec![count, width],
        }));
    }
    let values = points
        .clone()
        .try_into_vec_as::<f64>()
        .map_err(DeviceError::new)?;
    let points = values.chunks_exact(2).map(|point| (point[0], point[1]));
    let is_drawn = |(x, y): &(f64, f64)| has_place(*x, false) && has_place(*y, false);
    Ok(points.filter(is_drawn).collect())
}
