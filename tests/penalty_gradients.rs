//! Gradient penalties, in double precision: what an exact penalty back-propagates (the tangent in the direction
//! of the gradient) has the parameter gradient of the penalty itself, for every layer, alone and inside a
//! network, and for every discriminator.
//!
//! A tangent that agrees with a central difference is not enough: it also does where the value pass loses the
//! path over which a weight moves the slopes behind it.

mod common;

use burn::module::{Module, ModuleMapper, Param};
use burn::nn as burn_nn;
use burn::nn::PaddingConfig2d;
use burn::optim::GradientsParams;
use burn::tensor::{Int, Tensor};
use burn_gan::model::{DcganConfig, MlpConfig, Normalization};
use burn_gan::nn::{
    Activation, Algorithm, BatchNormConfig, ConvolutionConfig, EmbeddingProjectionConfig,
    GroupNormConfig, HeadConfig, InstanceNormConfig, LayerNormConfig, Linear, LinearConfig,
    MinibatchDeviationConfig, StemConfig, TransposedConvolutionConfig, to_channels_first,
    to_channels_last,
};
use burn_gan::random::Stream;
use burn_gan::{Dual, DualDiscriminator, dual};
use common::{Along, Shift, assert_close, double_precision as device, stream, values};

const STEP: f64 = 1e-5;
const TOLERANCE: f64 = 1e-5;
const SEEDS: std::ops::Range<u64> = 0..3;

/// Whether slopes vary smoothly, so that the value pass has to be tracked.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Slope {
    Constant,
    Curved,
}
use Slope::{Constant, Curved};

/// One case: what it is called, its slope and its seed.
#[derive(Debug, Clone, Copy)]
struct Case(&'static str, Slope, u64);

/// Draws every trainable parameter anew, so that biases and scales count too.
struct Redraw(Stream);

impl ModuleMapper for Redraw {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        if !param.is_require_grad() {
            return param;
        }
        let drawn = self.0.normal(param.dims(), &device().inner()) * 0.5;
        param.map(|_| drawn.autodiff().require_grad())
    }
}

/// A layer by itself, where it has parameters, and between two linear layers.
#[track_caller]
fn check_layer<L: Module, const I: usize, const O: usize>(
    case: Case,
    layer: L,
    shape: [usize; I],
    forward: impl Fn(&L, Dual<I>) -> Dual<O>,
) {
    if layer.num_params() > 0 {
        check(case, layer.clone(), shape, &forward);
    }
    let n = shape[0];
    let width = |shape: &[usize]| shape.iter().skip(1).product::<usize>();
    let probe = Dual::constant(Tensor::zeros(shape, &device()));
    let outputs = width(&forward(&layer, probe).value.dims());
    let linear = |inputs, outputs| -> Linear {
        LinearConfig::new(inputs, outputs)
            .init(&mut stream(0), &device())
            .unwrap()
    };
    let network = (linear(3, width(&shape)), layer, linear(outputs, 2));
    check(case, network, [n, 3], |(front, layer, back), x| {
        let x = front.propagate(x).linear(|x| x.reshape(shape));
        let x = forward(layer, x).linear(|x| x.reshape([n, outputs]));
        back.propagate(x)
    });
}

/// Checks `forward` of `module`, with the parameters drawn anew.
#[track_caller]
fn check<M: Module, const I: usize, const O: usize>(
    case: Case,
    module: M,
    shape: [usize; I],
    forward: impl Fn(&M, Dual<I>) -> Dual<O>,
) {
    let Case(what, slope, seed) = case;
    let module = module.map(&mut Redraw(stream(100 + seed)));
    let plain = device().inner();
    let input = stream(200 + seed).normal(shape, &plain);
    let direction = stream(300 + seed).normal(shape, &plain);
    let output = forward(&module, Dual::constant(input.clone().autodiff())).value;
    let weights = stream(400 + seed).normal(output.dims(), &plain);
    let objective = |module: &M, input: Tensor<I>| {
        let output = forward(module, Dual::constant(input)).value;
        (output * weights.clone().autodiff()).sum()
    };
    let agree = |which: &str, analytic: f64, numeric: f64| {
        let error = (analytic - numeric).abs() / numeric.abs().max(1e-2);
        assert!(
            error < TOLERANCE,
            "{what}, seed {seed}, {shape:?}, {which}: {analytic} against {numeric}"
        );
    };

    // The tangent is the derivative of the value.
    let dual = Dual::with_tangent(input.clone().autodiff(), direction.clone().autodiff()).unwrap();
    let dual = forward(&module, dual);
    assert_eq!(dual.is_curved(), slope == Curved, "{what}");
    let moved = |scale: f64| {
        let moved = input.clone() + direction.clone() * scale;
        values(objective(&module, moved.autodiff()))[0]
    };
    let tangent = dual.tangent.expect("a tangent goes through");
    agree(
        "tangent",
        values(tangent * weights.clone().autodiff()).iter().sum(),
        (moved(STEP) - moved(-STEP)) / (2.0 * STEP),
    );

    // The penalty is half the squared norm of the objective's gradient in the input.
    let gradient = |module: &M| {
        let leaf = input.clone().autodiff().require_grad();
        let mut gradients = objective(module, leaf.clone()).backward();
        leaf.grad_remove(&mut gradients).expect("input gradient")
    };
    let penalty = |scale: f64| {
        let module = module.clone().map(&mut Shift::by(scale));
        let squares: f64 = values(gradient(&module)).iter().map(|g| g * g).sum();
        squares / 2.0
    };
    let numeric = (penalty(STEP) - penalty(-STEP)) / (2.0 * STEP);
    let direction = gradient(&module);
    let surrogate = |value: Tensor<I>| {
        let dual = Dual::with_tangent(value, direction.clone().autodiff()).unwrap();
        let dual = forward(&module, dual);
        let tangent = dual.tangent.expect("a tangent goes through");
        let surrogate = (tangent * weights.clone().autodiff()).sum();
        let gradients = GradientsParams::from_grads(surrogate.backward(), &module);
        let mut along = Along {
            gradients: &gradients,
            position: 0,
            sum: 0.0,
        };
        module.visit(&mut along);
        (dual.value.device().is_autodiff(), along.sum)
    };
    let (tracked, analytic) = surrogate(input.clone().autodiff());
    assert!(tracked, "{what}");
    agree("penalty, tracked value", analytic, numeric);
    if slope == Constant {
        let (tracked, analytic) = surrogate(input.clone());
        assert!(!tracked, "{what}: a plain value stays plain");
        agree("penalty, plain value", analytic, numeric);
    }
}

/// Stands for no parameters.
const NOTHING: Option<Linear> = None;

/// A small random size: 2 to 4.
fn small(draw: &mut Stream) -> usize {
    2 + draw.index(3)
}

#[test]
fn linear_and_activations() {
    for seed in SEEDS {
        let mut draw = stream(seed);
        let [n, inputs, outputs] = [small(&mut draw), small(&mut draw), small(&mut draw)];
        let linear = LinearConfig::new(inputs, outputs)
            .init(&mut draw, &device())
            .unwrap();
        check_layer(
            Case("Linear", Constant, seed),
            linear,
            [n, inputs],
            |l, x| l.propagate(x),
        );
        for (activation, slope) in [
            (Activation::Identity, Constant),
            (Activation::Relu, Constant),
            (Activation::LeakyRelu { slope: 0.2 }, Constant),
            (Activation::Tanh, Curved),
            (Activation::Silu, Curved),
            (Activation::Softplus, Curved),
        ] {
            let case = Case("activation", slope, seed);
            check_layer(case, NOTHING, [n, 5], |_, x: Dual<2>| {
                activation.propagate(x)
            });
        }
        check_layer(
            Case("sigmoid", Curved, seed),
            NOTHING,
            [n, 5],
            |_, x: Dual<2>| dual::sigmoid(x),
        );
    }
}

#[test]
fn convolutions() {
    for (seed, kernel, stride) in [(0, 1, 1), (1, 3, 1), (2, 3, 2), (3, 4, 2), (4, 5, 3)] {
        for algorithm in [Algorithm::Matmul, Algorithm::Direct] {
            let mut draw = stream(seed);
            let [n, inputs, outputs] = [small(&mut draw), small(&mut draw), small(&mut draw)];
            let [height, width] = [4 + draw.index(3), 4 + draw.index(3)];
            let layer = ConvolutionConfig::new(inputs, outputs, kernel)
                .with_stride(stride)
                .with_bias(true)
                .with_algorithm(algorithm)
                .init(&mut draw, &device())
                .unwrap();
            let case = Case("Convolution", Constant, seed);
            check_layer(case, layer, [n, height, width, inputs], |l, x| {
                l.propagate(x)
            });
            let layer = TransposedConvolutionConfig::new(inputs, outputs, kernel)
                .with_stride(stride)
                .with_bias(true)
                .with_algorithm(algorithm)
                .init(&mut draw, &device())
                .unwrap();
            let case = Case("TransposedConvolution", Constant, seed);
            check_layer(case, layer, [n, 3, 2, inputs], |l, x| l.propagate(x));
        }
    }
}

#[test]
fn wide_convolutions() {
    // So many channels that there is a product for each run of the window.
    let layer = ConvolutionConfig::new(17, 2, 4)
        .with_stride(2)
        .init(&mut stream(5), &device())
        .unwrap();
    let case = Case("wide Convolution", Constant, 0);
    check_layer(case, layer, [1, 4, 6, 17], |l, x| l.propagate(x));
    let layer = TransposedConvolutionConfig::new(2, 17, 4)
        .with_stride(2)
        .init(&mut stream(6), &device())
        .unwrap();
    let case = Case("wide TransposedConvolution", Constant, 0);
    check_layer(case, layer, [1, 2, 3, 2], |l, x| l.propagate(x));
}

#[test]
fn stem_and_head() {
    for seed in SEEDS {
        let mut draw = stream(seed);
        let image = [small(&mut draw), small(&mut draw), small(&mut draw)];
        let stem = StemConfig::new(3, image)
            .with_bias(true)
            .init(&mut draw, &device())
            .unwrap();
        check_layer(Case("Stem", Constant, seed), stem, [3, 3], |l, x| {
            l.propagate(x)
        });
        let head = HeadConfig::new(image)
            .with_outputs(2)
            .with_bias(true)
            .init(&mut draw, &device())
            .unwrap();
        let [height, width, channels] = image;
        let case = Case("Head", Constant, seed);
        check_layer(case, head, [3, height, width, channels], |l, x| {
            l.propagate(x)
        });
    }
}

#[test]
fn normalizations() {
    for seed in SEEDS {
        let mut draw = stream(seed);
        let [n, height, width, half] = [(); 4].map(|()| small(&mut draw));
        let channels = 2 * half;
        let (table, images) = ([n, channels], [n, height, width, channels]);

        let layer = LayerNormConfig::new(channels).init(&device()).unwrap();
        let case = Case("LayerNorm", Curved, seed);
        check_layer(case, layer.clone(), table, |l, x| l.propagate(x));
        check_layer(case, layer, images, |l, x| l.propagate(x));

        let case = Case("GroupNorm", Curved, seed);
        let layer = GroupNormConfig::new(1, channels).init(&device()).unwrap();
        check_layer(case, layer, table, |l, x| l.propagate(x));
        for groups in [1, 2, channels] {
            let layer = GroupNormConfig::new(groups, channels)
                .init(&device())
                .unwrap();
            check_layer(case, layer, images, |l, x| l.propagate(x));
        }

        let layer = InstanceNormConfig::new(channels).init(&device()).unwrap();
        let case = Case("InstanceNorm", Curved, seed);
        check_layer(case, layer, images, |l, x| l.propagate(x));

        let layer = BatchNormConfig::new(channels).init(&device()).unwrap();
        let case = Case("BatchNorm of the batch", Curved, seed);
        check_layer(case, layer.clone(), images, |l, x| l.propagate(x));
        let mut frozen = layer;
        frozen.training = frozen.training.with_value(false);
        let case = Case("BatchNorm, frozen", Constant, seed);
        check_layer(case, frozen, images, |l, x| l.propagate(x));

        let case = Case("standardize", Curved, seed);
        check_layer(case, NOTHING, images, |_, x: Dual<4>| {
            dual::standardize(x, &[1, 2, 3], 1e-3)
        });
    }
}

#[test]
fn minibatch_deviation() {
    for (seed, n) in [(0, 4), (1, 6), (2, 8)] {
        let layer = MinibatchDeviationConfig::new().init().unwrap();
        let case = Case("MinibatchDeviation", Curved, seed);
        check_layer(case, layer.clone(), [n, 3], |l, x: Dual<2>| l.propagate(x));
        check_layer(case, layer.clone(), [n, 2, 3, 2], |l, x: Dual<4>| {
            l.propagate(x)
        });
        let x = Dual::constant(stream(seed).normal([n, 3], &device()));
        assert!(layer.propagate(x).is_coupled());
    }
}

#[test]
fn sums_and_projections() {
    for seed in SEEDS {
        let mut draw = stream(seed);
        let [n, width] = [small(&mut draw), small(&mut draw)];
        let linear = LinearConfig::new(width, width)
            .init(&mut draw, &device())
            .unwrap();
        for (activation, slope) in [
            (Activation::LeakyRelu { slope: 0.2 }, Constant),
            (Activation::Silu, Curved),
        ] {
            let case = Case("residual sum", slope, seed);
            check_layer(case, linear.clone(), [n, width], |l, x| {
                activation.propagate(l.propagate(x.clone())).add(x)
            });
            let case = Case("concatenation", slope, seed);
            check_layer(case, linear.clone(), [n, width], |l, x| {
                activation.propagate(l.propagate(x.clone())).cat(x, 1)
            });
        }
        let projection = EmbeddingProjectionConfig::new(3, width)
            .init(&mut draw, &device())
            .unwrap();
        let labels: Vec<i64> = (0..n).map(|_| draw.index(3) as i64).collect();
        let labels = Tensor::<1, Int>::from_data(labels.as_slice(), &device().inner());
        let case = Case("EmbeddingProjection", Constant, seed);
        check_layer(case, projection, [n, width], |l, x| {
            l.propagate(x, labels.clone())
        });
    }
}

#[test]
fn layers_of_burn() {
    for seed in SEEDS {
        let mut draw = stream(seed);
        let [n, half, outputs] = [(); 3].map(|()| small(&mut draw));
        let [height, width] = [4 + draw.index(3), 4 + draw.index(3)];
        let inputs = 2 * half;
        let images = [n, inputs, height, width];

        let layer = burn_nn::LinearConfig::new(inputs, outputs).init(&device());
        let case = Case("dual::linear", Constant, seed);
        check_layer(case, layer, [n, inputs], |l, x| dual::linear(l, x));

        let layer = burn_nn::conv::Conv1dConfig::new(inputs, outputs, 3)
            .with_stride(2)
            .with_padding(burn_nn::PaddingConfig1d::Explicit(1, 1))
            .init(&device());
        let case = Case("dual::conv1d", Constant, seed);
        check_layer(case, layer, [n, inputs, 5], dual::conv1d);

        for (groups, padding) in [
            (1, PaddingConfig2d::Explicit(1, 0, 1, 0)),
            (2, PaddingConfig2d::Same),
        ] {
            let layer = burn_nn::conv::Conv2dConfig::new([inputs, 4], [3, 2])
                .with_groups(groups)
                .with_padding(padding)
                .init(&device());
            let case = Case("dual::conv2d", Constant, seed);
            check_layer(case, layer, images, dual::conv2d);
        }
        let layer = burn_nn::conv::ConvTranspose2dConfig::new([inputs, outputs], [4, 3])
            .with_stride([2, 2])
            .with_padding([1, 1])
            .with_padding_out([0, 1])
            .init(&device());
        let case = Case("dual::conv_transpose2d", Constant, seed);
        check_layer(case, layer, [n, inputs, 2, 3], dual::conv_transpose2d);

        let layer = burn_nn::LayerNormConfig::new(width)
            .with_epsilon(1e-3)
            .init(&device());
        let case = Case("dual::layer_norm", Curved, seed);
        check_layer(case, layer, images, |l, x| dual::layer_norm(l, x));
        for affine in [true, false] {
            let layer = burn_nn::GroupNormConfig::new(2, inputs)
                .with_affine(affine)
                .init(&device());
            let case = Case("dual::group_norm", Curved, seed);
            check_layer(case, layer, images, |l, x| dual::group_norm(l, x));
            let layer = burn_nn::InstanceNormConfig::new(inputs)
                .with_affine(affine)
                .init(&device());
            let case = Case("dual::instance_norm", Curved, seed);
            check_layer(case, layer, images, |l, x| dual::instance_norm(l, x));
        }

        let layer = burn_nn::pool::AvgPool2dConfig::new([2, 3])
            .with_strides([2, 1])
            .init();
        let case = Case("dual::avg_pool2d", Constant, seed);
        check_layer(case, layer, images, dual::avg_pool2d);
        let layer = burn_nn::pool::AdaptiveAvgPool2dConfig::new([2, 3]).init();
        let case = Case("dual::adaptive_avg_pool2d", Constant, seed);
        check_layer(case, layer, images, dual::adaptive_avg_pool2d);
        for mode in [
            burn_nn::interpolate::InterpolateMode::Nearest,
            burn_nn::interpolate::InterpolateMode::Linear,
        ] {
            let layer = burn_nn::interpolate::Interpolate2dConfig::new()
                .with_output_size(Some([7, 5]))
                .with_mode(mode)
                .init();
            let case = Case("dual::interpolate2d", Constant, seed);
            check_layer(case, layer, images, dual::interpolate2d);
        }
        let case = Case("layouts", Constant, seed);
        check_layer(case, NOTHING, images, |_, x: Dual<4>| {
            x.linear(to_channels_last).linear(to_channels_first)
        });
    }
}

/// The functions over Burn's layers compute what the layers compute.
#[test]
fn layers_of_burn_keep_their_values() {
    let device = device();
    let redraw = |seed| Redraw(stream(seed));
    let x = stream(1).normal([3, 4, 5, 6], &device);
    macro_rules! same {
        ($config:expr, $function:path) => {{
            let layer = $config.map(&mut redraw(2));
            let value = $function(&layer, Dual::constant(x.clone())).value;
            assert_close(value, layer.forward(x.clone()), 1e-9);
        }};
    }
    same!(burn_nn::LinearConfig::new(6, 3).init(&device), dual::linear);
    same!(
        burn_nn::conv::Conv2dConfig::new([4, 6], [3, 2])
            .with_groups(2)
            .with_dilation([1, 2])
            .with_padding(PaddingConfig2d::Same)
            .init(&device),
        dual::conv2d
    );
    same!(
        burn_nn::conv::ConvTranspose2dConfig::new([4, 6], [3, 2])
            .with_groups(2)
            .with_stride([2, 1])
            .init(&device),
        dual::conv_transpose2d
    );
    for epsilon in [1e-8, 1e-5, 0.1] {
        same!(
            burn_nn::LayerNormConfig::new(6)
                .with_epsilon(epsilon)
                .init(&device),
            dual::layer_norm
        );
    }
    same!(
        burn_nn::GroupNormConfig::new(2, 4).init(&device),
        dual::group_norm
    );
    same!(
        burn_nn::InstanceNormConfig::new(4).init(&device),
        dual::instance_norm
    );
}

#[test]
fn discriminators() {
    for seed in SEEDS {
        let mut draw = stream(seed);
        let [n, features] = [small(&mut draw), small(&mut draw)];
        let mlp = MlpConfig::new(features)
            .with_hidden(vec![7, 5])
            .init_discriminator(&device())
            .unwrap();
        let case = Case("MlpDiscriminator", Constant, seed);
        check(case, mlp, [n, features], |d, x| d.logits_dual(x, &()));

        let channels = 1 + draw.index(3);
        for algorithm in [Algorithm::Matmul, Algorithm::Direct] {
            let dcgan = DcganConfig::new(channels, 8, 16)
                .with_filters(3)
                .with_base_size(2)
                .with_algorithm(algorithm)
                .with_discriminator_normalization(Normalization::None)
                .init_discriminator(&device())
                .unwrap();
            let case = Case("DcganDiscriminator", Constant, seed);
            let shape = [n, channels, 8, 16];
            check(case, dcgan, shape, |d, x| d.logits_dual(x, &()));
        }
    }
}
