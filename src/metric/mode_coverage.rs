//! [`mode_coverage`]: how many modes of a known mixture a generator found, and how well it hits them.

use burn::tensor::Tensor;
use serde::{Deserialize, Serialize};

use crate::error::GanError;

/// The modes of a mixture that samples reach, and the share of samples that reach one.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ModeCoverage {
    /// Number of modes that are the nearest one of at least one high-quality sample.
    pub modes: usize,
    /// Number of modes of the mixture.
    pub total: usize,
    /// Share of high-quality samples, in [0, 1]: those within three standard deviations of their nearest mode.
    ///
    /// Of the mixture's own samples that is `1 - exp(-9 / 2)`, about 0.989.
    pub high_quality: f64,
}

/// Counts the modes that `samples` `[N, 2]` reach, of a Gaussian mixture with these `centers` and the standard
/// deviation `sigma` along both axes.
///
/// The measure of Srivastava et al., "VEEGAN: Reducing mode collapse in GANs using implicit variational
/// learning", NeurIPS 2017, <https://arxiv.org/abs/1705.07761>, taken up by Lin et al., "PacGAN", NeurIPS 2018,
/// <https://arxiv.org/abs/1712.04086>. Both draw 2,500 samples; with more samples more modes are found by
/// chance, so compare at the same number.
///
/// ```
/// use burn::tensor::{Device, Tensor};
/// use burn_gan::data::Mixture;
/// use burn_gan::metric::mode_coverage;
///
/// let ring = Mixture::ring();
/// // One sample at the first mode, one in the empty middle of the ring.
/// let samples = Tensor::<2>::from_floats([[2.0, 0.0], [0.0, 0.0]], &Device::flex());
/// let coverage = mode_coverage(samples, &ring.centers(), ring.sigma())?;
/// assert_eq!((coverage.modes, coverage.total, coverage.high_quality), (1, 8, 0.5));
/// # Ok::<(), burn_gan::GanError>(())
/// ```
///
/// # Errors
/// [`GanError::EmptyBatch`] for no samples, [`GanError::ShapeMismatch`] for samples that are not points in the
/// plane, [`GanError::InvalidConfig`] for no centres or a `sigma` that is not finite and positive,
/// [`GanError::Device`] where the samples cannot be read.
pub fn mode_coverage(
    samples: Tensor<2>,
    centers: &[[f32; 2]],
    sigma: f32,
) -> Result<ModeCoverage, GanError> {
    let [count, width] = samples.dims();
    if count == 0 {
        return Err(GanError::EmptyBatch);
    }
    if width != 2 {
        return Err(GanError::ShapeMismatch {
            what: "samples",
            expected: vec![count, 2],
            actual: vec![count, width],
        });
    }
    if centers.is_empty() {
        return Err(GanError::config(
            "centers",
            centers,
            "a mixture needs a mode",
        ));
    }
    if !(sigma.is_finite() && sigma > 0.0) {
        return Err(GanError::config(
            "sigma",
            sigma,
            "modes have a width that is finite and above 0",
        ));
    }

    let values = samples.try_into_vec_as::<f32>().map_err(GanError::device)?;
    let mut reached = vec![false; centers.len()];
    let mut high_quality = 0_usize;
    for point in values.chunks_exact(2) {
        let nearest = centers
            .iter()
            .map(|center| distance(point, center))
            .enumerate()
            .min_by(|(_, a), (_, b)| a.total_cmp(b));
        // A sample that is not a number is at no distance of any mode.
        if let Some((mode, distance)) = nearest
            && distance <= 3.0 * f64::from(sigma)
        {
            reached[mode] = true;
            high_quality += 1;
        }
    }
    Ok(ModeCoverage {
        modes: reached.into_iter().filter(|&reached| reached).count(),
        total: centers.len(),
        high_quality: high_quality as f64 / count as f64,
    })
}

/// The Euclidean distance of two points.
fn distance(point: &[f32], center: &[f32; 2]) -> f64 {
    point
        .iter()
        .zip(center)
        .map(|(&a, &b)| (f64::from(a) - f64::from(b)).powi(2))
        .sum::<f64>()
        .sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::Device;

    const CENTERS: [[f32; 2]; 3] = [[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]];

    fn points<const N: usize>(points: [[f32; 2]; N]) -> Tensor<2> {
        Tensor::from_floats(points, &Device::flex())
    }

    #[test]
    fn counts_modes_and_samples() {
        let samples = points([
            [0.0, 0.0],   // on the first mode
            [0.0, 0.25],  // within three deviations of it
            [0.75, 0.0],  // within three deviations of the second
            [0.25, 0.25], // outside: 0.35 along the diagonal
            [0.5, 0.0],   // between two modes
            [9.0, -9.0],  // far away
            [f32::NAN, 0.0],
            [f32::INFINITY, 0.0],
        ]);
        assert_eq!(
            mode_coverage(samples, &CENTERS, 0.1).unwrap(),
            ModeCoverage {
                modes: 2,
                total: 3,
                high_quality: 3.0 / 8.0,
            }
        );
    }

    #[test]
    fn exactly_three_deviations_count() {
        let samples = points([[0.0, -0.75]]);
        let coverage = mode_coverage(samples, &CENTERS, 0.25).unwrap();
        assert_eq!((coverage.modes, coverage.high_quality), (1, 1.0));
    }

    #[test]
    fn refuses_what_it_cannot_measure() {
        let device = Device::flex();
        let empty = mode_coverage(Tensor::zeros([0, 2], &device), &CENTERS, 0.1);
        assert!(matches!(empty, Err(GanError::EmptyBatch)));

        match mode_coverage(Tensor::zeros([4, 3], &device), &CENTERS, 0.1) {
            Err(GanError::ShapeMismatch {
                expected, actual, ..
            }) => assert_eq!((expected, actual), (vec![4, 2], vec![4, 3])),
            other => panic!("{other:?}"),
        }

        let no_modes = mode_coverage(points([[0.0, 0.0]]), &[], 0.1);
        let flat = mode_coverage(points([[0.0, 0.0]]), &CENTERS, 0.0);
        assert!(matches!(
            no_modes,
            Err(GanError::InvalidConfig {
                field: "centers",
                ..
            })
        ));
        assert!(matches!(
            flat,
            Err(GanError::InvalidConfig { field: "sigma", .. })
        ));
    }
}
