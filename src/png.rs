//! Pictures as PNG files.

use std::path::Path;

use image::{ImageFormat, RgbImage};

use crate::files::replace_file;
use crate::gan_error::GanError;

/// Writes a picture as a PNG file beside `path`, and then renames it.
pub(crate) fn save_png(path: &Path, picture: &RgbImage) -> Result<(), GanError> {
    replace_file(path, |partial| {
        picture
            .save_with_format(partial, ImageFormat::Png)
            .map_err(|error| GanError::io(path, std::io::Error::other(error)))
    })
}
