//! Normalisations with a scale, a shift and an activation behind them, in one operation: `f(gamma xhat + beta)` with
//! `xhat = (x - mean) / sqrt(variance + epsilon)`.

use burn::backend::flex::FlexTensor;

use super::blocks::{each, rewritten};
use super::bridge::{Flat, Forward, Kernel};
use super::elementwise::Elementwise;
use super::passes::{At, Pass, Row, patterns, slices, slices_mut, two_passes, write};
use super::statistics::{Geometry, Moments};
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
            rewritten(x, sizes, 0.., |values, task| {
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
            let asides = slices_mut(geometry, &mut statistics, by_task).enumerate();
            rewritten(x, sizes, asides, |values, (task, statistics)| {
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
        let pass = Backward {
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

/// `1 / sqrt(variance + epsilon)`.
#[inline(always)]
fn inverse_deviation(variance: f64, epsilon: f64) -> f32 {
    (1.0 / (variance + epsilon).sqrt()) as f32
}

/// Means and inverse deviations, `[2, channels]`.
fn of_given([mean, variance]: &[FlexTensor; 2], epsilon: f64) -> Vec<f32> {
    let inverse = variance.values().iter();
    let inverse = inverse.map(|variance| inverse_deviation(f64::from(*variance), epsilon));
    mean.values().iter().copied().chain(inverse).collect()
}

/// Writes means and inverse deviations `[2, groups]` of rows that share them.
#[inline(always)]
fn measure(
    geometry: Geometry,
    epsilon: f64,
    x: &[f32],
    statistics: &mut [f32],
    moments: &mut Moments,
) {
    moments.clear();
    moments.add(geometry, x);
    let (means, inverses) = statistics.split_at_mut(geometry.groups);
    for (group, (mean, inverse)) in means.iter_mut().zip(inverses).enumerate() {
        let [of_group, variance] = moments.of_group(geometry, group);
        *mean = of_group as f32;
        *inverse = inverse_deviation(variance, epsilon);
    }
}

/// Means and inverse deviations `[2, groups]` where all rows share them; mean and variance apart.
fn of_all(geometry: Geometry, x: &[f32], epsilon: f64) -> (Vec<f32>, Option<[FlexTensor; 2]>) {
    let mut blocks = vec![Moments::new(geometry); geometry.tasks()];
    let tasks = slices(geometry, x, geometry.sizes(1, geometry.channels));
    each(x.len(), tasks.zip(&mut blocks), |(x, moments)| {
        wide!([geometry: Geometry = geometry, x: &'a [f32] = x, moments: &'a mut Moments = moments] {
            moments.add(geometry, x);
        });
    });
    let mut moments = Moments::new(geometry);
    blocks.iter().for_each(|block| moments.merge(block));
    let groups = 0..geometry.groups;
    let (mean, variance): (Vec<f64>, Vec<f64>) = groups
        .map(|group| moments.of_group(geometry, group).into())
        .unzip();
    let inverse = variance.iter().map(|x| inverse_deviation(*x, epsilon));
    let single = |values: &[f64]| values.iter().map(|x| *x as f32).collect::<Vec<_>>();
    let statistics = single(&mean).into_iter().chain(inverse).collect();
    let aside = [mean, variance].map(|x| FlexTensor::of(single(&x), [geometry.groups]));
    (statistics, Some(aside))
}

/// Means and inverse deviations of all values, `[segments, 2, groups]`.
pub fn statistics_of(geometry: Geometry, x: &[f32], epsilon: f64) -> Vec<f32> {
    if geometry.is_whole() {
        return of_all(geometry, x, epsilon).0;
    }
    let mut statistics = vec![0.0; geometry.segments() * 2 * geometry.groups];
    let by_task = geometry.sizes(geometry.together, 2 * geometry.groups);
    let tasks = slices(geometry, x, geometry.sizes(1, geometry.channels));
    let tasks = tasks.zip(slices_mut(geometry, &mut statistics, by_task));
    each(x.len(), tasks, |(x, statistics)| {
        let mut moments = Moments::new(geometry);
        wide!([
            geometry: Geometry = geometry,
            epsilon: f64 = epsilon,
            x: &'a [f32] = x,
            statistics: &'a mut [f32] = statistics,
            moments: &'a mut Moments = &mut moments,
        ] {
            let segments = x.chunks_exact(geometry.together * geometry.channels);
            for (x, statistics) in segments.zip(statistics.chunks_exact_mut(2 * geometry.groups)) {
                measure(geometry, epsilon, x, statistics, moments);
            }
        });
    });
    statistics
}

/// Means and inverse deviations of the groups at some rows.
#[inline(always)]
pub fn at_segment<'a>(at: &At, statistics: &'a [f32]) -> [&'a [f32]; 2] {
    let groups = at.geometry.groups;
    let (means, inverses) = statistics[at.segment * 2 * groups..][..2 * groups].split_at(groups);
    [means, inverses]
}

/// One number a channel for a sample.
#[inline(always)]
pub fn at_sample(channels: usize, sample: usize, values: &[f32]) -> &[f32] {
    if values.len() == channels {
        values
    } else {
        &values[sample * channels..][..channels]
    }
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
        self.geometry.fill(mean, |group, _| means[group]);
        self.geometry.fill(scale, |group, channel| {
            self.gamma[channel] * inverses[group]
        });
        self.geometry.fill(shift, |_, channel| self.beta[channel]);
        for values in values.chunks_mut(width) {
            let places = values.iter_mut().zip(&*mean).zip(&*scale).zip(&*shift);
            places.for_each(|(((x, mean), scale), shift)| {
                *x = activation.value((*x - *mean) * *scale + *shift);
            });
        }
    }
}

/// The gradient of `x`: `r (h - mean(h) - xhat mean(h xhat))`, with `r = 1 / sqrt(variance + epsilon)` and `h` for gamma
/// times the gradient in front of the activation.
struct Backward<'b, A> {
    statistics: &'b [f32],
    affine: [&'b [f32]; 2],
    activation: A,
    /// Whether the statistics do not depend on `x`.
    constant: bool,
}

impl<A: Elementwise> Backward<'_, A> {
    /// Mean, scale and shift, as the forward pass had them.
    #[inline(always)]
    fn write_forward(&self, at: At, all: &mut [f32]) {
        let [means, inverses] = at_segment(&at, self.statistics);
        let affine = self.affine;
        let [gamma, beta] = affine.map(|values| at_sample(at.geometry.channels, at.sample, values));
        write(at, all, Self::PATTERNS, 0, |group, _| means[group]);
        write(at, all, Self::PATTERNS, 1, |group, channel| {
            gamma[channel] * inverses[group]
        });
        write(at, all, Self::PATTERNS, 2, |_, channel| beta[channel]);
    }
}

impl<A: Elementwise> Pass for Backward<'_, A> {
    const SUMS: usize = 2;
    const PATTERNS: usize = 7;

    #[inline(always)]
    fn weights(&self, sample: usize, channels: usize) -> Option<&[f32]> {
        Some(at_sample(channels, sample, self.affine[0]))
    }

    #[inline(always)]
    fn prepare_sums(&self, at: At, all: &mut [f32]) {
        self.write_forward(at, all);
        let [_, inverses] = at_segment(&at, self.statistics);
        write(at, all, Self::PATTERNS, 3, |group, _| inverses[group]);
    }

    #[inline(always)]
    fn add(&self, all: &[f32], row: &Row, values: &[f32], sums: &mut [f32]) {
        let length = values.len();
        let [mean, scale, shift, inverse] = patterns(all, Self::PATTERNS, length);
        let (of_g, of_product) = sums.split_at_mut(sums.len() / Self::SUMS);
        let (of_g, of_product) = (&mut of_g[..length], &mut of_product[..length]);
        let x = &row.x[..length];
        for i in 0..length {
            let centered = x[i] - mean[i];
            let g = values[i] * self.activation.slope_at(centered * scale[i] + shift[i]);
            of_g[i] += g;
            of_product[i] += g * (centered * inverse[i]);
        }
    }

    #[inline(always)]
    fn prepare(&self, at: At, means: &[f32], all: &mut [f32]) {
        self.write_forward(at, all);
        let [_, inverses] = at_segment(&at, self.statistics);
        let gamma = at_sample(at.geometry.channels, at.sample, self.affine[0]);
        let (of_h, of_product) = means.split_at(at.geometry.groups);
        let share = if self.constant { 0.0 } else { 1.0 };
        write(at, all, Self::PATTERNS, 3, |group, _| inverses[group]);
        write(at, all, Self::PATTERNS, 4, |_, channel| gamma[channel]);
        write(at, all, Self::PATTERNS, 5, |group, _| share * of_h[group]);
        write(at, all, Self::PATTERNS, 6, |group, _| {
            share * inverses[group] * of_product[group]
        });
    }

    #[inline(always)]
    fn rewrite(&self, all: &[f32], row: &Row, values: &mut [f32], _other: &mut [f32]) {
        let length = values.len();
        let [mean, scale, shift, inverse, gamma, of_h, of_product] =
            patterns(all, Self::PATTERNS, length);
        let x = &row.x[..length];
        for i in 0..length {
            let centered = x[i] - mean[i];
            let g = values[i] * self.activation.slope_at(centered * scale[i] + shift[i]);
            values[i] = inverse[i] * ((g * gamma[i] - of_h[i]) - centered * of_product[i]);
        }
    }
}
