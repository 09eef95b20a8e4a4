//! [`ImageFolderConfig`]: which pictures of a folder, and what becomes of them.

use std::path::PathBuf;

use burn::config::Config;
use serde::{Deserialize, Serialize};

use crate::errors::{ConfigError, at_least_1};

/// The channels of an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum PictureChannels {
    /// One: brightness. What is not opaque is put on the background first.
    Grey,
    /// Three: red, green, blue. What is not opaque is put on the background first.
    #[default]
    Rgb,
    /// Four: red, green, blue and opacity, 255 where a picture has none.
    Rgba,
}

impl PictureChannels {
    /// How many they are.
    pub fn count(self) -> usize {
        match self {
            Self::Grey => 1,
            Self::Rgb => 3,
            Self::Rgba => 4,
        }
    }
}

/// How pictures come to one size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Resize {
    /// They do not: all have to be of one size.
    #[default]
    None,
    /// Each is stretched to this size; its proportions change.
    Stretch {
        /// Height in pixels.
        height: usize,
        /// Width in pixels.
        width: usize,
    },
    /// The largest part about the centre that has the proportions of this size; its edges are lost.
    CentreCrop {
        /// Height in pixels.
        height: usize,
        /// Width in pixels.
        width: usize,
    },
    /// The whole picture in the middle, and bars at two sides.
    Letterbox {
        /// Height in pixels.
        height: usize,
        /// Width in pixels.
        width: usize,
        /// Red, green and blue of the bars.
        colour: [u8; 3],
    },
}

/// How values between pixels are found where pictures are resized.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum ResizeFilter {
    /// The nearest pixel: for pixel art that grows by a whole factor.
    Nearest,
    /// Linear; the mean of what a pixel covers where a picture shrinks.
    Triangle,
    /// Sharp: Lanczos' filter over three pixels a side.
    #[default]
    Lanczos,
}

/// A table of the pictures' classes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LabelFile {
    /// A CSV file with a header, or a JSON file (extension `json`); a relative path starts in the folder of pictures.
    ///
    /// JSON is an object, `{"cats/1.png": "cat"}`, or a list of objects with the two columns as fields.
    pub path: PathBuf,
    /// The column of the pictures' paths, relative to the folder.
    pub file_column: String,
    /// The column of their classes.
    pub class_column: String,
}

impl LabelFile {
    /// A file with the columns `file` and `class`.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            file_column: "file".to_string(),
            class_column: "class".to_string(),
        }
    }

    /// Paths in another column.
    pub fn with_file_column(mut self, column: impl Into<String>) -> Self {
        self.file_column = column.into();
        self
    }

    /// Classes from another column.
    pub fn with_class_column(mut self, column: impl Into<String>) -> Self {
        self.class_column = column.into();
        self
    }
}

/// Where the classes of pictures come from.
///
/// Classes are in the order of their names; where all names are whole numbers, in the order of those.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum ClassSource {
    /// There are none.
    #[default]
    None,
    /// The name of the folder's subfolder that a picture is in, or below.
    Subfolders,
    /// A table of pictures and classes.
    File(LabelFile),
}

/// What becomes of a picture that cannot be decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Undecodable {
    /// The folder is refused; the error has all such pictures.
    #[default]
    Refuse,
    /// It is left out; [`ImageFolder::skipped`](super::ImageFolder::skipped) has all such pictures.
    Skip,
}

/// Where decoded pictures are kept.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum PictureStore {
    /// In a cache file beside the folder, with `.images` after the folder's name.
    #[default]
    Beside,
    /// In this cache file.
    File(PathBuf),
    /// In memory; they are decoded in each process anew.
    Memory,
}

/// Configuration of [`ImageFolder`](super::ImageFolder).
///
/// ```no_run
/// use burn_gan::data::{ClassSource, ImageFolderConfig, Resize, ShuffleConfig};
///
/// let cats_and_dogs = ImageFolderConfig::new("pets".into())
///     .with_resize(Resize::CentreCrop { height: 64, width: 64 })
///     .with_classes(ClassSource::Subfolders)
///     .init()?;
/// println!("{} pictures of {:?}", cats_and_dogs.files().len(), cats_and_dogs.class_names());
/// let source = ShuffleConfig::new(64).init(cats_and_dogs.into_labelled()?)?;
/// # Ok::<(), burn_gan::GanError>(())
/// ```
#[derive(Config, Debug)]
#[non_exhaustive]
pub struct ImageFolderConfig {
    /// The folder; pictures in its subfolders count too. Names that begin with a dot are left out, and so is `__MACOSX`.
    pub folder: PathBuf,
    /// The channels of an image.
    #[config(default = "PictureChannels::Rgb")]
    pub channels: PictureChannels,
    /// Red, green and blue of what pictures are put on where they are not opaque.
    #[config(default = "[255, 255, 255]")]
    pub background: [u8; 3],
    /// How pictures come to one size.
    #[config(default = "Resize::None")]
    pub resize: Resize,
    /// How values between pixels are found.
    #[config(default = "ResizeFilter::Lanczos")]
    pub filter: ResizeFilter,
    /// Where classes come from.
    #[config(default = "ClassSource::None")]
    pub classes: ClassSource,
    /// What becomes of a picture that cannot be decoded.
    #[config(default = "Undecodable::Refuse")]
    pub undecodable: Undecodable,
    /// Where decoded pictures are kept.
    #[config(default = "PictureStore::Beside")]
    pub store: PictureStore,
    /// The most bytes that a picture may take, as a file and as pixels: a small file may announce more than memory holds.
    #[config(default = "LARGEST_PICTURE")]
    pub largest_picture: usize,
}

/// A colour picture of about 9,500 pixels a side.
pub(in crate::data) const LARGEST_PICTURE: usize = 1 << 28;

/// The longest side that pictures are resized to.
const LONGEST_SIDE: usize = 1 << 14;

impl ImageFolderConfig {
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        at_least_1("largest_picture", self.largest_picture)?;
        if let Resize::Stretch { height, width }
        | Resize::CentreCrop { height, width }
        | Resize::Letterbox { height, width, .. } = self.resize
        {
            for (field, side) in [("height", height), ("width", width)] {
                if !(1..=LONGEST_SIDE).contains(&side) {
                    return Err(ConfigError::new(field, side, "must be from 1 to 16384"));
                }
            }
        }
        Ok(())
    }
}
