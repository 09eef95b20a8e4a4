//! [`Canvas`]: what plots are drawn on.

use std::path::Path;
use std::sync::OnceLock;

use plotters::prelude::{BitMapBackend, DrawingBackend, RGBColor};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{
    Color, FontDesc, FontFamily, FontStyle, FontTransform, IntoFont, ShapeStyle, TextStyle,
    register_font,
};

use crate::gan_error::GanError;
use crate::png_file::Rgb8;

/// Each pixel is the mean of a square of so many drawn ones a side: the drawing crate's thick lines have hard edges.
const FINENESS: u32 = 3;

/// The font's name in the drawing crate's list of fonts, where a program may have others.
const FONT: &str = "burn-gan";

/// How far below a text's middle, as the drawing crate has it, the middle of its letters is put, in its sizes.
const TEXT_SHIFT: f64 = 0.1;

pub(super) const WHITE: RGBColor = RGBColor(255, 255, 255);
/// Text and axes.
pub(super) const INK: RGBColor = RGBColor(40, 40, 40);
/// What should not draw the eye: reference lines.
pub(super) const GREY: RGBColor = RGBColor(110, 110, 110);
/// The lines behind the data.
pub(super) const PALE: RGBColor = RGBColor(225, 225, 225);

/// A place or a distance in pixels of the picture, counted from its upper left corner.
pub(super) type Point = (f64, f64);

/// Which point of a text stands at its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Anchor {
    /// The middle of its left edge.
    Left,
    /// The middle of its right edge.
    Right,
    /// Its middle.
    Center,
}

/// A rectangle of the picture.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Frame {
    pub left: f64,
    pub top: f64,
    pub right: f64,
    pub bottom: f64,
}

impl Frame {
    pub fn width(&self) -> f64 {
        self.right - self.left
    }

    pub fn height(&self) -> f64 {
        self.bottom - self.top
    }

    /// The place at these shares of its width, from the left, and of its height, from the bottom.
    pub fn at(&self, (across, up): (f64, f64)) -> Point {
        (
            self.left + across * self.width(),
            self.bottom - up * self.height(),
        )
    }
}

/// A white picture to draw on.
pub(super) struct Canvas {
    width: u32,
    height: u32,
    pixels: Vec<u8>,
}

impl Canvas {
    /// A canvas of so many pixels.
    pub fn new(width: u32, height: u32) -> Self {
        let count = (width * FINENESS) as usize * (height * FINENESS) as usize;
        Self {
            width,
            height,
            pixels: vec![255; 3 * count],
        }
    }

    pub fn width(&self) -> f64 {
        f64::from(self.width)
    }

    pub fn height(&self) -> f64 {
        f64::from(self.height)
    }

    /// A straight line `width` pixels wide, with round ends.
    pub fn line(
        &mut self,
        from: Point,
        to: Point,
        width: f64,
        colour: RGBColor,
    ) -> Result<(), GanError> {
        let stroke = fine(width).max(1) as u32;
        let style = ShapeStyle {
            stroke_width: stroke,
            ..ShapeStyle::from(colour).filled()
        };
        let [from, to] = [from, to].map(place);
        let mut backend = self.backend()?;
        backend.draw_line(from, to, &style).map_err(failed)?;
        if stroke > FINENESS {
            for end in [from, to] {
                let radius = stroke / 2;
                backend
                    .draw_circle(end, radius, &style, true)
                    .map_err(failed)?;
            }
        }
        Ok(())
    }

    /// A line of dashes.
    pub fn dashes(
        &mut self,
        from: Point,
        to: Point,
        width: f64,
        colour: RGBColor,
    ) -> Result<(), GanError> {
        const DASH: f64 = 7.0;
        const GAP: f64 = 5.0;
        let length = (to.0 - from.0).hypot(to.1 - from.1);
        let along = |distance: f64| {
            let share = distance.min(length) / length;
            (
                from.0 + share * (to.0 - from.0),
                from.1 + share * (to.1 - from.1),
            )
        };
        let count = (length / (DASH + GAP)).ceil() as usize;
        for index in 0..count {
            let start = index as f64 * (DASH + GAP);
            self.line(along(start), along(start + DASH), width, colour)?;
        }
        Ok(())
    }

    /// A filled rectangle, up to and without its right and its bottom edge.
    pub fn fill(&mut self, frame: Frame, colour: RGBColor) -> Result<(), GanError> {
        let (left, top) = place((frame.left, frame.top));
        let (right, bottom) = place((frame.right, frame.bottom));
        self.backend()?
            .draw_rect((left, top), (right, bottom), &colour, true)
            .map_err(failed)
    }

    /// The edges of a rectangle, one pixel wide.
    pub fn outline(&mut self, frame: Frame, colour: RGBColor) -> Result<(), GanError> {
        let corners = [(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0), (0.0, 0.0)];
        corners
            .windows(2)
            .try_for_each(|pair| self.line(frame.at(pair[0]), frame.at(pair[1]), 1.0, colour))
    }

    /// A disc.
    pub fn dot(&mut self, center: Point, radius: f64, colour: RGBColor) -> Result<(), GanError> {
        let radius = fine(radius).max(1) as u32;
        self.backend()?
            .draw_circle(place(center), radius, &colour.filled(), true)
            .map_err(failed)
    }

    /// One line of text, `size` pixels high.
    pub fn text(
        &mut self,
        text: &str,
        at: Point,
        size: f64,
        anchor: Anchor,
    ) -> Result<(), GanError> {
        let at = (at.0, at.1 + size * TEXT_SHIFT);
        self.write(text, at, size, anchor, FontTransform::None)
    }

    /// Text that runs upwards, its middle at `at`.
    pub fn upward_text(&mut self, text: &str, at: Point, size: f64) -> Result<(), GanError> {
        let at = (at.0 + size * TEXT_SHIFT, at.1);
        self.write(text, at, size, Anchor::Center, FontTransform::Rotate270)
    }

    fn write(
        &mut self,
        text: &str,
        at: Point,
        size: f64,
        anchor: Anchor,
        transform: FontTransform,
    ) -> Result<(), GanError> {
        let horizontal = match anchor {
            Anchor::Left => HPos::Left,
            Anchor::Right => HPos::Right,
            Anchor::Center => HPos::Center,
        };
        let style = TextStyle::from(font(size)?.transform(transform))
            .color(&INK)
            .pos(Pos::new(horizontal, VPos::Center));
        self.backend()?
            .draw_text(text, &style, place(at))
            .map_err(failed)
    }

    /// The picture as a PNG file, which replaces an older one as a whole.
    pub fn save(self, path: &Path) -> Result<(), GanError> {
        self.picture().save(path)
    }

    /// The mean colour of each pixel's square.
    fn picture(&self) -> Rgb8 {
        let fineness = FINENESS as usize;
        let row_length = self.width as usize * fineness * 3;
        let rows = self.pixels.chunks_exact(row_length * fineness);
        let mut colours = Vec::with_capacity(self.pixels.len() / (fineness * fineness));
        for block in rows {
            let mut sums = vec![0u32; self.width as usize * 3];
            for row in block.chunks_exact(row_length) {
                for (pixel, fine) in row.chunks_exact(3).enumerate() {
                    for (channel, &value) in fine.iter().enumerate() {
                        sums[pixel / fineness * 3 + channel] += u32::from(value);
                    }
                }
            }
            let square = FINENESS * FINENESS;
            colours.extend(sums.iter().map(|sum| ((sum + square / 2) / square) as u8));
        }
        Rgb8 {
            width: self.width as usize,
            height: self.height as usize,
            colours,
        }
    }

    fn backend(&mut self) -> Result<BitMapBackend<'_>, GanError> {
        let size = (self.width * FINENESS, self.height * FINENESS);
        BitMapBackend::with_buffer_and_format(&mut self.pixels, size).map_err(failed)
    }
}

/// How wide a text is, in pixels.
pub(super) fn text_width(text: &str, size: f64) -> Result<f64, GanError> {
    let (width, _) = font(size)?.box_size(text).map_err(failed)?;
    Ok(f64::from(width) / f64::from(FINENESS))
}

/// The font in this size, in pixels of the picture.
fn font(size: f64) -> Result<FontDesc<'static>, GanError> {
    static IS_REGISTERED: OnceLock<bool> = OnceLock::new();
    let is_registered = *IS_REGISTERED.get_or_init(|| {
        let bytes = epaint_default_fonts::UBUNTU_LIGHT;
        register_font(FONT, FontStyle::Normal, bytes).is_ok()
    });
    match is_registered {
        true => Ok((FontFamily::Name(FONT), size * f64::from(FINENESS)).into_font()),
        false => Err(failed("the font cannot be read")),
    }
}

/// A distance in drawn pixels.
fn fine(distance: f64) -> i32 {
    (distance * f64::from(FINENESS)).round() as i32
}

fn place((x, y): Point) -> (i32, i32) {
    (fine(x), fine(y))
}

/// What the drawing crate says of a drawing that failed.
fn failed(error: impl std::fmt::Display) -> GanError {
    GanError::Drawing {
        message: error.to_string(),
    }
}
