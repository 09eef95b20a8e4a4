//! [`Truncation`]: less variety for more quality.

use burn::tensor::Tensor;
use serde::{Deserialize, Serialize};

use super::rows::{finite_values, latents};
use crate::errors::{ConfigError, positive};
use crate::gan_error::GanError;
use crate::random::{Purpose, Stream};

/// How normal latents are kept from extremes after training, where a generator is at its worst.
///
/// The tighter, the better each sample and the fewer different ones; a metric of variety (recall, coverage) shows the price.
/// The generator does not change, and was trained without: a very tight truncation may show artefacts.
///
/// ```
/// use burn::tensor::Device;
/// use burn_gan::SamplerConfig;
/// use burn_gan::latent::Truncation;
///
/// let latent = SamplerConfig::new().latents(100, 16, &Device::flex())?;
/// let truncation = Truncation::Resample { threshold: 0.7, seed: 1 };
/// let largest: f32 = truncation.apply(latent)?.abs().max().into_scalar();
/// assert!(largest <= 0.7);
/// # Ok::<(), burn_gan::GanError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Truncation {
    /// Values beyond the threshold, in standard deviations and on either side, are drawn again until they are inside
    /// (Brock, Donahue and Simonyan, "Large scale GAN training for high fidelity natural image synthesis", ICLR 2019, section
    /// 3.1, <https://arxiv.org/abs/1809.11096>): the latents are then those of a truncated normal distribution.
    ///
    /// Values inside stay as they are. What is drawn for a row depends on the seed and the row's place alone.
    Resample {
        /// The largest absolute value, positive and finite.
        threshold: f64,
        /// Seed of the new values.
        seed: u64,
    },
    /// Every latent moves towards the mean, which is 0: `psi z`. StyleGAN's rule (Karras, Laine and Aila, "A style-based
    /// generator architecture for generative adversarial networks", CVPR 2019, appendix B,
    /// <https://arxiv.org/abs/1812.04948>) in the latent space that the noise is in.
    Shrink {
        /// In [0, 1]: 1 leaves the latents as they are, 0 makes all of them the mean.
        psi: f64,
    },
}

impl Truncation {
    /// Truncates standard normal latents `[N, latent_size]`.
    ///
    /// # Errors
    /// [`GanError::Config`] for a threshold or `psi` out of range and for latents that are not finite,
    /// [`GanError::Batch`] for none, [`GanError::Device`] where they cannot be read.
    pub fn apply(&self, latent: Tensor<2>) -> Result<Tensor<2>, GanError> {
        let ([_, latent_size], device) = (latent.dims(), latent.device());
        let mut values = finite_values("latent", latent)?;
        match *self {
            Self::Resample { threshold, seed } => {
                positive("threshold", threshold)?;
                for (row, values) in values.chunks_mut(latent_size).enumerate() {
                    let mut stream = Stream::new(seed, Purpose::Truncation, row as u64);
                    let beyond = values.iter_mut().filter(|value| value.abs() > threshold);
                    beyond.for_each(|value| *value = inside(threshold, &mut stream));
                }
            }
            Self::Shrink { psi } => {
                if !(0.0..=1.0).contains(&psi) {
                    return Err(ConfigError::new("psi", psi, "must be in [0, 1]").into());
                }
                values.iter_mut().for_each(|value| *value *= psi);
            }
        }
        Ok(latents(values, latent_size, &device))
    }
}

/// A value of the standard normal distribution between `-threshold` and `threshold`.
fn inside(threshold: f64, stream: &mut Stream) -> f64 {
    // Under a small threshold hardly a normal value would do. A uniform one that is kept with a probability of
    // exp(-x^2 / 2) has the same distribution. At least every second draw is kept on either path.
    loop {
        let (value, is_kept) = if threshold > 1.0 {
            let value = one(stream.normal_values(1));
            (value, value.abs() <= threshold)
        } else {
            let value = (2.0 * one(stream.uniform_values(1)) - 1.0) * threshold;
            let kept = one(stream.uniform_values(1)) < (-value * value / 2.0).exp();
            (value, kept)
        };
        if is_kept {
            return value;
        }
    }
}

fn one(values: Vec<f32>) -> f64 {
    values.into_iter().map(f64::from).sum()
}
