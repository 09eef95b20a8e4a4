//! [`Family`]: what a run of images, of images with classes and of points have each their own way of.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use burn::tensor::{Device, Tensor};
use burn_gan::data::{ClassFrequencies, HorizontalFlip, Samples};
use burn_gan::feature::{FeatureExtractor, Pixels};
use burn_gan::model::{MlpDiscriminator, MlpGenerator};
use burn_gan::observe::{Every, Flow, Observer, SampleGrid};
use burn_gan::picture::PictureGrid;
use burn_gan::plot::PointsPlot;
use burn_gan::trainer::{GanTrainer, GanTrainerConfig};
use burn_gan::{
    AdversarialTrainer, Batch, ClassCondition, Condition, Discriminator, GanError, Generator,
    GeneratorConfig, ImageGenerator, Labels, StepReport, save_generator,
};

use crate::common::distance::random_features;
use crate::common::networks::{self, ImageDiscriminator};
use crate::data::Shared;
use crate::recipe::{self, Recipe, Task};

/// Images in a grid without classes, and of each class.
const SHOWN: usize = 64;
const PER_CLASS: usize = 8;
/// Points in a picture, real and generated ones each: more of them hide each other.
const POINTS: usize = 500;

pub type Trainer<const D: usize, C, F> =
    GanTrainer<D, <F as Family<D, C>>::Generator, <F as Family<D, C>>::Discriminator, C>;
pub type Grids<'a, const D: usize, C, F> = Box<dyn Observer<Trainer<D, C, F>> + 'a>;

/// A kind of samples: its networks, its pictures, the features that it is judged in.
pub trait Family<const D: usize, C: Condition> {
    type Generator: Generator<D, C> + 'static;
    type Discriminator: Discriminator<D, C> + 'static;

    /// Both configurations of a recipe.
    fn configs(&self, recipe: Recipe, task: &Task) -> (GeneratorConfig, GanTrainerConfig);

    fn trainer(
        &self,
        networks: &GeneratorConfig,
        trainer: &GanTrainerConfig,
        example: &Batch<D, C>,
        device: &Device,
    ) -> Result<Trainer<D, C, Self>, GanError>
    where
        Self: Sized;

    fn save(
        &self,
        networks: &GeneratorConfig,
        generator: &Self::Generator,
        path: &Path,
    ) -> Result<(), GanError>;

    /// Pictures of samples, step-000500.png, every so many steps.
    fn grids<'a>(
        &self,
        folder: &Path,
        interval: usize,
        real: &'a dyn Samples<D, C>,
        device: &Device,
    ) -> Result<Grids<'a, D, C, Self>, GanError>
    where
        Self: Sized;

    /// Where the Frechet distance is measured.
    fn features(
        &self,
        shape: &[usize],
        device: &Device,
    ) -> Result<Box<dyn FeatureExtractor<D>>, GanError>;

    /// The samples and their mirror images.
    fn mirrored(&self, samples: Shared<D, C>) -> Result<Shared<D, C>, GanError>;

    /// Writes samples side by side, where they are images.
    fn draw(&self, _samples: Tensor<D>, _columns: usize, _path: &Path) -> Result<(), GanError> {
        Ok(())
    }

    /// Conditions for samples that are compared with the data.
    fn conditions(&self, count: usize, device: &Device) -> C;

    fn class_names(&self) -> &[String] {
        &[]
    }
}

/// Images, with labels or without.
pub struct Images<C> {
    class_names: Vec<String>,
    classes: Option<usize>,
    /// What the generator is saved with, so that its samples are of all clusters.
    frequencies: Option<ClassFrequencies>,
    conditions: Box<ConditionsOf<C>>,
    grid: Box<GridOf<C>>,
}

/// Makes conditions for so many samples.
type ConditionsOf<C> = dyn Fn(usize, &Device) -> C;
/// Makes a grid in a folder, every so many steps.
type GridOf<C> = dyn Fn(&Path, usize, &Device) -> Result<SampleGrid<C>, GanError>;

impl Images<()> {
    pub fn new() -> Self {
        let picture = PictureGrid::square(SHOWN).with_scale(2);
        Self {
            class_names: Vec::new(),
            classes: None,
            frequencies: None,
            conditions: Box::new(|_, _| ()),
            grid: Box::new(move |folder, interval, _| {
                Ok(SampleGrid::create(folder, interval, SHOWN)?.with_picture(picture))
            }),
        }
    }
}

impl Images<Labels> {
    /// Samples that are compared with the data have its mix of classes; grids have a row for each class.
    pub fn of_classes(class_names: Vec<String>, frequencies: ClassFrequencies) -> Self {
        let classes = class_names.len();
        let picture = PictureGrid::new(PER_CLASS).with_scale(2);
        Self {
            class_names,
            classes: Some(classes),
            frequencies: None,
            conditions: Box::new(move |count, device| frequencies.draw(count, 0, device)),
            grid: Box::new(move |folder, interval, device| {
                let grid = SampleGrid::by_class(folder, interval, classes, PER_CLASS, device)?;
                Ok(grid.with_picture(picture))
            }),
        }
    }

    /// Clusters are classes without names: grids are of all of them, as they are mixed.
    pub fn of_clusters(frequencies: ClassFrequencies) -> Self {
        let picture = PictureGrid::square(SHOWN).with_scale(2);
        let mix = frequencies.clone();
        Self {
            class_names: Vec::new(),
            classes: Some(frequencies.classes()),
            frequencies: Some(frequencies.clone()),
            conditions: Box::new(move |count, device| frequencies.draw(count, 0, device)),
            grid: Box::new(move |folder, interval, device| {
                let labels = mix.draw(SHOWN, 0, device);
                let grid = SampleGrid::with_condition(folder, interval, SHOWN, labels)?;
                Ok(grid.with_picture(picture))
            }),
        }
    }
}

impl<C: ClassCondition + 'static> Family<4, C> for Images<C> {
    type Generator = ImageGenerator;
    type Discriminator = ImageDiscriminator;

    fn configs(&self, recipe: Recipe, task: &Task) -> (GeneratorConfig, GanTrainerConfig) {
        recipe::of_images(recipe, task, self.classes)
    }

    fn trainer(
        &self,
        networks: &GeneratorConfig,
        trainer: &GanTrainerConfig,
        example: &Batch<4, C>,
        device: &Device,
    ) -> Result<Trainer<4, C, Self>, GanError> {
        let (generator, discriminator) = networks::init(networks, device)?;
        trainer.init(generator, discriminator, example)
    }

    fn save(
        &self,
        networks: &GeneratorConfig,
        generator: &ImageGenerator,
        path: &Path,
    ) -> Result<(), GanError> {
        networks::save(networks, generator, self.frequencies.as_ref(), path)
    }

    fn grids<'a>(
        &self,
        folder: &Path,
        interval: usize,
        _real: &'a dyn Samples<4, C>,
        device: &Device,
    ) -> Result<Grids<'a, 4, C, Self>, GanError> {
        Ok(Box::new((self.grid)(folder, interval, device)?))
    }

    fn features(
        &self,
        shape: &[usize],
        device: &Device,
    ) -> Result<Box<dyn FeatureExtractor<4>>, GanError> {
        let shape = <[usize; 3]>::try_from(shape);
        random_features(
            shape.map_err(|_| GanError::user("these are no images"))?,
            device,
        )
    }

    fn mirrored(&self, samples: Shared<4, C>) -> Result<Shared<4, C>, GanError> {
        Ok(Arc::new(HorizontalFlip::new(samples)))
    }

    fn draw(&self, samples: Tensor<4>, columns: usize, path: &Path) -> Result<(), GanError> {
        Ok(PictureGrid::new(columns)
            .with_scale(2)
            .save(samples, path)?)
    }

    fn conditions(&self, count: usize, device: &Device) -> C {
        (self.conditions)(count, device)
    }

    fn class_names(&self) -> &[String] {
        &self.class_names
    }
}

pub struct Points;

impl Family<2, ()> for Points {
    type Generator = MlpGenerator;
    type Discriminator = MlpDiscriminator;

    fn configs(&self, recipe: Recipe, task: &Task) -> (GeneratorConfig, GanTrainerConfig) {
        recipe::of_points(recipe, task.steps, task.seed)
    }

    fn trainer(
        &self,
        networks: &GeneratorConfig,
        trainer: &GanTrainerConfig,
        example: &Batch<2>,
        device: &Device,
    ) -> Result<Trainer<2, (), Self>, GanError> {
        let GeneratorConfig::Mlp(config) = networks else {
            return Err(GanError::user(format!(
                "{} makes no points",
                networks.name()
            )));
        };
        let generator = config.init_generator(device)?;
        trainer.init(generator, config.init_discriminator(device)?, example)
    }

    fn save(
        &self,
        networks: &GeneratorConfig,
        generator: &MlpGenerator,
        path: &Path,
    ) -> Result<(), GanError> {
        Ok(save_generator(networks.clone(), generator, path)?)
    }

    fn grids<'a>(
        &self,
        folder: &Path,
        interval: usize,
        real: &'a dyn Samples<2>,
        device: &Device,
    ) -> Result<Grids<'a, 2, (), Self>, GanError> {
        let shown: Vec<usize> = (0..real.len().min(POINTS)).collect();
        let grid = PointsGrid {
            folder: folder.to_path_buf(),
            real: real.select(&shown, device)?.samples,
        };
        Ok(Box::new(Every::new(interval, grid)))
    }

    fn features(
        &self,
        _shape: &[usize],
        _device: &Device,
    ) -> Result<Box<dyn FeatureExtractor<2>>, GanError> {
        Ok(Box::new(Pixels))
    }

    fn mirrored(&self, _samples: Shared<2>) -> Result<Shared<2>, GanError> {
        Err(GanError::user("--mirror is for images"))
    }

    fn conditions(&self, _count: usize, _device: &Device) {}
}

/// Draws real and generated points over the discriminator's logits, whenever it is called.
struct PointsGrid {
    folder: PathBuf,
    real: Tensor<2>,
}

impl<T: AdversarialTrainer<2>> Observer<T> for PointsGrid {
    fn observe(&mut self, report: &StepReport, trainer: &T) -> Result<Flow, GanError> {
        let step = report.step + 1;
        PointsPlot::new(format!("step {step}"))
            .with_real(self.real.clone())
            .with_generated(trainer.sample(POINTS, 0, &())?)
            .with_discriminator(trainer.discriminator())
            .save(self.folder.join(format!("step-{step:06}.png")))?;
        Ok(Flow::Continue)
    }
}
