//! Published ways to train, and one that is chosen by the data and the device.

use burn_gan::GeneratorConfig;
use burn_gan::data::Mixture;
use burn_gan::ema::EmaConfig;
use burn_gan::model::{DcganConfig, GeneratorCondition, Normalization, R3ganConfig, ResnetConfig};
use burn_gan::trainer::GanTrainerConfig;
use clap::ValueEnum;
use serde::{Deserialize, Serialize};

use crate::common::{points, recipes};

#[derive(ValueEnum, Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Recipe {
    /// Relativistic pairing with R1 and R2 on a DCGAN's networks, as wide as the time allows
    Auto,
    /// DCGAN: cross-entropy, batch normalisation in both networks (Radford et al. 2016)
    Dcgan,
    /// R3GAN's networks, loss, penalties and schedules (Huang et al. 2024)
    R3gan,
    /// SNGAN: residual networks, hinge loss, spectral normalisation (Miyato et al. 2018)
    Sngan,
    /// WGAN-GP: residual networks, Wasserstein loss, gradient penalty (Gulrajani et al. 2017)
    WganGp,
}

/// What decides on the networks and the trainer of a recipe, besides its name.
#[derive(Debug, Clone)]
pub struct Task {
    /// Channels, height and width of an image.
    pub shape: [usize; 3],
    /// Channels of a hidden layer; which one depends on the network.
    pub filters: Option<usize>,
    /// Weight of the penalties R1 and R2, where the recipe has them.
    pub gamma: f64,
    pub steps: usize,
    pub seed: u64,
}

/// Both configurations of a recipe for images.
pub fn of_images(
    recipe: Recipe,
    task: &Task,
    classes: Option<usize>,
) -> (GeneratorConfig, GanTrainerConfig) {
    let (networks, trainer) = match recipe {
        Recipe::Auto => (
            dcgan(task, classes, Normalization::None),
            recipes::small_images(task.gamma, task.steps),
        ),
        Recipe::Dcgan => (dcgan(task, classes, Normalization::Batch), recipes::dcgan()),
        Recipe::R3gan => (
            r3gan(task, classes).into(),
            recipes::r3gan(task.gamma, task.steps),
        ),
        Recipe::Sngan => {
            let [channels, height, width] = task.shape;
            let networks = ResnetConfig::sngan(channels, height, width);
            let filters = task.filters.unwrap_or(32);
            (
                networks
                    .with_filters(filters)
                    .with_generator_filters(Some(2 * filters))
                    .with_classes(classes)
                    .with_seed(task.seed)
                    .into(),
                GanTrainerConfig::sngan().with_ema(Some(EmaConfig::new().with_decay(0.998))),
            )
        }
        Recipe::WganGp => {
            let [channels, height, width] = task.shape;
            (
                ResnetConfig::wgan_gp(channels, height, width)
                    .with_filters(task.filters.unwrap_or(32))
                    .with_classes(classes)
                    .with_seed(task.seed)
                    .into(),
                GanTrainerConfig::wgan_gp().with_ema(Some(EmaConfig::new().with_decay(0.998))),
            )
        }
    };
    (networks, trainer.with_seed(task.seed))
}

/// Both configurations of a recipe for points in the plane: those of the example `grid`.
pub fn of_points(recipe: Recipe, steps: usize, seed: u64) -> (GeneratorConfig, GanTrainerConfig) {
    let recipe = match recipe {
        Recipe::Auto | Recipe::R3gan => points::Recipe::R3gan,
        Recipe::Dcgan => points::Recipe::Dcgan,
        Recipe::Sngan => points::Recipe::Sngan,
        Recipe::WganGp => points::Recipe::WganGp,
    };
    let trainer = recipe.config(Mixture::grid(), steps).with_seed(seed);
    (recipe.networks(seed).into(), trainer)
}

fn dcgan(task: &Task, classes: Option<usize>, discriminator: Normalization) -> GeneratorConfig {
    let [channels, height, width] = task.shape;
    DcganConfig::new(channels, height, width)
        .with_filters(task.filters.unwrap_or(32))
        .with_discriminator_normalization(discriminator)
        .with_classes(classes)
        .with_generator_condition(GeneratorCondition::ConditionalNorm)
        .with_seed(task.seed)
        .into()
}

fn r3gan(task: &Task, classes: Option<usize>) -> R3ganConfig {
    let [channels, height, width] = task.shape;
    let filters = task.filters.unwrap_or(32);
    R3ganConfig::new(channels, height, width)
        .with_filters(filters)
        .with_max_filters(4 * filters)
        .with_classes(classes)
        .with_seed(task.seed)
}
