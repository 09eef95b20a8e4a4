//! The projection of a class embedding on features.

use burn::config::Config;
use burn::module::{Module, Param};
use burn::tensor::{Device, Int, Tensor};

use crate::dual::Dual;
use crate::errors::at_least_1;
use crate::gan_error::GanError;
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
    /// Distribution of the initial embeddings.
    #[config(default = "Initialization::LINEAR")]
    pub initialization: Initialization,
}

/// The part of a conditional logit that depends on the class: `<embedding(y), features>` (Miyato and Koyama
/// 2018, "cGANs with projection discriminator", equation 3).
#[derive(Module, Debug)]
pub struct EmbeddingProjection {
    /// `[classes, features]`.
    pub weight: Param<Tensor<2>>,
}

impl EmbeddingProjectionConfig {
    /// Builds the layer with embeddings drawn from `stream`.
    ///
    /// # Errors
    /// [`GanError::Config`] for a size of 0.
    pub fn init(
        &self,
        stream: &mut Stream,
        device: &Device,
    ) -> Result<EmbeddingProjection, GanError> {
        at_least_1("classes", self.classes)?;
        at_least_1("features", self.features)?;
        let shape = [self.classes, self.features];
        Ok(EmbeddingProjection {
            weight: self
                .initialization
                .parameter(shape, self.features, stream, device),
        })
    }
}

impl EmbeddingProjection {
    /// Features `[N, features]` and class labels `[N]` in `0..classes` to `[N]`.
    pub fn propagate(&self, features: Dual<2>, labels: &Tensor<1, Int>) -> Dual<1> {
        let embedding = self.weight.val().select(0, labels.clone());
        features.weighted(embedding, |x, embedding| {
            (x * embedding).sum_dim(1).squeeze_dim(1)
        })
    }
}
