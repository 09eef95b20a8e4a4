//! Images in tiles of 2 x 2 windows, in and out of the form in which [minimal filtering](super::filtering) multiplies.

use std::marker::PhantomData;

use super::blocks::{chunks, chunks_with_buffer};
use super::filtering::{Filter, LANES, Lane, add};
use super::patches::Batch;
use super::wide::wide;
use super::window::Window;

/// Tiles over the images of a batch. A stride is removed by taking its phases (`stride x stride` pixels) for channels:
/// a kernel of `stride * TAPS` then has `TAPS` taps a side.
#[derive(Debug, Clone, Copy)]
pub struct Tiles<F> {
    pub batch: Batch,
    pub stride: usize,
    padding: usize,
    filter: PhantomData<F>,
}

/// Where a tile starts: window row and column.
#[inline(always)]
fn corner(tile: usize, tile_columns: usize) -> [usize; 2] {
    [2 * (tile / tile_columns), 2 * (tile % tile_columns)]
}

#[inline(always)]
fn load(values: &[f32], at: usize) -> Lane {
    let mut lane = [0.0; LANES];
    lane.copy_from_slice(&values[at..at + LANES]);
    lane
}

#[inline(always)]
fn store(values: &mut [f32], at: usize, lane: Lane) {
    values[at..at + LANES].copy_from_slice(&lane);
}

/// A transform in two dimensions: a function of [`Filter`] along the rows, then down the columns, to `$outputs` entries a
/// side from `$inputs`. All is spelled out with constant rows: arrays of lanes would be moved through memory otherwise.
macro_rules! transform {
    ($one:ident, $inputs:expr, $outputs:expr, $take:expr, $put:expr) => {{
        let (take, mut put) = ($take, $put);
        transform!(columns [0 1 2 3] $one $inputs, $outputs, take, put);
    }};
    (columns [$($v:literal)*] $one:ident $inputs:expr, $outputs:expr, $take:ident, $put:ident) => {
        $(if $v < $outputs {
            // No filter here has more inputs.
            let mut column = [[0.0; LANES]; 4];
            for (u, lane) in column.iter_mut().enumerate().take($inputs) {
                *lane = F::$one::<$v>(|w| $take(u, w));
            }
            transform!(rows [0 1 2 3] $v $one $outputs, column, $put);
        })*
    };
    (rows [$($u:literal)*] $v:literal $one:ident $outputs:expr, $column:ident, $put:ident) => {
        $(if $u < $outputs {
            $put($u, $v, F::$one::<$u>(|w| $column[w]));
        })*
    };
}

impl<F: Filter> Tiles<F> {
    pub fn new(batch: Batch, window: Window) -> Self {
        Self {
            batch,
            stride: window.stride,
            padding: window.padding,
            filter: PhantomData,
        }
    }

    /// Those of other images.
    pub fn of_batch(self, batch: Batch) -> Self {
        Self { batch, ..self }
    }

    /// Number of products a tile and pair of channels.
    pub const fn products() -> usize {
        F::PRODUCTS * F::PRODUCTS
    }

    /// Channels and phases: what a tap sees.
    pub fn depth(self) -> usize {
        self.stride * self.stride * self.batch.channels
    }

    fn tiles(self) -> [usize; 2] {
        self.batch.grid.map(|side| side.div_ceil(2))
    }

    /// Number of tiles of an image.
    pub fn per_image(self) -> usize {
        let [rows, columns] = self.tiles();
        rows * columns
    }

    /// Height and width of an image with its padding, as far as tiles reach.
    fn padded(self) -> [usize; 2] {
        let overlap = self.stride * (F::TAPS - 1);
        self.tiles().map(|tiles| 2 * self.stride * tiles + overlap)
    }

    /// Number of values of a padded image.
    fn padded_size(self) -> usize {
        self.padded()[0] * self.padded()[1] * self.batch.channels
    }

    /// Calls `copy(in the image, in the padded image, length)` for the rows that both have.
    #[inline(always)]
    fn rows(self, mut copy: impl FnMut(usize, usize, usize)) {
        let ([height, width], [rows, columns]) = (self.batch.image, self.padded());
        let (channels, padding) = (self.batch.channels, self.padding);
        let length = width.min(columns - padding) * channels;
        for row in 0..height.min(rows - padding) {
            let in_padded = ((row + padding) * columns + padding) * channels;
            copy(row * width * channels, in_padded, length);
        }
    }

    /// Images to `[tile, product, depth]`: `B^T d B`.
    pub fn of_images(self, images: &[f32], result: &mut [f32]) {
        let size = self.per_image() * Self::products() * self.depth();
        let of_image = self.batch.image_size();
        chunks_with_buffer(result, size, self.padded_size(), &|padded, n, result| {
            let image = &images[n * of_image..][..of_image];
            self.rows(|from, to, length| {
                padded[to..to + length].copy_from_slice(&image[from..from + length]);
            });
            wide!(<F: Filter> [tiles: Tiles<F> = self, padded: &'a [f32] = padded, result: &'a mut [f32] = result] {
                tiles.of_padded(padded, result);
            });
        });
    }

    #[inline(always)]
    fn of_padded(self, padded: &[f32], result: &mut [f32]) {
        let (depth, run) = (self.depth(), self.stride * self.batch.channels);
        let (channels, columns, [_, tile_columns]) =
            (self.batch.channels, self.padded()[1], self.tiles());
        for (tile, result) in result
            .chunks_exact_mut(Self::products() * depth)
            .enumerate()
        {
            let [top, left] = corner(tile, tile_columns).map(|window| window * self.stride);
            for phase in 0..self.stride {
                for lane in (0..run).step_by(LANES) {
                    let take = |i: usize, j: usize| {
                        let row = top + i * self.stride + phase;
                        load(padded, (row * columns + left) * channels + j * run + lane)
                    };
                    let put = |u: usize, v: usize, value: Lane| {
                        let at = (F::PRODUCTS * u + v) * depth + phase * run + lane;
                        store(result, at, value);
                    };
                    transform!(input, F::PRODUCTS, F::PRODUCTS, take, put);
                }
            }
        }
    }

    /// The transpose of [`Tiles::of_images`], from `[product, tile, depth]`.
    pub fn to_images(self, values: &[f32], images: &mut [f32]) {
        let of_image = self.batch.image_size();
        chunks_with_buffer(images, of_image, self.padded_size(), &|padded, n, image| {
            wide!(<F: Filter> [tiles: Tiles<F> = self, values: &'a [f32] = values, n: usize = n, padded: &'a mut [f32] = padded] {
                tiles.to_padded(values, n, padded);
            });
            self.rows(|to, from, length| {
                image[to..to + length].copy_from_slice(&padded[from..from + length]);
            });
        });
    }

    #[inline(always)]
    fn to_padded(self, values: &[f32], n: usize, padded: &mut [f32]) {
        let (depth, run) = (self.depth(), self.stride * self.batch.channels);
        let (channels, columns, [_, tile_columns]) =
            (self.batch.channels, self.padded()[1], self.tiles());
        let of_product = self.batch.images * self.per_image() * depth;
        padded.fill(0.0);
        for tile in 0..self.per_image() {
            let [top, left] = corner(tile, tile_columns).map(|window| window * self.stride);
            for phase in 0..self.stride {
                for lane in (0..run).step_by(LANES) {
                    let from = (n * self.per_image() + tile) * depth + phase * run + lane;
                    let take = |u: usize, v: usize| {
                        load(values, (F::PRODUCTS * u + v) * of_product + from)
                    };
                    let put = |i: usize, j: usize, value: Lane| {
                        let row = top + i * self.stride + phase;
                        let at = (row * columns + left) * channels + j * run + lane;
                        store(padded, at, add(load(padded, at), value));
                    };
                    transform!(input_transposed, F::PRODUCTS, F::PRODUCTS, take, put);
                }
            }
        }
    }

    /// Results `[N, rows, columns, outputs]` to `[tile, product, outputs]`: `A y A^T`.
    pub fn of_grid(self, grid: &[f32], outputs: usize, result: &mut [f32]) {
        let size = self.per_image() * Self::products() * outputs;
        let of_grid = self.batch.windows() * outputs;
        chunks(result, size, &|n, result| {
            let grid = &grid[n * of_grid..][..of_grid];
            wide!(<F: Filter> [tiles: Tiles<F> = self, grid: &'a [f32] = grid, outputs: usize = outputs, result: &'a mut [f32] = result] {
                let ([rows, columns], [_, tile_columns]) = (tiles.batch.grid, tiles.tiles());
                for (tile, result) in result.chunks_exact_mut(Tiles::<F>::products() * outputs).enumerate() {
                    let [top, left] = corner(tile, tile_columns);
                    for lane in (0..outputs).step_by(LANES) {
                        let take = |a: usize, b: usize| {
                            if top + a < rows && left + b < columns {
                                load(grid, ((top + a) * columns + left + b) * outputs + lane)
                            } else {
                                [0.0; LANES]
                            }
                        };
                        let put = |u: usize, v: usize, value: Lane| {
                            store(result, (F::PRODUCTS * u + v) * outputs + lane, value);
                        };
                        transform!(output_transposed, 2, F::PRODUCTS, take, put);
                    }
                }
            });
        });
    }

    /// The transpose of [`Tiles::of_grid`], from `[product, tile, outputs]`.
    pub fn to_grid(self, values: &[f32], outputs: usize, grid: &mut [f32]) {
        chunks(grid, self.batch.windows() * outputs, &|n, grid| {
            wide!(<F: Filter> [tiles: Tiles<F> = self, values: &'a [f32] = values, outputs: usize = outputs, n: usize = n, grid: &'a mut [f32] = grid] {
                let ([rows, columns], [_, tile_columns]) = (tiles.batch.grid, tiles.tiles());
                let of_product = tiles.batch.images * tiles.per_image() * outputs;
                for tile in 0..tiles.per_image() {
                    let [top, left] = corner(tile, tile_columns);
                    for lane in (0..outputs).step_by(LANES) {
                        let from = (n * tiles.per_image() + tile) * outputs + lane;
                        let take = |u: usize, v: usize| {
                            load(values, (F::PRODUCTS * u + v) * of_product + from)
                        };
                        let put = |a: usize, b: usize, value: Lane| {
                            if top + a < rows && left + b < columns {
                                store(grid, ((top + a) * columns + left + b) * outputs + lane, value);
                            }
                        };
                        transform!(output, F::PRODUCTS, 2, take, put);
                    }
                }
            });
        });
    }
}

/// Weights `[outer, TAPS, TAPS, inner]` to `[product, outer, inner]`: `G g G^T`.
pub fn of_weight<F: Filter>(weight: &[f32], outer: usize, inner: usize) -> Vec<f32> {
    let products = F::PRODUCTS * F::PRODUCTS;
    let mut result = vec![0.0; products * outer * inner];
    chunks(&mut result, inner, &|index, result| {
        let (product, row) = (index / outer, index % outer);
        for (tap, factor) in factors::<F>(product) {
            let tap = &weight[(F::TAPS * F::TAPS * row + tap) * inner..][..inner];
            accumulate(tap, factor, result);
        }
    });
    result
}

/// The transpose of [`of_weight`].
pub fn to_weight<F: Filter>(values: &[f32], outer: usize, inner: usize) -> Vec<f32> {
    let area = F::TAPS * F::TAPS;
    let mut result = vec![0.0; area * outer * inner];
    chunks(&mut result, inner, &|index, result| {
        let (row, tap) = (index / area, index % area);
        for product in 0..F::PRODUCTS * F::PRODUCTS {
            for (_, factor) in factors::<F>(product).filter(|(at, _)| *at == tap) {
                let values = &values[(product * outer + row) * inner..][..inner];
                accumulate(values, factor, result);
            }
        }
    });
    result
}

/// The taps that a product takes in two dimensions, with their factors.
fn factors<F: Filter>(product: usize) -> impl Iterator<Item = (usize, f32)> {
    let (rows, columns) = (
        F::weight(product / F::PRODUCTS),
        F::weight(product % F::PRODUCTS),
    );
    (0..F::TAPS * F::TAPS)
        .map(move |tap| (tap, rows[tap / F::TAPS] * columns[tap % F::TAPS]))
        .filter(|(_, factor)| *factor != 0.0)
}

fn accumulate(values: &[f32], factor: f32, result: &mut [f32]) {
    wide!([values: &'a [f32] = values, factor: f32 = factor, result: &'a mut [f32] = result] {
        result.iter_mut().zip(values).for_each(|(result, value)| *result += factor * value);
    });
}
