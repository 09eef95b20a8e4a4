//! [`ImageFolder`]: the pictures of a folder as a set of samples.

mod classes;
mod config;
mod decode;
mod decode_all;
mod error;
mod jpeg;
mod resize;
mod scan;

pub(in crate::data) use config::LARGEST_PICTURE;
pub use config::{
    ClassSource, ImageFolderConfig, LabelFile, PictureChannels, PictureStore, Resize, ResizeFilter,
    Undecodable,
};
pub(in crate::data) use decode::{Wanted, decode};
pub use error::{FolderError, UndecodableError};

use std::collections::HashSet;
use std::fs::{self, File};
use std::io::BufWriter;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use burn::tensor::Device;
use serde::{Deserialize, Serialize};

use self::classes::Classes;
use self::decode_all::{decode_all, decode_one};
use self::scan::Scan;
use super::image_cache::{CacheWriter, CachedImages, Contents};
use super::pixels::Pixels;
use super::{ByteImages, DataError, LabelledByteImages, Samples};
use crate::batch::Batch;
use crate::errors::{ConfigError, FileError};
use crate::files::replace_file;
use crate::identity::Identity;

/// A picture that could not be decoded and was left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SkippedPicture {
    /// The file, relative to the folder.
    pub path: PathBuf,
    /// What is wrong with it.
    pub reason: String,
}

/// A size that pictures had before they were resized.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct OriginalSize {
    /// Height in pixels.
    pub height: usize,
    /// Width in pixels.
    pub width: usize,
    /// How many pictures had it.
    pub count: usize,
}

/// How far reading a folder is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FolderProgress {
    /// Pictures that are behind it.
    pub done: usize,
    /// Number of all pictures.
    pub pictures: usize,
    /// How many of those behind it cannot be decoded.
    pub undecodable: usize,
}

/// The pictures of a folder, in the order of their paths.
///
/// Made by [`ImageFolderConfig::init`]. A batch is `[N, channels, height, width]` with values in [-1, 1], as
/// [`ByteImages`] has it.
#[derive(Debug, Clone)]
pub struct ImageFolder {
    images: ByteImages,
    files: Vec<PathBuf>,
    classes: Option<Classes>,
    skipped: Vec<SkippedPicture>,
    originals: Vec<OriginalSize>,
}

impl ImageFolderConfig {
    /// Reads the folder: decodes its pictures, or takes them from the cache file where that is of the same files.
    ///
    /// PNG, JPEG, WebP, GIF (its first image) and BMP; a file's content decides which, its name only that it is a
    /// picture. Cameras' notes of how they were held are respected, 16 bits a value become 8, CMYK becomes RGB.
    /// The cache file is made anew when a name, a size or a time of a picture's file changed, or how they are decoded.
    ///
    /// # Errors
    /// [`DataError::Config`] for a size or limit out of range, [`DataError::File`] for a folder, file or cache that cannot be
    /// read or written, `DataError::Folder` for what [`FolderError`] lists, `DataError::Cache` where something
    /// else is in the cache file's place.
    pub fn init(&self) -> Result<ImageFolder, DataError> {
        self.init_watched(|_| ControlFlow::Continue(()))
    }

    /// As [`ImageFolderConfig::init`], and tells `progress` how far it is, several times a second; `Break` ends it.
    ///
    /// # Errors
    /// Those of [`ImageFolderConfig::init`], and [`FolderError::Cancelled`]; nothing half-written stays then.
    pub fn init_watched(
        &self,
        mut progress: impl FnMut(FolderProgress) -> ControlFlow<()>,
    ) -> Result<ImageFolder, DataError> {
        self.check()?;
        let scan = Scan::of(&self.folder)?;
        let classes = Classes::of(&self.classes, &self.folder, &scan)?;
        let inputs = scan.hash(self);
        let (images, contents) = match self.cache_path()? {
            None => self.in_memory(&scan, inputs, &mut progress)?,
            Some(path) => match CachedImages::open(&path, &inputs, scan.pictures.len())? {
                Some((images, contents)) => (ByteImages::cached(images), contents),
                None => self.in_cache(&path, &scan, inputs, &mut progress)?,
            },
        };
        for SkippedPicture { reason, .. } in &contents.skipped {
            log::warn!("left out: {reason}");
        }
        let skipped: HashSet<&Path> = contents
            .skipped
            .iter()
            .map(|skipped| &*skipped.path)
            .collect();
        let kept: Vec<bool> = scan
            .pictures
            .iter()
            .map(|picture| !skipped.contains(&*picture.path))
            .collect();
        let classes = classes.map(|classes| classes.kept(&kept)).transpose()?;
        let files = scan.pictures.into_iter().zip(&kept);
        let files = files
            .filter(|(_, kept)| **kept)
            .map(|(found, _)| found.path);
        Ok(ImageFolder {
            files: files.collect(),
            images,
            classes,
            originals: contents.originals,
            skipped: contents.skipped,
        })
    }

    /// One picture from anywhere, with the channels and the size that the folder's pictures get: a set of one image, in memory.
    ///
    /// # Errors
    /// [`DataError::Config`] for a size or limit out of range, `DataError::Undecodable` for a picture that cannot be read.
    pub fn read_picture(&self, path: impl AsRef<Path>) -> Result<ByteImages, DataError> {
        self.check()?;
        let picture = decode_one(self, path.as_ref())?;
        let [height, width] = picture.size;
        ByteImages::channels_first(picture.bytes, self.channels.count(), height, width)
    }

    fn in_memory(
        &self,
        scan: &Scan,
        inputs: String,
        progress: &mut dyn FnMut(FolderProgress) -> ControlFlow<()>,
    ) -> Result<(ByteImages, Contents), DataError> {
        let mut bytes = Vec::new();
        let mut keep = |image: &[u8]| {
            bytes.extend_from_slice(image);
            Ok(())
        };
        let contents = decode_all(self, &scan.pictures, inputs, &mut keep, progress)?;
        let pixels = Pixels::new(bytes, contents.shape)?;
        Ok((ByteImages::in_memory(pixels), contents))
    }

    fn in_cache(
        &self,
        path: &Path,
        scan: &Scan,
        inputs: String,
        progress: &mut dyn FnMut(FolderProgress) -> ControlFlow<()>,
    ) -> Result<(ByteImages, Contents), DataError> {
        replace_file(path, |partial| {
            let io = |error| FileError::new(partial, error);
            let file = BufWriter::new(File::create(partial).map_err(io)?);
            let mut writer = CacheWriter::new(file).map_err(io)?;
            let mut keep = |image: &[u8]| Ok(writer.push(image).map_err(io)?);
            let contents = decode_all(self, &scan.pictures, inputs.clone(), &mut keep, progress)?;
            Ok::<_, DataError>(writer.finish(contents).map_err(io)?)
        })?;
        match CachedImages::open(path, &inputs, scan.pictures.len())? {
            Some((images, contents)) => Ok((ByteImages::cached(images), contents)),
            // Only another process can have put another one there.
            None => Err(FileError::new(path, std::io::ErrorKind::InvalidData.into()).into()),
        }
    }

    /// Where the cache file is; `None` where pictures are kept in memory.
    fn cache_path(&self) -> Result<Option<PathBuf>, DataError> {
        match &self.store {
            PictureStore::Memory => Ok(None),
            PictureStore::File(path) => Ok(Some(path.clone())),
            PictureStore::Beside => {
                let folder = fs::canonicalize(&self.folder)
                    .map_err(|error| FileError::new(&self.folder, error))?;
                let Some(name) = folder.file_name() else {
                    let requirement =
                        "a folder without a name has no place beside it: choose a cache file";
                    return Err(ConfigError::new("store", &self.store, requirement).into());
                };
                let mut name = name.to_owned();
                name.push(".images");
                Ok(Some(folder.with_file_name(name)))
            }
        }
    }
}

impl ImageFolder {
    /// The images, without their classes.
    pub fn images(&self) -> &ByteImages {
        &self.images
    }

    /// The file of each image, relative to the folder.
    pub fn files(&self) -> &[PathBuf] {
        &self.files
    }

    /// The names of the classes in their order; none where the folder was read without classes.
    pub fn class_names(&self) -> &[String] {
        self.classes.as_ref().map_or(&[], |classes| &classes.names)
    }

    /// The class of each image, counted from 0; `None` where the folder was read without classes.
    pub fn labels(&self) -> Option<&[usize]> {
        self.classes
            .as_ref()
            .map(|classes| classes.labels.as_slice())
    }

    /// The pictures that were left out.
    pub fn skipped(&self) -> &[SkippedPicture] {
        &self.skipped
    }

    /// The sizes that the pictures had, in ascending order.
    pub fn original_sizes(&self) -> &[OriginalSize] {
        &self.originals
    }

    /// The images without their classes.
    pub fn into_images(self) -> ByteImages {
        self.images
    }

    /// The images with their classes, which are the condition of a batch.
    ///
    /// # Errors
    /// [`FolderError::NoClasses`] where the folder was read without classes.
    pub fn into_labelled(self) -> Result<LabelledByteImages, DataError> {
        let classes = self.classes.ok_or(FolderError::NoClasses)?;
        self.images
            .with_labels(classes.labels)?
            .with_class_names(classes.names)
    }
}

impl Samples<4> for ImageFolder {
    fn len(&self) -> usize {
        self.images.len()
    }

    fn select(&self, indices: &[usize], device: &Device) -> Result<Batch<4>, DataError> {
        self.images.select(indices, device)
    }

    fn identity(&self) -> Result<Identity, DataError> {
        self.images.identity()
    }
}
