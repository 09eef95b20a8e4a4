//! [`reverse_kl`]: how evenly generated samples fall on the modes.

use super::MetricError;

use crate::batch::BatchError;
use crate::errors::{ConfigError, ShapeError};

/// The divergence `KL(generated || real) = sum_i p_i ln(p_i / q_i)` of two histograms over modes, in nats.
///
/// `generated` holds how many generated samples each mode got; `real` is the weight of each mode in the data: equal
/// numbers for equal modes, or counts of real samples. Both are normalised. Lin, Khetan, Fanti and Oh, "PacGAN",
/// NeurIPS 2018, section 4.1, <https://arxiv.org/abs/1712.04086>.
///
/// A mode that no generated sample falls on adds 0, the limit of `p ln p`: only `ln(K / k)` for `k` of `K` equal modes
/// hit evenly. A generated sample on a mode that the data does not have makes the divergence infinite.
///
/// Even an exact sampler has a divergence above 0: [`expected_reverse_kl`].
///
/// ```
/// use burn_gan::metric::reverse_kl;
///
/// // Half of four equal modes.
/// let divergence = reverse_kl(&[50, 0, 50, 0], &[1.0; 4])?;
/// assert!((divergence - 2.0_f64.ln()).abs() < 1e-12);
/// # Ok::<(), burn_gan::GanError>(())
/// ```
///
/// # Errors
/// [`MetricError::Batch`] for no generated samples, [`MetricError::Shape`] for histograms of different
/// lengths, [`MetricError::Config`] for weights below 0, not finite, or all 0.
pub fn reverse_kl(generated: &[usize], real: &[f64]) -> Result<f64, MetricError> {
    if generated.len() != real.len() {
        return Err(MetricError::Shape(ShapeError {
            what: "mode weights",
            expected: vec![generated.len()],
            actual: vec![real.len()],
        }));
    }
    let count: f64 = generated.iter().map(|&count| count as f64).sum();
    if count == 0.0 {
        return Err(BatchError::Empty.into());
    }
    let weight: f64 = real.iter().sum();
    if real.iter().any(|&q| q < 0.0) || !(weight.is_finite() && weight > 0.0) {
        let requirement = "weights are finite, at least 0 and not all 0";
        return Err(ConfigError::new("real", real, requirement).into());
    }
    let divergence = generated
        .iter()
        .zip(real)
        .filter(|&(&samples, _)| samples > 0)
        .map(|(&samples, &q)| {
            let p = samples as f64 / count;
            p * (p / (q / weight)).ln()
        })
        .sum::<f64>();
    // Rounding can take the divergence of two equal histograms below 0.
    Ok(divergence.max(0.0))
}

/// The reverse KL divergence that an exact sampler has in expectation, about `(modes - 1) / (2 samples)`.
///
/// Miller 1955, the bias of an entropy estimate. Of 2,500 samples it is 0.0014 over 8 modes and 0.0048 over 25, of 26,000
/// samples 0.019 over 1,000 modes. It holds while each mode is expected to get a few samples.
pub fn expected_reverse_kl(modes: usize, samples: usize) -> f64 {
    (modes as f64 - 1.0) / (2.0 * samples as f64)
}
