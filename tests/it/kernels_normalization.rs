//! The kernels of normalisations against the portable operations in double precision, over random shapes; running
//! statistics; infinities and NaN; the same bits with any number of threads.

use burn::module::Param;
use burn::tensor::{Device, Tensor};
use burn_gan::nn::{Activation, BatchNorm, BatchNormConfig, GroupNormConfig, LayerNormConfig};
use burn_gan::{Dual, Kernels};

use crate::common::{alone, assert_close, double_precision, stream, values};
use crate::kernels::{any, check};

const ACTIVATIONS: [Activation; 4] = [
    Activation::Identity,
    Activation::Relu,
    Activation::LeakyRelu { slope: 0.2 },
    Activation::Silu,
];

/// A scale and a shift that differ from channel to channel.
fn affine(channels: usize, device: &Device) -> [Param<Tensor<1>>; 2] {
    [(21, 1.0), (22, 0.0)].map(|(step, mean)| {
        let values = stream(step).normal::<1>([channels], device) * 0.3 + mean;
        Param::from_tensor(values)
    })
}

fn batch_norm(channels: usize, device: &Device) -> BatchNorm {
    let mut norm = BatchNormConfig::new(channels).init(device).unwrap();
    [norm.gamma, norm.beta] = affine(channels, device);
    norm
}

#[test]
fn batch_normalizations_of_any_shape() {
    alone(|| {
        let device = double_precision();
        let mut random = stream(31);
        for round in 0..16 {
            let mut shape = [
                any(&mut random, 1..=5),
                any(&mut random, 3..=9),
                any(&mut random, 1..=9),
                any(&mut random, 1..=40),
            ];
            match round {
                0 => shape = [1, 1, 1, 3],
                1 => shape = [1, 1, 7, 1],
                2 => shape = [16, 16, 16, 64],
                _ => {}
            }
            let activation = ACTIVATIONS[round % 4];
            let mut norm = batch_norm(shape[3], &device);
            let what = format!("{shape:?}, {activation:?}");
            check(&what, norm.clone(), shape, |norm, x| {
                norm.propagate_activated(x, activation)
            });
            norm.training = Param::from_bool(false);
            check(&format!("{what}, running"), norm, shape, |norm, x| {
                norm.propagate_activated(x, activation)
            });
        }
    });
}

#[test]
fn group_normalizations_of_any_shape() {
    alone(|| {
        let device = double_precision();
        let mut random = stream(32);
        for round in 0..16 {
            let groups = [1, 2, 3, 5][round % 4];
            let mut shape = [
                any(&mut random, 1..=5),
                any(&mut random, 3..=9),
                any(&mut random, 1..=9),
                groups * any(&mut random, 1..=9),
            ];
            match round {
                1 => shape = [1, 3, 1, 2],
                2 => shape = [5, 16, 16, 66],
                _ => {}
            }
            // Each channel on its own.
            let groups = if round == 3 { shape[3] } else { groups };
            let activation = ACTIVATIONS[round / 4];
            let config = GroupNormConfig::new(groups, shape[3]);
            let mut norm = config.init(&device).unwrap();
            [norm.gamma, norm.beta] = affine(shape[3], &device);
            let what = format!("{groups} groups, {shape:?}, {activation:?}");
            check(&what, norm, shape, |norm, x| {
                norm.propagate_activated(x, activation)
            });
        }
    });
}

#[test]
fn layer_normalizations_of_any_shape() {
    alone(|| {
        let device = double_precision();
        let mut random = stream(33);
        for round in 0..12 {
            let mut shape = [
                any(&mut random, 1..=5),
                any(&mut random, 1..=9),
                any(&mut random, 3..=300),
            ];
            match round {
                0 => shape = [1, 1, 1],
                1 => shape = [9, 40, 255],
                _ => {}
            }
            let activation = ACTIVATIONS[round % 4];
            let mut norm = LayerNormConfig::new(shape[2]).init(&device).unwrap();
            [norm.gamma, norm.beta] = affine(shape[2], &device);
            check(
                &format!("{shape:?}, {activation:?}"),
                norm,
                shape,
                |norm, x| norm.propagate_activated(x, activation),
            );
        }
    });
}

fn running(norm: &BatchNorm) -> [Tensor<1>; 2] {
    [&norm.running_mean, &norm.running_variance].map(|state| state.value_sync().inner())
}

#[test]
fn running_statistics_advance_as_without_kernels() {
    let device = Device::flex().autodiff();
    let passes = || {
        let norm = batch_norm(5, &device);
        for step in 0..3 {
            let x = stream(step).normal::<3>([4, 30, 5], &device) * 2.0 + 3.0;
            norm.propagate_activated(Dual::constant(x.clone()), Activation::Relu);
            let before = running(&norm);
            // A tangent pass is no training pass.
            norm.propagate(Dual::with_tangent(x.clone(), x).unwrap());
            for (before, after) in before.into_iter().zip(running(&norm)) {
                before.into_data().assert_eq(&after.into_data(), true);
            }
        }
        running(&norm)
    };
    let (fast, portable) = (passes(), Kernels::Off.scope(passes));
    for (fast, portable) in fast.into_iter().zip(portable) {
        assert_close(fast, portable, 1e-6);
    }
}

#[test]
fn what_is_not_finite_is_not_hidden() {
    let device = Device::flex().autodiff();
    for hostile in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 1e30] {
        let x = stream(1).normal::<2>([6, 3], &device);
        let x = x.slice_assign([2..3, 1..2], Tensor::full([1, 1], hostile, &device));
        let pass = || {
            let norm = batch_norm(3, &device);
            let y = norm.propagate_activated(Dual::constant(x.clone()), Activation::Relu);
            let of_sample = GroupNormConfig::instance(3).init(&device).unwrap();
            let z = of_sample.propagate(Dual::constant(x.clone().reshape([2, 3, 3])));
            let [mean, variance] = running(&norm).map(values);
            [values(y.value), values(z.value), mean, variance].concat()
        };
        let (fast, portable) = (pass(), Kernels::Off.scope(pass));
        for (fast, portable) in fast.into_iter().zip(portable) {
            let same = fast.is_finite() == portable.is_finite();
            assert!(
                same,
                "{hostile}: {fast} where {portable} is without kernels"
            );
        }
    }
}

/// Value and gradients of all three kinds.
fn trace() -> Vec<f64> {
    let device = Device::flex().autodiff();
    let x = stream(1).normal::<3>([6, 300, 48], &device).require_grad();
    let dx = stream(2).normal::<3>([6, 300, 48], &device);
    let batch = batch_norm(48, &device);
    let group = GroupNormConfig::new(4, 48).init(&device).unwrap();
    let layer = LayerNormConfig::new(48).init(&device).unwrap();
    let y = batch.propagate_activated(Dual::constant(x.clone()), Activation::Relu);
    let y = Dual::with_tangent(y.value, dx).unwrap();
    let y = layer.propagate(group.propagate_activated(y, Activation::Silu));
    let (value, tangent) = (y.value, y.tangent.unwrap());
    let loss = value.clone().square().sum() + tangent.clone().square().sum();
    let mut gradients = loss.backward();
    let slopes = [x, batch.gamma.val().reshape([1, 1, 48])];
    let mut found = vec![values(value), values(tangent)];
    found.extend(
        slopes
            .iter()
            .map(|x| x.grad_remove(&mut gradients).map_or(vec![], values)),
    );
    found.concat()
}

#[test]
fn bits_do_not_depend_on_the_threads() {
    let with_threads = |count| {
        let threads = rayon::ThreadPoolBuilder::new().num_threads(count).build();
        threads.unwrap().install(trace)
    };
    let one = with_threads(1);
    assert_eq!(one, with_threads(3));
    assert_ne!(one, Kernels::Off.scope(trace));
}
