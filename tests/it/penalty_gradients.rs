//! Every layer under a gradient penalty, in double precision.
//!
//! For each: the tangent against a central difference of the value, and the surrogate's gradient in the
//! parameters against a central difference of the penalty. Only the second finds a value pass that should have
//! been tracked: behind a curved layer a weight moves the slopes.

use crate::common::{
    Shift, alone, along, assert_close, double_precision as device, stream, values,
};
use burn::module::Module;
use burn::nn::interpolate::InterpolateMode;
use burn::nn::{self, PaddingConfig2d};
use burn::optim::GradientsParams;
use burn::tensor::{Int, Tensor};
use burn_gan::model::{DcganConfig, MlpConfig, Normalization};
use burn_gan::nn::{
    Activation, Algorithm, BatchNormConfig, ConvolutionConfig, EmbeddingProjectionConfig,
    GroupNormConfig, HeadConfig, Initialization, LayerNormConfig, Linear, LinearConfig,
    MinibatchDeviationConfig, StemConfig, resampling,
};
use burn_gan::{Dual, DualDiscriminator, dual};

const STEP: f64 = 1e-5;
const TOLERANCE: f64 = 1e-6;

/// What a network is expected to be.
#[derive(Clone, Copy, PartialEq)]
pub enum Slope {
    PiecewiseConstant,
    Curved,
}
use Slope::{Curved, PiecewiseConstant};

#[track_caller]
fn agree(what: &str, analytic: f64, numeric: f64) {
    let error = (analytic - numeric).abs() / numeric.abs().max(1e-3);
    assert!(error < TOLERANCE, "{what}: {analytic} against {numeric}");
}

/// Checks `forward` of `module` under the penalty `1/2 |grad_x <w, f(x)>|^2` with random `w`.
#[track_caller]
pub fn check<M: Module, const I: usize, const O: usize>(
    module: M,
    shape: [usize; I],
    slope: Slope,
    forward: impl Fn(&M, Dual<I>) -> Dual<O>,
) {
    let device = device();
    // Away from the symmetric initial state: scales that are not 1, biases that are not 0.
    let module = module.map(&mut Shift::by(0.1));
    let input = stream(1).normal(shape, &device);
    let output = forward(&module, Dual::constant(input.clone()));
    assert_eq!(output.is_curved(), slope == Curved);
    let weights = stream(3).normal(output.value.dims(), &device);

    let direction = stream(2).normal(shape, &device);
    let value = |x: Tensor<I>| {
        let output = forward(&module, Dual::constant(x)).value;
        values((output * weights.clone()).sum())[0]
    };
    let moved = |scale: f64| input.clone() + direction.clone() * scale;
    let dual = Dual::with_tangent(input.clone(), direction.clone()).unwrap();
    let tangent = forward(&module, dual).tangent.expect("a tangent");
    agree(
        "tangent",
        values((tangent * weights.clone()).sum())[0],
        (value(moved(STEP)) - value(moved(-STEP))) / (2.0 * STEP),
    );

    let gradient = |module: &M| {
        let leaf = input.clone().inner().autodiff().require_grad();
        let output = forward(module, Dual::constant(leaf.clone())).value;
        leaf.grad(&(output * weights.clone()).sum().backward())
            .expect("a gradient")
    };
    let penalty = |scale: f64| {
        let shifted = module.clone().map(&mut Shift::by(scale));
        values(gradient(&shifted).square().sum())[0] / 2.0
    };
    let numeric = (penalty(STEP) - penalty(-STEP)) / (2.0 * STEP);

    let surrogate_gradient = |value: Tensor<I>| {
        // The derivative of 1/2 |g|^2 in g is g.
        let moving = Dual::with_tangent(value, gradient(&module).autodiff()).unwrap();
        let plain = !moving.value.device().is_autodiff();
        let dual = forward(&module, moving);
        assert_eq!(plain, !dual.value.device().is_autodiff(), "value pass");
        let surrogate = (dual.tangent.expect("a tangent") * weights.clone()).sum();
        let gradients = GradientsParams::from_grads(surrogate.backward(), &module);
        along(&module, &gradients)
    };
    agree(
        "penalty, tracked value",
        surrogate_gradient(input.clone()),
        numeric,
    );
    if slope == PiecewiseConstant {
        agree(
            "penalty, plain value",
            surrogate_gradient(input.clone().inner()),
            numeric,
        );
    }
}

/// `[N, 3]` through a linear layer, the checked one on `shape` and another linear layer.
#[track_caller]
pub fn between<M: Module, const E: usize>(
    layer: M,
    shape: [usize; E],
    outputs: usize,
    slope: Slope,
    forward: impl Fn(&M, Dual<E>) -> Dual<E>,
) {
    let inputs = shape[1..].iter().product();
    let before = LinearConfig::new(3, inputs)
        .init(&mut stream(20), &device())
        .unwrap();
    let after = LinearConfig::new(outputs, 2)
        .init(&mut stream(21), &device())
        .unwrap();
    let module = (before, layer, after);
    check(module, [shape[0], 3], slope, |(before, layer, after), x| {
        let x = before.propagate(x).linear(|x| x.reshape(shape));
        let x = forward(layer, x).linear(|x| x.reshape([shape[0], outputs]));
        after.propagate(x)
    });
}

/// A layer without parameters.
fn nothing() -> Vec<Linear> {
    Vec::new()
}

#[test]
fn activations() {
    alone(|| {
        for (activation, slope) in [
            (Activation::Identity, PiecewiseConstant),
            (Activation::Relu, PiecewiseConstant),
            (Activation::LeakyRelu { slope: 0.2 }, PiecewiseConstant),
            (Activation::Tanh, Curved),
            (Activation::Silu, Curved),
            (Activation::Softplus, Curved),
        ] {
            between(nothing(), [4, 6], 6, slope, |_, x| activation.propagate(x));
        }
        between(nothing(), [4, 6], 6, Curved, |_, x| dual::sigmoid(x));
    });
}

#[test]
fn convolutions() {
    alone(|| {
        for (kernel, stride) in [(1, 1), (3, 1), (4, 2), (5, 2), (5, 3)] {
            for algorithm in [Algorithm::Matmul, Algorithm::Direct] {
                let layer = ConvolutionConfig::new(2, 3, kernel)
                    .with_stride(stride)
                    .with_bias(true)
                    .with_algorithm(algorithm)
                    .with_initialization(Initialization::He { slope: 0.0 })
                    .init(&mut stream(5), &device())
                    .unwrap();
                check(layer, [2, 7, 6, 2], PiecewiseConstant, |layer, x| {
                    layer.propagate(x)
                });
                let layer = ConvolutionConfig::new(2, 3, kernel)
                    .with_stride(stride)
                    .with_bias(true)
                    .with_algorithm(algorithm)
                    .with_initialization(Initialization::He { slope: 0.0 })
                    .init_transposed(&mut stream(6), &device())
                    .unwrap();
                check(layer, [2, 3, 4, 2], PiecewiseConstant, |layer, x| {
                    layer.propagate(x)
                });
            }
        }
    });
}

#[test]
fn the_ends() {
    alone(|| {
        let stem = StemConfig::new(3, [2, 3, 4])
            .with_bias(true)
            .init(&mut stream(7), &device())
            .unwrap();
        check(stem, [5, 3], PiecewiseConstant, |stem, x| stem.propagate(x));
        let head = HeadConfig::new([2, 3, 4])
            .with_bias(true)
            .init(&mut stream(8), &device())
            .unwrap();
        check(head, [5, 2, 3, 4], PiecewiseConstant, |head, x| {
            head.propagate(x)
        });
    });
}

#[test]
fn normalisations() {
    alone(|| {
        let group = |groups, channels| {
            GroupNormConfig::new(groups, channels)
                .init(&device())
                .unwrap()
        };
        between(group(2, 6), [3, 6], 6, Curved, |norm, x| norm.propagate(x));
        between(group(2, 4), [3, 2, 3, 4], 24, Curved, |norm, x| {
            norm.propagate(x)
        });
        let instance = GroupNormConfig::instance(4).init(&device()).unwrap();
        between(instance, [3, 2, 3, 4], 24, Curved, |norm, x| {
            norm.propagate(x)
        });
        let layer = LayerNormConfig::new(5).init(&device()).unwrap();
        between(layer.clone(), [4, 5], 5, Curved, |norm, x| {
            norm.propagate(x)
        });
        between(layer, [2, 3, 2, 5], 30, Curved, |norm, x| norm.propagate(x));
    });
}

#[test]
fn minibatch_deviation() {
    alone(|| {
        for (group_size, samples) in [(4, 8), (4, 6), (3, 5)] {
            let layer = MinibatchDeviationConfig::new()
                .with_group_size(group_size)
                .init()
                .unwrap();
            between(layer.clone(), [samples, 4], 5, Curved, |layer, x| {
                let x = layer.propagate(x);
                assert!(x.is_coupled());
                x
            });
            between(layer, [samples, 2, 3, 2], 18, Curved, |layer, x| {
                layer.propagate(x)
            });
        }
    });
}

#[test]
fn residuals_and_projections() {
    alone(|| {
        let linear = |step| {
            LinearConfig::new(4, 4)
                .init(&mut stream(step), &device())
                .unwrap()
        };
        between(linear(30), [3, 4], 4, PiecewiseConstant, |layer, x| {
            x.clone() + dual::leaky_relu(layer.propagate(x), 0.2)
        });
        between(linear(31), [3, 4], 8, Curved, |layer, x| {
            x.clone().cat(dual::silu(layer.propagate(x)), 1)
        });
        // A branch that does not move.
        between(linear(32), [3, 4], 4, PiecewiseConstant, |layer, x| {
            let still = Dual::constant(x.value.clone().zeros_like());
            layer.propagate(x) + still
        });
        let labels = Tensor::<1, Int>::from_ints([0, 2, 1, 2], &device());
        let projection = EmbeddingProjectionConfig::new(3, 5)
            .init(&mut stream(33), &device())
            .unwrap();
        let module = (
            LinearConfig::new(2, 5)
                .init(&mut stream(34), &device())
                .unwrap(),
            projection,
        );
        check(
            module,
            [4, 2],
            PiecewiseConstant,
            |(linear, projection), x| projection.propagate(linear.propagate(x), &labels),
        );
    });
}

#[test]
fn layers_of_burn() {
    alone(|| {
        let device = device();
        between(
            nn::LinearConfig::new(4, 5).init(&device),
            [3, 4],
            5,
            PiecewiseConstant,
            dual::linear,
        );
        between(
            nn::conv::Conv1dConfig::new(2, 3, 3).init(&device),
            [2, 2, 6],
            12,
            PiecewiseConstant,
            dual::conv1d,
        );
        between(
            nn::conv::Conv2dConfig::new([2, 3], [3, 3])
                .with_stride([2, 2])
                .init(&device),
            [2, 2, 5, 5],
            12,
            PiecewiseConstant,
            dual::conv2d,
        );
        between(
            nn::conv::ConvTranspose2dConfig::new([2, 1], [2, 2])
                .with_stride([2, 2])
                .init(&device),
            [2, 2, 2, 3],
            24,
            PiecewiseConstant,
            dual::conv_transpose2d,
        );
        between(
            nn::LayerNormConfig::new(5).init(&device),
            [2, 3, 5],
            15,
            Curved,
            |layer, x| dual::layer_norm(layer, 1e-5, x),
        );
        between(
            nn::GroupNormConfig::new(2, 4).init(&device),
            [2, 4, 2, 3],
            24,
            Curved,
            dual::group_norm,
        );
        between(
            nn::InstanceNormConfig::new(4).init(&device),
            [2, 4, 2, 3],
            24,
            Curved,
            dual::instance_norm,
        );
        between(nothing(), [2, 2, 4, 4], 8, PiecewiseConstant, |_, x| {
            let layer = nn::pool::AvgPool2dConfig::new([2, 2])
                .with_strides([2, 2])
                .init();
            dual::avg_pool2d(&layer, x)
        });
        between(nothing(), [2, 2, 4, 4], 2, PiecewiseConstant, |_, x| {
            let layer = nn::pool::AdaptiveAvgPool2dConfig::new([1, 1]).init();
            dual::adaptive_avg_pool2d(&layer, x)
        });
    });
}

#[test]
fn layers_of_burn_have_their_own_values() {
    alone(|| {
        let device = device();
        let image = || stream(40).normal([2, 4, 6, 6], &device);
        let same = |actual: Tensor<4>, expected: Tensor<4>| {
            assert_close(actual, expected, 1e-9);
        };
        let group = nn::GroupNormConfig::new(2, 4).init(&device);
        same(
            dual::group_norm(&group, Dual::constant(image())).value,
            group.forward(image()),
        );
        let instance = nn::InstanceNormConfig::new(4).init(&device);
        same(
            dual::instance_norm(&instance, Dual::constant(image())).value,
            instance.forward(image()),
        );
        let layer = nn::LayerNormConfig::new(6).with_epsilon(1e-3).init(&device);
        same(
            dual::layer_norm(&layer, 1e-3, Dual::constant(image())).value,
            layer.forward(image()),
        );
        // This crate's, over channels-last images.
        let last = image().permute([0, 2, 3, 1]);
        let ours = GroupNormConfig::new(2, 4).init(&device).unwrap();
        same(
            ours.propagate(Dual::constant(last.clone())).value,
            group.forward(image()).permute([0, 2, 3, 1]),
        );
        let ours = GroupNormConfig::instance(4).init(&device).unwrap();
        same(
            ours.propagate(Dual::constant(last.clone())).value,
            instance.forward(image()).permute([0, 2, 3, 1]),
        );
        let layer = nn::LayerNormConfig::new(4).init(&device);
        let ours = LayerNormConfig::new(4).init(&device).unwrap();
        same(
            ours.propagate(Dual::constant(last.clone())).value,
            layer.forward(last),
        );
    });
}

/// What Burn's layers can be configured to: groups, paddings of every kind, layers without scale and shift.
#[test]
fn layers_of_burn_with_options() {
    alone(|| {
        let device = device();
        let convolution = |groups, padding| {
            nn::conv::Conv2dConfig::new([4, 6], [3, 2])
                .with_groups(groups)
                .with_padding(padding)
                .init(&device)
        };
        for (groups, padding, outputs) in [
            (1, PaddingConfig2d::Explicit(1, 0, 0, 1), 6 * 4 * 5),
            (2, PaddingConfig2d::Same, 6 * 5 * 5),
        ] {
            let layer = convolution(groups, padding);
            between(
                layer,
                [2, 4, 5, 5],
                outputs,
                PiecewiseConstant,
                dual::conv2d,
            );
        }
        let layer = nn::conv::ConvTranspose2dConfig::new([4, 2], [4, 3])
            .with_groups(2)
            .with_stride([2, 2])
            .with_padding([1, 1])
            .with_padding_out([0, 1])
            .init(&device);
        between(
            layer,
            [2, 4, 2, 3],
            2 * 4 * 6,
            PiecewiseConstant,
            dual::conv_transpose2d,
        );
        let layer = nn::GroupNormConfig::new(2, 4)
            .with_affine(false)
            .init(&device);
        between(layer, [2, 4, 2, 3], 24, Curved, |layer, x| {
            dual::group_norm(layer, x)
        });
        let layer = nn::InstanceNormConfig::new(4)
            .with_affine(false)
            .init(&device);
        between(layer, [2, 4, 2, 3], 24, Curved, |layer, x| {
            dual::instance_norm(layer, x)
        });
        for mode in [InterpolateMode::Nearest, InterpolateMode::Linear] {
            let layer = nn::interpolate::Interpolate2dConfig::new()
                .with_output_size(Some([5, 7]))
                .with_mode(mode)
                .init();
            between(layer, [2, 2, 3, 4], 70, PiecewiseConstant, |layer, x| {
                dual::interpolate2d(layer, x)
            });
        }
    });
}

/// The functions add the bias where the layers do.
#[test]
fn affine_layers_of_burn_have_their_own_values() {
    alone(|| {
        let device = device();
        let x = stream(41).normal([2, 4, 6, 5], &device);
        let x = || x.clone();
        let layer = nn::LinearConfig::new(5, 3).init(&device);
        assert_close(
            dual::linear(&layer, Dual::constant(x())).value,
            layer.forward(x()),
            1e-9,
        );
        let layer = nn::conv::Conv1dConfig::new(4, 3, 3)
            .with_stride(2)
            .with_padding(nn::PaddingConfig1d::Explicit(1, 0))
            .init(&device);
        let sequence = || x().reshape([2, 4, 30]);
        assert_close(
            dual::conv1d(&layer, Dual::constant(sequence())).value,
            layer.forward(sequence()),
            1e-9,
        );
        let layer = nn::conv::Conv2dConfig::new([4, 6], [3, 2])
            .with_groups(2)
            .with_dilation([1, 2])
            .with_padding(PaddingConfig2d::Same)
            .init(&device);
        assert_close(
            dual::conv2d(&layer, Dual::constant(x())).value,
            layer.forward(x()),
            1e-9,
        );
        let layer = nn::conv::ConvTranspose2dConfig::new([4, 6], [3, 2])
            .with_groups(2)
            .with_stride([2, 1])
            .init(&device);
        assert_close(
            dual::conv_transpose2d(&layer, Dual::constant(x())).value,
            layer.forward(x()),
            1e-9,
        );
    });
}

#[test]
fn wide_convolutions() {
    alone(|| {
        // So many channels that there is a product for each run of the window.
        let layer = ConvolutionConfig::new(17, 2, 4)
            .with_stride(2)
            .init(&mut stream(5), &device())
            .unwrap();
        check(layer, [1, 4, 6, 17], PiecewiseConstant, |layer, x| {
            layer.propagate(x)
        });
        let layer = ConvolutionConfig::new(2, 17, 4)
            .with_stride(2)
            .init_transposed(&mut stream(6), &device())
            .unwrap();
        check(layer, [1, 2, 3, 2], PiecewiseConstant, |layer, x| {
            layer.propagate(x)
        });
    });
}

/// By the batch's statistics it is curved and couples; by the running ones it is linear.
#[test]
fn batch_normalisation() {
    alone(|| {
        let layer = BatchNormConfig::new(4).init(&device()).unwrap();
        between(layer.clone(), [3, 2, 2, 4], 16, Curved, |norm, x| {
            let x = norm.propagate(x);
            assert!(x.is_coupled());
            x
        });
        let mut frozen = layer;
        frozen.training = frozen.training.with_value(false);
        between(frozen, [3, 2, 2, 4], 16, PiecewiseConstant, |norm, x| {
            norm.propagate(x)
        });
    });
}

/// Spectral normalisation divides a weight by what depends on it; the slope stays constant in the input.
#[test]
fn spectral_normalisation() {
    alone(|| {
        let layer = LinearConfig::new(6, 4)
            .with_spectral_norm(true)
            .init(&mut stream(50), &device())
            .unwrap();
        between(layer, [3, 6], 4, PiecewiseConstant, |layer, x| {
            dual::leaky_relu(layer.propagate(x), 0.2)
        });
        let layer = ConvolutionConfig::new(2, 3, 3)
            .with_spectral_norm(true)
            .init(&mut stream(51), &device())
            .unwrap();
        between(layer, [2, 4, 3, 2], 36, PiecewiseConstant, |layer, x| {
            dual::leaky_relu(layer.propagate(x), 0.2)
        });
    });
}

#[test]
fn resamplings() {
    alone(|| {
        let halve = resampling::average_pool;
        between(nothing(), [2, 4, 6, 2], 12, PiecewiseConstant, |_, x| {
            halve(x)
        });
        for double in [resampling::upsample_nearest, resampling::upsample_bilinear] {
            between(nothing(), [2, 2, 3, 2], 48, PiecewiseConstant, |_, x| {
                double(x)
            });
        }
    });
}

#[test]
fn discriminators() {
    alone(|| {
        for seed in 0..3 {
            let config = MlpConfig::new(3).with_hidden(vec![7, 5 + seed as usize]);
            let mlp = config
                .with_seed(seed)
                .init_discriminator(&device())
                .unwrap();
            check(mlp, [4, 3], PiecewiseConstant, |discriminator, x| {
                discriminator.logits_dual(x, &())
            });
            let dcgan = DcganConfig::new(2, 8, 16)
                .with_filters(3)
                .with_base_size(2)
                .with_discriminator_normalization(Normalization::None)
                .with_seed(seed)
                .init_discriminator(&device())
                .unwrap()
                .map(&mut Shift::by(0.2));
            check(
                dcgan,
                [3, 2, 8, 16],
                PiecewiseConstant,
                |discriminator, x| discriminator.logits_dual(x, &()),
            );
        }
    });
}
