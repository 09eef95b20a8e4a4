//! Tangent rules of ordinary `burn::nn` layers, as functions `(layer, x)`.

use burn::module::Module;
use burn::nn;
use burn::tensor::Tensor;

use super::{Dual, scale_and_shift, standardize};

/// Applies a layer `y = A x + b`: `tangent` is the same layer without `b`.
fn affine<M: Module, const D: usize, const E: usize>(
    x: Dual<D>,
    layer: &M,
    without_bias: M,
    forward: impl Fn(&M, Tensor<D>) -> Tensor<E>,
) -> Dual<E> {
    let constant = x.value_is_untracked();
    Dual {
        value: if constant {
            forward(&layer.valid(), x.value)
        } else {
            forward(layer, x.value)
        },
        tangent: x.tangent.map(|dx| forward(&without_bias, dx)),
        history: x.history,
    }
}

/// A linear layer, along the last axis.
pub fn linear<const D: usize>(layer: &nn::Linear, x: Dual<D>) -> Dual<D> {
    let without_bias = nn::Linear {
        bias: None,
        ..layer.clone()
    };
    affine(x, layer, without_bias, |layer, x| layer.forward(x))
}

/// A convolution over `[N, C, H, W]`.
pub fn conv2d(layer: &nn::conv::Conv2d, x: Dual<4>) -> Dual<4> {
    let mut without_bias = layer.clone();
    without_bias.bias = None;
    affine(x, layer, without_bias, |layer, x| layer.forward(x))
}

/// A convolution over `[N, C, L]`.
pub fn conv1d(layer: &nn::conv::Conv1d, x: Dual<3>) -> Dual<3> {
    let mut without_bias = layer.clone();
    without_bias.bias = None;
    affine(x, layer, without_bias, |layer, x| layer.forward(x))
}

/// A transposed convolution over `[N, C, H, W]`.
pub fn conv_transpose2d(layer: &nn::conv::ConvTranspose2d, x: Dual<4>) -> Dual<4> {
    let mut without_bias = layer.clone();
    without_bias.bias = None;
    affine(x, layer, without_bias, |layer, x| layer.forward(x))
}

/// Average pooling over `[N, C, H, W]`.
pub fn avg_pool2d(layer: &nn::pool::AvgPool2d, x: Dual<4>) -> Dual<4> {
    x.linear(|x| layer.forward(x))
}

/// Average pooling over `[N, C, H, W]` to a fixed size.
pub fn adaptive_avg_pool2d(layer: &nn::pool::AdaptiveAvgPool2d, x: Dual<4>) -> Dual<4> {
    x.linear(|x| layer.forward(x))
}

/// Resizing of `[N, C, H, W]`; nearest, bilinear and bicubic interpolation are all linear in the pixels.
pub fn interpolate2d(layer: &nn::interpolate::Interpolate2d, x: Dual<4>) -> Dual<4> {
    x.linear(|x| layer.forward(x))
}

/// Layer normalisation over the last axis.
///
/// Burn keeps the layer's epsilon to itself, so that it is given here once more: 1e-5 where the layer's
/// configuration names no other.
pub fn layer_norm<const D: usize>(layer: &nn::LayerNorm, epsilon: f64, x: Dual<D>) -> Dual<D> {
    let last = D - 1;
    let x = standardize(x, &[last], epsilon);
    scale_and_shift(x, last, Some(&layer.gamma), layer.beta.as_ref())
}

/// Group normalisation of `[N, C, ..]` over groups of consecutive channels.
pub fn group_norm<const D: usize>(layer: &nn::GroupNorm, x: Dual<D>) -> Dual<D> {
    let x = by_group(x, layer.num_groups, layer.epsilon);
    scale_and_shift(x, 1, layer.gamma.as_ref(), layer.beta.as_ref())
}

/// Instance normalisation of `[N, C, ..]`: each channel of each sample on its own.
pub fn instance_norm<const D: usize>(layer: &nn::InstanceNorm, x: Dual<D>) -> Dual<D> {
    let x = by_group(x, layer.num_channels, layer.epsilon);
    scale_and_shift(x, 1, layer.gamma.as_ref(), layer.beta.as_ref())
}

fn by_group<const D: usize>(x: Dual<D>, groups: usize, epsilon: f64) -> Dual<D> {
    let shape = x.value.dims();
    let size = shape[1..].iter().product::<usize>() / groups;
    let grouped = x.linear(|x| x.reshape([shape[0], groups, size]));
    standardize(grouped, &[2], epsilon).linear(|x| x.reshape(shape))
}
