//! [`Resampling`]: images under an affine change of the plane.

use burn::tensor::{Device, Int, Tensor, TensorData};

use super::matrix::Matrix;
use super::transformation::beside;

/// For each pixel of each image the four that it is interpolated between, and their weights.
///
/// Both are computed on the host, in double precision: what a pixel is made of does not depend on the device.
#[derive(Debug, Clone)]
pub(super) struct Resampling {
    /// `[N, 1, 4 H W]`: the pixels of the first neighbour, then those of the second, and so on.
    pixels: Tensor<3, Int>,
    /// `[N, 1, 4, H W]`.
    weights: Tensor<4>,
}

impl Resampling {
    /// Moves each image about its centre; `x` goes to the right and `y` down, in pixels. Where a pixel would come from
    /// beyond an edge, the image is reflected in the middle of its outermost pixels.
    pub fn new(changes: &[Matrix<3>], [height, width]: [usize; 2], device: &Device) -> Self {
        let (count, size) = (changes.len(), height * width);
        let mut pixels = vec![0_i64; count * 4 * size];
        let mut weights = vec![0_f32; count * 4 * size];
        let of_image = pixels
            .chunks_mut(4 * size)
            .zip(weights.chunks_mut(4 * size));
        let [center_x, center_y] = [width, height].map(|side| (side as f64 - 1.0) / 2.0);
        for (change, (pixels, weights)) in changes.iter().zip(of_image) {
            let back = change.inverse();
            for (place, (row, column)) in (0..height)
                .flat_map(|row| (0..width).map(move |column| (row, column)))
                .enumerate()
            {
                let [x, y] = back.of_point(column as f64 - center_x, row as f64 - center_y);
                let columns = neighbours(x + center_x, width);
                let rows = neighbours(y + center_y, height);
                for (index, ((row, of_row), (column, of_column))) in rows
                    .into_iter()
                    .flat_map(|row| columns.map(|column| (row, column)))
                    .enumerate()
                {
                    pixels[index * size + place] = (row * width + column) as i64;
                    weights[index * size + place] = (of_row * of_column) as f32;
                }
            }
        }
        Self {
            pixels: Tensor::from_data(TensorData::new(pixels, [count, 1, 4 * size]), device),
            weights: Tensor::from_data(TensorData::new(weights, [count, 1, 4, size]), device),
        }
    }

    /// The changed images `[N, C, H, W]`; linear in the images.
    pub fn apply(&self, x: Tensor<4>) -> Tensor<4> {
        let [count, channels, height, width] = x.dims();
        let size = height * width;
        let weights = beside(&self.weights, &x);
        let pixels = self.pixels.clone().expand([count, channels, 4 * size]);
        let neighbours = x.reshape([count, channels, size]).gather(2, pixels);
        let neighbours = neighbours.reshape([count, channels, 4, size]);
        let mixed = (neighbours * weights).sum_dim(2);
        mixed.reshape([count, channels, height, width])
    }

    /// Those of the images `start..start + length`.
    pub fn narrow(&self, start: usize, length: usize) -> Self {
        Self {
            pixels: self.pixels.clone().narrow(0, start, length),
            weights: self.weights.clone().narrow(0, start, length),
        }
    }

    /// The same on another device, without autodiff.
    #[cfg(feature = "training")]
    pub fn to_device(&self, device: &Device) -> Self {
        Self {
            pixels: self.pixels.clone().without_autodiff().to_device(device),
            weights: self.weights.clone().without_autodiff().to_device(device),
        }
    }
}

/// The two pixels of a side that a place lies between, and the weight of each.
fn neighbours(place: f64, side: usize) -> [(usize, f64); 2] {
    let before = place.floor();
    let share = place - before;
    [(before, 1.0 - share), (before + 1.0, share)]
        .map(|(pixel, weight)| (reflected(pixel, side), weight))
}

/// The pixel in the place of one beyond the edge: the side, there and back, again and again.
fn reflected(pixel: f64, side: usize) -> usize {
    let last = side.saturating_sub(1);
    if last == 0 {
        return 0;
    }
    let there_and_back = pixel.rem_euclid((2 * last) as f64) as usize;
    there_and_back.min(2 * last - there_and_back)
}

#[cfg(test)]
mod tests {
    use super::{neighbours, reflected};

    #[test]
    fn beyond_an_edge_the_side_comes_back() {
        let pixels: Vec<usize> = (-5..8).map(|pixel| reflected(pixel.into(), 4)).collect();
        assert_eq!(pixels, [1, 2, 3, 2, 1, 0, 1, 2, 3, 2, 1, 0, 1]);
        assert_eq!([-3.0, 0.0, 9.0].map(|pixel| reflected(pixel, 1)), [0; 3]);
        assert_eq!(neighbours(2.25, 4), [(2, 0.75), (3, 0.25)]);
        assert_eq!(neighbours(-0.25, 4), [(1, 0.25), (0, 0.75)]);
    }
}
