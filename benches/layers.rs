//! Single layers, forward and backward, in this crate's form and in Burn's.
//!
//! cargo bench -p burn-gan-benches --bench layers

use burn::module::Module;
use burn::nn::conv::{Conv2dConfig, ConvTranspose2dConfig};
use burn::nn::{BatchNormConfig as BurnBatchNormConfig, PaddingConfig2d};
use burn::tensor::{Device, Tensor, activation};
use burn_gan::Dual;
use burn_gan::dual::leaky_relu;
use burn_gan::nn::{BatchNormConfig, ConvolutionConfig};
use burn_gan::random::{Purpose, Stream};
use criterion::{Criterion, criterion_group, criterion_main};

#[cfg(not(feature = "system-allocator"))]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const BATCH: usize = 64;

fn stream() -> Stream {
    Stream::new(1, Purpose::Data, 0)
}

/// Times `forward` and the backward pass of a random weighting of its output.
fn both_ways<M: Module>(
    criterion: &mut Criterion,
    name: &str,
    shape: [usize; 4],
    module: &M,
    forward: impl Fn(&M, Tensor<4>) -> Tensor<4>,
) {
    let device = Device::flex().autodiff();
    let x = stream().normal(shape, &device).require_grad();
    let weights = stream().normal(forward(module, x.clone()).dims(), &device);
    criterion.bench_function(name, |bencher| {
        bencher.iter(|| {
            let y = forward(module, x.clone()) * weights.clone();
            y.sum_dims(&[0, 1, 2, 3]).backward()
        });
    });
}

/// A layer of this crate over channels-last images and Burn's over channels-first ones: `[side, channels]`.
fn against_burn<M: Module, B: Module>(
    criterion: &mut Criterion,
    name: &str,
    [side, channels]: [usize; 2],
    (ours, propagate): (M, impl Fn(&M, Dual<4>) -> Dual<4>),
    (burns, forward): (B, impl Fn(&B, Tensor<4>) -> Tensor<4>),
) {
    let last = [BATCH, side, side, channels];
    let name_ours = format!("{name}/burn_gan");
    both_ways(criterion, &name_ours, last, &ours, |module, x| {
        propagate(module, Dual::constant(x)).value
    });
    let first = [BATCH, channels, side, side];
    both_ways(criterion, &format!("{name}/burn"), first, &burns, forward);
}

fn convolutions(criterion: &mut Criterion) {
    let device = Device::flex().autodiff();
    for [inputs, outputs, side] in [[1, 64, 32], [64, 128, 16], [128, 256, 8]] {
        let ours = ConvolutionConfig::new(inputs, outputs, 4)
            .with_stride(2)
            .init(&mut stream(), &device)
            .expect("a kernel that halves");
        let burns = Conv2dConfig::new([inputs, outputs], [4, 4])
            .with_stride([2, 2])
            .with_padding(PaddingConfig2d::Explicit(1, 1, 1, 1))
            .with_bias(false)
            .init(&device);
        against_burn(
            criterion,
            &format!("convolution_{inputs}_to_{outputs}_at_{side}"),
            [side, inputs],
            (ours, |layer, x| layer.propagate(x)),
            (burns, |layer, x| layer.forward(x)),
        );
    }
}

fn transposed_convolutions(criterion: &mut Criterion) {
    let device = Device::flex().autodiff();
    for [inputs, outputs, side] in [[256, 128, 4], [128, 64, 8], [64, 1, 16]] {
        let ours = ConvolutionConfig::new(inputs, outputs, 4)
            .with_stride(2)
            .init_transposed(&mut stream(), &device)
            .expect("a kernel that doubles");
        let burns = ConvTranspose2dConfig::new([inputs, outputs], [4, 4])
            .with_stride([2, 2])
            .with_padding([1, 1])
            .with_bias(false)
            .init(&device);
        against_burn(
            criterion,
            &format!("transposed_{inputs}_to_{outputs}_at_{side}"),
            [side, inputs],
            (ours, |layer, x| layer.propagate(x)),
            (burns, |layer, x| layer.forward(x)),
        );
    }
}

fn elementwise(criterion: &mut Criterion) {
    let device = Device::flex().autodiff();
    let nothing = burn::nn::Relu::new();
    let last = [BATCH, 16, 16, 64];
    both_ways(
        criterion,
        "leaky_relu_1m/burn_gan",
        last,
        &nothing,
        |_, x| leaky_relu(Dual::constant(x), 0.2).value,
    );
    both_ways(criterion, "leaky_relu_1m/burn", last, &nothing, |_, x| {
        activation::leaky_relu(x, 0.2)
    });
    let ours = BatchNormConfig::new(64).init(&device).expect("64 channels");
    both_ways(criterion, "batch_norm_1m/burn_gan", last, &ours, |m, x| {
        m.propagate(Dual::constant(x)).value
    });
    let burns = BurnBatchNormConfig::new(64).init(&device);
    let first = [BATCH, 64, 16, 16];
    both_ways(criterion, "batch_norm_1m/burn", first, &burns, |m, x| {
        m.forward(x)
    });
}

criterion_group!(benches, convolutions, transposed_convolutions, elementwise);
criterion_main!(benches);
