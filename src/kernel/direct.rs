//! Convolutions without stride between few channels, computed from the images directly: where a group has few channels,
//! patches cost more to gather than to multiply.
//!
//! Images are taken apart into padded planes, a channel each, in which a tap of the kernel is a shift. So
//! `y[o, p] += w[tap, c, o] * x[c, p + tap]` runs over rows of pixels `p`, with some outputs in registers. What it finds for
//! the padding at the end of a row is left out. The input's gradient is the same operation with the kernel turned round.

use burn::backend::flex::FlexTensor;
use pulp::Simd;
use rayon::prelude::*;

use super::bridge::{Flat, Forward, Kernel};
use super::wide::simd;
use super::window::Window;

/// Most pixels side by side in a register.
const MOST_LANES: usize = 16;
/// Outputs that are summed up together.
const OUTPUTS: usize = 8;
/// Inputs and outputs whose weight gradients are summed up together: so many by as many.
const SQUARE: usize = 4;
/// Most channels of a group on either side.
const MOST_CHANNELS: usize = 16;
/// Parts of a batch whose weight gradients are added up one by one; fixed, so that sums have the same bits everywhere.
const PARTS: usize = 16;

/// Whether this way is the faster one.
pub fn fits(window: Window, groups: usize, channels: usize, outputs: usize) -> bool {
    window.stride == 1
        && window.kernel > 1
        && 2 * window.padding + 1 == window.kernel
        && (groups > 1 || channels.max(outputs) <= OUTPUTS)
        && channels.max(outputs) / groups <= MOST_CHANNELS
}

/// `[N, H, W, C]` with weights `[area * C / groups, O]` to `[N, H, W, O]`, without stride:
/// the padding is half the kernel.
#[derive(Debug, Clone, Copy)]
pub struct Convolution {
    pub window: Window,
    pub groups: usize,
}

/// Sizes of an image and of a group's channels on both sides.
#[derive(Debug, Clone, Copy)]
struct Shape {
    kernel: usize,
    padding: usize,
    height: usize,
    width: usize,
    groups: usize,
    /// Channels of a group in the input.
    inputs: usize,
    /// Channels of a group in the result.
    outputs: usize,
}

impl Shape {
    fn channels(self) -> usize {
        self.groups * self.inputs
    }

    fn all_outputs(self) -> usize {
        self.groups * self.outputs
    }

    fn pixels(self) -> usize {
        self.height * self.width
    }

    /// Width of a padded row.
    fn padded_width(self) -> usize {
        self.width + self.kernel - 1
    }

    /// Number of values of a padded plane; the last lane, shifted by the last tap, reaches beyond the last row.
    fn plane(self) -> usize {
        (self.height + self.kernel - 1) * self.padded_width() + MOST_LANES + self.kernel
    }

    /// Blocks of outputs of a group.
    fn blocks(self) -> usize {
        self.outputs.div_ceil(OUTPUTS)
    }

    /// How far a tap shifts a plane.
    fn shift(self, tap: usize) -> usize {
        tap / self.kernel * self.padded_width() + tap % self.kernel
    }

    /// Where the lanes start that cover all results.
    fn starts<S: Simd>(self, _simd: S) -> impl Iterator<Item = usize> {
        (0..self.height * self.padded_width()).step_by(S::F32_LANES)
    }

    /// The shape of the operation that gives the input's gradient.
    fn turned(self) -> Self {
        Self {
            inputs: self.outputs,
            outputs: self.inputs,
            padding: self.kernel - 1 - self.padding,
            ..self
        }
    }

    /// Where the weight of a tap, input and output stands in `[area * inputs, groups * outputs]`.
    fn weight(self, group: usize, tap: usize, input: usize, output: usize) -> usize {
        (tap * self.inputs + input) * self.all_outputs() + group * self.outputs + output
    }
}

impl Convolution {
    fn shape(&self, x: &FlexTensor, outputs: usize) -> Shape {
        let [_, height, width, channels] = x.sizes();
        Shape {
            kernel: self.window.kernel,
            padding: self.window.padding,
            height,
            width,
            groups: self.groups,
            inputs: channels / self.groups,
            outputs: outputs / self.groups,
        }
    }
}

impl Kernel<2> for Convolution {
    type Saved = [FlexTensor; 2];
    type Aside = ();

    fn forward(&self, [x, weight]: [FlexTensor; 2]) -> Forward<Self::Saved, ()> {
        let [images, height, width, _] = x.sizes();
        let [_, outputs] = weight.sizes();
        let shape = self.shape(&x, outputs);
        let y = convolve(shape, x.values(), &packed(shape, weight.values()));
        Forward {
            value: FlexTensor::of(y, [images, height, width, outputs]),
            saved: [x, weight],
            aside: (),
        }
    }

    fn backward(
        &self,
        [x, weight]: Self::Saved,
        gradient: FlexTensor,
        [dx_wanted, dw_wanted]: [bool; 2],
    ) -> [Option<FlexTensor>; 2] {
        let [rows, outputs] = weight.sizes();
        let shape = self.shape(&x, outputs);
        let dx = dx_wanted.then(|| {
            let weight = packed(shape.turned(), &turned(shape, weight.values()));
            let dx = convolve(shape.turned(), gradient.values(), &weight);
            FlexTensor::of(dx, x.sizes::<4>())
        });
        let dw = dw_wanted.then(|| {
            let dw = weight_gradient(shape, x.values(), gradient.values());
            FlexTensor::of(dw, [rows, outputs])
        });
        [dx, dw]
    }
}

/// Weights as `[group, block, tap, input, output of the block]`, zeros beyond the last output.
fn packed(shape: Shape, weight: &[f32]) -> Vec<[f32; OUTPUTS]> {
    let area = shape.kernel * shape.kernel;
    let mut packed = Vec::with_capacity(shape.groups * shape.blocks() * area * shape.inputs);
    for group in 0..shape.groups {
        for block in 0..shape.blocks() {
            for tap in 0..area {
                for input in 0..shape.inputs {
                    packed.push(std::array::from_fn(|index| {
                        let output = block * OUTPUTS + index;
                        if output < shape.outputs {
                            weight[shape.weight(group, tap, input, output)]
                        } else {
                            0.0
                        }
                    }));
                }
            }
        }
    }
    packed
}

/// The kernel turned round by half a circle, with inputs and outputs exchanged.
fn turned(shape: Shape, weight: &[f32]) -> Vec<f32> {
    let (area, to) = (shape.kernel * shape.kernel, shape.turned());
    let mut result = vec![0.0; weight.len()];
    for group in 0..shape.groups {
        for tap in 0..area {
            for input in 0..shape.inputs {
                for output in 0..shape.outputs {
                    result[to.weight(group, area - 1 - tap, output, input)] =
                        weight[shape.weight(group, tap, input, output)];
                }
            }
        }
    }
    result
}

fn convolve(shape: Shape, x: &[f32], weight: &[[f32; OUTPUTS]]) -> Vec<f32> {
    let of_x = (shape.pixels() * shape.channels()).max(1);
    let of_y = (shape.pixels() * shape.all_outputs()).max(1);
    let mut y = vec![0.0; x.len() / of_x * of_y];
    let by_image = y.par_chunks_mut(of_y).zip(x.par_chunks(of_x));
    let planes = || vec![0.0; shape.channels() * shape.plane()];
    by_image.for_each_init(planes, |planes, (y, x)| {
        simd!(simd [
            shape: Shape = shape,
            x: &'a [f32] = x,
            weight: &'a [[f32; OUTPUTS]] = weight,
            planes: &'a mut [f32] = planes,
            y: &'a mut [f32] = y,
        ] {
            let first = shape.padding * (shape.padded_width() + 1);
            to_planes(shape, x, [shape.groups, shape.inputs, shape.inputs], first, planes);
            convolve_image(simd, shape, planes, weight, y);
        });
    });
    y
}

/// An image `[H, W, groups * channels]` to planes `[groups, room, plane]`, `room` at least `channels`, with its first pixel at
/// `first`; what it does not write is zero already.
#[inline(always)]
fn to_planes(
    shape: Shape,
    image: &[f32],
    [groups, channels, room]: [usize; 3],
    first: usize,
    planes: &mut [f32],
) {
    let all = groups * channels;
    for group in 0..groups {
        for channel in 0..channels {
            let plane = &mut planes[(group * room + channel) * shape.plane() + first..];
            for (row, pixels) in image.chunks_exact(shape.width * all).enumerate() {
                let to = &mut plane[row * shape.padded_width()..][..shape.width];
                let pixels = pixels[group * channels + channel..].iter().step_by(all);
                to.iter_mut()
                    .zip(pixels)
                    .for_each(|(to, pixel)| *to = *pixel);
            }
        }
    }
}

#[inline(always)]
fn convolve_image<S: Simd>(
    simd: S,
    shape: Shape,
    planes: &[f32],
    weight: &[[f32; OUTPUTS]],
    y: &mut [f32],
) {
    let taps = shape.kernel * shape.kernel * shape.inputs;
    for group in 0..shape.groups {
        let planes = &planes[group * shape.inputs * shape.plane()..];
        for block in 0..shape.blocks() {
            let weight = &weight[(group * shape.blocks() + block) * taps..][..taps];
            let first = block * OUTPUTS;
            let outputs = OUTPUTS.min(shape.outputs - first);
            for start in shape.starts(simd) {
                let sums = sums_of_taps(simd, shape, &planes[start..], weight);
                let sums = pulp::bytemuck::cast_slice::<S::f32s, f32>(&sums);
                for lane in 0..S::F32_LANES {
                    let at = start + lane;
                    let (row, column) = (at / shape.padded_width(), at % shape.padded_width());
                    if row < shape.height && column < shape.width {
                        let pixel = (row * shape.width + column) * shape.all_outputs();
                        let y = &mut y[pixel + group * shape.outputs + first..][..outputs];
                        let sums = sums[lane..].iter().step_by(S::F32_LANES);
                        y.iter_mut().zip(sums).for_each(|(y, sum)| *y = *sum);
                    }
                }
            }
        }
    }
}

/// The sums over taps and inputs of a group, for a lane of pixels and a block of outputs.
#[inline(always)]
fn sums_of_taps<S: Simd>(
    simd: S,
    shape: Shape,
    planes: &[f32],
    weight: &[[f32; OUTPUTS]],
) -> [S::f32s; OUTPUTS] {
    let mut sums = [simd.splat_f32s(0.0); OUTPUTS];
    for (tap, weight) in weight.chunks_exact(shape.inputs).enumerate() {
        let mut at = shape.shift(tap);
        for weight in weight {
            let x = load::<S>(planes, at);
            for (sum, weight) in sums.iter_mut().zip(weight) {
                *sum = simd.mul_add_e_f32s(simd.splat_f32s(*weight), x, *sum);
            }
            at += shape.plane();
        }
    }
    sums
}

/// The values from `at` on.
#[inline(always)]
fn load<S: Simd>(values: &[f32], at: usize) -> S::f32s {
    S::as_simd_f32s(&values[at..at + S::F32_LANES]).0[0]
}

/// `dw[tap, c, o] = sum over pixels of x[c, p + tap] dy[o, p]`, `[area * inputs, groups * outputs]`.
fn weight_gradient(shape: Shape, x: &[f32], dy: &[f32]) -> Vec<f32> {
    let of_x = (shape.pixels() * shape.channels()).max(1);
    let of_y = (shape.pixels() * shape.all_outputs()).max(1);
    let images = (x.len() / of_x).div_ceil(PARTS).max(1);
    let size = shape.kernel * shape.kernel * shape.inputs * shape.all_outputs();
    let [inputs, outputs] =
        [shape.inputs, shape.outputs].map(|count| count.next_multiple_of(SQUARE));
    let parts: Vec<Vec<f32>> = x
        .par_chunks(images * of_x)
        .zip(dy.par_chunks(images * of_y))
        .map(|(x, dy)| {
            let mut sums = vec![0.0; size];
            let mut x_planes = vec![0.0; shape.groups * inputs * shape.plane()];
            let mut dy_planes = vec![0.0; shape.groups * outputs * shape.plane()];
            for (x, dy) in x.chunks_exact(of_x).zip(dy.chunks_exact(of_y)) {
                simd!(simd [
                    shape: Shape = shape,
                    x: &'a [f32] = x,
                    dy: &'a [f32] = dy,
                    room: [usize; 2] = [inputs, outputs],
                    x_planes: &'a mut [f32] = &mut x_planes,
                    dy_planes: &'a mut [f32] = &mut dy_planes,
                    sums: &'a mut [f32] = &mut sums,
                ] {
                    let first = shape.padding * (shape.padded_width() + 1);
                    to_planes(shape, x, [shape.groups, shape.inputs, room[0]], first, x_planes);
                    to_planes(shape, dy, [shape.groups, shape.outputs, room[1]], 0, dy_planes);
                    add_weight_gradient(simd, shape, x_planes, dy_planes, room, sums);
                });
            }
            sums
        })
        .collect();
    let mut parts = parts.into_iter();
    let mut total = parts.next().unwrap_or_else(|| vec![0.0; size]);
    for part in parts {
        total
            .iter_mut()
            .zip(part)
            .for_each(|(total, part)| *total += part);
    }
    total
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
