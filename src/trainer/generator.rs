//! The generator's half of a step.

use std::cell::RefCell;

use burn::optim::{GradientsAccumulator, GradientsParams};
use burn::tensor::Tensor;

use super::augmented::Changes;
use super::found::{Found, FoundInBatch};
use super::micro_batch::{Part, TrainingBatch};
use super::players::Players;
use super::rules::{Half, Rules};
use super::transaction::Turn;
use crate::batch::Condition;
use crate::gan_error::GanError;
use crate::network::{Discriminator, Generator};
use crate::objective::{MovingAverages, Networks, Round};
use crate::random::Stream;
use crate::report::StepReport;

/// What a part of a batch is in the generator's half of a step, on the device that it goes through.
pub(super) struct GeneratorInput<const D: usize, C> {
    pub real: Tensor<D>,
    /// Generated samples with their graph.
    pub generated: Tensor<D>,
    pub latent: Tensor<2>,
    pub condition: C,
    pub changes: Option<Changes>,
}

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
        let changes = self.changes(turn, Half::Generator, batch);
        let mut gradients = GradientsAccumulator::new();
        let mut all = FoundInBatch::default();
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
            let given = GeneratorInput {
                real: part.of(&batch.real),
                generated,
                latent,
                condition,
                changes: changes.as_ref().map(|changes| changes.of(part)),
            };
            let found = self.generator_part(networks, &players.averages, part, given, &random)?;
            if let Some(found) = all.add(part, found) {
                gradients.accumulate(generator, found);
            }
        }
        let parts = &batch.parts;
        Ok(self.generator_learns(players, turn, parts, all, gradients.grads(), report))
    }

    /// The gradients of the generator's terms on a part of the batch, and what was found on the way.
    pub(super) fn generator_part(
        &self,
        networks: Networks<G, N>,
        averages: &MovingAverages,
        part: &Part,
        given: GeneratorInput<D, C>,
        random: &RefCell<Stream>,
    ) -> Result<Found, GanError> {
        let generator = networks.generator;
        let GeneratorInput {
            real,
            generated,
            latent,
            condition,
            changes,
        } = given;
        let seen = changes.map(|changes| changes.seen(&real, &generated));
        let round = Round::new(networks, real, generated, latent, condition, random);
        let round = round.seen_as(seen).with_averages(averages);
        let terms = self.objective.generator(&round)?;
        let (loss, tracked) = (terms.total(), round.tracked());
        let total = loss.clone();
        Ok(Found::new(generator, part, terms, loss, total, tracked))
    }

    /// The generator's step along the gradient of the whole batch, and its part of the report.
    pub(super) fn generator_learns(
        &self,
        players: &mut Players<G, N>,
        turn: Turn,
        parts: &[Part],
        all: FoundInBatch,
        gradients: GradientsParams,
        report: StepReport,
    ) -> StepReport {
        players.averages.take_in(all.tracked);
        let rate = self.learning_rate(self.config.generator_learning_rate, turn);
        let norm = players.generator.step_by(gradients, rate);
        let loss = all.reported.loss(parts);
        report
            .with_loss_generator(loss)
            .with_gradient_norm_generator(norm)
            .with_terms_generator(all.reported.terms(parts))
    }
}
