//! Layers: both algorithms agree over random shapes, weights convert losslessly, batch normalisation agrees
//! with Burn's, and what does not fit is refused.

use crate::common::{
    assert_close, gradients, parameters, processors, relative_error, stream, values,
};
use burn::module::{Module, Param};
use burn::optim::GradientsParams;
use burn::tensor::{Device, Int, Tensor};
use burn_gan::model::DcganConfig;
use burn_gan::nn::resampling::{average_pool, upsample_bilinear, upsample_nearest};
use burn_gan::nn::{
    Activation, Algorithm, BatchNormConfig, Convolution, ConvolutionConfig, EmbeddingProjection,
    EmbeddingProjectionConfig, GroupNormConfig, HeadConfig, LayerNormConfig, LinearConfig,
    MinibatchDeviationConfig, StemConfig, TransposedConvolution, class_labels, initialize_normal,
    to_channels_first, to_channels_last,
};
use burn_gan::trainer::GanTrainerConfig;
use burn_gan::{AdversarialTrainer, Batch, ConfigError, ShapeError};
use burn_gan::{
    Discriminator, Dual, GanError, Generator, NetworkError, WeightsError, load_weights,
    save_weights,
};

const KERNELS: [(usize, usize); 8] = [
    (1, 1),
    (3, 1),
    (3, 2),
    (4, 2),
    (5, 1),
    (5, 2),
    (2, 2),
    (6, 4),
];

fn devices() -> impl Iterator<Item = Device> {
    processors().into_iter().map(Device::autodiff)
}

fn convolution(
    (kernel, stride): (usize, usize),
    channels: [usize; 2],
    algorithm: Algorithm,
    device: &Device,
) -> Convolution {
    ConvolutionConfig::new(channels[0], channels[1], kernel)
        .with_stride(stride)
        .with_bias(true)
        .with_algorithm(algorithm)
        .init(&mut stream(1), device)
        .unwrap()
}

fn transposed(
    (kernel, stride): (usize, usize),
    channels: [usize; 2],
    algorithm: Algorithm,
    device: &Device,
) -> TransposedConvolution {
    ConvolutionConfig::new(channels[0], channels[1], kernel)
        .with_stride(stride)
        .with_bias(true)
        .with_algorithm(algorithm)
        .init_transposed(&mut stream(1), device)
        .unwrap()
}

/// Output, gradient in the input and gradients in the parameters of `forward`.
fn trace<M: Module>(
    module: &M,
    x: Tensor<4>,
    forward: impl Fn(&M, Tensor<4>) -> Tensor<4>,
) -> Vec<Vec<f64>> {
    let x = x.autodiff().require_grad();
    let y = forward(module, x.clone());
    let weights = stream(2).normal(y.dims(), &y.device());
    let mut grads = (y.clone() * weights).sum().backward();
    let in_x = x.grad_remove(&mut grads).unwrap();
    let grads = GradientsParams::from_grads(grads, module);
    let mut trace = vec![values(y), values(in_x)];
    trace.extend(gradients(module, &grads).into_values());
    trace
}

#[track_caller]
fn assert_same(a: &[Vec<f64>], b: &[Vec<f64>], what: &str) {
    assert_eq!(a.len(), b.len());
    for (a, b) in a.iter().zip(b) {
        let error = relative_error(a, b);
        assert!(error < 1e-4, "{what}: {error:e}");
    }
}

#[test]
fn matmul_and_direct_agree() {
    let mut draw = stream(3);
    for device in devices() {
        for kernel in KERNELS {
            for round in 0..4 {
                // Even and odd sides, square and not.
                let [n, height, width] = [1 + draw.index(3), 6 + draw.index(6), 6 + draw.index(6)];
                // Few channels go through one product, many through one a run of the window.
                let many = 64 / (kernel.1 * kernel.1);
                let least = if round % 2 == 0 { 1 } else { many };
                let channels = [least + draw.index(4), least + draw.index(4)];
                let x = draw.normal([n, height, width, channels[0]], &device);
                let what = format!("{kernel:?} of {height}x{width}, {channels:?}");
                let [matmul, direct] = [Algorithm::Matmul, Algorithm::Direct].map(|algorithm| {
                    let layer = convolution(kernel, channels, algorithm, &device);
                    trace(&layer, x.clone(), |layer, x| {
                        layer.propagate(Dual::constant(x)).value
                    })
                });
                assert_same(&matmul, &direct, &what);
                let [matmul, direct] = [Algorithm::Matmul, Algorithm::Direct].map(|algorithm| {
                    let layer = transposed(kernel, channels, algorithm, &device);
                    trace(&layer, x.clone(), |layer, x| {
                        layer.propagate(Dual::constant(x)).value
                    })
                });
                assert_same(&matmul, &direct, &format!("transposed {what}"));
            }
        }
    }
}

#[test]
fn sizes_are_divided_and_multiplied() {
    let device = Device::flex();
    for (kernel, side, half) in [(4, 8, 4), (4, 7, 3), (3, 8, 4), (3, 7, 4)] {
        let x = Dual::constant(Tensor::zeros([1, side, side + 2, 2], &device));
        let halve = convolution((kernel, 2), [2, 3], Algorithm::Matmul, &device);
        assert_eq!(
            halve.propagate(x.clone()).value.dims(),
            [1, half, half + 1, 3]
        );
        let double = transposed((kernel, 2), [2, 3], Algorithm::Matmul, &device);
        assert_eq!(
            double.propagate(x).value.dims(),
            [1, 2 * side, 2 * side + 4, 3]
        );
    }
}

/// Burn's own layers, given the converted weights, are an independent oracle of layout and padding.
#[test]
fn standard_weights_mean_what_they_mean_elsewhere() {
    use burn::nn::conv::{Conv2dConfig, ConvTranspose2dConfig};
    let device = Device::flex();
    let x = stream(4).normal([2, 8, 6, 3], &device);
    let nchw = to_channels_first(x.clone());

    let layer = convolution((4, 2), [3, 5], Algorithm::Matmul, &device);
    let mut burn = Conv2dConfig::new([3, 5], [4, 4])
        .with_stride([2, 2])
        .with_padding(burn::nn::PaddingConfig2d::Explicit(1, 1, 1, 1))
        .with_bias(false)
        .init(&device);
    burn.weight = burn.weight.map(|_| layer.standard_weight());
    let ours = to_channels_first(layer.propagate(Dual::constant(x.clone())).value);
    assert_close(ours, burn.forward(nchw.clone()), 1e-5);

    let layer = transposed((4, 2), [3, 5], Algorithm::Matmul, &device);
    let mut burn = ConvTranspose2dConfig::new([3, 5], [4, 4])
        .with_stride([2, 2])
        .with_padding([1, 1])
        .with_bias(false)
        .init(&device);
    burn.weight = burn.weight.map(|_| layer.standard_weight());
    let ours = to_channels_first(layer.propagate(Dual::constant(x)).value);
    assert_close(ours, burn.forward(nchw), 1e-5);

    let stem = StemConfig::new(6, [4, 3, 5])
        .init(&mut stream(5), &device)
        .unwrap();
    let latent = stream(6).normal([2, 6], &device);
    let mut burn = ConvTranspose2dConfig::new([6, 5], [4, 3])
        .with_bias(false)
        .init(&device);
    burn.weight = burn.weight.map(|_| stem.standard_weight());
    let ours = to_channels_first(stem.propagate(Dual::constant(latent.clone())).value);
    assert_close(ours, burn.forward(latent.reshape([2, 6, 1, 1])), 1e-5);

    let head = HeadConfig::new([4, 3, 5])
        .with_outputs(2)
        .init(&mut stream(7), &device)
        .unwrap();
    let image = stream(8).normal([3, 4, 3, 5], &device);
    let mut burn = Conv2dConfig::new([5, 2], [4, 3])
        .with_bias(false)
        .init(&device);
    burn.weight = burn.weight.map(|_| head.standard_weight());
    let ours = head.propagate(Dual::constant(image.clone())).value;
    assert_close(
        ours,
        burn.forward(to_channels_first(image)).reshape([3, 2]),
        1e-5,
    );
}

#[test]
fn groups_agree_with_burns() {
    use burn::nn::conv::{Conv2dConfig, ConvTranspose2dConfig};
    let device = Device::flex();
    // Padding as Burn can say it: the same before and after.
    for (kernel, stride) in [(1, 1), (3, 1), (4, 2), (5, 1), (2, 2)] {
        for (inputs, outputs, groups) in [(6, 4, 2), (6, 9, 3), (5, 5, 5), (64, 32, 4)] {
            let padding = (kernel - stride) / 2;
            let x = stream(4).normal([2, 8, 6, inputs], &device);
            for algorithm in [Algorithm::Matmul, Algorithm::Direct] {
                let layer = ConvolutionConfig::new(inputs, outputs, kernel)
                    .with_stride(stride)
                    .with_groups(groups)
                    .with_algorithm(algorithm)
                    .init(&mut stream(1), &device)
                    .unwrap();
                let mut burn = Conv2dConfig::new([inputs, outputs], [kernel; 2])
                    .with_stride([stride; 2])
                    .with_groups(groups)
                    .with_padding(burn::nn::PaddingConfig2d::Explicit(
                        padding, padding, padding, padding,
                    ))
                    .with_bias(false)
                    .init(&device);
                let standard = layer.standard_weight();
                assert_eq!(standard.dims(), [outputs, inputs / groups, kernel, kernel]);
                burn.weight = burn.weight.map(|_| standard.clone());
                let ours = to_channels_first(layer.propagate(Dual::constant(x.clone())).value);
                let theirs = burn.forward(to_channels_first(x.clone()));
                assert_close(ours, theirs, 1e-5);
                let weight = values(layer.weight.val());
                let back = layer.with_standard_weight(standard).unwrap();
                assert_eq!(values(back.weight.val()), weight);

                let layer = ConvolutionConfig::new(inputs, outputs, kernel)
                    .with_stride(stride)
                    .with_groups(groups)
                    .with_algorithm(algorithm)
                    .init_transposed(&mut stream(1), &device)
                    .unwrap();
                let mut burn = ConvTranspose2dConfig::new([inputs, outputs], [kernel; 2])
                    .with_stride([stride; 2])
                    .with_groups(groups)
                    .with_padding([padding; 2])
                    .with_bias(false)
                    .init(&device);
                let standard = layer.standard_weight();
                assert_eq!(standard.dims(), [inputs, outputs / groups, kernel, kernel]);
                burn.weight = burn.weight.map(|_| standard.clone());
                let ours = to_channels_first(layer.propagate(Dual::constant(x.clone())).value);
                let theirs = burn.forward(to_channels_first(x.clone()));
                assert_close(ours, theirs, 1e-5);
                let weight = values(layer.weight.val());
                let back = layer.with_standard_weight(standard).unwrap();
                assert_eq!(values(back.weight.val()), weight);
            }
        }
    }
}

#[test]
fn resampling_agrees_with_burns() {
    use burn::nn::interpolate::{Interpolate2dConfig, InterpolateMode};
    use burn::nn::pool::AvgPool2dConfig;
    let device = Device::flex();
    for [height, width] in [[4, 6], [5, 7], [2, 2], [3, 4]] {
        let x = stream(4).normal([2, height, width, 3], &device);
        let nchw = to_channels_first(x.clone());
        let dual = Dual::constant(x);
        let pooled = AvgPool2dConfig::new([2, 2]).with_strides([2, 2]).init();
        assert_close(
            to_channels_first(average_pool(dual.clone()).value),
            pooled.forward(nchw.clone()),
            1e-6,
        );
        let double = |mode| {
            Interpolate2dConfig::new()
                .with_output_size(Some([2 * height, 2 * width]))
                .with_mode(mode)
                .with_align_corners(false)
                .init()
                .forward(nchw.clone())
        };
        assert_close(
            to_channels_first(upsample_nearest(dual.clone()).value),
            double(InterpolateMode::Nearest),
            1e-6,
        );
        assert_close(
            to_channels_first(upsample_bilinear(dual).value),
            double(InterpolateMode::Linear),
            1e-6,
        );
    }
    // One pixel has no neighbours.
    let pixel = Dual::constant(Tensor::full([1, 1, 1, 2], 3.0, &device));
    assert_eq!(values(upsample_bilinear(pixel.clone()).value), [3.0; 8]);
    assert_eq!(values(upsample_nearest(pixel).value), [3.0; 8]);
}

#[test]
fn standard_weights_convert_back_losslessly() {
    let device = Device::flex();
    for kernel in KERNELS {
        let layer = convolution(kernel, [3, 2], Algorithm::Matmul, &device);
        let back = layer
            .clone()
            .with_standard_weight(layer.standard_weight())
            .unwrap();
        assert_eq!(values(back.weight.val()), values(layer.weight.val()));
        let layer = transposed(kernel, [3, 2], Algorithm::Matmul, &device);
        let back = layer
            .clone()
            .with_standard_weight(layer.standard_weight())
            .unwrap();
        assert_eq!(values(back.weight.val()), values(layer.weight.val()));
    }
    let stem = StemConfig::new(6, [2, 3, 4])
        .init(&mut stream(5), &device)
        .unwrap();
    let back = stem
        .clone()
        .with_standard_weight(stem.standard_weight())
        .unwrap();
    assert_eq!(values(back.weight.val()), values(stem.weight.val()));
    let head = HeadConfig::new([2, 3, 4])
        .init(&mut stream(5), &device)
        .unwrap();
    let back = head
        .clone()
        .with_standard_weight(head.standard_weight())
        .unwrap();
    assert_eq!(values(back.weight.val()), values(head.weight.val()));
}

#[test]
fn converted_weights_go_on_training() {
    let device = Device::flex().autodiff();
    let layer = convolution((4, 2), [1, 2], Algorithm::Matmul, &device);
    let id = layer.weight.id;
    // From a plain device, as a file would give them.
    let weight = stream(9).normal([2, 1, 4, 4], &Device::flex());
    let layer = layer.with_standard_weight(weight).unwrap();
    assert!(layer.weight.is_require_grad());
    assert_eq!(layer.weight.id, id);
    let x = Tensor::ones([1, 4, 4, 1], &device);
    let grads = layer.propagate(Dual::constant(x)).value.sum().backward();
    assert!(layer.weight.grad(&grads).is_some());
}

#[test]
fn batch_norm_agrees_with_burns() {
    for device in devices() {
        let ours = BatchNormConfig::new(3).init(&device).unwrap();
        let burns = burn::nn::BatchNormConfig::new(3).init(&device);
        for step in 0..3 {
            let x = stream(10 + step).normal([4, 5, 6, 3], &device) * 3.0 + 1.0;
            let [a, b] = [0, 1].map(|which| {
                let x = x.clone().inner().autodiff().require_grad();
                let y = match which {
                    0 => to_channels_first(ours.propagate(Dual::constant(x.clone())).value),
                    _ => burns.forward(to_channels_first(x.clone())),
                };
                let weights = stream(20).normal(y.dims(), &device);
                let mut grads = (y.clone() * weights).sum().backward();
                vec![values(y), values(x.grad_remove(&mut grads).unwrap())]
            });
            assert_same(&a, &b, "training");
        }
        assert_close(
            ours.running_mean.value_sync(),
            burns.running_mean.value_sync(),
            1e-5,
        );
        assert_close(
            ours.running_variance.value_sync(),
            burns.running_var.value_sync(),
            1e-5,
        );
        let (ours, burns) = (ours.valid(), burns.valid());
        let x = stream(30).normal([4, 5, 6, 3], &device.clone().inner());
        let y = to_channels_first(ours.propagate(Dual::constant(x.clone())).value);
        assert_close(y, burns.forward(to_channels_first(x)), 1e-5);
    }
}

#[test]
fn a_tangent_pass_leaves_the_running_statistics_alone() {
    let device = Device::flex().autodiff();
    let norm = BatchNormConfig::new(3).init(&device).unwrap();
    let x = stream(11).normal([5, 3], &device);
    norm.propagate(Dual::with_tangent(x.clone(), x.clone()).unwrap());
    assert_eq!(values(norm.running_mean.value_sync()), [0.0; 3]);
    norm.propagate(Dual::constant(x));
    assert_ne!(values(norm.running_mean.value_sync()), [0.0; 3]);
}

#[test]
fn channels_move_there_and_back() {
    for channels in [1, 3] {
        let x = stream(12).normal([2, channels, 4, 5], &Device::flex());
        let last = to_channels_last(x.clone());
        assert_eq!(last.dims(), [2, 4, 5, channels]);
        assert_eq!(
            values(last.clone()),
            values(x.clone().permute([0, 2, 3, 1]))
        );
        assert_eq!(values(to_channels_first(last)), values(x));
    }
}

/// Burn's own normalisations are an independent oracle of statistics, epsilon and the order of channels.
#[test]
fn normalizations_agree_with_burns() {
    let device = Device::flex();
    let images = stream(21).normal([2, 3, 4, 6], &device) * 2.0 + 1.0;
    let table = stream(22).normal([5, 6], &device) * 2.0 + 1.0;
    let gamma = stream(23).normal([6], &device);
    let beta = stream(24).normal([6], &device);
    // The same scale and shift for both layers; Burn's has its channels second.
    macro_rules! agree {
        ($ours:expr, $burn:expr, $gamma:expr, [$(($x:expr, $layout:ident)),*]) => {{
            let (mut ours, mut burn) = ($ours.init(&device).unwrap(), $burn.init(&device));
            ours.gamma = ours.gamma.map(|_| gamma.clone());
            ours.beta = ours.beta.map(|_| beta.clone());
            burn.gamma = $gamma(burn.gamma);
            burn.beta = burn.beta.map(|param| param.map(|_| beta.clone()));
            $(
                let value = ours.propagate(Dual::constant($x.clone())).value;
                assert_close(agree!($layout, value), burn.forward(agree!($layout, $x.clone())), 1e-5);
            )*
        }};
        (same, $x:expr) => { $x };
        (moved, $x:expr) => { to_channels_first($x) };
    }
    let optional = |param: Option<Param<Tensor<1>>>| param.map(|p| p.map(|_| gamma.clone()));
    for epsilon in [1e-5, 0.3] {
        agree!(
            LayerNormConfig::new(6).with_epsilon(epsilon),
            burn::nn::LayerNormConfig::new(6).with_epsilon(epsilon),
            |param: Param<Tensor<1>>| param.map(|_| gamma.clone()),
            [(images, same), (table, same)]
        );
        for groups in [1, 2, 3] {
            agree!(
                GroupNormConfig::new(groups, 6).with_epsilon(epsilon),
                burn::nn::GroupNormConfig::new(groups, 6).with_epsilon(epsilon),
                optional,
                [(images, moved), (table, same)]
            );
        }
        agree!(
            GroupNormConfig::instance(6).with_epsilon(epsilon),
            burn::nn::InstanceNormConfig::new(6).with_epsilon(epsilon),
            optional,
            [(images, moved)]
        );
    }
}

/// By hand, from the definition.
#[test]
fn minibatch_deviation_by_hand() {
    let device = Device::flex();
    for (n, asked, size) in [
        (8, 4, 4),
        (6, 4, 3),
        (4, 16, 4),
        (5, 4, 1),
        (1, 4, 1),
        (3, 3, 3),
    ] {
        let layer = MinibatchDeviationConfig::new()
            .with_group_size(asked)
            .init()
            .unwrap();
        let x = stream(25).normal([n, 2, 3, 2], &device);
        let out = layer.propagate(Dual::constant(x.clone())).value;
        assert_eq!(out.dims(), [n, 2, 3, 3]);
        assert_eq!(values(out.clone().slice_dim(3, 0..2)), values(x.clone()));

        let (rows, groups) = (values(x.clone()), n / size);
        let row = |sample: usize| &rows[sample * 12..(sample + 1) * 12];
        let mut expected = Vec::new();
        for sample in 0..n {
            let members: Vec<usize> = (0..n).filter(|m| m % groups == sample % groups).collect();
            assert_eq!(members.len(), size);
            let deviation = |value: usize| {
                let count = size as f64;
                let mean = members.iter().map(|&m| row(m)[value]).sum::<f64>() / count;
                let squares = members.iter().map(|&m| (row(m)[value] - mean).powi(2));
                (squares.sum::<f64>() / count + 1e-8).sqrt()
            };
            let mean = (0..12).map(deviation).sum::<f64>() / 12.0;
            expected.extend([mean; 6]);
        }
        let error = relative_error(&values(out.slice_dim(3, 2..3)), &expected);
        assert!(error < 1e-5, "{n} by {asked}: {error:e}");

        // The same values as a table.
        let table = layer
            .propagate(Dual::constant(x.reshape([n, 12])))
            .value
            .slice_dim(1, 12..13);
        let expected: Vec<f64> = expected.into_iter().step_by(6).collect();
        assert!(relative_error(&values(table), &expected) < 1e-5);
    }
}

#[test]
fn embedding_projection_by_hand() {
    let device = Device::flex();
    let layer = EmbeddingProjectionConfig::new(3, 2)
        .init(&mut stream(26), &device)
        .unwrap();
    let weight = values(layer.weight.val());
    let features = Tensor::<2>::from_floats([[1.0, 0.0], [0.0, 1.0], [2.0, -1.0]], &device);
    let labels = Tensor::<1, Int>::from_ints([2, 0, 2], &device);
    let out = values(layer.propagate(Dual::constant(features), &labels).value);
    let expected = [weight[4], weight[1], 2.0 * weight[4] - weight[5]];
    assert!(relative_error(&out, &expected) < 1e-6);
}

/// On every backend the same, and no panic: a trainer refuses a step whose loss is NaN.
#[test]
fn a_label_beyond_the_classes_gives_no_number() {
    for device in devices().chain(processors()) {
        let layer = EmbeddingProjectionConfig::new(3, 2)
            .init(&mut stream(26), &device)
            .unwrap();
        let features = Tensor::<2>::from_floats([[1.0, 0.0], [0.0, 1.0], [2.0, -1.0]], &device);
        for beyond in [3, 1000, -1, i64::from(i32::MAX)] {
            let labels = Tensor::<1, Int>::from_ints([2, beyond, 1], &device);
            let out = layer.propagate(Dual::constant(features.clone()), &labels);
            let is_nan: Vec<bool> = values(out.value).iter().map(|x| x.is_nan()).collect();
            assert_eq!(is_nan, [false, true, false], "{beyond}");
            assert!(matches!(
                layer.check_labels(&labels),
                Err(NetworkError::LabelOutOfRange { label, classes: 3 }) if label == beyond
            ));
        }
        let labels = Tensor::<1, Int>::from_ints([0, 2, 1], &device);
        layer.check_labels(&labels).unwrap();
    }
}

/// A table that a label picks a row of, and a discriminator with a projection.
#[derive(Module, Debug)]
struct Conditional {
    projection: EmbeddingProjection,
}

impl Generator<2, Tensor<1, Int>> for Conditional {
    fn latent_size(&self) -> usize {
        2
    }
    fn generate(&self, latent: Tensor<2>, labels: &Tensor<1, Int>) -> Tensor<2> {
        let shift = self
            .projection
            .propagate(Dual::constant(latent.clone()), labels);
        latent + shift.value.unsqueeze_dim(1)
    }
}

impl Discriminator<2, Tensor<1, Int>> for Conditional {
    fn logits(&self, samples: Tensor<2>, labels: &Tensor<1, Int>) -> Tensor<1> {
        self.projection
            .propagate(Dual::constant(samples), labels)
            .value
    }
}

#[test]
fn a_step_with_a_label_beyond_the_classes_is_refused() {
    let device = Device::flex().autodiff();
    let network = |position| Conditional {
        projection: EmbeddingProjectionConfig::new(3, 2)
            .init(&mut stream(position), &device)
            .unwrap(),
    };
    let batch = |labels: [i32; 4]| {
        let samples = stream(1).normal([4, 2], &device);
        let labels = Tensor::<1, Int>::from_ints(labels, &device);
        Batch::with_condition(samples, labels).unwrap()
    };
    let good = batch([0, 1, 2, 0]);
    let mut trainer = GanTrainerConfig::new()
        .init(network(1), network(2), &good)
        .unwrap();
    trainer.step(good.clone()).unwrap();
    let before = parameters(trainer.discriminator());
    let error = trainer.step(batch([0, 3, 2, 0])).unwrap_err();
    assert!(matches!(error, GanError::NonFiniteStep { .. }), "{error}");
    assert_eq!(parameters(trainer.discriminator()), before);
    trainer.step(good).unwrap();
}

#[test]
fn labels_of_the_host_are_checked_there() {
    let device = Device::flex();
    let labels = class_labels(&[2, 0, 1], 3, &device).unwrap();
    assert_eq!(labels.try_into_vec_as::<i64>().unwrap(), [2, 0, 1]);
    for (beyond, classes) in [(3, 3), (0, 0), (usize::MAX, 3)] {
        let error = class_labels(&[beyond], classes, &device).unwrap_err();
        assert!(
            matches!(error, NetworkError::LabelOutOfRange { classes: c, .. } if c == classes),
            "{error:?}"
        );
    }
}

/// Far out the smooth activations and their slopes neither overflow nor lose small values.
#[test]
fn smooth_activations_far_out() {
    let device = Device::flex();
    let x = Tensor::<1>::from_floats([-200.0, -30.0, 0.0, 30.0, 200.0], &device);
    let tiny = (-30f64).exp();
    for (activation, value, slope) in [
        (
            Activation::Softplus,
            [0.0, tiny, 2f64.ln(), 30.0, 200.0],
            [0.0, tiny, 0.5, 1.0, 1.0],
        ),
        (
            Activation::Silu,
            [0.0, -30.0 * tiny, 0.0, 30.0, 200.0],
            [0.0, -29.0 * tiny, 0.5, 1.0, 1.0],
        ),
    ] {
        let dual = Dual::with_tangent(x.clone(), x.ones_like()).unwrap();
        let dual = activation.propagate(dual);
        let tangent = values(dual.tangent.unwrap());
        for (actual, expected) in [(values(dual.value), value), (tangent, slope)] {
            for (a, e) in actual.iter().zip(expected) {
                let error = (a - e).abs();
                assert!(
                    error <= 1e-5 * e.abs() + 1e-30,
                    "{activation:?}: {a} for {e}"
                );
            }
        }
    }
}

#[test]
fn dcgan_starts_from_small_normal_weights() {
    let generator = DcganConfig::new(1, 28, 28)
        .with_seed(5)
        .init_generator(&Device::flex())
        .unwrap();
    let parameters = parameters(&generator);
    let weights = &parameters["stem.weight"];
    let mean = weights.iter().sum::<f64>() / weights.len() as f64;
    let variance = weights.iter().map(|w| (w - mean).powi(2)).sum::<f64>() / weights.len() as f64;
    assert!(mean.abs() < 1e-4 && (variance.sqrt() - 0.02).abs() < 1e-4);
    assert!(
        parameters["stem_norm.gamma"]
            .iter()
            .all(|&gamma| gamma == 1.0)
    );
}

#[test]
fn dcgan_of_any_size() {
    let device = Device::flex();
    for ([channels, height, width], halvings) in [
        ([1, 28, 28], 2),
        ([3, 32, 32], 3),
        ([2, 48, 64], 3),
        ([4, 8, 20], 1),
        ([1, 100, 60], 2),
    ] {
        let config = DcganConfig::new(channels, height, width).with_filters(2);
        assert_eq!(config.halvings().unwrap(), halvings, "{height}x{width}");
        let images = config
            .init_generator(&device)
            .unwrap()
            .generate(Tensor::zeros([2, 100], &device), &());
        assert_eq!(images.dims(), [2, channels, height, width]);
        let discriminator = config.init_discriminator(&device).unwrap();
        assert_eq!(discriminator.logits(images, &()).dims(), [2]);
    }
}

#[test]
fn the_users_own_network_is_drawn_from_the_seed() {
    let device = Device::flex().autodiff();
    let draw = |seed| {
        let layer = burn::nn::LinearConfig::new(50, 40).init(&device);
        let bias = values(layer.bias.clone().unwrap().val());
        let layer = initialize_normal(layer, 0.02, seed);
        assert_eq!(
            values(layer.bias.clone().unwrap().val()),
            bias,
            "biases keep their values"
        );
        assert!(layer.weight.is_require_grad());
        values(layer.weight.val())
    };
    assert_eq!(draw(1), draw(1));
    assert_ne!(draw(1), draw(2));
}

// Errors.

#[test]
fn kernels_without_a_padding_are_refused() {
    let device = Device::flex();
    for (kernel, stride) in [(2, 1), (4, 1), (3, 4), (3, 0), (0, 0), (0, 1)] {
        let convolution = ConvolutionConfig::new(1, 1, kernel)
            .with_stride(stride)
            .init(&mut stream(1), &device);
        let transposed = ConvolutionConfig::new(1, 1, kernel)
            .with_stride(stride)
            .init_transposed(&mut stream(1), &device);
        for error in [convolution.err(), transposed.err()] {
            assert!(
                matches!(error, Some(NetworkError::UnsupportedKernel { kernel: k, stride: s }) if (k, s) == (kernel, stride)),
                "{kernel}/{stride}: {error:?}"
            );
        }
    }
}

#[test]
fn sizes_of_zero_are_refused() {
    let device = Device::flex();
    let mut draw = stream(1);
    let errors = [
        LinearConfig::new(0, 1).init(&mut draw, &device).err(),
        LinearConfig::new(1, 0).init(&mut draw, &device).err(),
        ConvolutionConfig::new(0, 1, 3)
            .init(&mut draw, &device)
            .err(),
        ConvolutionConfig::new(1, 0, 3)
            .init_transposed(&mut draw, &device)
            .err(),
        ConvolutionConfig::new(4, 4, 3)
            .with_groups(0)
            .init(&mut draw, &device)
            .err(),
        ConvolutionConfig::new(4, 6, 3)
            .with_groups(4)
            .init(&mut draw, &device)
            .err(),
        StemConfig::new(3, [0, 1, 1]).init(&mut draw, &device).err(),
        HeadConfig::new([1, 1, 0]).init(&mut draw, &device).err(),
        BatchNormConfig::new(0).init(&device).err(),
        BatchNormConfig::new(1)
            .with_momentum(1.5)
            .init(&device)
            .err(),
        BatchNormConfig::new(1)
            .with_epsilon(0.0)
            .init(&device)
            .err(),
        LayerNormConfig::new(0).init(&device).err(),
        LayerNormConfig::new(1)
            .with_epsilon(f64::NAN)
            .init(&device)
            .err(),
        GroupNormConfig::new(0, 4).init(&device).err(),
        GroupNormConfig::new(1, 0).init(&device).err(),
        GroupNormConfig::new(3, 4).init(&device).err(),
        GroupNormConfig::new(8, 4).init(&device).err(),
        GroupNormConfig::new(2, 4)
            .with_epsilon(-1e-5)
            .init(&device)
            .err(),
        GroupNormConfig::instance(0).init(&device).err(),
        GroupNormConfig::instance(1)
            .with_epsilon(f64::INFINITY)
            .init(&device)
            .err(),
        MinibatchDeviationConfig::new()
            .with_group_size(0)
            .init()
            .err(),
        EmbeddingProjectionConfig::new(0, 1)
            .init(&mut draw, &device)
            .err(),
        EmbeddingProjectionConfig::new(1, 0)
            .init(&mut draw, &device)
            .err(),
        DcganConfig::new(0, 8, 8).init_generator(&device).err(),
        DcganConfig::new(1, 8, 8)
            .with_filters(0)
            .init_discriminator(&device)
            .err(),
    ];
    for error in errors {
        assert!(
            matches!(error, Some(NetworkError::Config(ConfigError { .. }))),
            "{error:?}"
        );
    }
}

#[test]
fn images_that_cannot_be_halved_are_refused() {
    for (height, width) in [(7, 8), (8, 6), (0, 0), (27, 27)] {
        let error = DcganConfig::new(1, height, width)
            .init_generator(&Device::flex())
            .err();
        assert!(
            matches!(
                error,
                Some(NetworkError::UnreachableSize { minimum: 4, .. })
            ),
            "{height}x{width}: {error:?}"
        );
    }
}

#[test]
fn standard_weights_of_another_shape_are_refused() {
    let layer = convolution((4, 2), [3, 5], Algorithm::Matmul, &Device::flex());
    match layer
        .with_standard_weight(Tensor::zeros([5, 3, 3, 3], &Device::flex()))
        .err()
    {
        Some(ShapeError {
            expected, actual, ..
        }) => {
            assert_eq!((expected, actual), (vec![5, 3, 4, 4], vec![5, 3, 3, 3]));
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn weights_files() {
    let device = Device::flex().autodiff();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("generator.bpk");
    let config = DcganConfig::new(1, 8, 8)
        .with_filters(2)
        .with_latent_size(3);
    let generator = config.clone().with_seed(1).init_generator(&device).unwrap();
    // A training pass, so that the running statistics are not those of a fresh network.
    generator.generate(stream(13).normal([4, 3], &device), &());
    save_weights(&generator, &path).unwrap();

    let fresh = || {
        config
            .clone()
            .with_seed(2)
            .init_generator(&Device::flex())
            .unwrap()
    };
    let loaded = load_weights(fresh(), &path).unwrap();
    // The file is not needed any more.
    let whole = std::fs::read(&path).unwrap();
    std::fs::write(&path, "gone").unwrap();
    assert_eq!(parameters(&loaded), parameters(&generator));
    std::fs::write(&path, &whole).unwrap();

    let other = DcganConfig::new(1, 8, 8)
        .with_filters(3)
        .init_generator(&device)
        .unwrap();
    let error = load_weights(other, &path).unwrap_err().to_string();
    assert!(
        error.contains("generator.bpk") && error.contains("shape mismatch"),
        "{error}"
    );

    std::fs::write(&path, &whole[..whole.len() / 2]).unwrap();
    assert!(matches!(
        load_weights(fresh(), &path),
        Err(WeightsError::Invalid { .. })
    ));
    std::fs::write(&path, b"not weights").unwrap();
    assert!(matches!(
        load_weights(fresh(), &path),
        Err(WeightsError::Invalid { .. })
    ));
    let missing = load_weights(fresh(), folder.path().join("none"));
    assert!(matches!(missing, Err(WeightsError::Invalid { .. })));
    let nowhere = folder.path().join("no/such/folder.bpk");
    assert!(save_weights(&generator, nowhere).is_err());
}
