//! Draws images from a saved generator, in a browser.

use std::fmt::Display;

use burn::tensor::{Device, Tensor, TensorData};
use burn_gan::data::ClassFrequencies;
use burn_gan::latent::closed_walk;
use burn_gan::model::CodedGenerator;
use burn_gan::nn::class_labels;
use burn_gan::{GanError, Generator, ImageGenerator, Labels, SamplerConfig, SavedGenerator};
use wasm_bindgen::prelude::{JsError, wasm_bindgen};

/// A generator of images, ready to draw.
#[wasm_bindgen]
pub struct Painter {
    generator: CodedGenerator<ImageGenerator>,
    device: Device,
    latent_size: usize,
    classes: Option<usize>,
    /// How often each class occurs, where the file says so.
    frequencies: Option<ClassFrequencies>,
    /// Channels, height, width.
    shape: [usize; 3],
}

impl Painter {
    /// Loads a generator from the bytes of the file that `save_generator` writes.
    ///
    /// # Errors
    /// [`GanError`] for bytes that are no such file, and for a generator of something else than images from noise.
    pub fn load(file: &[u8]) -> Result<Self, GanError> {
        let device = Device::flex();
        let generator = SavedGenerator::from_bytes(file, &device)?.images()?;
        let shape = Generator::<4>::sample_shape(&generator)
            .and_then(|shape| shape.try_into().ok())
            .ok_or_else(|| GanError::user("the generator does not say what size its images are"))?;
        Ok(Self {
            latent_size: Generator::<4>::latent_size(&generator),
            classes: Generator::<4>::classes(&generator),
            frequencies: SavedGenerator::class_frequencies_from_bytes(file)?,
            shape,
            generator,
            device,
        })
    }

    /// Images `[N, channels, height, width]` of `N` latents one after the other, all of one class.
    ///
    /// # Errors
    /// [`GanError`] for latents of another size, a class that the generator does not know, one where it knows none, and
    /// none where it needs one.
    pub fn images(&self, latents: &[f32], class: Option<usize>) -> Result<Vec<f32>, GanError> {
        let latents = self.rows(latents)?;
        let sampler = SamplerConfig::new();
        let images: Tensor<4> = match class {
            None => sampler.decode(&self.generator, latents, &())?,
            Some(class) => {
                let labels = vec![class; latents.dims()[0]];
                let known = self.classes.unwrap_or(0);
                let labels: Labels = class_labels(&labels, known, &self.device)?;
                sampler.decode(&self.generator, latents, &labels)?
            }
        };
        values(images)
    }

    /// The latents of the first `count` samples of a seed: those of which the library draws everywhere.
    ///
    /// # Errors
    /// [`GanError`] for more than memory can hold.
    pub fn latents_of(&self, seed: u64, count: usize) -> Result<Vec<f32>, GanError> {
        let sampler = SamplerConfig::new().with_seed(seed);
        values(sampler.latents(count, self.latent_size, &self.device)?)
    }

    /// The class of the first sample of a seed, where the file says how often each class occurs.
    ///
    /// # Errors
    /// [`GanError`] where the label cannot be read.
    pub fn class_of(&self, seed: u64) -> Result<Option<usize>, GanError> {
        let Some(frequencies) = &self.frequencies else {
            return Ok(None);
        };
        let label = frequencies.draw(1, seed, &self.device);
        let label = label.try_into_scalar::<i64>().map_err(GanError::user)?;
        usize::try_from(label).map(Some).map_err(GanError::user)
    }

    /// A closed path through latents one after the other, `steps` from one to the next.
    ///
    /// # Errors
    /// [`GanError`] for latents of another size, fewer than two, no steps, and more than memory can hold.
    pub fn walk_of(&self, latents: &[f32], steps: usize) -> Result<Vec<f32>, GanError> {
        values(closed_walk(self.rows(latents)?, steps)?)
    }

    /// Latents `[N, latent_size]` of the numbers of all.
    fn rows(&self, latents: &[f32]) -> Result<Tensor<2>, GanError> {
        let count = latents.len().checked_div(self.latent_size).unwrap_or(0);
        let shape = [count, self.latent_size];
        if count * self.latent_size != latents.len() {
            let message = format!("{} numbers are no latents of {}", latents.len(), shape[1]);
            return Err(GanError::user(message));
        }
        Ok(Tensor::from_data(
            TensorData::new(latents.to_vec(), shape),
            &self.device,
        ))
    }
}

/// What JavaScript calls: the same with its numbers and its errors.
#[wasm_bindgen]
impl Painter {
    #[wasm_bindgen(constructor)]
    pub fn from_file(file: &[u8]) -> Result<Painter, JsError> {
        Self::load(file).map_err(error)
    }

    #[wasm_bindgen(getter, js_name = latentSize)]
    pub fn latent_size(&self) -> usize {
        self.latent_size
    }

    /// `undefined` where the generator knows no classes.
    #[wasm_bindgen(getter)]
    pub fn classes(&self) -> Option<usize> {
        self.classes
    }

    #[wasm_bindgen(getter)]
    pub fn channels(&self) -> usize {
        self.shape[0]
    }

    #[wasm_bindgen(getter)]
    pub fn height(&self) -> usize {
        self.shape[1]
    }

    #[wasm_bindgen(getter)]
    pub fn width(&self) -> usize {
        self.shape[2]
    }

    pub fn draw(&self, latents: &[f32], class: Option<usize>) -> Result<Vec<f32>, JsError> {
        self.images(latents, class).map_err(error)
    }

    pub fn latents(&self, seed: u32, count: usize) -> Result<Vec<f32>, JsError> {
        self.latents_of(seed.into(), count).map_err(error)
    }

    /// `undefined` where the file does not say how often its classes occur.
    #[wasm_bindgen(js_name = classOf)]
    pub fn class_of_seed(&self, seed: u32) -> Result<Option<usize>, JsError> {
        self.class_of(seed.into()).map_err(error)
    }

    pub fn walk(&self, latents: &[f32], steps: usize) -> Result<Vec<f32>, JsError> {
        self.walk_of(latents, steps).map_err(error)
    }
}

fn values<const D: usize>(tensor: Tensor<D>) -> Result<Vec<f32>, GanError> {
    tensor.try_into_vec_as::<f32>().map_err(GanError::user)
}

fn error(error: impl Display) -> JsError {
    JsError::new(&error.to_string())
}
