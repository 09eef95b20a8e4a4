//! The geometry of a square kernel and its stride: which pixel meets which weight.
//!
//! With stride `s` an image is first rearranged into `s * s` phases (space to depth). A kernel of side `k`
//! then covers `ceil(k / s)` blocks a side, each a shifted slice of the phases, and stride disappears. The
//! stored weights follow that order: block row, block column, phase row, phase column, channel, leaving
//! out what lies beyond the kernel. Without stride that is just row, column, channel.

use std::ops::Range;

use burn::tensor::{Device, Int, Tensor};

use crate::batch::index_tensor;
use crate::errors::{ConfigError, at_least_1};
use crate::kernel;
use crate::network_error::NetworkError;

/// A square kernel with a stride and the rows (and columns) of zeros on each side of the image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Window {
    pub kernel: usize,
    pub stride: usize,
    pub padding: usize,
}

/// Consecutive phases of one block: `length` of them from phase `start`, block at (row, column).
struct Run {
    row: usize,
    column: usize,
    start: usize,
    length: usize,
}

impl Window {
    /// With the zero padding that divides (or multiplies) sizes by the stride, `ceil((k - s) / 2)`, where there is one.
    pub fn new(kernel: usize, stride: usize) -> Result<Self, NetworkError> {
        let even_without_stride = stride == 1 && kernel.is_multiple_of(2);
        if stride == 0 || stride > kernel || even_without_stride {
            return Err(NetworkError::UnsupportedKernel { kernel, stride });
        }
        Ok(Self {
            kernel,
            stride,
            padding: (kernel - stride).div_ceil(2),
        })
    }

    /// With a padding that is given: below the kernel, so that every window sees a pixel.
    pub fn with_padding(
        kernel: usize,
        stride: usize,
        padding: usize,
    ) -> Result<Self, NetworkError> {
        at_least_1("stride", stride)?;
        let refuse = |field, value, requirement| Err(ConfigError::new(field, value, requirement));
        if stride > kernel {
            refuse("stride", stride, "must be at most the kernel")?;
        }
        if padding >= kernel {
            refuse("padding", padding, "must be below the kernel")?;
        }
        Ok(Self {
            kernel,
            stride,
            padding,
        })
    }

    /// The same geometry for a kernel of the CPU.
    pub fn of_kernel(self) -> kernel::Window {
        let Self {
            kernel,
            stride,
            padding,
        } = self;
        kernel::Window {
            kernel,
            stride,
            padding,
        }
    }

    /// 1 where a size-preserving padding is rounded up, so that odd sizes round up too (`k - s` odd), else 0.
    pub fn surplus(self) -> usize {
        (2 * self.padding + self.stride).saturating_sub(self.kernel)
    }

    /// Side of a convolution's output: `floor((size + 2 padding - k) / stride) + 1`.
    pub fn output(self, size: usize) -> usize {
        match (size + 2 * self.padding).checked_sub(self.kernel) {
            Some(way) => way / self.stride + 1,
            None => 0,
        }
    }

    /// Number of weights a channel: `k * k`.
    pub fn area(self) -> usize {
        self.kernel * self.kernel
    }

    fn blocks(self) -> usize {
        self.kernel.div_ceil(self.stride)
    }

    /// The runs of phases in stored order.
    fn runs(self) -> Vec<Run> {
        let Self { kernel, stride, .. } = self;
        let mut runs = Vec::new();
        for row in 0..self.blocks() {
            for column in 0..self.blocks() {
                let rows = stride.min(kernel - row * stride);
                let columns = stride.min(kernel - column * stride);
                if columns == stride {
                    runs.push(Run {
                        row,
                        column,
                        start: 0,
                        length: rows * stride,
                    });
                } else {
                    runs.extend((0..rows).map(|phase_row| Run {
                        row,
                        column,
                        start: phase_row * stride,
                        length: columns,
                    }));
                }
            }
        }
        runs
    }

    /// `row * k + column` of each stored weight, in stored order.
    fn taps(self) -> Vec<usize> {
        let Self { kernel, stride, .. } = self;
        let tap = |run: &Run, phase: usize| {
            let row = run.row * stride + phase / stride;
            let column = run.column * stride + phase % stride;
            row * kernel + column
        };
        self.runs()
            .iter()
            .flat_map(|run| (run.start..run.start + run.length).map(move |phase| tap(run, phase)))
            .collect()
    }

    /// Where each stored weight sits in row-major order over the kernel.
    pub fn stored_to_standard(self, device: &Device) -> Tensor<1, Int> {
        let taps = self.taps();
        let mut position = vec![0; taps.len()];
        for (stored, &tap) in taps.iter().enumerate() {
            position[tap] = stored;
        }
        index_tensor(&position, device)
    }

    /// Where each weight of the kernel, in row-major order, sits in stored order.
    pub fn standard_to_stored(self, device: &Device) -> Tensor<1, Int> {
        index_tensor(&self.taps(), device)
    }

    /// What the window sees, run by run in stored order: of `[N, H, W, C]`, slices
    /// `[N, H', W', length * C]`.
    pub fn slices(self, x: Tensor<4>) -> Vec<Tensor<4>> {
        if self.kernel == 1 {
            return vec![x];
        }
        let [n, height, width, channels] = x.dims();
        let (rows, columns) = (self.output(height), self.output(width));
        let reach = self.blocks() - 1;
        let x = self.pad(
            x,
            (rows + reach) * self.stride,
            (columns + reach) * self.stride,
        );
        let x = space_to_depth(x, self.stride);
        self.runs()
            .iter()
            .map(|run| {
                let first = run.start * channels;
                x.clone().slice([
                    0..n,
                    run.row..run.row + rows,
                    run.column..run.column + columns,
                    first..first + run.length * channels,
                ])
            })
            .collect()
    }

    /// The transpose of [`Window::slices`]: adds slices `[N, H, W, length * C]`, in stored order, up to
    /// `[N, s * H, s * W, C]`.
    pub fn add_up(self, slices: Vec<Tensor<4>>, device: &Device) -> Tensor<4> {
        let phases = self.stride * self.stride;
        let reach = self.blocks() - 1;
        let mut size = [0, 0, 0, 0];
        let mut rows: Vec<Option<Tensor<4>>> = vec![None; self.blocks()];
        for (run, slice) in self.runs().iter().zip(slices) {
            let [n, height, width, depth] = slice.dims();
            let channels = depth / run.length;
            size = [n, height * self.stride, width * self.stride, channels];
            let (before, after) = (run.start, phases - run.start - run.length);
            let slice = surround(slice, 3, before * channels, after * channels);
            let slice = surround(slice, 2, run.column, reach - run.column);
            rows[run.row] = add(rows[run.row].take(), slice);
        }
        let mut sum = None;
        for (row, slice) in rows.into_iter().enumerate() {
            if let Some(slice) = slice {
                sum = add(sum, surround(slice, 1, row, reach - row));
            }
        }
        // A kernel has at least one run, so that there is a sum.
        let sum = sum.unwrap_or_else(|| Tensor::zeros(size, device));
        let image = depth_to_space(sum, self.stride);
        let start = self.padding;
        let [n, height, width, channels] = size;
        image.slice([
            0..n,
            start..start + height,
            start..start + width,
            0..channels,
        ])
    }

    /// The weights of each run: ranges over the stored order, `channels` to a weight.
    pub fn ranges(self, channels: usize) -> Vec<Range<usize>> {
        let mut start = 0;
        self.runs()
            .iter()
            .map(|run| {
                let range = start..start + run.length * channels;
                start = range.end;
                range
            })
            .collect()
    }

    /// Whether a product a run is faster than one product of all: where its matrices are wide enough.
    ///
    /// Gathering the slices into one matrix costs a copy, and its backward pass another for each of them.
    /// Narrow products waste the kernel of a matrix multiplication instead. Measured on the flex backend,
    /// with kernel 4 and stride 2: 1 channel prefers one product, 64 and more prefer four.
    pub fn by_run(self, channels: usize) -> bool {
        self.stride * self.stride * channels >= 64
    }

    /// Zero padding before, and padding or cropping after, up to `height` and `width`.
    fn pad(self, x: Tensor<4>, height: usize, width: usize) -> Tensor<4> {
        let [n, rows, columns, channels] = x.dims();
        let before = self.padding;
        // What an odd size leaves over under an even window has no weight.
        let (rows_used, columns_used) = (rows.min(height - before), columns.min(width - before));
        let x = if (rows_used, columns_used) == (rows, columns) {
            x
        } else {
            x.slice([0..n, 0..rows_used, 0..columns_used, 0..channels])
        };
        let (device, precision) = (x.device(), x.dtype());
        let zeros = Tensor::zeros([n, height, width, channels], (&device, precision));
        // Not `Tensor::pad`, which has the same bits: with autodiff, Burn fills the whole result on the host and sends it to the
        // device, whose own operation the zeros are.
        let (last_row, last_column) = (before + rows_used, before + columns_used);
        zeros.slice_assign(
            [0..n, before..last_row, before..last_column, 0..channels],
            x,
        )
    }
}

/// Zeros before and after along an axis. For wide rows a concatenation is faster on the CPU backends than a
/// padding, which fills the whole result with zeros first.
fn surround(x: Tensor<4>, axis: usize, before: usize, after: usize) -> Tensor<4> {
    let zeros = |length: usize| {
        let mut shape = x.dims();
        shape[axis] = length;
        (length > 0).then(|| Tensor::zeros(shape, &x.device()))
    };
    let (before, after) = (zeros(before), zeros(after));
    if before.is_none() && after.is_none() {
        return x;
    }
    let parts = before.into_iter().chain([x]).chain(after).collect();
    Tensor::cat(parts, axis)
}

fn add(sum: Option<Tensor<4>>, term: Tensor<4>) -> Option<Tensor<4>> {
    Some(match sum {
        Some(sum) => sum + term,
        None => term,
    })
}

/// `[N, s * H, s * W, C]` to `[N, H, W, s * s * C]`.
fn space_to_depth(x: Tensor<4>, stride: usize) -> Tensor<4> {
    if stride == 1 {
        return x;
    }
    let [n, height, width, channels] = x.dims();
    let (rows, columns) = (height / stride, width / stride);
    // One swap moves whole rows of a block: (phase row) past (block column).
    x.reshape([n, rows, stride, columns, stride * channels])
        .swap_dims(2, 3)
        .reshape([n, rows, columns, stride * stride * channels])
}

/// `[N, H, W, s * s * C]` to `[N, s * H, s * W, C]`.
fn depth_to_space(x: Tensor<4>, stride: usize) -> Tensor<4> {
    if stride == 1 {
        return x;
    }
    let [n, rows, columns, depth] = x.dims();
    let channels = depth / (stride * stride);
    x.reshape([n, rows, columns, stride, stride * channels])
        .swap_dims(2, 3)
        .reshape([n, rows * stride, columns * stride, channels])
}
