//! Feature spaces: fixed functions of the samples, the same in chunks, with a name; and the classifiers of the digits.

use crate::common::places::{DIGITS_8X8, MNIST_5K, in_repository};
use crate::common::{processors, stream};
use burn::config::Config;
use burn::tensor::{Device, Int, Tensor};
use burn_gan::data::{DataError, LabelledImages, Samples, idx};
use burn_gan::feature::{
    ClassProbabilities, ClassifierTrainingConfig, FeatureError, FeatureExtractor, Pixels,
    RandomConvolutionsConfig, RandomFeatures, RandomFeaturesConfig, accuracy, predicted_classes,
};
use burn_gan::metric::{frechet_distance, inception_score};
use burn_gan::model::{Classifier, ClassifierConfig};
use burn_gan::{Batch, BatchError, ConfigError, NetworkError, ShapeError};
use burn_gan::{load_weights, save_weights};

fn digits(folder: &str) -> LabelledImages {
    idx::read_labelled_folder(folder).unwrap()
}

/// A classifier of the repository, with the training that made it.
fn committed(size: usize, epochs: usize) -> (Classifier, ClassifierTrainingConfig) {
    let folder = in_repository(&format!("examples/data/digits-classifier-{size}x{size}"));
    let config = ClassifierConfig::load(folder.join("classifier.json")).unwrap();
    let fresh = config.init(&Device::flex()).unwrap();
    let classifier = load_weights(fresh, folder.join("classifier.bpk")).unwrap();
    let training = ClassifierTrainingConfig::new()
        .with_epochs(epochs)
        .with_seed(config.seed);
    (classifier, training)
}

#[test]
fn the_committed_classifiers_name_97_percent_of_the_digits_held_out() {
    for (size, data, epochs) in [(8, DIGITS_8X8, 60), (28, MNIST_5K, 20)] {
        let digits = digits(data);
        let (classifier, training) = committed(size, epochs);
        let held_out = training.split(digits.labels().len()).unwrap().held_out;
        let share = accuracy(&classifier, &digits, &held_out).unwrap();
        println!("{size}x{size}: {share} of {}", held_out.len());
        assert!(share >= 0.97, "{size}x{size}: {share}");
    }
}

#[test]
fn a_few_epochs_tell_most_digits_apart_and_the_seed_decides_the_bits() {
    let digits = digits(DIGITS_8X8);
    let config = ClassifierConfig::new(1, 8, 8, 10);
    let training = ClassifierTrainingConfig::new()
        .with_epochs(10)
        .with_batch_size(16);
    let fresh = config.init(&Device::flex()).unwrap();
    let trained = training.train(&fresh, &digits).unwrap();
    assert!(trained.accuracy > 0.9, "{}", trained.accuracy);
    assert_eq!(trained.losses.len(), 10);
    assert!(trained.losses[9] < trained.losses[0] / 3.0);
    let again = training.train(&fresh, &digits).unwrap();
    assert_eq!(again.losses, trained.losses);
    assert_eq!(
        again.classifier.identity().unwrap(),
        trained.classifier.identity().unwrap()
    );
    // The classifier that came in is as it was.
    assert_eq!(
        fresh.identity().unwrap(),
        config.init(&Device::flex()).unwrap().identity().unwrap()
    );
    let split = training.split(digits.labels().len()).unwrap();
    let mut all = [split.training, split.held_out].concat();
    all.sort_unstable();
    assert_eq!(all, (0..1797).collect::<Vec<_>>());
}

#[test]
fn a_training_that_diverges_is_an_error() {
    let digits = digits(DIGITS_8X8);
    let fresh = ClassifierConfig::new(1, 8, 8, 10).init(&Device::flex());
    let training = ClassifierTrainingConfig::new()
        .with_epochs(3)
        .with_learning_rate(1e30);
    match training.train(&fresh.unwrap(), &digits) {
        Err(FeatureError::ClassifierDiverged { epoch: 0, loss }) => assert!(!loss.is_finite()),
        other => panic!("{other:?}"),
    }
}

/// Digits of which the images, or the labels, of the last are lost.
struct Short<'a> {
    digits: &'a LabelledImages,
    images: bool,
}

impl Samples<4, Tensor<1, Int>> for Short<'_> {
    fn len(&self) -> usize {
        self.digits.labels().len()
    }

    fn select(
        &self,
        indices: &[usize],
        device: &Device,
    ) -> Result<Batch<4, Tensor<1, Int>>, DataError> {
        let Batch { samples, condition } = self.digits.select(indices, device)?;
        let kept = indices.len() - 1;
        Ok(if self.images {
            Batch {
                samples: samples.narrow(0, 0, kept),
                condition,
            }
        } else {
            Batch {
                samples,
                condition: condition.narrow(0, 0, kept),
            }
        })
    }
}

#[test]
fn a_set_that_loses_samples_is_an_error() {
    let digits = digits(DIGITS_8X8);
    let (classifier, training) = committed(8, 1);
    for images in [true, false] {
        let short = Short {
            digits: &digits,
            images,
        };
        let trained = training.train(&classifier, &short);
        assert!(
            matches!(trained, Err(FeatureError::Shape(_))),
            "{trained:?}"
        );
        let share = accuracy(&classifier, &short, &[0, 1, 2]);
        assert!(matches!(share, Err(FeatureError::Shape(_))), "{share:?}");
    }
}

#[test]
#[cfg(feature = "ndarray")]
#[allow(deprecated)]
fn a_classifier_trains_on_ndarray_too() {
    let digits = digits(DIGITS_8X8);
    let [flex, ndarray] = [Device::flex(), Device::ndarray()];
    let train = |device: &Device| {
        let fresh = ClassifierConfig::new(1, 8, 8, 10).init(device).unwrap();
        let training = ClassifierTrainingConfig::new().with_epochs(1);
        training.train(&fresh, &digits).unwrap().losses[0]
    };
    let (here, there) = (train(&flex), train(&ndarray));
    assert!((here - there).abs() < 1e-2 * here, "{here} {there}");
}

#[test]
fn chunks_make_no_difference_and_backends_agree() {
    let (classifier, _) = committed(8, 60);
    let random = RandomConvolutionsConfig::new(1, 8, 8);
    let flex = Device::flex();
    let images: Tensor<4> = stream(1).normal([7, 1, 8, 8], &flex);
    let example = images.clone();
    let spaces: [Box<dyn FeatureExtractor<4>>; 5] = [
        Box::new(Pixels),
        Box::new(random.init(&flex).unwrap()),
        Box::new(RandomFeaturesConfig::new().init(example).unwrap()),
        Box::new(classifier.clone()),
        Box::new(ClassProbabilities(&classifier)),
    ];
    for space in &spaces {
        let whole = space.extract(images.clone(), 7).unwrap();
        let parts = space.extract(images.clone(), 3).unwrap();
        assert_eq!(whole.count(), 7);
        for (whole, part) in whole.rows().flatten().zip(parts.rows().flatten()) {
            assert!((whole - part).abs() <= 1e-5 * whole.abs().max(1.0));
        }
    }
    let here = spaces[1].extract(images.clone(), 7).unwrap();
    for device in processors() {
        let there = random.init(&device).unwrap();
        let there = there.extract(images.clone(), 7).unwrap();
        for (here, there) in here.rows().flatten().zip(there.rows().flatten()) {
            assert!((here - there).abs() <= 1e-4 * here.abs().max(1.0));
        }
    }
}

/// Standard normal images times a scale.
fn cloud(step: u64, scale: f64) -> Tensor<4> {
    stream(step).normal([40, 2, 3, 3], &Device::flex()) * scale
}

#[test]
fn random_features_do_not_depend_on_the_unit_of_the_data() {
    let features = |unit: f64, shift: f64| {
        let scaled = |images: Tensor<4>| images * unit + shift;
        let config = RandomFeaturesConfig::new().with_features(8);
        let space = config.init(scaled(cloud(3, 1.0))).unwrap();
        space.extract(scaled(cloud(4, 0.5)), 16).unwrap()
    };
    let (plain, scaled) = (features(1.0, 0.0), features(100.0, 7.0));
    assert!(plain.rows().flatten().any(|&value| value > 0.1));
    for (plain, scaled) in plain.rows().flatten().zip(scaled.rows().flatten()) {
        assert!((plain - scaled).abs() < 1e-3, "{plain} {scaled}");
    }
}

#[test]
fn random_features_are_those_of_their_seed_and_their_real_samples() {
    let space = |step, seed| {
        let config = RandomFeaturesConfig::new().with_seed(seed);
        config.init(cloud(step, 1.0)).unwrap()
    };
    let identity = |space: &RandomFeatures| FeatureExtractor::<4>::identity(space).unwrap();
    assert_eq!(identity(&space(1, 0)), identity(&space(1, 0)));
    assert_ne!(identity(&space(1, 0)), identity(&space(2, 0)));
    assert_ne!(identity(&space(1, 0)), identity(&space(1, 1)));

    let refused = |samples: Tensor<4>| RandomFeaturesConfig::new().init(samples).unwrap_err();
    for constant in [
        cloud(1, 0.0),
        cloud(1, f64::NAN),
        cloud(1, 1.0).narrow(0, 0, 1),
    ] {
        let error = refused(constant);
        assert!(error.to_string().contains("must differ"), "{error}");
    }
    let error = refused(Tensor::zeros([0, 2, 3, 3], &Device::flex()));
    assert!(
        matches!(error, FeatureError::Batch(BatchError::Empty)),
        "{error}"
    );
    let error = RandomFeaturesConfig::new()
        .with_features(0)
        .init(cloud(1, 1.0));
    assert!(matches!(error, Err(FeatureError::Config(_))), "{error:?}");
}

#[test]
fn features_that_are_not_finite_are_an_error() {
    let images = Tensor::<4>::full([3, 1, 2, 2], 1.0, &Device::flex());
    let bad = images
        .clone()
        .slice_fill([1..2, 0..1, 1..2, 0..1], f32::NAN);
    match Pixels.extract(Tensor::cat(vec![images, bad], 0), 4) {
        Err(FeatureError::NonFinite {
            sample, dimension, ..
        }) => assert_eq!((sample, dimension), (4, 2)),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_space_has_a_name_that_tells_it_from_others() {
    let random = |seed| {
        let config = RandomConvolutionsConfig::new(1, 8, 8).with_seed(seed);
        config.init(&Device::flex()).unwrap().identity().unwrap()
    };
    assert_eq!(random(1), random(1));
    assert_ne!(random(1), random(2));
    let (classifier, _) = committed(8, 60);
    let untrained = ClassifierConfig::new(1, 8, 8, 10);
    let untrained = untrained.init(&Device::flex()).unwrap();
    assert_ne!(
        classifier.identity().unwrap(),
        untrained.identity().unwrap()
    );
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("classifier.bpk");
    save_weights(&classifier, &path).unwrap();
    let loaded = load_weights(untrained, &path).unwrap();
    assert_eq!(classifier.identity().unwrap(), loaded.identity().unwrap());
}

#[test]
fn metrics_in_these_spaces_tell_digits_from_noise() {
    let digits = digits(DIGITS_8X8);
    let select = |range: std::ops::Range<usize>| {
        let indices: Vec<usize> = range.collect();
        digits.select(&indices, &Device::flex()).unwrap().samples
    };
    let (real, others) = (select(0..400), select(400..800));
    let noise = stream(2).uniform([400, 1, 8, 8], &Device::flex()) * 2.0 - 1.0;
    let (classifier, _) = committed(8, 60);
    let random = RandomConvolutionsConfig::new(1, 8, 8);
    let spaces: [Box<dyn FeatureExtractor<4>>; 3] = [
        Box::new(Pixels),
        Box::new(random.init(&Device::flex()).unwrap()),
        Box::new(classifier.clone()),
    ];
    for space in spaces {
        let features = |images: &Tensor<4>| space.extract(images.clone(), 100).unwrap();
        let floor = frechet_distance(&features(&real), &features(&others)).unwrap();
        let far = frechet_distance(&features(&real), &features(&noise)).unwrap();
        assert!(far > 5.0 * floor, "{floor} {far}");
    }
    let score = |images: &Tensor<4>| {
        let rows = ClassProbabilities(&classifier).extract(images.clone(), 100);
        inception_score(&rows.unwrap(), 1).unwrap().value
    };
    let (of_digits, of_noise) = (score(&real), score(&noise));
    assert!(of_digits > 8.0 && of_digits < 10.0, "{of_digits}");
    assert!(of_noise < of_digits, "{of_noise}");
    assert_eq!(predicted_classes(&classifier, noise).unwrap().len(), 400);
}

#[test]
fn what_does_not_fit_is_an_error() {
    let (classifier, training) = committed(8, 60);
    let device = Device::flex();
    let wide = Tensor::<4>::zeros([2, 1, 8, 9], &device);
    let none = Tensor::<4>::zeros([0, 1, 8, 8], &device);
    assert!(matches!(
        classifier.extract(wide, 2),
        Err(FeatureError::Shape(ShapeError { .. }))
    ));
    assert!(matches!(
        classifier.extract(none, 2),
        Err(FeatureError::Batch(BatchError::Empty))
    ));
    let two = Tensor::<4>::zeros([2, 1, 8, 8], &device);
    assert!(matches!(
        classifier.extract(two, 0),
        Err(FeatureError::Config(ConfigError { .. }))
    ));
    let digits = digits(DIGITS_8X8);
    let five = ClassifierConfig::new(1, 8, 8, 5).init(&device).unwrap();
    assert!(matches!(
        training.clone().with_epochs(1).train(&five, &digits),
        Err(FeatureError::Network(NetworkError::LabelOutOfRange {
            classes: 5,
            ..
        }))
    ));
    // Before the first step: these steps would end with another error.
    let wild = training.clone().with_epochs(1).with_learning_rate(1e30);
    let last = digits.labels().len() - 1;
    for (index, label) in [(0, 10), (last, 255)] {
        let mut labels = digits.labels().to_vec();
        labels[index] = label;
        let digits = digits.images().clone().with_labels(labels).unwrap();
        match wild.train(&classifier, &digits) {
            Err(FeatureError::Network(NetworkError::LabelOutOfRange {
                label: found,
                classes: 10,
            })) => assert_eq!(found, i64::from(label)),
            other => panic!("{other:?}"),
        }
    }
    for config in [
        ClassifierTrainingConfig::new().with_epochs(0),
        ClassifierTrainingConfig::new().with_batch_size(0),
        ClassifierTrainingConfig::new().with_learning_rate(-1.0),
        ClassifierTrainingConfig::new().with_held_out(0.0),
        ClassifierTrainingConfig::new().with_held_out(1.0),
    ] {
        let error = config.train(&classifier, &digits).unwrap_err();
        assert!(
            matches!(error, FeatureError::Config(ConfigError { .. })),
            "{error}"
        );
    }
    for config in [
        ClassifierConfig::new(1, 8, 8, 1),
        ClassifierConfig::new(0, 8, 8, 10),
        ClassifierConfig::new(1, 8, 8, 10).with_filters(0),
    ] {
        assert!(config.init(&device).is_err());
    }
}
