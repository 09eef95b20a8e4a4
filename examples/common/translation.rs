//! Digits as pairs of images: what is translated, and how a translation is judged.

use std::path::Path;

use burn::tensor::Tensor;
use burn_gan::GanError;
use burn_gan::picture::PictureGrid;

/// Digits that a picture shows.
const SHOWN: usize = 12;

/// Means over 3x3 pixels, as often as `times`; what lies beyond the edge is black.
pub fn blurred(images: Tensor<4>, times: usize) -> Tensor<4> {
    let [_, _, height, width] = images.dims();
    (0..times).fold(images, |images, _| {
        // Black is -1.
        let padded = (images + 1.0).pad([(1, 1), (1, 1)], 0.0);
        let shifts = (0..3).flat_map(|row| (0..3).map(move |column| [row, column]));
        let sum = shifts
            .map(|[row, column]| {
                padded
                    .clone()
                    .narrow(2, row, height)
                    .narrow(3, column, width)
            })
            .reduce(|sum, shifted| sum + shifted);
        sum.map_or(padded, |sum| sum / 9.0 - 1.0)
    })
}

/// The other style: blurred, and dark on light.
pub fn restyled(images: Tensor<4>) -> Tensor<4> {
    blurred(images, 1).neg()
}

/// Blurred twice, and thinned: what is left is the brightest part of the strokes, too dark.
pub fn smeared(images: Tensor<4>) -> Tensor<4> {
    let bright = (blurred(images, 2) + 1.0) / 2.0;
    bright.square() * 2.0 - 1.0
}

/// The share of images that are nearer to the partner at their own place than to any other, by Euclidean distance.
pub fn nearest_is_partner(images: Tensor<4>, partners: Tensor<4>) -> Result<f64, GanError> {
    let rows = |images: Tensor<4>| {
        let [count, channels, height, width] = images.dims();
        images.reshape([count, channels * height * width])
    };
    let (images, partners) = (rows(images), rows(partners));
    let [count, _] = images.dims();
    // |a - b|^2 without |a|^2, which is the same for all partners.
    let squares = partners.clone().square().sum_dim(1).transpose();
    let distances = squares - images.matmul(partners.transpose()) * 2.0;
    let nearest: Vec<i64> = distances.argmin(1).into_data().iter().collect();
    let right = nearest
        .iter()
        .enumerate()
        .filter(|(index, nearest)| *index as i64 == **nearest);
    Ok(right.count() as f64 / count as f64)
}

/// A picture with a row for each of these sets of images, their first images beside each other.
pub fn side_by_side<const N: usize>(sets: [&Tensor<4>; N], path: &Path) -> Result<(), GanError> {
    let first = |images: &Tensor<4>| {
        let images = images.clone().without_autodiff();
        images.narrow(0, 0, SHOWN)
    };
    let all = Tensor::cat(sets.map(first).to_vec(), 0);
    PictureGrid::new(SHOWN).with_scale(2).save(all, path)?;
    Ok(())
}
