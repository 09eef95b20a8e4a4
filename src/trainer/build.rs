//! A [`GanTrainer`] from its configuration.

use super::config::GanTrainerConfig;
use super::dry_run::dry_run;
use super::gan::GanTrainer;
use super::penalties::push_penalty;
use super::state::State;
use crate::batch::{Batch, Condition};
use crate::gan_error::GanError;
use crate::kernel;
use crate::module_tree::module_device;
use crate::network::{Discriminator, Generator};
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
        kernel::remark(&module_device(&discriminator));
        let loss = self.loss.build()?;
        dry_run(&generator, &discriminator, example)?;
        let mut penalties = None;
        for penalty in &self.penalties {
            let penalty = penalty.build()?;
            push_penalty(
                &mut penalties,
                penalty,
                self.penalty_method,
                &discriminator,
                example,
            )?;
        }
        let generator = generator.train();
        // The generator takes one step in so many of the trainer's, whose steps are what schedules count.
        let ema = self
            .ema
            .as_ref()
            .map(|ema| ema.init_every(self.critic_steps, &generator))
            .transpose()?;
        let generator_rule = self.generator_optimizer.rule_every(self.critic_steps)?;
        let discriminator_rule = self.discriminator_optimizer.rule_every(1)?;
        // What they are set to is in the configuration, which checkpoints record too.
        let optimizer = |rule: UpdateRule| NetworkOptimizer::new(rule.without_settings());
        let state = State {
            generator,
            discriminator: discriminator.train(),
            generator_optimizer: optimizer(generator_rule),
            discriminator_optimizer: optimizer(discriminator_rule),
            ema,
            steps: 0,
            learning_rate_factor: 1.0,
        };
        Ok(GanTrainer::new(
            self.clone(),
            loss,
            penalties,
            state,
            example,
        ))
    }
}
