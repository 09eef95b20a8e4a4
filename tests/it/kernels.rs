//! The kernels of the CPU against the portable operations in double precision: values, gradients, tangents, over random
//! shapes.

use crate::common::{alone, double_precision, parameters, stream, values};
use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::optim::GradientsParams;
use burn::tensor::{Device, FloatDType, Tensor, TensorData};
use burn_gan::ema::EmaConfig;
use burn_gan::loss::{LabelledLoss, Loss};
use burn_gan::model::{DcganConfig, MlpConfig, Normalization};
use burn_gan::nn::resampling::{average_pool, upsample_bilinear, upsample_nearest};
use burn_gan::nn::{ConvolutionConfig, Initialization, LinearConfig};
use burn_gan::random::Stream;
use burn_gan::trainer::GanTrainerConfig;
use burn_gan::{AdversarialTrainer, Batch, Dual, Kernels, StepValues};

/// Largest difference over the largest magnitude, for kernels with the definition's multiplications and for those with
/// fewer.
const TOLERANCES: [(Kernels, f64); 2] = [(Kernels::Plain, 1e-5), (Kernels::Fast, 3e-5)];

fn cast<const D: usize>(param: Param<Tensor<D>>, to: FloatDType) -> Param<Tensor<D>> {
    param.map(|tensor| {
        let gradient = tensor.is_require_grad();
        let tensor = tensor.without_autodiff().cast(to).autodiff();
        tensor.set_require_grad(gradient)
    })
}

/// A module with its parameters in single precision.
struct Single;

impl ModuleMapper for Single {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        cast(param, FloatDType::F32)
    }
}

/// Gradients of all parameters, in the order of the module.
struct Collect<'a> {
    gradients: &'a GradientsParams,
    found: Vec<Vec<f64>>,
}

impl ModuleVisitor for Collect<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if let Some(gradient) = self.gradients.get::<D>(param.id) {
            self.found.push(values(gradient));
        }
    }
}

/// What a layer computes: value, gradient of the input and of each parameter, then the tangent and its gradients.
fn trace<M: Module, const I: usize, const O: usize>(
    module: &M,
    [input, direction]: [Tensor<I>; 2],
    weights: &Tensor<O>,
    forward: &impl Fn(&M, Dual<I>) -> Dual<O>,
) -> Vec<(String, Vec<f64>)> {
    let mut found = Vec::new();
    let mut derive = |what: &str, output: Tensor<O>, leaves: &[Tensor<I>]| {
        found.push((what.to_string(), values(output.clone())));
        let mut gradients = (output * weights.clone()).sum().backward();
        for leaf in leaves {
            let gradient = leaf.grad_remove(&mut gradients).map(values);
            found.push((format!("{what}: input"), gradient.unwrap_or_default()));
        }
        let gradients = GradientsParams::from_grads(gradients, module);
        let mut collect = Collect {
            gradients: &gradients,
            found: Vec::new(),
        };
        module.visit(&mut collect);
        for (index, gradient) in collect.found.into_iter().enumerate() {
            found.push((format!("{what}: parameter {index}"), gradient));
        }
    };
    let leaf = input.require_grad();
    let value = forward(module, Dual::constant(leaf.clone())).value;
    derive("value", value, std::slice::from_ref(&leaf));
    let moved = direction.require_grad();
    let dual = Dual::with_tangent(leaf.clone(), moved.clone()).unwrap();
    let tangent = forward(module, dual).tangent.unwrap();
    derive("tangent", tangent, &[leaf, moved]);
    found
}

/// Checks a layer in single precision, with and without kernels, against itself in double precision.
#[track_caller]
pub fn check<M: Module, const I: usize, const O: usize>(
    what: &str,
    module: M,
    shape: [usize; I],
    forward: impl Fn(&M, Dual<I>) -> Dual<O>,
) {
    let device = double_precision();
    let [input, direction] = [1, 2].map(|step| stream(step).normal::<I>(shape, &device));
    let output = forward(&module, Dual::constant(input.clone())).value;
    let weights = stream(3).normal::<O>(output.dims(), &device);
    // The values of single precision, so that both see the same.
    let single = module.clone().map(&mut Single);
    let inputs = [input, direction].map(|tensor| tensor.cast(FloatDType::F32));
    let weights = weights.cast(FloatDType::F32);
    let double = Kernels::Off.scope(|| {
        let module = single.clone().map(&mut Double);
        let inputs = inputs.clone().map(|tensor| tensor.cast(FloatDType::F64));
        trace(
            &module,
            inputs,
            &weights.clone().cast(FloatDType::F64),
            &forward,
        )
    });
    for (kernels, tolerance) in TOLERANCES {
        let found = kernels.scope(|| trace(&single, inputs.clone(), &weights, &forward));
        assert_eq!(found.len(), double.len());
        for ((name, actual), (_, expected)) in found.iter().zip(&double) {
            assert_eq!(actual.len(), expected.len(), "{what}: {name}");
            let largest = |values: &mut dyn Iterator<Item = f64>| values.fold(0.0, f64::max);
            let scale = largest(&mut expected.iter().map(|x| x.abs()));
            let error = largest(&mut actual.iter().zip(expected).map(|(a, e)| (a - e).abs()));
            assert!(
                error <= tolerance * scale.max(1e-3),
                "{what}, {kernels:?}, {name}: {error:e} of {scale:e}"
            );
        }
    }
}

/// A module with its parameters in double precision.
struct Double;

impl ModuleMapper for Double {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        cast(param, FloatDType::F64)
    }
}

fn convolution(inputs: usize, outputs: usize, [kernel, stride]: [usize; 2]) -> ConvolutionConfig {
    ConvolutionConfig::new(inputs, outputs, kernel)
        .with_stride(stride)
        .with_bias(true)
        .with_initialization(Initialization::He { slope: 0.2 })
}

/// Checks a convolution and its transpose on images of this shape.
#[track_caller]
fn check_convolution(config: &ConvolutionConfig, shape: [usize; 4]) {
    let device = double_precision();
    let what = format!("{shape:?}, {config}");
    let layer = config.init(&mut stream(4), &device).unwrap();
    check(&what, layer, shape, |layer, x| layer.propagate(x));
    let layer = config.init_transposed(&mut stream(4), &device).unwrap();
    let what = format!("transposed: {what}");
    check(&what, layer, shape, |layer, x| layer.propagate(x));
}

/// A size out of `range`.
pub fn any(random: &mut Stream, range: std::ops::RangeInclusive<usize>) -> usize {
    range.start() + random.index(range.end() - range.start() + 1)
}

#[test]
fn convolutions_of_any_shape() {
    alone(|| {
        let mut random = stream(7);
        for round in 0..60 {
            let window = [
                [1, 1],
                [3, 1],
                [5, 1],
                [3, 2],
                [4, 2],
                [2, 2],
                [5, 2],
                [5, 3],
                [6, 3],
            ][round % 9];
            let groups = [1, 1, 2, 3][round % 4];
            let [inputs, outputs] = [(); 2].map(|()| groups * any(&mut random, 1..=9));
            let [n, height, width] = [
                any(&mut random, 1..=5),
                any(&mut random, window[0]..=11),
                any(&mut random, window[0]..=11),
            ];
            let config = convolution(inputs, outputs, window).with_groups(groups);
            check_convolution(&config, [n, height, width, inputs]);
        }
    });
}

#[test]
fn convolutions_with_fewer_multiplications() {
    alone(|| {
        let mut random = stream(8);
        for round in 0..24 {
            let window = [[4, 2], [3, 1], [6, 3]][round % 3];
            let [inputs, outputs] = [(); 2].map(|()| 16 * any(&mut random, 1..=3));
            let [n, height, width] = [
                any(&mut random, 1..=5),
                any(&mut random, window[0]..=11),
                any(&mut random, window[0]..=11),
            ];
            let config = convolution(inputs, outputs, window);
            check_convolution(&config, [n, height, width, inputs]);
        }
    });
}

#[test]
fn images_that_go_through_in_parts() {
    alone(|| {
        for window in [[3, 1], [4, 2]] {
            check_convolution(&convolution(16, 16, window), [70, 32, 32, 16]);
        }
        let grouped = convolution(34, 34, [3, 1]).with_groups(2);
        check_convolution(&grouped, [35, 16, 16, 34]);
    });
}

#[test]
fn resampling_and_sums() {
    alone(|| {
        let device = double_precision();
        let mut random = stream(9);
        for _ in 0..12 {
            let [n, height, width, channels] = [(); 4].map(|()| any(&mut random, 1..=7));
            let shape = [n, height, width, channels];
            for (name, resample) in [
                ("average", average_pool as fn(Dual<4>) -> Dual<4>),
                ("nearest", upsample_nearest),
                ("bilinear", upsample_bilinear),
            ] {
                if name == "average" && height.min(width) < 2 {
                    continue;
                }
                // A convolution in front gives the check some parameters, the sum takes one tensor twice.
                let layer = convolution(channels, channels, [1, 1])
                    .init(&mut stream(4), &device)
                    .unwrap();
                check(&format!("{name} {shape:?}"), layer, shape, |layer, x| {
                    let y = layer.propagate(x.clone());
                    resample(x + y.clone() + y)
                });
            }
        }
    });
}

#[test]
fn linear_layers_of_any_shape() {
    alone(|| {
        let device = double_precision();
        let mut random = stream(9);
        // Some so large that several cores share them.
        let large = [[256, 128, 128], [400, 130, 140], [1030, 12, 141]];
        for round in 0..40 {
            let [n, inputs, outputs] = match large.get(round) {
                Some(shape) => *shape,
                None => [(); 3].map(|()| any(&mut random, 1..=150)),
            };
            let config = LinearConfig::new(inputs, outputs).with_bias(round % 5 != 4);
            let layer = config.init(&mut stream(4), &device).unwrap();
            let what = format!("{n}x{inputs} to {outputs}");
            check(&what, layer, [n, inputs], |layer, x| layer.propagate(x));
        }
    });
}

#[test]
fn cross_entropies_of_all_logits() {
    let losses = [
        Loss::NonSaturating,
        Loss::Minimax,
        Loss::RelativisticPaired,
        Loss::Smoothed {
            loss: LabelledLoss::NonSaturating,
            real_label: 0.9,
        },
    ];
    let limit = f32::INFINITY;
    let logits = [
        0.0, 1e-6, -0.3, 2.5, -17.0, 30.0, -100.0, 1e4, -1e4, 1e30, limit, -limit,
    ];
    let trace = |loss: Loss, to: FloatDType, kernels: Kernels| {
        let loss = loss.build().unwrap();
        let device = Device::flex().autodiff();
        let tensor = |values: [f32; 12]| {
            let tensor = Tensor::<1>::from_floats(values, &device).cast(to);
            tensor.require_grad()
        };
        let (real, fake) = (tensor(logits), tensor(logits.map(|x| -x)));
        kernels.scope(|| {
            let [of_discriminator, of_generator] = [
                loss.discriminator(real.clone(), fake.clone()),
                loss.generator(fake.clone(), &|| real.clone()),
            ];
            let mut found = vec![
                values(of_discriminator.clone()),
                values(of_generator.clone()),
            ];
            let mut gradients = (of_discriminator + of_generator * 0.5).sum().backward();
            for leaf in [&real, &fake] {
                found.push(values(leaf.grad_remove(&mut gradients).unwrap()));
            }
            found
        })
    };
    for loss in losses {
        let found = trace(loss, FloatDType::F32, Kernels::Fast);
        let portable = trace(loss, FloatDType::F64, Kernels::Off);
        for (actual, expected) in found.iter().zip(&portable) {
            for ((actual, expected), logit) in actual.iter().zip(expected).zip(logits) {
                let close = (actual - expected).abs() <= 3e-6 * expected.abs().max(1e-30);
                // Where the portable form is not a number the kernel may be.
                let same = close || actual == expected || expected.is_nan();
                assert!(same, "{loss:?}, {logit}: {actual} for {expected}");
            }
        }
    }
    let nan = Tensor::<1>::from_floats([f32::NAN], &Device::flex());
    let loss = Loss::NonSaturating.build().unwrap();
    assert!(values(loss.discriminator(nan.clone(), nan))[0].is_nan());
}

/// Puts a value at one place of every tensor that is long enough.
struct At(usize, f32);

impl ModuleMapper for At {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        param.map(|tensor| {
            let (shape, device) = (tensor.dims(), tensor.device());
            let mut values = tensor.into_data().try_to_vec::<f32>().unwrap();
            if let Some(value) = values.get_mut(self.0) {
                *value = self.1;
            }
            Tensor::from_data(TensorData::new(values, shape), &device).require_grad()
        })
    }
}

#[test]
fn a_value_that_is_not_finite_is_found_anywhere() {
    let device = Device::flex().autodiff();
    let networks = MlpConfig::new(2).with_hidden(vec![400, 401]);
    let batch = || Batch::new(stream(1).normal::<2>([8, 2], &Device::flex()));
    let init = |at: At| {
        let generator = networks.init_generator(&device).unwrap();
        GanTrainerConfig::new()
            .init(
                generator.map(&mut { at }),
                networks.init_discriminator(&device).unwrap(),
                &batch(),
            )
            .map(|_| ())
    };
    for place in [0, 1, 15, 16_383, 16_384, 131_072, 160_398, 160_399] {
        for value in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            let refused = init(At(place, value));
            assert!(refused.is_err(), "{value} at {place}");
        }
        for value in [f32::MAX, f32::MIN, f32::MIN_POSITIVE, -0.0] {
            init(At(place, value)).unwrap();
        }
    }
}

#[test]
fn norms_averages_and_numbers_of_a_step_are_the_portable_ones() {
    let device = Device::flex().autodiff();
    let networks = MlpConfig::new(2).with_hidden(vec![400, 401]);
    let batch = Batch::new(stream(1).normal::<2>([64, 2], &Device::flex()));
    let run = |kernels: Kernels| {
        kernels.scope(|| {
            let mut trainer = GanTrainerConfig::new()
                .with_ema(Some(EmaConfig::new()))
                .init(
                    networks.init_generator(&device).unwrap(),
                    networks.init_discriminator(&device).unwrap(),
                    &batch,
                )
                .unwrap();
            let read = (0..3).map(|_| trainer.step(batch.clone()).unwrap().read().unwrap());
            read.collect::<Vec<_>>()
        })
    };
    let numbers = |values: &StepValues| {
        let optional = [
            values.loss_generator,
            values.probability_real,
            values.probability_fake,
            values.logit_real,
            values.logit_fake,
            values.gradient_norm_discriminator,
            values.gradient_norm_generator,
        ];
        let optional = optional.map(|number| number.unwrap());
        [&[values.loss_discriminator], &optional[..]].concat()
    };
    for (fast, portable) in run(Kernels::Fast).iter().zip(&run(Kernels::Off)) {
        for (fast, portable) in numbers(fast).iter().zip(numbers(portable)) {
            let error = (fast - portable).abs();
            assert!(
                error < 1e-4 * portable.abs().max(0.1),
                "{fast} for {portable}"
            );
        }
    }
}

#[test]
fn an_average_is_blended_to_the_same_bits() {
    let networks = MlpConfig::new(2).with_hidden(vec![400, 401]);
    let device = Device::flex().autodiff();
    let start = networks.init_generator(&device).unwrap();
    let live = networks.clone().with_seed(1);
    let live = live.init_generator(&device).unwrap();
    let blended = |kernels: Kernels| {
        let mut average = EmaConfig::new().init(&start).unwrap();
        kernels.scope(|| (0..3).for_each(|_| average.blend(&live)));
        parameters(average.model())
    };
    assert!(blended(Kernels::Fast) == blended(Kernels::Off));
}

/// Three steps of a DCGAN with penalties: all its numbers and weights.
fn three_steps(kernels: Kernels) -> Vec<f64> {
    let device = Device::flex().autodiff();
    let networks = DcganConfig::new(1, 16, 16)
        .with_filters(16)
        .with_discriminator_normalization(Normalization::None);
    let batch = Batch::new(stream(1).normal::<4>([9, 1, 16, 16], &Device::flex()));
    let mut trainer = GanTrainerConfig::r3gan()
        .with_kernels(kernels)
        .init(
            networks.init_generator(&device).unwrap(),
            networks.init_discriminator(&device).unwrap(),
            &batch,
        )
        .unwrap();
    let mut found = Vec::new();
    for _ in 0..3 {
        let report = trainer.step(batch.clone()).unwrap().read().unwrap();
        found.push(f64::from(report.loss_discriminator));
    }
    found.extend(parameters(trainer.generator()).into_values().flatten());
    found.extend(parameters(trainer.discriminator()).into_values().flatten());
    found
}

#[test]
fn a_step_has_the_same_bits_from_run_to_run_and_with_any_number_of_threads() {
    let of_threads = |threads: usize, kernels: Kernels| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        pool.install(|| three_steps(kernels))
    };
    for kernels in [Kernels::Plain, Kernels::Fast] {
        let once = three_steps(kernels);
        assert!(once == three_steps(kernels));
        for threads in [1, 2, 3] {
            assert!(once == of_threads(threads, kernels), "{threads} threads");
        }
    }
    // And they are used at all: the last bits of each are its own.
    let [off, plain, fast] = [Kernels::Off, Kernels::Plain, Kernels::Fast].map(three_steps);
    assert!(off != plain && plain != fast);
}

#[test]
fn nothing_at_all_goes_through_too() {
    let device = Device::flex().autodiff();
    let layer = convolution(16, 16, [4, 2])
        .init(&mut stream(4), &device)
        .unwrap();
    let y = layer.propagate(Dual::constant(Tensor::zeros([0, 8, 8, 16], &device)));
    assert_eq!(y.value.dims(), [0, 4, 4, 16]);
    let y = upsample_bilinear(Dual::constant(Tensor::zeros([0, 4, 4, 3], &device)));
    assert_eq!(y.value.dims(), [0, 8, 8, 3]);
}
