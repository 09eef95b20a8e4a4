//! [`Interpolation`]: what lies between two latents.

use burn::tensor::Tensor;
use serde::{Deserialize, Serialize};

use super::rows::{finite_values, latents};
use crate::errors::{ConfigError, ShapeError};
use crate::gan_error::GanError;
use crate::sampling::check_latents;

/// A path from one latent to another.
///
/// A latent of many normal values is about `sqrt(latent_size)` long, and hardly one is much shorter. The middle of a straight
/// line between two of them is, by a factor of about 0.7: the generator has seen no such latent in training. A path on the
/// sphere keeps the length (White, "Sampling generative networks", 2016, <https://arxiv.org/abs/1609.04468>). For uniform
/// latents take the straight line.
///
/// ```
/// use burn::tensor::{Device, Tensor};
/// use burn_gan::latent::Interpolation;
///
/// let device = Device::flex();
/// let from = Tensor::<2>::from_floats([[2.0, 0.0]], &device);
/// let to = Tensor::<2>::from_floats([[0.0, 2.0]], &device);
/// let middle = Interpolation::Linear.between(from.clone(), to.clone(), &[0.5])?;
/// assert_eq!(middle.into_data().to_vec::<f32>().unwrap(), [1.0, 1.0]);
/// let middle = Interpolation::Spherical.between(from, to, &[0.5])?;
/// assert_eq!(middle.into_data().to_vec::<f32>().unwrap(), [2_f32.sqrt(), 2_f32.sqrt()]);
/// # Ok::<(), burn_gan::GanError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Interpolation {
    /// The straight line, `(1 - t) a + t b`.
    Linear,
    /// For normal latents: at `t` the direction `(sin((1 - t) w) a/|a| + sin(t w) b/|b|) / sin(w)`, `w` the angle between the
    /// two (Shoemake, "Animating rotation with quaternion curves", SIGGRAPH 1985), and the length `(1 - t) |a| + t |b|`.
    ///
    /// White's formula has `a` and `b` in the place of `a/|a|` and `b/|b|`, which is the same for two of one length, and
    /// has no bound as two of different lengths become opposite.
    ///
    /// Parallel latents are joined by the straight line; so are a latent of zeros and any other, and latents of one value.
    /// Between opposite ones every half circle is as short as any: the path is one of them, always the same.
    Spherical,
}

impl Interpolation {
    /// For each pair of rows of `from` and `to`, both `[N, latent_size]`, the latents at these fractions of the path, in
    /// [0, 1]: `[N * fractions, latent_size]`, those of a pair one after the other, without autodiff on the device of `from`.
    ///
    /// # Errors
    /// [`GanError::Shape`] for ends of two shapes, [`GanError::Batch`] for none, [`GanError::Config`] for ends that are not
    /// finite, a latent size of 0, no fractions and a fraction outside [0, 1], [`GanError::Device`] where the ends cannot be
    /// read.
    pub fn between(
        self,
        from: Tensor<2>,
        to: Tensor<2>,
        fractions: &[f64],
    ) -> Result<Tensor<2>, GanError> {
        let (shape, device) = (from.dims(), from.device());
        ShapeError::check("end of a path of latents", &shape, &to.dims())?;
        let inside = |fraction: &f64| (0.0..=1.0).contains(fraction);
        if fractions.is_empty() || !fractions.iter().all(inside) {
            let requirement = "must be in [0, 1], one at least";
            return Err(ConfigError::new("fractions", fractions, requirement).into());
        }
        let (from, to) = (finite_values("from", from)?, finite_values("to", to)?);
        let [_, latent_size] = shape;
        let mut values = Vec::with_capacity(from.len() * fractions.len());
        for (from, to) in from.chunks(latent_size).zip(to.chunks(latent_size)) {
            let arc = match self {
                Self::Linear => None,
                Self::Spherical => Arc::between(from, to),
            };
            for &t in fractions {
                match &arc {
                    Some(arc) => values.extend(arc.at(t)),
                    None => values.extend(from.iter().zip(to).map(|(a, b)| (1.0 - t) * a + t * b)),
                }
            }
        }
        Ok(latents(values, latent_size, &device))
    }

    /// For each pair of rows the latents at so many places of the path, at least 2, at equal distances and with both ends.
    ///
    /// # Errors
    /// [`GanError::Config`] for fewer than 2 places and for more than memory can hold, otherwise those of [`Interpolation::between`].
    pub fn path(
        self,
        from: Tensor<2>,
        to: Tensor<2>,
        places: usize,
    ) -> Result<Tensor<2>, GanError> {
        if places < 2 {
            return Err(ConfigError::new("places", places, "must be at least 2").into());
        }
        check_latents("places", places, from.shape().num_elements())?;
        let last = (places - 1) as f64;
        let fractions: Vec<f64> = (0..places).map(|place| place as f64 / last).collect();
        self.between(from, to, &fractions)
    }
}

/// A part of a circle about the origin, whose radius may change along it.
struct Arc {
    /// The unit vector at its start.
    start: Vec<f64>,
    /// The unit vector in the plane of the circle at a right angle to that.
    side: Vec<f64>,
    angle: f64,
    /// At both ends.
    radii: [f64; 2],
}

/// Below this sine two directions of single precision are the same or opposite.
const SMALLEST_SINE: f64 = 1e-10;

impl Arc {
    /// `None` where the straight line is the path.
    ///
    /// The sum of sines in the formula loses all digits where the angle is near 0 or a half turn. In the plane's own axes,
    /// `cos(t w) start + sin(t w) side`, the same path is exact everywhere.
    fn between(from: &[f64], to: &[f64]) -> Option<Self> {
        let radii = [norm(from), norm(to)];
        if radii.contains(&0.0) || from.len() == 1 {
            return None;
        }
        let start = scaled(from, 1.0 / radii[0]);
        let end = scaled(to, 1.0 / radii[1]);
        let cosine: f64 = start.iter().zip(&end).map(|(a, b)| a * b).sum();
        let across = orthogonal(&end, &start, cosine);
        let sine = norm(&across);
        let side = if sine > SMALLEST_SINE {
            scaled(&across, 1.0 / sine)
        } else if cosine > 0.0 {
            return None;
        } else {
            any_orthogonal(&start)
        };
        Some(Self {
            start,
            side,
            angle: sine.atan2(cosine),
            radii,
        })
    }

    fn at(&self, t: f64) -> impl Iterator<Item = f64> {
        let radius = (1.0 - t) * self.radii[0] + t * self.radii[1];
        let (sine, cosine) = (t * self.angle).sin_cos();
        let axes = self.start.iter().zip(&self.side);
        axes.map(move |(start, side)| radius * (cosine * start + sine * side))
    }
}

/// A unit vector at a right angle to a unit vector of at least 2 values.
fn any_orthogonal(unit: &[f64]) -> Vec<f64> {
    // The axis that it points along the least is not parallel to it.
    let smaller = |best: usize, index: usize| {
        if unit[index].abs() < unit[best].abs() {
            index
        } else {
            best
        }
    };
    let axis = (1..unit.len()).fold(0, smaller);
    let mut vector = vec![0.0; unit.len()];
    vector[axis] = 1.0;
    let across = orthogonal(&vector, unit, unit[axis]);
    let length = norm(&across);
    scaled(&across, 1.0 / length)
}

/// `vector - component * unit`.
fn orthogonal(vector: &[f64], unit: &[f64], component: f64) -> Vec<f64> {
    let pairs = vector.iter().zip(unit);
    pairs.map(|(v, u)| v - component * u).collect()
}

fn scaled(vector: &[f64], factor: f64) -> Vec<f64> {
    vector.iter().map(|value| value * factor).collect()
}

fn norm(vector: &[f64]) -> f64 {
    vector.iter().map(|value| value * value).sum::<f64>().sqrt()
}
