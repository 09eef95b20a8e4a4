//! A critic's gradient penalties against PyTorch's double backward: values and every parameter's gradient.

use burn::module::Module;
use burn::optim::GradientsParams;
use burn::tensor::{Device, Tensor};
use burn_gan::Discriminator;
use burn_gan::penalty::{CentralDifference, Exact, GradientPenalty, Penalty, Term};
use serde_json::Value;

use crate::common::reference::{Layout, Reference, Table, table, with_weights};
use crate::common::{self, gradients, parameters, relative_error, values};

/// Tolerances of exact penalties and of central differences, for piecewise linear and for curved critics on a CPU, and for
/// all on wgpu.
pub const PIECEWISE_LINEAR: [f64; 2] = [1e-5, 2e-2];
pub const CURVED: [f64; 2] = [1e-4, 2e-2];
#[cfg(feature = "wgpu")]
pub const ON_WGPU: [f64; 2] = [1e-3, 2e-2];

/// The CPU backends, with autodiff.
pub fn processors() -> impl Iterator<Item = Device> {
    common::processors().into_iter().map(Device::autodiff)
}

/// Gamma of R1 and R2 and the weight of the other penalties in the reference.
const WEIGHT: f64 = 10.0;

const PENALTIES: [(&str, Penalty); 5] = [
    ("r1", Penalty::R1 { gamma: WEIGHT }),
    ("r2", Penalty::R2 { gamma: WEIGHT }),
    ("wasserstein_gp", Penalty::WassersteinGp { weight: WEIGHT }),
    ("one_sided_gp", Penalty::OneSidedGp { weight: WEIGHT }),
    ("dragan", Penalty::Dragan { weight: WEIGHT }),
];

/// The parameters of the perceptron of both references.
pub fn mlp_table() -> Table {
    table(&[
        ("layers.0.weight", "0.weight", Layout::Linear),
        ("layers.0.bias", "0.bias", Layout::Vector),
        ("layers.1.weight", "1.weight", Layout::Linear),
        ("layers.1.bias", "1.bias", Layout::Vector),
        ("layers.2.weight", "2.weight", Layout::Linear),
        ("layers.2.bias", "2.bias", Layout::Vector),
    ])
}

/// Small enough to cross no kink of a leaky ReLU: the reference keeps that far from them. It may name a step of its own.
const STEP: f64 = 3e-4;

/// Checks every penalty of the reference for a critic under a condition: its value to `exact`, every gradient to `exact`
/// with the exact method and to `approximate` with central differences.
pub fn check<const D: usize, C, N: Discriminator<D, C>>(
    reference: &Reference,
    critic: N,
    condition: &C,
    table: &Table,
    device: &Device,
    [exact, approximate]: [f64; 2],
) {
    let name = &reference.name;
    let critic = with_weights(critic, reference, table);
    assert_eq!(
        parameters(&critic).len(),
        reference.case["parameters"].as_object().unwrap().len()
    );
    let plain = &device.clone().inner();
    let step = reference.case["step"].as_f64().unwrap_or(STEP);
    let mut worst = [0.0_f64; 2];
    for (penalty_name, expected) in reference.case["penalties"].as_object().unwrap() {
        let named = PENALTIES.iter().find(|(name, _)| name == penalty_name);
        let penalty = named.unwrap().1.build::<D>().unwrap();
        let points = reference.input::<D>(&expected["points"], plain);
        let cost = |gradient: Tensor<D>| penalty.cost(gradient);
        let what = format!("{name}, {penalty_name}");

        let method = Exact::new(&critic, points.clone(), condition).unwrap();
        let term = method
            .term(&critic, points.clone(), condition, &cost)
            .unwrap();
        let error = compare(&what, &critic, reference, expected, table, term, exact);
        worst[0] = worst[0].max(error);

        let method = CentralDifference::new(&critic, step, points.clone(), condition).unwrap();
        let term = method.term(&critic, points, condition, &cost).unwrap();
        let what = format!("{what}, central differences");
        let error = compare(
            &what,
            &critic,
            reference,
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
