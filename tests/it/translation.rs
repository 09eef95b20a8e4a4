//! Networks from image to image, and the layers that they brought: parameter counts of the papers, the networks against
//! Burn's own layers, receptive fields, derivatives in double precision, errors.

use burn::module::{Module, ModuleVisitor, Param};
use burn::optim::GradientsParams;
use burn::tensor::module::{conv_transpose2d, conv2d};
use burn::tensor::ops::{ConvOptions, ConvTransposeOptions, PadMode};
use burn::tensor::{Device, Tensor, activation};
use burn_gan::model::{
    DcganConfig, Normalization, Padding, PatchganConfig, TranslatorConfig, UnetConfig,
};
use burn_gan::nn::{
    Algorithm, ConvolutionConfig, GroupNormConfig, Initialization, InstanceNormConfig,
    reflection_pad, to_channels_first, to_channels_last,
};
use burn_gan::random::{Purpose, Stream};
use burn_gan::{Discriminator, Dual, DualDiscriminator, Generator, ImageCondition, NetworkError};

use crate::common::{
    Shift, alone, along, assert_close, double_precision, parameters, stream, values,
};
use crate::kernels::{any, check as check_kernels};

const STEP: f64 = 1e-6;
const TOLERANCE: f64 = 1e-5;

#[track_caller]
fn agree(what: &str, analytic: f64, numeric: f64) {
    let error = (analytic - numeric).abs() / numeric.abs().max(1e-4);
    assert!(error < TOLERANCE, "{what}: {analytic} against {numeric}");
}

/// Number of trained values.
fn count<M: Module>(module: &M) -> i64 {
    struct Count(i64);
    impl ModuleVisitor for Count {
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            if param.is_require_grad() {
                self.0 += param.dims().iter().product::<usize>() as i64;
            }
        }
    }
    let mut count = Count(0);
    module.visit(&mut count);
    count.0
}

/// The number of parameters with 64 filters. It is a polynomial of degree 2 in the filters, so that three narrow networks
/// say what it is.
fn count_at_64<M: Module>(network: impl Fn(usize) -> M) -> i64 {
    let [a, b, c] = [1, 2, 3].map(|filters| count(&network(filters)));
    // Newton's form: differences of the first and of the second order.
    let (first, second) = (b - a, c - 2 * b + a);
    a + 63 * first + 63 * 62 / 2 * second
}

/// Isola et al. 2017 and Zhu et al. 2017, as the authors' code prints them: 54.414 M, 2.769 M, 2.765 M, 11.378 M and
/// 7.838 M.
#[test]
fn the_papers_networks_have_so_many_parameters() {
    let device = Device::flex().autodiff();
    let unet = UnetConfig::new(3, 3, 256, 256);
    assert_eq!((unet.filters, unet.halvings().unwrap()), (64, 8));
    let unet = |filters| unet.clone().with_filters(filters).init(&device).unwrap();
    assert_eq!(count_at_64(unet), 54_413_955);

    let patchgan = PatchganConfig::new(3, 256, 256);
    assert_eq!((patchgan.filters, patchgan.patch()), (64, 70));
    assert_eq!(patchgan.grid().unwrap(), [30, 30]);
    let beside = |filters| {
        let config = patchgan.clone().with_condition_channels(3);
        config.with_filters(filters).init(&device).unwrap()
    };
    assert_eq!(count_at_64(beside), 2_768_705);
    let instance = patchgan.with_normalization(Normalization::Instance);
    let alone = |filters| {
        let config = instance.clone().with_filters(filters);
        config.init(&device).unwrap()
    };
    assert_eq!(count_at_64(alone), 2_764_737);
    // The extrapolation against the network itself.
    assert_eq!(count(&alone(64)), 2_764_737);

    for (side, blocks, parameters) in [(256, 9, 11_378_179), (128, 6, 7_837_699)] {
        let config = TranslatorConfig::new(3, 3, side, side);
        assert_eq!((config.filters, config.blocks()), (64, blocks));
        let translator = |filters| config.clone().with_filters(filters).init(&device).unwrap();
        assert_eq!(count_at_64(translator), parameters);
    }
}

#[test]
fn a_padding_that_is_given_agrees_with_burns() {
    let mut random = stream(1);
    for device in crate::common::processors() {
        for _ in 0..40 {
            let kernel = any(&mut random, 1..=5);
            let stride = any(&mut random, 1..=kernel);
            let padding = random.index(kernel);
            let groups = any(&mut random, 1..=2);
            let [inputs, outputs] = [1, 2].map(|_| groups * any(&mut random, 1..=3));
            let [height, width] = [1, 2].map(|_| any(&mut random, kernel..=kernel + 6));
            let config = ConvolutionConfig::new(inputs, outputs, kernel)
                .with_stride(stride)
                .with_padding(Some(padding))
                .with_groups(groups);
            let x = stream(2).normal([2, inputs, height, width], &device);
            let layer = config.init(&mut stream(3), &device).unwrap();
            let options = ConvOptions::new([stride; 2], [padding; 2], [1; 2], groups);
            let expected = conv2d(x.clone(), layer.standard_weight(), None, options);
            for algorithm in [Algorithm::Matmul, Algorithm::Direct] {
                let config = config.clone().with_algorithm(algorithm);
                let layer = config.init(&mut stream(3), &device).unwrap();
                let x = Dual::constant(to_channels_last(x.clone()));
                let y = to_channels_first(layer.propagate(x).value);
                assert_close(y, expected.clone(), 1e-5);
            }
        }
    }
}

#[test]
fn a_padding_that_is_given_has_its_kernels() {
    alone(|| {
        let device = double_precision();
        for (kernel, stride, padding, channels) in [
            (4, 1, 1, 3),
            (4, 1, 1, 16),
            (3, 1, 0, 16),
            (3, 1, 2, 16),
            (3, 1, 0, 3),
            (7, 1, 0, 2),
            (4, 2, 0, 16),
            (4, 2, 3, 2),
        ] {
            for [height, width] in [[7, 8], [9, 12], [8, 7]] {
                let config = ConvolutionConfig::new(channels, 16, kernel)
                    .with_stride(stride)
                    .with_padding(Some(padding))
                    .with_bias(true)
                    .with_initialization(Initialization::He { slope: 0.2 });
                let layer = config.init(&mut stream(4), &device).unwrap();
                let what = format!("{height}x{width}, {config}");
                check_kernels(&what, layer, [3, height, width, channels], |layer, x| {
                    layer.propagate(x)
                });
            }
        }
    });
}

#[test]
fn reflections_agree_with_burns() {
    let mut random = stream(5);
    for device in crate::common::processors() {
        for _ in 0..10 {
            let padding = random.index(4);
            let [height, width] = [1, 2].map(|_| padding + any(&mut random, 1..=4));
            let x = stream(6).normal::<4>([2, height, width, 3], &device);
            let around = [(0, 0), (padding, padding), (padding, padding), (0, 0)];
            let expected = x.clone().pad(around, PadMode::Reflect);
            let direction = stream(7).normal(x.dims(), &device);
            let dual = Dual::with_tangent(x, direction.clone()).unwrap();
            let found = reflection_pad(dual, padding);
            assert!(!found.is_curved());
            assert_eq!(values(found.value), values(expected));
            let expected = direction.pad(around, PadMode::Reflect);
            assert_eq!(values(found.tangent.unwrap()), values(expected));
        }
    }
    let device = Device::flex();
    let x = Tensor::<4>::from_floats([[[[1.0], [2.0], [3.0]]; 3]], &device);
    let y = reflection_pad(Dual::constant(x), 2).value;
    let row = [3.0, 2.0, 1.0, 2.0, 3.0, 2.0, 1.0];
    assert_eq!(values(y), row.repeat(7));
}

#[test]
fn instance_norm_is_that_of_scale_1_and_shift_0() {
    alone(|| {
        let device = double_precision();
        for shape in [[3, 4, 5, 2], [2, 1, 7, 33], [1, 3, 3, 64]] {
            let norm = InstanceNormConfig::new().init().unwrap();
            assert_eq!(count(&norm), 0);
            let scaled = GroupNormConfig::instance(shape[3]).init(&device).unwrap();
            let [x, dx] = [1, 2].map(|step| stream(step).normal(shape, &device));
            let dual = Dual::with_tangent(x, dx).unwrap();
            let (found, expected) = (norm.propagate(dual.clone()), scaled.propagate(dual));
            assert!(found.is_curved() && !found.is_coupled());
            assert_close(found.value, expected.value, 1e-12);
            assert_close(found.tangent.unwrap(), expected.tangent.unwrap(), 1e-12);
            check_kernels("instance", norm, shape, |norm, x| norm.propagate(x));
        }
        assert!(InstanceNormConfig::new().with_epsilon(0.0).init().is_err());
    });
}

/// The weights of the layers in the order in which a network is built, each from its own stream.
struct Layers {
    seed: u64,
    purpose: Purpose,
    built: u64,
    device: Device,
}

impl Layers {
    fn new(seed: u64, purpose: Purpose, device: &Device) -> Self {
        Self {
            seed,
            purpose,
            built: 0,
            device: device.clone(),
        }
    }

    fn stream(&mut self) -> Stream {
        self.built += 1;
        Stream::new(self.seed, self.purpose, self.built - 1)
    }

    fn convolution(
        &mut self,
        inputs: usize,
        outputs: usize,
        kernel: usize,
        stride: usize,
    ) -> Tensor<4> {
        ConvolutionConfig::new(inputs, outputs, kernel)
            .with_stride(stride)
            .with_padding(Some(0))
            .init(&mut self.stream(), &self.device)
            .unwrap()
            .standard_weight()
    }

    fn transposed(&mut self, inputs: usize, outputs: usize, kernel: usize) -> Tensor<4> {
        ConvolutionConfig::new(inputs, outputs, kernel)
            .with_stride(2)
            .init_transposed(&mut self.stream(), &self.device)
            .unwrap()
            .standard_weight()
    }
}

/// Burn's convolution of `[N, C, H, W]`.
fn down(x: Tensor<4>, weight: Tensor<4>, stride: usize, padding: usize) -> Tensor<4> {
    let options = ConvOptions::new([stride; 2], [padding; 2], [1; 2], 1);
    conv2d(x, weight, None, options)
}

fn up(x: Tensor<4>, weight: Tensor<4>, output_padding: usize) -> Tensor<4> {
    let options = ConvTransposeOptions::new([2; 2], [1; 2], [output_padding; 2], [1; 2], 1);
    conv_transpose2d(x, weight, None, options)
}

/// Mean 0 and variance 1 of each channel of each image.
fn instance(x: Tensor<4>) -> Tensor<4> {
    let mean = x.clone().mean_dim(2).mean_dim(3);
    let centered = x - mean;
    let variance = centered.clone().square().mean_dim(2).mean_dim(3);
    centered / (variance + 1e-5).sqrt()
}

fn leaky(x: Tensor<4>) -> Tensor<4> {
    activation::leaky_relu(x, 0.2)
}

/// The U-Net as the authors' code has it, a block inside a block: `x` beside what the inner block makes of it.
#[test]
fn a_unet_is_the_authors() {
    let device = Device::flex();
    let filters = [2, 4, 8, 16, 16];
    for (halvings, latent_size) in [(1, 0), (2, 3), (5, 0)] {
        let config = UnetConfig::new(3, 2, 32, 64)
            .with_filters(2)
            .with_halvings(Some(halvings))
            .with_latent_size(latent_size)
            .with_normalization(Normalization::Instance)
            .with_seed(8);
        let generator = config.init(&device).unwrap();
        let source = stream(1).normal::<4>([2, 3, 32, 64], &device) * 20.0;
        let latent = stream(2).normal([2, latent_size], &device);
        let images = generator.generate(latent.clone(), &source);
        assert_eq!(images.dims(), [2, 2, 32, 64]);
        let mut input = source;
        if latent_size > 0 {
            let noise = latent.reshape([2, latent_size, 1, 1]);
            let noise = noise.expand([2, latent_size, 32, 64]);
            input = Tensor::cat(vec![input, noise], 1);
        }

        let mut layers = Layers::new(8, Purpose::GeneratorWeights, &device);
        let encoder: Vec<_> = (0..halvings)
            .map(|level| match level {
                0 => layers.convolution(3 + latent_size, 2, 4, 2),
                _ => layers.convolution(filters[level - 1], filters[level], 4, 2),
            })
            .collect();
        let mut decoder: Vec<_> = (0..halvings)
            .rev()
            .map(|level| {
                let beside = if level + 1 == halvings { 1 } else { 2 };
                let outputs = if level == 0 { 2 } else { filters[level - 1] };
                layers.transposed(beside * filters[level], outputs, 4)
            })
            .collect();
        decoder.reverse();
        // The block that halves what has been halved `level` times.
        fn block(x: Tensor<4>, level: usize, [encoder, decoder]: [&[Tensor<4>]; 2]) -> Tensor<4> {
            let innermost = level + 1 == encoder.len();
            let inside = if level == 0 {
                x.clone()
            } else {
                leaky(x.clone())
            };
            let mut inside = down(inside, encoder[level].clone(), 2, 1);
            if level > 0 && !innermost {
                inside = instance(inside);
            }
            if !innermost {
                inside = block(inside, level + 1, [encoder, decoder]);
            }
            let outside = up(activation::relu(inside), decoder[level].clone(), 0);
            if level == 0 {
                outside.tanh()
            } else {
                Tensor::cat(vec![x, instance(outside)], 1)
            }
        }
        let expected = block(input, 0, [&encoder, &decoder]);
        assert_close(images, expected, 2e-3);
    }
}

#[test]
fn a_translator_is_the_authors() {
    let device = Device::flex();
    for padding in [Padding::Reflection, Padding::Zeros] {
        let config = TranslatorConfig::new(1, 3, 12, 20)
            .with_filters(3)
            .with_blocks(Some(2))
            .with_padding(padding)
            .with_seed(9);
        let generator = config.init(&device).unwrap();
        let source = stream(1).normal::<4>([2, 1, 12, 20], &device);
        let images = generator.generate(Tensor::zeros([2, 0], &device), &source);
        assert_eq!(images.dims(), [2, 3, 12, 20]);

        let mut layers = Layers::new(9, Purpose::GeneratorWeights, &device);
        let same = |x: Tensor<4>, weight: Tensor<4>| {
            let p = weight.dims()[2] / 2;
            let around = [(0, 0), (0, 0), (p, p), (p, p)];
            let mode = match padding {
                Padding::Reflection => PadMode::Reflect,
                _ => PadMode::Constant(0.0),
            };
            down(x.pad(around, mode), weight, 1, 0)
        };
        let norm_relu = |x| activation::relu(instance(x));
        let mut x = norm_relu(same(source, layers.convolution(1, 3, 7, 1)));
        x = norm_relu(down(x, layers.convolution(3, 6, 3, 2), 2, 1));
        x = norm_relu(down(x, layers.convolution(6, 12, 3, 2), 2, 1));
        for _ in 0..2 {
            let y = norm_relu(same(x.clone(), layers.convolution(12, 12, 3, 1)));
            x = x + instance(same(y, layers.convolution(12, 12, 3, 1)));
        }
        x = norm_relu(up(x, layers.transposed(12, 6, 3), 1));
        x = norm_relu(up(x, layers.transposed(6, 3, 3), 1));
        let expected = same(x, layers.convolution(3, 3, 7, 1)).tanh();
        assert_close(images, expected, 1e-3);
    }
}

#[test]
fn a_patchgan_is_the_authors() {
    let device = Device::flex();
    for layers_of in [0, 1, 4] {
        let config = PatchganConfig::new(2, 48, 64)
            .with_condition_channels(3)
            .with_filters(2)
            .with_layers(layers_of)
            .with_normalization(Normalization::Instance)
            .with_seed(10);
        let discriminator = config.init(&device).unwrap();
        let samples = stream(1).normal::<4>([2, 2, 48, 64], &device);
        let source = stream(2).normal::<4>([2, 3, 48, 64], &device);
        let logits = discriminator.logits(samples.clone(), &source);
        let [rows, columns] = config.grid().unwrap();
        assert_eq!(logits.dims(), [2 * rows * columns]);

        let mut layers = Layers::new(10, Purpose::DiscriminatorWeights, &device);
        let (kernel, padding) = if layers_of == 0 { (1, 0) } else { (4, 1) };
        let filters = [2, 4, 8, 16, 16];
        let mut x = Tensor::cat(vec![source, samples], 1);
        for layer in 0..=layers_of.max(1) {
            let inputs = if layer == 0 { 5 } else { filters[layer - 1] };
            let stride = if layer < layers_of { 2 } else { 1 };
            let weight = layers.convolution(inputs, filters[layer], kernel, stride);
            x = down(x, weight, stride, padding);
            x = leaky(if layer == 0 { x } else { instance(x) });
        }
        let weight = layers.convolution(filters[layers_of.max(1)], 1, kernel, 1);
        let x = down(x, weight, 1, padding);
        assert_eq!(x.dims(), [2, 1, rows, columns]);
        assert_close(logits, x.reshape([2 * rows * columns]), 1e-3);
    }
}

/// A logit depends on the pixels of its patch, and on no other.
#[test]
fn a_logit_sees_its_patch() {
    let device = Device::flex().autodiff();
    for (layers, side) in [(0, 5), (1, 40), (2, 56), (3, 104)] {
        let config = PatchganConfig::new(1, side, side)
            .with_filters(2)
            .with_layers(layers)
            .with_normalization(Normalization::None);
        let discriminator = config.init(&device).unwrap();
        let x = stream(1)
            .normal::<4>([1, 1, side, side], &device)
            .require_grad();
        let [rows, columns] = config.grid().unwrap();
        let at = rows / 2 * columns + columns / 2;
        let logit = discriminator.logits(x.clone(), &()).narrow(0, at, 1);
        let gradient = x.grad(&logit.backward()).unwrap();
        let seen = gradient.abs().greater_scalar(0.0).float();
        let extent = |axis: usize| {
            let seen = values(seen.clone().max_dim(axis));
            let first = seen.iter().position(|&seen| seen > 0.0).unwrap();
            let last = seen.iter().rposition(|&seen| seen > 0.0).unwrap();
            last - first + 1
        };
        assert_eq!(
            [extent(2), extent(3)],
            [config.patch(); 2],
            "{layers} layers"
        );
    }
}

#[test]
fn any_size_that_fits() {
    let device = Device::flex();
    for ([height, width], halvings) in [([28, 28], 2), ([6, 10], 1), ([64, 48], 4), ([8, 8], 3)] {
        let config = UnetConfig::new(1, 2, height, width).with_filters(2);
        assert_eq!(config.halvings().unwrap(), halvings);
        let source = stream(1).normal::<4>([3, 1, height, width], &device);
        let none = Tensor::zeros([3, 0], &device);
        let generator = config.init(&device).unwrap();
        assert_eq!(generator.latent_size(), 0);
        assert_eq!(generator.sample_shape(), Some(vec![2, height, width]));
        let images = generator.generate(none.clone(), &source);
        assert_eq!(images.dims(), [3, 2, height, width]);
        assert!(values(images).iter().all(|pixel| pixel.abs() <= 1.0));

        let translator = TranslatorConfig::new(1, 2, height, width)
            .with_filters(2)
            .with_halvings(1)
            .with_blocks(Some(1));
        let generator = translator.init(&device).unwrap();
        assert_eq!(generator.latent_size(), 0);
        assert_eq!(generator.sample_shape(), Some(vec![2, height, width]));
        let images = generator.generate(none, &source);
        assert_eq!(images.dims(), [3, 2, height, width]);
    }
}

/// The slope of a generator's weighted images along a direction of its weights and of its source images.
#[track_caller]
fn generator_slopes<G: Generator<4, Tensor<4>>>(generator: G, shape: [usize; 4]) {
    let device = double_precision();
    // Larger weights than a network starts from, so that every layer counts.
    let generator = generator.map(&mut Shift::by(0.3));
    let source = stream(1).normal::<4>(shape, &device);
    let direction = stream(2).normal::<4>(shape, &device);
    let latent = stream(3).normal([shape[0], generator.latent_size()], &device);
    let objective = |generator: &G, source: Tensor<4>| {
        let images = generator.generate(latent.clone(), &source);
        let weights = stream(4).normal(images.dims(), &device);
        (images * weights).sum()
    };
    let leaf = source.clone().require_grad();
    let mut gradients = objective(&generator, leaf.clone()).backward();
    let of_source = leaf.grad_remove(&mut gradients).expect("a gradient");
    let gradients = GradientsParams::from_grads(gradients, &generator);
    let at = |scale| {
        let moved = generator.clone().map(&mut Shift::by(scale));
        values(objective(&moved, source.clone()))[0]
    };
    let numeric = (at(STEP) - at(-STEP)) / (2.0 * STEP);
    agree("weights", along(&generator, &gradients), numeric);
    let at = |scale| {
        values(objective(
            &generator,
            source.clone() + direction.clone() * scale,
        ))[0]
    };
    let numeric = (at(STEP) - at(-STEP)) / (2.0 * STEP);
    let of_source = values(of_source * direction.clone().inner());
    agree("source", of_source.iter().sum(), numeric);
}

#[test]
fn generators_have_their_gradients() {
    alone(|| {
        let device = double_precision();
        let all = [
            Normalization::Batch,
            Normalization::Instance,
            Normalization::None,
        ];
        for normalization in all {
            let unet = UnetConfig::new(2, 3, 8, 16)
                .with_filters(2)
                .with_latent_size(2)
                .with_normalization(normalization);
            generator_slopes(unet.init(&device).unwrap(), [2, 2, 8, 16]);
            let translator = TranslatorConfig::new(2, 1, 8, 12)
                .with_filters(2)
                .with_blocks(Some(1))
                .with_normalization(normalization);
            generator_slopes(translator.init(&device).unwrap(), [2, 2, 8, 12]);
        }
    });
}

/// The tangent, and the gradient of an exact penalty in the weights, against central differences.
#[track_caller]
fn penalty_slopes<C: ImageCondition>(config: &PatchganConfig, condition: C) {
    let device = double_precision();
    let shape = [2, config.channels, config.height, config.width];
    let discriminator = config.init(&device).unwrap().map(&mut Shift::by(0.2));
    let curved = config.normalization != Normalization::None;
    let x = stream(4).normal::<4>(shape, &device);
    let direction = stream(5).normal::<4>(shape, &device);
    let weights =
        stream(6).normal::<1>(discriminator.logits(x.clone(), &condition).dims(), &device);
    let weighted = |x: Tensor<4>| (discriminator.logits(x, &condition) * weights.clone()).sum();
    let dual = Dual::with_tangent(x.clone(), direction.clone()).unwrap();
    let dual = discriminator.logits_dual(dual, &condition);
    assert_eq!((dual.is_curved(), dual.is_coupled()), (curved, false));
    let at = |scale| values(weighted(x.clone() + direction.clone() * scale))[0];
    let tangent = values(dual.tangent.unwrap() * weights.clone());
    let numeric = (at(STEP) - at(-STEP)) / (2.0 * STEP);
    agree("tangent", tangent.iter().sum(), numeric);

    // The penalty 0.5 |grad_x sum D|^2: its derivative in the gradient is the gradient.
    let gradient = |discriminator: &burn_gan::model::PatchganDiscriminator| {
        let leaf = x.clone().inner().autodiff().require_grad();
        let logits = discriminator.logits(leaf.clone(), &condition).sum();
        leaf.grad(&logits.backward()).expect("a gradient")
    };
    let value = if curved { x.clone() } else { x.clone().inner() };
    let direction = gradient(&discriminator).autodiff();
    let dual = Dual::with_tangent(value, direction).unwrap();
    let dual = discriminator.logits_dual(dual, &condition);
    assert_eq!(
        dual.value.device().is_autodiff(),
        curved,
        "a plain value stays plain"
    );
    let gradients = dual.tangent.unwrap().sum().backward();
    let gradients = GradientsParams::from_grads(gradients, &discriminator);
    let penalty = |scale| {
        let moved = discriminator.clone().map(&mut Shift::by(scale));
        0.5 * values(gradient(&moved).square().sum())[0]
    };
    let numeric = (penalty(STEP) - penalty(-STEP)) / (2.0 * STEP);
    agree("penalty", along(&discriminator, &gradients), numeric);
}

#[test]
fn patchgans_have_exact_penalties() {
    alone(|| {
        let device = double_precision();
        for (layers, side) in [(0, 4), (1, 8), (2, 16)] {
            for normalization in [Normalization::Instance, Normalization::None] {
                let config = PatchganConfig::new(1, side, side + 2)
                    .with_filters(2)
                    .with_layers(layers)
                    .with_normalization(normalization);
                penalty_slopes(&config, ());
                let beside = config.with_condition_channels(2).with_spectral_norm(true);
                let source = stream(7).normal::<4>([2, 2, side, side + 2], &device);
                // As a trainer hands it over: without autodiff.
                penalty_slopes(&beside, source.without_autodiff());
            }
        }
    });
}

#[test]
fn batch_normalisation_couples_the_samples_of_a_patchgan() {
    let device = Device::flex().autodiff();
    let discriminator = PatchganConfig::new(1, 16, 16)
        .with_filters(2)
        .with_layers(1)
        .init(&device)
        .unwrap();
    let x = stream(1).normal::<4>([3, 1, 16, 16], &device);
    let logits = discriminator.logits_dual(Dual::constant(x), &());
    assert!(logits.is_coupled());
}

#[test]
fn conditions_that_do_not_fit_are_refused() {
    let device = Device::flex();
    let images = |shape| Tensor::<4>::zeros(shape, &device);
    let unet = UnetConfig::new(2, 3, 8, 8).with_filters(1);
    let unet = unet.init(&device).unwrap();
    let translator = TranslatorConfig::new(2, 3, 8, 8).with_filters(1);
    let translator = translator.init(&device).unwrap();
    let patchgan = PatchganConfig::new(3, 8, 8).with_layers(1).with_filters(1);
    let beside = patchgan.clone().with_condition_channels(2);
    let beside = beside.init(&device).unwrap();
    type Check<'a> = &'a dyn Fn(&Tensor<4>) -> Result<(), NetworkError>;
    let checks: [Check; 3] = [
        &|images| unet.check_condition(images),
        &|images| translator.check_condition(images),
        &|images| beside.check_condition(images),
    ];
    for check in checks {
        check(&images([5, 2, 8, 8])).unwrap();
        for shape in [[5, 3, 8, 8], [5, 2, 8, 10], [5, 2, 4, 8]] {
            let Err(NetworkError::Shape(error)) = check(&images(shape)) else {
                panic!("{shape:?} was not refused");
            };
            assert_eq!(error.expected, [2, 8, 8]);
            assert_eq!(error.actual, shape[1..]);
        }
    }
    let missing = beside.check_condition(&());
    assert!(
        matches!(
            missing,
            Err(NetworkError::ImageMissing {
                channels: 2,
                height: 8,
                width: 8
            })
        ),
        "{missing:?}"
    );
    let alone = patchgan.init(&device).unwrap();
    alone.check_condition(&()).unwrap();
    let unused = alone.check_condition(&images([5, 2, 8, 8]));
    assert!(
        matches!(unused, Err(NetworkError::ImageUnused)),
        "{unused:?}"
    );
}

#[test]
fn configurations_out_of_range_are_refused() {
    let device = Device::flex();
    let unet = UnetConfig::new(1, 1, 12, 8);
    let translator = TranslatorConfig::new(1, 1, 12, 8);
    let patchgan = PatchganConfig::new(1, 12, 16);
    for error in [
        UnetConfig::new(0, 1, 12, 8).init(&device).err(),
        UnetConfig::new(1, 0, 12, 8).init(&device).err(),
        unet.clone().with_filters(0).init(&device).err(),
        unet.clone().with_halvings(Some(0)).init(&device).err(),
        TranslatorConfig::new(0, 1, 12, 8).init(&device).err(),
        TranslatorConfig::new(1, 0, 12, 8).init(&device).err(),
        translator.clone().with_filters(0).init(&device).err(),
        PatchganConfig::new(0, 12, 16).init(&device).err(),
        PatchganConfig::new(1, 0, 16).init(&device).err(),
        PatchganConfig::new(1, 12, 0).init(&device).err(),
        patchgan.clone().with_filters(0).init(&device).err(),
        DcganConfig::new(1, 8, 8)
            .with_generator_normalization(Normalization::Instance)
            .init_generator(&device)
            .err(),
    ] {
        assert!(matches!(error, Some(NetworkError::Config(_))), "{error:?}");
    }
    for halvings in [3, 64, usize::MAX] {
        for error in [
            unet.clone()
                .with_halvings(Some(halvings))
                .init(&device)
                .err(),
            translator
                .clone()
                .with_halvings(halvings)
                .init(&device)
                .err(),
        ] {
            assert!(
                matches!(
                    error,
                    Some(NetworkError::IndivisibleSize {
                        height: 12,
                        width: 8,
                        divisor
                    }) if divisor == 8 || halvings > 3
                ),
                "{error:?}"
            );
        }
    }
    let odd = UnetConfig::new(1, 1, 7, 8).init(&device).err();
    assert!(
        matches!(odd, Some(NetworkError::UnreachableSize { .. })),
        "{odd:?}"
    );
    let small = TranslatorConfig::new(1, 1, 4, 8).init(&device).err();
    assert!(
        matches!(small, Some(NetworkError::ImageTooSmall { minimum: 8, .. })),
        "{small:?}"
    );
    for layers in [3, 64, usize::MAX] {
        let small = patchgan.clone().with_layers(layers).init(&device).err();
        assert!(
            matches!(
                small,
                Some(NetworkError::ImageTooSmall {
                    height: 12,
                    width: 16,
                    minimum
                }) if minimum == 24 || layers > 3
            ),
            "{small:?}"
        );
    }
    // The smallest image has one logit.
    let smallest = PatchganConfig::new(1, 24, 24).with_filters(1);
    assert_eq!(smallest.grid().unwrap(), [1, 1]);
    let logits = smallest.init(&device).unwrap();
    let logits = logits.logits(Tensor::zeros([2, 1, 24, 24], &device), &());
    assert_eq!(logits.dims(), [2]);

    let convolution = ConvolutionConfig::new(1, 1, 3);
    for error in [
        convolution
            .clone()
            .with_padding(Some(3))
            .init(&mut stream(1), &device)
            .err(),
        convolution
            .clone()
            .with_padding(Some(0))
            .with_stride(0)
            .init(&mut stream(1), &device)
            .err(),
        convolution
            .clone()
            .with_padding(Some(0))
            .with_stride(4)
            .init(&mut stream(1), &device)
            .err(),
        convolution
            .with_padding(Some(1))
            .init_transposed(&mut stream(1), &device)
            .err(),
    ] {
        assert!(matches!(error, Some(NetworkError::Config(_))), "{error:?}");
    }
}

/// The seed is all that weights depend on, and two seeds give two networks, as the two generators of a CycleGAN.
#[test]
fn weights_follow_from_the_seed() {
    let device = Device::flex();
    let translator = TranslatorConfig::new(1, 1, 8, 8).with_filters(1);
    let weights = |seed| parameters(&translator.clone().with_seed(seed).init(&device).unwrap());
    assert_eq!(weights(1), weights(1));
    assert_ne!(weights(1), weights(2));
}
