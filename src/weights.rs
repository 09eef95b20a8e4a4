//! Weights files: a module's parameters and buffers by path, in Burn's burnpack format.

use std::path::Path;

use burn::module::Module;

use crate::error::GanError;
use crate::files::replace_file;

/// Saves a module's weights and running statistics.
///
/// The file is written beside its target and then renamed, so that a crash never leaves half a file where
/// a whole one stood.
///
/// # Errors
/// [`GanError::Weights`] or [`GanError::Io`] where the file cannot be written.
pub fn save_weights<M: Module>(module: &M, path: impl AsRef<Path>) -> Result<(), GanError> {
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
/// # Errors
/// [`GanError::Weights`] where the file is missing or damaged, or holds another network's weights; the
/// message names the parameters that differ.
pub fn load_weights<M: Module>(module: M, path: impl AsRef<Path>) -> Result<M, GanError> {
    let path = path.as_ref();
    module
        .try_load_file(path)
        .map_err(|error| weights_error(path, error))
}

fn weights_error(path: &Path, error: burn::store::RecordError) -> GanError {
    GanError::Weights {
        path: path.to_path_buf(),
        message: error.to_string(),
    }
}
