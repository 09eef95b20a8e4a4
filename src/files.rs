//! Files that are either whole or not there.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use crate::gan_error::GanError;

/// Has `write` make a file beside `path`, brings it to the disk and renames it to `path`.
///
/// A crash or an error on the way leaves an older file at `path` as it was.
pub(crate) fn replace_file(
    path: &Path,
    write: impl FnOnce(&Path) -> Result<(), GanError>,
) -> Result<(), GanError> {
    let partial = partial_path(path);
    let written = write(&partial).and_then(|()| {
        File::open(&partial)
            .and_then(|file| file.sync_all())
            .and_then(|()| fs::rename(&partial, path))
            .map_err(|error| GanError::io(path, error))
    });
    if written.is_err() {
        // Nothing to say of a leftover that cannot be removed: the first error is the one that counts.
        let _ = fs::remove_file(&partial);
    }
    written
}

/// `path` with `.partial` after its name.
fn partial_path(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".partial");
    PathBuf::from(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::batch::BatchError;

    #[test]
    fn an_error_leaves_the_older_file_and_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        replace_file(&path, |partial| {
            fs::write(partial, "old").map_err(|error| GanError::io(partial, error))
        })
        .unwrap();
        let error = replace_file(&path, |partial| {
            fs::write(partial, "ne").map_err(|error| GanError::io(partial, error))?;
            Err(GanError::Batch(BatchError::Empty))
        });
        assert!(matches!(error, Err(GanError::Batch(BatchError::Empty))));
        assert_eq!(fs::read_to_string(&path).unwrap(), "old");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
