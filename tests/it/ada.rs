//! ADA's pipeline: each change has the form and the distribution of the paper's appendix B.

use std::f64::consts::PI;

use burn::config::Config;
use burn::tensor::{Device, Tensor};
use burn_gan::Dual;
use burn_gan::augment::{AdaConfig, Augmentation, Strength, Transformation};
use burn_gan::random::{Purpose, Stream};

use crate::common::{assert_close, processors, stream, values};

fn none() -> AdaConfig {
    AdaConfig::new()
        .with_strength(Strength::fixed(1.0))
        .without_blitting()
        .without_geometry()
        .without_color()
}

fn drawn(config: &AdaConfig, probability: f64, images: &Tensor<4>) -> Transformation {
    let mut stream = Stream::new(11, Purpose::Augmentation, 0);
    config.draw(probability, images.dims(), &mut stream, &images.device())
}

fn changed(config: &AdaConfig, probability: f64, images: &Tensor<4>) -> Tensor<4> {
    let change = drawn(config, probability, images);
    change.apply(Dual::constant(images.clone())).value
}

fn noise(count: usize, [channels, height, width]: [usize; 3], device: &Device) -> Tensor<4> {
    stream(1).normal([count, channels, height, width], device)
}

type Plane = Vec<Vec<f64>>;

/// The planes of all images, channel by channel.
fn planes(images: &Tensor<4>) -> Vec<Plane> {
    let [.., height, width] = images.dims();
    let values = values(images.clone());
    let planes = values.chunks(height * width);
    planes
        .map(|plane| plane.chunks(width).map(<[f64]>::to_vec).collect())
        .collect()
}

fn mean_and_deviation(values: &[f64]) -> (f64, f64) {
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let square = values.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / count;
    (mean, square.sqrt())
}

// Pixel blitting.

fn flipped(plane: &Plane) -> Plane {
    let row = |row: &Vec<f64>| row.iter().rev().copied().collect();
    plane.iter().map(row).collect()
}

/// A quarter to the right: the first column, from below, becomes the first row.
fn turned(plane: &Plane) -> Plane {
    let side = plane.len();
    let at = |row: usize, column: usize| plane[side - 1 - column][row];
    (0..side)
        .map(|row| (0..side).map(|column| at(row, column)).collect())
        .collect()
}

fn moved(plane: &Plane, right: i64, down: i64) -> Plane {
    let side = plane.len() as i64;
    let reflected = |pixel: i64| {
        let pixel = pixel.abs();
        (if pixel >= side {
            2 * (side - 1) - pixel
        } else {
            pixel
        }) as usize
    };
    let at = |row, column| plane[reflected(row - down)][reflected(column - right)];
    (0..side)
        .map(|row| (0..side).map(|column| at(row, column)).collect())
        .collect()
}

/// An oracle of array operations: every image is flipped or not, turned by quarters, then moved, to the bit.
#[test]
fn blitting_brings_whole_pixels_to_whole_pixels() {
    for device in processors() {
        let (channels, side) = (2, 16);
        let before = noise(60, [channels, side, side], &device);
        let config = none()
            .with_x_flip(true)
            .with_quarter_turns(true)
            .with_integer_translation(true);
        let after = planes(&changed(&config, 1.0, &before));
        let before = planes(&before);
        let mut seen = std::collections::BTreeSet::new();
        for (before, after) in before.chunks(channels).zip(after.chunks(channels)) {
            let found = (0..8).flat_map(|kind| {
                (-2..=2).flat_map(move |right| (-2..=2).map(move |down| (kind, right, down)))
            });
            let mut found = found.filter(|&(kind, right, down)| {
                before.iter().zip(after).all(|(before, after)| {
                    let flipped = if kind >= 4 {
                        flipped(before)
                    } else {
                        before.clone()
                    };
                    let turned = (0..kind % 4).fold(flipped, |plane, _| turned(&plane));
                    moved(&turned, right, down) == *after
                })
            });
            seen.insert(found.next().expect("one of the 200 changes"));
        }
        let kinds: std::collections::BTreeSet<_> = seen.iter().map(|seen| seen.0).collect();
        assert_eq!(kinds.len(), 8, "{seen:?}");
        // An eighth of 16.
        let furthest = |axis: fn(&(i32, i64, i64)) -> i64| seen.iter().map(axis).max();
        assert_eq!(
            (furthest(|s| s.1.abs()), furthest(|s| s.2.abs())),
            (Some(2), Some(2))
        );
    }
}

// Geometry.

/// For each image the affine change from places after to places before, `[[a, b, x], [c, d, y]]` about the centre, read off
/// images whose channels are their coordinates. `None` where the image's middle comes from beyond an edge.
fn places(config: &AdaConfig, probability: f64, count: usize) -> Vec<Option<[[f64; 3]; 2]>> {
    let side = 33;
    let middle = (side - 1) / 2;
    let device = Device::flex();
    let coordinates = |axis: usize| -> Vec<f32> {
        (0..side * side)
            .map(|place| [place % side, place / side][axis] as f32 - middle as f32)
            .collect()
    };
    let image = [coordinates(0), coordinates(1)].concat();
    let image = Tensor::<1>::from_floats(image.as_slice(), &device).reshape([1, 2, side, side]);
    let images = image.repeat_dim(0, count);
    let after = planes(&changed(config, probability, &images));
    let affine = |axes: &[Plane]| {
        let row = |plane: &Plane| {
            let at = |x: usize, y: usize| plane[middle + y - 2][middle + x - 2];
            let [a, b] = [at(3, 2) - at(2, 2), at(2, 3) - at(2, 2)];
            let straight = (at(0, 2) - at(2, 2) + 2.0 * a).abs() < 1e-3
                && (at(2, 0) - at(2, 2) + 2.0 * b).abs() < 1e-3
                && (at(4, 4) - at(2, 2) - 2.0 * (a + b)).abs() < 1e-3;
            straight.then(|| [a, b, at(2, 2)])
        };
        Some([row(&axes[0])?, row(&axes[1])?])
    };
    after.chunks(2).map(affine).collect()
}

#[track_caller]
fn assert_near(actual: f64, expected: f64, tolerance: f64) {
    assert!(
        (actual - expected).abs() < tolerance,
        "{actual}, expected {expected}"
    );
}

#[test]
fn scaling_is_log_normal_and_the_same_along_both_sides() {
    let found = places(&none().with_scaling(true), 1.0, 500);
    let exponents: Vec<f64> = found
        .into_iter()
        .map(|found| {
            let [[a, b, x], [c, d, y]] = found.unwrap();
            assert!([a - d, b, c, x, y].iter().all(|zero| zero.abs() < 1e-4));
            -a.log2()
        })
        .collect();
    let (mean, deviation) = mean_and_deviation(&exponents);
    assert_near(mean, 0.0, 0.03);
    assert_near(deviation, 0.2, 0.02);
}

#[test]
fn anisotropic_scaling_keeps_the_area() {
    let found = places(&none().with_anisotropic_scaling(true), 1.0, 500);
    let exponents: Vec<f64> = found
        .into_iter()
        .map(|found| {
            let [[a, b, x], [c, d, y]] = found.unwrap();
            assert!(
                [a * d - 1.0, b, c, x, y]
                    .iter()
                    .all(|zero| zero.abs() < 1e-4)
            );
            -a.log2()
        })
        .collect();
    let (mean, deviation) = mean_and_deviation(&exponents);
    assert_near(mean, 0.0, 0.03);
    assert_near(deviation, 0.2, 0.02);
}

/// Twice with probability `1 - sqrt(1 - p)` is at least once with probability `p`.
#[test]
fn a_rotation_happens_with_its_probability_by_any_angle() {
    let found = places(&none().with_rotation(true), 0.5, 800);
    let mut angles = Vec::new();
    for found in found {
        let [[a, b, x], [c, d, y]] = found.unwrap();
        let zeros = [a - d, b + c, a * a + b * b - 1.0, x, y];
        assert!(zeros.iter().all(|zero| zero.abs() < 1e-4), "{zeros:?}");
        if b.abs() > 1e-5 {
            angles.push(b.atan2(a));
        }
    }
    assert_near(angles.len() as f64 / 800.0, 0.5, 0.06);
    let (mean, deviation) = mean_and_deviation(&angles);
    // Uniform on a circle.
    assert_near(mean, 0.0, 0.3);
    assert_near(deviation, PI / 3_f64.sqrt(), 0.15);
}

#[test]
fn a_fractional_translation_is_normal_along_both_sides() {
    let found = places(&none().with_fractional_translation(true), 1.0, 600);
    let shifts: Vec<[f64; 2]> = found
        .into_iter()
        .flatten()
        .map(|[[a, b, x], [c, d, y]]| {
            assert!(
                [a - 1.0, b, c, d - 1.0]
                    .iter()
                    .all(|zero| zero.abs() < 1e-4)
            );
            [x, y]
        })
        .collect();
    // Three deviations of an eighth are inside the half of a side, less the pixels looked at.
    assert!(shifts.len() > 590);
    for axis in 0..2 {
        let shifts: Vec<f64> = shifts.iter().map(|shift| shift[axis] / 33.0).collect();
        let (mean, deviation) = mean_and_deviation(&shifts);
        assert_near(mean, 0.0, 0.02);
        assert_near(deviation, 0.125, 0.012);
    }
}

/// Between pixels the value is the mean of four, weighted by how near they are; beyond an edge the image comes back.
#[test]
fn pixels_are_interpolated_and_reflected() {
    let device = Device::flex();
    let side = 6;
    let before = noise(40, [1, side, side], &device);
    let config = none().with_fractional_translation(true);
    // The numbers that the change was made of: those of images of their own coordinates.
    let mut stream = Stream::new(11, Purpose::Augmentation, 0);
    let change = config.draw(1.0, before.dims(), &mut stream, &device);
    let after = planes(&change.apply(Dual::constant(before.clone())).value);
    let bilinear = |plane: &Plane, row: f64, column: f64| {
        let reflected = |pixel: f64| {
            let period = 2 * (side as i64 - 1);
            let pixel = (pixel as i64).rem_euclid(period);
            pixel.min(period - pixel) as usize
        };
        let mut value = 0.0;
        for (dr, dc) in [(0.0, 0.0), (0.0, 1.0), (1.0, 0.0), (1.0, 1.0)] {
            let (r, c) = (row.floor() + dr, column.floor() + dc);
            let weight = (1.0 - (row - r).abs()) * (1.0 - (column - c).abs());
            value += weight * plane[reflected(r)][reflected(c)];
        }
        value
    };
    let mut found = 0;
    for (before, after) in planes(&before).iter().zip(&after) {
        // The shift of each image, by search: the one that explains all 36 pixels.
        let error = |right: f64, down: f64| {
            let mut error = 0.0_f64;
            for (row, pixels) in after.iter().enumerate() {
                for (column, pixel) in pixels.iter().enumerate() {
                    let expected = bilinear(before, row as f64 - down, column as f64 - right);
                    error = error.max((pixel - expected).abs());
                }
            }
            error
        };
        let (mut best, mut step) = ((0.0, 0.0), 0.125);
        let grid =
            (-24..=24).flat_map(|r| (-24..=24).map(move |d| (r as f64 / 8.0, d as f64 / 8.0)));
        let least = |points: &mut dyn Iterator<Item = (f64, f64)>| {
            points
                .min_by(|a, b| error(a.0, a.1).total_cmp(&error(b.0, b.1)))
                .unwrap()
        };
        best = least(&mut grid.chain([best]));
        while step > 1e-7 {
            let around = [-1.0, 0.0, 1.0]
                .into_iter()
                .flat_map(|r| [-1.0, 0.0, 1.0].map(|d| (best.0 + r * step, best.1 + d * step)));
            let next = least(&mut around.into_iter());
            if next == best {
                step /= 2.0;
            }
            best = next;
        }
        found += usize::from(error(best.0, best.1) < 1e-4);
    }
    assert!(found >= 36, "{found} of 40 images are explained");
}

// Colour.

/// The colours of each image's pixels, before and after.
fn colors(config: &AdaConfig, probability: f64, count: usize) -> Vec<Vec<[[f64; 3]; 2]>> {
    let device = Device::flex();
    let (height, width) = (2, 3);
    let before = noise(count, [3, height, width], &device);
    let after = values(changed(config, probability, &before));
    let before = values(before);
    let size = height * width;
    let color = |image: &[f64], pixel: usize| [0, 1, 2].map(|c| image[c * size + pixel]);
    let images = before.chunks(3 * size).zip(after.chunks(3 * size));
    images
        .map(|(before, after)| {
            let both = |pixel| [color(before, pixel), color(after, pixel)];
            (0..size).map(both).collect()
        })
        .collect()
}

fn luma(color: [f64; 3]) -> f64 {
    color.iter().sum::<f64>() / 3.0
}

fn off_luma(color: [f64; 3]) -> [f64; 3] {
    color.map(|channel| channel - luma(color))
}

fn cross(a: [f64; 3], b: [f64; 3]) -> [f64; 3] {
    [
        a[1] * b[2] - a[2] * b[1],
        a[2] * b[0] - a[0] * b[2],
        a[0] * b[1] - a[1] * b[0],
    ]
}

fn dot(a: [f64; 3], b: [f64; 3]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// One number an image, which all its pixels agree on.
#[track_caller]
fn agreed(pixels: &[[[f64; 3]; 2]], number: impl Fn([[f64; 3]; 2]) -> f64) -> f64 {
    let numbers: Vec<f64> = pixels.iter().map(|pixel| number(*pixel)).collect();
    for other in &numbers {
        assert_near(*other, numbers[0], 1e-3 * (1.0 + numbers[0].abs()));
    }
    numbers[0]
}

#[test]
fn brightness_is_added_and_contrast_multiplied() {
    let added: Vec<f64> = colors(&none().with_brightness(true), 1.0, 500)
        .iter()
        .map(|image| {
            [0, 1, 2]
                .map(|channel| agreed(image, |[x, y]| y[channel] - x[channel]))
                .into_iter()
                .reduce(|a, b| {
                    assert_near(a, b, 1e-4);
                    a
                })
                .unwrap()
        })
        .collect();
    let (mean, deviation) = mean_and_deviation(&added);
    assert_near(mean, 0.0, 0.03);
    assert_near(deviation, 0.2, 0.02);

    let exponents: Vec<f64> = colors(&none().with_contrast(true), 1.0, 500)
        .iter()
        .map(|image| agreed(image, |[x, y]| dot(x, y) / dot(x, x)).log2())
        .collect();
    let (mean, deviation) = mean_and_deviation(&exponents);
    assert_near(mean, 0.0, 0.07);
    assert_near(deviation, 0.5, 0.05);
}

#[test]
fn a_luma_flip_turns_the_mean_of_the_channels_and_no_hue() {
    let images = colors(&none().with_luma_flip(true), 1.0, 300);
    let mut flipped = 0;
    for image in &images {
        let sign = agreed(image, |[x, y]| luma(y) / luma(x));
        assert_near(sign.abs(), 1.0, 1e-3);
        flipped += usize::from(sign < 0.0);
        for [x, y] in image {
            for (x, y) in off_luma(*x).into_iter().zip(off_luma(*y)) {
                assert_near(x, y, 1e-5);
            }
        }
    }
    assert_near(flipped as f64 / 300.0, 0.5, 0.08);
}

#[test]
fn hue_turns_colors_about_the_grey_axis_by_any_angle() {
    let axis = [1.0 / 3_f64.sqrt(); 3];
    let angles: Vec<f64> = colors(&none().with_hue(true), 1.0, 500)
        .iter()
        .map(|image| {
            for [x, y] in image {
                assert_near(luma(*x), luma(*y), 1e-5);
                assert_near(dot(*x, *x), dot(*y, *y), 1e-4);
            }
            let angle = |[x, y]: [[f64; 3]; 2]| {
                let (x, y) = (off_luma(x), off_luma(y));
                dot(axis, cross(x, y)).atan2(dot(x, y))
            };
            let sine = agreed(image, |pixel| angle(pixel).sin());
            let cosine = agreed(image, |pixel| angle(pixel).cos());
            sine.atan2(cosine)
        })
        .collect();
    let (mean, deviation) = mean_and_deviation(&angles);
    assert_near(mean, 0.0, 0.25);
    assert_near(deviation, PI / 3_f64.sqrt(), 0.12);
}

#[test]
fn saturation_scales_the_distance_from_grey() {
    let exponents: Vec<f64> = colors(&none().with_saturation(true), 1.0, 500)
        .iter()
        .map(|image| {
            agreed(image, |[x, y]| luma(y) - luma(x));
            let factor = |[x, y]: [[f64; 3]; 2]| {
                dot(off_luma(x), off_luma(y)) / dot(off_luma(x), off_luma(x))
            };
            agreed(image, factor).log2()
        })
        .collect();
    let (mean, deviation) = mean_and_deviation(&exponents);
    assert_near(mean, 0.0, 0.15);
    assert_near(deviation, 1.0, 0.1);
}

/// What an image of one channel becomes is what each channel becomes of three that are the same.
#[test]
fn a_grey_image_is_one_of_three_channels_that_are_the_same() {
    let device = Device::flex();
    let grey = noise(30, [1, 3, 4], &device);
    let config = AdaConfig::new().without_geometry().without_blitting();
    let expected = changed(&config, 1.0, &grey.clone().repeat_dim(1, 3));
    let after = changed(&config, 1.0, &grey);
    for channel in 0..3 {
        assert_close(after.clone(), expected.clone().narrow(1, channel, 1), 1e-5);
    }
    assert!(values(after) != values(grey.clone()));
    let colorful = none().with_hue(true).with_saturation(true);
    assert_close(changed(&colorful, 1.0, &grey), grey, 1e-6);
}

// All of them.

#[test]
fn all_changes_are_linear_and_differentiable() {
    for device in processors() {
        for channels in [1, 3] {
            let before = noise(6, [channels, 8, 10], &device);
            let change = drawn(&AdaConfig::new(), 0.8, &before);
            let after = |images: &Tensor<4>| change.apply(Dual::constant(images.clone())).value;
            let direction = stream(2).normal(before.dims(), &device);
            let moving = Dual::with_tangent(before.clone(), direction.clone()).unwrap();
            let moved = change.apply(moving);
            assert!(!moved.is_curved() && !moved.is_coupled());
            let difference = after(&(before.clone() + direction.clone())) - after(&before);
            assert_close(moved.tangent.unwrap(), difference.clone(), 1e-5);

            let weights = stream(3).normal(before.dims(), &device);
            let leaf = before.clone().autodiff().require_grad();
            let product = after(&leaf) * weights.clone().autodiff();
            let gradients = product.sum().backward();
            let gradient = leaf.grad(&gradients).unwrap();
            assert_close(
                (gradient.without_autodiff() * direction).sum(),
                (difference * weights).sum(),
                1e-4,
            );
        }
    }
}

#[test]
fn without_probability_nothing_changes_and_with_more_the_same_images_do() {
    let device = Device::flex();
    let before = noise(80, [3, 8, 8], &device);
    assert_eq!(
        values(changed(&AdaConfig::new(), 0.0, &before)),
        values(before.clone())
    );
    let config = none().with_brightness(true);
    let [few, many] = [0.25, 0.75].map(|p| values(changed(&config, p, &before)));
    let before = values(before);
    let mut count = [0, 0];
    for ((before, few), many) in before
        .chunks(192)
        .zip(few.chunks(192))
        .zip(many.chunks(192))
    {
        count[1] += usize::from(many != before);
        if few != before {
            assert_eq!(few, many);
            count[0] += 1;
        }
    }
    let [few, many] = count;
    assert!(
        (10..32).contains(&few) && (48..72).contains(&many),
        "{count:?}"
    );
}

#[test]
fn a_configuration_goes_through_a_file() {
    let augmentation = Augmentation::Ada(AdaConfig::new().with_hue(false));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("augmentation.json");
    augmentation.save(&path).unwrap();
    assert_eq!(Augmentation::load(&path).unwrap(), augmentation);
}
