//! The passes of a step through the networks: what a network does wrong is an error that names it.

use burn::tensor::Tensor;

use super::dry_run::guard;
use super::gan::GanTrainer;
use crate::batch::Condition;
use crate::errors::ShapeError;
use crate::gan_error::GanError;
use crate::network::{Discriminator, Generator};

impl<const D: usize, G, N, C> GanTrainer<D, G, N, C>
where
    C: Condition,
    G: Generator<D, C>,
    N: Discriminator<D, C>,
{
    /// Samples of these latent vectors, one each.
    pub(super) fn generate(
        &self,
        generator: &G,
        latent: Tensor<2>,
        condition: &C,
    ) -> Result<Tensor<D>, GanError> {
        let shape = latent.dims();
        let samples = guard("generator", shape, || generator.generate(latent, condition))?;
        let expected = self.shape_of(shape[0]);
        ShapeError::check("samples of the generator", &expected, &samples.dims())?;
        Ok(samples)
    }

    /// Logits of these samples, one each.
    ///
    /// The dry run has seen a batch of one, which cannot show whether there is a logit for each sample.
    pub(super) fn logits(
        &self,
        discriminator: &N,
        samples: Tensor<D>,
        condition: &C,
    ) -> Result<Tensor<1>, GanError> {
        let shape = samples.dims();
        let logits = guard("discriminator", shape, || {
            discriminator.logits(samples, condition)
        })?;
        ShapeError::check("logits of the discriminator", &shape[..1], &logits.dims())?;
        Ok(logits)
    }
}
