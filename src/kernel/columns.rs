//! Sums down the columns of `[rows, channels]`, and one number a channel for every row.

/// Fewer values in a row make loops too short for vector instructions.
const SHORTEST: usize = 256;

/// How rows are gone through: several at a time, as one long row, where a row is short.
#[derive(Debug, Clone, Copy)]
pub struct Columns {
    channels: usize,
    rows: usize,
}

impl Columns {
    /// `channels` is not 0, and there are `rows` to go through.
    pub fn new(channels: usize, rows: usize) -> Self {
        let rows = SHORTEST.div_ceil(channels).min(rows).max(1);
        Self { channels, rows }
    }

    /// Number of values that are gone through at a time.
    pub fn width(self) -> usize {
        self.rows * self.channels
    }

    /// Number of values of a block: whole long rows, and about `size`.
    pub fn block(self, size: usize) -> usize {
        (size / self.width()).max(1) * self.width()
    }

    /// One number a channel, for each value of a long row.
    pub fn spread(self, values: &[f32]) -> Vec<f32> {
        values.repeat(self.rows)
    }

    /// The sums of each channel from those of each place in a long row.
    #[inline(always)]
    pub fn fold(self, sums: &[f32], result: &mut [f32]) {
        let (first, others) = sums.split_at(self.channels);
        result.copy_from_slice(first);
        for row in others.chunks_exact(self.channels) {
            result.iter_mut().zip(row).for_each(|(sum, x)| *sum += x);
        }
    }
}

/// The sums of blocks, `[blocks, channels]`, added up in their order.
pub fn sum_of_blocks(blocks: &[f32], channels: usize) -> Vec<f32> {
    let mut sums = vec![0.0_f64; channels];
    for block in blocks.chunks_exact(channels) {
        let sums = sums.iter_mut().zip(block);
        sums.for_each(|(sum, x)| *sum += f64::from(*x));
    }
    sums.into_iter().map(|sum| sum as f32).collect()
}
