//! The file of a saved generator: a weights file that says which network the weights are of.

use std::path::{Path, PathBuf};

use burn::tensor::Bytes;
use serde::{Deserialize, Serialize};

use super::{GeneratorConfig, NetworkWeights};
use crate::data::ClassFrequencies;
use crate::model::{Codes, DcganConfig};
use crate::state_dict::PytorchModule;
use crate::weights::{WeightsError, load_weights_of, read_with_text, text_of};

/// Under which name the description stands among the texts of a weights file, and of a safetensors file.
pub(crate) const DESCRIPTION: &str = "burn-gan-generator";

/// All that a file says of its generator beside the weights.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Description {
    /// The version of this crate that wrote it.
    pub version: String,
    pub generator: GeneratorConfig,
    /// Both numbers are 0 where the latent vectors are noise alone.
    pub codes: Codes,
    /// How often each of its classes occurs, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class_frequencies: Option<ClassFrequencies>,
}

/// A file that has been read.
pub(super) struct File {
    path: PathBuf,
    bytes: Bytes,
    pub description: Description,
}

impl File {
    pub fn read(path: &Path) -> Result<Self, WeightsError> {
        let (bytes, text) = read_with_text(path, DESCRIPTION)?;
        let description = match text {
            Some(text) => serde_json::from_str(&text).map_err(|error| invalid(path, error))?,
            None => beside(path)?,
        };
        Ok(Self {
            path: path.to_path_buf(),
            bytes,
            description,
        })
    }

    /// One whose bytes a program has. Errors call it by a name that says so.
    pub fn of_bytes(bytes: &[u8]) -> Result<Self, WeightsError> {
        let path = Path::new("bytes of a generator");
        let bytes = Bytes::from_bytes_vec(bytes.to_vec());
        let Some(text) = text_of(path, &bytes, DESCRIPTION)? else {
            return Err(WeightsError::NetworkConfig {
                path: path.to_path_buf(),
                message: "there is none".into(),
            });
        };
        Ok(Self {
            path: path.to_path_buf(),
            bytes,
            description: serde_json::from_str(&text).map_err(|error| invalid(path, error))?,
        })
    }

    /// Refuses frequencies of another number of classes than the network's.
    pub fn check_frequencies(&self) -> Result<(), WeightsError> {
        let Description {
            generator,
            class_frequencies,
            ..
        } = &self.description;
        let Some(frequencies) = class_frequencies else {
            return Ok(());
        };
        let (counts, classes) = (frequencies.classes(), generator.classes());
        if classes == Some(counts) {
            return Ok(());
        }
        Err(WeightsError::NetworkConfig {
            path: self.path.clone(),
            message: match classes {
                Some(classes) => {
                    format!("frequencies of {counts} classes for a network of {classes} classes")
                }
                None => format!("frequencies of {counts} classes for a network without classes"),
            },
        })
    }
}

impl NetworkWeights for File {
    type Error = WeightsError;

    fn put_into<M: PytorchModule>(&self, network: M) -> Result<M, WeightsError> {
        load_weights_of(network, &self.path, self.bytes.clone())
    }
}

impl Description {
    /// Of a generator that this version writes.
    pub fn new(
        generator: GeneratorConfig,
        codes: Codes,
        class_frequencies: Option<ClassFrequencies>,
    ) -> Self {
        Self {
            version: env!("CARGO_PKG_VERSION").to_string(),
            generator,
            codes,
            class_frequencies,
        }
    }
}

/// The description of a file of weights alone: a DCGAN's configuration in a file of its own, as the examples wrote it
/// before weights files had descriptions.
fn beside(path: &Path) -> Result<Description, WeightsError> {
    let beside = path.with_extension("json");
    let Ok(text) = std::fs::read_to_string(&beside) else {
        return Err(WeightsError::NetworkUnknown {
            path: path.to_path_buf(),
            beside,
        });
    };
    let config: DcganConfig =
        serde_json::from_str(&text).map_err(|error| invalid(&beside, error))?;
    Ok(Description {
        version: "0.1.0".to_string(),
        generator: config.into(),
        codes: Codes::new(0, 0),
        class_frequencies: None,
    })
}

/// The error for a description that cannot be read or written.
pub(super) fn invalid(path: &Path, error: serde_json::Error) -> WeightsError {
    WeightsError::NetworkConfig {
        path: path.to_path_buf(),
        message: error.to_string(),
    }
}
