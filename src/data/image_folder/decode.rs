//! One file as pixels: what `image` decodes, turned upright, with the channels that are wanted.

use std::fs::File;
use std::io::{Cursor, Read};
use std::path::Path;

use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits, RgbImage, RgbaImage};

use super::config::PictureChannels;
use super::{UndecodableError, jpeg};
use crate::errors::FileError;
use crate::unwind::caught;

/// What is wanted of a picture.
#[derive(Debug, Clone, Copy)]
pub(in crate::data) struct Wanted {
    pub channels: PictureChannels,
    /// What is not opaque is put on it.
    pub background: [u8; 3],
    /// The most bytes of a file and of its pixels.
    pub largest: u64,
}

/// A file's picture, of 8 bits a value, in `Luma8`, `Rgb8` or `Rgba8`.
///
/// # Errors
/// All of [`UndecodableError`].
pub(in crate::data) fn decode(
    path: &Path,
    wanted: Wanted,
) -> Result<DynamicImage, UndecodableError> {
    let bytes = read(path, wanted.largest)?;
    let damaged = |message: String| UndecodableError::Damaged {
        path: path.into(),
        message,
    };
    // A panic of a decoder is a damaged file as well.
    let picture = caught(|| picture(&bytes, wanted.largest))
        .unwrap_or_else(|panic| Err(Refused::Damaged(format!("the decoder panicked: {panic}"))));
    match picture {
        Ok(picture) => Ok(with_channels(picture, wanted)),
        Err(Refused::Damaged(message)) => Err(damaged(message)),
        Err(Refused::TooLarge(bytes)) => Err(UndecodableError::TooLarge {
            path: path.into(),
            bytes,
            limit: wanted.largest,
        }),
    }
}

/// A file's bytes; memory grows with what is read.
fn read(path: &Path, largest: u64) -> Result<Vec<u8>, UndecodableError> {
    let io = |error| FileError::new(path, error);
    let mut file = File::open(path).map_err(io)?;
    let mut bytes = Vec::new();
    let read = file
        .by_ref()
        .take(largest.saturating_add(1))
        .read_to_end(&mut bytes);
    if read.map_err(io)? as u64 > largest {
        return Err(UndecodableError::TooLarge {
            path: path.into(),
            bytes: file.metadata().map_err(io)?.len(),
            limit: largest,
        });
    }
    Ok(bytes)
}

enum Refused {
    TooLarge(u64),
    Damaged(String),
}

impl From<image::ImageError> for Refused {
    fn from(error: image::ImageError) -> Self {
        Self::Damaged(error.to_string())
    }
}

/// The picture in a file's bytes, upright. Its first bytes decide what format it is, never its name.
fn picture(bytes: &[u8], largest: u64) -> Result<DynamicImage, Refused> {
    let mut reader = ImageReader::new(Cursor::new(bytes))
        .with_guessed_format()
        .map_err(|error| Refused::Damaged(error.to_string()))?;
    match reader.format() {
        Some(ImageFormat::Jpeg) if !jpeg::is_whole(bytes) => {
            return Err(Refused::Damaged(
                "the JPEG file ends within its image".into(),
            ));
        }
        Some(_) => {}
        None => {
            return Err(Refused::Damaged(
                "not a PNG, JPEG, WebP, GIF or BMP file".into(),
            ));
        }
    }
    let mut limits = Limits::default();
    limits.max_alloc = Some(largest);
    reader.limits(limits);
    let mut decoder = reader.into_decoder()?;
    if decoder.total_bytes() > largest {
        return Err(Refused::TooLarge(decoder.total_bytes()));
    }
    if decoder.total_bytes() == 0 {
        return Err(Refused::Damaged("the picture has no pixels".into()));
    }
    // A camera's note of how it was held; one that cannot be read is no reason to lose the picture.
    let orientation = decoder.orientation();
    let mut picture = DynamicImage::from_decoder(decoder)?;
    if let Ok(orientation) = orientation {
        picture.apply_orientation(orientation);
    }
    Ok(picture)
}

/// The same picture with the channels wanted, 8 bits each; 16 bits are rounded.
fn with_channels(picture: DynamicImage, wanted: Wanted) -> DynamicImage {
    if wanted.channels == PictureChannels::Rgba {
        return picture.into_rgba8().into();
    }
    let opaque = match picture.color().has_alpha() {
        true => on_background(&picture.into_rgba8(), wanted.background).into(),
        false => picture,
    };
    match wanted.channels {
        PictureChannels::Grey => opaque.into_luma8().into(),
        _ => opaque.into_rgb8().into(),
    }
}

/// A picture put on a colour.
fn on_background(picture: &RgbaImage, background: [u8; 3]) -> RgbImage {
    let mut opaque = RgbImage::new(picture.width(), picture.height());
    for (onto, from) in opaque.pixels_mut().zip(picture.pixels()) {
        let [colour @ .., opacity] = from.0.map(u32::from);
        for channel in 0..3 {
            let behind = u32::from(background[channel]) * (255 - opacity);
            // The nearest whole number; it is at most 255.
            onto.0[channel] = ((colour[channel] * opacity + behind + 127) / 255) as u8;
        }
    }
    opaque
}
