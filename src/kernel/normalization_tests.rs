//! The kernels of normalisations against their definition in double precision and its finite differences, with a scale
//! and shift for all samples and with one for each.

use burn::backend::flex::FlexTensor;

use super::bridge::{Flat, Kernel};
use super::elementwise::{Identity, Silu};
use super::geometry::Geometry;
use super::normalization::Normalization;
use super::normalization_tangent::NormalizationTangent;
use super::over::Over;
use super::smooth::sigmoids;
use crate::random::{Purpose, Stream};

const EPSILON: f64 = 1e-3;

/// Inputs of the definition.
#[derive(Clone)]
struct Case {
    geometry: Geometry,
    x: Vec<f64>,
    dx: Vec<f64>,
    gamma: Vec<f64>,
    beta: Vec<f64>,
}

impl Case {
    fn new(over: Over, shape: [usize; 3], per_sample: bool, seed: u64) -> Self {
        let [samples, positions, channels] = shape;
        let scale = [samples, channels];
        let scale = if per_sample { &scale[..] } else { &scale[1..] };
        let mut stream = Stream::new(seed, Purpose::Data, 0);
        let mut normal = |count: usize, mean: f32| {
            let values = stream.normal_values(count);
            values
                .into_iter()
                .map(|x| f64::from(x + mean))
                .collect::<Vec<_>>()
        };
        let (size, of_scale) = (samples * positions * channels, scale.iter().product());
        Self {
            geometry: Geometry::of(over, &shape, scale).unwrap(),
            x: normal(size, 0.5),
            dx: normal(size, 0.1),
            gamma: normal(of_scale, 1.0),
            beta: normal(of_scale, 0.0),
        }
    }

    /// Index of the statistics and of the scale of each value.
    fn indices(&self) -> impl Iterator<Item = (usize, usize)> {
        let geometry = self.geometry;
        let (channels, one) = (geometry.channels, geometry.sample == geometry.rows);
        (0..self.x.len()).map(move |index| {
            let (row, channel) = (index / channels, index % channels);
            let group = channel / geometry.group();
            let sample = if one { 0 } else { row / geometry.sample };
            (
                row / geometry.together * geometry.groups + group,
                sample * channels + channel,
            )
        })
    }

    fn means(&self, values: &[f64]) -> Vec<f64> {
        let count = self.geometry.segments() * self.geometry.groups;
        let mut sums = vec![0.0; count];
        for (value, (index, _)) in values.iter().zip(self.indices()) {
            sums[index] += value;
        }
        let share = count as f64 / values.len() as f64;
        sums.iter().map(|sum| sum * share).collect()
    }

    fn normal(&self) -> Vec<f64> {
        let mean = self.means(&self.x);
        let centered = |case: &Self| {
            let pairs = case.x.iter().zip(case.indices());
            pairs
                .map(|(x, (index, _))| x - mean[index])
                .collect::<Vec<_>>()
        };
        let centered = centered(self);
        let squares: Vec<f64> = centered.iter().map(|x| x * x).collect();
        let variance = self.means(&squares);
        let pairs = centered.iter().zip(self.indices());
        pairs
            .map(|(x, (index, _))| x / (variance[index] + EPSILON).sqrt())
            .collect()
    }

    fn value(&self, activation: impl Fn(f64) -> f64) -> Vec<f64> {
        let pairs = self.normal().into_iter().zip(self.indices());
        pairs
            .map(|(x, (_, index))| activation(self.gamma[index] * x + self.beta[index]))
            .collect()
    }

    fn tangent(&self) -> Vec<f64> {
        const STEP: f64 = 1e-4;
        let moved = |step: f64| {
            let mut case = self.clone();
            let pairs = case.x.iter_mut().zip(&self.dx);
            pairs.for_each(|(x, dx)| *x += step * dx);
            case.value(|x| x)
        };
        let pairs = moved(STEP).into_iter().zip(moved(-STEP));
        pairs
            .map(|(ahead, behind)| (ahead - behind) / (2.0 * STEP))
            .collect()
    }

    fn shape(&self) -> [usize; 2] {
        [self.geometry.rows, self.geometry.channels]
    }
}

fn tensor(values: &[f64], shape: [usize; 2]) -> FlexTensor {
    FlexTensor::of(values.iter().map(|x| *x as f32).collect(), shape)
}

fn of_scale(case: &Case, values: &[f64]) -> FlexTensor {
    let channels = case.geometry.channels;
    tensor(values, [values.len() / channels, channels])
}

#[track_caller]
fn assert_close(what: &str, actual: &FlexTensor, expected: &[f64], tolerance: f64) {
    let scale = expected.iter().fold(1.0_f64, |most, x| most.max(x.abs()));
    assert_eq!(actual.values().len(), expected.len(), "{what}");
    for (actual, expected) in actual.values().iter().zip(expected) {
        let error = (f64::from(*actual) - expected).abs();
        assert!(
            error <= tolerance * scale,
            "{what}: {actual} for {expected}"
        );
    }
}

/// The derivative of `loss` by each value that `of` picks.
fn differences(
    case: &Case,
    loss: impl Fn(&Case) -> f64,
    of: impl Fn(&mut Case) -> &mut Vec<f64>,
) -> Vec<f64> {
    const STEP: f64 = 1e-4;
    let mut case = case.clone();
    (0..of(&mut case).len())
        .map(|index| {
            let before = of(&mut case)[index];
            let mut at = |step: f64| {
                of(&mut case)[index] = before + step;
                loss(&case)
            };
            let slope = (at(STEP) - at(-STEP)) / (2.0 * STEP);
            of(&mut case)[index] = before;
            slope
        })
        .collect()
}

fn cases() -> Vec<(String, Case, Vec<f64>)> {
    let mut cases = Vec::new();
    let overs = [
        Over::Batch,
        Over::Sample { groups: 1 },
        Over::Sample { groups: 3 },
        Over::Sample { groups: 6 },
        Over::Position,
    ];
    for (seed, shape) in [[1, 5, 6], [4, 3, 6], [3, 1, 6], [7, 13, 6]]
        .into_iter()
        .enumerate()
    {
        for over in overs {
            for per_sample in [false, true] {
                if matches!(over, Over::Sample { groups: 6 }) && shape[1] == 1 {
                    // Nothing but the shift is left.
                    continue;
                }
                let case = Case::new(over, shape, per_sample, seed as u64);
                let mut stream = Stream::new(100 + seed as u64, Purpose::Data, 0);
                let weights = stream.normal_values(case.x.len());
                let weights = weights.into_iter().map(f64::from).collect();
                let what = format!("{over:?}, {shape:?}, scale a sample: {per_sample}");
                cases.push((what, case, weights));
            }
        }
    }
    cases
}

#[test]
fn values_and_gradients_are_those_of_the_definition() {
    let silu = |x: f64| x / (1.0 + (-x).exp());
    assert!((f64::from(sigmoids(1.0).0) - silu(1.0)).abs() < 1e-6);
    for (what, case, weights) in cases() {
        let kernel = Normalization {
            geometry: case.geometry,
            epsilon: EPSILON,
            activation: Silu,
            given: None,
            tracked: true,
        };
        let inputs = [
            tensor(&case.x, case.shape()),
            of_scale(&case, &case.gamma),
            of_scale(&case, &case.beta),
        ];
        let found = kernel.forward(inputs);
        assert_close(&what, &found.value, &case.value(silu), 2e-6);
        if let Some([mean, variance]) = found.aside {
            let means = case.means(&case.x);
            assert_close(&what, &mean, &means, 1e-6);
            let squares: Vec<f64> = case.x.iter().map(|x| x * x).collect();
            let squares = case.means(&squares).into_iter();
            let variances: Vec<f64> = squares.zip(means).map(|(s, m)| s - m * m).collect();
            assert_close(&what, &variance, &variances, 1e-6);
        }
        let gradient = tensor(&weights, case.shape());
        let [dx, gamma, beta] = kernel.backward(found.saved, gradient, [true; 3]);
        let loss = |case: &Case| {
            let pairs = case.value(silu).into_iter().zip(&weights);
            pairs.map(|(y, weight)| y * weight).sum()
        };
        let check = |name: &str, found: Option<FlexTensor>, of: fn(&mut Case) -> &mut Vec<f64>| {
            let expected = differences(&case, loss, of);
            assert_close(&format!("{what}: {name}"), &found.unwrap(), &expected, 2e-5);
        };
        check("x", dx, |case| &mut case.x);
        check("gamma", gamma, |case| &mut case.gamma);
        check("beta", beta, |case| &mut case.beta);
    }
}

#[test]
fn tangents_and_their_gradients_are_those_of_the_definition() {
    for (what, case, weights) in cases() {
        let kernel = NormalizationTangent {
            geometry: case.geometry,
            epsilon: EPSILON,
        };
        let inputs = [
            tensor(&case.x, case.shape()),
            tensor(&case.dx, case.shape()),
            of_scale(&case, &case.gamma),
        ];
        let found = kernel.forward(inputs);
        assert_close(&what, &found.value, &case.tangent(), 1e-5);
        let gradient = tensor(&weights, case.shape());
        let [x, dx, gamma] = kernel.backward(found.saved, gradient, [true; 3]);
        let loss = |case: &Case| {
            let pairs = case.tangent().into_iter().zip(&weights);
            pairs.map(|(u, weight)| u * weight).sum()
        };
        let check = |name: &str, found: Option<FlexTensor>, of: fn(&mut Case) -> &mut Vec<f64>| {
            let expected = differences(&case, loss, of);
            assert_close(&format!("{what}: {name}"), &found.unwrap(), &expected, 2e-5);
        };
        check("x", x, |case| &mut case.x);
        check("dx", dx, |case| &mut case.dx);
        check("gamma", gamma, |case| &mut case.gamma);
    }
}

#[test]
fn a_large_mean_costs_no_digits() {
    let geometry = Geometry::of(Over::Batch, &[40, 100, 5], &[5]).unwrap();
    let values = Stream::new(1, Purpose::Data, 0).normal_values(20_000);
    let x = values.iter().map(|x| 4096.0 + x).collect();
    let kernel = Normalization {
        geometry,
        epsilon: 1e-5,
        activation: Identity,
        given: None,
        tracked: false,
    };
    let ones = FlexTensor::of(vec![1.0; 5], [5]);
    let zeros = FlexTensor::of(vec![0.0; 5], [5]);
    let found = kernel.forward([FlexTensor::of(x, [4000, 5]), ones, zeros]);
    let [_, variance] = found.aside.unwrap();
    for variance in variance.values() {
        assert!((variance - 1.0).abs() < 0.1, "{variance}");
    }
}
