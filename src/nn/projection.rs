//! The projection of a conditional discriminator.

use burn::config::Config;
use burn::module::{Module, Param};
use burn::tensor::{Device, Int, Tensor};

use crate::dual::Dual;
use crate::error::{GanError, at_least_1};
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
    /// Distribution of the initial weights. The default keeps the variance of the features.
    #[config(default = "Initialization::He { slope: 1.0 }")]
    pub initialization: Initialization,
}

/// The inner product of a sample's features with the embedding of its class.
///
/// A projection discriminator (Miyato and Koyama 2018, equation 3) adds it to its unconditional logit:
/// `logit = psi(features) + features . weight[label]`.
#[derive(Module, Debug)]
pub struct EmbeddingProjection {
    /// `[classes, features]`.
    pub weight: Param<Tensor<2>>,
}

impl EmbeddingProjectionConfig {
    /// Builds the layer with weights drawn from `stream`.
    ///
    /// # Errors
    /// [`GanError::InvalidConfig`] for a count of 0.
    pub fn init(
        &self,
        stream: &mut Stream,
        device: &Device,
    ) -> Result<EmbeddingProjection, GanError> {
        at_least_1("classes", self.classes)?;
        at_least_1("features", self.features)?;
        Ok(EmbeddingProjection {
            weight: self.initialization.parameter(
                [self.classes, self.features],
                self.features,
                stream,
                device,
            ),
        })
    }
}

impl EmbeddingProjection {
    /// Features `[N, features]` and labels `[N]`, each below the number of classes, to `[N]`.
    pub fn propagate(&self, features: Dual<2>, labels: Tensor<1, Int>) -> Dual<1> {
        let embeddings = self.weight.val().select(0, labels);
        features.weighted(embeddings, |x, embeddings| {
            (x * embeddings).sum_dim(1).squeeze_dim(1)
        })
    }
}
