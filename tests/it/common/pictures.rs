//! Pictures for tests: those of tests/data/pictures, and small ones written here.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use super::places::in_repository;

/// A picture of tests/data/pictures.
pub fn picture(name: &str) -> PathBuf {
    in_repository("tests/data/pictures").join(name)
}

/// Red, green and blue of the picture `rgb.*`, 6 wide and 4 high, row by row.
pub fn rgb_values() -> Vec<[u8; 3]> {
    let pixel = |y: u8, x: u8| [40 * x, 60 * y, 255 - 10 * (x + y)];
    (0..4)
        .flat_map(|y| (0..6).map(move |x| pixel(y, x)))
        .collect()
}

/// Pixels `[height, width, 3]` as `[3, height, width]`.
pub fn channels_first(pixels: &[[u8; 3]]) -> Vec<u8> {
    (0..3)
        .flat_map(|channel| pixels.iter().map(move |pixel| pixel[channel]))
        .collect()
}

/// Writes a PNG file; its folder is created.
pub fn write_png(
    path: &Path,
    [width, height]: [u32; 2],
    colour: png::ColorType,
    depth: png::BitDepth,
    bytes: &[u8],
) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let mut encoder = png::Encoder::new(File::create(path).unwrap(), width, height);
    encoder.set_color(colour);
    encoder.set_depth(depth);
    let mut writer = encoder.write_header().unwrap();
    writer.write_image_data(bytes).unwrap();
    writer.finish().unwrap();
}

/// Writes a grey picture of one value as a PNG file; its folder is created.
pub fn write_grey(path: &Path, size: [u32; 2], value: u8) {
    let bytes = vec![value; (size[0] * size[1]) as usize];
    write_png(
        path,
        size,
        png::ColorType::Grayscale,
        png::BitDepth::Eight,
        &bytes,
    );
}
