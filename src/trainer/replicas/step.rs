//! One step of a trainer whose batches go to several devices.

use burn::module::Module;
use burn::optim::GradientsParams;
use burn::tensor::Tensor;

use super::Replicas;
use super::reduction::{merged, reduced};
use super::replica::{Order, Pending, Replica};
use super::work::{DiscriminatorOrder, Learned, PartOrder, SamplesOrder, SentNetwork};
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
                of_part: self.part_order(players, turn, index, part, changes.as_ref()),
                real: part.of(&batch.real),
                points: points.map(|points| points.iter().map(|points| part.of(points)).collect()),
            };
            replica.order(|to| Order::Discriminator(given, to))
        };
        let during = format!("the discriminator's half of step {}", turn.step);
        let learned = replicas.answers(&batch.parts, order, &during)?;
        let mut found = FoundByDiscriminatorInBatch::default();
        let gradients = gathered(
            &mut players.discriminator,
            &batch.parts,
            learned,
            |part, of_part| {
                found.add(part, of_part);
            },
        );
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
        let order = |replica: &Replica<_, _, _, _>, index, part: &Part| {
            let given = self.part_order(players, turn, index, part, changes.as_ref());
            replica.order(|to| Order::Generator(given, to))
        };
        let during = format!("the generator's half of step {}", turn.step);
        let learned = replicas.answers(&batch.parts, order, &during)?;
        let mut found = FoundInBatch::default();
        let gradients = gathered(
            &mut players.generator,
            &batch.parts,
            learned,
            |part, of_part| {
                found.add(part, of_part);
            },
        );
        let parts = &batch.parts;
        Ok(self.generator_learns(players, turn, parts, found, gradients, report))
    }

    fn part_order(
        &self,
        players: &Players<G, N>,
        turn: Turn,
        index: usize,
        part: &Part,
        changes: Option<&Changes>,
    ) -> PartOrder<D, G, N, C> {
        PartOrder {
            rules: self.clone(),
            discriminator: SentNetwork::of(&players.discriminator),
            averages: players.averages.clone(),
            turn,
            part: *part,
            index,
            changes: changes.map(|changes| changes.of(part)),
        }
    }
}

/// Brings what the replicas have learned into one: their buffers into the player's network, the rest into `add`, each with its
/// part; returns the gradient of the whole batch.
fn gathered<M: Module, T>(
    player: &mut Player<M>,
    parts: &[Part],
    learned: Vec<Learned<T>>,
    mut add: impl FnMut(&Part, T),
) -> GradientsParams {
    let (mut gradients, mut buffers) = (Vec::new(), Vec::new());
    for (part, of_rank) in parts.iter().zip(learned) {
        add(part, of_rank.found);
        gradients.push(of_rank.gradients);
        buffers.push(of_rank.buffers);
    }
    let gradients = reduced(player.network(), gradients);
    if let Some(network) = merged(player.network(), buffers, parts) {
        player.replace(network);
    }
    gradients
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
