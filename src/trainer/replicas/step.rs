//! One step of a trainer whose batches go to several devices.

use burn::module::Module;
use burn::tensor::Tensor;

use super::Replicas;
use super::reduction::{merged, reduced};
use super::replica::{Order, Pending, Replica};
use super::work::{DiscriminatorOrder, GeneratorOrder, Learned, SamplesOrder, SentNetwork};
use crate::batch::{Batch, Condition};
use crate::gan_error::GanError;
use crate::network::{Discriminator, Generator};
use crate::report::StepReport;
use crate::trainer::augmented::{self, Changes};
use crate::trainer::discriminator::FoundByDiscriminatorInBatch;
use crate::trainer::found::FoundInBatch;
use crate::trainer::micro_batch::{Part, TrainingBatch, joined};
use crate::trainer::player::Player;
use crate::trainer::players::Players;
use crate::trainer::rules::{Half, Rules, on_device};
use crate::trainer::transaction::Turn;

/// The name of its number in reports, `replicas.count`.
const GROUP: &str = "replicas";
const COUNT: &str = "count";

impl<const D: usize, G, N, C> Rules<D, G, N, C>
where
    C: Condition,
    G: Generator<D, C>,
    N: Discriminator<D, C>,
{
    /// One step on a batch that fits, a part of it on each replica.
    pub(super) fn advance_on(
        &self,
        replicas: &Replicas<D, G, N, C>,
        players: &mut Players<G, N>,
        turn: Turn,
        batch: Batch<D, C>,
    ) -> Result<StepReport, GanError> {
        let batch = self.training_batch(players, turn, batch, replicas.list.len())?;
        let fakes = self.generate_on(replicas, players, turn, &batch)?;
        let changes = self.changes(turn, Half::Discriminator, &batch);
        let points = match fakes {
            Some(fakes) => {
                let seen = changes
                    .as_ref()
                    .map(|changes| changes.seen(&batch.real, &fakes));
                self.points(turn, &batch, &fakes, seen.as_ref())?
            }
            None => None,
        };
        let order = |replica: &Replica<_, _, _, _>, index, part: &Part| {
            let points = points.as_ref();
            let given = DiscriminatorOrder {
                rules: self.clone(),
                discriminator: SentNetwork::of(&players.discriminator),
                averages: players.averages.clone(),
                turn,
                part: *part,
                index,
                real: part.of(&batch.real),
                changes: changes.as_ref().map(|changes| changes.of(part)),
                points: points.map(|points| points.iter().map(|points| part.of(points)).collect()),
            };
            replica.order(|to| Order::Discriminator(given, to))
        };
        let during = format!("the discriminator's half of step {}", turn.step);
        let learned = replicas.answers(&batch.parts, order, &during)?;

        let (all, ranks) = Ranks::of(learned);
        let gradients = ranks.into_player(&mut players.discriminator, &batch.parts);
        let mut found = FoundByDiscriminatorInBatch::default();
        for (part, of_part) in batch.parts.iter().zip(all) {
            found.add(part, of_part);
        }
        let report = self.discriminator_learns(players, turn, &batch.parts, found, gradients);
        let report = augmented::reported(report, batch.augmentation_probability, players);
        let report = if self.is_generator_turn(turn) {
            self.generator_learns_on(replicas, players, turn, &batch, report)?
        } else {
            report
        };
        augmented::take_in(&report, &batch, players);
        let device = report.logits_real().device();
        let count = Tensor::from_floats([replicas.list.len() as f32], &device);
        Ok(report.with_number(GROUP, COUNT, count))
    }

    /// Generates each part's samples where they are needed; returns them all in a step that has penalties.
    fn generate_on(
        &self,
        replicas: &Replicas<D, G, N, C>,
        players: &Players<G, N>,
        turn: Turn,
        batch: &TrainingBatch<D, C>,
    ) -> Result<Option<Tensor<D>>, GanError> {
        let are_wanted = self.due_penalties(turn.step).is_some();
        let generate = |replica: &Replica<_, _, _, _>, _, part: &Part| {
            let given = SamplesOrder {
                rules: self.clone(),
                generator: SentNetwork::of(&players.generator),
                latent: part.of(&batch.latent),
                condition: part.condition(&batch.condition),
                are_wanted,
            };
            replica.order(|to| Order::Samples(given, to))
        };
        let during = format!("the samples of step {}", turn.step);
        let fakes = replicas.answers(&batch.parts, generate, &during)?;
        let fakes: Option<Vec<Tensor<D>>> = fakes.into_iter().collect();
        Ok(fakes.map(|fakes| on_device(joined(fakes), &batch.real.device())))
    }

    fn generator_learns_on(
        &self,
        replicas: &Replicas<D, G, N, C>,
        players: &mut Players<G, N>,
        turn: Turn,
        batch: &TrainingBatch<D, C>,
        report: StepReport,
    ) -> Result<StepReport, GanError> {
        let changes = self.changes(turn, Half::Generator, batch);
        let changes = changes.as_ref();
        let order = |replica: &Replica<_, _, _, _>, index, part: &Part| {
            let given = GeneratorOrder {
                rules: self.clone(),
                discriminator: SentNetwork::of(&players.discriminator),
                averages: players.averages.clone(),
                turn,
                part: *part,
                index,
                changes: changes.map(|changes: &Changes| changes.of(part)),
            };
            replica.order(|to| Order::Generator(given, to))
        };
        let during = format!("the generator's half of step {}", turn.step);
        let learned = replicas.answers(&batch.parts, order, &during)?;

        let (all, ranks) = Ranks::of(learned);
        let gradients = ranks.into_player(&mut players.generator, &batch.parts);
        let mut found = FoundInBatch::default();
        for (part, of_part) in batch.parts.iter().zip(all) {
            found.add(part, of_part);
        }
        let parts = &batch.parts;
        Ok(self.generator_learns(players, turn, parts, found, gradients, report))
    }
}

/// Gradients and buffers of all replicas, by rank.
struct Ranks {
    gradients: Vec<Option<super::reduction::FlatGradients>>,
    buffers: Vec<super::reduction::Buffers>,
}

impl Ranks {
    /// Those of what was learned, and the rest of it.
    fn of<T>(learned: Vec<Learned<T>>) -> (Vec<T>, Self) {
        let mut found = Vec::new();
        let mut ranks = Self {
            gradients: Vec::new(),
            buffers: Vec::new(),
        };
        for of_rank in learned {
            found.push(of_rank.found);
            ranks.gradients.push(of_rank.gradients);
            ranks.buffers.push(of_rank.buffers);
        }
        (found, ranks)
    }

    /// Brings the buffers into a player's network; returns the gradient of the whole batch.
    fn into_player<M: Module>(
        self,
        player: &mut Player<M>,
        parts: &[Part],
    ) -> burn::optim::GradientsParams {
        let gradients = reduced(player.network(), self.gradients);
        if let Some(network) = merged(player.network(), self.buffers, parts) {
            player.replace(network);
        }
        gradients
    }
}

impl<const D: usize, G, N, C> Replicas<D, G, N, C> {
    /// Gives an order for each part before it waits for the first, and returns the answers in the order of the ranks.
    fn answers<T>(
        &self,
        parts: &[Part],
        order: impl Fn(&Replica<D, G, N, C>, usize, &Part) -> Pending<T>,
        during: &str,
    ) -> Result<Vec<T>, GanError> {
        let parts = parts.iter().enumerate().zip(&self.list);
        let pending: Vec<Pending<T>> = parts
            .map(|((index, part), replica)| order(replica, index, part))
            .collect();
        let answers = pending.into_iter();
        answers
            .map(|pending| pending.wait(self.config.time_limit, during))
            .collect()
    }
}
