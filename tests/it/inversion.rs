//! The latent whose sample is nearest to a given one.

use burn::module::{Module, Param};
use burn::tensor::{Device, Int, Tensor};
use burn_gan::latent::{Inversion, InversionConfig};
use burn_gan::model::{ClassifierConfig, CodedGenerator, Codes, DcganConfig, DcganGenerator};
use burn_gan::random::{Purpose, Stream};
use burn_gan::{BatchError, ConfigError, GanError, Generator, Labels, NetworkError, SamplerConfig};

use crate::common::{parameters, processors, stream, values};

/// `z W + b`, from two values to three: a plane in space.
#[derive(Module, Debug)]
struct Plane {
    weight: Param<Tensor<2>>,
    bias: Param<Tensor<2>>,
}

impl Generator<2> for Plane {
    fn latent_size(&self) -> usize {
        2
    }
    fn generate(&self, latent: Tensor<2>, _: &()) -> Tensor<2> {
        latent.matmul(self.weight.val()) + self.bias.val()
    }
}

fn plane(device: &Device) -> Plane {
    let weight = Tensor::from_floats([[1.0, 0.5, 0.0], [-0.5, 1.0, 0.0]], device);
    Plane {
        weight: Param::from_tensor(weight),
        bias: Param::from_tensor(Tensor::from_floats([[0.0, 0.0, 1.0]], device)),
    }
}

/// A network with batch normalisation whose running statistics are not those that it began with.
fn dcgan(config: DcganConfig) -> DcganGenerator {
    let device = Device::flex().autodiff();
    let generator = config.with_filters(8).with_latent_size(6);
    let generator = generator.init_generator(&device).unwrap();
    for step in 0..3 {
        let latent: Tensor<2> = stream(step).normal([16, 6], &device);
        let samples = match Generator::<4>::classes(&generator) {
            None => generator.generate(latent, &()),
            Some(_) => generator.generate(latent, &Tensor::<1, Int>::ones([16], &device)),
        };
        samples.mean().backward();
    }
    generator
}

fn images() -> DcganConfig {
    DcganConfig::new(1, 8, 8)
}

fn short() -> InversionConfig {
    InversionConfig::new()
        .with_candidates(32)
        .with_steps(60)
        .with_seed(4)
}

/// The point of the plane nearest to (2, 3, 5) is (2, 3, 1), 4 away, and its latent the solution of two equations.
#[test]
fn the_nearest_point_of_a_plane_is_the_foot_of_the_perpendicular() {
    for device in processors() {
        let target = Tensor::<2>::from_floats([[2.0, 3.0, 5.0]], &device);
        let config = InversionConfig::new()
            .with_steps(400)
            .with_learning_rate(0.1);
        let found = config.invert(&plane(&device), target, &()).unwrap();
        let expected = [(2.0 + 0.5 * 3.0) / 1.25, (3.0 - 0.5 * 2.0) / 1.25];
        for (found, expected) in values(found.latent).iter().zip(expected) {
            assert!((found - expected).abs() < 1e-3, "{found} beside {expected}");
        }
        for (found, expected) in values(found.sample).iter().zip([2.0, 3.0, 1.0]) {
            assert!((found - expected).abs() < 2e-3, "{found} beside {expected}");
        }
        assert!((found.distances[found.step] - 16.0 / 3.0).abs() < 1e-5);
        assert_eq!(found.distances.len(), 401);
    }
}

#[test]
fn a_sample_of_its_own_is_found_and_the_generator_stays_as_it_is() {
    let generator = dcgan(images());
    let sampler = SamplerConfig::new().with_seed(77);
    let target: Tensor<4> = sampler.sample(&generator, 1, &()).unwrap();
    let before = parameters(&generator);
    assert!(
        before.keys().any(|path| path.contains("running")),
        "{:?}",
        before.keys()
    );
    let config = short().with_steps(300);
    let found = config.invert(&generator, target.clone(), &()).unwrap();
    assert_eq!(parameters(&generator), before);
    assert_eq!(
        values(sampler.sample(&generator, 1, &()).unwrap()),
        values(target)
    );

    let Inversion {
        distances, step, ..
    } = &found;
    let least = distances.iter().copied().fold(f64::INFINITY, f64::min);
    assert_eq!(distances[*step], least);
    assert!(least < 0.05 * distances[0], "{} to {least}", distances[0]);
    assert!(!found.latent.is_autodiff() && !found.sample.is_autodiff());
    let decoded: Tensor<4> = sampler.decode(&generator, found.latent, &()).unwrap();
    assert_eq!(values(decoded), values(found.sample));
}

#[test]
fn the_search_starts_at_the_best_of_the_candidates_whatever_the_chunk() {
    let generator = dcgan(images());
    let target: Tensor<4> = SamplerConfig::new().sample(&generator, 1, &()).unwrap();
    let candidates: Tensor<2> =
        Stream::new(4, Purpose::Inversion, 0).normal([32, 6], &Device::flex());
    let samples: Tensor<4> = SamplerConfig::new()
        .decode(&generator, candidates.clone(), &())
        .unwrap();
    let (samples, wanted) = (values(samples), values(target.clone()));
    let distance = |sample: &[f64]| {
        let squares = sample.iter().zip(&wanted).map(|(a, b)| (a - b).powi(2));
        squares.sum::<f64>() / 64.0
    };
    let distances: Vec<f64> = samples.chunks(64).map(distance).collect();
    let best = (0..32)
        .min_by(|&a, &b| distances[a].total_cmp(&distances[b]))
        .unwrap();
    for chunk in [1, 5, 128] {
        let config = short().with_steps(1).with_chunk(chunk);
        let found = config.invert(&generator, target.clone(), &()).unwrap();
        let start = candidates.clone().narrow(0, best, 1);
        assert_eq!(values(found.start), values(start), "chunks of {chunk}");
        assert!((found.distances[0] - distances[best]).abs() < 1e-6);
    }
}

#[test]
fn the_same_seed_finds_the_same_bits() {
    let generator = dcgan(images());
    let target: Tensor<4> = SamplerConfig::new().sample(&generator, 1, &()).unwrap();
    let found = |seed| {
        let found = short()
            .with_seed(seed)
            .invert(&generator, target.clone(), &())
            .unwrap();
        (values(found.latent), found.distances)
    };
    assert_eq!(found(4), found(4));
    assert_ne!(found(4), found(5));
}

#[test]
fn a_picture_is_looked_for_under_its_class() {
    let generator = dcgan(images().with_classes(Some(3)));
    let label = |label| Labels::from_ints([label], &Device::flex());
    let sampler = SamplerConfig::new().with_seed(9);
    let target: Tensor<4> = sampler.sample(&generator, 1, &label(2)).unwrap();
    let found = short()
        .invert(&generator, target.clone(), &label(2))
        .unwrap();
    assert!(found.distances[found.step] < 0.5 * found.distances[0]);
    let decoded: Tensor<4> = sampler.decode(&generator, found.latent, &label(2)).unwrap();
    assert_eq!(values(decoded), values(found.sample));

    let refused = |condition: &Labels| {
        let refused = short().invert(&generator, target.clone(), condition);
        refused.unwrap_err()
    };
    let two = Labels::from_ints([0, 1], &Device::flex());
    match refused(&two) {
        GanError::Batch(BatchError::ConditionLength {
            samples,
            conditions,
        }) => {
            assert_eq!((samples, conditions), (1, 2));
        }
        other => panic!("{other:?}"),
    }
    assert!(matches!(
        refused(&label(3)),
        GanError::Network(NetworkError::LabelOutOfRange { .. })
    ));
    assert!(matches!(
        short().invert(&generator, target.clone(), &()),
        Err(GanError::Network(NetworkError::LabelsMissing { .. }))
    ));
}

#[test]
fn distances_can_be_those_of_features() {
    let generator = dcgan(images());
    let classifier = ClassifierConfig::new(1, 8, 8, 4)
        .with_filters(4)
        .with_features(5);
    let classifier = classifier.init(&Device::flex()).unwrap();
    let target: Tensor<4> = SamplerConfig::new().sample(&generator, 1, &()).unwrap();
    let features = |images| classifier.penultimate(images);
    let found = short()
        .invert_features(&generator, target.clone(), &(), &features)
        .unwrap();
    let of = |images: &Tensor<4>| values(features(images.clone()));
    let distance: f64 = of(&found.sample)
        .iter()
        .zip(of(&target))
        .map(|(a, b)| (a - b).powi(2) / 5.0)
        .sum();
    assert!((distance - found.distances[found.step]).abs() < 1e-5);
    assert!(found.distances[found.step] < 0.5 * found.distances[0]);
}

#[test]
fn latents_that_begin_with_codes_are_found() {
    let generator = CodedGenerator::new(dcgan(images()), Codes::new(3, 1));
    let target: Tensor<4> = SamplerConfig::new().sample(&generator, 1, &()).unwrap();
    let found = short().invert(&generator, target, &()).unwrap();
    assert!(found.distances[found.step] < found.distances[0]);
}

#[test]
fn what_cannot_be_inverted_is_refused() {
    let generator = dcgan(images());
    let black = || Tensor::<4>::ones([1, 1, 8, 8], &Device::flex()).neg();
    let field = |config: InversionConfig, target| match config.invert(&generator, target, &()) {
        Err(GanError::Config(ConfigError { field, .. })) => field,
        other => panic!("{other:?}"),
    };
    assert_eq!(field(short().with_candidates(0), black()), "candidates");
    assert_eq!(field(short().with_steps(0), black()), "steps");
    assert_eq!(field(short().with_chunk(0), black()), "chunk");
    let huge = short().with_candidates(usize::MAX).with_chunk(usize::MAX);
    assert_eq!(field(huge, black()), "chunk");
    for rate in [0.0, -1.0, f64::NAN] {
        assert_eq!(
            field(short().with_learning_rate(rate), black()),
            "learning_rate"
        );
    }
    assert_eq!(field(short(), black() * f32::NAN), "target");

    for shape in [[1, 3, 8, 8], [1, 1, 16, 16], [2, 1, 8, 8], [0, 1, 8, 8]] {
        let target = Tensor::<4>::zeros(shape, &Device::flex());
        match short().invert(&generator, target, &()) {
            Err(GanError::Shape(error)) => {
                assert_eq!(
                    (error.expected, error.actual),
                    (vec![1, 1, 8, 8], shape.to_vec())
                );
            }
            other => panic!("{other:?}"),
        }
    }
    let rows = |images: Tensor<4>| Tensor::<2>::zeros([3, 2], &images.device());
    let short_of_rows = short().invert_features(&generator, black(), &(), &rows);
    assert!(matches!(short_of_rows, Err(GanError::Shape(_))));
    let panics = |_: Tensor<4>| -> Tensor<2> { panic!("no features today") };
    match short().invert_features(&generator, black(), &(), &panics) {
        Err(GanError::NetworkFailed { message, .. }) => assert_eq!(message, "no features today"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_distance_that_is_not_finite_is_an_error() {
    let target = Tensor::<2>::from_floats([[2.0, 3.0, 5.0]], &Device::flex());
    let mut broken = plane(&Device::flex());
    broken.bias = broken.bias.map(|bias| bias * f32::NAN);
    match short().invert(&broken, target.clone(), &()) {
        Err(GanError::InversionDiverged { steps: 0, distance }) => assert!(distance.is_nan()),
        other => panic!("{other:?}"),
    }
    let reckless = short().with_learning_rate(1e30);
    match reckless.invert(&plane(&Device::flex()), target, &()) {
        Err(GanError::InversionDiverged { steps, .. }) => assert!(steps > 0),
        other => panic!("{other:?}"),
    }
}
