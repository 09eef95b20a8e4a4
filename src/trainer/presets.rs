//! The papers' hyper-parameters as configurations.

use burn::optim::AdamConfig;

use super::config::GanTrainerConfig;
use crate::ema::{EmaConfig, EmaDecay};
use crate::loss::Loss;
use crate::optimizer::{OptimizerConfig, ScheduledAdamConfig};
use crate::penalty::Penalty;
use crate::schedule::Schedule;

/// Images that R3GAN's schedules run over (its released code: 2e7 for CIFAR-10 and FFHQ), and its batch.
const R3GAN_IMAGES: usize = 20_000_000;
const R3GAN_BATCH: usize = 256;
/// Images in which R3GAN's average forgets half (its released code for FFHQ).
const R3GAN_HALF_LIFE: usize = 500_000;

impl GanTrainerConfig {
    /// DCGAN (Radford, Metz and Chintala 2016, section 4): Adam with beta_1 = 0.5 and a learning rate of
    /// 2e-4 for both networks. The same as [`GanTrainerConfig::new`].
    pub fn dcgan() -> Self {
        Self::new()
    }

    /// WGAN-GP (Gulrajani et al. 2017, algorithm 1): lambda 10, five critic steps, Adam with a learning rate
    /// of 1e-4, beta_1 = 0, beta_2 = 0.9.
    pub fn wgan_gp() -> Self {
        Self::new()
            .with_loss(Loss::Wasserstein)
            .with_penalties(vec![Penalty::WassersteinGp { weight: 10.0 }])
            .with_critic_steps(5)
            .with_adam(0.0, 0.9)
            .with_learning_rates(1e-4)
    }

    /// SNGAN (Miyato et al. 2018, section 4 and table 1): hinge loss, five critic steps, Adam with a learning
    /// rate of 2e-4, beta_1 = 0, beta_2 = 0.9. The discriminator brings the spectral normalisation.
    pub fn sngan() -> Self {
        Self::new()
            .with_loss(Loss::Hinge)
            .with_critic_steps(5)
            .with_adam(0.0, 0.9)
            .with_learning_rates(2e-4)
    }

    /// R3GAN (Huang et al. 2024, appendix on hyper-parameters, and its released code for FFHQ-64):
    /// relativistic pairing, R1 and R2 with gamma from 2 to 0.2, Adam with beta_1 = 0 and beta_2 from 0.9 to
    /// 0.99, learning rates from 2e-4 to 5e-5, an average with a half-life from 0 to 500,000 images, all along
    /// a cosine over 20 million images in batches of 256.
    ///
    /// Gamma depends on the data above all (0.05 for CIFAR-10, 150 for FFHQ-256 there). For a shorter run
    /// shorten the schedules with [`GanTrainerConfig::with_burn_in`].
    pub fn r3gan() -> Self {
        let steps = R3GAN_IMAGES / R3GAN_BATCH;
        let cosine = |from, to| Schedule::CosineBurnIn { from, to, steps };
        let adam = OptimizerConfig::ScheduledAdam(ScheduledAdamConfig::new(cosine(0.9, 0.99)));
        let half_life = R3GAN_HALF_LIFE as f64 / R3GAN_BATCH as f64;
        Self::new()
            .with_loss(Loss::RelativisticPaired)
            .with_penalties(vec![Penalty::R1 { gamma: 2.0 }, Penalty::R2 { gamma: 2.0 }])
            .with_penalty_schedule(cosine(1.0, 0.1))
            .with_generator_optimizer(adam.clone())
            .with_discriminator_optimizer(adam)
            .with_learning_rates(2e-4)
            .with_learning_rate_schedule(cosine(1.0, 0.25))
            .with_ema(Some(
                EmaConfig::new().with_decay(EmaDecay::HalfLife(cosine(0.0, half_life))),
            ))
    }

    /// This library's own, for small images (about 32x32) in some thousand steps: R3GAN's loss, penalties and betas (0 and
    /// 0.99) with what a short run needs beside them, measured in docs/tuning.md of the repository.
    ///
    /// | value | R3GAN | here |
    /// |---|---|---|
    /// | learning rates | 2e-4 to 5e-5 for both | 4e-3 (generator) and 2e-3, to a twentieth along a line over `steps` |
    /// | gamma | 0.05 to 150 by data set | 1 |
    /// | penalties | every step | every second step |
    /// | average | half-life up to 500,000 images | decay 0.999, in batches of 64: 44,000 images |
    ///
    /// For networks like a [DCGAN](crate::model::DcganConfig)'s of 16 to 64 filters, the discriminator without normalisation.
    pub fn small_images(steps: usize) -> Self {
        Self::new()
            .with_loss(Loss::RelativisticPaired)
            .with_penalties(vec![Penalty::R1 { gamma: 1.0 }, Penalty::R2 { gamma: 1.0 }])
            .with_penalty_interval(2)
            .with_adam(0.0, 0.99)
            .with_generator_learning_rate(4e-3)
            .with_discriminator_learning_rate(2e-3)
            .with_learning_rate_schedule(Schedule::Linear {
                from: 1.0,
                to: 0.05,
                steps,
            })
            .with_ema(Some(EmaConfig::new().with_decay(0.999)))
    }

    /// The same with every schedule that has an end ending after `steps` steps of the trainer, in the same moment for
    /// both players; see [`Schedule::over`].
    pub fn with_burn_in(mut self, steps: usize) -> Self {
        let end = |schedule: &mut Schedule| *schedule = schedule.clone().over(steps);
        end(&mut self.learning_rate_schedule);
        end(&mut self.penalty_schedule);
        for optimizer in [
            &mut self.generator_optimizer,
            &mut self.discriminator_optimizer,
        ] {
            if let OptimizerConfig::ScheduledAdam(adam) = optimizer {
                end(&mut adam.beta_2);
            }
        }
        if let Some(EmaConfig {
            decay: EmaDecay::HalfLife(half_life),
        }) = &mut self.ema
        {
            end(half_life);
        }
        self
    }

    /// The same with one learning rate for both networks.
    pub fn with_learning_rates(self, learning_rate: f64) -> Self {
        self.with_generator_learning_rate(learning_rate)
            .with_discriminator_learning_rate(learning_rate)
    }

    /// Adam with epsilon 1e-8 for both networks.
    fn with_adam(self, beta_1: f32, beta_2: f32) -> Self {
        let adam = OptimizerConfig::Adam(
            AdamConfig::new()
                .with_beta_1(beta_1)
                .with_beta_2(beta_2)
                .with_epsilon(1e-8),
        );
        self.with_generator_optimizer(adam.clone())
            .with_discriminator_optimizer(adam)
    }
}
