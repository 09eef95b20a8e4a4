//! Pictures as PNG files.

use std::fs::File;
use std::io::BufWriter;
use std::path::Path;

use crate::errors::FileError;
use crate::files::replace_file;

/// Red, green and blue of every pixel, row by row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Rgb8 {
    pub width: usize,
    pub height: usize,
    /// `3 * width * height` values.
    pub colours: Vec<u8>,
}

impl Rgb8 {
    /// Writes a PNG file, which replaces an older one as a whole.
    pub(crate) fn save(&self, path: &Path) -> Result<(), FileError> {
        replace_file(path, |partial| {
            let file = File::create(partial).map_err(|error| FileError::new(path, error))?;
            self.encode(BufWriter::new(file))
                .map_err(|error| FileError::new(path, error.into()))
        })
    }

    fn encode(&self, file: BufWriter<File>) -> Result<(), png::EncodingError> {
        // A side beyond 32 bits is none to the encoder, which refuses it.
        let [width, height] = [self.width, self.height].map(|side| side.try_into().unwrap_or(0));
        let mut encoder = png::Encoder::new(file, width, height);
        encoder.set_color(png::ColorType::Rgb);
        encoder.set_depth(png::BitDepth::Eight);
        let mut writer = encoder.write_header()?;
        writer.write_image_data(&self.colours)?;
        writer.finish()
    }
}
