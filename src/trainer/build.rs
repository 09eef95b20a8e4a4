//! A [`GanTrainer`] from its configuration.

use std::sync::Arc;

use super::augmented;
use super::config::GanTrainerConfig;
use super::dry_run::{dry_run, first_sample};
use super::gan::GanTrainer;
use super::penalties::Penalties;
use super::player::Player;
use super::players::Players;
use super::rules::Rules;
use super::transaction::Transaction;
use crate::batch::{Batch, Condition};
use crate::gan_error::GanError;
use crate::kernel;
use crate::module_tree::module_device;
use crate::network::{Discriminator, Generator};
use crate::objective::{Adversarial, MovingAverages};
use crate::optimizer::{NetworkOptimizer, UpdateRule};

impl GanTrainerConfig {
    /// Builds the trainer for data like `example`, a batch of at least one real sample.
    ///
    /// Networks on a device without autodiff are moved onto one with it. Both networks run once on one
    /// sample, in their evaluation form, so that shapes that do not fit are found here. With penalties the
    /// discriminator runs a few times more, a copy of it in its training form.
    ///
    /// # Errors
    /// [`GanError::Config`] for a value out of range, [`GanError::Shape`] where the
    /// generator's samples, the discriminator's input or its logits do not have the shape that they must
    /// have, [`GanError::NetworkFailed`] where a network panics on the sample, [`GanError::Network`] where it refuses the
    /// example's condition, [`GanError::Batch`] for an example that is none, [`GanError::Penalty`] for a discriminator that the penalties cannot be computed for.
    pub fn init<const D: usize, C, G, N>(
        &self,
        generator: G,
        discriminator: N,
        example: &Batch<D, C>,
    ) -> Result<GanTrainer<D, G, N, C>, GanError>
    where
        C: Condition,
        G: Generator<D, C>,
        N: Discriminator<D, C>,
    {
        self.check()?;
        augmented::check(self, example.samples.dims())?;
        kernel::remark(&module_device(&discriminator));
        let loss = self.loss.build()?;
        dry_run(&generator, &discriminator, example)?;
        let mut penalties = None;
        for penalty in &self.penalties {
            let penalty = penalty.build()?;
            let all = match penalties.take() {
                Some(all) => all,
                None => Penalties::new(self.penalty_method, &discriminator, example)?,
            };
            penalties = Some(Penalties::with(all, penalty));
        }
        let generator_rule = self.generator_optimizer.rule_every(self.critic_steps)?;
        let discriminator_rule = self.discriminator_optimizer.rule_every(1)?;
        // What they are set to is in the configuration, which checkpoints record too.
        let optimizer = |rule: UpdateRule| NetworkOptimizer::new(rule.without_settings());
        let identity = generator.identity();
        let mut generator = Player::new(generator, optimizer(generator_rule))
            .with_identity(identity)
            .with_gradient_clip(self.gradient_clip)?;
        // The generator takes one step in so many of the trainer's, whose steps are what schedules count.
        generator.average = self
            .ema
            .as_ref()
            .map(|ema| ema.init_every(self.critic_steps, &generator.network))
            .transpose()?;
        let identity = discriminator.identity();
        let discriminator = Player::new(discriminator, optimizer(discriminator_rule))
            .with_identity(identity)
            .with_gradient_clip(self.gradient_clip)?
            .with_weight_clip(self.weight_clip)?;
        let example = first_sample(example, &module_device(&discriminator.network));
        let players = Players {
            generator,
            discriminator,
            averages: MovingAverages::new(),
            adaptive: augmented::adaptive(self),
        };
        Ok(GanTrainer {
            rules: Rules {
                config: self.clone(),
                objective: Arc::new(Adversarial(loss)),
                penalties,
                example,
            },
            players: Transaction::new(players, &self.finite_check)?,
            replicas: None,
        })
    }
}
