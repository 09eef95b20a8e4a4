//! Pictures of any size at one size.

use image::imageops::{self, FilterType};
use image::{DynamicImage, Rgba, RgbaImage};

use super::config::{Resize, ResizeFilter};

/// A picture of 8 bits a value at the size that `rule` has.
pub(super) fn resized(picture: DynamicImage, rule: Resize, filter: ResizeFilter) -> DynamicImage {
    match rule {
        Resize::None => picture,
        Resize::Stretch { height, width } => stretched(picture, height, width, filter),
        Resize::CentreCrop { height, width } => {
            let (across, down) = crop_size(&picture, height, width);
            let left = (picture.width() - across) / 2;
            let top = (picture.height() - down) / 2;
            let part = picture.crop_imm(left, top, across, down);
            stretched(part, height, width, filter)
        }
        Resize::Letterbox {
            height,
            width,
            colour,
        } => {
            let (across, down) = whole_size(&picture, height, width);
            let whole = stretched(picture, down as usize, across as usize, filter);
            let mut canvas = filled(height as u32, width as u32, colour);
            let left = (width as u32 - across) / 2;
            let top = (height as u32 - down) / 2;
            imageops::replace(&mut canvas, &whole.to_rgba8(), left.into(), top.into());
            let canvas = DynamicImage::from(canvas);
            match whole {
                // Grey values stay what they are: the three of a grey pixel are equal.
                DynamicImage::ImageLuma8(_) => canvas.into_luma8().into(),
                DynamicImage::ImageRgb8(_) => canvas.into_rgb8().into(),
                _ => canvas,
            }
        }
    }
}

/// Width and height of the largest part that has the proportions of `height` and `width`.
fn crop_size(picture: &DynamicImage, height: usize, width: usize) -> (u32, u32) {
    let [across, down] = [picture.width(), picture.height()];
    let [height, width] = [height as u64, width as u64];
    // In whole numbers, so that a picture of the right proportions is not cropped.
    if u64::from(across) * height > u64::from(down) * width {
        let part = rounded(u64::from(down) * width, height);
        (part.clamp(1, across), down)
    } else {
        let part = rounded(u64::from(across) * height, width);
        (across, part.clamp(1, down))
    }
}

/// Width and height of the whole picture where it fits into `height` and `width`.
fn whole_size(picture: &DynamicImage, height: usize, width: usize) -> (u32, u32) {
    let [across, down] = [picture.width(), picture.height()].map(u64::from);
    let [height, width] = [height as u64, width as u64];
    if across * height > down * width {
        (
            width as u32,
            rounded(down * width, across).clamp(1, height as u32),
        )
    } else {
        (
            rounded(across * height, down).clamp(1, width as u32),
            height as u32,
        )
    }
}

fn rounded(dividend: u64, divisor: u64) -> u32 {
    u32::try_from((dividend + divisor / 2) / divisor).unwrap_or(u32::MAX)
}

fn stretched(
    picture: DynamicImage,
    height: usize,
    width: usize,
    filter: ResizeFilter,
) -> DynamicImage {
    let [width, height] = [width as u32, height as u32];
    if (picture.width(), picture.height()) == (width, height) {
        return picture;
    }
    let filter = match filter {
        ResizeFilter::Nearest => FilterType::Nearest,
        ResizeFilter::Triangle => FilterType::Triangle,
        ResizeFilter::Lanczos => FilterType::Lanczos3,
    };
    match picture {
        // The colour of a pixel counts as much as it is seen: else what is hidden would come out at edges.
        DynamicImage::ImageRgba8(mut picture) if filter != FilterType::Nearest => {
            multiply_by_opacity(&mut picture);
            let mut picture = imageops::resize(&picture, width, height, filter);
            divide_by_opacity(&mut picture);
            picture.into()
        }
        picture => picture.resize_exact(width, height, filter),
    }
}

fn multiply_by_opacity(picture: &mut RgbaImage) {
    for pixel in picture.pixels_mut() {
        let [colour @ .., opacity] = &mut pixel.0;
        for value in colour {
            *value = ((u32::from(*value) * u32::from(*opacity) + 127) / 255) as u8;
        }
    }
}

fn divide_by_opacity(picture: &mut RgbaImage) {
    for pixel in picture.pixels_mut() {
        let [colour @ .., opacity] = &mut pixel.0;
        let opacity = u32::from(*opacity);
        for value in colour {
            let whole = (u32::from(*value) * 255 + opacity / 2).checked_div(opacity);
            *value = whole.unwrap_or(0).min(255) as u8;
        }
    }
}

/// A picture of one opaque colour.
fn filled(height: u32, width: u32, colour: [u8; 3]) -> RgbaImage {
    let [red, green, blue] = colour;
    RgbaImage::from_pixel(width, height, Rgba([red, green, blue, 255]))
}
