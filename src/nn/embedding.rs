//! The embedding of a class.

use burn::config::Config;
use burn::module::{Module, Param};
use burn::tensor::{Device, FloatDType, Tensor};

use super::spectral::normalized_weight;
use crate::batch::Labels;
use crate::errors::at_least_1;
use crate::network_error::NetworkError;
use crate::nn::Initialization;
use crate::random::Stream;

/// Configuration of an [`Embedding`].
#[derive(Config, Debug)]
#[non_exhaustive]
pub struct EmbeddingConfig {
    /// Number of classes.
    pub classes: usize,
    /// Width of the vector that stands for a class.
    pub width: usize,
    /// Whether the weights are divided by their largest singular value; see
    /// [`SpectralNorm`](crate::nn::SpectralNorm).
    #[config(default = false)]
    pub spectral_norm: bool,
    /// Distribution of the initial vectors.
    #[config(default = "Initialization::Normal { mean: 0.0, std: 1.0 }")]
    pub initialization: Initialization,
}

/// A learned vector for each class.
///
/// The vector of a label outside `0..classes` is NaN, on every backend, so that a trainer refuses the step: a forward pass
/// reads no label back ([`EmbeddingProjection`](crate::nn::EmbeddingProjection) says more).
///
/// ```
/// use burn::tensor::Device;
/// use burn_gan::nn::{EmbeddingConfig, class_labels};
/// use burn_gan::random::{Purpose, Stream};
///
/// let device = Device::flex();
/// let embedding = EmbeddingConfig::new(3, 8).init(&mut Stream::new(1, Purpose::Weights, 0), &device)?;
/// let labels = class_labels(&[2, 0], 3, &device)?;
/// assert_eq!(embedding.propagate(&labels).dims(), [2, 8]);
/// # Ok::<(), burn_gan::GanError>(())
/// ```
#[derive(Module, Debug)]
pub struct Embedding {
    /// `[classes, width]`.
    pub weight: Param<Tensor<2>>,
}

impl EmbeddingConfig {
    /// Builds the layer with vectors drawn from `stream`.
    ///
    /// # Errors
    /// [`NetworkError::Config`] for a size of 0.
    pub fn init(&self, stream: &mut Stream, device: &Device) -> Result<Embedding, NetworkError> {
        at_least_1("classes", self.classes)?;
        at_least_1("width", self.width)?;
        let shape = [self.classes, self.width];
        // One of the classes is chosen: no sum, and so one input.
        let weight = self.initialization.parameter(shape, 1, stream, device);
        Ok(Embedding {
            weight: normalized_weight(self.spectral_norm, weight, stream),
        })
    }
}

impl Embedding {
    /// Class labels `[N]` in `0..classes` to their vectors `[N, width]`.
    pub fn propagate(&self, labels: &Labels) -> Tensor<2> {
        rows(self.weight.val(), labels)
    }

    /// Number of classes.
    pub fn classes(&self) -> usize {
        let [classes, _] = self.weight.dims();
        classes
    }

    /// Width of a vector.
    pub fn width(&self) -> usize {
        let [_, width] = self.weight.dims();
        width
    }
}

/// The row of each label: `[classes, width]` and `[N]` to `[N, width]`. A label that has no row gives NaN.
pub(super) fn rows(weight: Tensor<2>, labels: &Labels) -> Tensor<2> {
    let [classes, _] = weight.dims();
    let last = classes as i64 - 1;
    let beyond = labels
        .clone()
        .lower_elem(0)
        .bool_or(labels.clone().greater_elem(last));
    let precision: FloatDType = weight.dtype().into();
    let not_a_number = Tensor::<1>::zeros(labels.dims(), &labels.device())
        .mask_fill(beyond, f64::NAN)
        .cast(precision);
    weight.select(0, labels.clone().clamp(0, last)) + not_a_number.unsqueeze_dim(1)
}
