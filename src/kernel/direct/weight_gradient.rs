//! The gradient of a direct convolution's weights.

use pulp::Simd;

use super::shape::Shape;
use super::{load, to_planes};
use crate::kernel::blocks::chunks;
use crate::kernel::wide::simd;

/// Inputs and outputs whose weight gradients are summed up together: so many by as many.
const SQUARE: usize = 4;
/// Parts of a batch whose weight gradients are added up one by one; fixed, so that sums have the same bits everywhere.
const PARTS: usize = 16;

/// `dw[tap, c, o] = sum over pixels of x[c, p + tap] dy[o, p]`, `[area * inputs, groups * outputs]`.
pub fn weight_gradient(shape: Shape, x: &[f32], dy: &[f32]) -> Vec<f32> {
    let of_x = (shape.pixels() * shape.channels()).max(1);
    let of_y = (shape.pixels() * shape.all_outputs()).max(1);
    let all = x.len() / of_x;
    let images = all.div_ceil(PARTS).max(1);
    let size = shape.kernel * shape.kernel * shape.inputs * shape.all_outputs();
    let [inputs, outputs] =
        [shape.inputs, shape.outputs].map(|count| count.next_multiple_of(SQUARE));
    let parts = all.div_ceil(images).max(1);
    let mut sums = vec![0.0; parts * size];
    chunks(&mut sums, size, &|part, sums| {
        let mut x_planes = vec![0.0; shape.groups * inputs * shape.plane()];
        let mut dy_planes = vec![0.0; shape.groups * outputs * shape.plane()];
        let pairs = x.chunks_exact(of_x).zip(dy.chunks_exact(of_y));
        for (x, dy) in pairs.skip(part * images).take(images) {
            simd!(simd [
                shape: Shape = shape,
                x: &'a [f32] = x,
                dy: &'a [f32] = dy,
                room: [usize; 2] = [inputs, outputs],
                x_planes: &'a mut [f32] = &mut x_planes,
                dy_planes: &'a mut [f32] = &mut dy_planes,
                sums: &'a mut [f32] = sums,
            ] {
                let first = shape.padding * (shape.padded_width() + 1);
                to_planes(shape, x, [shape.groups, shape.inputs, room[0]], first, x_planes);
                to_planes(shape, dy, [shape.groups, shape.outputs, room[1]], 0, dy_planes);
                add_weight_gradient(simd, shape, x_planes, dy_planes, room, sums);
            });
        }
    });
    let (total, others) = sums.split_at_mut(size);
    for part in others.chunks_exact(size.max(1)) {
        let places = total.iter_mut().zip(part);
        places.for_each(|(total, part)| *total += part);
    }
    sums.truncate(size);
    sums
}

#[inline(always)]
fn add_weight_gradient<S: Simd>(
    simd: S,
    shape: Shape,
    x: &[f32],
    dy: &[f32],
    [inputs, outputs]: [usize; 2],
    sums: &mut [f32],
) {
    let plane = shape.plane();
    for group in 0..shape.groups {
        for input in (0..shape.inputs).step_by(SQUARE) {
            for output in (0..shape.outputs).step_by(SQUARE) {
                let dy = &dy[(group * outputs + output) * plane..][..SQUARE * plane];
                let x = &x[(group * inputs + input) * plane..][..SQUARE * plane];
                for tap in 0..shape.kernel * shape.kernel {
                    let square = sums_of_pixels(simd, shape, &x[shape.shift(tap)..], dy);
                    for (i, row) in square.iter().enumerate().take(shape.inputs - input) {
                        for (o, sum) in row.iter().enumerate().take(shape.outputs - output) {
                            let at = shape.weight(group, tap, input + i, output + o);
                            sums[at] += simd.reduce_sum_f32s(*sum);
                        }
                    }
                }
            }
        }
    }
}

/// The sums over the pixels of an image, lane by lane, for a square of inputs and outputs.
#[inline(always)]
fn sums_of_pixels<S: Simd>(
    simd: S,
    shape: Shape,
    x: &[f32],
    dy: &[f32],
) -> [[S::f32s; SQUARE]; SQUARE] {
    let mut sums = [[simd.splat_f32s(0.0); SQUARE]; SQUARE];
    for start in shape.starts(simd) {
        let dy: [S::f32s; SQUARE] =
            std::array::from_fn(|o| load::<S>(dy, o * shape.plane() + start));
        for (i, sums) in sums.iter_mut().enumerate() {
            let x = load::<S>(x, i * shape.plane() + start);
            for (sum, dy) in sums.iter_mut().zip(dy) {
                *sum = simd.mul_add_e_f32s(x, dy, *sum);
            }
        }
    }
    sums
}
