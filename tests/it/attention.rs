//! Self-attention and what it is made of: products of two duals, softmax and max pooling.

use burn::module::Module;
use burn::optim::GradientsParams;
use burn::tensor::module::max_pool2d;
use burn::tensor::ops::MaxPoolOptions;
use burn::tensor::{Device, Tensor};
use burn_gan::model::{ResnetConfig, ResnetDiscriminator, ResnetGenerator};
use burn_gan::nn::resampling::max_pool;
use burn_gan::nn::{
    Convolution, LinearConfig, SelfAttention, SelfAttentionConfig, to_channels_first,
    to_channels_last,
};
use burn_gan::{Discriminator, Dual, DualDiscriminator, Generator, NetworkError, dual};

use crate::common::{
    Shift, alone, along, assert_close, double_precision, parameters, processors, stream, values,
};
use crate::gradients::check as check_gradients;
use crate::kernels::any;
use crate::penalty_gradients::Slope::{Curved, PiecewiseConstant};
use crate::penalty_gradients::{between, check as check_penalty};

/// A layer as after some training, when `gamma` is not 0.
fn attention(config: &SelfAttentionConfig, device: &Device) -> SelfAttention {
    let layer = config.init(&mut stream(1), device).unwrap();
    layer.map(&mut Shift::by(0.3))
}

#[test]
fn products_and_softmax_have_their_derivatives() {
    alone(|| {
        let device = double_precision();
        // Two layers in front, so that both factors move with input and parameters.
        let factors = [4, 5].map(|step| {
            let config = LinearConfig::new(4, 6);
            config.init(&mut stream(step), &device).unwrap()
        });
        let product = |factors: &[_; 2], x: Dual<2>| {
            let [a, b] = factors.each_ref().map(|layer: &burn_gan::nn::Linear| {
                let y = layer.propagate(x.clone());
                y.linear(|y| y.reshape([3, 2, 3]))
            });
            a.bilinear(b, |a, b| a.matmul(b.swap_dims(1, 2)))
        };
        check_gradients(factors.clone(), [3, 4], product);
        check_penalty(factors, [3, 4], Curved, product);
        for axis in [1, 2] {
            between(Vec::<Convolution>::new(), [3, 2, 5], 10, Curved, |_, x| {
                dual::softmax(x, axis)
            });
        }
    });
}

/// With a factor that does not move, the tangent is that of a linear function.
#[test]
fn a_product_with_a_constant_has_one_term() {
    let device = Device::flex();
    let [a, da, b] = [1, 2, 3].map(|step| stream(step).normal::<2>([2, 3], &device));
    let moving = Dual::with_tangent(a.clone(), da.clone()).unwrap();
    let constant = Dual::constant(b.clone());
    for product in [
        moving.clone().bilinear(constant.clone(), |a, b| a * b),
        constant.clone().bilinear(moving, |b, a| b * a),
    ] {
        assert!(product.is_curved() && !product.is_coupled());
        assert_eq!(values(product.value), values(a.clone() * b.clone()));
        let tangent = product.tangent.unwrap();
        assert_eq!(values(tangent), values(da.clone() * b.clone()));
    }
    let product = constant.clone().bilinear(constant, |a, b| a * b);
    assert!(product.tangent.is_none());
}

#[test]
fn a_softmax_is_the_exponentials_part_of_their_sum() {
    for device in processors() {
        let x = stream(1).normal::<3>([2, 3, 4], &device);
        for axis in [1, 2] {
            let found = dual::softmax(Dual::constant(x.clone()), axis);
            assert!(found.is_curved() && !found.is_coupled());
            let exponentials = x.clone().exp();
            let expected = exponentials.clone() / exponentials.sum_dim(axis);
            assert_close(found.value, expected, 1e-5);
        }
        let large = Tensor::<2>::from_floats([[1e30, 1e30, -1e30]], &device);
        let found = dual::softmax(Dual::constant(large), 1).value;
        assert_eq!(values(found), [0.5, 0.5, 0.0]);
    }
}

#[test]
fn max_pooling_agrees_with_burns() {
    let mut random = stream(2);
    let mut options = MaxPoolOptions::new([2, 2]);
    options.stride = [2, 2];
    for device in processors() {
        for _ in 0..10 {
            let [height, width] = [1, 2].map(|_| any(&mut random, 2..=7));
            let x = stream(3).normal::<4>([2, 3, height, width], &device);
            let dual = Dual::constant(to_channels_last(x.clone()));
            let found = to_channels_first(max_pool(dual).value);
            let expected = max_pool2d(x, options.clone());
            assert_close(found, expected, 1e-5);
        }
        // A side of 1 stays.
        let x = Tensor::<4>::from_floats([[[[1.0], [3.0], [2.0], [0.0], [9.0]]]], &device);
        let y = max_pool(Dual::constant(x));
        assert_eq!(values(y.value), [3.0, 2.0]);
    }
}

#[test]
fn max_pooling_has_its_derivatives() {
    alone(|| {
        for [height, width] in [[4, 6], [3, 5], [1, 4]] {
            let outputs = (height / 2_usize).max(1) * (width / 2) * 2;
            let shape = [3, height, width, 2];
            let nothing = Vec::<Convolution>::new();
            between(nothing, shape, outputs, PiecewiseConstant, |_, x| {
                max_pool(x)
            });
        }
    });
}

/// Equations 1 to 3 of the paper, number by number.
fn by_the_paper(layer: &SelfAttention, x: &Tensor<4>, pooling: bool) -> Vec<f64> {
    let [n, height, width, channels] = x.dims();
    // `[outputs][inputs]` of a 1x1 convolution.
    let matrix = |layer: &Convolution| -> Vec<Vec<f64>> {
        let weight = layer.standard_weight();
        let inputs = weight.dims()[1];
        values(weight).chunks(inputs).map(<[f64]>::to_vec).collect()
    };
    let times = |matrix: &[Vec<f64>], x: &[f64]| -> Vec<f64> {
        let dot = |row: &Vec<f64>| row.iter().zip(x).map(|(w, x)| w * x).sum();
        matrix.iter().map(dot).collect()
    };
    let pool = |of: Vec<Vec<f64>>| -> Vec<Vec<f64>> {
        if !pooling {
            return of;
        }
        let blocks =
            (0..height / 2).flat_map(|row| (0..width / 2).map(move |column| [row, column]));
        blocks
            .map(|[row, column]| {
                let corner = 2 * row * width + 2 * column;
                let block = [corner, corner + 1, corner + width, corner + width + 1];
                let largest = |channel: usize| {
                    let values = block.map(|pixel| of[pixel][channel]);
                    values.into_iter().fold(f64::NEG_INFINITY, f64::max)
                };
                (0..of[0].len()).map(largest).collect()
            })
            .collect()
    };
    let [f, g, h, v] = [&layer.key, &layer.query, &layer.value, &layer.output].map(matrix);
    let gamma = values(layer.gamma.val())[0];
    let x = values(x.clone());
    let mut y = Vec::new();
    for image in x.chunks(height * width * channels).take(n) {
        let pixels: Vec<&[f64]> = image.chunks(channels).collect();
        let keys = pool(pixels.iter().map(|x| times(&f, x)).collect());
        let values = pool(pixels.iter().map(|x| times(&h, x)).collect());
        for x in pixels {
            let query = vec![times(&g, x)];
            let weights: Vec<f64> = keys.iter().map(|key| times(&query, key)[0].exp()).collect();
            let total: f64 = weights.iter().sum();
            let mut sum = vec![0.0; h.len()];
            for (weight, value) in weights.iter().zip(&values) {
                for (sum, value) in sum.iter_mut().zip(value) {
                    *sum += weight / total * value;
                }
            }
            let o = times(&v, &sum);
            y.extend(o.iter().zip(x).map(|(o, x)| gamma * o + x));
        }
    }
    y
}

#[test]
fn attention_is_that_of_the_paper() {
    alone(|| {
        let device = double_precision();
        for shape in [[2, 2, 3, 16], [1, 5, 4, 3], [3, 4, 4, 9]] {
            for pooling in [false, true] {
                let config = SelfAttentionConfig::new(shape[3]).with_pooling(pooling);
                let layer = attention(&config, &device);
                let x = stream(2).normal::<4>(shape, &device);
                let expected = by_the_paper(&layer, &x, pooling);
                let found = layer.propagate(Dual::constant(x)).value;
                let expected = Tensor::<1>::from_data(expected.as_slice(), &device).reshape(shape);
                assert_close(found, expected, 1e-9);
            }
        }
    });
}

#[test]
fn attention_has_its_derivatives() {
    alone(|| {
        let device = double_precision();
        for pooling in [false, true] {
            for spectral_norm in [false, true] {
                let config = SelfAttentionConfig::new(8)
                    .with_pooling(pooling)
                    .with_spectral_norm(spectral_norm);
                let layer = attention(&config, &device);
                check_gradients(layer.clone(), [2, 3, 4, 8], |layer, x| layer.propagate(x));
                check_penalty(layer, [2, 3, 4, 8], Curved, |layer, x| layer.propagate(x));
            }
        }
    });
}

#[test]
fn attention_starts_as_the_identity() {
    let device = Device::flex().autodiff();
    let layer = SelfAttentionConfig::new(64);
    let layer = layer.init(&mut stream(1), &device).unwrap();
    let trained = parameters(&layer).values().map(Vec::len).sum::<usize>();
    // Two matrices to an eighth, one to a half and one back, and gamma.
    assert_eq!(trained, 2 * 64 * 8 + 2 * 64 * 32 + 1);
    let x = stream(2).normal::<4>([2, 4, 4, 64], &device);
    let y = layer.propagate(Dual::constant(x.clone())).value;
    assert_eq!(values(y.clone()), values(x));
    // It leaves 0 by its own gradient.
    let gradients = (y * stream(3).normal([2, 4, 4, 64], &device))
        .sum()
        .backward();
    let gradient = layer.gamma.val().grad(&gradients).unwrap();
    assert!(values(gradient)[0].abs() > 1e-3);
    let none = SelfAttentionConfig::new(0).init(&mut stream(1), &device);
    assert!(matches!(none, Err(NetworkError::Config(_))));
}

#[test]
fn attention_leaves_samples_independent() {
    for device in processors() {
        let layer = attention(&SelfAttentionConfig::new(8), &device);
        let x = stream(2).normal::<4>([3, 4, 6, 8], &device);
        let y = layer.propagate(Dual::constant(x.clone()));
        assert!(!y.is_coupled());
        for sample in 0..3 {
            let alone = Dual::constant(x.clone().slice_dim(0, sample..sample + 1));
            let alone = layer.propagate(alone).value;
            let expected = y.value.clone().slice_dim(0, sample..sample + 1);
            assert_close(alone, expected, 1e-5);
        }
    }
}

#[test]
fn a_resnet_has_attention_at_the_side_that_is_named() {
    let device = Device::flex();
    let plain = ResnetConfig::new(1, 16, 32).with_filters(8);
    let at = |side| plain.clone().with_attention(Some(side));
    // The generator doubles 4x8 twice, the discriminator halves 16x32 twice.
    for (side, in_generator, in_discriminator) in [
        (8, Some("blocks.0."), Some("first.")),
        (16, Some("blocks.1."), None),
        (4, None, Some("down.0.")),
        (0, None, None),
        (7, None, None),
        (32, None, None),
    ] {
        let generator = at(side).init_generator(&device);
        let discriminator = at(side).init_discriminator(&device);
        let networks = [
            (generator.map(|network| parameters(&network)), in_generator),
            (
                discriminator.map(|network| parameters(&network)),
                in_discriminator,
            ),
        ];
        for (network, expected) in networks {
            let Some(block) = expected else {
                assert!(matches!(network, Err(NetworkError::Config(_))), "{side}");
                continue;
            };
            let of_attention: Vec<_> = network.unwrap().into_keys().collect();
            let of_attention: Vec<_> = of_attention
                .iter()
                .filter_map(|path| path.split_once("attention."))
                .collect();
            assert_eq!(of_attention.len(), 5, "four matrices and gamma");
            assert!(of_attention.iter().all(|(before, _)| *before == block));
        }
    }
}

/// A network with attention has the weights of the same seed without it, and starts as the same function.
#[test]
fn attention_changes_no_other_weights_of_a_resnet() {
    let device = Device::flex();
    let plain = ResnetConfig::new(1, 16, 16).with_filters(8).with_seed(3);
    let attending = plain.clone().with_attention(Some(8));
    let generators = [&plain, &attending].map(|config| config.init_generator(&device).unwrap());
    let discriminators =
        [&plain, &attending].map(|config| config.init_discriminator(&device).unwrap());
    for [plain, mut attending] in [
        generators.each_ref().map(parameters),
        discriminators.each_ref().map(parameters),
    ] {
        attending.retain(|path, _| !path.contains("attention"));
        assert_eq!(plain, attending);
    }
    let latent = stream(1).normal([2, plain.latent_size], &device);
    let [expected, found] = generators.map(|network| network.generate(latent.clone(), &()));
    assert_eq!(values(found.clone()), values(expected));
    let [expected, found] = discriminators.map(|network| network.logits(found.clone(), &()));
    assert_eq!(values(found), values(expected));
}

/// So short that hardly one of thousands of ReLUs has its kink in between.
const STEP: f64 = 1e-7;

#[track_caller]
fn agree(what: &str, analytic: f64, at: impl Fn(f64) -> f64) {
    let numeric = (at(STEP) - at(-STEP)) / (2.0 * STEP);
    let error = (analytic - numeric).abs() / numeric.abs();
    assert!(error < 1e-5, "{what}: {analytic} against {numeric}");
}

/// The tangent, and the gradient of the exact penalty `1/2 |grad_x <w, D>|^2` in the weights.
fn discriminator_slopes(discriminator: &ResnetDiscriminator, shape: [usize; 4]) {
    let device = double_precision();
    let x = stream(1).normal::<4>(shape, &device);
    let direction = stream(2).normal::<4>(shape, &device);
    let weights = stream(3).normal::<1>([shape[0]], &device);
    let weighted = |network: &ResnetDiscriminator, x: Tensor<4>| {
        (network.logits(x, &()) * weights.clone()).sum()
    };
    let tangent = |direction: Tensor<4>| {
        let dual = Dual::with_tangent(x.clone(), direction).unwrap();
        let logits = discriminator.logits_dual(dual, &());
        assert!(logits.is_curved() && !logits.is_coupled());
        (logits.tangent.unwrap() * weights.clone()).sum()
    };
    agree("tangent", values(tangent(direction.clone()))[0], |scale| {
        values(weighted(
            discriminator,
            x.clone() + direction.clone() * scale,
        ))[0]
    });

    let gradient = |network: &ResnetDiscriminator| {
        let leaf = x.clone().inner().autodiff().require_grad();
        let sum = weighted(network, leaf.clone());
        leaf.grad(&sum.backward()).unwrap()
    };
    // The derivative of the penalty in the gradient is the gradient.
    let surrogate = tangent(gradient(discriminator).autodiff());
    let gradients = GradientsParams::from_grads(surrogate.backward(), discriminator);
    agree("penalty", along(discriminator, &gradients), |scale| {
        let moved = discriminator.clone().map(&mut Shift::by(scale));
        values(gradient(&moved).square().sum())[0] / 2.0
    });
}

#[test]
fn a_resnet_with_attention_has_its_derivatives() {
    alone(|| {
        let device = double_precision();
        let config = ResnetConfig::new(2, 8, 16)
            .with_filters(8)
            .with_latent_size(3)
            .with_base_size(2)
            .with_attention(Some(4));
        for spectral_norm in [false, true] {
            let config = config.clone().with_spectral_norm(spectral_norm);
            let discriminator = config.init_discriminator(&device).unwrap();
            discriminator_slopes(&discriminator.map(&mut Shift::by(0.1)), [3, 2, 8, 16]);
        }

        let generator = config.init_generator(&device).unwrap();
        let generator = generator.map(&mut Shift::by(0.1));
        let latent = stream(1).normal([3, 3], &device);
        let weights = stream(2).normal::<4>([3, 2, 8, 16], &device);
        let objective = |generator: &ResnetGenerator| {
            (generator.generate(latent.clone(), &()) * weights.clone()).sum()
        };
        let gradients = objective(&generator).backward();
        let gradients = GradientsParams::from_grads(gradients, &generator);
        agree("generator", along(&generator, &gradients), |scale| {
            values(objective(&generator.clone().map(&mut Shift::by(scale))))[0]
        });
    });
}

#[test]
fn a_resnet_with_attention_judges_each_sample_alone() {
    let device = Device::flex();
    let config = ResnetConfig::new(1, 16, 16).with_filters(8);
    let discriminator = config.with_attention(Some(8)).init_discriminator(&device);
    let discriminator = discriminator.unwrap().map(&mut Shift::by(0.1));
    let x = stream(1).normal::<4>([3, 1, 16, 16], &device);
    let together = discriminator.logits_dual(Dual::constant(x.clone()), &());
    assert!(together.is_curved() && !together.is_coupled());
    let each = (0..3).map(|sample| {
        let x = x.clone().slice_dim(0, sample..sample + 1);
        discriminator.logits(x, &())
    });
    assert_close(Tensor::cat(each.collect(), 0), together.value, 1e-5);
}
