//! [`Mixture`]: two-dimensional toy distributions whose modes are known.

use std::f32::consts::{PI, TAU};

use burn::tensor::{Device, Tensor, TensorData};
use serde::{Deserialize, Serialize};

use crate::errors::{ConfigError, at_least_1, positive};
use crate::random::Stream;

/// A distribution of points in the plane, the usual first test of a GAN.
///
/// The two Gaussian mixtures have modes with known centres, so that dropped modes can be counted
/// ([`modes`](crate::metric::modes)); the two curves do not.
///
/// ```
/// use burn::tensor::Device;
/// use burn_gan::data::Mixture;
/// use burn_gan::random::{Purpose, Stream};
///
/// let ring = Mixture::ring();
/// let mut stream = Stream::new(42, Purpose::Data, 0);
/// assert_eq!(ring.centers().len(), 8);
/// assert_eq!(ring.sample(100, &mut stream, &Device::flex()).dims(), [100, 2]);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Mixture {
    /// Gaussians equally spaced on a circle round the origin.
    Ring {
        /// Number of modes.
        modes: usize,
        /// Radius of the circle.
        radius: f32,
        /// Standard deviation of each mode.
        sigma: f32,
    },
    /// Gaussians on a square grid round the origin.
    Grid {
        /// Number of modes along each side.
        side: usize,
        /// Distance between neighbouring modes.
        spacing: f32,
        /// Standard deviation of each mode.
        sigma: f32,
    },
    /// Two interleaving half circles of radius 1: an upper one round (0, 0), a lower one round (1, 0.5).
    TwoMoons {
        /// Standard deviation of the noise around the curves.
        noise: f32,
    },
    /// A spiral of one and a half turns, from radius 0.5 to radius 1.5.
    SwissRoll {
        /// Standard deviation of the noise around the curve.
        noise: f32,
    },
}

impl Mixture {
    /// Eight modes of standard deviation 0.02 on a circle of radius 2.
    ///
    /// Metz et al., "Unrolled Generative Adversarial Networks", ICLR 2017, <https://arxiv.org/abs/1611.02163>.
    pub fn ring() -> Self {
        Self::Ring {
            modes: 8,
            radius: 2.0,
            sigma: 0.02,
        }
    }

    /// 25 modes of standard deviation 0.05 at {-4, -2, 0, 2, 4} x {-4, -2, 0, 2, 4}.
    ///
    /// Lin et al., "PacGAN: The power of two samples in generative adversarial networks", NeurIPS 2018,
    /// <https://arxiv.org/abs/1712.04086>.
    pub fn grid() -> Self {
        Self::Grid {
            side: 5,
            spacing: 2.0,
            sigma: 0.05,
        }
    }

    /// The two moons of scikit-learn's `make_moons`, with noise of standard deviation 0.05.
    pub fn two_moons() -> Self {
        Self::TwoMoons { noise: 0.05 }
    }

    /// The spiral of scikit-learn's `make_swiss_roll` seen from the side, scaled to about [-1.5, 1.5], with noise
    /// of standard deviation 0.025.
    pub fn swiss_roll() -> Self {
        Self::SwissRoll { noise: 0.025 }
    }

    /// Refuses a mixture without modes, and sizes that are not finite and positive (noise may be 0).
    ///
    /// # Errors
    /// [`ConfigError`] with the field's name and value.
    pub fn check(&self) -> Result<(), ConfigError> {
        match *self {
            Self::Ring {
                modes,
                radius,
                sigma,
            } => {
                at_least_1("modes", modes)?;
                positive("radius", f64::from(radius))?;
                check_noise("sigma", sigma)
            }
            Self::Grid {
                side,
                spacing,
                sigma,
            } => {
                at_least_1("side", side)?;
                positive("spacing", f64::from(spacing))?;
                check_noise("sigma", sigma)
            }
            Self::TwoMoons { noise } | Self::SwissRoll { noise } => check_noise("noise", noise),
        }
    }

    /// The centres of the modes, each as likely as the others; empty for the curves, which have no modes.
    pub fn centers(&self) -> Vec<[f32; 2]> {
        (0..self.modes()).map(|mode| self.center(mode)).collect()
    }

    /// Number of modes; 0 for the curves.
    fn modes(&self) -> usize {
        match *self {
            Self::Ring { modes, .. } => modes,
            Self::Grid { side, .. } => side.saturating_mul(side),
            Self::TwoMoons { .. } | Self::SwissRoll { .. } => 0,
        }
    }

    /// The centre of one of the modes; the origin where there are none.
    fn center(&self, mode: usize) -> [f32; 2] {
        match *self {
            Self::Ring { modes, radius, .. } if modes > 0 => {
                let angle = TAU * mode as f32 / modes as f32;
                [radius * angle.cos(), radius * angle.sin()]
            }
            Self::Grid { side, spacing, .. } if side > 0 => {
                let at = |index: usize| spacing * (index as f32 - (side as f32 - 1.0) / 2.0);
                [at(mode / side), at(mode % side)]
            }
            _ => [0.0; 2],
        }
    }

    /// Standard deviation of the noise around the centres or the curves, the same along both axes.
    pub fn sigma(&self) -> f32 {
        match *self {
            Self::Ring { sigma, .. } | Self::Grid { sigma, .. } => sigma,
            Self::TwoMoons { noise } | Self::SwissRoll { noise } => noise,
        }
    }

    /// Draws `count` points, `[count, 2]`.
    ///
    /// Of a mixture that [`Mixture::check`] refuses the points mean nothing.
    pub fn sample(&self, count: usize, stream: &mut Stream, device: &Device) -> Tensor<2> {
        let points = self.points(count, stream);
        let noise = stream.normal_values(2 * count);
        let values: Vec<f32> = points
            .into_iter()
            .flatten()
            .zip(noise)
            .map(|(value, noise)| value + self.sigma() * noise)
            .collect();
        Tensor::from_data(TensorData::new(values, [count, 2]), device)
    }

    /// Points without their noise: centres of modes, or points of a curve.
    fn points(&self, count: usize, stream: &mut Stream) -> Vec<[f32; 2]> {
        match self {
            Self::Ring { .. } | Self::Grid { .. } => (0..count)
                .map(|_| self.center(stream.index(self.modes())))
                .collect(),
            Self::TwoMoons { .. } => curve(moons, count, stream),
            Self::SwissRoll { .. } => curve(spiral, count, stream),
        }
    }
}

/// Points of a curve at uniformly random parameters in [0, 1).
fn curve(point: fn(f32) -> [f32; 2], count: usize, stream: &mut Stream) -> Vec<[f32; 2]> {
    stream
        .uniform_values(count)
        .into_iter()
        .map(point)
        .collect()
}

/// A circle whose lower half is moved by (1, 0.5).
fn moons(position: f32) -> [f32; 2] {
    let (sin, cos) = (TAU * position).sin_cos();
    if sin >= 0.0 {
        [cos, sin]
    } else {
        [1.0 + cos, 0.5 + sin]
    }
}

/// scikit-learn's t (cos t, sin t), t from 3/2 pi to 9/2 pi, divided by 3 pi.
fn spiral(position: f32) -> [f32; 2] {
    let radius = 0.5 + position;
    let (sin, cos) = (3.0 * PI * radius).sin_cos();
    [radius * cos, radius * sin]
}

fn check_noise(field: &'static str, deviation: f32) -> Result<(), ConfigError> {
    if deviation.is_finite() && deviation >= 0.0 {
        return Ok(());
    }
    Err(ConfigError::new(
        field,
        deviation,
        "a standard deviation is finite and at least 0",
    ))
}
