//! Conditional GANs of small grey images: recipes, data and the classifier that judges the classes of their samples.

use std::path::Path;

use burn::tensor::{Device, Tensor};
use burn_gan::data::{DataError, LabelledImages, Memory, Samples, idx};
use burn_gan::feature::{FeatureExtractor, Features, accuracy, predicted_classes};
use burn_gan::loss::RelativisticPaired;
use burn_gan::metric::{frechet_distance, precision_recall};
use burn_gan::model::{
    Classifier, ClassifierConfig, DcganConfig, DcganDiscriminator, DcganGenerator,
    DiscriminatorCondition, GeneratorCondition, Normalization,
};
use burn_gan::nn::class_labels;
use burn_gan::objective::{Adversarial, RealClassifier};
use burn_gan::trainer::GanTrainer;
use burn_gan::{AdversarialTrainer, Batch, GanError, Labels};
use clap::ValueEnum;

use super::digits::{DIGITS, judge_training, recipe};
use super::digits_classifier;

/// The trainer of these networks.
pub type Trainer = GanTrainer<4, DcganGenerator, DcganDiscriminator, Labels>;

/// Images that go through a classifier at once.
const CHUNK: usize = 250;
/// Neighbours that recall looks at; it needs more images than that of each class.
const NEIGHBOURS: usize = 3;

/// How the two networks take the class.
#[derive(ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recipe {
    /// Conditional batch normalisation; the discriminator projects the class on its features (Miyato and Koyama 2018)
    Projection,
    /// Conditional batch normalisation; the discriminator names the class as well (AC-GAN, Odena et al. 2017)
    AcGan,
    /// The class is a further input of both networks (Mirza and Osindero 2014)
    Concatenation,
}

impl Recipe {
    /// The networks for grey images.
    pub fn networks(
        self,
        classes: usize,
        [height, width]: [usize; 2],
        filters: usize,
        seed: u64,
    ) -> DcganConfig {
        let (generator, discriminator) = match self {
            Self::Projection => (
                GeneratorCondition::ConditionalNorm,
                DiscriminatorCondition::Projection,
            ),
            Self::AcGan => (
                GeneratorCondition::ConditionalNorm,
                DiscriminatorCondition::AuxiliaryClassifier,
            ),
            Self::Concatenation => (
                GeneratorCondition::Concatenation { embedding: 32 },
                DiscriminatorCondition::Concatenation,
            ),
        };
        DcganConfig::new(1, height, width)
            .with_filters(filters)
            .with_discriminator_normalization(Normalization::None)
            .with_classes(Some(classes))
            .with_generator_condition(generator)
            .with_discriminator_condition(discriminator)
            .with_seed(seed)
    }

    /// The trainer, for data like `example`.
    pub fn trainer(
        self,
        networks: &DcganConfig,
        device: &Device,
        example: &Batch<4, Labels>,
    ) -> Result<Trainer, GanError> {
        let trainer = recipe(networks.seed).init(
            networks.init_generator(device)?,
            networks.init_discriminator(device)?,
            example,
        )?;
        Ok(match self {
            Self::AcGan => trainer.with_objective(Adversarial(RelativisticPaired) + RealClassifier),
            Self::Projection | Self::Concatenation => trainer,
        })
    }
}

/// Labelled images to train on, and what their classes are judged by.
pub struct Judged {
    /// Those that the judge's training saw.
    pub training: Memory<4, Labels>,
    pub classes: usize,
    pub size: [usize; 2],
    judge: Classifier,
    /// The judge's own accuracy on images that neither it nor the GAN is trained on.
    pub judge_accuracy: f64,
    /// Features of the training images by class.
    real: Vec<Features>,
    device: Device,
}

/// How well the samples of a conditional generator keep to their classes.
#[derive(serde::Serialize)]
pub struct ClassScores {
    /// The share of samples whose asked class the judge names.
    pub accuracy: f64,
    /// The same by class.
    pub accuracy_by_class: Vec<f64>,
    /// The Frechet distance of all samples, in the judge's features.
    pub frechet_distance: f64,
    /// That of each class from the real images of the class.
    pub frechet_distance_by_class: Vec<f64>,
    /// The recall of each class (Kynkaanniemi et al. 2019).
    pub recall_by_class: Vec<f64>,
}

impl Judged {
    /// The images of a folder of IDX files. For the digits of the repository the judge is the committed classifier; for
    /// others one is trained first, `epochs` times through the images.
    pub fn load(folder: &Path, epochs: usize, device: &Device) -> Result<Self, GanError> {
        let images = idx::read_labelled_folder(folder).map_err(explained)?;
        let (classes, size) = (
            images.classes(),
            [images.images().height(), images.images().width()],
        );
        let device = device.clone().without_autodiff();
        let training = judge_training().with_epochs(epochs);
        let split = training.split(images.labels().len())?;
        let judge = if folder == Path::new(DIGITS) {
            digits_classifier(size[0], &device)?
        } else {
            eprintln!("training the classifier that judges the classes");
            let network = ClassifierConfig::new(1, size[0], size[1], classes)
                .with_filters(12)
                .with_seed(1);
            training.train(&network.init(&device)?, &images)?.classifier
        };
        let judge_accuracy = accuracy(&judge, &images, &split.held_out)?;
        let real = of_each_class(&images, &split.training, classes, &judge, &device)?;
        let Batch { samples, condition } = images.select(&split.training, &device)?;
        Ok(Self {
            training: Memory::with_condition(samples, condition)?,
            classes,
            size,
            judge,
            judge_accuracy,
            real,
            device,
        })
    }

    /// How many samples of each class are to be scored for so many in all; refuses too few, before there is a run to be
    /// scored.
    pub fn per_class(&self, samples: usize) -> Result<usize, GanError> {
        let per_class = samples.div_ceil(self.classes);
        if per_class > NEIGHBOURS {
            return Ok(per_class);
        }
        Err(GanError::user(format!(
            "{samples} images to be judged: {} of each of {} classes are needed",
            NEIGHBOURS + 1,
            self.classes
        )))
    }

    /// Scores `per_class` samples of each class.
    pub fn scores(
        &self,
        trainer: &impl AdversarialTrainer<4, Labels>,
        per_class: usize,
    ) -> Result<ClassScores, GanError> {
        let labels: Vec<usize> = (0..self.classes * per_class)
            .map(|index| index / per_class)
            .collect();
        let condition = class_labels(&labels, self.classes, &self.device)?;
        let samples = trainer.sample(labels.len(), 0, &condition)?;
        let named = predicted_classes(&self.judge, samples.clone())?;
        let accuracy_by_class = labels.chunks(per_class).zip(named.chunks(per_class));
        let accuracy_by_class = accuracy_by_class
            .map(|(asked, named)| {
                share(asked.iter().zip(named).map(|(asked, named)| asked == named))
            })
            .collect();
        let mut all = None::<(Features, Features)>;
        let (mut distances, mut recalls) = (Vec::new(), Vec::new());
        for (class, real) in self.real.iter().enumerate() {
            let images = samples.clone().narrow(0, class * per_class, per_class);
            let generated = self.judge.extract(images, CHUNK)?;
            distances.push(frechet_distance(real, &generated)?);
            recalls.push(precision_recall(real, &generated, NEIGHBOURS)?.recall);
            match &mut all {
                Some((reals, others)) => {
                    reals.append(real.clone())?;
                    others.append(generated)?;
                }
                None => all = Some((real.clone(), generated)),
            }
        }
        let (real, generated) = all.ok_or_else(|| GanError::user("there are no classes"))?;
        Ok(ClassScores {
            accuracy: share(
                labels
                    .iter()
                    .zip(&named)
                    .map(|(asked, named)| asked == named),
            ),
            accuracy_by_class,
            frechet_distance: frechet_distance(&real, &generated)?,
            frechet_distance_by_class: distances,
            recall_by_class: recalls,
        })
    }
}

/// The error for a folder without such files says where there are some.
fn explained(error: DataError) -> GanError {
    match error {
        DataError::MissingFile { .. } => GanError::user(format!(
            "{error}; Fashion-MNIST's files come with Debian's package dataset-fashion-mnist"
        )),
        _ => error.into(),
    }
}

fn share(right: impl ExactSizeIterator<Item = bool>) -> f64 {
    let count = right.len();
    right.filter(|right| *right).count() as f64 / count as f64
}

/// The features of the images at `indices` by class.
fn of_each_class(
    images: &LabelledImages,
    indices: &[usize],
    classes: usize,
    judge: &Classifier,
    device: &Device,
) -> Result<Vec<Features>, GanError> {
    let labels = images.labels();
    (0..classes)
        .map(|class| {
            let of_class = indices.iter().copied();
            let of_class: Vec<usize> = of_class
                .filter(|&index| usize::from(labels[index]) == class)
                .collect();
            if of_class.len() <= NEIGHBOURS {
                return Err(GanError::user(format!(
                    "class {class} has {} images to train on: {} are needed",
                    of_class.len(),
                    NEIGHBOURS + 1
                )));
            }
            let images: Tensor<4> = images.select(&of_class, device)?.samples;
            Ok(judge.extract(images, CHUNK)?)
        })
        .collect()
}
