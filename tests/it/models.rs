//! Image networks: shapes, errors, tangents, and the finite difference of a gradient penalty's parameter gradient,
//! in double precision.

use crate::common::{
    Shift, alone, along, double_precision as device, generator_slopes, stream, values,
};
use burn::module::Module;
use burn::optim::GradientsParams;
use burn::tensor::Tensor;
use burn_gan::ConfigError;
use burn_gan::model::{Pooling, R3ganConfig, ResnetConfig};
use burn_gan::{Discriminator, Dual, DualDiscriminator, Generator, NetworkError};

const STEP: f64 = 1e-6;
const TOLERANCE: f64 = 1e-4;

/// Weights moved so far from the start that no layer is 0.
pub fn grown<M: Module>(module: M) -> M {
    module.map(&mut Shift::by(0.1))
}

#[track_caller]
fn agree(what: &str, analytic: f64, numeric: f64) {
    let error = (analytic - numeric).abs() / numeric.abs().max(1e-6);
    assert!(error < TOLERANCE, "{what}: {analytic} against {numeric}");
}

#[track_caller]
fn shapes<G: Generator<4>, D: Discriminator<4>>(
    generator: &G,
    discriminator: &D,
    shape: [usize; 3],
) {
    let [channels, height, width] = shape;
    let latent = stream(1).normal([2, generator.latent_size()], &device());
    let images = generator.generate(latent, &());
    assert_eq!(images.dims(), [2, channels, height, width]);
    assert_eq!(discriminator.logits(images, &()).dims(), [2]);
    assert_eq!(generator.sample_shape(), Some(shape.to_vec()));
    assert_eq!(discriminator.sample_shape(), Some(shape.to_vec()));
}

/// The generator's gradient is the slope of its output along a random direction of its parameters.
#[track_caller]
pub fn generator_gradient<const R: usize, C, G: Generator<R, C>>(generator: G, condition: &C) {
    let [analytic, numeric] = generator_slopes(generator, condition, STEP);
    agree("generator", analytic, numeric);
}

/// Both networks of a configuration are refused for a value out of range.
#[track_caller]
fn refused(generator: Option<NetworkError>, discriminator: Option<NetworkError>) {
    for error in [generator, discriminator] {
        assert!(
            matches!(error, Some(NetworkError::Config(ConfigError { .. }))),
            "{error:?}"
        );
    }
}

/// The gradient in `x` of the sum of logits.
fn input_gradient<const R: usize, C, D: Discriminator<R, C>>(
    discriminator: &D,
    x: &Tensor<R>,
    condition: &C,
) -> Tensor<R> {
    let leaf = x.clone().inner().autodiff().require_grad();
    let logits = discriminator.logits(leaf.clone(), condition);
    let mut gradients = logits.sum().backward();
    leaf.grad_remove(&mut gradients).expect("input gradient")
}

/// Value, tangent and the surrogate of a gradient penalty.
#[track_caller]
pub fn discriminator_derivatives<const R: usize, C, D: DualDiscriminator<R, C>>(
    discriminator: D,
    condition: &C,
    shape: [usize; R],
    curved: bool,
) {
    let x = stream(4).normal(shape, &device());
    let direction = stream(5).normal(shape, &device());
    let constant = discriminator.logits_dual(Dual::constant(x.clone()), condition);
    assert!(constant.tangent.is_none());
    assert_eq!(
        values(constant.value),
        values(discriminator.logits(x.clone(), condition))
    );

    let sum = |scale: f64| {
        let x = x.clone() + direction.clone() * scale;
        values(discriminator.logits(x, condition).sum())[0]
    };
    let dual = Dual::with_tangent(x.clone(), direction.clone()).unwrap();
    let dual = discriminator.logits_dual(dual, condition);
    assert_eq!(dual.is_curved(), curved);
    assert!(!dual.is_coupled());
    let tangent: f64 = values(dual.tangent.unwrap()).iter().sum();
    agree("tangent", tangent, (sum(STEP) - sum(-STEP)) / (2.0 * STEP));

    // 0.5 |grad_x sum D|^2: its derivative in the gradient is the gradient itself.
    let gradient = input_gradient(&discriminator, &x, condition);
    let value = if curved { x.clone() } else { x.clone().inner() };
    let tangent = gradient.autodiff();
    let dual = discriminator.logits_dual(Dual::with_tangent(value, tangent).unwrap(), condition);
    assert_eq!(
        dual.value.device().is_autodiff(),
        curved,
        "a plain value stays plain"
    );
    let surrogate = dual.tangent.unwrap().sum();
    let gradients = GradientsParams::from_grads(surrogate.backward(), &discriminator);
    let penalty = |scale| {
        let moved = discriminator.clone().map(&mut Shift::by(scale));
        0.5 * values(input_gradient(&moved, &x, condition))
            .iter()
            .map(|g| g * g)
            .sum::<f64>()
    };
    agree(
        "penalty",
        along(&discriminator, &gradients),
        (penalty(STEP) - penalty(-STEP)) / (2.0 * STEP),
    );
}

#[test]
fn r3gan_of_any_size() {
    alone(|| {
        for (shape, halvings) in [
            ([1, 8, 8], 1),
            ([1, 28, 28], 2),
            ([3, 32, 32], 3),
            ([3, 64, 64], 4),
            ([2, 16, 24], 2),
        ] {
            let [channels, height, width] = shape;
            let config = R3ganConfig::new(channels, height, width)
                .with_filters(2)
                .with_max_filters(4);
            assert_eq!(config.halvings().unwrap(), halvings);
            shapes(
                &config.init_generator(&device()).unwrap(),
                &config.init_discriminator(&device()).unwrap(),
                shape,
            );
        }
    });
}

fn r3gan(group_width: Option<usize>) -> R3ganConfig {
    R3ganConfig::new(2, 8, 8)
        .with_filters(3)
        .with_latent_size(5)
        .with_blocks(2)
        .with_group_width(group_width)
}

#[test]
fn r3gan_derivatives() {
    alone(|| {
        for group_width in [None, Some(3)] {
            let config = r3gan(group_width);
            generator_gradient(grown(config.init_generator(&device()).unwrap()), &());
            let discriminator = grown(config.init_discriminator(&device()).unwrap());
            discriminator_derivatives(discriminator, &(), [3, 2, 8, 8], false);
        }
    });
}

#[test]
fn r3gan_refuses_what_does_not_fit() {
    alone(|| {
        let invalid = [
            R3ganConfig::new(0, 8, 8),
            R3ganConfig::new(1, 8, 8).with_latent_size(0),
            R3ganConfig::new(1, 8, 8).with_filters(0),
            R3ganConfig::new(1, 8, 8).with_max_filters(0),
            R3ganConfig::new(1, 8, 8).with_blocks(0),
            R3ganConfig::new(1, 8, 8).with_expansion(0),
            R3ganConfig::new(1, 8, 8).with_group_width(Some(0)),
            R3ganConfig::new(1, 8, 8).with_group_width(Some(7)),
        ];
        for config in invalid {
            refused(
                config.init_generator(&device()).err(),
                config.init_discriminator(&device()).err(),
            );
        }
        let error = R3ganConfig::new(1, 27, 27).init_generator(&device()).err();
        assert!(
            matches!(error, Some(NetworkError::UnreachableSize { .. })),
            "{error:?}"
        );
    });
}

#[test]
fn resnet_of_any_size() {
    alone(|| {
        for shape in [
            [1, 8, 8],
            [1, 28, 28],
            [3, 32, 32],
            [3, 64, 64],
            [2, 16, 24],
        ] {
            let [channels, height, width] = shape;
            let config = ResnetConfig::new(channels, height, width).with_filters(2);
            shapes(
                &config.init_generator(&device()).unwrap(),
                &config.init_discriminator(&device()).unwrap(),
                shape,
            );
        }
    });
}

#[test]
fn resnet_derivatives() {
    alone(|| {
        let config = ResnetConfig::new(2, 8, 16)
            .with_filters(3)
            .with_latent_size(5);
        generator_gradient(grown(config.init_generator(&device()).unwrap()), &());
        for spectral_norm in [false, true] {
            for pooling in [Pooling::Sum, Pooling::Mean] {
                let discriminator = config
                    .clone()
                    .with_spectral_norm(spectral_norm)
                    .with_pooling(pooling)
                    .with_base_size(2)
                    .init_discriminator(&device())
                    .unwrap();
                discriminator_derivatives(grown(discriminator), &(), [3, 2, 8, 16], false);
            }
        }
    });
}

#[test]
fn resnet_refuses_what_does_not_fit() {
    alone(|| {
        let invalid = [
            ResnetConfig::new(0, 8, 8),
            ResnetConfig::new(1, 8, 8).with_latent_size(0),
            ResnetConfig::new(1, 8, 8).with_filters(0),
            ResnetConfig::new(1, 8, 8).with_generator_filters(Some(0)),
            ResnetConfig::new(1, 8, 8).with_discriminator_halvings(0),
        ];
        for config in invalid {
            refused(
                config.init_generator(&device()).err(),
                config.init_discriminator(&device()).err(),
            );
        }
        let error = ResnetConfig::new(1, 27, 27)
            .init_discriminator(&device())
            .err();
        assert!(
            matches!(error, Some(NetworkError::UnreachableSize { .. })),
            "{error:?}"
        );
    });
}
