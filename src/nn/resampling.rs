//! Halving and doubling of channels-last images without weights.
//!
//! But for the maximum, which is piecewise linear, all are linear, so that a tangent goes through them as the value does.

use burn::tensor::Tensor;

use crate::dual::{Dual, relu};
use crate::kernel;

/// The mean of every 2x2 block: `[N, H, W, C]` to `[N, H / 2, W / 2, C]`.
///
/// A side that is odd loses its last row or column. It is also bilinear interpolation at half the size.
pub fn average_pool(x: Dual<4>) -> Dual<4> {
    x.linear(|x| {
        if let Some(y) = kernel::average_pool(&x) {
            return y;
        }
        let [n, height, width, channels] = x.dims();
        let (rows, columns) = (height / 2, width / 2);
        let x = if (2 * rows, 2 * columns) == (height, width) {
            x
        } else {
            x.slice([0..n, 0..2 * rows, 0..2 * columns, 0..channels])
        };
        // Adding slices is cheaper than reducing over short axes.
        let x = x.reshape([n * rows, 2, 2 * columns * channels]);
        let x = x.clone().slice_dim(1, 0..1) + x.slice_dim(1, 1..2);
        let x = x.reshape([n * rows * columns, 2, channels]);
        let x = x.clone().slice_dim(1, 0..1) + x.slice_dim(1, 1..2);
        x.reshape([n, rows, columns, channels]) * 0.25
    })
}

/// The maximum of every 2x2 block, channel by channel: `[N, H, W, C]` to `[N, H / 2, W / 2, C]`.
///
/// A side that is odd loses its last row or column; a side of 1 stays.
pub fn max_pool(x: Dual<4>) -> Dual<4> {
    max_of_pairs(max_of_pairs(x, 1), 2)
}

/// The larger of each two neighbours along `axis`.
fn max_of_pairs(x: Dual<4>, axis: usize) -> Dual<4> {
    let mut shape = x.value.dims();
    if shape[axis] == 1 {
        return x;
    }
    shape[axis] /= 2;
    let row: usize = shape[axis + 1..].iter().product();
    let rows: usize = shape[..=axis].iter().product();
    let [even, odd] = [0..row, row..2 * row].map(|columns| {
        x.clone().linear(|x| {
            let pairs = x
                .slice_dim(axis, 0..2 * shape[axis])
                .reshape([rows, 2 * row]);
            pairs.slice_dim(1, columns.clone())
        })
    });
    // max(a, b) = b + max(a - b, 0), whose tangent is that of the larger.
    let difference = even + odd.clone().linear(|odd| odd.neg());
    (odd + relu(difference)).linear(|x| x.reshape(shape))
}

/// Every pixel four times: `[N, H, W, C]` to `[N, 2 H, 2 W, C]`.
pub fn upsample_nearest(x: Dual<4>) -> Dual<4> {
    x.linear(|x| {
        if let Some(y) = kernel::upsample_nearest(&x) {
            return y;
        }
        let x = interleave(x.clone(), x, 1);
        interleave(x.clone(), x, 2)
    })
}

/// Bilinear interpolation at twice the size: `[N, H, W, C]` to `[N, 2 H, 2 W, C]`.
///
/// Pixels are squares whose centres are interpolated between (`align_corners = false` elsewhere): a new pixel
/// is 3/4 of the nearest old one and 1/4 of the next nearest, along each axis. Beyond the edge stands the edge.
pub fn upsample_bilinear(x: Dual<4>) -> Dual<4> {
    x.linear(|x| match kernel::upsample_bilinear(&x) {
        Some(y) => y,
        None => double(double(x, 1), 2),
    })
}

/// Linear interpolation at twice the size along `axis`.
fn double(x: Tensor<4>, axis: usize) -> Tensor<4> {
    let length = x.dims()[axis];
    if length == 1 {
        return interleave(x.clone(), x, axis);
    }
    let first = x.clone().slice_dim(axis, 0..1);
    let last = x.clone().slice_dim(axis, length - 1..length);
    let before = Tensor::cat(vec![first, x.clone().slice_dim(axis, 0..length - 1)], axis);
    let after = Tensor::cat(vec![x.clone().slice_dim(axis, 1..length), last], axis);
    let near = x * 0.75;
    interleave(near.clone() + before * 0.25, near + after * 0.25, axis)
}

/// `even[0], odd[0], even[1], odd[1] ..` along `axis`.
fn interleave(even: Tensor<4>, odd: Tensor<4>, axis: usize) -> Tensor<4> {
    let mut shape = even.dims();
    shape[axis] *= 2;
    Tensor::stack::<5>(vec![even, odd], axis + 1).reshape(shape)
}
