//! [`SheetConfig`]: images that are tiles of one large picture.

use std::path::{Path, PathBuf};

use burn::config::Config;

use super::image_folder::{LARGEST_PICTURE, Wanted, decode};
use super::pixels::{Pixels, push_channels_first};
use super::table::csv_columns;
use super::{ByteImages, DataError, LabelledByteImages, PictureChannels, class_names};
use crate::errors::at_least_1;

/// A sheet that cannot be cut into images.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SheetError {
    /// A sheet that is not a whole number of tiles high or wide.
    #[error(
        "{}: {}x{} pixels cannot be cut into tiles of {}x{}",
        path.display(), size[0], size[1], tile[0], tile[1]
    )]
    Uneven {
        /// The sheet.
        path: PathBuf,
        /// Its height and width.
        size: [usize; 2],
        /// Height and width of a tile.
        tile: [usize; 2],
    },

    /// Fewer tiles than asked for.
    #[error("{}: {count} tiles were asked for, the sheet has {tiles}", path.display())]
    TooFew {
        /// The sheet.
        path: PathBuf,
        /// Number of tiles asked for.
        count: usize,
        /// Number of tiles.
        tiles: usize,
    },
}

/// A picture that holds many images of one size side by side, without gaps: the first row from left to right, then the
/// second.
///
/// ```no_run
/// use burn_gan::data::{SheetConfig, ShuffleConfig};
///
/// // One line of labels.csv a tile; the class is its column `glasses`.
/// let faces = SheetConfig::new("faces.png".into(), 32, 32).init_with_classes("labels.csv", "glasses")?;
/// println!("{} faces, {} classes", faces.labels().len(), faces.classes());
/// let source = ShuffleConfig::new(64).init(faces)?;
/// # Ok::<(), burn_gan::GanError>(())
/// ```
#[derive(Config, Debug)]
#[non_exhaustive]
pub struct SheetConfig {
    /// The picture: PNG, JPEG, WebP, GIF or BMP.
    pub path: PathBuf,
    /// Height of a tile in pixels.
    pub height: usize,
    /// Width of a tile in pixels.
    pub width: usize,
    /// How many tiles are images, where the last ones of the sheet are empty; all by default.
    pub count: Option<usize>,
    /// The channels of an image.
    #[config(default = "PictureChannels::Rgb")]
    pub channels: PictureChannels,
    /// Red, green and blue of what the picture is put on where it is not opaque.
    #[config(default = "[255, 255, 255]")]
    pub background: [u8; 3],
    /// The most bytes that the picture may take, as a file and as pixels.
    #[config(default = "LARGEST_PICTURE")]
    pub largest_picture: usize,
}

impl SheetConfig {
    /// The tiles as images, in memory.
    ///
    /// # Errors
    /// [`DataError::Config`] for a size, count or limit of 0, `DataError::Undecodable` for a picture that cannot be
    /// read, `DataError::Sheet` where it cannot be cut into such tiles or so many.
    pub fn init(&self) -> Result<ByteImages, DataError> {
        let sides = [("height", self.height), ("width", self.width)];
        let limits = [
            ("count", self.count.unwrap_or(1)),
            ("largest_picture", self.largest_picture),
        ];
        for (field, value) in sides.into_iter().chain(limits) {
            at_least_1(field, value)?;
        }
        let wanted = Wanted {
            channels: self.channels,
            background: self.background,
            largest: self.largest_picture as u64,
        };
        let sheet = decode(&self.path, wanted)?;
        let size = [sheet.height() as usize, sheet.width() as usize];
        let tile = [self.height, self.width];
        let even = |side: usize| size[side].is_multiple_of(tile[side]);
        if !even(0) || !even(1) {
            let path = self.path.clone();
            return Err(SheetError::Uneven { path, size, tile }.into());
        }
        let (rows, columns) = (size[0] / tile[0], size[1] / tile[1]);
        let tiles = rows * columns;
        let count = self.count.unwrap_or(tiles);
        if count > tiles {
            let path = self.path.clone();
            return Err(SheetError::TooFew { path, count, tiles }.into());
        }

        let channels = self.channels.count();
        let sheet = sheet.into_bytes();
        let tile_line = self.width * channels;
        let line = size[1] * channels;
        let mut bytes = Vec::with_capacity(count * self.height * tile_line);
        let mut image = Vec::with_capacity(self.height * tile_line);
        for number in 0..count {
            let top = number / columns * self.height;
            let left = number % columns * tile_line;
            image.clear();
            for lines in sheet.chunks_exact(line).skip(top).take(self.height) {
                image.extend_from_slice(&lines[left..left + tile_line]);
            }
            push_channels_first(&image, channels, &mut bytes);
        }
        Pixels::new(bytes, [channels, self.height, self.width]).map(ByteImages::in_memory)
    }

    /// The tiles with a class each, which a column of a CSV file with a header has; its lines are in the tiles' order.
    ///
    /// Classes are in the order of their names; where all names are whole numbers, in the order of those.
    ///
    /// # Errors
    /// Those of [`SheetConfig::init`], [`DataError::File`] and `DataError::Table` for the file, [`DataError::LabelCount`]
    /// where it has not as many lines as there are tiles.
    pub fn init_with_classes(
        &self,
        table: impl AsRef<Path>,
        column: &str,
    ) -> Result<LabelledByteImages, DataError> {
        let classes: Vec<String> = csv_columns(table.as_ref(), [column])?
            .into_iter()
            .map(|[class]| class)
            .collect();
        let images = self.init()?;
        let names = class_names::in_order(classes.iter().map(String::as_str));
        let labels = class_names::numbered(classes.iter().map(String::as_str), &names);
        images.with_labels(labels)?.with_class_names(names)
    }
}
