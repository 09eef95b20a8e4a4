//! Convolutions with fewer multiplications: images and weights in the form of [minimal filtering](super::filtering), one
//! batched matrix product, and back (Lavin and Gray 2016, section 4).
//!
//! A kernel twice its stride has two taps a side and needs 9 products for 16; one of 3 x 3 without stride needs 16 for 36.
//! The same holds for both gradients. Sums and differences of inputs are multiplied in place of the inputs themselves, so
//! that rounding errors are a little larger, and a value that is not finite spreads over its tile.

use std::marker::PhantomData;

use burn::backend::flex::FlexTensor;

use super::bridge::{Flat, Forward, Kernel};
use super::buffers;
use super::filtering::{Filter, LANES};
use super::patches::Batch;
use super::product::{product, sum};
use super::tiles::{Tiles, of_weight, to_weight};
use super::window::Window;

/// Most values in the tiles of all images that go through at once.
const MOST_VALUES: usize = 1 << 22;
/// Values of a part where there are more: it is still in the cache when it is multiplied.
const PART_VALUES: usize = 1 << 20;

/// Whether the kernel is of a form that these operations have: `stride * TAPS` wide, over whole lanes of channels, with a
/// padding that preserves sizes or none.
pub fn fits<F: Filter>(window: Window, channels: usize, outputs: usize) -> bool {
    let overlap = window.stride * (F::TAPS - 1);
    window.kernel == window.stride * F::TAPS
        && (window.padding == 0 || 2 * window.padding == overlap)
        && (window.stride * channels).is_multiple_of(LANES)
        && outputs.is_multiple_of(LANES)
}

/// [`Convolution`](super::convolution::Convolution) without groups.
#[derive(Debug, Clone, Copy)]
pub struct Convolution<F> {
    window: Window,
    grid: [usize; 2],
    filter: PhantomData<F>,
}

/// [`TransposedConvolution`](super::convolution::TransposedConvolution) without groups.
#[derive(Debug, Clone, Copy)]
pub struct TransposedConvolution<F> {
    window: Window,
    filter: PhantomData<F>,
}

#[derive(Debug, Clone)]
pub struct Saved {
    x: FlexTensor,
    /// The transformed weights, `[product, C, O]`.
    weight: FlexTensor,
}

impl<F: Filter> Convolution<F> {
    /// `grid` are the rows and columns of the result.
    pub fn new(window: Window, grid: [usize; 2]) -> Self {
        Self {
            window,
            grid,
            filter: PhantomData,
        }
    }

    fn tiles(&self, x: &FlexTensor) -> Tiles<F> {
        let [images, height, width, channels] = x.sizes();
        let batch = Batch {
            images,
            image: [height, width],
            channels,
            grid: self.grid,
            groups: 1,
        };
        Tiles::new(batch, self.window)
    }
}

impl<F: Filter> Kernel<2> for Convolution<F> {
    type Saved = Saved;
    type Aside = ();

    fn forward(&self, [x, weight]: [FlexTensor; 2]) -> Forward<Saved, ()> {
        let tiles = self.tiles(&x);
        let (depth, [_, outputs]) = (tiles.depth(), weight.sizes());
        let weight = of_weight::<F>(weight.values(), 1, depth * outputs);
        let weight = FlexTensor::of(weight, [Tiles::<F>::products(), depth, outputs]);
        let size = tiles.batch.windows() * outputs;
        let mut y = vec![0.0; tiles.batch.images * size];
        for Part { tiles, images } in parts(tiles, outputs) {
            let d = of_images(tiles, &x, &images);
            let m = product(rows(&d, tiles.depth()), columns(&weight));
            buffers::give_back(d);
            let y = &mut y[images.start * size..images.end * size];
            tiles.to_grid(m.values(), outputs, y);
        }
        let [rows, columns] = self.grid;
        Forward {
            value: FlexTensor::of(y, [tiles.batch.images, rows, columns, outputs]),
            saved: Saved { x, weight },
            aside: (),
        }
    }

    fn backward(
        &self,
        Saved { x, weight }: Saved,
        gradient: FlexTensor,
        [dx_wanted, dw_wanted]: [bool; 2],
    ) -> [Option<FlexTensor>; 2] {
        let all = self.tiles(&x);
        let (depth, size) = (all.depth(), all.batch.image_size());
        let [_, _, outputs] = weight.sizes();
        let mut dx = dx_wanted.then(|| vec![0.0; all.batch.images * size]);
        let mut dw: Option<FlexTensor> = None;
        for Part { tiles, images } in parts(all, outputs) {
            let dm = of_grid(tiles, &gradient, outputs, &images);
            if let Some(dx) = &mut dx {
                let d = product(rows(&dm, outputs), transposed_columns(&weight));
                let dx = &mut dx[images.start * size..images.end * size];
                tiles.to_images(d.values(), dx);
            }
            if dw_wanted {
                let d = of_images(tiles, &x, &images);
                let term = product(transposed_rows(&d, depth), whole(&dm, outputs));
                buffers::give_back(d);
                dw = Some(sum(dw, term));
            }
            buffers::give_back(dm);
        }
        let dx = dx.map(|dx| FlexTensor::of(dx, x.sizes::<4>()));
        let dw = dw.map(|dw| {
            let dw = to_weight::<F>(dw.values(), 1, depth * outputs);
            FlexTensor::of(dw, [F::TAPS * F::TAPS * depth, outputs])
        });
        [dx, dw]
    }
}

impl<F: Filter> TransposedConvolution<F> {
    pub fn new(window: Window) -> Self {
        Self {
            window,
            filter: PhantomData,
        }
    }

    fn tiles(&self, [images, rows, columns]: [usize; 3], channels: usize) -> Tiles<F> {
        let stride = self.window.stride;
        let batch = Batch {
            images,
            image: [rows * stride, columns * stride],
            channels,
            grid: [rows, columns],
            groups: 1,
        };
        Tiles::new(batch, self.window)
    }
}

impl<F: Filter> Kernel<2> for TransposedConvolution<F> {
    type Saved = Saved;
    type Aside = ();

    fn forward(&self, [x, weight]: [FlexTensor; 2]) -> Forward<Saved, ()> {
        let [images, height, width, inputs] = x.sizes();
        let [_, columns_of_weight] = weight.sizes();
        let channels = columns_of_weight / self.window.area();
        let tiles = self.tiles([images, height, width], channels);
        let depth = tiles.depth();
        let weight = of_weight::<F>(weight.values(), inputs, depth);
        let weight = FlexTensor::of(weight, [Tiles::<F>::products(), inputs, depth]);
        let size = tiles.batch.image_size();
        let mut y = vec![0.0; images * size];
        for Part { tiles, images } in parts(tiles, inputs) {
            let m = of_grid(tiles, &x, inputs, &images);
            let d = product(rows(&m, inputs), columns(&weight));
            buffers::give_back(m);
            tiles.to_images(d.values(), &mut y[images.start * size..images.end * size]);
        }
        let [height, width] = tiles.batch.image;
        Forward {
            value: FlexTensor::of(y, [images, height, width, channels]),
            saved: Saved { x, weight },
            aside: (),
        }
    }

    fn backward(
        &self,
        Saved { x, weight }: Saved,
        gradient: FlexTensor,
        [dx_wanted, dw_wanted]: [bool; 2],
    ) -> [Option<FlexTensor>; 2] {
        let [images, height, width, inputs] = x.sizes();
        let [_, _, _, channels] = gradient.sizes();
        let all = self.tiles([images, height, width], channels);
        let (depth, size) = (all.depth(), all.batch.windows() * inputs);
        let mut dx = dx_wanted.then(|| vec![0.0; images * size]);
        let mut dw: Option<FlexTensor> = None;
        for Part { tiles, images } in parts(all, inputs) {
            let d = of_images(tiles, &gradient, &images);
            if let Some(dx) = &mut dx {
                let m = product(rows(&d, depth), transposed_columns(&weight));
                let dx = &mut dx[images.start * size..images.end * size];
                tiles.to_grid(m.values(), inputs, dx);
            }
            if dw_wanted {
                let m = of_grid(tiles, &x, inputs, &images);
                let term = product(transposed_rows(&m, inputs), whole(&d, depth));
                buffers::give_back(m);
                dw = Some(sum(dw, term));
            }
            buffers::give_back(d);
        }
        let dx = dx.map(|dx| FlexTensor::of(dx, x.sizes::<4>()));
        let dw = dw.map(|dw| {
            let dw = to_weight::<F>(dw.values(), inputs, depth);
            FlexTensor::of(dw, [inputs, F::TAPS * F::TAPS * depth])
        });
        [dx, dw]
    }
}

/// Some images and the tiles over them.
struct Part<F> {
    tiles: Tiles<F>,
    images: std::ops::Range<usize>,
}

/// The images in parts whose tiles are of a bounded size, at `outputs` channels of the grid.
fn parts<F: Filter>(all: Tiles<F>, outputs: usize) -> impl Iterator<Item = Part<F>> {
    let widest = all.depth().max(outputs);
    let of_image = all.per_image() * Tiles::<F>::products() * widest;
    let count = all.batch.images;
    let most = if count * of_image <= MOST_VALUES {
        count.max(1)
    } else {
        // An even number, so that the rows of a product can be halved.
        (PART_VALUES / of_image.max(1)).max(2) / 2 * 2
    };
    (0..count).step_by(most).map(move |first| {
        let images = first..count.min(first + most);
        let batch = all.batch.with_images(images.len());
        Part {
            tiles: all.of_batch(batch),
            images,
        }
    })
}

fn of_images<F: Filter>(
    tiles: Tiles<F>,
    x: &FlexTensor,
    images: &std::ops::Range<usize>,
) -> FlexTensor {
    let size = tiles.batch.image_size();
    let mut d = buffers::take(
        tiles.batch.images * tiles.per_image(),
        Tiles::<F>::products() * tiles.depth(),
    );
    let x = &x.values()[images.start * size..images.end * size];
    tiles.of_images(x, d.values_mut());
    d
}

fn of_grid<F: Filter>(
    tiles: Tiles<F>,
    grid: &FlexTensor,
    outputs: usize,
    images: &std::ops::Range<usize>,
) -> FlexTensor {
    let size = tiles.batch.windows() * outputs;
    let mut m = buffers::take(
        tiles.batch.images * tiles.per_image(),
        Tiles::<F>::products() * outputs,
    );
    let grid = &grid.values()[images.start * size..images.end * size];
    tiles.of_grid(grid, outputs, m.values_mut());
    m
}

/// Rows (tiles) and products of `[tile, product, width]`.
fn counts(values: &FlexTensor, width: usize) -> [usize; 2] {
    let [rows, columns] = values.sizes();
    [rows, columns / width]
}

/// `[product, 2, tiles / 2, width]` of `[tile, product, width]`: in halves, because an odd number of products leaves the
/// second of two cores idle at the end.
fn rows(values: &FlexTensor, width: usize) -> FlexTensor {
    let [rows, products] = counts(values, width);
    let stride = products * width;
    let halves = if rows.is_multiple_of(2) { 2 } else { 1 };
    let rows = rows / halves;
    values.view(
        [products, halves, rows, width],
        [width, rows * stride, stride, 1],
    )
}

/// `[product, 2, width / 2, tiles]` of `[tile, product, width]`.
fn transposed_rows(values: &FlexTensor, width: usize) -> FlexTensor {
    let [rows, products] = counts(values, width);
    values.view(
        [products, 2, width / 2, rows],
        [width, width / 2, 1, products * width],
    )
}

/// `[product, 1, tiles, width]` of `[tile, product, width]`.
fn whole(values: &FlexTensor, width: usize) -> FlexTensor {
    let [rows, products] = counts(values, width);
    values.view([products, 1, rows, width], [width, 0, products * width, 1])
}

/// `[product, 1, C, O]` of weights.
fn columns(weight: &FlexTensor) -> FlexTensor {
    let [products, inputs, outputs] = weight.sizes();
    weight.view(
        [products, 1, inputs, outputs],
        [inputs * outputs, 0, outputs, 1],
    )
}

/// `[product, 1, O, C]` of weights `[product, C, O]`.
fn transposed_columns(weight: &FlexTensor) -> FlexTensor {
    let [products, inputs, outputs] = weight.sizes();
    weight.view(
        [products, 1, outputs, inputs],
        [inputs * outputs, 0, 1, outputs],
    )
}
