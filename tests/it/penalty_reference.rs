//! Exact gradient penalties against PyTorch's double backward: value and every parameter's gradient, on every
//! backend. The reference values come from `tests/golden/penalties.py`.

use crate::common::penalty_reference::{CURVED, PIECEWISE_LINEAR, check, mlp_table, processors};
use crate::common::reference::{HALVING, Layout, Reference, SAME_SIZE, table};
use crate::common::stream;
use burn::module::Module;
use burn::tensor::{Device, Tensor};
use burn_gan::model::{DcganConfig, MlpConfig, Normalization, R3ganConfig};
use burn_gan::nn::{
    Convolution, ConvolutionConfig, GroupNorm, GroupNormConfig, Head, HeadConfig, to_channels_last,
};
use burn_gan::{Discriminator, Dual, DualDiscriminator, TangentRule, dual};

/// Group normalisation and a SiLU: the curved critic.
#[derive(Module, Debug)]
struct Normalized {
    first: Convolution,
    first_norm: GroupNorm,
    second: Convolution,
    second_norm: GroupNorm,
    head: Head,
}

impl Normalized {
    fn new(device: &Device) -> Self {
        let convolution = |inputs, kernel, stride| {
            ConvolutionConfig::new(inputs, 8, kernel)
                .with_stride(stride)
                .with_bias(true)
                .init(&mut stream(0), device)
                .unwrap()
        };
        let norm = || GroupNormConfig::new(2, 8).init(device).unwrap();
        Self {
            first: convolution(2, 3, 1),
            first_norm: norm(),
            second: convolution(8, 4, 2),
            second_norm: norm(),
            head: HeadConfig::new([4, 4, 8])
                .with_bias(true)
                .init(&mut stream(0), device)
                .unwrap(),
        }
    }
}

impl Discriminator<4> for Normalized {
    fn logits(&self, samples: Tensor<4>, condition: &()) -> Tensor<1> {
        self.logits_dual(Dual::constant(samples), condition).value
    }
    fn tangent_rule(&self) -> Option<TangentRule<Self, 4, ()>> {
        Some(Self::logits_dual)
    }
}

impl DualDiscriminator<4> for Normalized {
    fn logits_dual(&self, samples: Dual<4>, _: &()) -> Dual<1> {
        let x = self.first.propagate(samples.linear(to_channels_last));
        let x = dual::silu(self.first_norm.propagate(x));
        let x = self.second_norm.propagate(self.second.propagate(x));
        let x = dual::leaky_relu(x, 0.2);
        self.head.propagate(x).linear(|x| x.squeeze_dim(1))
    }
}

fn mlp(device: &Device, tolerances: [f64; 2]) {
    let critic = MlpConfig::new(2)
        .with_hidden(vec![16, 16])
        .init_discriminator(device)
        .unwrap();
    let reference = Reference::load("penalties", "mlp");
    check::<2, _, _>(&reference, critic, &(), &mlp_table(), device, tolerances);
}

fn convolutional(device: &Device, tolerances: [f64; 2]) {
    let critic = DcganConfig::new(1, 16, 16)
        .with_filters(8)
        .with_base_size(2)
        .with_discriminator_normalization(Normalization::None)
        .init_discriminator(device)
        .unwrap();
    let table = table(&[
        ("first.weight", "0.weight", HALVING),
        ("first.bias", "0.bias", Layout::Vector),
        ("hidden.0.convolution.weight", "1.weight", HALVING),
        ("hidden.0.convolution.bias", "1.bias", Layout::Vector),
        ("hidden.1.convolution.weight", "2.weight", HALVING),
        ("hidden.1.convolution.bias", "2.bias", Layout::Vector),
        ("head.weight", "head.weight", Layout::Head),
        ("head.bias", "head.bias", Layout::Vector),
    ]);
    let reference = Reference::load("penalties", "convolutional");
    check::<4, _, _>(&reference, critic, &(), &table, device, tolerances);
}

fn normalized(device: &Device, tolerances: [f64; 2]) {
    let table = table(&[
        ("first.weight", "first.weight", SAME_SIZE),
        ("first.bias", "first.bias", Layout::Vector),
        ("first_norm.gamma", "first_norm.weight", Layout::Vector),
        ("first_norm.beta", "first_norm.bias", Layout::Vector),
        ("second.weight", "second.weight", HALVING),
        ("second.bias", "second.bias", Layout::Vector),
        ("second_norm.gamma", "second_norm.weight", Layout::Vector),
        ("second_norm.beta", "second_norm.bias", Layout::Vector),
        ("head.weight", "head.weight", Layout::Head),
        ("head.bias", "head.bias", Layout::Vector),
    ]);
    let critic = Normalized::new(device);
    let reference = Reference::load("penalties", "normalized");
    check::<4, _, _>(&reference, critic, &(), &table, device, tolerances);
}

fn residual(device: &Device, tolerances: [f64; 2]) {
    let critic = R3ganConfig::new(1, 8, 8)
        .with_filters(4)
        .with_max_filters(8)
        .with_base_size(2)
        .with_group_width(Some(4))
        .init_discriminator(device)
        .unwrap();
    let mut table = table(&[
        ("first.weight", "first.weight", SAME_SIZE),
        (
            "stages.0.transition.weight",
            "0.transition.weight",
            SAME_SIZE,
        ),
        ("basis", "basis.weight", Layout::Basis),
        ("linear.weight", "linear.weight", Layout::Linear),
    ]);
    for (stage, (block, groups)) in [
        ("stages.0.blocks.0", 2),
        ("stages.1.blocks.0", 4),
        ("last.0", 4),
    ]
    .into_iter()
    .enumerate()
    {
        let grouped = Layout::Convolution { stride: 1, groups };
        for (parameter, layout) in [
            ("first.weight", SAME_SIZE),
            ("first.bias", Layout::Vector),
            ("second.weight", grouped),
            ("second.bias", Layout::Vector),
            ("third.weight", SAME_SIZE),
        ] {
            let path = format!("{block}.{parameter}");
            table.push((path, format!("{stage}.{parameter}"), layout));
        }
    }
    let reference = Reference::load("penalties", "residual");
    check::<4, _, _>(&reference, critic, &(), &table, device, tolerances);
}

#[test]
fn an_mlp() {
    for device in processors() {
        mlp(&device, PIECEWISE_LINEAR);
    }
}

#[test]
fn a_convolutional_critic() {
    for device in processors() {
        convolutional(&device, PIECEWISE_LINEAR);
    }
}

#[test]
fn a_normalized_critic() {
    for device in processors() {
        normalized(&device, CURVED);
    }
}

#[test]
fn a_residual_critic() {
    for device in processors() {
        residual(&device, PIECEWISE_LINEAR);
    }
}

#[test]
#[cfg(feature = "wgpu")]
fn on_wgpu() {
    use crate::common::penalty_reference::ON_WGPU;

    let device = Device::wgpu(burn::tensor::DeviceKind::DefaultDevice).autodiff();
    mlp(&device, ON_WGPU);
    convolutional(&device, ON_WGPU);
    normalized(&device, ON_WGPU);
    residual(&device, ON_WGPU);
}
