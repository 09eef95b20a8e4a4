//! The pictures of a folder, by name, and a hash that tells whether they are still the same.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use sha2::{Digest, Sha256};

use super::{FolderError, ImageFolderConfig};
use crate::data::{DataError, image_cache};
use crate::errors::FileError;

/// A file with the name of a picture.
#[derive(Debug, Clone)]
pub(super) struct Found {
    /// Relative to the folder.
    pub path: PathBuf,
    size: u64,
    /// Nanoseconds since 1970, 0 where the system does not tell.
    modified: u128,
}

/// What is in a folder.
#[derive(Debug, Default)]
pub(super) struct Scan {
    /// In the order of their paths.
    pub pictures: Vec<Found>,
    /// Names of the folder's own subfolders.
    pub subfolders: Vec<String>,
    /// Files of other names.
    others: usize,
}

impl Scan {
    /// # Errors
    /// [`DataError::File`] for a folder that cannot be read, [`FolderError::NoPictures`], [`FolderError::Loop`].
    pub fn of(folder: &Path) -> Result<Self, DataError> {
        let mut scan = Self::default();
        scan.walk(folder, Path::new(""), &mut Vec::new())?;
        if scan.pictures.is_empty() {
            return Err(FolderError::NoPictures {
                folder: folder.into(),
                others: scan.others,
            }
            .into());
        }
        scan.pictures.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(scan)
    }

    /// SHA-256 of what decoded pictures depend on: names, sizes and times of the files, and how they are decoded.
    pub fn hash(&self, config: &ImageFolderConfig) -> String {
        let mut hash = Sha256::new();
        let rules = (
            image_cache::VERSION,
            config.channels,
            config.background,
            config.resize,
            config.filter,
            config.undecodable,
            config.largest_picture,
        );
        hash.update(format!("{rules:?}"));
        for picture in &self.pictures {
            let path = picture.path.as_os_str().as_encoded_bytes();
            hash.update((path.len() as u64).to_le_bytes());
            hash.update(path);
            hash.update(picture.size.to_le_bytes());
            hash.update(picture.modified.to_le_bytes());
        }
        format!("{:x}", hash.finalize())
    }

    /// Adds what is in `inside`, a path relative to the folder; `above` are the folders that it is in.
    fn walk(
        &mut self,
        folder: &Path,
        inside: &Path,
        above: &mut Vec<PathBuf>,
    ) -> Result<(), DataError> {
        let here = folder.join(inside);
        let io = |error| FileError::new(&here, error);
        let real = fs::canonicalize(&here).map_err(io)?;
        if above.contains(&real) {
            return Err(FolderError::Loop { folder: here }.into());
        }
        above.push(real);
        for entry in fs::read_dir(&here).map_err(io)? {
            let name = entry.map_err(io)?.file_name();
            let text = name.to_string_lossy();
            if text.starts_with('.') || text == "__MACOSX" {
                continue;
            }
            let path = inside.join(&name);
            let whole = here.join(&name);
            match fs::metadata(&whole) {
                Ok(about) if about.is_dir() => {
                    if above.len() == 1 {
                        self.subfolders.push(text.into_owned());
                    }
                    self.walk(folder, &path, above)?;
                }
                Ok(about) if is_picture(&path) => {
                    let modified = about.modified().ok();
                    let modified = modified.and_then(|time| time.duration_since(UNIX_EPOCH).ok());
                    self.pictures.push(Found {
                        path,
                        size: about.len(),
                        modified: modified.map_or(0, |time| time.as_nanos()),
                    });
                }
                Err(error) if is_picture(&path) => {
                    return Err(FileError::new(whole, error).into());
                }
                _ => self.others += 1,
            }
        }
        above.pop();
        Ok(())
    }
}

fn is_picture(path: &Path) -> bool {
    let extension = path.extension().and_then(|extension| extension.to_str());
    extension.is_some_and(|extension| {
        ["png", "jpg", "jpeg", "webp", "gif", "bmp"]
            .iter()
            .any(|known| known.eq_ignore_ascii_case(extension))
    })
}
