//! [`FeatureSpace`]: a fixed random space that samples are compared in.

use burn::tensor::{Device, Tensor, activation};

use crate::errors::ShapeError;
use crate::gan_error::GanError;
use crate::random::{Purpose, Stream};

/// Number of random features.
const WIDTH: usize = 64;

/// One layer of random weights with a ReLU behind it: the same for the same seed and size of sample.
///
/// Distances in it follow those of the samples, with no network that had to be trained (Rahimi and Recht, "Weighted
/// sums of random kitchen sinks", NeurIPS 2008). Samples are shifted by the mean and divided by the standard
/// deviation of the real ones first, so that the space does not depend on the data's unit.
#[derive(Debug)]
pub(super) struct FeatureSpace {
    /// The mean of the real samples, `[1, values]`.
    mean: Tensor<2>,
    /// `[values, WIDTH]`, the division by the standard deviation included.
    weights: Tensor<2>,
    /// `[1, WIDTH]`.
    bias: Tensor<2>,
    sample_shape: Vec<usize>,
    device: Device,
}

/// Features of samples on the host: rows of the same width.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Features {
    values: Vec<f32>,
}

impl FeatureSpace {
    /// The space for samples like the `real` ones `[N, ...]`.
    ///
    /// # Errors
    /// [`GanError::Config`] where the real samples do not differ or are not finite.
    pub fn new<const D: usize>(real: Tensor<D>, seed: u64) -> Result<Self, GanError> {
        let real = real.without_autodiff();
        let sample_shape = real.dims()[1..].to_vec();
        let device = real.device();
        let values = sample_shape.iter().product();
        let count = real.dims()[0];
        let flat = real.reshape([count, values]);
        let mean = flat.clone().mean_dim(0);
        let variance = (flat - mean.clone())
            .powi_scalar(2)
            .mean()
            .try_into_scalar::<f64>()
            .map_err(GanError::device)?;
        if !(variance > 0.0 && variance.is_finite()) {
            return Err(GanError::config(
                "real_example: variance",
                variance,
                "the samples must differ and be finite",
            ));
        }
        // The inputs of the ReLU then have a variance of 2 over the real samples, half of it the bias.
        let scale = 1.0 / (variance * values as f64).sqrt();
        let mut stream = Stream::new(seed, Purpose::Features, 0);
        Ok(Self {
            mean,
            weights: stream.normal([values, WIDTH], &device) * scale,
            bias: stream.normal([1, WIDTH], &device),
            sample_shape,
            device,
        })
    }

    pub fn device(&self) -> &Device {
        &self.device
    }

    /// The features of samples `[N, ...]`.
    ///
    /// # Errors
    /// [`GanError::Shape`] for samples of another shape, [`GanError::Device`] where they cannot be read.
    pub fn features<const D: usize>(&self, samples: Tensor<D>) -> Result<Features, GanError> {
        let shape = samples.dims();
        if shape[1..] != self.sample_shape {
            return Err(GanError::Shape(ShapeError {
                what: "samples to watch",
                expected: [&shape[..1], self.sample_shape.as_slice()].concat(),
                actual: shape.to_vec(),
            }));
        }
        let flat = samples
            .without_autodiff()
            .to_device(&self.device)
            .reshape([shape[0], self.mean.dims()[1]]);
        let inputs = (flat - self.mean.clone()).matmul(self.weights.clone()) + self.bias.clone();
        let values = activation::relu(inputs)
            .try_into_vec_as::<f32>()
            .map_err(GanError::device)?;
        Ok(Features { values })
    }
}

impl Features {
    /// The first `count` rows, or all where there are not as many.
    pub fn first(mut self, count: usize) -> Self {
        self.values.truncate(count * WIDTH);
        self
    }

    /// The mean Euclidean distance of two different rows; 0 where there is only one.
    pub fn spread(&self) -> f64 {
        let rows: Vec<&[f32]> = self.rows().collect();
        let mut sum = 0.0;
        for (index, a) in rows.iter().enumerate() {
            sum += rows[..index].iter().map(|b| distance(a, b)).sum::<f64>();
        }
        let pairs = rows.len() * rows.len().saturating_sub(1) / 2;
        sum / pairs.max(1) as f64
    }

    /// The mean Euclidean distance between rows of the same place.
    pub fn movement(&self, earlier: &Self) -> f64 {
        let pairs = self.rows().zip(earlier.rows());
        let count = pairs.len();
        let sum: f64 = pairs.map(|(a, b)| distance(a, b)).sum();
        sum / count.max(1) as f64
    }

    /// The bits of the values: whole numbers pass through JSON unchanged.
    pub fn bits(&self) -> Vec<u32> {
        self.values.iter().map(|value| value.to_bits()).collect()
    }

    /// The inverse of [`Features::bits`]; `None` where they are no whole rows.
    pub fn from_bits(bits: &[u32]) -> Option<Self> {
        bits.len().is_multiple_of(WIDTH).then(|| Self {
            values: bits.iter().map(|&bits| f32::from_bits(bits)).collect(),
        })
    }

    fn rows(&self) -> std::slice::ChunksExact<'_, f32> {
        self.values.chunks_exact(WIDTH)
    }
}

fn distance(a: &[f32], b: &[f32]) -> f64 {
    a.iter()
        .zip(b)
        .map(|(&a, &b)| (f64::from(a) - f64::from(b)).powi(2))
        .sum::<f64>()
        .sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn normal(step: u64, shape: [usize; 4]) -> Tensor<4> {
        Stream::new(1, Purpose::Data, step).normal(shape, &Device::flex())
    }

    #[test]
    fn the_space_does_not_depend_on_the_unit_of_the_data() {
        let real = normal(0, [40, 2, 3, 3]);
        let fake = normal(1, [40, 2, 3, 3]) * 0.5;
        let ratio = |unit: f64, shift: f64| {
            let real = real.clone() * unit + shift;
            let space = FeatureSpace::new(real.clone(), 0).unwrap();
            let fake = space.features(fake.clone() * unit + shift).unwrap();
            fake.spread() / space.features(real).unwrap().spread()
        };
        assert!((ratio(1.0, 0.0) - 0.5).abs() < 0.1, "{}", ratio(1.0, 0.0));
        assert!((ratio(1.0, 0.0) - ratio(100.0, 7.0)).abs() < 1e-3);
    }

    #[test]
    fn distances_are_those_of_the_rows() {
        let mut values = vec![0.0; 3 * WIDTH];
        values[WIDTH] = 3.0;
        values[2 * WIDTH + 1] = 4.0;
        let features = Features { values };
        // 3, 4 and 5.
        assert_eq!(features.spread(), 4.0);
        assert_eq!(features.clone().first(1).spread(), 0.0);
        let nothing = Features {
            values: vec![0.0; 3 * WIDTH],
        };
        assert_eq!(features.movement(&nothing), 7.0 / 3.0);
        assert_eq!(Features::from_bits(&features.bits()), Some(features));
        assert_eq!(Features::from_bits(&[1]), None);
    }
}
