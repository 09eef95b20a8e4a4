//! Which values of a tensor a normalisation takes together, and how they are gone through.

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

    /// Rows of a block, which stay in the cache.
    #[inline(always)]
    pub fn block_rows(self) -> usize {
        (2 * BLOCK / self.channels).max(32)
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

    /// One number a group, `of` the group's numbers in some lists, for each value of a long row.
    #[inline(always)]
    pub fn fill<const N: usize>(
        self,
        pattern: &mut [f32],
        lists: [&[f32]; N],
        of: impl Fn([f32; N]) -> f32,
    ) {
        let (first, others) = pattern.split_at_mut(self.channels);
        let lists = lists.map(|list| &list[..self.groups]);
        let of_group = |group: usize| of(lists.map(|list| list[group]));
        let size = self.group();
        if size == 1 {
            // Without inner loops, for vector instructions.
            let first = &mut first[..self.groups];
            for (group, value) in first.iter_mut().enumerate() {
                *value = of_group(group);
            }
        } else {
            for (group, values) in first.chunks_exact_mut(size).enumerate() {
                values.fill(of_group(group));
            }
        }
        repeat(first, others);
    }

    /// One number a channel for each value of a long row.
    #[inline(always)]
    pub fn copy(self, pattern: &mut [f32], of_channel: &[f32]) {
        let (first, others) = pattern.split_at_mut(self.channels);
        first.copy_from_slice(of_channel);
        repeat(first, others);
    }

    /// The product of a number a channel and one a group for each value of a long row.
    #[inline(always)]
    pub fn product(self, pattern: &mut [f32], of_channel: &[f32], of_group: &[f32]) {
        let (first, others) = pattern.split_at_mut(self.channels);
        let multiply = |values: &mut [f32], of_channel: &[f32], of_group: &[f32]| {
            let places = values.iter_mut().zip(of_channel).zip(of_group);
            places.for_each(|((value, a), b)| *value = a * b);
        };
        let size = self.group();
        if size == 1 {
            multiply(first, of_channel, of_group);
        } else {
            let groups = first
                .chunks_exact_mut(size)
                .zip(of_channel.chunks_exact(size));
            for ((values, of_channel), factor) in groups.zip(of_group) {
                let places = values.iter_mut().zip(of_channel);
                places.for_each(|(value, a)| *value = a * factor);
            }
        }
        repeat(first, others);
    }
}

#[inline(always)]
fn repeat(first: &[f32], others: &mut [f32]) {
    for row in others.chunks_exact_mut(first.len()) {
        row.copy_from_slice(first);
    }
}
