//! Weights files: a module's parameters and buffers by path, in Burn's burnpack format.

use std::path::{Path, PathBuf};

use burn::module::{Module, ModuleVisitor, Param};
use burn::store::{ModuleRecord, RecordError};
use burn::tensor::{Bool, Bytes, Int, Tensor};
use burn_pack::{Reader, Writer};
use sha2::{Digest, Sha256};

#[cfg(feature = "training")]
use crate::errors::StateError;
use crate::errors::{DeviceError, FileError};
use crate::files::replace_file;
use crate::module_tree::{ModulePath, follow_path};
use crate::network_error::NetworkError;
use crate::unwind::caught;

/// What keeps a network from the weights of a file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WeightsError {
    /// The file could not be read or written.
    #[error(transparent)]
    File(#[from] FileError),

    /// A device could not run an operation or hand over a result.
    #[error(transparent)]
    Device(#[from] DeviceError),

    /// Weights that do not fit the network, or a damaged weights file.
    #[error("{}: {message}", path.display())]
    Invalid {
        /// The weights file.
        path: PathBuf,
        /// Burn's account of it.
        message: String,
    },

    /// A weights file without some of the network's weights.
    #[error(
        "{}: {missing} of the {needed} tensors that the network needs are missing, such as `{first}`",
        path.display()
    )]
    Incomplete {
        /// The weights file.
        path: PathBuf,
        /// Number of tensors that are missing.
        missing: usize,
        /// Number of tensors that the network takes.
        needed: usize,
        /// The first that is missing, by its name in such files.
        first: String,
    },

    /// A tensor in a weights file of another shape than the network's.
    #[error("{}: `{tensor}` has shape {actual:?}, the network needs {expected:?}", path.display())]
    TensorShape {
        /// The weights file.
        path: PathBuf,
        /// The tensor's name in the file.
        tensor: String,
        /// The network's shape.
        expected: Vec<usize>,
        /// The shape in the file.
        actual: Vec<usize>,
    },

    /// The network that a file names cannot be built.
    #[error(transparent)]
    Network(#[from] NetworkError),

    /// A weights file that does not say which network its weights are of.
    #[error(
        "{}: the file does not say which network its weights are of, and there is no {} beside it",
        path.display(),
        beside.display()
    )]
    NetworkUnknown {
        /// The weights file.
        path: PathBuf,
        /// The file that would say so.
        beside: PathBuf,
    },

    /// What a file says of its network cannot be understood.
    #[error("{}: the configuration of the network: {message}", path.display())]
    NetworkConfig {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        message: String,
    },

    /// A saved generator of something else than is asked for.
    #[error("the file holds a generator of {actual}, not of {expected}")]
    OtherSamples {
        /// What is asked for.
        expected: &'static str,
        /// What it generates.
        actual: &'static str,
    },
}

/// Saves a module's weights and running statistics.
///
/// The file is written beside its target and then renamed, so that a crash never leaves half a file where
/// a whole one stood.
///
/// # Errors
/// [`WeightsError::Invalid`] or [`WeightsError::File`] where the file cannot be written.
pub fn save_weights<M: Module>(module: &M, path: impl AsRef<Path>) -> Result<(), WeightsError> {
    let path = path.as_ref();
    replace_file(path, |partial| {
        // The evaluation form has the running statistics up to date.
        module
            .valid()
            .save_file(partial)
            .map_err(|error| weights_error(path, error))
    })
}

/// Loads weights into a freshly built module of the same architecture.
///
/// All of the file has been read when this returns: it may change or disappear afterwards. The module keeps its
/// own element types; values of another type are converted.
///
/// # Errors
/// [`WeightsError::Invalid`] where the file is missing or damaged, or holds another network's weights; the
/// message names the parameters that differ. The format has no checksum: damaged values go unnoticed.
pub fn load_weights<M: Module>(module: M, path: impl AsRef<Path>) -> Result<M, WeightsError> {
    let path = path.as_ref();
    load_record(module, path, || ModuleRecord::load(path))
}

/// [`load_weights`] of a file that has been read from `path`.
pub(crate) fn load_weights_of<M: Module>(
    module: M,
    path: &Path,
    bytes: Bytes,
) -> Result<M, WeightsError> {
    load_record(module, path, || ModuleRecord::from_bytes(bytes))
}

fn load_record<M: Module>(
    module: M,
    path: &Path,
    record: impl FnOnce() -> Result<ModuleRecord, RecordError>,
) -> Result<M, WeightsError> {
    // Burn panics on some damaged files, and on one that changes while it is read.
    let loaded = guarded(|| {
        // With the record's own types a network of two types would load and panic when it is used.
        let record = record()?.cast_to_module_dtype();
        let module = module.try_load_record(record)?;
        module.visit(&mut ReadAll);
        Ok(module)
    });
    loaded.map_err(|message| weights_error(path, message))
}

/// Saves a module's weights and running statistics together with a text, which [`read_with_text`] finds under `key`.
///
/// `check` looks at the finished file before it takes the place of an older one.
///
/// # Errors
/// As [`save_weights`], and those of `check`.
pub(crate) fn save_weights_with_text<M: Module>(
    module: &M,
    path: &Path,
    key: &str,
    text: &str,
    check: impl FnOnce(&Path) -> Result<(), WeightsError>,
) -> Result<(), WeightsError> {
    replace_file(path, |partial| {
        // Burn panics where a device fails.
        guarded(|| {
            let writer = writer(module)?.with_metadata(key, text);
            // The name is the caller's: nothing is added to it.
            Ok(writer.auto_extension(false).write_to_file(partial)?)
        })
        .map_err(|message| weights_error(path, message))?;
        check(partial)
    })
}

/// The bytes of a weights file, and the text that it was saved with under `key`.
///
/// # Errors
/// [`WeightsError::File`] where it cannot be read, [`WeightsError::Invalid`] where it is damaged.
pub(crate) fn read_with_text(
    path: &Path,
    key: &str,
) -> Result<(Bytes, Option<String>), WeightsError> {
    let bytes = std::fs::read(path).map_err(|error| FileError::new(path, error))?;
    let bytes = Bytes::from_bytes_vec(bytes);
    let text = text_of(path, &bytes, key)?;
    Ok((bytes, text))
}

/// The text under `key` in the bytes of a weights file, where it has one; errors call the bytes by `path`.
pub(crate) fn text_of(
    path: &Path,
    bytes: &Bytes,
    key: &str,
) -> Result<Option<String>, WeightsError> {
    // Burn panics on some damaged files.
    let text = guarded(|| {
        let reader = Reader::from_bytes(bytes.clone())?;
        Ok(reader.metadata().get(key).cloned())
    });
    text.map_err(|message| weights_error(path, message))
}

/// What Burn makes of a record, or what it says where it cannot or panics.
fn guarded<T>(run: impl FnOnce() -> Result<T, RecordError>) -> Result<T, String> {
    caught(run)?.map_err(|error| error.to_string())
}

/// What writes a module's evaluation form, without the identities that Burn gives parameters, which are new in each
/// process.
fn writer<M: Module>(module: &M) -> Result<Writer, RecordError> {
    let bytes = module.valid().into_record().into_bytes()?;
    let mut tensors = Reader::from_bytes(bytes)?.into_tensors()?;
    for tensor in &mut tensors {
        tensor.param_id = None;
    }
    Ok(Writer::new(tensors))
}

/// A module's weights and running statistics as the bytes of a weights file, the same for the same
/// values.
///
/// # Errors
/// [`StateError`] where they cannot be written down.
#[cfg(feature = "training")]
pub(crate) fn weights_to_bytes<M: Module>(module: &M, part: &str) -> Result<Vec<u8>, StateError> {
    // Burn panics where a device fails.
    let stripped = guarded(|| Ok(writer(module)?.into_bytes()?.to_vec()));
    stripped.map_err(|message| StateError::new(part, message))
}

/// A module in its evaluation form, with the weights and running statistics in these bytes.
///
/// # Errors
/// [`StateError`] for damaged bytes, or those of another network.
#[cfg(feature = "training")]
pub(crate) fn with_weights<M: Module>(
    module: &M,
    bytes: &[u8],
    part: &str,
) -> Result<M, StateError> {
    let bytes = Bytes::from_bytes_vec(bytes.to_vec());
    // A live module would put its pending running statistics over what is loaded; its evaluation form has none.
    let loaded = guarded(|| {
        let record = ModuleRecord::from_bytes(bytes)?.cast_to_module_dtype();
        module.valid().try_load_record(record)
    });
    loaded.map_err(|message| StateError::new(part, message))
}

/// SHA-256 of a module's weights by path, in hexadecimal digits: the same for the same values, in every process.
///
/// # Errors
/// [`DeviceError`] where they cannot be read.
pub(crate) fn fingerprint<M: Module>(module: &M) -> Result<String, DeviceError> {
    let mut hash = Hash {
        path: ModulePath::default(),
        state: Sha256::new(),
        failure: None,
    };
    module.valid().visit(&mut hash);
    match hash.failure {
        Some(failure) => Err(failure),
        None => Ok(format!("{:x}", hash.state.finalize())),
    }
}

struct Hash {
    path: ModulePath,
    state: Sha256,
    failure: Option<DeviceError>,
}

impl ModuleVisitor for Hash {
    follow_path!();

    fn visit_float<const D: usize>(&mut self, parameter: &Param<Tensor<D>>) {
        let tensor = parameter.val();
        let header = format!("{} {:?}\n", self.path.key(), tensor.dims());
        self.state.update(header);
        match tensor.try_into_vec_as::<f32>() {
            Ok(values) => values
                .iter()
                .for_each(|value| self.state.update(value.to_le_bytes())),
            Err(error) => self.failure = Some(DeviceError::new(error)),
        }
    }
}

/// Brings all values to the host. Burn reads them from their file at their first use, and panics if they are not
/// there then.
struct ReadAll;

impl ModuleVisitor for ReadAll {
    fn visit_float<const D: usize>(&mut self, parameter: &Param<Tensor<D>>) {
        parameter.val().into_data();
    }

    fn visit_int<const D: usize>(&mut self, parameter: &Param<Tensor<D, Int>>) {
        parameter.val().into_data();
    }

    fn visit_bool<const D: usize>(&mut self, parameter: &Param<Tensor<D, Bool>>) {
        parameter.val().into_data();
    }
}

pub(crate) fn weights_error(path: &Path, error: impl std::fmt::Display) -> WeightsError {
    WeightsError::Invalid {
        path: path.to_path_buf(),
        message: error.to_string(),
    }
}
