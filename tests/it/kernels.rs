//! The kernels of the CPU against the portable operations in double precision: values, gradients, tangents, over random
//! shapes.

use crate::common::{alone, double_precision, stream, values};
use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::optim::GradientsParams;
use burn::tensor::{FloatDType, Tensor};
use burn_gan::nn::resampling::{average_pool, upsample_bilinear, upsample_nearest};
use burn_gan::nn::{ConvolutionConfig, Initialization};
use burn_gan::random::Stream;
use burn_gan::{Dual, Kernels};

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

/// A size out of `range`.
pub fn any(random: &mut Stream, range: std::ops::RangeInclusive<usize>) -> usize {
    range.start() + random.index(range.end() - range.start() + 1)
}

#[test]
fn convolutions_of_any_shape() {
    alone(|| {
        let device = double_precision();
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
            let what = format!("{inputs} to {outputs}, {window:?}, {groups}, {n}x{height}x{width}");
            let layer = config.init(&mut stream(4), &device).unwrap();
            check(&what, layer, [n, height, width, inputs], |layer, x| {
                layer.propagate(x)
            });
            let layer = config.init_transposed(&mut stream(4), &device).unwrap();
            let what = format!("transposed {what}");
            check(&what, layer, [n, height, width, inputs], |layer, x| {
                layer.propagate(x)
            });
        }
    });
}

#[test]
fn convolutions_with_fewer_multiplications() {
    alone(|| {
        let device = double_precision();
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
            let what = format!("{inputs} to {outputs}, {window:?}, {n}x{height}x{width}");
            let layer = config.init(&mut stream(4), &device).unwrap();
            check(&what, layer, [n, height, width, inputs], |layer, x| {
                layer.propagate(x)
            });
            let layer = config.init_transposed(&mut stream(4), &device).unwrap();
            let what = format!("transposed {what}");
            check(&what, layer, [n, height, width, inputs], |layer, x| {
                layer.propagate(x)
            });
        }
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
