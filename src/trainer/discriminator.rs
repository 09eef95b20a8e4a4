//! The discriminator's half of a step.

use std::cell::RefCell;

use burn::optim::{GradientsAccumulator, GradientsParams};
use burn::tensor::Tensor;

use super::augmented::{Changes, changed};
use super::config::PenaltyPlace;
use super::micro_batch::{Part, TrainingBatch, joined, mean_of_parts};
use super::penalties::{Penalized, Penalties};
use super::players::Players;
use super::reported::Reported;
use super::rules::{Half, Rules};
use super::transaction::Turn;
use crate::batch::Condition;
use crate::gan_error::GanError;
use crate::kernel;
use crate::network::{Discriminator, Generator};
use crate::objective::{Networks, Round, Seen, Terms, Tracked};
use crate::penalty::Change;
use crate::random::{Purpose, Stream};
use crate::report::StepReport;

/// What the discriminator's half of a step starts from, for the whole batch.
struct Given<'a, const D: usize, N, C> {
    /// Generated samples without a graph.
    fake: &'a Tensor<D>,
    changes: Option<&'a Changes>,
    seen: Option<&'a Seen<D>>,
    /// The penalties of this step, and the points of each.
    due: Option<(&'a Penalties<D, N, C>, &'a [Tensor<D>])>,
}

/// What a part of a batch gives before its backward pass.
struct Evaluated {
    logits_real: Tensor<1>,
    logits_fake: Tensor<1>,
    terms: Terms,
    penalized: Option<Penalized>,
    tracked: Vec<Tracked>,
}

/// What the whole batch gave.
struct Learned {
    gradients: GradientsParams,
    report: StepReport,
    tracked: Vec<Tracked>,
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
        let Learned {
            gradients,
            report,
            tracked,
        } = self.discriminator_gradients(players, turn, batch, fake)?;
        players.averages.take_in(tracked);
        let rate = self.learning_rate(self.config.discriminator_learning_rate, turn);
        let norm = players.discriminator.step_by(gradients, rate);
        Ok(report.with_gradient_norm_discriminator(norm))
    }

    /// The gradients of objective and penalties, and what was found on the way.
    fn discriminator_gradients(
        &self,
        players: &Players<G, N>,
        turn: Turn,
        batch: &TrainingBatch<D, C>,
        fake: Tensor<D>,
    ) -> Result<Learned, GanError> {
        let step = turn.step;
        let discriminator = players.discriminator.network();
        let interval = self.config.penalty_interval as f64;
        let penalty_weight = self.config.penalty_schedule.at(step);
        // Those of the whole batch, whatever the number of its parts.
        let penalties = self.due_penalties(step);
        let mut random = Stream::new(self.config.seed, Purpose::Penalty, step as u64);
        let (shape, device) = (batch.real.dims(), batch.real.device());
        let probability = batch.augmentation_probability.unwrap_or(1.0);
        let changes = Changes::draw(
            &self.config,
            probability,
            turn,
            Half::Discriminator,
            shape,
            &device,
        );
        let seen = changes
            .as_ref()
            .map(|changes| changes.seen(&batch.real, &fake));
        let (real, generated) = match (&seen, self.config.penalty_place) {
            (Some(seen), PenaltyPlace::Changed) => (&seen.real, &seen.generated),
            _ => (&batch.real, &fake),
        };
        let points = penalties
            .map(|penalties| penalties.points(real, generated, &mut random))
            .transpose()?;
        let half = Given {
            fake: &fake,
            changes: changes.as_ref(),
            seen: seen.as_ref(),
            due: penalties.zip(points.as_deref()),
        };
        let random = self.random(turn, Half::Discriminator);
        let mut gradients = GradientsAccumulator::new();
        let (mut reported, mut costs) = (Reported::default(), Vec::new());
        let (mut all_real, mut all_fake) = (Vec::new(), Vec::new());
        let mut all_tracked = Vec::new();
        for part in &batch.parts {
            let evaluate = || self.evaluate(players, batch, part, &half, &random);
            // Penalties at the samples themselves find what their losses have computed.
            let Evaluated {
                logits_real,
                logits_fake,
                terms,
                penalized,
                tracked,
            } = match half.due {
                Some(_) => kernel::computing_once(evaluate)?,
                None => evaluate()?,
            };
            let mut total = reported.add(&terms);
            if let Some(Penalized { surrogate, cost }) = penalized {
                let surrogate = surrogate * penalty_weight * interval;
                total = Some(match total {
                    Some(loss) => loss + surrogate,
                    None => surrogate,
                });
                costs.push(cost * penalty_weight);
            }
            if let Some(total) = total {
                let found = part.share(total).backward();
                let found = GradientsParams::from_grads(found, discriminator);
                gradients.accumulate(discriminator, found);
            }
            all_tracked.extend(part.of_tracked(tracked));
            all_real.push(logits_real.without_autodiff());
            all_fake.push(logits_fake.without_autodiff());
        }

        let penalty = points.map(|_| mean_of_parts(costs, &batch.parts));
        let (real, fake) = (joined(all_real), joined(all_fake));
        let loss = reported.loss(&batch.parts);
        let loss = loss.unwrap_or_else(|| Tensor::zeros([1], &real.device()));
        let report = StepReport::new(step, loss, real, fake)
            .with_logits_are_log_odds(self.objective.logits_are_log_odds())
            .with_penalty(penalty)
            .with_terms_discriminator(reported.terms(&batch.parts));
        Ok(Learned {
            gradients: gradients.grads(),
            report,
            tracked: all_tracked,
        })
    }

    /// Objective and penalties of a part of the batch, with their graph.
    fn evaluate(
        &self,
        players: &Players<G, N>,
        batch: &TrainingBatch<D, C>,
        part: &Part,
        half: &Given<D, N, C>,
        random: &RefCell<Stream>,
    ) -> Result<Evaluated, GanError> {
        let discriminator = players.discriminator.network();
        let networks = Networks {
            generator: players.generator.network(),
            discriminator,
        };
        let round = Round::new(
            networks,
            part.of(&batch.real),
            part.of(half.fake),
            part.of(&batch.latent),
            part.condition(&batch.condition),
            random,
        );
        let round = round.with_averages(&players.averages);
        let round = round.seen_as(half.seen.map(|seen| Seen {
            real: part.of(&seen.real),
            generated: part.of(&seen.generated),
        }));
        let terms = self.objective.discriminator(&round)?;
        let through = match self.config.penalty_place {
            PenaltyPlace::Unchanged => half.changes.map(|changes| part.of_changes(&changes.real)),
            PenaltyPlace::Changed => None,
        };
        let through = through.map(|change| move |points| changed(&change, points));
        let penalized = half.due.map(|(penalties, points)| {
            let points = points.iter().map(|points| part.of(points)).collect();
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
    fn due_penalties(&self, step: usize) -> Option<&Penalties<D, N, C>> {
        let due = step.is_multiple_of(self.config.penalty_interval);
        self.penalties.as_ref().filter(|_| due)
    }
}
