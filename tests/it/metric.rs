//! The metrics: invariances, closed forms, biases and what they refuse. Values are compared in `metric_reference.rs`.

use crate::common::stream;
use burn::tensor::{Device, Tensor};
use burn_gan::data::Mixture;
use burn_gan::feature::FeatureError;
use burn_gan::metric::{
    Bandwidth, Features, Gaussian, KernelDistanceConfig, MetricError, SlicedWassersteinConfig,
    density_coverage, expected_coverage, expected_reverse_kl, frechet_distance, inception_score,
    kernel_distance, mean_discrepancy, median_distance, modes, polynomial_discrepancy,
    precision_recall, reverse_kl, sliced_wasserstein, sliced_wasserstein_along,
};
use burn_gan::random::{Purpose, Stream};
use burn_gan::{BatchError, ConfigError, ShapeError};

/// `count` standard normal vectors, moved by `shift` along each axis.
fn normal(step: u64, count: usize, dimensions: usize, shift: f64) -> Features {
    let values = stream(step).normal_values(count * dimensions);
    let moved = values.into_iter().map(|x| f64::from(x) + shift).collect();
    Features::new(moved, dimensions).unwrap()
}

fn rows<const D: usize>(rows: &[[f64; D]]) -> Features {
    Features::from_rows(rows).unwrap()
}

/// Each vector through a function.
fn map(features: &Features, function: impl Fn(&[f64]) -> Vec<f64>) -> Features {
    Features::from_rows(&features.rows().map(function).collect::<Vec<_>>()).unwrap()
}

#[track_caller]
fn assert_near(actual: f64, expected: f64, tolerance: f64) {
    assert!(
        (actual - expected).abs() <= tolerance,
        "{actual} against {expected}, more than {tolerance} apart"
    );
}

/// Ten subsets of 40 samples.
fn subsets() -> KernelDistanceConfig {
    KernelDistanceConfig::new()
        .with_subset_size(40)
        .with_subsets(10)
        .with_seed(3)
}

type Metric = fn(&Features, &Features) -> Result<f64, MetricError>;

/// Every metric of two sets as one number.
const METRICS: [(&str, Metric); 9] = [
    ("Frechet distance", frechet_distance),
    ("polynomial discrepancy", polynomial_discrepancy),
    ("mean discrepancy", |x, y| {
        mean_discrepancy(x, y, Bandwidth::Median)
    }),
    ("median distance", median_distance),
    ("precision", |x, y| Ok(precision_recall(x, y, 3)?.precision)),
    ("recall", |x, y| Ok(precision_recall(x, y, 3)?.recall)),
    ("density", |x, y| Ok(density_coverage(x, y, 5)?.density)),
    ("coverage", |x, y| Ok(density_coverage(x, y, 5)?.coverage)),
    ("sliced Wasserstein", |x, y| {
        sliced_wasserstein(x, y, &SlicedWassersteinConfig::new())
    }),
];

fn metric(name: &str) -> Metric {
    METRICS.iter().find(|(found, _)| *found == name).unwrap().1
}

#[test]
fn the_order_of_samples_does_not_matter() {
    let (real, generated) = (normal(1, 50, 3, 0.0), normal(2, 40, 3, 0.5));
    let shuffled = |features: &Features| {
        let order = stream(3).permutation(features.count());
        features.select(&order).unwrap()
    };
    for (name, metric) in METRICS {
        let before = metric(&real, &generated).unwrap();
        let after = metric(&shuffled(&real), &shuffled(&generated)).unwrap();
        assert!((before - after).abs() <= 1e-12 * before.abs(), "{name}");
    }
}

#[test]
fn a_rotation_of_the_space_does_not_matter() {
    // A reflection at a plane through the origin; the directions of the sliced distance would have to turn with it.
    let reflect = |row: &[f64]| {
        let normal = [2.0 / 3.0, -2.0 / 3.0, 1.0 / 3.0];
        let along: f64 = row.iter().zip(normal).map(|(x, n)| x * n).sum();
        row.iter()
            .zip(normal)
            .map(|(x, n)| x - 2.0 * along * n)
            .collect()
    };
    let (real, generated) = (normal(1, 50, 3, 0.0), normal(2, 40, 3, 0.5));
    let (real_turned, generated_turned) = (map(&real, reflect), map(&generated, reflect));
    for (name, metric) in METRICS {
        if name == "sliced Wasserstein" {
            continue;
        }
        let before = metric(&real, &generated).unwrap();
        let after = metric(&real_turned, &generated_turned).unwrap();
        assert!((before - after).abs() <= 1e-10 * before.abs(), "{name}");
    }
    let directions = normal(5, 6, 3, 0.0);
    let before = sliced_wasserstein_along(&real, &generated, &directions).unwrap();
    let turned = map(&directions, reflect);
    let after = sliced_wasserstein_along(&real_turned, &generated_turned, &turned).unwrap();
    assert_near(after, before, 1e-12);
}

#[test]
fn the_distances_are_symmetric() {
    let (real, generated) = (normal(1, 50, 3, 0.0), normal(2, 40, 3, 0.5));
    for name in [
        "Frechet distance",
        "polynomial discrepancy",
        "mean discrepancy",
        "median distance",
        "sliced Wasserstein",
    ] {
        let there = metric(name)(&real, &generated).unwrap();
        let back = metric(name)(&generated, &real).unwrap();
        assert!((there - back).abs() <= 1e-12 * there.abs(), "{name}");
    }
    let there = precision_recall(&real, &generated, 3).unwrap();
    let back = precision_recall(&generated, &real, 3).unwrap();
    assert_eq!(
        (there.precision, there.recall),
        (back.recall, back.precision)
    );
}

#[test]
fn a_set_is_at_no_distance_of_itself() {
    // The second has fewer samples than dimensions.
    for set in [normal(1, 60, 4, 0.0), normal(1, 10, 24, 2.0)] {
        assert!(frechet_distance(&set, &set).unwrap() < 1e-10);
        assert_eq!(metric("sliced Wasserstein")(&set, &set).unwrap(), 0.0);
        for name in ["precision", "recall", "coverage"] {
            assert_eq!(metric(name)(&set, &set).unwrap(), 1.0, "{name}");
        }
        // Unbiased estimates leave out each sample's pair with itself, within the sets only.
        for name in ["polynomial discrepancy", "mean discrepancy"] {
            assert!(metric(name)(&set, &set).unwrap() < 0.0, "{name}");
        }
    }
}

#[test]
fn collapsed_sets_have_a_distance_too() {
    // All samples in one place: no spread at all, and all distances 0.
    let (here, there) = (rows(&[[0.0, 0.0]; 7]), rows(&[[3.0, 4.0]; 7]));
    assert_eq!(frechet_distance(&here, &here).unwrap(), 0.0);
    assert_eq!(frechet_distance(&here, &there).unwrap(), 25.0);
    let cloud = normal(1, 500, 2, 0.0);
    let fitted = Gaussian::fit(&cloud).unwrap();
    let [x, y] = fitted.mean() else {
        panic!("two dimensions")
    };
    let spread = fitted.covariance()[0] + fitted.covariance()[3] + x * x + y * y;
    assert_near(frechet_distance(&cloud, &here).unwrap(), spread, 1e-12);
    let found = precision_recall(&cloud, &here, 3).unwrap();
    assert_eq!((found.precision, found.recall), (1.0, 0.0));
    assert!(density_coverage(&cloud, &here, 5).unwrap().coverage < 0.1);
    assert!(matches!(
        mean_discrepancy(&here, &here, Bandwidth::Median),
        Err(MetricError::Config(ConfigError {
            field: "bandwidth",
            ..
        }))
    ));
}

#[test]
fn frechet_distance_of_known_gaussians() {
    // Commuting covariances: the squared distance of means and of standard deviations.
    let diagonal = |deviations: [f64; 3]| {
        let mut covariance = vec![0.0; 9];
        for (i, deviation) in deviations.into_iter().enumerate() {
            covariance[4 * i] = deviation * deviation;
        }
        covariance
    };
    let a = Gaussian::new(vec![1.0, 0.0, -2.0], diagonal([1.0, 2.0, 0.0])).unwrap();
    let b = Gaussian::new(vec![1.0, 3.0, 0.0], diagonal([1.5, 0.5, 1.0])).unwrap();
    let expected = 9.0 + 4.0 + 0.25 + 2.25 + 1.0;
    assert_near(a.frechet_distance(&b).unwrap(), expected, 1e-12);
    assert_near(b.frechet_distance(&a).unwrap(), expected, 1e-12);
    assert_eq!(a.frechet_distance(&a).unwrap(), 0.0);
}

#[test]
fn fitted_gaussians_have_the_divisor_n_minus_1() {
    let fitted = Gaussian::fit(&rows(&[[0.0, 1.0], [2.0, 1.0], [4.0, 4.0]])).unwrap();
    assert_eq!(fitted.mean(), [2.0, 2.0]);
    assert_eq!(fitted.covariance(), [4.0, 3.0, 3.0, 3.0]);
}

#[test]
fn the_bias_of_the_frechet_distance() {
    let (count, dimensions, repeats) = (400, 8, 40);
    let mean = (0..repeats)
        .map(|i| {
            let sets = [2 * i, 2 * i + 1].map(|step| normal(step, count, dimensions, 0.0));
            frechet_distance(&sets[0], &sets[1]).unwrap()
        })
        .sum::<f64>()
        / repeats as f64;
    let d = dimensions as f64;
    let expected = (2.0 * d + d * (d + 1.0) / 2.0) / count as f64;
    // The standard error of the mean is 0.03 of it.
    assert!((mean / expected - 1.0).abs() < 0.12, "{mean}, {expected}");
}

#[test]
fn unbiased_estimates_are_0_on_average() {
    for metric in [metric("polynomial discrepancy"), |x, y| {
        mean_discrepancy(x, y, Bandwidth::Given(1.0))
    }] {
        let estimates: Vec<f64> = (0..200)
            .map(|i| metric(&normal(2 * i, 20, 2, 0.0), &normal(2 * i + 1, 30, 2, 0.0)).unwrap())
            .collect();
        let count = estimates.len() as f64;
        let mean = estimates.iter().sum::<f64>() / count;
        let squares: f64 = estimates.iter().map(|x| (x - mean).powi(2)).sum();
        let error = (squares / (count * (count - 1.0))).sqrt();
        assert!(mean.abs() < 3.0 * error, "{mean} +- {error}");
    }
}

#[test]
fn subsets_of_the_kernel_distance() {
    let (real, generated) = (normal(1, 120, 3, 0.0), normal(2, 90, 3, 0.25));
    let found = kernel_distance(&real, &generated, &subsets()).unwrap();
    // By its definition, from streams of its own.
    let distances: Vec<f64> = (0..10)
        .map(|subset| {
            let mut stream = Stream::new(3, Purpose::Metric, subset);
            let mut draw = |set: &Features| {
                let order = stream.permutation(set.count());
                set.select(&order[..40]).unwrap()
            };
            let [real, generated] = [draw(&real), draw(&generated)];
            polynomial_discrepancy(&real, &generated).unwrap()
        })
        .collect();
    let mean = distances.iter().sum::<f64>() / 10.0;
    let variance = distances.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / 9.0;
    assert_near(found.value, mean, 1e-12);
    assert_near(found.deviation, variance.sqrt(), 1e-12);
    assert_near(found.standard_error, (variance / 10.0).sqrt(), 1e-12);

    assert_eq!(
        found,
        kernel_distance(&real, &generated, &subsets()).unwrap()
    );
    let other = kernel_distance(&real, &generated, &subsets().with_seed(4)).unwrap();
    assert_ne!(found.value, other.value);

    // On average a subset says what all samples say.
    let many = kernel_distance(&real, &generated, &subsets().with_subsets(200)).unwrap();
    let at_once = polynomial_discrepancy(&real, &generated).unwrap();
    assert_near(many.value, at_once, 4.0 * many.standard_error);
}

#[test]
fn an_exact_sampler_has_the_expected_density_and_coverage() {
    for (real, generated, k) in [(300, 300, 5), (200, 400, 3)] {
        let (mut density, mut coverage) = (0.0, 0.0);
        for i in 0..20 {
            let (x, y) = (
                normal(2 * i, real, 4, 0.0),
                normal(2 * i + 1, generated, 4, 0.0),
            );
            let found = density_coverage(&x, &y, k).unwrap();
            density += found.density / 20.0;
            coverage += found.coverage / 20.0;
        }
        assert_near(density, 1.0, 0.05);
        assert_near(coverage, expected_coverage(real, generated, k), 0.01);
    }
}

#[test]
fn precision_and_recall_tell_quality_from_variety() {
    let real = normal(1, 300, 2, 0.0);
    let narrow = map(&normal(2, 300, 2, 0.0), |row| {
        row.iter().map(|x| x * 0.3).collect()
    });
    let wide = map(&normal(3, 300, 2, 0.0), |row| {
        row.iter().map(|x| x * 3.0).collect()
    });
    let narrow = precision_recall(&real, &narrow, 3).unwrap();
    let wide = precision_recall(&real, &wide, 3).unwrap();
    assert!(narrow.precision > 0.9 && narrow.recall < 0.5, "{narrow:?}");
    assert!(wide.precision < 0.6 && wide.recall > 0.9, "{wide:?}");
}

#[test]
fn sliced_wasserstein_distance_of_a_shift() {
    let real = normal(1, 50, 3, 0.0);
    let moved = map(&real, |row| vec![row[0] + 3.0, row[1], row[2] - 4.0]);
    let config = SlicedWassersteinConfig::new().with_projections(4_000);
    let distance = sliced_wasserstein(&real, &moved, &config).unwrap();
    assert_near(distance, 5.0 / 3.0_f64.sqrt(), 0.05);
    // The same samples twice are the same distribution, of another number of samples.
    let mut twice = real.clone();
    twice.append(real.clone()).unwrap();
    assert_near(
        sliced_wasserstein(&twice, &moved, &config).unwrap(),
        distance,
        1e-12,
    );
}

#[test]
fn directions_of_the_sliced_distance_are_one_stream() {
    let (real, generated) = (normal(1, 50, 3, 0.0), normal(2, 40, 3, 0.5));
    let config = SlicedWassersteinConfig::new()
        .with_projections(5)
        .with_seed(9);
    let drawn = Stream::new(9, Purpose::Metric, 1 << 32).normal_values(5 * 3);
    let directions = Features::new(drawn.into_iter().map(f64::from).collect(), 3).unwrap();
    assert_eq!(
        sliced_wasserstein(&real, &generated, &config).unwrap(),
        sliced_wasserstein_along(&real, &generated, &directions).unwrap()
    );
}

#[test]
fn inception_score_of_extremes() {
    let unsure = rows(&[[0.25; 4]; 12]);
    assert_near(inception_score(&unsure, 3).unwrap().value, 1.0, 1e-12);
    let one_class = rows(&[[0.0, 1.0, 0.0, 0.0]; 12]);
    assert_near(inception_score(&one_class, 3).unwrap().value, 1.0, 1e-12);
    // Two of four classes.
    let two = rows(&[[1.0, 0.0, 0.0, 0.0], [0.0, 0.0, 1.0, 0.0]]);
    assert_near(inception_score(&two, 1).unwrap().value, 2.0, 1e-12);
    // Splits of one sample each know one class each.
    let score = inception_score(&two, 2).unwrap();
    assert_eq!((score.value, score.deviation), (1.0, 0.0));
}

#[test]
fn reverse_kl_of_an_exact_sampler() {
    for (mixture, expected) in [(Mixture::ring(), 0.0014), (Mixture::grid(), 0.0048)] {
        let (centers, sigma) = (mixture.centers(), mixture.sigma());
        assert_near(expected_reverse_kl(centers.len(), 2_500), expected, 1e-12);
        let mean = (0..100)
            .map(|step| {
                let samples = mixture.sample(2_500, &mut stream(step), &Device::flex());
                let samples = Features::from_tensor(samples).unwrap();
                let found = modes(&samples, &centers, sigma).unwrap();
                assert_eq!(found.modes, centers.len());
                found.reverse_kl
            })
            .sum::<f64>()
            / 100.0;
        // A chi-squared number with K - 1 degrees of freedom: the mean of 100 has a standard error of 0.1 sqrt(2 / (K - 1)).
        let error = 0.1 * (2.0 / (centers.len() as f64 - 1.0)).sqrt();
        assert!((mean / expected - 1.0).abs() < 3.0 * error, "{mean}");
    }
}

#[test]
fn reverse_kl_of_missing_and_impossible_modes() {
    assert_eq!(reverse_kl(&[5, 5, 5], &[0.1, 0.1, 0.1]).unwrap(), 0.0);
    let missing = reverse_kl(&[9, 0, 0], &[1.0; 3]).unwrap();
    assert_near(missing, 3.0_f64.ln(), 1e-12);
    assert_eq!(reverse_kl(&[1, 1], &[1.0, 0.0]).unwrap(), f64::INFINITY);
    assert_eq!(reverse_kl(&[1, 0], &[1.0, 0.0]).unwrap(), 0.0);

    assert!(matches!(
        reverse_kl(&[0, 0], &[1.0; 2]),
        Err(MetricError::Batch(BatchError::Empty))
    ));
    assert!(matches!(
        reverse_kl(&[], &[]),
        Err(MetricError::Batch(BatchError::Empty))
    ));
    assert!(matches!(
        reverse_kl(&[1], &[1.0; 2]),
        Err(MetricError::Shape(ShapeError { .. }))
    ));
    for weights in [[0.0, 0.0], [2.0, -1.0], [f64::NAN, 1.0]] {
        assert!(matches!(
            reverse_kl(&[1, 1], &weights),
            Err(MetricError::Config(ConfigError { field: "real", .. }))
        ));
    }
}

#[test]
fn features_are_checked() {
    let device = Device::flex();
    let from = |values: &[f64], dimensions| Features::new(values.to_vec(), dimensions);
    assert!(matches!(
        from(&[], 2),
        Err(FeatureError::Batch(BatchError::Empty))
    ));
    assert!(matches!(
        Features::from_rows::<[f64; 2]>(&[]),
        Err(FeatureError::Batch(BatchError::Empty))
    ));
    assert!(matches!(
        Features::from_tensor(Tensor::zeros([0, 2], &device)),
        Err(FeatureError::Batch(BatchError::Empty))
    ));
    assert!(matches!(
        from(&[1.0], 0),
        Err(FeatureError::Config(ConfigError {
            field: "dimensions",
            ..
        }))
    ));
    assert!(matches!(
        from(&[1.0; 5], 2),
        Err(FeatureError::Shape(ShapeError { .. }))
    ));
    let ragged = Features::from_rows(&[vec![1.0, 2.0], vec![3.0]]);
    assert!(matches!(
        ragged,
        Err(FeatureError::Shape(ShapeError { .. }))
    ));
    match from(&[1.0, 2.0, 3.0, f64::NAN, 5.0, f64::INFINITY], 2) {
        Err(FeatureError::NonFinite {
            sample, dimension, ..
        }) => assert_eq!((sample, dimension), (1, 1)),
        other => panic!("{other:?}"),
    }
    let mut features = rows(&[[1.0, 2.0]]);
    assert!(matches!(
        features.append(rows(&[[1.0]])),
        Err(FeatureError::Shape(ShapeError { .. }))
    ));
    assert!(matches!(
        features.select(&[1]),
        Err(FeatureError::IndexOutOfRange {
            index: 1,
            samples: 1
        })
    ));
    features.append(rows(&[[3.0, 4.0]])).unwrap();
    assert_eq!(features, from(&[1.0, 2.0, 3.0, 4.0], 2).unwrap());
    let tensor = Tensor::<2>::from_floats([[1.0, 2.0], [3.0, 4.0]], &device);
    assert_eq!(features, Features::from_tensor(tensor).unwrap());
}

#[test]
fn sets_that_do_not_fit_are_refused() {
    let (plane, space) = (normal(1, 20, 2, 0.0), normal(2, 20, 3, 0.0));
    for (name, metric) in METRICS {
        match metric(&plane, &space) {
            Err(MetricError::FeatureDimensions { real, generated }) => {
                assert_eq!((real, generated), (2, 3), "{name}")
            }
            other => panic!("{name}: {other:?}"),
        }
    }
    for (name, needed) in [
        ("Frechet distance", 2),
        ("polynomial discrepancy", 2),
        ("mean discrepancy", 2),
        ("precision", 4),
        ("recall", 4),
        ("density", 6),
        ("coverage", 6),
    ] {
        let few = normal(3, needed - 1, 2, 0.0);
        match metric(name)(&few, &plane) {
            Err(MetricError::TooFewSamples {
                needed: found,
                actual,
                ..
            }) => assert_eq!((found, actual), (needed, needed - 1), "{name}"),
            other => panic!("{name}: {other:?}"),
        }
        let enough = normal(3, needed, 2, 0.0);
        assert!(metric(name)(&enough, &plane).is_ok(), "{name}");
    }
    assert!(matches!(
        kernel_distance(&plane, &plane, &KernelDistanceConfig::new()),
        Err(MetricError::TooFewSamples { needed: 1000, .. })
    ));
}

#[test]
fn settings_are_checked() {
    let plane = normal(1, 20, 2, 0.0);
    let refused = |expected: &str, result: Result<(), MetricError>| match result {
        Err(MetricError::Config(ConfigError { field, .. })) => assert_eq!(field, expected),
        other => panic!("{expected}: {other:?}"),
    };
    let kernel = |config| kernel_distance(&plane, &plane, &config).map(drop);
    refused("subset_size", kernel(subsets().with_subset_size(1)));
    refused("subsets", kernel(subsets().with_subsets(1)));
    refused("k", precision_recall(&plane, &plane, 0).map(drop));
    refused("k", density_coverage(&plane, &plane, 0).map(drop));
    for sigma in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        let bandwidth = Bandwidth::Given(sigma);
        refused(
            "bandwidth",
            mean_discrepancy(&plane, &plane, bandwidth).map(drop),
        );
    }
    let config = SlicedWassersteinConfig::new().with_projections(0);
    refused(
        "projections",
        sliced_wasserstein(&plane, &plane, &config).map(drop),
    );
    let along = |directions| sliced_wasserstein_along(&plane, &plane, &directions).map(drop);
    refused("directions", along(rows(&[[0.0, 0.0]])));
    assert!(matches!(
        along(rows(&[[1.0]])),
        Err(MetricError::Shape(ShapeError { .. }))
    ));

    refused("splits", inception_score(&plane, 0).map(drop));
    let certain = rows(&[[1.0, 0.0]]);
    assert!(matches!(
        inception_score(&certain, 2),
        Err(MetricError::TooFewSamples { needed: 2, .. })
    ));
    for row in [[0.5, 0.4], [1.5, -0.5]] {
        assert!(matches!(
            inception_score(&rows(&[[1.0, 0.0], row]), 1),
            Err(MetricError::NotADistribution { sample: 1, .. })
        ));
    }

    let gaussian = |covariance: &[f64]| Gaussian::new(vec![0.0; 2], covariance.to_vec()).map(drop);
    refused("covariance", gaussian(&[1.0, 0.5, 0.0, 1.0]));
    refused("covariance", gaussian(&[1.0, 2.0, 2.0, 1.0]));
    refused("covariance", gaussian(&[0.0, 0.0, 0.0, -1.0]));
    assert!(matches!(
        gaussian(&[1.0; 3]),
        Err(MetricError::Shape(ShapeError { .. }))
    ));
    assert!(matches!(
        gaussian(&[1.0, 0.0, 0.0, f64::NAN]),
        Err(MetricError::Overflow { .. })
    ));
    assert!(matches!(
        Gaussian::new(vec![], vec![]),
        Err(MetricError::Batch(BatchError::Empty))
    ));
}

#[test]
fn overflow_is_an_error() {
    let huge = rows(&[[1e300], [-1e300], [1e299], [0.0], [2e299], [3e299]]);
    let small = rows(&[[1.0], [2.0], [3.0], [4.0], [5.0], [6.0]]);
    for name in [
        "Frechet distance",
        "polynomial discrepancy",
        "mean discrepancy",
        "median distance",
        "sliced Wasserstein",
    ] {
        let found = metric(name)(&huge, &small);
        assert!(
            matches!(found, Err(MetricError::Overflow { .. })),
            "{name}: {found:?}"
        );
    }
}

/// Features that are the same for all samples, such as a ReLU's that never fires, beside few that vary together: what samples
/// of a collapsed generator have. The decomposition of such covariances has failed.
#[test]
fn dimensions_without_spread_change_no_distance() {
    for (varying, factors) in [(1, 1), (21, 8), (28, 2), (28, 8), (69, 8)] {
        for seed in 0..20 {
            let mut stream = Stream::new(seed, Purpose::Data, varying);
            let varying = varying as usize;
            let mixing = stream.normal_values(factors * varying);
            let mut draw = |count: usize| -> Vec<Vec<f64>> {
                let mix = |_| {
                    let sources = stream.normal_values(factors);
                    let value = |column: usize| -> f64 {
                        let weights = mixing.iter().skip(column).step_by(varying);
                        let products = sources.iter().zip(weights).map(|(s, w)| s * w);
                        f64::from(0.05 * products.sum::<f32>())
                    };
                    (0..varying).map(value).collect()
                };
                (0..count).map(mix).collect()
            };
            let (real, generated) = (draw(60), draw(50));
            // Constants before, between and behind the features.
            let padded = |rows: &[Vec<f64>]| {
                let pad = |row: &Vec<f64>| {
                    let mut padded = vec![0.5; 131 + varying];
                    for (index, value) in row.iter().enumerate() {
                        padded[1 + index * 131 / varying + index] = *value;
                    }
                    padded
                };
                rows.iter().map(pad).collect::<Vec<_>>()
            };
            let distance = |real: &[Vec<f64>], generated: &[Vec<f64>]| {
                let [real, generated] =
                    [real, generated].map(|rows| Features::from_rows(rows).unwrap());
                frechet_distance(&real, &generated).unwrap()
            };
            let expected = distance(&real, &generated);
            let found = distance(&padded(&real), &padded(&generated));
            assert!(
                (found - expected).abs() < 1e-9 * expected,
                "{varying} of {factors}, seed {seed}: {found}, {expected}"
            );
        }
    }
}
