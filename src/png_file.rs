//! Pictures as PNG files.

use std::fs::File;
use std::io::BufWriter;
use std::iter;
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
        let mut writer = self.encoder(file).write_header()?;
        writer.write_image_data(&self.colours)?;
        writer.finish()
    }

    /// An encoder of pictures like this one.
    fn encoder(&self, file: BufWriter<File>) -> png::Encoder<'static, BufWriter<File>> {
        // A side beyond 32 bits is none to the encoder, which refuses it.
        let [width, height] = [self.width, self.height].map(|side| side.try_into().unwrap_or(0));
        let mut encoder = png::Encoder::new(file, width, height);
        encoder.set_color(png::ColorType::Rgb);
        encoder.set_depth(png::BitDepth::Eight);
        encoder
    }
}

/// Writes pictures of one size, at least one, as an animated PNG file that plays for ever, each for so many
/// milliseconds; it replaces an older file as a whole.
pub(crate) fn save_animation<E: From<FileError>>(
    mut frames: impl ExactSizeIterator<Item = Result<Rgb8, E>>,
    delay: u16,
    path: &Path,
) -> Result<(), E> {
    let failed = |error: png::EncodingError| FileError::new(path, error.into());
    // More frames than 32 bits can count are none to the encoder, which refuses them.
    let count = frames.len().try_into().unwrap_or(0);
    replace_file(path, |partial| {
        let Some(first) = frames.next().transpose()? else {
            return Ok(());
        };
        let file = File::create(partial).map_err(|error| FileError::new(path, error))?;
        let mut encoder = first.encoder(BufWriter::new(file));
        // 0 plays are endless ones.
        encoder.set_animated(count, 0).map_err(failed)?;
        encoder.set_frame_delay(delay, 1000).map_err(failed)?;
        let mut writer = encoder.write_header().map_err(failed)?;
        for frame in iter::once(Ok(first)).chain(frames) {
            writer.write_image_data(&frame?.colours).map_err(failed)?;
        }
        Ok(writer.finish().map_err(failed)?)
    })
}
