//! Means and variances of the values that a normalisation takes together.
//!
//! Mean and sum of squared deviations of each block of rows, while it is in the cache, merged in the order of the blocks
//! (Chan, Golub and LeVeque 1983, equation 2.1): one pass over memory, and nothing is lost where the mean is large.

use burn::backend::flex::FlexTensor;

use super::blocks::each;
use super::bridge::Flat;
use super::geometry::Geometry;
use super::slices::{slices, slices_mut};
use super::wide::wide;

/// Mean and sum of squared deviations of each channel over some rows.
#[derive(Debug, Clone)]
pub struct Moments {
    rows: f64,
    mean: Vec<f64>,
    deviations: Vec<f64>,
    block: Block,
}

/// Those of one block, with what they are computed in.
#[derive(Debug, Clone)]
struct Block {
    mean: Vec<f32>,
    deviations: Vec<f32>,
    sums: Vec<f32>,
    centers: Vec<f32>,
}

impl Moments {
    /// Of no rows.
    pub fn new(geometry: Geometry) -> Self {
        let (channels, width) = (geometry.channels, geometry.columns().width());
        Self {
            rows: 0.0,
            mean: vec![0.0; channels],
            deviations: vec![0.0; channels],
            block: Block {
                mean: vec![0.0; channels],
                deviations: vec![0.0; channels],
                sums: vec![0.0; width],
                centers: vec![0.0; width],
            },
        }
    }

    /// Forgets all rows.
    #[inline(always)]
    pub fn clear(&mut self) {
        self.rows = 0.0;
        self.mean.fill(0.0);
        self.deviations.fill(0.0);
    }

    /// Takes more rows in.
    #[inline(always)]
    pub fn add(&mut self, geometry: Geometry, x: &[f32]) {
        for x in x.chunks(geometry.block_rows() * geometry.channels) {
            self.block.measure(geometry, x);
            let rows = (x.len() / geometry.channels) as f64;
            let all = self.rows + rows;
            let (share, weight) = (rows / all, self.rows * rows / all);
            let channels = self.mean.iter_mut().zip(&mut self.deviations);
            let block = self.block.mean.iter().zip(&self.block.deviations);
            for ((mean, deviations), (block_mean, block_deviations)) in channels.zip(block) {
                let step = f64::from(*block_mean) - *mean;
                *mean += step * share;
                *deviations += f64::from(*block_deviations) + step * step * weight;
            }
            self.rows = all;
        }
    }

    /// Takes the rows of others in, which come behind its own.
    pub fn merge(&mut self, other: &Self) {
        let all = self.rows + other.rows;
        let (share, weight) = (other.rows / all, self.rows * other.rows / all);
        for channel in 0..self.mean.len() {
            let step = other.mean[channel] - self.mean[channel];
            self.mean[channel] += step * share;
            self.deviations[channel] += other.deviations[channel] + step * step * weight;
        }
        self.rows = all;
    }

    /// Mean and (biased) variance of a group.
    #[inline(always)]
    pub fn of_group(&self, geometry: Geometry, group: usize) -> [f64; 2] {
        let size = geometry.group();
        let channels = group * size..(group + 1) * size;
        let (means, deviations) = (&self.mean[channels.clone()], &self.deviations[channels]);
        if size == 1 {
            return [means[0], deviations[0] / self.rows];
        }
        let mean = sum_of(size, |channel| means[channel]) / size as f64;
        let deviations = sum_of(size, |channel| {
            let step = means[channel] - mean;
            deviations[channel] + self.rows * step * step
        });
        [mean, deviations / (self.rows * size as f64)]
    }
}

impl Block {
    #[inline(always)]
    fn measure(&mut self, geometry: Geometry, x: &[f32]) {
        let (channels, width) = (geometry.channels, self.sums.len());
        let share = channels as f32 / x.len() as f32;
        self.sums.fill(0.0);
        for x in x.chunks(width) {
            let pairs = self.sums.iter_mut().zip(x);
            pairs.for_each(|(sum, x)| *sum += *x);
        }
        geometry.columns().fold(&self.sums, &mut self.mean);
        self.mean.iter_mut().for_each(|mean| *mean *= share);
        for centers in self.centers.chunks_exact_mut(channels) {
            centers.copy_from_slice(&self.mean);
        }
        self.sums.fill(0.0);
        for x in x.chunks(width) {
            let places = self.sums.iter_mut().zip(x).zip(&self.centers);
            places.for_each(|((sum, x), center)| {
                let step = *x - *center;
                *sum += step * step;
            });
        }
        geometry.columns().fold(&self.sums, &mut self.deviations);
    }
}

/// `1 / sqrt(variance + epsilon)`.
#[inline(always)]
fn inverse_deviation(variance: f64, epsilon: f64) -> f32 {
    (1.0 / (variance + epsilon).sqrt()) as f32
}

/// Means and inverse deviations, `[2, channels]`.
pub fn of_given([mean, variance]: &[FlexTensor; 2], epsilon: f64) -> Vec<f32> {
    let inverse = variance.values().iter();
    let inverse = inverse.map(|variance| inverse_deviation(f64::from(*variance), epsilon));
    mean.values().iter().copied().chain(inverse).collect()
}

/// Mean and (biased) variance of a few values.
#[inline(always)]
fn of_values(x: &[f32]) -> [f64; 2] {
    let share = 1.0 / x.len() as f64;
    let mean = share * sum_of(x.len(), |index| f64::from(x[index]));
    let deviations = sum_of(x.len(), |index| {
        let step = f64::from(x[index]) - mean;
        step * step
    });
    [mean, share * deviations]
}

/// Writes means and inverse deviations `[2, groups]` of rows that share them.
#[inline(always)]
pub fn measure(
    geometry: Geometry,
    epsilon: f64,
    x: &[f32],
    statistics: &mut [f32],
    moments: &mut Moments,
) {
    let (means, inverses) = statistics.split_at_mut(geometry.groups);
    if geometry.together == 1 {
        let groups = x.chunks_exact(geometry.group()).zip(means);
        for ((x, mean), inverse) in groups.zip(inverses) {
            let [of_row, variance] = of_values(x);
            *mean = of_row as f32;
            *inverse = inverse_deviation(variance, epsilon);
        }
        return;
    }
    moments.clear();
    moments.add(geometry, x);
    for (group, (mean, inverse)) in means.iter_mut().zip(inverses).enumerate() {
        let [of_group, variance] = moments.of_group(geometry, group);
        *mean = of_group as f32;
        *inverse = inverse_deviation(variance, epsilon);
    }
}

/// Means and inverse deviations `[2, groups]` where all rows share them; mean and variance apart.
pub fn of_all(geometry: Geometry, x: &[f32], epsilon: f64) -> (Vec<f32>, Option<[FlexTensor; 2]>) {
    let mut blocks = vec![Moments::new(geometry); geometry.tasks()];
    let tasks = slices(geometry, x, geometry.sizes(1, geometry.channels));
    each(x.len(), &mut tasks.zip(&mut blocks), &|(x, moments)| {
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
    let parts = slices_mut(geometry, &mut statistics, by_task);
    each(x.len(), &mut tasks.zip(parts), &|(x, statistics)| {
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

/// A sum of `count` terms in an order that vector instructions have.
#[inline(always)]
pub fn sum_of(count: usize, term: impl Fn(usize) -> f64) -> f64 {
    const LANES: usize = 16;
    let mut sums = [0.0; LANES];
    let whole = count / LANES * LANES;
    for first in (0..whole).step_by(LANES) {
        for (lane, sum) in sums.iter_mut().enumerate() {
            *sum += term(first + lane);
        }
    }
    let rest = (whole..count).fold(0.0, |sum, index| sum + term(index));
    sums.iter().fold(rest, |sum, term| sum + term)
}
