//! [`Page`]: the title and the size of a picture; what it is drawn on, in which font, and how it gets into a file.

use std::path::Path;
use std::sync::OnceLock;

use plotters::coord::Shift;
use plotters::drawing::{DrawingArea, IntoDrawingArea};
use plotters::prelude::{BitMapBackend, RGBColor};
use plotters::style::{Color, FontStyle, IntoFont, ShapeStyle, TextStyle, register_font};

use super::error::PlotError;
use crate::errors::ConfigError;
use crate::png_file::Rgb8;
use crate::unwind::caught;

/// Each pixel is the mean of a square of so many drawn ones a side: the drawing crate's shapes have hard edges.
const FINENESS: u32 = 3;
/// The font's name in the drawing crate's list of fonts, where a program may have others.
const FONT: &str = "burn-gan";
/// Heights of a title and of all other text, in pixels.
const TITLE_SIZE: f64 = 21.0;
pub(super) const TEXT_SIZE: f64 = 16.0;
/// Pixels around everything.
pub(super) const MARGIN: f64 = 16.0;

/// Text and axes.
pub(super) const INK: RGBColor = RGBColor(40, 40, 40);

/// A part of the picture to draw on.
pub(super) type Area<'a> = DrawingArea<BitMapBackend<'a>, Shift>;

/// What every plot begins with.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Page {
    title: String,
    width: u32,
    height: u32,
}

impl Page {
    pub fn new(title: impl Into<String>, width: u32, height: u32) -> Self {
        Self {
            title: title.into(),
            width,
            height,
        }
    }

    pub fn with_size(self, width: u32, height: u32) -> Self {
        Self {
            width,
            height,
            ..self
        }
    }

    /// Writes what `draw` makes of the area below the title as a PNG file, which replaces an older one as a whole.
    pub fn save(
        &self,
        path: &Path,
        draw: impl FnOnce(&Area) -> Result<(), PlotError>,
    ) -> Result<(), PlotError> {
        // Smaller ones have no room for their text, larger ones take gigabytes to draw.
        for (field, side) in [("width", self.width), ("height", self.height)] {
            if !(300..=4000).contains(&side) {
                let requirement = "must be between 300 and 4,000 pixels";
                return Err(ConfigError::new(field, side, requirement).into());
            }
        }
        let [width, height] = [self.width, self.height].map(|side| side * FINENESS);
        let mut pixels = vec![255; 3 * width as usize * height as usize];
        {
            let backend = BitMapBackend::with_buffer_and_format(&mut pixels, (width, height));
            let area = backend.map_err(failed)?.into_drawing_area();
            let margin = fine(MARGIN);
            let area = area.margin(margin, margin, margin, margin);
            // The drawing crate panics where its numbers go out of range.
            caught(|| draw(&self.titled(&area)?)).map_err(failed)??;
        }
        Ok(self.means(&pixels).save(path)?)
    }

    /// The mean colour of each pixel's square.
    fn means(&self, pixels: &[u8]) -> Rgb8 {
        let (width, height) = (self.width as usize, self.height as usize);
        let fineness = FINENESS as usize;
        let mut sums = vec![0u16; 3 * width * height];
        for (row, colours) in pixels.chunks_exact(3 * width * fineness).enumerate() {
            let sums = &mut sums[row / fineness * 3 * width..][..3 * width];
            for (column, colour) in colours.chunks_exact(3).enumerate() {
                for (channel, value) in colour.iter().enumerate() {
                    sums[column / fineness * 3 + channel] += u16::from(*value);
                }
            }
        }
        let square = (FINENESS * FINENESS) as u16;
        let means = sums.iter().map(|sum| ((sum + square / 2) / square) as u8);
        Rgb8 {
            width,
            height,
            colours: means.collect(),
        }
    }

    fn titled<'a>(&self, area: &Area<'a>) -> Result<Area<'a>, PlotError> {
        if self.title.is_empty() {
            return Ok(area.clone());
        }
        area.titled(&self.title, text(TITLE_SIZE)?).map_err(failed)
    }
}

/// The style of a line.
pub(super) fn line(colour: RGBColor, width: f64) -> ShapeStyle {
    colour.filled().stroke_width(fine(width) as u32)
}

/// The style of text that is no title.
pub(super) fn body() -> Result<TextStyle<'static>, PlotError> {
    text(TEXT_SIZE)
}

fn text(size: f64) -> Result<TextStyle<'static>, PlotError> {
    static IS_REGISTERED: OnceLock<bool> = OnceLock::new();
    let is_registered = *IS_REGISTERED.get_or_init(|| {
        let bytes = epaint_default_fonts::UBUNTU_LIGHT;
        register_font(FONT, FontStyle::Normal, bytes).is_ok()
    });
    if !is_registered {
        return Err(failed("the font cannot be read"));
    }
    Ok((FONT, fine(size)).into_font().color(&INK))
}

/// A distance in drawn pixels.
pub(super) fn fine(distance: f64) -> i32 {
    (distance * f64::from(FINENESS)).round() as i32
}

/// What the drawing crate says of a drawing that failed.
pub(super) fn failed(error: impl std::fmt::Display) -> PlotError {
    PlotError::Drawing {
        message: error.to_string(),
    }
}
