//! Layers with parameters of each class: values by their definition, gradients and tangents by finite differences, the
//! kernels against the portable operations, running statistics, labels beyond the classes, refused configurations.

use crate::common::{
    Shift, alone, assert_close, double_precision, processors, relative_error, stream, values,
};
use crate::gradients;
use crate::kernels::{any, check};
use crate::penalty_gradients::{self, Slope};
use crate::spectral::largest_singular_value;
use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor};
use burn_gan::nn::{
    Activation, BatchNormConfig, ConditionalBatchNorm, ConditionalBatchNormConfig, EmbeddingConfig,
    EmbeddingProjectionConfig, FeatureModulation, FeatureModulationConfig, LinearConfig,
};
use burn_gan::{ConfigError, Dual, Kernels, Labels, NetworkError};

fn labels(labels: &[i64], device: &Device) -> Labels {
    Tensor::from_ints(labels, device)
}

/// With scales and shifts that differ from class to class and from channel to channel.
fn conditional_norm(classes: usize, channels: usize, device: &Device) -> ConditionalBatchNorm {
    let config = ConditionalBatchNormConfig::new(classes, channels);
    config.init(device).unwrap().map(&mut Shift::by(0.3))
}

fn modulation(classes: usize, channels: usize, device: &Device) -> FeatureModulation {
    let config = FeatureModulationConfig::new(classes, channels);
    config.init(device).unwrap().map(&mut Shift::by(0.3))
}

#[test]
fn an_embedding_is_a_row_of_its_weights() {
    for device in processors() {
        let embedding = EmbeddingConfig::new(3, 2)
            .init(&mut stream(1), &device)
            .unwrap();
        assert_eq!([embedding.classes(), embedding.width()], [3, 2]);
        let weight = values(embedding.weight.val());
        let rows = values(embedding.propagate(&labels(&[2, 0, 2], &device)));
        assert_eq!(rows, [&weight[4..], &weight[..2], &weight[4..]].concat());
    }
}

#[test]
fn embeddings_with_spectral_normalisation_stretch_by_1() {
    let device = Device::flex();
    let embedding = EmbeddingConfig::new(7, 5)
        .with_spectral_norm(true)
        .init(&mut stream(1), &device)
        .unwrap();
    let projection = EmbeddingProjectionConfig::new(7, 5)
        .with_spectral_norm(true)
        .init(&mut stream(2), &device)
        .unwrap();
    for weight in [&embedding.weight, &projection.weight] {
        let largest = largest_singular_value(weight);
        assert!((largest - 1.0).abs() < 1e-3, "{largest}");
    }
}

#[test]
fn a_conditional_norm_scales_and_shifts_by_class() {
    for device in processors().into_iter().map(Device::autodiff) {
        let conditional = conditional_norm(3, 4, &device);
        let [gamma, beta] = [&conditional.gamma, &conditional.beta].map(|x| values(x.val()));
        let standard = BatchNormConfig::new(4).init(&device).unwrap();
        let x = stream(3).normal::<3>([5, 6, 4], &device);
        let classes = [2, 0, 2, 1, 1];
        let y = conditional.propagate(Dual::constant(x.clone()), &labels(&classes, &device));
        let expected: Vec<f64> = values(standard.propagate(Dual::constant(x)).value)
            .into_iter()
            .enumerate()
            .map(|(index, normal)| {
                let (sample, channel) = (index / 24, index % 4);
                let at = classes[sample] as usize * 4 + channel;
                gamma[at] * normal + beta[at]
            })
            .collect();
        assert!(y.is_coupled() && y.is_curved());
        assert!(relative_error(&values(y.value), &expected) < 1e-5);
    }
}

#[test]
fn a_modulation_scales_and_shifts_by_class() {
    for device in processors().into_iter().map(Device::autodiff) {
        let x = stream(3).normal::<3>([3, 2, 4], &device);
        let classes = [1, 0, 1];
        let run = |layer: &FeatureModulation| {
            let y = layer.propagate(Dual::constant(x.clone()), &labels(&classes, &device));
            assert!(!y.is_coupled() && !y.is_curved());
            values(y.value)
        };
        let untrained = FeatureModulationConfig::new(2, 4).init(&device).unwrap();
        assert_eq!(run(&untrained), values(x.clone()));
        let layer = modulation(2, 4, &device);
        let [gamma, beta] = [&layer.gamma, &layer.beta].map(|x| values(x.val()));
        let expected: Vec<f64> = values(x.clone())
            .into_iter()
            .enumerate()
            .map(|(index, x)| {
                let at = classes[index / 8] as usize * 4 + index % 4;
                (1.0 + gamma[at]) * x + beta[at]
            })
            .collect();
        assert!(relative_error(&run(&layer), &expected) < 1e-6);
    }
}

#[test]
fn derivatives() {
    alone(|| {
        let device = double_precision();
        let classes = labels(&[2, 0, 1, 2], &device);
        let norm = conditional_norm(3, 5, &device);
        for activation in [Activation::Identity, Activation::Silu] {
            gradients::check(norm.clone(), [4, 5], |norm, x| {
                norm.propagate_activated(x, &classes, activation)
            });
            gradients::check(norm.clone(), [4, 2, 3, 5], |norm, x| {
                norm.propagate_activated(x, &classes, activation)
            });
        }
        // With running statistics that are not those of the start.
        norm.propagate(
            Dual::constant(stream(9).normal([4, 5], &device) * 2.0 + 1.0),
            &classes,
        );
        let mut norm = norm.valid().train();
        norm.training = norm.training.with_value(false);
        gradients::check(norm, [4, 2, 5], |norm, x| {
            let y = norm.propagate_activated(x, &classes, Activation::Relu);
            assert!(!y.is_coupled());
            y
        });
        gradients::check(modulation(3, 5, &device), [4, 2, 5], |layer, x| {
            layer.propagate(x, &classes)
        });
        let embedding = EmbeddingConfig::new(3, 2)
            .with_spectral_norm(true)
            .init(&mut stream(5), &device)
            .unwrap();
        let linear = LinearConfig::new(3, 2)
            .init(&mut stream(6), &device)
            .unwrap();
        gradients::check((embedding, linear), [4, 3], |(embedding, linear), x| {
            linear
                .propagate(x)
                .shift(embedding.propagate(&classes), |x, y| x + y)
        });
    });
}

#[test]
fn under_a_gradient_penalty() {
    alone(|| {
        let device = double_precision();
        let classes = labels(&[2, 0, 1, 2], &device);
        let slope = Slope::PiecewiseConstant;
        let layer = modulation(3, 5, &device);
        penalty_gradients::between(layer, [4, 2, 5], 10, slope, |layer, x| {
            layer.propagate(x, &classes)
        });
        let norm = conditional_norm(3, 5, &device);
        penalty_gradients::between(norm, [4, 2, 5], 10, Slope::Curved, |norm, x| {
            norm.propagate_activated(x, &classes, Activation::LeakyRelu { slope: 0.2 })
        });
    });
}

#[test]
fn kernels_of_any_shape() {
    alone(|| {
        let device = double_precision();
        let mut random = stream(31);
        let activations = [
            Activation::Identity,
            Activation::Relu,
            Activation::LeakyRelu { slope: 0.2 },
            Activation::Silu,
        ];
        for round in 0..16 {
            let mut shape = [
                any(&mut random, 1..=5),
                any(&mut random, 3..=9),
                any(&mut random, 1..=9),
                any(&mut random, 1..=40),
            ];
            match round {
                0 => shape = [1, 1, 1, 3],
                1 => shape = [9, 1, 1, 7],
                2 => shape = [16, 16, 16, 64],
                _ => {}
            }
            let classes = any(&mut random, 1..=4);
            let of_samples: Vec<i64> = (0..shape[0] as i64).map(|i| i % classes as i64).collect();
            let of_samples = labels(&of_samples, &device);
            let activation = activations[round % 4];
            let mut norm = conditional_norm(classes, shape[3], &device);
            let what = format!("{classes} classes, {shape:?}, {activation:?}");
            check(&what, norm.clone(), shape, |norm, x| {
                norm.propagate_activated(x, &of_samples, activation)
            });
            norm.training = Param::from_bool(false);
            check(&format!("{what}, running"), norm, shape, |norm, x| {
                norm.propagate_activated(x, &of_samples, activation)
            });
        }
    });
}

#[test]
fn running_statistics_are_those_of_all_classes() {
    let device = Device::flex().autodiff();
    let passes = || {
        let conditional = conditional_norm(3, 4, &device);
        let standard = BatchNormConfig::new(4).init(&device).unwrap();
        let running = || {
            let states = [&conditional.running_mean, &conditional.running_variance];
            states.map(|state| values(state.value_sync().inner()))
        };
        let classes = labels(&[0, 1, 1, 2], &device);
        for step in 0..3 {
            let x = stream(step).normal::<3>([4, 30, 4], &device) * 2.0 + 3.0;
            conditional.propagate(Dual::constant(x.clone()), &classes);
            standard.propagate(Dual::constant(x.clone()));
            let before = running();
            // A tangent pass is no training pass, and neither is one without autodiff.
            conditional.propagate(Dual::with_tangent(x.clone(), x.clone()).unwrap(), &classes);
            let plain = conditional.valid();
            plain.propagate(Dual::constant(x.inner()), &classes);
            assert_eq!(before, running());
        }
        let expected = [&standard.running_mean, &standard.running_variance];
        for (found, expected) in running().iter().zip(expected) {
            let expected = values(expected.value_sync().inner());
            assert!(relative_error(found, &expected) < 1e-6);
        }
        // They are what evaluation uses.
        let x = stream(7).normal::<3>([4, 5, 4], &device.clone().inner());
        conditional
            .valid()
            .propagate(Dual::constant(x), &classes)
            .value
    };
    let (fast, portable) = (passes(), Kernels::Off.scope(passes));
    assert_close(fast, portable, 1e-5);
}

#[test]
fn a_label_beyond_the_classes_gives_no_number() {
    for device in processors().into_iter().map(Device::autodiff) {
        for kernels in [Kernels::Fast, Kernels::Off] {
            kernels.scope(|| {
                let norm = conditional_norm(3, 4, &device);
                let layer = modulation(3, 4, &device);
                let embedding = EmbeddingConfig::new(3, 4)
                    .init(&mut stream(1), &device)
                    .unwrap();
                let x = Dual::constant(stream(2).normal::<3>([3, 2, 4], &device));
                for beyond in [3, -1, i64::from(i32::MAX)] {
                    let labels = labels(&[2, beyond, 0], &device);
                    for found in [
                        values(norm.propagate(x.clone(), &labels).value),
                        values(layer.propagate(x.clone(), &labels).value),
                        values(embedding.propagate(&labels)),
                    ] {
                        let size = found.len() / 3;
                        let nan = |x: &f64| x.is_nan();
                        assert!(found[size..2 * size].iter().all(nan), "{found:?}");
                        let others = found[..size].iter().chain(&found[2 * size..]);
                        assert!(!others.clone().any(nan), "{found:?}");
                    }
                }
            });
        }
    }
}

#[test]
fn sizes_of_0_are_refused() {
    let device = Device::flex();
    let norm = |classes, channels| ConditionalBatchNormConfig::new(classes, channels);
    let mut draw = stream(1);
    let errors = [
        norm(0, 1).init(&device).err(),
        norm(1, 0).init(&device).err(),
        norm(1, 1).with_momentum(1.5).init(&device).err(),
        norm(1, 1).with_epsilon(0.0).init(&device).err(),
        FeatureModulationConfig::new(0, 1).init(&device).err(),
        FeatureModulationConfig::new(1, 0).init(&device).err(),
        EmbeddingConfig::new(0, 1).init(&mut draw, &device).err(),
        EmbeddingConfig::new(1, 0).init(&mut draw, &device).err(),
    ];
    let fields = [
        "classes", "channels", "momentum", "epsilon", "classes", "channels", "classes", "width",
    ];
    for (error, expected) in errors.into_iter().zip(fields) {
        match error {
            Some(NetworkError::Config(ConfigError { field, .. })) => assert_eq!(field, expected),
            other => panic!("{expected}: {other:?}"),
        }
    }
}
