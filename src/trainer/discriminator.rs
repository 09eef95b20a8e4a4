//! The discriminator's half of a step.

use std::cell::RefCell;

use burn::optim::{GradientsAccumulator, GradientsParams};
use burn::tensor::Tensor;

use super::augmented::changed;
use super::config::PenaltyPlace;
use super::found::{Found, FoundInBatch};
use super::micro_batch::{Part, TrainingBatch, joined, mean_of_parts};
use super::penalties::{Penalized, Penalties};
use super::players::Players;
use super::rules::{Half, Rules};
use super::transaction::Turn;
use crate::augment::Transformation;
use crate::batch::Condition;
use crate::gan_error::GanError;
use crate::kernel;
use crate::network::{Discriminator, Generator};
use crate::objective::{MovingAverages, Networks, Round, Seen, Terms, Tracked};
use crate::penalty::Change;
use crate::random::{Purpose, Stream};
use crate::report::StepReport;

/// What a part of a batch is in the discriminator's half of a step, on the device that it goes through.
pub(super) struct DiscriminatorInput<const D: usize, C> {
    pub real: Tensor<D>,
    /// Generated samples without a graph.
    pub fake: Tensor<D>,
    pub latent: Tensor<2>,
    pub condition: C,
    pub seen: Option<Seen<D>>,
    /// The changes of the real samples, where penalties are taken through them.
    pub through: Option<Transformation>,
    /// The points of each penalty, in a step with penalties.
    pub points: Option<Vec<Tensor<D>>>,
}

/// What a part of a batch gives before its backward pass.
struct Evaluated {
    logits_real: Tensor<1>,
    logits_fake: Tensor<1>,
    terms: Terms,
    penalized: Option<Penalized>,
    tracked: Vec<Tracked>,
}

/// What a part of a batch gives in the discriminator's half of a step.
pub(super) struct FoundByDiscriminator {
    pub logits_real: Tensor<1>,
    pub logits_fake: Tensor<1>,
    /// The mean cost of the penalties.
    pub cost: Option<Tensor<1>>,
    pub found: Found,
}

/// What the whole batch gave.
#[derive(Default)]
pub(super) struct FoundByDiscriminatorInBatch {
    real: Vec<Tensor<1>>,
    fake: Vec<Tensor<1>>,
    costs: Vec<Tensor<1>>,
    pub found: FoundInBatch,
}

impl<const D: usize, G, N, C> Rules<D, G, N, C>
where
    C: Condition,
    G: Generator<D, C>,
    N: Discriminator<D, C>,
{
    /// Learns to tell the real samples from `fake`, as many generated ones without a graph.
    pub(super) fn step_discriminator(
        &self,
        players: &mut Players<G, N>,
        turn: Turn,
        batch: &TrainingBatch<D, C>,
        fake: Tensor<D>,
    ) -> Result<StepReport, GanError> {
        let changes = self.changes(turn, Half::Discriminator, batch);
        let seen = changes
            .as_ref()
            .map(|changes| changes.seen(&batch.real, &fake));
        let points = self.points(turn, batch, &fake, seen.as_ref())?;
        let random = self.random(turn, Half::Discriminator);
        let mut gradients = GradientsAccumulator::new();
        let mut all = FoundByDiscriminatorInBatch::default();
        let discriminator = players.discriminator.network();
        for part in &batch.parts {
            let given = DiscriminatorInput {
                real: part.of(&batch.real),
                fake: part.of(&fake),
                latent: part.of(&batch.latent),
                condition: part.condition(&batch.condition),
                seen: seen.as_ref().map(|seen| Seen {
                    real: part.of(&seen.real),
                    generated: part.of(&seen.generated),
                }),
                through: self.through(changes.as_ref().map(|all| part.of_changes(&all.real))),
                points: points
                    .as_ref()
                    .map(|points| points.iter().map(|points| part.of(points)).collect()),
            };
            let networks = Networks {
                generator: players.generator.network(),
                discriminator,
            };
            let found =
                self.discriminator_part(networks, &players.averages, turn, part, given, &random)?;
            if let Some(found) = all.add(part, found) {
                gradients.accumulate(discriminator, found);
            }
        }
        Ok(self.discriminator_learns(players, turn, &batch.parts, all, gradients.grads()))
    }

    /// The discriminator's step along the gradient of the whole batch, and the report of its half.
    pub(super) fn discriminator_learns(
        &self,
        players: &mut Players<G, N>,
        turn: Turn,
        parts: &[Part],
        all: FoundByDiscriminatorInBatch,
        gradients: GradientsParams,
    ) -> StepReport {
        let FoundInBatch { reported, tracked } = all.found;
        let penalty = (!all.costs.is_empty()).then(|| mean_of_parts(all.costs, parts));
        let (real, fake) = (joined(all.real), joined(all.fake));
        let loss = reported.loss(parts);
        let loss = loss.unwrap_or_else(|| Tensor::zeros([1], &real.device()));
        let report = StepReport::new(turn.step, loss, real, fake)
            .with_logits_are_log_odds(self.objective.logits_are_log_odds())
            .with_penalty(penalty)
            .with_terms_discriminator(reported.terms(parts));
        players.averages.take_in(tracked);
        let rate = self.learning_rate(self.config.discriminator_learning_rate, turn);
        let norm = players.discriminator.step_by(gradients, rate);
        report.with_gradient_norm_discriminator(norm)
    }

    /// The points of the penalties, where this step has any: those of the whole batch, whatever the number of its parts.
    pub(super) fn points(
        &self,
        turn: Turn,
        batch: &TrainingBatch<D, C>,
        fake: &Tensor<D>,
        seen: Option<&Seen<D>>,
    ) -> Result<Option<Vec<Tensor<D>>>, GanError> {
        let mut random = Stream::new(self.config.seed, Purpose::Penalty, turn.step as u64);
        let (real, generated) = match (seen, self.config.penalty_place) {
            (Some(seen), PenaltyPlace::Changed) => (&seen.real, &seen.generated),
            _ => (&batch.real, fake),
        };
        self.due_penalties(turn.step)
            .map(|penalties| penalties.points(real, generated, &mut random))
            .transpose()
    }

    /// The changes of real samples that penalties go through, where they do.
    pub(super) fn through(&self, changes: Option<Transformation>) -> Option<Transformation> {
        match self.config.penalty_place {
            PenaltyPlace::Unchanged => changes,
            PenaltyPlace::Changed => None,
        }
    }

    /// The gradients of objective and penalties on a part of the batch, and what was found on the way.
    pub(super) fn discriminator_part(
        &self,
        networks: Networks<G, N>,
        averages: &MovingAverages,
        turn: Turn,
        part: &Part,
        given: DiscriminatorInput<D, C>,
        random: &RefCell<Stream>,
    ) -> Result<FoundByDiscriminator, GanError> {
        let discriminator = networks.discriminator;
        let interval = self.config.penalty_interval as f64;
        let weight = self.config.penalty_schedule.at(turn.step);
        let is_penalized = given.points.is_some();
        let evaluate = || self.evaluate(networks, averages, turn, given, random);
        // Penalties at the samples themselves find what their losses have computed.
        let Evaluated {
            logits_real,
            logits_fake,
            terms,
            penalized,
            tracked,
        } = if is_penalized {
            kernel::computing_once(evaluate)?
        } else {
            evaluate()?
        };
        let loss = terms.total();
        let mut total = loss.clone();
        let mut cost = None;
        if let Some(penalized) = penalized {
            let surrogate = penalized.surrogate * weight * interval;
            total = Some(match total {
                Some(loss) => loss + surrogate,
                None => surrogate,
            });
            cost = Some(penalized.cost * weight);
        }
        Ok(FoundByDiscriminator {
            logits_real: logits_real.without_autodiff(),
            logits_fake: logits_fake.without_autodiff(),
            cost,
            found: Found::new(discriminator, part, terms, loss, total, tracked),
        })
    }

    /// Objective and penalties of a part of the batch, with their graph.
    fn evaluate(
        &self,
        networks: Networks<G, N>,
        averages: &MovingAverages,
        turn: Turn,
        given: DiscriminatorInput<D, C>,
        random: &RefCell<Stream>,
    ) -> Result<Evaluated, GanError> {
        let discriminator = networks.discriminator;
        let DiscriminatorInput {
            real,
            fake,
            latent,
            condition,
            seen,
            through,
            points,
        } = given;
        let round = Round::new(networks, real, fake, latent, condition, random);
        let round = round.with_averages(averages).seen_as(seen);
        let terms = self.objective.discriminator(&round)?;
        let through = through.map(|change| move |points| changed(&change, points));
        let due = self.due_penalties(turn.step).zip(points);
        let penalized = due.map(|(penalties, points)| {
            let through = through.as_ref().map(|change| change as Change<D>);
            penalties.evaluate_through(through, discriminator, points, &round.condition)
        });
        Ok(Evaluated {
            logits_real: round.real_outputs()?.logits.clone(),
            logits_fake: round.generated_outputs()?.logits.clone(),
            terms,
            penalized: penalized.transpose()?,
            tracked: round.tracked(),
        })
    }

    /// The penalties, where this step has any.
    pub(super) fn due_penalties(&self, step: usize) -> Option<&Penalties<D, N, C>> {
        let due = step.is_multiple_of(self.config.penalty_interval);
        self.penalties.as_ref().filter(|_| due)
    }
}

impl FoundByDiscriminatorInBatch {
    /// Takes in what a part gave; returns its gradients, where it has any.
    pub fn add(&mut self, part: &Part, found: FoundByDiscriminator) -> Option<GradientsParams> {
        self.real.push(found.logits_real);
        self.fake.push(found.logits_fake);
        self.costs.extend(found.cost);
        self.found.add(part, found.found)
    }
}
