//! The projection of a class embedding on features.

use burn::config::Config;
use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor};

use super::embedding::rows;
use super::spectral::normalized_weight;
use crate::batch::{Labels, index_tensor};
use crate::class_condition::{check_label, check_labels};
use crate::dual::Dual;
use crate::errors::at_least_1;
use crate::network_error::NetworkError;
use crate::nn::Initialization;
use crate::random::Stream;

/// Configuration of an [`EmbeddingProjection`].
#[derive(Config, Debug)]
#[non_exhaustive]
pub struct EmbeddingProjectionConfig {
    /// Number of classes.
    pub classes: usize,
    /// Width of the features.
    pub features: usize,
    /// Whether the embeddings, as a matrix, are divided by their largest singular value, as in the paper's code; see
    /// [`SpectralNorm`](crate::nn::SpectralNorm).
    #[config(default = false)]
    pub spectral_norm: bool,
    /// Distribution of the initial embeddings.
    #[config(default = "Initialization::LINEAR")]
    pub initialization: Initialization,
}

/// The part of a conditional logit that depends on the class: `<embedding(y), features>` (Miyato and Koyama
/// 2018, "cGANs with projection discriminator", equation 3).
///
/// # Labels beyond the classes
///
/// The logit of a label outside `0..classes` is NaN, on every backend, so that a trainer refuses the step. To learn
/// which label it was, check labels before: [`class_labels`] where they come from the host,
/// [`EmbeddingProjection::check_labels`] where they are on a device already. A forward pass reads no label back: that
/// would make every step wait for the device.
#[derive(Module, Debug)]
pub struct EmbeddingProjection {
    /// `[classes, features]`.
    pub weight: Param<Tensor<2>>,
}

impl EmbeddingProjectionConfig {
    /// Builds the layer with embeddings drawn from `stream`.
    ///
    /// # Errors
    /// [`NetworkError::Config`] for a size of 0.
    pub fn init(
        &self,
        stream: &mut Stream,
        device: &Device,
    ) -> Result<EmbeddingProjection, NetworkError> {
        at_least_1("classes", self.classes)?;
        at_least_1("features", self.features)?;
        let shape = [self.classes, self.features];
        let weight = self
            .initialization
            .parameter(shape, self.features, stream, device);
        Ok(EmbeddingProjection {
            weight: normalized_weight(self.spectral_norm, weight, stream),
        })
    }
}

impl EmbeddingProjection {
    /// Features `[N, features]` and class labels `[N]` in `0..classes` to `[N]`.
    pub fn propagate(&self, features: Dual<2>, labels: &Labels) -> Dual<1> {
        features.weighted(rows(self.weight.val(), labels), |x, embedding| {
            (x * embedding).sum_dim(1).squeeze_dim(1)
        })
    }

    /// Number of classes.
    pub fn classes(&self) -> usize {
        let [classes, _] = self.weight.dims();
        classes
    }

    /// Reads the labels and checks that there is a class for each.
    ///
    /// # Errors
    /// [`NetworkError::LabelOutOfRange`] with the first that has none, [`NetworkError::Device`] where they cannot be read.
    pub fn check_labels(&self, labels: &Labels) -> Result<(), NetworkError> {
        check_labels(labels, self.classes())
    }
}

/// Class labels `[N]` on a device, from the host.
///
/// ```
/// use burn::tensor::Device;
/// use burn_gan::nn::class_labels;
///
/// let labels = class_labels(&[0, 2, 1], 3, &Device::flex())?;
/// assert_eq!(labels.dims(), [3]);
/// assert!(class_labels(&[0, 3], 3, &Device::flex()).is_err());
/// # Ok::<(), burn_gan::GanError>(())
/// ```
///
/// # Errors
/// [`NetworkError::LabelOutOfRange`] with the first label that is not in `0..classes`.
pub fn class_labels(
    labels: &[usize],
    classes: usize,
    device: &Device,
) -> Result<Labels, NetworkError> {
    for &label in labels {
        check_label(i64::try_from(label).unwrap_or(i64::MAX), classes)?;
    }
    Ok(index_tensor(labels, device))
}
