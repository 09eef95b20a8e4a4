//! A generator in a file: its weights and all that it takes to build it again.

mod config;
mod file;
mod network;

pub use config::GeneratorConfig;
pub(crate) use config::NetworkWeights;
pub(crate) use file::{DESCRIPTION, Description};
pub use network::{ImageGenerator, TranslationGenerator};

use std::path::Path;

use burn::module::Module;
use burn::tensor::Device;

use crate::data::ClassFrequencies;
use crate::model::{CodedGenerator, Codes, MlpGenerator};
use crate::weights::{WeightsError, save_weights_with_text};
use file::{File, invalid};

/// Saves a generator of the library with its configuration, so that [`SavedGenerator::load`] needs nothing but the file.
///
/// The file is a weights file ([`load_weights`](crate::load_weights) takes it too) that carries the configuration as JSON.
/// It is written beside its target, loaded once as a test and then renamed: a crash, a full disk or a configuration of
/// another network leaves an older file as it was.
///
/// ```
/// use burn::tensor::Device;
/// use burn_gan::model::DcganConfig;
/// use burn_gan::{SamplerConfig, SavedGenerator, save_generator};
///
/// let device = Device::flex();
/// let config = DcganConfig::new(1, 16, 16).with_filters(8);
/// let generator = config.init_generator(&device)?;
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("generator.bpk");
/// save_generator(config, &generator, &path)?;
///
/// let generator = SavedGenerator::load(&path, &device)?.images()?;
/// let images = SamplerConfig::new().sample(&generator, 4, &())?;
/// assert_eq!(images.dims(), [4, 1, 16, 16]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`WeightsError::Invalid`] where the weights are of another network than the configuration's,
/// [`WeightsError::Network`] where that cannot be built, [`WeightsError::File`] where the file cannot be written.
pub fn save_generator<M: Module>(
    config: impl Into<GeneratorConfig>,
    generator: &M,
    path: impl AsRef<Path>,
) -> Result<(), WeightsError> {
    let description = Description::new(config.into(), Codes::new(0, 0), None);
    save(&description, generator, path.as_ref())
}

/// [`save_generator`] for one that is conditioned on classes: how often each of them occurs is saved too, and
/// [`SavedGenerator::class_frequencies`] has it again, so that samples of all classes can be drawn as the data mixes them.
///
/// ```
/// use burn::tensor::Device;
/// use burn_gan::data::ClassFrequencies;
/// use burn_gan::model::DcganConfig;
/// use burn_gan::{SamplerConfig, SavedGenerator, save_conditional_generator};
///
/// let device = Device::flex();
/// let config = DcganConfig::new(1, 16, 16).with_filters(8).with_classes(Some(3));
/// let frequencies = ClassFrequencies::new(vec![50, 30, 20])?;
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("generator.bpk");
/// save_conditional_generator(config.clone(), &config.init_generator(&device)?, &frequencies, &path)?;
///
/// let generator = SavedGenerator::load(&path, &device)?.images()?;
/// let frequencies = SavedGenerator::class_frequencies(&path)?.expect("it is conditional");
/// let labels = frequencies.draw(4, 0, &device);
/// let images = SamplerConfig::new().sample(&generator, 4, &labels)?;
/// assert_eq!(images.dims(), [4, 1, 16, 16]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// As [`save_generator`], and [`WeightsError::NetworkConfig`] for frequencies of another number of classes than the
/// generator's.
pub fn save_conditional_generator<M: Module>(
    config: impl Into<GeneratorConfig>,
    generator: &M,
    class_frequencies: &ClassFrequencies,
    path: impl AsRef<Path>,
) -> Result<(), WeightsError> {
    let frequencies = Some(class_frequencies.clone());
    let description = Description::new(config.into(), Codes::new(0, 0), frequencies);
    save(&description, generator, path.as_ref())
}

/// [`save_generator`] for one whose latent vectors begin with codes: the codes are saved too.
///
/// # Errors
/// As [`save_generator`].
pub fn save_coded_generator<M: Module>(
    config: impl Into<GeneratorConfig>,
    generator: &CodedGenerator<M>,
    path: impl AsRef<Path>,
) -> Result<(), WeightsError> {
    let (codes, generator) = (generator.codes(), generator.inner());
    save(
        &Description::new(config.into(), codes, None),
        generator,
        path.as_ref(),
    )
}

fn save<M: Module>(
    description: &Description,
    network: &M,
    path: &Path,
) -> Result<(), WeightsError> {
    let text = serde_json::to_string(description).map_err(|error| invalid(path, error))?;
    let device = network.devices().into_iter().next().unwrap_or_default();
    save_weights_with_text(network, path, DESCRIPTION, &text, |partial| {
        SavedGenerator::load(partial, &device).map(drop)
    })
}

/// A generator that [`save_generator`] has written, by what it makes of what.
#[expect(
    clippy::large_enum_variant,
    reason = "a program has one, and a box would stand in every pattern"
)]
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum SavedGenerator {
    /// Points or rows of a table `[N, features]` from noise.
    Points(CodedGenerator<MlpGenerator>),
    /// Images from noise. Without codes, [`CodedGenerator`] leaves the noise as it is.
    Images(CodedGenerator<ImageGenerator>),
    /// Images from images.
    Translation(TranslationGenerator),
}

impl SavedGenerator {
    /// Loads a generator, in its evaluation form.
    ///
    /// Weights without a configuration, which earlier versions wrote, are taken where a DCGAN's configuration lies
    /// beside them under the same name with the ending `.json`.
    ///
    /// # Errors
    /// [`WeightsError::File`] where the file cannot be read, [`WeightsError::Invalid`] where it is damaged,
    /// [`WeightsError::NetworkUnknown`], [`WeightsError::NetworkConfig`] and [`WeightsError::Network`] where its
    /// configuration is missing, damaged or of a network that cannot be built.
    pub fn load(path: impl AsRef<Path>, device: &Device) -> Result<Self, WeightsError> {
        Ok(Self::read(path.as_ref(), device)?.0)
    }

    /// The same with what its file says of it.
    pub(crate) fn read(path: &Path, device: &Device) -> Result<(Self, Description), WeightsError> {
        let file = File::read(path)?;
        Ok((Self::of(&file, device)?, file.description))
    }

    /// Loads a generator from the bytes of its file, such as `include_bytes!("generator.bpk")`: the program then carries it.
    ///
    /// ```
    /// use burn::tensor::Device;
    /// use burn_gan::model::DcganConfig;
    /// use burn_gan::{SavedGenerator, save_generator};
    ///
    /// let device = Device::flex();
    /// let config = DcganConfig::new(1, 16, 16).with_filters(8);
    /// let folder = tempfile::tempdir()?;
    /// let path = folder.path().join("generator.bpk");
    /// save_generator(config.clone(), &config.init_generator(&device)?, &path)?;
    ///
    /// let bytes = std::fs::read(&path)?; // or a `&'static [u8]` that include_bytes! has put into the program
    /// let generator = SavedGenerator::from_bytes(&bytes, &device)?.images()?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As [`SavedGenerator::load`], and [`WeightsError::NetworkConfig`] for weights without a configuration.
    pub fn from_bytes(bytes: &[u8], device: &Device) -> Result<Self, WeightsError> {
        Self::of(&File::of_bytes(bytes)?, device)
    }

    fn of(file: &File, device: &Device) -> Result<Self, WeightsError> {
        let device = device.clone().without_autodiff();
        let Description {
            generator, codes, ..
        } = &file.description;
        file.check_frequencies()?;
        generator.build(*codes, file, &device)
    }

    /// Saves it again, with the configuration of its network.
    ///
    /// # Errors
    /// As [`save_generator`].
    pub fn save(
        &self,
        config: impl Into<GeneratorConfig>,
        path: impl AsRef<Path>,
    ) -> Result<(), WeightsError> {
        self.save_with(config.into(), None, path.as_ref())
    }

    /// The same with how often its classes occur.
    pub(crate) fn save_with(
        &self,
        config: GeneratorConfig,
        class_frequencies: Option<ClassFrequencies>,
        path: &Path,
    ) -> Result<(), WeightsError> {
        let codes = match self {
            Self::Points(generator) => generator.codes(),
            Self::Images(generator) => generator.codes(),
            Self::Translation(_) => Codes::new(0, 0),
        };
        let description = &Description::new(config, codes, class_frequencies);
        // The network itself: a file names its weights without the choice that it is one of.
        match self {
            Self::Points(generator) => save(description, generator.inner(), path),
            Self::Images(generator) => match generator.inner() {
                ImageGenerator::Dcgan(network) => save(description, network, path),
                ImageGenerator::Resnet(network) => save(description, network, path),
                ImageGenerator::R3gan(network) => save(description, network, path),
            },
            Self::Translation(TranslationGenerator::Unet(network)) => {
                save(description, network, path)
            }
            Self::Translation(TranslationGenerator::Translator(network)) => {
                save(description, network, path)
            }
        }
    }

    /// The configuration in a file, without its weights.
    ///
    /// # Errors
    /// As [`SavedGenerator::load`].
    pub fn config(path: impl AsRef<Path>) -> Result<GeneratorConfig, WeightsError> {
        Ok(File::read(path.as_ref())?.description.generator)
    }

    /// How often each of its classes occurs, where the file says so: what
    /// [`save_conditional_generator`] has put there.
    ///
    /// # Errors
    /// As [`SavedGenerator::load`].
    pub fn class_frequencies(
        path: impl AsRef<Path>,
    ) -> Result<Option<ClassFrequencies>, WeightsError> {
        Ok(File::read(path.as_ref())?.description.class_frequencies)
    }

    /// The same of the bytes of a file.
    ///
    /// # Errors
    /// As [`SavedGenerator::from_bytes`].
    pub fn class_frequencies_from_bytes(
        bytes: &[u8],
    ) -> Result<Option<ClassFrequencies>, WeightsError> {
        Ok(File::of_bytes(bytes)?.description.class_frequencies)
    }

    /// The generator of images from noise that it is.
    ///
    /// # Errors
    /// [`WeightsError::OtherSamples`] where it is none.
    pub fn images(self) -> Result<CodedGenerator<ImageGenerator>, WeightsError> {
        match self {
            Self::Images(generator) => Ok(generator),
            other => Err(other.is_not("images from noise")),
        }
    }

    /// The generator of points that it is.
    ///
    /// # Errors
    /// [`WeightsError::OtherSamples`] where it is none.
    pub fn points(self) -> Result<CodedGenerator<MlpGenerator>, WeightsError> {
        match self {
            Self::Points(generator) => Ok(generator),
            other => Err(other.is_not("points")),
        }
    }

    /// The generator of images from images that it is.
    ///
    /// # Errors
    /// [`WeightsError::OtherSamples`] where it is none.
    pub fn translation(self) -> Result<TranslationGenerator, WeightsError> {
        match self {
            Self::Translation(generator) => Ok(generator),
            other => Err(other.is_not("images from images")),
        }
    }

    fn is_not(&self, expected: &'static str) -> WeightsError {
        let actual = match self {
            Self::Points(_) => "points",
            Self::Images(_) => "images from noise",
            Self::Translation(_) => "images from images",
        };
        WeightsError::OtherSamples { expected, actual }
    }
}
