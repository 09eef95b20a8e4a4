//! The generator that comes with the repository: it is the recorded one, draws the picture of the guide, and all ten digits.

use burn::tensor::{Device, Tensor};
use burn_gan::data::{Samples, idx};
use burn_gan::picture::PictureGrid;
use burn_gan::{SamplerConfig, SavedGenerator};
use sha2::{Digest, Sha256};

use crate::common::picture::Picture;
use crate::common::places::{MNIST_5K, in_repository};

const GENERATOR: &str = "examples/data/digits-generator/generator.bpk";
const SAMPLES: usize = 1000;

/// The first samples of a seed, of all clusters.
fn samples(count: usize, seed: u64) -> Tensor<4> {
    let device = Device::flex();
    let generator = SavedGenerator::load(in_repository(GENERATOR), &device).unwrap();
    let frequencies = SavedGenerator::class_frequencies(in_repository(GENERATOR)).unwrap();
    let labels = frequencies.unwrap().draw(count, seed, &device);
    SamplerConfig::new()
        .with_seed(seed)
        .sample(&generator.images().unwrap(), count, &labels)
        .unwrap()
}

/// `sha256sum --check SHA256SUMS` in its folder says the same.
#[test]
fn the_committed_file_is_the_recorded_one() {
    let generator = in_repository(GENERATOR);
    let folder = generator.parent().unwrap();
    let sums = std::fs::read_to_string(folder.join("SHA256SUMS")).unwrap();
    assert!(!sums.is_empty());
    for line in sums.lines() {
        let (expected, name) = line.split_once("  ").unwrap();
        let digest = Sha256::digest(std::fs::read(folder.join(name)).unwrap());
        let actual: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(actual, expected, "{name}");
    }
}

/// The picture is the last grid of the run that left the generator, at half its size.
#[test]
fn its_samples_are_those_of_the_picture() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("samples.png");
    PictureGrid::square(64).save(samples(64, 0), &path).unwrap();
    let (drawn, committed) = (
        Picture::read(&path),
        Picture::read(&in_repository("docs/digits.png")),
    );
    assert_eq!(drawn.dimensions(), committed.dimensions());
    for (x, y, colour) in drawn.pixels() {
        let expected = committed.pixel(x, y);
        let is_near = |(a, b): (&u8, &u8)| a.abs_diff(*b) <= 1;
        assert!(
            colour.iter().zip(&expected).all(is_near),
            "pixel {x}, {y}: {colour:?} and {expected:?}"
        );
    }
}

/// The label of the real digit nearest to each image, in Euclidean distance over pixels.
fn nearest_labels(images: Tensor<4>, real: Tensor<4>, labels: &[u8]) -> Vec<u8> {
    let ([count, ..], [real_count, _, height, width]) = (images.dims(), real.dims());
    let images = images.reshape([count, height * width]);
    let real = real.reshape([real_count, height * width]);
    // |a - b|^2 without |a|^2, which is the same for every b.
    let squares = real.clone().square().sum_dim(1).transpose();
    let distances = squares - images.matmul(real.transpose()) * 2.0;
    distances
        .argmin(1)
        .into_data()
        .iter::<i64>()
        .map(|nearest| labels[nearest as usize])
        .collect()
}

#[test]
fn all_ten_digits_are_among_a_thousand_samples() {
    let device = Device::flex();
    let digits = idx::read_labelled_folder(MNIST_5K).unwrap();
    let everything: Vec<usize> = (0..digits.labels().len()).collect();
    let real = digits
        .images()
        .select(&everything, &device)
        .unwrap()
        .samples;

    // The classifier is good enough to be asked: it knows 500 digits that it has not seen.
    let held_out = nearest_labels(
        real.clone().narrow(0, 0, 500),
        real.clone().narrow(0, 500, 4500),
        &digits.labels()[500..],
    );
    let right = held_out
        .iter()
        .zip(digits.labels())
        .filter(|(a, b)| a == b)
        .count();
    assert!(right > 450, "{right} of 500");

    let mut classes = [0; 10];
    for label in nearest_labels(samples(SAMPLES, 1), real, digits.labels()) {
        classes[usize::from(label)] += 1;
    }
    println!("samples a class: {classes:?}");
    assert!(
        classes.iter().all(|&count| count >= SAMPLES / 20),
        "{classes:?}"
    );
}
