//! [`modes`]: which modes of a known mixture a generator found, how well and how evenly it hits them.

use serde::{Deserialize, Serialize};

use super::MetricError;
use super::kernel::squared_distance;
use super::reverse_kl::reverse_kl;
use crate::errors::{ConfigError, ShapeError, positive};
use crate::feature::Features;

/// How generated samples fall on the modes of a mixture.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Modes {
    /// Number of modes that are the nearest one of at least one high-quality sample.
    pub modes: usize,
    /// Number of modes of the mixture.
    pub total: usize,
    /// Share of high-quality samples, in [0, 1]: those within three standard deviations of their nearest mode.
    ///
    /// Of the mixture's own samples that is `1 - exp(-9 / 2)` in the plane, 98.89 %; on a line it is 99.73 %.
    pub high_quality: f64,
    /// [`reverse_kl`] of the assigned samples from equally likely modes.
    pub reverse_kl: f64,
    /// For each mode the number of samples that it is the nearest one of.
    pub assigned: Vec<usize>,
    /// For each mode the number of high-quality samples among those.
    pub hits: Vec<usize>,
}

/// Assigns each of the `samples` `[N, D]` to its nearest mode, of a mixture of equally likely Gaussians with these
/// `centers` and the standard deviation `sigma` along every axis.
///
/// The measure of Srivastava et al., "VEEGAN: Reducing mode collapse in GANs using implicit variational
/// learning", NeurIPS 2017, <https://arxiv.org/abs/1705.07761>, taken up by Lin et al., "PacGAN", NeurIPS 2018,
/// section 4.1, <https://arxiv.org/abs/1712.04086>. Both draw 2,500 samples; with more samples more modes are found by
/// chance, so compare at the same number. A mode counts with one sample within three standard deviations.
///
/// The reverse KL divergence is over all samples, as PacGAN's text has it. `hits` holds what their published code counts
/// by, high-quality samples alone. Of an exact sampler it is not 0 but
/// [`expected_reverse_kl`](super::expected_reverse_kl).
///
/// ```
/// use burn::tensor::{Device, Tensor};
/// use burn_gan::data::Mixture;
/// use burn_gan::metric::{Features, modes};
///
/// let ring = Mixture::ring();
/// // One sample at the first mode, one in the empty middle of the ring.
/// let samples = Tensor::<2>::from_floats([[2.0, 0.0], [0.0, 0.0]], &Device::flex());
/// let found = modes(&Features::from_tensor(samples)?, &ring.centers(), ring.sigma())?;
/// assert_eq!((found.modes, found.total, found.high_quality), (1, 8, 0.5));
/// # Ok::<(), burn_gan::GanError>(())
/// ```
///
/// # Errors
/// [`MetricError::Shape`] for samples of another dimension than the centres, [`MetricError::Config`] for no
/// centres, centres that are not finite, or a `sigma` that is not finite and positive.
pub fn modes<const D: usize>(
    samples: &Features,
    centers: &[[f32; D]],
    sigma: f32,
) -> Result<Modes, MetricError> {
    if samples.dimensions() != D {
        return Err(MetricError::Shape(ShapeError {
            what: "samples",
            expected: vec![samples.count(), D],
            actual: vec![samples.count(), samples.dimensions()],
        }));
    }
    if centers.is_empty() {
        let requirement = "a mixture needs a mode";
        return Err(ConfigError::new("centers", centers, requirement).into());
    }
    if let Some(center) = centers.iter().find(|c| c.iter().any(|x| !x.is_finite())) {
        return Err(ConfigError::new("centers", center, "must be finite").into());
    }
    positive("sigma", f64::from(sigma))?;

    let centers: Vec<[f64; D]> = centers.iter().map(|center| center.map(f64::from)).collect();
    let radius = 3.0 * f64::from(sigma);
    let mut assigned = vec![0; centers.len()];
    let mut hits = vec![0; centers.len()];
    for sample in samples.rows() {
        let (mut nearest, mut least) = (0, f64::INFINITY);
        for (mode, center) in centers.iter().enumerate() {
            let distance = squared_distance(sample, center);
            if distance < least {
                (nearest, least) = (mode, distance);
            }
        }
        assigned[nearest] += 1;
        hits[nearest] += usize::from(least.sqrt() <= radius);
    }
    Ok(Modes {
        modes: hits.iter().filter(|&&count| count > 0).count(),
        total: centers.len(),
        high_quality: hits.iter().sum::<usize>() as f64 / samples.count() as f64,
        reverse_kl: reverse_kl(&assigned, &vec![1.0; centers.len()])?,
        assigned,
        hits,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::errors::ConfigError;

    const CENTERS: [[f32; 2]; 3] = [[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]];

    fn points(rows: &[[f64; 2]]) -> Features {
        Features::from_rows(rows).unwrap()
    }

    #[test]
    fn counts_modes_and_samples() {
        let samples = points(&[
            [0.0, 0.0],   // on the first mode
            [0.0, 0.25],  // within three deviations of it
            [0.75, 0.0],  // within three deviations of the second
            [0.25, 0.25], // outside: 0.35 along the diagonal
            [0.5, 0.0],   // between two modes: the first of them
            [9.0, -9.0],  // far away, the second is the nearest
            [1e200, 0.0],
            [-1e200, 0.0], // its squares overflow
        ]);
        let found = modes(&samples, &CENTERS, 0.1).unwrap();
        assert_eq!((found.modes, found.total), (2, 3));
        assert_eq!(found.high_quality, 3.0 / 8.0);
        assert_eq!((found.assigned, found.hits), (vec![6, 2, 0], vec![2, 1, 0]));
        // KL((3/4, 1/4, 0) || (1/3, 1/3, 1/3)).
        let expected = 0.75 * 2.25_f64.ln() + 0.25 * 0.75_f64.ln();
        assert!((found.reverse_kl - expected).abs() < 1e-12);
    }

    #[test]
    fn exactly_three_deviations_count() {
        let found = modes(&points(&[[0.0, -0.75]]), &CENTERS, 0.25).unwrap();
        assert_eq!((found.modes, found.high_quality), (1, 1.0));
    }

    #[test]
    fn refuses_what_it_cannot_measure() {
        let space = Features::from_rows(&[[0.0; 3]; 4]).unwrap();
        match modes(&space, &CENTERS, 0.1) {
            Err(MetricError::Shape(ShapeError {
                expected, actual, ..
            })) => assert_eq!((expected, actual), (vec![4, 2], vec![4, 3])),
            other => panic!("{other:?}"),
        }
        let one = points(&[[0.0, 0.0]]);
        for (centers, sigma, expected) in [
            (&[][..], 0.1, "centers"),
            (&[[0.0, f32::NAN]], 0.1, "centers"),
            (&CENTERS, 0.0, "sigma"),
            (&CENTERS, f32::INFINITY, "sigma"),
        ] {
            match modes(&one, centers, sigma) {
                Err(MetricError::Config(ConfigError { field, .. })) => assert_eq!(field, expected),
                other => panic!("{other:?}"),
            }
        }
    }
}
