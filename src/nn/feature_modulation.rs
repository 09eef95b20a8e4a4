//! Feature-wise modulation by a class.

use burn::config::Config;
use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor};

use super::embedding::rows;
use crate::batch::Labels;
use crate::dual::Dual;
use crate::errors::at_least_1;
use crate::network_error::NetworkError;

/// Configuration of a [`FeatureModulation`].
#[derive(Config, Debug)]
#[non_exhaustive]
pub struct FeatureModulationConfig {
    /// Number of classes.
    pub classes: usize,
    /// Number of channels.
    pub channels: usize,
}

/// Feature-wise linear modulation (FiLM, Perez et al. 2018, equation 2) by a class: `(1 + gamma_y) x + beta_y`, where
/// `gamma_y` and `beta_y` are learned for each class and channel.
///
/// The scale of the paper is `1 + gamma_y` here, so that the layer starts as the identity. A label outside
/// `0..classes` gives NaN, as in an [`Embedding`](crate::nn::Embedding).
#[derive(Module, Debug)]
pub struct FeatureModulation {
    /// What is added to a scale of 1, `[classes, channels]`; starts at 0.
    pub gamma: Param<Tensor<2>>,
    /// Shift, `[classes, channels]`; starts at 0.
    pub beta: Param<Tensor<2>>,
}

impl FeatureModulationConfig {
    /// Builds the layer.
    ///
    /// # Errors
    /// [`NetworkError::Config`] for a size of 0.
    pub fn init(&self, device: &Device) -> Result<FeatureModulation, NetworkError> {
        at_least_1("classes", self.classes)?;
        at_least_1("channels", self.channels)?;
        let zeros = || Tensor::zeros([self.classes, self.channels], device);
        Ok(FeatureModulation {
            gamma: Param::from_tensor(zeros()),
            beta: Param::from_tensor(zeros()),
        })
    }
}

impl FeatureModulation {
    /// Features `[N, .., channels]` and class labels `[N]` to `[N, .., channels]`.
    pub fn propagate<const D: usize>(&self, x: Dual<D>, labels: &Labels) -> Dual<D> {
        let (samples, channels) = (x.value.dims()[0], x.value.dims()[D - 1]);
        let mut shape = [1; D];
        shape[0] = samples;
        shape[D - 1] = channels;
        let scale = rows(self.gamma.val(), labels) + 1.0;
        let shift = rows(self.beta.val(), labels);
        x.weighted(scale, |x, scale| x * scale.reshape(shape))
            .shift(shift, |x, shift| x + shift.reshape(shape))
    }
}
