//! The digits that come with the repository, the classifier that judges samples of them, and the recipe that GANs of them
//! are trained with.

use burn::tensor::{Device, Tensor};
use burn_gan::data::{Samples, idx};
use burn_gan::ema::EmaConfig;
use burn_gan::feature::{ClassifierTrainingConfig, accuracy};
use burn_gan::loss::Loss;
use burn_gan::model::{Classifier, DcganConfig, GeneratorCondition, Normalization};
use burn_gan::penalty::Penalty;
use burn_gan::trainer::GanTrainerConfig;
use burn_gan::{GanError, GeneratorConfig};
use serde::{Deserialize, Serialize};

use super::digits_classifier;
use super::places::in_repository;
use super::recipes::small_images;

/// Their folder.
pub const DIGITS: &str = in_repository!("examples/data/mnist-5k");

/// How the committed classifier was trained, and so which digits it has seen: GANs are trained on the same ones, and the
/// others are held out of both.
pub fn judge_training() -> ClassifierTrainingConfig {
    ClassifierTrainingConfig::new().with_seed(1)
}

/// The digits and their judge.
pub struct Digits {
    pub training: Tensor<4>,
    pub held_out: Tensor<4>,
    /// The classes of the held-out digits.
    pub labels: Vec<usize>,
    pub judge: Classifier,
    /// The judge's accuracy on the held-out digits.
    pub accuracy: f64,
}

impl Digits {
    pub fn load(device: &Device) -> Result<Self, GanError> {
        let images = idx::read_labelled_folder(DIGITS)?;
        let split = judge_training().split(images.labels().len())?;
        let judge = digits_classifier(28, device)?;
        let select = |indices: &[usize]| Ok::<_, GanError>(images.select(indices, device)?.samples);
        let labels = split.held_out.iter();
        Ok(Self {
            training: select(&split.training)?,
            held_out: select(&split.held_out)?,
            labels: labels
                .map(|&index| usize::from(images.labels()[index]))
                .collect(),
            accuracy: accuracy(&judge, &images, &split.held_out)?,
            judge,
        })
    }
}

/// All that a run on images depends on, but its seed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Settings {
    pub networks: GeneratorConfig,
    pub trainer: GanTrainerConfig,
    pub batch_size: usize,
    /// Clusters that images without labels are divided into, as classes for the networks; 0 for none.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub clusters: usize,
}

/// The files of runs from before there were clusters have none.
fn is_zero(clusters: &usize) -> bool {
    *clusters == 0
}

/// Steps of the example `digits`.
pub const STEPS: usize = 4000;
/// Real images in a step.
pub const BATCH_SIZE: usize = 64;
/// Clusters of the digits.
pub const CLUSTERS: usize = 60;
/// Channels of the largest hidden layer of both networks.
pub const FILTERS: usize = 32;
/// Weight of the penalties R1 and R2.
pub const GAMMA: f64 = 1.0;

/// The networks of the example `digits`, for images of so many channels, this height and this width.
pub fn networks([channels, height, width]: [usize; 3], classes: Option<usize>) -> DcganConfig {
    let networks = DcganConfig::new(channels, height, width)
        .with_filters(FILTERS)
        .with_discriminator_normalization(Normalization::None);
    match classes {
        None => networks,
        classes => networks
            .with_classes(classes)
            .with_generator_condition(GeneratorCondition::ConditionalNorm),
    }
}

/// What the example `digits` does, over so many steps and with so many clusters.
pub fn settings(steps: usize, clusters: usize) -> Settings {
    settings_of([1, 28, 28], steps, clusters)
}

/// The same for images of so many channels, a height and a width.
pub fn settings_of(shape: [usize; 3], steps: usize, clusters: usize) -> Settings {
    let classes = (clusters > 0).then_some(clusters);
    Settings {
        networks: networks(shape, classes).into(),
        trainer: small_images(GAMMA, steps),
        batch_size: BATCH_SIZE,
        clusters,
    }
}

/// What `conditional`, `infogan` and the suite `little-data` train with, so that their recorded runs hold: the loss and the
/// penalties of R3GAN (Huang et al. 2024). [`small_images`] learns faster.
pub fn recipe(seed: u64) -> GanTrainerConfig {
    let gamma = 1.0;
    GanTrainerConfig::new()
        .with_loss(Loss::RelativisticPaired)
        .with_penalties(vec![Penalty::R1 { gamma }, Penalty::R2 { gamma }])
        .with_learning_rates(1e-3)
        .with_ema(Some(EmaConfig::new().with_decay(0.998)))
        .with_seed(seed)
}
