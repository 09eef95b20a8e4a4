//! The generator's half of a step.

use burn::optim::{GradientsAccumulator, GradientsParams};
use burn::tensor::Tensor;

use super::augmented::Changes;
use super::micro_batch::TrainingBatch;
use super::players::Players;
use super::reported::Reported;
use super::rules::{Half, Rules};
use super::transaction::Turn;
use crate::batch::Condition;
use crate::gan_error::GanError;
use crate::network::{Discriminator, Generator};
use crate::objective::{Networks, Round};
use crate::report::StepReport;

impl<const D: usize, G, N, C> Rules<D, G, N, C>
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
        &self,
        players: &mut Players<G, N>,
        turn: Turn,
        batch: &TrainingBatch<D, C>,
        mut kept: Option<Tensor<D>>,
        report: StepReport,
    ) -> Result<StepReport, GanError> {
        // Through the discriminator, not into it: its weights get no gradient here, and its running
        // statistics belong to its own training passes.
        let discriminator = players.discriminator.frozen();
        let generator = players.generator.network();
        let random = self.random(turn, Half::Generator);
        let mut gradients = GradientsAccumulator::new();
        let (mut reported, mut tracked) = (Reported::default(), Vec::new());
        let (shape, device) = (batch.real.dims(), batch.real.device());
        let probability = batch.augmentation_probability.unwrap_or(1.0);
        let changes = Changes::draw(
            &self.config,
            probability,
            turn,
            Half::Generator,
            shape,
            &device,
        );
        for part in &batch.parts {
            let condition = part.condition(&batch.condition);
            let latent = part.of(&batch.latent);
            let generated = match kept.take() {
                Some(generated) => generated,
                None => self.generate(generator, latent.clone(), &condition)?,
            };
            let networks = Networks {
                generator,
                discriminator: &discriminator,
            };
            let real = part.of(&batch.real);
            let seen = changes
                .as_ref()
                .map(|changes| changes.of(part).seen(&real, &generated));
            let round = Round::new(networks, real, generated, latent, condition, &random);
            let round = round.seen_as(seen).with_averages(&players.averages);
            let terms = self.objective.generator(&round)?;
            tracked.extend(part.of_tracked(round.tracked()));
            if let Some(total) = reported.add(&terms) {
                let found = part.share(total).backward();
                let found = GradientsParams::from_grads(found, generator);
                gradients.accumulate(generator, found);
            }
        }

        players.averages.take_in(tracked);
        let rate = self.learning_rate(self.config.generator_learning_rate, turn);
        let norm = players.generator.step_by(gradients.grads(), rate);
        let loss = reported.loss(&batch.parts);
        Ok(report
            .with_loss_generator(loss)
            .with_gradient_norm_generator(norm)
            .with_terms_generator(reported.terms(&batch.parts)))
    }
}
