//! The generator that comes with the repository: all ten digits are among 1,000 of its samples.

use burn::config::Config;
use burn::tensor::{Device, Tensor};
use burn_gan::data::{Samples, idx};
use burn_gan::model::DcganConfig;
use burn_gan::{SamplerConfig, load_weights};

const GENERATOR: &str = "examples/data/digits-generator";
const DIGITS: &str = "examples/data/mnist-5k";
const SAMPLES: usize = 1000;

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
    let digits = idx::read_labelled_folder(DIGITS).unwrap();
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

    let config = DcganConfig::load(format!("{GENERATOR}/generator.json")).unwrap();
    let generator = config.init_generator(&device).unwrap();
    let generator = load_weights(generator, format!("{GENERATOR}/generator.bpk")).unwrap();
    let images = SamplerConfig::new()
        .sample(&generator, SAMPLES, &())
        .unwrap();

    let mut classes = [0; 10];
    for label in nearest_labels(images, real, digits.labels()) {
        classes[usize::from(label)] += 1;
    }
    println!("samples a class: {classes:?}");
    assert!(
        classes.iter().all(|&count| count >= SAMPLES / 50),
        "{classes:?}"
    );
}
