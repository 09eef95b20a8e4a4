//! Files that are either whole or not there.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use crate::errors::FileError;

/// Has `write` make a file beside `path`, brings it to the disk and renames it to `path`.
///
/// A crash or an error on the way leaves an older file at `path` as it was.
pub(crate) fn replace_file<E: From<FileError>>(
    path: &Path,
    write: impl FnOnce(&Path) -> Result<(), E>,
) -> Result<(), E> {
    let partial = partial_path(path);
    let written = write(&partial).and_then(|()| {
        open_to_sync(&partial)
            .and_then(|file| file.sync_all())
            // Over an older file, on Windows too.
            .and_then(|()| fs::rename(&partial, path))
            .and_then(|()| sync_folder(folder_of(path)))
            .map_err(|error| FileError::new(path, error).into())
    });
    if written.is_err() {
        // Nothing to say of a leftover that cannot be removed: the first error is the one that counts.
        let _ = fs::remove_file(&partial);
    }
    written
}

/// Creates a folder and those above it, and brings their names to the disk.
#[cfg(feature = "training")]
pub(crate) fn create_folder(folder: &Path) -> io::Result<()> {
    let missing = folder
        .ancestors()
        .take_while(|path| !path.as_os_str().is_empty() && !path.exists())
        .count();
    fs::create_dir_all(folder)?;
    folder
        .ancestors()
        .take(missing)
        .try_for_each(|path| sync_folder(folder_of(path)))
}

/// Brings the names in a folder to the disk, where the system can.
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) {
        File::open(folder)?.sync_all()
    } else {
        Ok(())
    }
}

/// A file that can be brought to the disk: Windows refuses that for one that is only open for reading.
fn open_to_sync(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).open(path)
}

/// The folder that a path is in.
fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// `path` with `.partial` after its name.
fn partial_path(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".partial");
    PathBuf::from(name)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn an_error_leaves_the_older_file_and_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        replace_file(&path, |partial| {
            fs::write(partial, "old").map_err(|error| FileError::new(partial, error))
        })
        .unwrap();
        let error = replace_file(&path, |partial| {
            fs::write(partial, "ne").map_err(|error| FileError::new(partial, error))?;
            Err(FileError::new(
                "elsewhere",
                io::ErrorKind::StorageFull.into(),
            ))
        });
        assert_eq!(error.unwrap_err().path, Path::new("elsewhere"));
        assert_eq!(fs::read_to_string(&path).unwrap(), "old");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    /// On Windows only such a handle can be synced.
    #[test]
    fn what_is_synced_is_open_for_writing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        fs::write(&path, "old").unwrap();
        let mut file = open_to_sync(&path).unwrap();
        file.write_all(b"new").unwrap();
        file.sync_all().unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "new");
    }

    #[test]
    #[cfg(feature = "training")]
    fn folders_are_created_below_any_other() {
        let folder = tempfile::tempdir().unwrap();
        let deep = folder.path().join("a/b/../c");
        create_folder(&deep).unwrap();
        create_folder(&deep).unwrap();
        assert!(folder.path().join("a/c").is_dir());
        assert_eq!(folder_of(Path::new("name")), Path::new("."));
    }
}
