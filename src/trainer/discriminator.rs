//! The discriminator's half of a step.

use burn::optim::{GradientsAccumulator, GradientsParams};
use burn::tensor::Tensor;

use super::clip::clip_weights;
use super::gan::GanTrainer;
use super::gradients::bound_norm;
use super::micro_batch::{Part, TrainingBatch, joined, mean_of_parts};
use super::penalties::{Penalized, Penalties};
use crate::batch::Condition;
use crate::gan_error::GanError;
use crate::kernel;
use crate::network::{Discriminator, Generator};
use crate::nn::{advance_spectral_norms, has_spectral_norm};
use crate::random::{Purpose, Stream};
use crate::report::StepReport;

/// What a part of a batch gives before its backward pass.
struct Evaluated {
    logits_real: Tensor<1>,
    logits_fake: Tensor<1>,
    /// Mean over the samples, without penalties.
    loss: Tensor<1>,
    penalized: Option<Penalized>,
}

impl<const D: usize, G, N, C> GanTrainer<D, G, N, C>
where
    C: Condition,
    G: Generator<D, C>,
    N: Discriminator<D, C>,
{
    /// Learns to tell the real samples from `fake`, as many generated ones without a graph.
    pub(super) fn step_discriminator(
        &mut self,
        batch: &TrainingBatch<D, C>,
        fake: Tensor<D>,
    ) -> Result<StepReport, GanError> {
        let (gradients, report) = self.discriminator_gradients(batch, fake)?;
        let norm = self.update_discriminator(gradients);
        Ok(report.with_gradient_norm_discriminator(norm))
    }

    /// The gradients of loss and penalties, and what was found on the way.
    fn discriminator_gradients(
        &self,
        batch: &TrainingBatch<D, C>,
        fake: Tensor<D>,
    ) -> Result<(GradientsParams, StepReport), GanError> {
        let step = self.state.steps;
        let discriminator = &self.state.discriminator;
        let interval = self.config.penalty_interval as f64;
        let penalty_weight = self.config.penalty_schedule.at(step);
        // Those of the whole batch, whatever the number of its parts.
        let penalties = self.due_penalties();
        let mut random = Stream::new(self.config.seed, Purpose::Penalty, step as u64);
        let points = penalties
            .map(|penalties| penalties.points(&batch.real, &fake, &mut random))
            .transpose()?;
        let mut gradients = GradientsAccumulator::new();
        let (mut losses, mut costs) = (Vec::new(), Vec::new());
        let (mut all_real, mut all_fake) = (Vec::new(), Vec::new());
        for part in &batch.parts {
            let due = penalties.zip(points.as_deref());
            let evaluate = || self.evaluate(discriminator, batch, part, &fake, due);
            // Penalties at the samples themselves find what their losses have computed.
            let Evaluated {
                logits_real,
                logits_fake,
                loss,
                penalized,
            } = match due {
                Some(_) => kernel::computing_once(evaluate)?,
                None => evaluate()?,
            };
            let mut total = loss.clone();
            if let Some(Penalized { surrogate, cost }) = penalized {
                total = total + surrogate * penalty_weight * interval;
                costs.push(cost * penalty_weight);
            }
            let found = part.share(total).backward();
            let found = GradientsParams::from_grads(found, discriminator);
            gradients.accumulate(discriminator, found);
            losses.push(loss.without_autodiff());
            all_real.push(logits_real.without_autodiff());
            all_fake.push(logits_fake.without_autodiff());
        }

        let penalty = points.map(|_| mean_of_parts(costs, &batch.parts));
        let report = StepReport::new(
            step,
            mean_of_parts(losses, &batch.parts),
            joined(all_real),
            joined(all_fake),
        )
        .with_logits_are_log_odds(self.loss.logits_are_log_odds())
        .with_penalty(penalty);
        Ok((gradients.grads(), report))
    }

    /// Loss and penalties of a part of the batch, with their graph.
    fn evaluate(
        &self,
        discriminator: &N,
        batch: &TrainingBatch<D, C>,
        part: &Part,
        fake: &Tensor<D>,
        due: Option<(&Penalties<D, N, C>, &[Tensor<D>])>,
    ) -> Result<Evaluated, GanError> {
        let condition = part.condition(&batch.condition);
        let logits_real = self.logits(discriminator, part.of(&batch.real), &condition)?;
        let logits_fake = self.logits(discriminator, part.of(fake), &condition)?;
        let loss = self
            .loss
            .discriminator(logits_real.clone(), logits_fake.clone())
            .mean();
        let penalized = due.map(|(penalties, points)| {
            let points = points.iter().map(|points| part.of(points)).collect();
            penalties.evaluate(discriminator, points, &condition)
        });
        Ok(Evaluated {
            logits_real,
            logits_fake,
            loss,
            penalized: penalized.transpose()?,
        })
    }

    /// Steps by these gradients; returns their norm.
    fn update_discriminator(&mut self, gradients: GradientsParams) -> Tensor<1> {
        let discriminator = self.state.discriminator.clone();
        let bounded = bound_norm(&discriminator, gradients, self.config.gradient_clip);
        let discriminator = self.state.discriminator_optimizer.step(
            self.learning_rate(self.config.discriminator_learning_rate),
            discriminator,
            bounded.gradients,
        );
        let discriminator = match self.config.weight_clip {
            Some(bound) => clip_weights(discriminator, bound),
            None => discriminator,
        };
        self.state.discriminator = if has_spectral_norm(&discriminator) {
            advance_spectral_norms(discriminator, 1)
        } else {
            discriminator
        };
        bounded.norm
    }

    /// The penalties, where this step has any.
    fn due_penalties(&self) -> Option<&Penalties<D, N, C>> {
        let due = self
            .state
            .steps
            .is_multiple_of(self.config.penalty_interval);
        self.penalties.as_ref().filter(|_| due)
    }
}
