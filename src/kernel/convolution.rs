//! Convolution and transposed convolution over channels-last images: patches and one matrix product.

use burn::backend::flex::FlexTensor;

use super::blocks::chunks;
use super::bridge::{Flat, Forward, Kernel};
use super::buffers;
use super::patches::Batch;
use super::product::{product, sum};
use super::window::Window;

/// Most values in a matrix of patches: images go through in parts where there are more, so that a part is still in the
/// cache when it is multiplied.
const MOST_VALUES: usize = 1 << 21;

/// `[N, H, W, C]` with weights `[area * C / groups, O]` to `[N, rows, columns, O]`.
#[derive(Debug, Clone, Copy)]
pub struct Convolution {
    pub window: Window,
    pub groups: usize,
    /// Rows and columns of the result.
    pub grid: [usize; 2],
}

/// `[N, rows, columns, C]` with weights `[C, area * O / groups]` to `[N, s * rows, s * columns, O]`: the transpose of the
/// [`Convolution`] from `O` to `C` channels.
#[derive(Debug, Clone, Copy)]
pub struct TransposedConvolution {
    pub window: Window,
    pub groups: usize,
}

/// Input and weights.
type Saved = [FlexTensor; 2];

impl Convolution {
    fn batch(&self, x: &FlexTensor) -> Batch {
        let [images, height, width, channels] = x.sizes();
        Batch {
            images,
            image: [height, width],
            channels,
            grid: self.grid,
            groups: self.groups,
        }
    }
}

impl Kernel<2> for Convolution {
    type Saved = Saved;
    type Aside = ();

    fn forward(&self, [x, weight]: [FlexTensor; 2]) -> Forward<Saved, ()> {
        let batch = self.batch(&x);
        let [rows, columns] = self.grid;
        let [_, outputs] = weight.sizes();
        let matrix = to_groups(&weight, self.groups);
        let value = in_parts(
            batch,
            self.window,
            outputs * batch.windows(),
            |part, first| {
                let patches = gathered(self.window, part, &x, first);
                let y = product(patches.clone(), matrix.clone());
                buffers::give_back(patches);
                from_groups(y, part.images * batch.windows())
            },
        );
        Forward {
            value: value.shaped([batch.images, rows, columns, outputs]),
            saved: [x, weight],
            aside: (),
        }
    }

    fn backward(
        &self,
        [x, weight]: Saved,
        gradient: FlexTensor,
        wanted: [bool; 2],
    ) -> [Option<FlexTensor>; 2] {
        let batch = self.batch(&x);
        let [area, outputs] = weight.sizes();
        let [dx_wanted, dw_wanted] = wanted;
        let dx = dx_wanted.then(|| {
            let matrix = to_groups(&weight, self.groups).transpose(1, 2);
            let dx = in_parts(batch, self.window, batch.image_size(), |part, first| {
                let dy = pixels(
                    &gradient,
                    part.images * batch.windows(),
                    first * batch.windows(),
                );
                let patches = product(to_groups(&dy, self.groups), matrix.clone());
                scattered(self.window, part, patches)
            });
            dx.shaped(x.sizes::<4>())
        });
        let dw = dw_wanted.then(|| {
            let dw = sum_of_parts(batch, self.window, |part, first| {
                let dy = pixels(
                    &gradient,
                    part.images * batch.windows(),
                    first * batch.windows(),
                );
                let patches = gathered(self.window, part, &x, first);
                let dw = product(patches.transpose(1, 2), to_groups(&dy, self.groups));
                buffers::give_back(patches);
                dw
            });
            from_groups(dw, area).shaped([area, outputs])
        });
        [dx, dw]
    }
}

impl TransposedConvolution {
    fn batch(&self, x: &FlexTensor, weight: &FlexTensor) -> Batch {
        let [images, rows, columns, _] = x.sizes();
        let [_, width] = weight.sizes();
        let stride = self.window.stride;
        Batch {
            images,
            image: [rows * stride, columns * stride],
            channels: width / self.window.area() * self.groups,
            grid: [rows, columns],
            groups: self.groups,
        }
    }

    /// Weights `[groups, C / groups, area * O / groups]`.
    fn matrix(&self, weight: &FlexTensor) -> FlexTensor {
        let [inputs, width] = weight.sizes();
        weight.shaped([self.groups, inputs / self.groups, width])
    }
}

impl Kernel<2> for TransposedConvolution {
    type Saved = Saved;
    type Aside = ();

    fn forward(&self, [x, weight]: [FlexTensor; 2]) -> Forward<Saved, ()> {
        let batch = self.batch(&x, &weight);
        let matrix = self.matrix(&weight);
        let value = in_parts(batch, self.window, batch.image_size(), |part, first| {
            let x = pixels(&x, part.images * batch.windows(), first * batch.windows());
            let patches = product(to_groups(&x, self.groups), matrix.clone());
            scattered(self.window, part, patches)
        });
        let [height, width] = batch.image;
        Forward {
            value: value.shaped([batch.images, height, width, batch.channels]),
            saved: [x, weight],
            aside: (),
        }
    }

    fn backward(
        &self,
        [x, weight]: Saved,
        gradient: FlexTensor,
        wanted: [bool; 2],
    ) -> [Option<FlexTensor>; 2] {
        let batch = self.batch(&x, &weight);
        let [dx_wanted, dw_wanted] = wanted;
        let matrix = self.matrix(&weight).transpose(1, 2);
        let [inputs, width] = weight.sizes();
        let dw_of = |part: Batch, first: usize, patches: &FlexTensor| {
            let x = pixels(&x, part.images * batch.windows(), first * batch.windows());
            let x = to_groups(&x, self.groups).transpose(1, 2);
            product(x, patches.clone())
        };
        let mut dw = None;
        let dx = if dx_wanted {
            // The patches serve both gradients, so that one pass over the parts makes both.
            let size = inputs * batch.windows();
            let dx = in_parts(batch, self.window, size, |part, first| {
                let patches = gathered(self.window, part, &gradient, first);
                if dw_wanted {
                    dw = Some(sum(dw.take(), dw_of(part, first, &patches)));
                }
                let dx = product(patches.clone(), matrix.clone());
                buffers::give_back(patches);
                from_groups(dx, part.images * batch.windows())
            });
            Some(dx.shaped(x.sizes::<4>()))
        } else {
            for (part, first) in parts(batch, self.window) {
                let patches = gathered(self.window, part, &gradient, first);
                dw = Some(sum(dw.take(), dw_of(part, first, &patches)));
                buffers::give_back(patches);
            }
            None
        };
        [dx, dw.map(|dw| dw.shaped([inputs, width]))]
    }
}

/// The batch in parts whose patches are of a bounded size, each with the index of its first image.
fn parts(batch: Batch, window: Window) -> impl Iterator<Item = (Batch, usize)> {
    let of_image = batch.windows() * window.area() * batch.channels;
    let most = (MOST_VALUES / of_image.max(1)).clamp(1, batch.images.max(1));
    (0..batch.images)
        .step_by(most)
        .map(move |first| (batch.with_images(most.min(batch.images - first)), first))
}

/// One after the other what `compute` makes of each part, `size` values an image.
fn in_parts(
    batch: Batch,
    window: Window,
    size: usize,
    mut compute: impl FnMut(Batch, usize) -> FlexTensor,
) -> FlexTensor {
    let mut parts = parts(batch, window).peekable();
    if let Some(&(part, first)) = parts.peek()
        && part.images == batch.images
    {
        return compute(part, first);
    }
    let mut values = Vec::with_capacity(batch.images * size);
    for (part, first) in parts {
        values.extend_from_slice(compute(part, first).values());
    }
    let size = values.len();
    FlexTensor::of(values, [size])
}

/// The sum of what `compute` makes of each part.
fn sum_of_parts(
    batch: Batch,
    window: Window,
    mut compute: impl FnMut(Batch, usize) -> FlexTensor,
) -> FlexTensor {
    let mut total = None;
    for (part, first) in parts(batch, window) {
        total = Some(sum(total, compute(part, first)));
    }
    total.unwrap_or_else(|| {
        // A batch without images.
        let size = window.patch_size(batch);
        FlexTensor::of(vec![0.0; batch.groups * size], [batch.groups, size, 1])
    })
}

/// Patches `[groups, images * windows, area * C / groups]` of some images.
fn gathered(window: Window, batch: Batch, images: &FlexTensor, first: usize) -> FlexTensor {
    let rows = batch.images * batch.windows();
    if window.kernel == 1 && window.stride == 1 {
        // Pixels are their own patches.
        return to_groups(&pixels(images, rows, first * batch.windows()), batch.groups);
    }
    let size = window.patch_size(batch);
    let mut patches = buffers::take(batch.groups * rows, size);
    let from = first * batch.image_size();
    let images = &images.values()[from..from + batch.images * batch.image_size()];
    window.gather(images, batch, patches.values_mut());
    patches.shaped([batch.groups, rows, size])
}

/// The transpose of [`gathered`].
fn scattered(window: Window, batch: Batch, patches: FlexTensor) -> FlexTensor {
    if window.kernel == 1 && window.stride == 1 {
        return from_groups(patches, batch.images * batch.windows());
    }
    let mut values = vec![0.0; batch.images * batch.image_size()];
    window.scatter(patches.values(), batch, &mut values);
    let size = values.len();
    FlexTensor::of(values, [size])
}

/// `[rows, channels]` from the pixel `first` on.
fn pixels(tensor: &FlexTensor, rows: usize, first: usize) -> FlexTensor {
    let [_, _, _, channels] = tensor.sizes();
    let all = tensor.values().len() / channels.max(1);
    let tensor = tensor.shaped([all, channels]);
    if rows == all {
        tensor
    } else {
        tensor.narrow(0, first, rows)
    }
}

/// `[rows, C]` to `[groups, rows, C / groups]`, a view.
fn to_groups(matrix: &FlexTensor, groups: usize) -> FlexTensor {
    let [rows, columns] = matrix.sizes();
    // A part of the rows is a part of the buffer, that a reshape would copy.
    if groups == 1 {
        return matrix.reshape([1, rows, columns].into());
    }
    matrix
        .reshape([rows, groups, columns / groups].into())
        .transpose(0, 1)
}

/// `[groups, rows, C / groups]` to `[rows, C]`.
fn from_groups(matrices: FlexTensor, rows: usize) -> FlexTensor {
    let [groups, _, columns] = matrices.sizes();
    if groups == 1 {
        return matrices.shaped([rows, columns]);
    }
    let (size, values) = (groups * columns, matrices.values());
    let mut result = vec![0.0; rows * size];
    chunks(&mut result, size, &|row, result| {
        for (group, result) in result.chunks_exact_mut(columns).enumerate() {
            result.copy_from_slice(&values[(group * rows + row) * columns..][..columns]);
        }
    });
    FlexTensor::of(result, [rows, size])
}
