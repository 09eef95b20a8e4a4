//! The kernels of activations against the portable operations in double precision, over random shapes; what they make of
//! infinities and NaN; the same bits with any number of threads.

use burn::tensor::{Device, Tensor};
use burn_gan::model::{MlpConfig, R3ganConfig};
use burn_gan::nn::{Activation, Linear};
use burn_gan::{Dual, DualDiscriminator, Kernels, dual};

use crate::common::{alone, double_precision, stream, values};
use crate::kernels::{any, check};

const ACTIVATIONS: [Activation; 8] = [
    Activation::Identity,
    Activation::Relu,
    Activation::LeakyRelu { slope: 0.2 },
    Activation::LeakyRelu { slope: 0.0 },
    Activation::LeakyRelu { slope: -0.3 },
    Activation::Tanh,
    Activation::Silu,
    Activation::Softplus,
];

/// A layer without parameters.
fn nothing() -> Vec<Linear> {
    Vec::new()
}

#[test]
fn activations_of_any_shape() {
    alone(|| {
        double_precision();
        let mut random = stream(11);
        for round in 0..6 {
            let mut shape = [(); 3].map(|()| any(&mut random, 1..=9));
            if round == 0 {
                shape = [1, 1, 1];
            }
            if round == 1 {
                // Enough for several threads.
                shape = [7, 101, 131];
            }
            for activation in ACTIVATIONS {
                let what = format!("{activation:?}, {shape:?}");
                check(&what, nothing(), shape, |_, x| activation.propagate(x));
            }
            check(&format!("sigmoid, {shape:?}"), nothing(), shape, |_, x| {
                dual::sigmoid(x)
            });
        }
    });
}

#[test]
fn activations_behind_a_bias() {
    alone(|| {
        let device = double_precision();
        let mut random = stream(12);
        for _ in 0..6 {
            let [inputs, first, second, rows] = [(); 4].map(|()| any(&mut random, 1..=70));
            let config = MlpConfig::new(inputs)
                .with_hidden(vec![first, second])
                .with_slope(0.3);
            let what = format!("{config:?}, {rows} rows");
            let network = config.init_discriminator(&device).unwrap();
            check(&what, network, [rows, inputs], |network, x| {
                network.logits_dual(x, &())
            });
        }
        let config = R3ganConfig::new(3, 8, 8)
            .with_filters(6)
            .with_max_filters(12);
        let network = config.init_discriminator(&device).unwrap();
        check("R3GAN", network, [3, 3, 8, 8], |network, x| {
            network.logits_dual(x, &())
        });
    });
}

/// A value and its gradient.
fn differentiate(x: f32, activation: Activation) -> [f32; 2] {
    let x = Tensor::<1>::from_floats([x, 1.0], &Device::flex().autodiff()).require_grad();
    let y = activation.propagate(Dual::constant(x.clone())).value;
    let mut gradients = y.clone().sum().backward();
    let slope = x.grad_remove(&mut gradients).unwrap();
    [y.inner(), slope].map(|tensor| tensor.into_data().iter::<f32>().next().unwrap())
}

#[test]
fn infinities_have_their_limits_and_nan_stays() {
    let infinity = f32::INFINITY;
    let cases = [
        (Activation::Relu, -infinity, [0.0, 0.0]),
        (Activation::Relu, infinity, [infinity, 1.0]),
        (Activation::LeakyRelu { slope: 0.0 }, -infinity, [0.0, 0.0]),
        (
            Activation::LeakyRelu { slope: 0.2 },
            -infinity,
            [-infinity, 0.2],
        ),
        (Activation::LeakyRelu { slope: 0.2 }, -1e38, [-2e37, 0.2]),
        (Activation::LeakyRelu { slope: -0.5 }, -4.0, [2.0, -0.5]),
        (Activation::Tanh, -infinity, [-1.0, 0.0]),
        (Activation::Tanh, 1e38, [1.0, 0.0]),
        (Activation::Silu, -infinity, [0.0, 0.0]),
        (Activation::Silu, -1e38, [0.0, 0.0]),
        (Activation::Silu, infinity, [infinity, 1.0]),
        (Activation::Softplus, -infinity, [0.0, 0.0]),
        (Activation::Softplus, infinity, [infinity, 1.0]),
    ];
    for (activation, x, expected) in cases {
        let found = differentiate(x, activation);
        for (found, expected) in found.into_iter().zip(expected) {
            let close =
                found == expected || (found - expected).abs() < 1e-6 * expected.abs().max(1.0);
            assert!(close, "{activation:?} of {x}: {found}, not {expected}");
        }
    }
    for activation in ACTIVATIONS {
        assert!(
            differentiate(f32::NAN, activation)[0].is_nan(),
            "{activation:?}"
        );
    }
}

/// A hidden layer with its tangent and all gradients.
fn trace() -> Vec<f64> {
    let device = Device::flex().autodiff();
    let network = MlpConfig::new(50)
        .with_hidden(vec![300])
        .init_discriminator(&device)
        .unwrap();
    let [x, dx] = [1, 2].map(|step| stream(step).normal::<2>([500, 50], &device));
    let x = x.require_grad();
    let y = network.logits_dual(Dual::with_tangent(x.clone(), dx).unwrap(), &());
    let mut gradients = (y.value.clone() + y.tangent.unwrap().square())
        .sum()
        .backward();
    let slope = x.grad_remove(&mut gradients).unwrap();
    [values(y.value), values(slope)].concat()
}

#[test]
fn bits_do_not_depend_on_the_threads() {
    let with_threads = |count| {
        let threads = rayon::ThreadPoolBuilder::new().num_threads(count).build();
        threads.unwrap().install(trace)
    };
    assert_eq!(with_threads(1), with_threads(3));
}

#[test]
fn kernels_are_what_computes() {
    let device = Device::flex();
    let x = stream(1).normal::<1>([1000], &device);
    let tanh = || values(dual::tanh(Dual::constant(x.clone())).value);
    assert_ne!(tanh(), Kernels::Off.scope(tanh));
    // What else has the tensor does not see it change.
    let before = x.to_data();
    let _ = dual::relu(Dual::constant(x.clone()));
    before.assert_eq(&x.to_data(), true);
}
