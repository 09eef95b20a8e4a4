//! Normalisations with a scale, a shift and an activation behind them, in one operation: `f(gamma xhat + beta)` with
//! `xhat = (x - mean) / sqrt(variance + epsilon)`.

use burn::backend::flex::FlexTensor;

use super::blocks::rewritten;
use super::bridge::{Flat, Forward, Kernel};
use super::elementwise::Elementwise;
use super::geometry::Geometry;
use super::normalization_gradient::Gradient;
use super::pass::at_sample;
use super::passes::two_passes;
use super::slices::slices_mut;
use super::statistics::{Moments, measure, of_all, of_given};
use super::wide::wide;

/// Inputs `x`, and `gamma` and `beta` as `[channels]` or `[samples, channels]`.
#[derive(Debug, Clone)]
pub struct Normalization<A> {
    pub geometry: Geometry,
    pub epsilon: f64,
    pub activation: A,
    /// Mean and variance of each channel to use in place of the values' own.
    pub given: Option<[FlexTensor; 2]>,
    /// Whether there is a backward pass, so that `x` has to be kept.
    pub tracked: bool,
}

#[derive(Debug, Clone)]
pub struct Saved {
    x: FlexTensor,
    affine: [FlexTensor; 2],
    statistics: FlexTensor,
}

impl<A: Elementwise> Kernel<3> for Normalization<A> {
    type Saved = Saved;
    /// Mean and variance of each channel, where all rows share them.
    type Aside = Option<[FlexTensor; 2]>;

    fn forward(&self, [x, gamma, beta]: [FlexTensor; 3]) -> Forward<Saved, Self::Aside> {
        let geometry = self.geometry;
        let kept = self.tracked.then(|| x.clone());
        let (mut statistics, aside) = match &self.given {
            Some(given) => (of_given(given, self.epsilon), None),
            None if geometry.is_whole() => of_all(geometry, x.values(), self.epsilon),
            None => (vec![0.0; geometry.segments() * 2 * geometry.groups], None),
        };
        let sizes = geometry.sizes(1, geometry.channels);
        let affine = [gamma.values(), beta.values()];
        let value = if geometry.is_whole() {
            let statistics = &statistics;
            rewritten(x, sizes, &mut (0..), &|values, task| {
                let scaling = Scaling::of_task(geometry, affine, task);
                let mut all = vec![0.0; 3 * geometry.columns().width()];
                wide!(<A: Elementwise> [
                    scaling: Scaling<'a> = scaling,
                    activation: A = self.activation,
                    statistics: &'a [f32] = statistics,
                    values: &'a mut [f32] = values,
                    all: &'a mut [f32] = &mut all,
                ] {
                    scaling.apply(activation, statistics, values, all);
                });
            })
        } else {
            let by_task = geometry.sizes(geometry.together, 2 * geometry.groups);
            let mut asides = slices_mut(geometry, &mut statistics, by_task).enumerate();
            rewritten(x, sizes, &mut asides, &|values, (task, statistics)| {
                let scaling = Scaling::of_task(geometry, affine, task);
                let mut all = vec![0.0; 3 * geometry.columns().width()];
                let mut moments = Moments::new(geometry);
                wide!(<A: Elementwise> [
                    scaling: Scaling<'a> = scaling,
                    activation: A = self.activation,
                    epsilon: f64 = self.epsilon,
                    statistics: &'a mut [f32] = statistics,
                    values: &'a mut [f32] = values,
                    all: &'a mut [f32] = &mut all,
                    moments: &'a mut Moments = &mut moments,
                ] {
                    let geometry = scaling.geometry;
                    let segments = values.chunks_exact_mut(geometry.together * geometry.channels);
                    for (values, statistics) in segments.zip(statistics.chunks_exact_mut(2 * geometry.groups)) {
                        measure(geometry, epsilon, values, statistics, moments);
                        scaling.apply(activation, statistics, values, all);
                    }
                });
            })
        };
        let size = statistics.len();
        Forward {
            saved: Saved {
                x: kept.unwrap_or_else(|| value.clone()),
                affine: [gamma, beta],
                statistics: FlexTensor::of(statistics, [size]),
            },
            value,
            aside,
        }
    }

    fn backward(
        &self,
        saved: Saved,
        gradient: FlexTensor,
        [dx_wanted, gamma_wanted, beta_wanted]: [bool; 3],
    ) -> [Option<FlexTensor>; 3] {
        let geometry = self.geometry;
        let [gamma, beta] = &saved.affine;
        let pass = Gradient {
            statistics: saved.statistics.values(),
            affine: [gamma.values(), beta.values()],
            activation: self.activation,
            constant: self.given.is_some(),
        };
        let found = two_passes(geometry, &pass, [saved.x.values(), &[]], gradient, &mut []);
        let affine = |index: usize| of_parameter(geometry, &found.sums, 2, index, gamma);
        let (d_gamma, d_beta) = (
            gamma_wanted.then(|| affine(1)),
            beta_wanted.then(|| affine(0)),
        );
        [dx_wanted.then_some(found.values), d_gamma, d_beta]
    }
}

/// The sums `index` of all samples, in the shape of a parameter.
pub fn of_parameter(
    geometry: Geometry,
    sums: &[f32],
    of_sample: usize,
    index: usize,
    parameter: &FlexTensor,
) -> FlexTensor {
    let channels = geometry.channels;
    let samples = sums.chunks_exact(of_sample * channels);
    let values = samples
        .flat_map(|sums| &sums[index * channels..][..channels])
        .copied()
        .collect();
    FlexTensor::of(values, parameter.layout().shape().clone())
}

/// Scale and shift of a task's rows.
struct Scaling<'a> {
    geometry: Geometry,
    gamma: &'a [f32],
    beta: &'a [f32],
}

impl<'a> Scaling<'a> {
    fn of_task(geometry: Geometry, affine: [&'a [f32]; 2], task: usize) -> Self {
        let sample = task / geometry.tasks_of_sample();
        let [gamma, beta] = affine.map(|values| at_sample(geometry.channels, sample, values));
        Self {
            geometry,
            gamma,
            beta,
        }
    }

    /// Normalises rows that share `statistics`.
    #[inline(always)]
    fn apply<A: Elementwise>(
        &self,
        activation: A,
        statistics: &[f32],
        values: &mut [f32],
        all: &mut [f32],
    ) {
        let (means, inverses) = statistics.split_at(self.geometry.groups);
        let width = all.len() / 3;
        let (mean, others) = all.split_at_mut(width);
        let (scale, shift) = others.split_at_mut(width);
        self.geometry.fill(mean, [means], |[mean]| mean);
        self.geometry.product(scale, self.gamma, inverses);
        self.geometry.copy(shift, self.beta);
        for values in values.chunks_mut(width) {
            let places = values.iter_mut().zip(&*mean).zip(&*scale).zip(&*shift);
            places.for_each(|(((x, mean), scale), shift)| {
                *x = activation.value((*x - *mean) * *scale + *shift);
            });
        }
    }
}
