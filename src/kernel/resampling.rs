//! Linear maps of images along both axes: halving and doubling their size.

use burn::backend::flex::FlexTensor;

use super::blocks::chunks;
use super::bridge::{Flat, Forward, Kernel};
use super::wide::wide;

/// A way to halve or double the height and the width of images `[N, H, W, C]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resampling {
    /// The mean of every 2x2 block; a side that is odd loses its last row or column.
    Average,
    /// Every pixel four times.
    Nearest,
    /// 3/4 of the nearest pixel and 1/4 of the next nearest along each axis; beyond the edge stands the edge.
    Bilinear,
}

/// The rows of a sparse matrix: for each position behind the map, positions in front of it with their weights.
type Axis = Vec<Vec<(usize, f32)>>;

impl Resampling {
    /// The map along an axis of `size` pixels.
    fn axis(self, size: usize) -> Axis {
        match self {
            Self::Average => (0..size / 2)
                .map(|at| vec![(2 * at, 0.5), (2 * at + 1, 0.5)])
                .collect(),
            Self::Nearest => (0..2 * size).map(|at| vec![(at / 2, 1.0)]).collect(),
            Self::Bilinear => (0..2 * size)
                .map(|at| {
                    let near = at / 2;
                    let next = if at.is_multiple_of(2) {
                        near.saturating_sub(1)
                    } else {
                        (near + 1).min(size - 1)
                    };
                    vec![(near, 0.75), (next, 0.25)]
                })
                .collect(),
        }
    }
}

/// The transposed matrix, with `size` rows.
fn transposed(axis: &Axis, size: usize) -> Axis {
    let mut result = vec![Vec::new(); size];
    for (to, taps) in axis.iter().enumerate() {
        for &(from, weight) in taps {
            result[from].push((to, weight));
        }
    }
    result
}

impl Kernel<1> for Resampling {
    /// Height and width of the input.
    type Saved = [usize; 2];
    type Aside = ();

    fn forward(&self, [x]: [FlexTensor; 1]) -> Forward<[usize; 2], ()> {
        let [_, height, width, _] = x.sizes();
        let axes = [height, width].map(|size| self.axis(size));
        Forward {
            value: map(&x, &axes),
            saved: [height, width],
            aside: (),
        }
    }

    fn backward(
        &self,
        sizes: [usize; 2],
        gradient: FlexTensor,
        _wanted: [bool; 1],
    ) -> [Option<FlexTensor>; 1] {
        let axes = sizes.map(|size| transposed(&self.axis(size), size));
        [Some(map(&gradient, &axes))]
    }
}

/// `y[r, c] = sum over i, j of rows[r, i] columns[c, j] x[i, j]` for every image and channel.
fn map(x: &FlexTensor, [rows, columns]: &[Axis; 2]) -> FlexTensor {
    let [images, height, width, channels] = x.sizes();
    let of_x = height * width * channels;
    let of_y = rows.len() * columns.len() * channels;
    let mut y = vec![0.0; images * of_y];
    let values = x.values();
    chunks(&mut y, of_y, &|n, y| {
        let x = &values[n * of_x..][..of_x];
        wide!([
            x: &'a [f32] = x,
            y: &'a mut [f32] = y,
            rows: &'a Axis = rows,
            columns: &'a Axis = columns,
            size: [usize; 2] = [width, channels],
        ] {
            let [width, channels] = size;
            let mut pixels = y.chunks_exact_mut(channels);
            for row in rows {
                for (column, y) in columns.iter().zip(&mut pixels) {
                    for &(i, of_row) in row {
                        for &(j, of_column) in column {
                            let weight = of_row * of_column;
                            let x = &x[(i * width + j) * channels..][..channels];
                            y.iter_mut().zip(x).for_each(|(y, x)| *y += weight * x);
                        }
                    }
                }
            }
        });
    });
    FlexTensor::of(y, [images, rows.len(), columns.len(), channels])
}
