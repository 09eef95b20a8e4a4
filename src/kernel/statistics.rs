//! Means and variances of the values that a normalisation takes together.
//!
//! Mean and sum of squared deviations of each block of rows, while it is in the cache, merged in the order of the blocks
//! (Chan, Golub and LeVeque 1983, equation 2.1): one pass over memory, and nothing is lost where the mean is large.

use super::blocks::BLOCK;
use super::columns::Columns;
use super::over::Over;

/// Rows of channels, and which of their values belong together.
#[derive(Debug, Clone, Copy)]
pub struct Geometry {
    pub channels: usize,
    pub rows: usize,
    /// Neighbouring rows that share their statistics; it divides `sample`, or is `rows`.
    pub together: usize,
    /// Groups of neighbouring channels that share their statistics.
    pub groups: usize,
    /// Neighbouring rows that share their scale and shift; it divides `rows`.
    pub sample: usize,
}

impl Geometry {
    /// Of a tensor with a scale that is `[channels]`, or `[samples, channels]`; `None` where there is nothing to normalise.
    pub fn of(over: Over, shape: &[usize], scale: &[usize]) -> Option<Self> {
        let (&channels, others) = shape.split_last()?;
        let (&samples, positions) = others.split_first()?;
        let rows = samples * positions.iter().product::<usize>();
        if rows * channels == 0 {
            return None;
        }
        let (together, groups) = match over {
            Over::Batch => (rows, channels),
            Over::Sample { groups } => (rows / samples, groups),
            Over::Position => (1, 1),
        };
        let sample = match *scale {
            [size] if size == channels => rows,
            [count, size] if count == samples && size == channels => rows / samples,
            _ => return None,
        };
        Some(Self {
            channels,
            rows,
            together,
            groups,
            sample,
        })
    }

    /// Whether all rows share their statistics, so that no task knows them alone.
    pub fn is_whole(self) -> bool {
        self.together == self.rows
    }

    /// Rows of a task: whole runs of rows with the same statistics, or a block where all rows share them.
    fn task_rows(self) -> usize {
        let block = self.block_rows();
        let rows = if self.is_whole() {
            block
        } else {
            (block / self.together).max(1) * self.together
        };
        rows.min(self.sample)
    }

    /// Rows of a block of [`Moments`].
    #[inline(always)]
    fn block_rows(self) -> usize {
        (2 * BLOCK / self.channels).max(8)
    }

    /// Sizes of the slice of a sample and of a task, of an array with `size` values for each `rows` rows.
    pub fn sizes(self, rows: usize, size: usize) -> [usize; 2] {
        [self.sample, self.task_rows()].map(|all| all / rows * size)
    }

    pub fn tasks_of_sample(self) -> usize {
        self.sample.div_ceil(self.task_rows())
    }

    pub fn samples(self) -> usize {
        self.rows / self.sample
    }

    pub fn tasks(self) -> usize {
        self.samples() * self.tasks_of_sample()
    }

    pub fn segments(self) -> usize {
        self.rows / self.together
    }

    /// Rows of a task that share their statistics.
    pub fn segment_rows(self) -> usize {
        self.together.min(self.task_rows())
    }

    /// Index of the statistics that the first rows of a task have.
    pub fn first_segment(self, task: usize) -> usize {
        if self.is_whole() {
            return 0;
        }
        let (sample, task) = (task / self.tasks_of_sample(), task % self.tasks_of_sample());
        (sample * self.sample + task * self.task_rows()) / self.together
    }

    pub fn columns(self) -> Columns {
        Columns::new(self.channels, self.segment_rows())
    }

    /// Channels of a group.
    #[inline(always)]
    pub fn group(self) -> usize {
        self.channels / self.groups
    }

    /// One number a channel, `of(group, channel)`, for each value of a long row.
    #[inline(always)]
    pub fn fill(self, pattern: &mut [f32], of: impl Fn(usize, usize) -> f32) {
        let (first, others) = pattern.split_at_mut(self.channels);
        let size = self.group();
        for (group, values) in first.chunks_exact_mut(size).enumerate() {
            for (place, value) in values.iter_mut().enumerate() {
                *value = of(group, group * size + place);
            }
        }
        for row in others.chunks_exact_mut(self.channels) {
            row.copy_from_slice(first);
        }
    }
}

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
