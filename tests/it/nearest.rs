//! The nearest samples of a data set, and whether generated samples repeat it.

use std::cell::Cell;

use burn::tensor::{Device, Int, Tensor};
use burn_gan::Batch;
use burn_gan::ConfigError;
use burn_gan::data::{DataError, Memory, Samples, idx};
use burn_gan::feature::{
    FeatureError, FeatureExtractor, Features, Pixels, RandomConvolutionsConfig,
};
use burn_gan::metric::{CopyCheck, MetricError, NearestSamplesConfig, Neighbour};

use crate::common::places::DIGITS_8X8;
use crate::common::{stream, values};

fn points(step: u64, count: usize) -> Tensor<2> {
    stream(step).normal([count, 3], &Device::flex())
}

fn features(points: Tensor<2>) -> Features {
    Pixels.extract(points, 1000).unwrap()
}

fn field<T: std::fmt::Debug>(result: Result<T, MetricError>) -> &'static str {
    match result {
        Err(MetricError::Config(ConfigError { field, .. })) => field,
        other => panic!("{other:?}"),
    }
}

fn distances(nearest: &[Vec<Neighbour>]) -> Vec<f64> {
    nearest.iter().map(|found| found[0].distance).collect()
}

/// All distances, sorted.
fn reference(sample: &[f64], data: &[f64], left_out: Option<usize>) -> Vec<(usize, f64)> {
    let distance = |row: &[f64]| {
        let squares = row.iter().zip(sample).map(|(a, b)| (a - b).powi(2));
        squares.sum::<f64>().sqrt()
    };
    let rows = data.chunks(3).map(distance).enumerate();
    let mut found: Vec<_> = rows.filter(|(index, _)| Some(*index) != left_out).collect();
    found.sort_by(|a, b| a.1.total_cmp(&b.1));
    found
}

fn assert_found(found: &[Neighbour], expected: &[(usize, f64)]) {
    assert_eq!(found.len(), expected.len());
    for (found, (index, distance)) in found.iter().zip(expected) {
        assert_eq!(found.index, *index);
        assert!((found.distance - distance).abs() < 1e-12);
    }
}

#[test]
fn they_are_those_of_all_distances_sorted_whatever_the_chunk() {
    let (data, samples) = (points(1, 50), points(2, 8));
    let memory = Memory::new(data.clone()).unwrap();
    let data = values(data);
    for (k, chunk) in [(1, 256), (3, 1), (4, 7), (50, 50)] {
        let config = NearestSamplesConfig::new().with_k(k).with_chunk(chunk);
        let device = Device::flex();
        let found = config.nearest(&features(samples.clone()), &memory, &Pixels, &device);
        for (found, sample) in found.unwrap().iter().zip(values(samples.clone()).chunks(3)) {
            assert_found(found, &reference(sample, &data, None)[..k]);
        }
        let k = k.min(49);
        let places = [0, 17, 49];
        let found = config
            .with_k(k)
            .nearest_others(&places, &memory, &Pixels, &device);
        for (found, place) in found.unwrap().iter().zip(places) {
            let sample = &data[3 * place..][..3];
            assert_found(found, &reference(sample, &data, Some(place))[..k]);
        }
    }
}

#[test]
fn a_copy_is_at_no_distance_and_the_first_of_several_counts() {
    let device = Device::flex();
    let rows = [[0.1, 0.7], [0.3, 0.3], [0.1, 0.7], [0.5, 0.3], [9.0, 9.0]];
    let memory = Memory::new(Tensor::<2>::from_floats(rows, &device)).unwrap();
    let config = NearestSamplesConfig::new().with_k(2).with_chunk(2);
    let found = config
        .nearest_others(&[2, 0], &memory, &Pixels, &device)
        .unwrap();
    let copy = |index| Neighbour {
        index,
        distance: 0.0,
    };
    assert_eq!([found[0][0], found[1][0]], [copy(0), copy(2)]);
    // Two at one distance.
    let between = Tensor::<2>::from_floats([[0.4, 0.3]], &device);
    let between = Pixels.extract(between, 1).unwrap();
    let found = config.nearest(&between, &memory, &Pixels, &device).unwrap();
    assert_eq!([found[0][0].index, found[0][1].index], [1, 3]);
}

/// Samples that remember the largest number that was asked for at once.
struct Watched<S> {
    samples: S,
    largest: Cell<usize>,
}

impl<S: Samples<4>> Samples<4> for Watched<S> {
    fn len(&self) -> usize {
        self.samples.len()
    }
    fn select(&self, indices: &[usize], device: &Device) -> Result<Batch<4>, DataError> {
        self.largest.set(self.largest.get().max(indices.len()));
        self.samples.select(indices, device)
    }
}

#[test]
fn data_go_through_in_chunks_in_any_feature_space() {
    let device = Device::flex();
    let digits = Watched {
        samples: idx::read_folder(DIGITS_8X8).unwrap(),
        largest: Cell::new(0),
    };
    let space = RandomConvolutionsConfig::new(1, 8, 8)
        .with_filters(4)
        .with_features(6);
    let space = space.init(&device).unwrap();
    let wanted = [3, 90, 41];
    let samples = digits.select(&wanted, &device).unwrap().samples;
    let config = NearestSamplesConfig::new().with_chunk(16);
    let found = config.nearest(
        &space.extract(samples, 2).unwrap(),
        &digits,
        &space,
        &device,
    );
    let found = found.unwrap();
    let places: Vec<usize> = found.iter().map(|found| found[0].index).collect();
    assert_eq!(places, wanted);
    let many: Vec<usize> = (0..60).collect();
    config
        .nearest_others(&many, &digits, &space, &device)
        .unwrap();
    assert_eq!(digits.largest.get(), 16);
}

#[test]
fn samples_with_conditions_are_searched_too() {
    let device = Device::flex();
    let labels = Tensor::<1, Int>::from_ints([0, 1, 2], &device);
    let data = Tensor::<2>::from_floats([[0.0], [1.0], [2.0]], &device);
    let memory = Memory::with_condition(data, labels).unwrap();
    let sample = Features::from_rows(&[[1.2]]).unwrap();
    let found = NearestSamplesConfig::new().nearest(&sample, &memory, &Pixels, &device);
    assert_eq!(found.unwrap()[0][0].index, 1);
}

#[test]
fn a_search_that_cannot_be_is_refused() {
    let device = Device::flex();
    let memory = Memory::new(points(1, 4)).unwrap();
    let search = |k, chunk, samples: Tensor<2>| {
        let config = NearestSamplesConfig::new().with_k(k).with_chunk(chunk);
        config.nearest(&features(samples), &memory, &Pixels, &device)
    };
    assert_eq!(field(search(0, 1, points(2, 1))), "k");
    assert_eq!(field(search(1, 0, points(2, 1))), "chunk");
    match search(5, 1, points(2, 1)) {
        Err(MetricError::TooFewSamples { needed, actual, .. }) => {
            assert_eq!((needed, actual), (5, 4));
        }
        other => panic!("{other:?}"),
    }
    match search(1, 1, points(2, 1).narrow(1, 0, 2)) {
        Err(MetricError::FeatureDimensions { real, generated }) => {
            assert_eq!((real, generated), (3, 2));
        }
        other => panic!("{other:?}"),
    }
    let others = |k, places: &[usize]| {
        let config = NearestSamplesConfig::new().with_k(k);
        config.nearest_others(places, &memory, &Pixels, &device)
    };
    assert!(matches!(
        others(4, &[0]),
        Err(MetricError::TooFewSamples { .. })
    ));
    assert!(matches!(others(1, &[]), Err(MetricError::Batch(_))));
    match others(1, &[9]) {
        Err(MetricError::Feature(FeatureError::Data(DataError::IndexOutOfRange {
            index, ..
        }))) => {
            assert_eq!(index, 9);
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_copier_is_told_from_a_sampler_by_either_yardstick() {
    let device = Device::flex();
    let training = Memory::new(points(1, 400)).unwrap();
    let config = NearestSamplesConfig::new();
    let to_training = |points: Tensor<2>| {
        let found = config.nearest(&features(points), &training, &Pixels, &device);
        distances(&found.unwrap())
    };
    let held_out = to_training(points(2, 400));
    let sampler = to_training(points(3, 400));
    let copier = to_training(training.samples().clone() + points(4, 400) * 0.01);
    let places: Vec<usize> = (0..400).collect();
    let others = config.nearest_others(&places, &training, &Pixels, &device);
    let others = distances(&others.unwrap());

    for yardstick in [&held_out, &others] {
        let check = CopyCheck::new(&sampler, yardstick).unwrap();
        let ratio = check.median_ratio.unwrap();
        assert!((0.85..1.18).contains(&ratio), "{check:?}");
        assert!((0.44..0.56).contains(&check.share_nearer), "{check:?}");
        let check = CopyCheck::new(&copier, yardstick).unwrap();
        assert!(
            check.median_ratio.unwrap() < 0.1 && check.share_nearer > 0.95,
            "{check:?}"
        );
    }
}

#[test]
fn the_share_of_nearer_pairs_is_that_of_all_pairs() {
    let whole = |step, count| -> Vec<f64> {
        let drawn = stream(step).uniform_values(count);
        drawn
            .into_iter()
            .map(|value| (value * 6.0).floor().into())
            .collect()
    };
    let (generated, held_out) = (whole(1, 31), whole(2, 22));
    let pairs = generated
        .iter()
        .flat_map(|a| held_out.iter().map(move |b| (a, b)));
    let score = |(a, b): (&f64, &f64)| match a.total_cmp(b) {
        std::cmp::Ordering::Less => 1.0,
        std::cmp::Ordering::Equal => 0.5,
        std::cmp::Ordering::Greater => 0.0,
    };
    let expected = pairs.map(score).sum::<f64>() / (31.0 * 22.0);
    let check = CopyCheck::new(&generated, &held_out).unwrap();
    assert!((check.share_nearer - expected).abs() < 1e-12);
    let sorted = |values: &[f64]| {
        let mut values = values.to_vec();
        values.sort_by(f64::total_cmp);
        values
    };
    assert_eq!(check.median_generated, sorted(&generated)[15]);
    let held_out = sorted(&held_out);
    assert_eq!(check.median_held_out, (held_out[10] + held_out[11]) / 2.0);
    assert_eq!(
        check.median_ratio,
        Some(check.median_generated / check.median_held_out)
    );
}

#[test]
fn distances_that_are_no_yardstick_are_refused() {
    assert!(matches!(
        CopyCheck::new(&[], &[1.0]),
        Err(MetricError::TooFewSamples { .. })
    ));
    assert!(matches!(
        CopyCheck::new(&[1.0], &[]),
        Err(MetricError::TooFewSamples { .. })
    ));
    assert_eq!(field(CopyCheck::new(&[-1.0], &[1.0])), "generated");
    assert_eq!(field(CopyCheck::new(&[1.0], &[f64::NAN])), "held_out");
    // Data that repeat themselves have no median to divide by.
    for generated in [0.0, 1.0] {
        let check = CopyCheck::new(&[generated], &[0.0, 0.0, 4.0]).unwrap();
        assert_eq!((check.median_ratio, check.median_held_out), (None, 0.0));
    }
}
