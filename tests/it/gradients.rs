//! Finite differences, in double precision: every layer's and network's gradient in its parameters and its
//! input, and every tangent, in a random direction.

use crate::common::{
    Shift, alone, along, double_precision as device, generator_slopes, stream, values,
};
use burn::module::Module;
use burn::optim::GradientsParams;
use burn::tensor::Tensor;
use burn_gan::model::{DcganConfig, MlpConfig, Normalization};
use burn_gan::nn::{
    Activation, Algorithm, BatchNormConfig, ConvolutionConfig, HeadConfig, Initialization,
    LinearConfig, StemConfig,
};
use burn_gan::{Discriminator, Dual, DualDiscriminator, Generator};

const STEP: f64 = 1e-5;
const TOLERANCE: f64 = 1e-6;

/// Checks `forward` of `module` at `input`: the gradient in parameters and input, and the tangent.
#[track_caller]
pub fn check<M: Module, const I: usize, const O: usize>(
    module: M,
    shape: [usize; I],
    forward: impl Fn(&M, Dual<I>) -> Dual<O>,
) {
    let device = device();
    let input = stream(1).normal(shape, &device);
    let direction = stream(2).normal(shape, &device);
    let output = forward(&module, Dual::constant(input.clone())).value;
    let weights = stream(3).normal(output.dims(), &device);
    let objective = |module: &M, input: Tensor<I>| {
        let output = forward(module, Dual::constant(input)).value;
        (output * weights.clone()).sum()
    };
    let scalar = |module: &M, input: Tensor<I>| values(objective(module, input))[0];
    let agree = |what: &str, analytic: f64, numeric: f64| {
        let error = (analytic - numeric).abs() / numeric.abs().max(1e-3);
        assert!(error < TOLERANCE, "{what}: {analytic} against {numeric}");
    };

    let leaf = input.clone().require_grad();
    let mut gradients = objective(&module, leaf.clone()).backward();
    let input_gradient = leaf.grad_remove(&mut gradients).expect("input gradient");
    let gradients = GradientsParams::from_grads(gradients, &module);
    let shifted = |scale| scalar(&module.clone().map(&mut Shift::by(scale)), input.clone());
    agree(
        "parameters",
        along(&module, &gradients),
        (shifted(STEP) - shifted(-STEP)) / (2.0 * STEP),
    );

    let moved = |scale: f64| input.clone() + direction.clone() * scale;
    let numeric = (scalar(&module, moved(STEP)) - scalar(&module, moved(-STEP))) / (2.0 * STEP);
    let along_input: f64 = values(input_gradient * direction.clone().inner())
        .iter()
        .sum();
    agree("input", along_input, numeric);

    let dual = Dual::with_tangent(input, direction).expect("same shape");
    let tangent = forward(&module, dual)
        .tangent
        .expect("a tangent goes through");
    agree(
        "tangent",
        values(tangent * weights.clone()).iter().sum(),
        numeric,
    );
}

#[test]
fn activations() {
    alone(|| {
        for activation in [
            Activation::Identity,
            Activation::Relu,
            Activation::LeakyRelu { slope: 0.2 },
            Activation::Tanh,
            Activation::Silu,
            Activation::Softplus,
        ] {
            // A linear layer in front gives the check some parameters.
            let layer = LinearConfig::new(3, 5)
                .init(&mut stream(4), &device())
                .unwrap();
            check(layer, [4, 3], |layer, x| {
                activation.propagate(layer.propagate(x))
            });
        }
    });
}

#[test]
fn convolutions() {
    alone(|| {
        for (kernel, stride) in [(1, 1), (3, 1), (3, 2), (4, 2), (5, 2), (2, 2), (5, 3)] {
            for algorithm in [Algorithm::Matmul, Algorithm::Direct] {
                let layer = ConvolutionConfig::new(2, 3, kernel)
                    .with_stride(stride)
                    .with_bias(true)
                    .with_algorithm(algorithm)
                    .with_initialization(Initialization::He { slope: 0.0 })
                    .init(&mut stream(5), &device())
                    .unwrap();
                check(layer, [2, 7, 6, 2], |layer, x| layer.propagate(x));
            }
        }
    });
}

#[test]
fn grouped_convolutions() {
    alone(|| {
        for (kernel, stride) in [(1, 1), (3, 1), (3, 2), (4, 2)] {
            for algorithm in [Algorithm::Matmul, Algorithm::Direct] {
                let layer = ConvolutionConfig::new(6, 4, kernel)
                    .with_stride(stride)
                    .with_groups(2)
                    .with_bias(true)
                    .with_algorithm(algorithm)
                    .with_initialization(Initialization::He { slope: 0.0 })
                    .init(&mut stream(5), &device())
                    .unwrap();
                check(layer, [2, 5, 4, 6], |layer, x| layer.propagate(x));
                let layer = ConvolutionConfig::new(6, 4, kernel)
                    .with_stride(stride)
                    .with_groups(2)
                    .with_bias(true)
                    .with_spectral_norm(true)
                    .with_algorithm(algorithm)
                    .init_transposed(&mut stream(5), &device())
                    .unwrap();
                check(layer, [2, 3, 4, 6], |layer, x| layer.propagate(x));
            }
        }
    });
}

#[test]
fn resampling() {
    alone(|| {
        use burn_gan::nn::resampling::{average_pool, upsample_bilinear, upsample_nearest};
        for resample in [average_pool, upsample_bilinear, upsample_nearest] {
            // A convolution in front gives the check some parameters.
            let layer = ConvolutionConfig::new(2, 3, 1)
                .init(&mut stream(5), &device())
                .unwrap();
            check(layer, [2, 4, 5, 2], |layer, x| resample(layer.propagate(x)));
        }
    });
}

#[test]
fn spectral_norms() {
    alone(|| {
        let linear = LinearConfig::new(3, 5)
            .with_spectral_norm(true)
            .init(&mut stream(4), &device())
            .unwrap();
        check(linear, [4, 3], |layer, x| layer.propagate(x));
        for groups in [1, 2] {
            let convolution = ConvolutionConfig::new(2, 4, 3)
                .with_groups(groups)
                .with_spectral_norm(true)
                .with_bias(true)
                .init(&mut stream(5), &device())
                .unwrap();
            check(convolution, [2, 5, 4, 2], |layer, x| layer.propagate(x));
        }
        let head = HeadConfig::new([2, 3, 4])
            .with_outputs(2)
            .with_spectral_norm(true)
            .init(&mut stream(8), &device())
            .unwrap();
        check(head, [5, 2, 3, 4], |head, x| head.propagate(x));
    });
}

#[test]
fn transposed_convolutions() {
    alone(|| {
        for (kernel, stride) in [(1, 1), (3, 1), (3, 2), (4, 2), (5, 2), (2, 2), (5, 3)] {
            for algorithm in [Algorithm::Matmul, Algorithm::Direct] {
                let layer = ConvolutionConfig::new(2, 3, kernel)
                    .with_stride(stride)
                    .with_bias(true)
                    .with_algorithm(algorithm)
                    .with_initialization(Initialization::He { slope: 0.0 })
                    .init_transposed(&mut stream(6), &device())
                    .unwrap();
                check(layer, [2, 3, 4, 2], |layer, x| layer.propagate(x));
            }
        }
    });
}

#[test]
fn wide_convolutions() {
    alone(|| {
        // So many channels that there is a product for each run of the window.
        for (kernel, stride, channels) in [(3, 1, 64), (3, 2, 16), (4, 2, 17), (5, 2, 16)] {
            let layer = ConvolutionConfig::new(channels, 3, kernel)
                .with_stride(stride)
                .init(&mut stream(5), &device())
                .unwrap();
            check(layer, [1, 5, 6, channels], |layer, x| layer.propagate(x));
            let layer = ConvolutionConfig::new(2, channels, kernel)
                .with_stride(stride)
                .init_transposed(&mut stream(6), &device())
                .unwrap();
            check(layer, [1, 3, 4, 2], |layer, x| layer.propagate(x));
        }
    });
}

#[test]
fn stem_and_head() {
    alone(|| {
        let stem = StemConfig::new(3, [2, 3, 4])
            .with_bias(true)
            .init(&mut stream(7), &device())
            .unwrap();
        check(stem, [5, 3], |stem, x| stem.propagate(x));
        let head = HeadConfig::new([2, 3, 4])
            .with_bias(true)
            .init(&mut stream(8), &device())
            .unwrap();
        check(head, [5, 2, 3, 4], |head, x| head.propagate(x));
    });
}

#[test]
fn batch_norm_in_training() {
    alone(|| {
        let norm = BatchNormConfig::new(3).init(&device()).unwrap();
        check(norm.clone(), [6, 3], |norm, x| norm.propagate(x));
        check(norm, [2, 3, 2, 3], |norm, x| norm.propagate(x));
    });
}

#[test]
fn batch_norm_in_evaluation() {
    alone(|| {
        let norm = BatchNormConfig::new(3).init(&device()).unwrap();
        norm.propagate(Dual::constant(
            stream(9).normal([50, 3], &device()) * 2.0 + 1.0,
        ));
        // Frozen, it uses the running statistics on an autodiff device too.
        let mut norm = norm.valid().train();
        norm.training = norm.training.with_value(false);
        check(norm, [6, 3], |norm, x| norm.propagate(x));
    });
}

#[test]
fn networks() {
    alone(|| {
        let mlp = MlpConfig::new(2).with_hidden(vec![7, 5]);
        check(
            mlp.init_discriminator(&device()).unwrap(),
            [4, 2],
            |d, x| d.logits_dual(x, &()),
        );
        for normalization in [Normalization::Batch, Normalization::None] {
            let dcgan = DcganConfig::new(2, 8, 16)
                .with_filters(3)
                .with_latent_size(4)
                .with_base_size(2)
                .with_discriminator_normalization(normalization)
                .with_generator_normalization(normalization);
            // Larger weights than a DCGAN starts from, so that every layer counts.
            let grow = || Shift::by(0.3);
            let discriminator = dcgan
                .init_discriminator(&device())
                .unwrap()
                .map(&mut grow());
            check(discriminator, [3, 2, 8, 16], |d, x| d.logits_dual(x, &()));
            let generator = dcgan.init_generator(&device()).unwrap().map(&mut grow());
            generator_gradient(generator);
        }
    });
}

/// A generator has no tangent: its value alone is checked.
fn generator_gradient<G: Generator<4>>(generator: G) {
    let [analytic, numeric] = generator_slopes(generator, STEP);
    let error = (analytic - numeric).abs() / numeric.abs().max(1e-3);
    assert!(error < TOLERANCE, "{analytic} against {numeric}");
}

#[test]
fn a_constant_carries_no_tangent() {
    alone(|| {
        let mlp = MlpConfig::new(2).init_discriminator(&device()).unwrap();
        let x = stream(12).normal([3, 2], &device());
        let dual = mlp.logits_dual(Dual::constant(x.clone()), &());
        assert!(dual.tangent.is_none());
        assert_eq!(values(dual.value), values(mlp.logits(x, &())));
    });
}
