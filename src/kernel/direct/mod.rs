//! Convolutions without stride between few channels, computed from the images directly: where a group has few channels,
//! patches cost more to gather than to multiply.
//!
//! Images are taken apart into padded planes, a channel each, in which a tap of the kernel is a shift. So
//! `y[o, p] += w[tap, c, o] * x[c, p + tap]` runs over rows of pixels `p`, with some outputs in registers. What it finds for
//! the padding at the end of a row is left out. The input's gradient is the same operation with the kernel turned round.

mod shape;
mod weight_gradient;

use burn::backend::flex::FlexTensor;
use pulp::Simd;

use super::blocks::chunks_with_buffer;
use super::bridge::{Flat, Forward, Kernel};
use super::wide::simd;
use super::window::Window;
use shape::Shape;
use weight_gradient::weight_gradient;

/// Most pixels side by side in a register.
const MOST_LANES: usize = 16;
/// Outputs that are summed up together.
const OUTPUTS: usize = 8;
/// Most channels of a group on either side.
const MOST_CHANNELS: usize = 16;

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
    let planes = shape.channels() * shape.plane();
    chunks_with_buffer(&mut y, of_y, planes, &|planes, n, y| {
        let x = &x[n * of_x..][..of_x];
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
