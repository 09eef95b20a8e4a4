//! The generator's half of a step.

use burn::optim::{GradientsAccumulator, GradientsParams};
use burn::tensor::Tensor;

use super::gan::GanTrainer;
use super::gradients::bound_norm;
use super::micro_batch::{TrainingBatch, mean_of_parts};
use super::state::fork;
use crate::batch::Condition;
use crate::gan_error::GanError;
use crate::network::{Discriminator, Generator};
use crate::report::StepReport;

impl<const D: usize, G, N, C> GanTrainer<D, G, N, C>
where
    C: Condition,
    G: Generator<D, C>,
    N: Discriminator<D, C>,
{
    /// Learns to have its samples taken for real, and adds what it found to the report.
    ///
    /// `kept` are the samples of the whole batch with their graph; without them each part is generated again, so
    /// that there is never more than one part's graph.
    pub(super) fn step_generator(
        &mut self,
        batch: &TrainingBatch<D, C>,
        mut kept: Option<Tensor<D>>,
        report: StepReport,
    ) -> Result<StepReport, GanError> {
        // Through the discriminator, not into it: its weights get no gradient here, and its running
        // statistics belong to its own training passes.
        let discriminator = fork(&self.state.discriminator).no_grad();
        let mut gradients = GradientsAccumulator::new();
        let mut losses = Vec::new();
        for part in &batch.parts {
            let condition = part.condition(&batch.condition);
            let fake = match kept.take() {
                Some(fake) => fake,
                None => {
                    let latent = part.of(&batch.latent);
                    self.generate(&self.state.generator, latent, &condition)?
                }
            };
            let logits_fake = self.logits(&discriminator, fake, &condition)?;
            let logits_real = || discriminator.logits(part.of(&batch.real), &condition);
            let loss = self.loss.generator(logits_fake, &logits_real).mean();
            let found = part.share(loss.clone()).backward();
            let found = GradientsParams::from_grads(found, &self.state.generator);
            gradients.accumulate(&self.state.generator, found);
            losses.push(loss.without_autodiff());
        }

        let bounded = bound_norm(
            &self.state.generator,
            gradients.grads(),
            self.config.gradient_clip,
        );
        self.state.generator = self.state.generator_optimizer.step(
            self.learning_rate(self.config.generator_learning_rate),
            self.state.generator.clone(),
            bounded.gradients,
        );
        if let Some(ema) = &mut self.state.ema {
            ema.blend(&self.state.generator);
        }
        Ok(report
            .with_loss_generator(mean_of_parts(losses, &batch.parts))
            .with_gradient_norm_generator(bounded.norm))
    }
}
