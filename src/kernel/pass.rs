//! What is computed at rows of channels in two passes, and at the rows of a task with the widest vector instructions.

use super::geometry::Geometry;
use super::statistics::sum_of;
use super::wide::wide;

/// What two passes compute.
pub trait Pass: Sync {
    /// How many sums there are for each channel.
    const SUMS: usize;
    /// The most patterns (one number a channel) that a pass needs.
    const PATTERNS: usize;

    /// The weights `[channels]` of a sample's sums in the means of the groups; 1 without.
    fn weights(&self, sample: usize, channels: usize) -> Option<&[f32]>;

    /// Writes the patterns for the sums.
    fn prepare_sums(&self, at: At, patterns: &mut [f32]);

    /// Adds a long row to `SUMS` sums.
    fn add(&self, patterns: &[f32], row: &Row, values: &[f32], sums: &mut [f32]);

    /// Writes the patterns for the second pass, given the weighted means `[SUMS, groups]` of the sums.
    fn prepare(&self, at: At, means: &[f32], patterns: &mut [f32]);

    /// Rewrites a long row.
    fn rewrite(&self, patterns: &[f32], row: &Row, values: &mut [f32], other: &mut [f32]);
}

/// Where some rows are.
#[derive(Debug, Clone, Copy)]
pub struct At {
    pub geometry: Geometry,
    /// Index of their statistics.
    pub segment: usize,
    /// Index of their scale and shift.
    pub sample: usize,
}

/// What is read at a long row.
#[derive(Debug, Clone, Copy)]
pub struct Row<'a> {
    pub x: &'a [f32],
    /// The tangent, or nothing.
    pub dx: &'a [f32],
}

/// The patterns one by one, as long as the row.
#[inline(always)]
pub fn patterns<const N: usize>(all: &[f32], most: usize, length: usize) -> [&[f32]; N] {
    let width = all.len() / most;
    std::array::from_fn(|index| &all[index * width..][..length])
}

/// One pattern, to be written.
#[inline(always)]
pub fn slot(all: &mut [f32], most: usize, index: usize) -> &mut [f32] {
    let width = all.len() / most;
    &mut all[index * width..][..width]
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

/// The buffers of a task.
struct Scratch {
    patterns: Vec<f32>,
    long: Vec<f32>,
    sums: Vec<f32>,
    means: Vec<f32>,
}

impl Scratch {
    fn new<P: Pass>(geometry: Geometry) -> Self {
        let width = geometry.columns().width();
        Self {
            patterns: vec![0.0; P::PATTERNS * width],
            long: vec![0.0; P::SUMS * width],
            sums: vec![0.0; P::SUMS * geometry.channels],
            means: vec![0.0; P::SUMS * geometry.groups],
        }
    }
}

/// A pass at the rows of a task. Behind this trait it is compiled once for each set of vector instructions, and what goes
/// through the tasks once for all passes.
pub trait AtTask: Sync {
    /// [`Pass::SUMS`].
    fn count_of_sums(&self) -> usize;

    /// As [`Pass::weights`].
    fn weights_of(&self, sample: usize, channels: usize) -> Option<&[f32]>;

    /// The sums of the first pass.
    fn sums(&self, at: At, row: Row, values: &[f32]) -> Vec<f32>;

    /// The second pass.
    fn rewritten(&self, at: At, means: &[f32], row: Row, values: &mut [f32], other: &mut [f32]);

    /// Both passes over each segment; adds to `sums`.
    fn both(
        &self,
        at: At,
        row: Row,
        values: (&mut [f32], &mut [f32]),
        found: (&mut [f32], &mut [f32]),
    );
}

impl<P: Pass> AtTask for P {
    fn count_of_sums(&self) -> usize {
        P::SUMS
    }

    fn weights_of(&self, sample: usize, channels: usize) -> Option<&[f32]> {
        self.weights(sample, channels)
    }

    fn sums(&self, at: At, row: Row, values: &[f32]) -> Vec<f32> {
        let mut scratch = Scratch::new::<P>(at.geometry);
        wide!(<P: Pass> [pass: &'a P = self, at: At = at, row: Row<'a> = row, values: &'a [f32] = values, scratch: &'a mut Scratch = &mut scratch] {
            add_up(pass, at, row, values, scratch);
        });
        scratch.sums
    }

    fn rewritten(&self, at: At, means: &[f32], row: Row, values: &mut [f32], other: &mut [f32]) {
        let mut scratch = Scratch::new::<P>(at.geometry);
        wide!(<P: Pass> [
            pass: &'a P = self,
            at: At = at,
            means: &'a [f32] = means,
            row: Row<'a> = row,
            values: &'a mut [f32] = values,
            other: &'a mut [f32] = other,
            scratch: &'a mut Scratch = &mut scratch,
        ] {
            pass.prepare(at, means, &mut scratch.patterns);
            rewrite(pass, at, row, values, other, &scratch.patterns);
        });
    }

    fn both(
        &self,
        at: At,
        row: Row,
        (values, other): (&mut [f32], &mut [f32]),
        (means, sums): (&mut [f32], &mut [f32]),
    ) {
        let mut scratch = Scratch::new::<P>(at.geometry);
        wide!(<P: Pass> [
            pass: &'a P = self,
            at: At = at,
            row: Row<'a> = row,
            values: &'a mut [f32] = values,
            other: &'a mut [f32] = other,
            means: &'a mut [f32] = means,
            sums: &'a mut [f32] = sums,
            scratch: &'a mut Scratch = &mut scratch,
        ] {
            segment_by_segment(pass, at, row, (values, other), (means, sums), scratch);
        });
    }
}

/// Both passes over each segment of a task.
#[inline(always)]
fn segment_by_segment<P: Pass>(
    pass: &P,
    mut at: At,
    row: Row,
    (values, other): (&mut [f32], &mut [f32]),
    (means, sums): (&mut [f32], &mut [f32]),
    scratch: &mut Scratch,
) {
    let size = at.geometry.segment_rows() * at.geometry.channels;
    let share = 1.0 / (size / at.geometry.groups) as f32;
    let segments = values.chunks_exact_mut(size).enumerate();
    for ((index, values), means) in segments.zip(means.chunks_exact_mut(scratch.means.len())) {
        let range = index * size..(index + 1) * size;
        let row = Row {
            x: &row.x[range.clone()],
            dx: row.dx.get(range.clone()).unwrap_or_default(),
        };
        add_up(pass, at, row, values, scratch);
        sums.iter_mut()
            .zip(&scratch.sums)
            .for_each(|(sum, term)| *sum += *term);
        weighted_means(
            at.geometry,
            pass.weights(at.sample, at.geometry.channels),
            &scratch.sums,
            means,
        );
        means.iter_mut().for_each(|mean| *mean *= share);
        pass.prepare(at, means, &mut scratch.patterns);
        let other = other.get_mut(range).unwrap_or_default();
        rewrite(pass, at, row, values, other, &scratch.patterns);
        at.segment += 1;
    }
}

#[inline(always)]
fn add_up<P: Pass>(pass: &P, at: At, row: Row, values: &[f32], scratch: &mut Scratch) {
    pass.prepare_sums(at, &mut scratch.patterns);
    let columns = at.geometry.columns();
    let width = columns.width();
    scratch.long.fill(0.0);
    for (index, values) in values.chunks(width).enumerate() {
        let range = index * width..index * width + values.len();
        let row = Row {
            x: &row.x[range.clone()],
            dx: row.dx.get(range).unwrap_or_default(),
        };
        pass.add(&scratch.patterns, &row, values, &mut scratch.long);
    }
    let sums = scratch.sums.chunks_exact_mut(at.geometry.channels);
    for (sums, long) in sums.zip(scratch.long.chunks_exact(width)) {
        columns.fold(long, sums);
    }
}

#[inline(always)]
fn rewrite<P: Pass>(
    pass: &P,
    at: At,
    row: Row,
    values: &mut [f32],
    other: &mut [f32],
    patterns: &[f32],
) {
    let width = at.geometry.columns().width();
    for (index, values) in values.chunks_mut(width).enumerate() {
        let range = index * width..index * width + values.len();
        let row = Row {
            x: &row.x[range.clone()],
            dx: row.dx.get(range.clone()).unwrap_or_default(),
        };
        let other = other.get_mut(range).unwrap_or_default();
        pass.rewrite(patterns, &row, values, other);
    }
}

/// The weighted sums over the channels of each group, `[SUMS, groups]`, from `[SUMS, channels]`.
#[inline(always)]
pub fn weighted_means(
    geometry: Geometry,
    weights: Option<&[f32]>,
    sums: &[f32],
    means: &mut [f32],
) {
    let (channels, size) = (geometry.channels, geometry.group());
    let by_sum = means.chunks_exact_mut(geometry.groups);
    for (means, sums) in by_sum.zip(sums.chunks_exact(channels)) {
        let groups = means.iter_mut().zip(sums.chunks_exact(size)).enumerate();
        for (group, (mean, sums)) in groups {
            let weights = weights.map(|weights| &weights[group * size..(group + 1) * size]);
            *mean = match weights {
                None => sum_of(size, |place| f64::from(sums[place])),
                Some(weights) => sum_of(size, |place| {
                    f64::from(weights[place]) * f64::from(sums[place])
                }),
            } as f32;
        }
    }
}
