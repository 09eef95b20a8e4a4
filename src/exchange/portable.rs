//! [`PortableGenerator`]: a generator of the library as other libraries take it.

use std::path::Path;

use burn::tensor::Device;

use super::ExchangeError;
use crate::data::ClassFrequencies;
use crate::model::Codes;
#[cfg(feature = "safetensors")]
use crate::saved_generator::DESCRIPTION;
use crate::saved_generator::{Description, GeneratorConfig, NetworkWeights, SavedGenerator};
use crate::state_dict::{PytorchModule, StateDict, StateDictError};

/// A generator's tensors under PyTorch's names, and the configuration of its network.
///
/// ```
/// use burn::tensor::Device;
/// use burn_gan::exchange::PortableGenerator;
/// use burn_gan::model::DcganConfig;
/// use burn_gan::{SavedGenerator, save_generator};
///
/// let device = Device::flex();
/// let config = DcganConfig::new(1, 16, 16).with_filters(8);
/// let generator = config.init_generator(&device)?;
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("generator.safetensors");
/// PortableGenerator::new(config, &generator)?.write_safetensors(&path)?;
///
/// let generator = PortableGenerator::read_safetensors(&path)?.init(&device)?.images()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct PortableGenerator {
    /// The network.
    pub config: GeneratorConfig,
    /// The codes that its latent vectors begin with; none where both numbers are 0.
    pub codes: Codes,
    /// How often each of its classes occurs, where that is known.
    pub class_frequencies: Option<ClassFrequencies>,
    /// Its tensors.
    pub state: StateDict,
}

impl PortableGenerator {
    /// A generator of the library, whose configuration it is.
    ///
    /// # Errors
    /// [`ExchangeError::StateDict`] where a device cannot hand over its tensors.
    pub fn new<G: PytorchModule>(
        config: impl Into<GeneratorConfig>,
        generator: &G,
    ) -> Result<Self, ExchangeError> {
        Ok(Self::of_state(config, generator.state_dict()?))
    }

    /// Tensors from elsewhere, for the network of a configuration; [`PortableGenerator::init`] says whether they fit.
    pub fn of_state(config: impl Into<GeneratorConfig>, state: StateDict) -> Self {
        Self {
            config: config.into(),
            codes: Codes::new(0, 0),
            class_frequencies: None,
            state,
        }
    }

    /// The same for latent vectors that begin with codes.
    pub fn with_codes(self, codes: Codes) -> Self {
        Self { codes, ..self }
    }

    /// Reads a generator that [`save_generator`](crate::save_generator) has written.
    ///
    /// # Errors
    /// [`ExchangeError::Weights`] where it cannot be loaded, [`ExchangeError::StateDict`] where a device fails.
    pub fn load(path: impl AsRef<Path>, device: &Device) -> Result<Self, ExchangeError> {
        let (generator, description) = SavedGenerator::read(path.as_ref(), device)?;
        let state = match generator {
            SavedGenerator::Points(generator) => generator.state_dict(),
            SavedGenerator::Images(generator) => generator.state_dict(),
            SavedGenerator::Translation(generator) => generator.state_dict(),
        };
        Ok(Self::described(description, state?))
    }

    fn described(description: Description, state: StateDict) -> Self {
        Self {
            config: description.generator,
            codes: description.codes,
            class_frequencies: description.class_frequencies,
            state,
        }
    }

    /// Saves it as [`save_generator`](crate::save_generator) does, for [`SavedGenerator::load`].
    ///
    /// # Errors
    /// Those of [`PortableGenerator::init`], and [`ExchangeError::Weights`] where the file cannot be written.
    pub fn save(&self, path: impl AsRef<Path>, device: &Device) -> Result<(), ExchangeError> {
        let generator = self.init(device)?;
        let frequencies = self.class_frequencies.clone();
        Ok(generator.save_with(self.config.clone(), frequencies, path.as_ref())?)
    }

    /// The generator, in its evaluation form.
    ///
    /// # Errors
    /// [`ExchangeError::Network`] where the configuration is of no network, [`ExchangeError::StateDict`] with all that is
    /// missing, unknown, of another shape or unusable among the tensors.
    pub fn init(&self, device: &Device) -> Result<SavedGenerator, ExchangeError> {
        let device = device.clone().without_autodiff();
        self.config.build(self.codes, &self.state, &device)
    }

    /// Writes a safetensors file that also has the configuration, and the version of this crate, in its metadata.
    ///
    /// # Errors
    /// As [`write_safetensors`](super::write_safetensors).
    #[cfg(feature = "safetensors")]
    pub fn write_safetensors(&self, path: impl AsRef<Path>) -> Result<(), ExchangeError> {
        let path = path.as_ref();
        let text = self.description(path)?;
        let state = self.state.clone().with_metadata(DESCRIPTION, text);
        super::write_safetensors(&state, path)
    }

    /// Reads what [`PortableGenerator::write_safetensors`] has written.
    ///
    /// # Errors
    /// As [`read_safetensors`](super::read_safetensors), and [`ExchangeError::NoConfiguration`] or
    /// [`ExchangeError::Configuration`] where the file does not say which network its tensors are of.
    #[cfg(feature = "safetensors")]
    pub fn read_safetensors(path: impl AsRef<Path>) -> Result<Self, ExchangeError> {
        let path = path.as_ref();
        let state = super::read_safetensors(path)?;
        let Some(text) = state.metadata().get(DESCRIPTION) else {
            return Err(ExchangeError::NoConfiguration {
                path: path.to_path_buf(),
            });
        };
        let description: Description =
            serde_json::from_str(text).map_err(|error| configuration(path, &error))?;
        Ok(Self::described(description, state))
    }

    /// The configuration and the version of this crate, as JSON.
    #[cfg(any(feature = "onnx", feature = "safetensors"))]
    pub(super) fn description(&self, path: &Path) -> Result<String, ExchangeError> {
        let frequencies = self.class_frequencies.clone();
        let description = Description::new(self.config.clone(), self.codes, frequencies);
        serde_json::to_string(&description).map_err(|error| configuration(path, &error))
    }
}

#[cfg(any(feature = "onnx", feature = "safetensors"))]
fn configuration(path: &Path, error: &serde_json::Error) -> ExchangeError {
    ExchangeError::Configuration {
        path: path.to_path_buf(),
        message: error.to_string(),
    }
}

impl NetworkWeights for StateDict {
    type Error = ExchangeError;

    fn put_into<M: PytorchModule>(&self, network: M) -> Result<M, ExchangeError> {
        let loaded: Result<M, StateDictError> = network.with_state_dict(self);
        Ok(loaded?)
    }
}
