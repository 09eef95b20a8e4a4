//! Tangent rules of Burn's own layers, for discriminators that are built of them.

use burn::module::{Param, ParamId};
use burn::nn::conv::{Conv1d, Conv2d, ConvTranspose2d};
use burn::nn::interpolate::Interpolate2d;
use burn::nn::pool::{AdaptiveAvgPool2d, AvgPool2d};
use burn::nn::{GroupNorm, InstanceNorm, LayerNorm, Linear};
use burn::tensor::ops::ConvTransposeOptions;
use burn::tensor::{Tensor, module};

use super::Dual;
use super::normalization::{standardize, standardize_with};

/// Burn's linear layer, `[.., inputs]` to `[.., outputs]`.
pub fn linear<const D: usize>(layer: &Linear, x: Dual<D>) -> Dual<D> {
    let product = x.weighted(layer.weight.val(), |x, weight| {
        module::linear(x, weight, None)
    });
    add_bias(product, layer.bias.as_ref(), D - 1)
}

/// Burn's convolution of sequences, `[N, C, L]` to `[N, C', L']`.
pub fn conv1d(layer: &Conv1d, x: Dual<3>) -> Dual<3> {
    let product = x.weighted(layer.weight.val(), |x, weight| {
        let unbiased = Conv1d {
            weight: fixed(weight),
            bias: None,
            stride: layer.stride,
            kernel_size: layer.kernel_size,
            dilation: layer.dilation,
            groups: layer.groups,
            padding: layer.padding.clone(),
        };
        unbiased.forward(x)
    });
    add_bias(product, layer.bias.as_ref(), 1)
}

/// Burn's convolution of images, `[N, C, H, W]` to `[N, C', H', W']`.
pub fn conv2d(layer: &Conv2d, x: Dual<4>) -> Dual<4> {
    let product = x.weighted(layer.weight.val(), |x, weight| {
        let unbiased = Conv2d {
            weight: fixed(weight),
            bias: None,
            stride: layer.stride,
            kernel_size: layer.kernel_size,
            dilation: layer.dilation,
            groups: layer.groups,
            padding: layer.padding.clone(),
        };
        unbiased.forward(x)
    });
    add_bias(product, layer.bias.as_ref(), 1)
}

/// Burn's transposed convolution of images, `[N, C, H, W]` to `[N, C', H', W']`.
pub fn conv_transpose2d(layer: &ConvTranspose2d, x: Dual<4>) -> Dual<4> {
    let product = x.weighted(layer.weight.val(), |x, weight| {
        let options = ConvTransposeOptions::new(
            layer.stride,
            layer.padding,
            layer.padding_out,
            layer.dilation,
            layer.groups,
        );
        module::conv_transpose2d(x, weight, None, options)
    });
    add_bias(product, layer.bias.as_ref(), 1)
}

/// Burn's layer normalisation over the last axis.
pub fn layer_norm<const D: usize>(layer: &LayerNorm, x: Dual<D>) -> Dual<D> {
    let epsilon = epsilon(layer, &x.value);
    let x = standardize_with(x, &[D - 1], |variance| variance + epsilon.unsqueeze());
    affine(x, Some(&layer.gamma), layer.beta.as_ref(), D - 1)
}

/// Burn's group normalisation of `[N, C, ..]`.
pub fn group_norm<const D: usize>(layer: &GroupNorm, x: Dual<D>) -> Dual<D> {
    let (gamma, beta) = (layer.gamma.as_ref(), layer.beta.as_ref());
    affine(by_group(x, layer.num_groups, layer.epsilon), gamma, beta, 1)
}

/// Burn's instance normalisation of `[N, C, ..]`.
pub fn instance_norm<const D: usize>(layer: &InstanceNorm, x: Dual<D>) -> Dual<D> {
    let (gamma, beta) = (layer.gamma.as_ref(), layer.beta.as_ref());
    affine(
        by_group(x, layer.num_channels, layer.epsilon),
        gamma,
        beta,
        1,
    )
}

/// Burn's average pooling of images `[N, C, H, W]`.
pub fn avg_pool2d(layer: &AvgPool2d, x: Dual<4>) -> Dual<4> {
    x.linear(|x| layer.forward(x))
}

/// Burn's average pooling of images `[N, C, H, W]` to a fixed size.
pub fn adaptive_avg_pool2d(layer: &AdaptiveAvgPool2d, x: Dual<4>) -> Dual<4> {
    x.linear(|x| layer.forward(x))
}

/// Burn's interpolation of images `[N, C, H, W]`; every mode is linear in the pixels.
pub fn interpolate2d(layer: &Interpolate2d, x: Dual<4>) -> Dual<4> {
    x.linear(|x| layer.forward(x))
}

/// A parameter that holds any tensor, also one that is the result of a computation.
fn fixed<const D: usize>(weight: Tensor<D>) -> Param<Tensor<D>> {
    Param::initialized(ParamId::new(), weight)
}

/// Adds a bias along `axis`.
fn add_bias<const D: usize>(x: Dual<D>, bias: Option<&Param<Tensor<1>>>, axis: usize) -> Dual<D> {
    match bias {
        Some(bias) => x.shift(bias.val(), |x, bias| x + along(bias, axis)),
        None => x,
    }
}

/// `gamma x + beta` along `axis`.
fn affine<const D: usize>(
    x: Dual<D>,
    gamma: Option<&Param<Tensor<1>>>,
    beta: Option<&Param<Tensor<1>>>,
    axis: usize,
) -> Dual<D> {
    let scaled = match gamma {
        Some(gamma) => x.weighted(gamma.val(), |x, gamma| x * along(gamma, axis)),
        None => x,
    };
    add_bias(scaled, beta, axis)
}

/// `[C]` to `[1, .., C, .., 1]` with `C` at `axis`.
fn along<const D: usize>(vector: Tensor<1>, axis: usize) -> Tensor<D> {
    let mut shape = [1; D];
    shape[axis] = vector.dims()[0];
    vector.reshape(shape)
}

fn by_group<const D: usize>(x: Dual<D>, groups: usize, epsilon: f64) -> Dual<D> {
    let shape = x.value.dims();
    let size = shape.iter().skip(1).product::<usize>() / groups.max(1);
    let x = x.linear(|x| x.reshape([shape[0], groups, size]));
    standardize(x, &[2], epsilon).linear(|x| x.reshape(shape))
}

/// The epsilon of Burn's layer normalisation, which is private there: read off its answer to a small input.
///
/// Of `[a, -a]` it makes `a / sqrt(a^2 + epsilon) = z`, so that `epsilon = a^2 (1 / z^2 - 1)`.
fn epsilon<const D: usize>(layer: &LayerNorm, x: &Tensor<D>) -> Tensor<1> {
    // A power of 2, which every precision holds exactly.
    const A: f64 = 1.0 / 8192.0;
    let one = Tensor::<1>::ones([1], (&x.device().inner(), x.dtype()));
    let mut bare = layer.clone();
    bare.gamma = fixed(Tensor::cat(vec![one.clone(); 2], 0));
    bare.beta = None;
    let input = Tensor::cat(vec![one.clone(), -one], 0) * A;
    let z = bare.forward(input).narrow(0, 0, 1);
    (z.square().recip() - 1.0) * (A * A)
}
