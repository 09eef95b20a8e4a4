//! [`closed_walk`]: a smooth loop through the latent space.

use std::f64::consts::PI;

use burn::tensor::Tensor;

use super::rows::{finite_values, latents};
use crate::errors::{ConfigError, at_least_1};
use crate::gan_error::GanError;
use crate::sampling::check_latents;

/// A closed path through latents `[N, latent_size]`, at least 2, in their order and from the last back to the first:
/// `[N * steps, latent_size]`, `steps` from one to the next, without autodiff on their device.
///
/// Row `i * steps` is latent `i`. The path is the trigonometric interpolation of the points, which has no corners, every
/// row scaled so that the squares of the points' weights sum to 1: where the points are independent and standard normal, so is
/// each latent of the walk, and no part of it is out of what the generator has learnt. (For an odd `N` the sum is 1 already.)
///
/// ```
/// use burn::tensor::Device;
/// use burn_gan::SamplerConfig;
/// use burn_gan::latent::closed_walk;
///
/// let points = SamplerConfig::new().with_seed(7).latents(5, 100, &Device::flex())?;
/// let walk = closed_walk(points, 24)?; // about 5 seconds of 25 frames each
/// assert_eq!(walk.dims(), [120, 100]);
/// # Ok::<(), burn_gan::GanError>(())
/// ```
///
/// # Errors
/// [`GanError::Config`] for fewer than 2 points, points that are not finite, a latent size of 0, 0 steps and for more latents
/// than memory can hold, [`GanError::Device`] where the points cannot be read.
pub fn closed_walk(points: Tensor<2>, steps: usize) -> Result<Tensor<2>, GanError> {
    let ([count, latent_size], device) = (points.dims(), points.device());
    if count < 2 {
        return Err(ConfigError::new("points", count, "must be at least 2").into());
    }
    at_least_1("steps", steps)?;
    check_latents("steps", steps, points.shape().num_elements())?;
    let points = finite_values("points", points)?;
    let mut walk = Vec::with_capacity(points.len() * steps);
    for frame in 0..count * steps {
        let start = walk.len();
        walk.resize(start + latent_size, 0.0);
        for (weight, point) in weights(frame, steps, count)
            .into_iter()
            .zip(points.chunks(latent_size))
        {
            for (value, coordinate) in walk[start..].iter_mut().zip(point) {
                *value += weight * coordinate;
            }
        }
    }
    Ok(latents(walk, latent_size, &device))
}

/// The weight of each of `count` points in a frame; their squares sum to 1.
fn weights(frame: usize, steps: usize, count: usize) -> Vec<f64> {
    let mut weights: Vec<f64> = (0..count)
        .map(|point| {
            // From the point to the frame, as a share of the whole loop.
            let distance = (frame as f64 / steps as f64 - point as f64) / count as f64;
            if frame == point * steps {
                1.0
            } else if frame.is_multiple_of(steps) {
                0.0
            } else {
                kernel(distance, count)
            }
        })
        .collect();
    let length = weights.iter().map(|w| w * w).sum::<f64>().sqrt();
    weights.iter_mut().for_each(|weight| *weight /= length);
    weights
}

/// The function of period 1 with the fewest oscillations that is 1 at 0 and 0 at the other multiples of `1 / count`:
/// `sin(n pi x) / (n sin(pi x))` for an odd n, `sin(n pi x) / (n tan(pi x))` for an even one.
fn kernel(x: f64, count: usize) -> f64 {
    let n = count as f64;
    let denominator = if count.is_multiple_of(2) {
        (PI * x).tan()
    } else {
        (PI * x).sin()
    };
    (n * PI * x).sin() / (n * denominator)
}
