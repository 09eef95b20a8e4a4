//! A generator of images, and how its samples are drawn and shown.

use std::path::PathBuf;

use burn::tensor::{Device, Tensor};
use burn_gan::latent::Truncation;
use burn_gan::model::CodedGenerator;
use burn_gan::picture::PictureGrid;
use burn_gan::{GanError, Generator, ImageGenerator, Labels, SamplerConfig};

use crate::common::CommonArgs;
use crate::common::saved::{Classes, SavedArgs, decode, decode_each, total};

pub struct Explorer {
    pub generator: CodedGenerator<ImageGenerator>,
    /// The classes that are asked for; `None` for a generator without.
    pub classes: Option<Classes>,
    /// Channels, height and width of an image.
    pub shape: [usize; 3],
    pub seed: u64,
    pub device: Device,
    /// Where files go.
    pub folder: PathBuf,
    truncation: Option<Truncation>,
}

/// Pixels that the longer side of an image takes in a picture, about.
const SIDE: usize = 96;

impl Explorer {
    pub fn new(
        common: &CommonArgs,
        saved: &SavedArgs,
        truncation: Option<Truncation>,
    ) -> Result<Self, GanError> {
        let device = common.device()?;
        let generator = saved.load(&device)?.images()?;
        let shape = Generator::<4>::sample_shape(&generator);
        let shape = shape.and_then(|shape| shape.try_into().ok());
        Ok(Self {
            classes: saved.classes(Generator::<4>::classes(&generator), common.seed)?,
            shape: shape
                .ok_or_else(|| GanError::user("this generator's images are of no known size"))?,
            generator,
            seed: common.seed,
            folder: common.folder("explore")?,
            device,
            truncation,
        })
    }

    pub fn latent_size(&self) -> usize {
        Generator::<4>::latent_size(&self.generator)
    }

    /// The latents of the first samples of a seed, truncated where that is asked for.
    pub fn latents(&self, seed: u64, count: usize) -> Result<Tensor<2>, GanError> {
        let sampler = SamplerConfig::new().with_seed(seed);
        let latent = sampler.latents(count, self.latent_size(), &self.device)?;
        match self.truncation {
            Some(truncation) => truncation.apply(latent),
            None => Ok(latent),
        }
    }

    /// How many images there are where `count` are asked for, of each class where they are by class.
    pub fn total(&self, count: usize) -> usize {
        total(count, self.classes.as_ref())
    }

    /// The images of so many latents.
    pub fn decode(&self, latent: Tensor<2>) -> Result<Tensor<4>, GanError> {
        Ok(self.decode_labelled(latent)?.0)
    }

    /// The same with their labels, where there are classes.
    pub fn decode_labelled(
        &self,
        latent: Tensor<2>,
    ) -> Result<(Tensor<4>, Option<Labels>), GanError> {
        decode(&self.generator, latent, self.classes.as_ref())
    }

    /// The images of these latents under each class.
    pub fn decode_each(&self, latent: Tensor<2>) -> Result<Tensor<4>, GanError> {
        decode_each(&self.generator, latent, self.classes.as_ref())
    }

    /// How many classes are shown one by one, 1 where there are none.
    pub fn shown_classes(&self) -> usize {
        self.classes
            .as_ref()
            .map_or(1, |classes| classes.asked.len())
    }

    /// A grid of so many images a row, at a size at which small ones can be seen.
    pub fn picture(&self, columns: usize) -> PictureGrid {
        let [_, height, width] = self.shape;
        let scale = SIDE / height.max(width).max(1);
        PictureGrid::new(columns).with_scale(scale.max(1))
    }

    /// Writes grid.png: samples, a row of each class where they are by class.
    pub fn grid(&self, count: usize) -> Result<(), GanError> {
        let images = self.decode(self.latents(self.seed, self.total(count))?)?;
        let columns = match &self.classes {
            Some(classes) if classes.is_by_class() => count,
            _ => (count as f64).sqrt().ceil() as usize,
        };
        self.picture(columns)
            .save(images, self.folder.join("grid.png"))?;
        Ok(())
    }
}
