//! Exact gradient penalties against PyTorch's double backward: value and every parameter's gradient, on every
//! backend. The reference values come from `tests/golden/penalties.py`.

use crate::common::reference::{HALVING, Layout, Reference, SAME_SIZE, Table, table, with_weights};
use crate::common::{self, gradients, parameters, relative_error, stream, values};
use burn::module::Module;
use burn::optim::GradientsParams;
use burn::tensor::{Device, Tensor};
use burn_gan::model::{DcganConfig, MlpConfig, Normalization, R3ganConfig};
use burn_gan::nn::{
    Convolution, ConvolutionConfig, GroupNorm, GroupNormConfig, Head, HeadConfig, to_channels_last,
};
use burn_gan::penalty::{CentralDifference, Exact, GradientPenalty, Penalty, Term};
use burn_gan::random::Stream;
use burn_gan::{Discriminator, Dual, DualDiscriminator, TangentRule, dual};
use serde_json::Value;

/// Gamma of R1 and R2 and the weight of the other penalties in the reference.
const WEIGHT: f64 = 10.0;

/// A penalty with the reference's points in place of its own.
#[derive(Debug)]
struct At<const D: usize> {
    points: Tensor<D>,
    penalty: Box<dyn GradientPenalty<D>>,
}

impl<const D: usize> GradientPenalty<D> for At<D> {
    fn points(&self, _real: &Tensor<D>, _fake: &Tensor<D>, _random: &mut Stream) -> Tensor<D> {
        self.points.clone()
    }
    fn cost(&self, gradient: Tensor<D>) -> Tensor<1> {
        self.penalty.cost(gradient)
    }
}

const PENALTIES: [(&str, Penalty); 5] = [
    ("r1", Penalty::R1 { gamma: WEIGHT }),
    ("r2", Penalty::R2 { gamma: WEIGHT }),
    ("wasserstein_gp", Penalty::WassersteinGp { weight: WEIGHT }),
    ("one_sided_gp", Penalty::OneSidedGp { weight: WEIGHT }),
    ("dragan", Penalty::Dragan { weight: WEIGHT }),
];

/// Small enough to cross no kink of a leaky ReLU: the reference keeps that far from them.
const STEP: f64 = 3e-4;

/// Checks every penalty of a critic: its value to `exact`, every gradient to `exact` with the exact method and to
/// `approximate` with central differences.
fn check<const D: usize, N: Discriminator<D>>(
    name: &str,
    critic: N,
    table: &Table,
    device: &Device,
    [exact, approximate]: [f64; 2],
) {
    let reference = Reference::load("penalties", name);
    let critic = with_weights(critic, &reference, table);
    assert_eq!(
        parameters(&critic).len(),
        reference.case["parameters"].as_object().unwrap().len()
    );
    let plain = &device.clone().inner();
    let mut worst = [0.0_f64; 2];
    for (penalty_name, penalty) in PENALTIES {
        let expected = &reference.case["penalties"][penalty_name];
        let at = At {
            points: reference.input::<D>(&expected["points"], plain),
            penalty: penalty.build().unwrap(),
        };
        let unused = at.points.zeros_like();
        let points = at.points(&unused, &unused, &mut stream(0));
        let cost = |gradient: Tensor<D>| at.cost(gradient);
        let what = format!("{name}, {penalty_name}");

        let method = Exact::new(&critic, points.clone(), &()).unwrap();
        let term = method.term(&critic, points.clone(), &(), &cost).unwrap();
        let error = compare(&what, &critic, &reference, expected, table, term, exact);
        worst[0] = worst[0].max(error);

        let method = CentralDifference::new(&critic, STEP, points.clone(), &()).unwrap();
        let term = method.term(&critic, points, &(), &cost).unwrap();
        let what = format!("{what}, central differences");
        let error = compare(
            &what,
            &critic,
            &reference,
            expected,
            table,
            term,
            approximate,
        );
        worst[1] = worst[1].max(error);
    }
    // With --nocapture: the figures of docs/penalties.md.
    println!(
        "{name} on {device:?}: exact {:.1e}, central differences {:.1e}",
        worst[0], worst[1]
    );
}

/// The value and every gradient of a penalty against the reference; returns the largest error of a gradient.
fn compare<N: Module>(
    what: &str,
    critic: &N,
    reference: &Reference,
    expected: &Value,
    table: &Table,
    term: Term,
    tolerance: f64,
) -> f64 {
    let value = values(term.cost.mean())[0];
    let error = relative_error(&[value], &[expected["value"].as_f64().unwrap()]);
    assert!(error <= tolerance, "{what}: value off by {error:e}");

    let mut worst = 0.0_f64;
    let found = GradientsParams::from_grads(term.surrogate.mean().backward(), critic);
    let found = gradients(critic, &found);
    for (path, name, layout) in table {
        let expected = layout.stored(reference.data(&expected["gradients"][name]));
        let expected: Vec<f64> = expected.into_iter().map(f64::from).collect();
        let found = match found.get(path) {
            Some(found) => found.clone(),
            None => vec![0.0; expected.len()],
        };
        if expected.iter().all(|x| *x == 0.0) {
            // Nothing to be relative to: biases that the slopes do not depend on.
            let size = found.iter().map(|x| x * x).sum::<f64>().sqrt();
            assert!(size <= tolerance, "{what}, {path}: {size:e} for 0");
            continue;
        }
        let error = relative_error(&found, &expected);
        assert!(error <= tolerance, "{what}, {path}: off by {error:e}");
        worst = worst.max(error);
    }
    worst
}

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
    let table = table(&[
        ("layers.0.weight", "0.weight", Layout::Linear),
        ("layers.0.bias", "0.bias", Layout::Vector),
        ("layers.1.weight", "1.weight", Layout::Linear),
        ("layers.1.bias", "1.bias", Layout::Vector),
        ("layers.2.weight", "2.weight", Layout::Linear),
        ("layers.2.bias", "2.bias", Layout::Vector),
    ]);
    check::<2, _>("mlp", critic, &table, device, tolerances);
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
    check::<4, _>("convolutional", critic, &table, device, tolerances);
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
    check::<4, _>("normalized", critic, &table, device, tolerances);
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
    check::<4, _>("residual", critic, &table, device, tolerances);
}

const PIECEWISE_LINEAR: [f64; 2] = [1e-5, 2e-2];
const CURVED: [f64; 2] = [1e-4, 2e-2];

fn processors() -> impl Iterator<Item = Device> {
    common::processors().into_iter().map(Device::autodiff)
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
    let device = Device::wgpu(burn::tensor::DeviceKind::DefaultDevice).autodiff();
    let tolerances = [1e-3, 2e-2];
    mlp(&device, tolerances);
    convolutional(&device, tolerances);
    normalized(&device, tolerances);
    residual(&device, tolerances);
}
