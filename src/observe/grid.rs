//! [`SampleGrid`]: pictures of the same samples as they get better.

use std::path::{Path, PathBuf};

use burn::tensor::Device;

use super::grid_files::grid_file;
use crate::adversarial::AdversarialTrainer;
use crate::batch::{Condition, Labels, index_tensor};
use crate::errors::at_least_1;
use crate::gan_error::GanError;
use crate::observer::{Flow, Interval, Observer, Plan};
use crate::picture::{LARGEST, PictureGrid};
use crate::report::StepReport;

/// Writes a grid of samples every so many steps, and after the last one, as `step-000500.png`.
///
/// The latents are the same each time, so that the pictures show the same samples getting better.
#[derive(Debug)]
pub struct SampleGrid<C = ()> {
    folder: PathBuf,
    interval: Interval,
    count: usize,
    picture: PictureGrid,
    seed: u64,
    condition: C,
}

impl SampleGrid {
    /// A grid of `count` samples in `folder`, which is created, every `interval` steps.
    ///
    /// # Errors
    /// [`GanError::File`] where the folder cannot be created.
    pub fn create(
        folder: impl AsRef<Path>,
        interval: usize,
        count: usize,
    ) -> Result<Self, GanError> {
        Self::with_condition(folder, interval, count, ())
    }
}

impl SampleGrid<Labels> {
    /// A grid with a row for each class, from class 0 at the top: `per_class` samples of it.
    ///
    /// The labels are made on `device`, any that the program has; the trainer moves them to its own.
    ///
    /// # Errors
    /// [`GanError::Config`] for 0 classes, 0 samples a class and for more samples than a picture has pixels,
    /// [`GanError::File`] where the folder cannot be created.
    pub fn by_class(
        folder: impl AsRef<Path>,
        interval: usize,
        classes: usize,
        per_class: usize,
        device: &Device,
    ) -> Result<Self, GanError> {
        at_least_1("classes", classes)?;
        at_least_1("per_class", per_class)?;
        let count = classes.saturating_mul(per_class);
        if count > LARGEST {
            let requirement = "must be at most 2^28 samples";
            return Err(GanError::config("classes * per_class", count, requirement));
        }
        let labels: Vec<usize> = (0..count).map(|index| index / per_class).collect();
        let labels = index_tensor(&labels, &device.clone().without_autodiff());
        let grid = Self::with_condition(folder, interval, count, labels)?;
        Ok(grid.with_picture(PictureGrid::new(per_class)))
    }
}

impl<C: Condition> SampleGrid<C> {
    /// A grid of samples under these conditions, one a sample.
    ///
    /// # Errors
    /// [`GanError::File`] where the folder cannot be created.
    pub fn with_condition(
        folder: impl AsRef<Path>,
        interval: usize,
        count: usize,
        condition: C,
    ) -> Result<Self, GanError> {
        let folder = folder.as_ref().to_path_buf();
        std::fs::create_dir_all(&folder).map_err(|error| GanError::io(&folder, error))?;
        Ok(Self {
            folder,
            interval: Interval::new(interval),
            count,
            picture: PictureGrid::square(count),
            seed: 0,
            condition,
        })
    }

    /// Draws the samples from another seed than 0.
    pub fn with_seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Lays the samples out in another way than a square.
    pub fn with_picture(mut self, picture: PictureGrid) -> Self {
        self.picture = picture;
        self
    }

    fn save<T: AdversarialTrainer<4, C>>(&self, step: usize, trainer: &T) -> Result<(), GanError> {
        let samples = trainer.sample(self.count, self.seed, &self.condition)?;
        let path = grid_file(&self.folder, step + 1);
        self.picture.save(samples, path)?;
        Ok(())
    }
}

impl<C: Condition, T: AdversarialTrainer<4, C>> Observer<T> for SampleGrid<C> {
    fn start(&mut self, _plan: Plan) -> Result<(), GanError> {
        self.picture.check()?;
        Ok(self.interval.start()?)
    }

    fn observe(&mut self, report: &StepReport, trainer: &T) -> Result<Flow, GanError> {
        if self.interval.is_due(report.step) {
            self.save(report.step, trainer)?;
        }
        Ok(Flow::Continue)
    }

    fn finish(&mut self, last: Option<&StepReport>, trainer: &T) -> Result<(), GanError> {
        match self.interval.at_the_end(last) {
            Some(report) => self.save(report.step, trainer),
            None => Ok(()),
        }
    }
}
