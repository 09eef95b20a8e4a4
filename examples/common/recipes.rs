//! Recipes with the rates and weights that were measured here, for small images in some thousand steps.

use burn_gan::Schedule;
use burn_gan::ema::{EmaConfig, EmaDecay};
use burn_gan::loss::{LabelledLoss, Loss};
use burn_gan::penalty::Penalty;
use burn_gan::trainer::GanTrainerConfig;

use super::adam;

/// What `digits` and `train` do unless told otherwise, on the networks of a DCGAN whose discriminator has no normalisation. A
/// `gamma` of 0 is for no penalties.
pub fn small_images(gamma: f64, steps: usize) -> GanTrainerConfig {
    GanTrainerConfig::small_images(steps).with_penalties(match gamma {
        0.0 => vec![],
        _ => vec![Penalty::R1 { gamma }, Penalty::R2 { gamma }],
    })
}

/// DCGAN's. With equal rates the discriminator can leave the generator nothing to learn from, for thousands of steps.
pub fn dcgan() -> GanTrainerConfig {
    GanTrainerConfig::dcgan()
        .with_generator_learning_rate(4e-4)
        .with_discriminator_learning_rate(1e-4)
        .with_loss(Loss::Smoothed {
            loss: LabelledLoss::NonSaturating,
            real_label: 0.9,
        })
        .with_ema(Some(EmaConfig::new().with_decay(0.998)))
}

/// R3GAN's, with its schedules over so many steps.
pub fn r3gan(gamma: f64, steps: usize) -> GanTrainerConfig {
    let cosine = |from, to| Schedule::CosineBurnIn { from, to, steps };
    let adam = adam(0.0, 0.99);
    GanTrainerConfig::r3gan()
        .with_burn_in(steps)
        .with_penalties(vec![Penalty::R1 { gamma }, Penalty::R2 { gamma }])
        .with_generator_optimizer(adam.clone())
        .with_discriminator_optimizer(adam)
        .with_learning_rates(1e-3)
        .with_learning_rate_schedule(cosine(1.0, 0.1))
        .with_ema(Some(
            EmaConfig::new().with_decay(EmaDecay::HalfLife(cosine(0.0, 300.0))),
        ))
}
