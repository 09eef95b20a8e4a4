//! The minibatch standard deviation.

use burn::config::Config;
use burn::module::Module;
use burn::tensor::Tensor;

use crate::dual::Dual;
use crate::errors::at_least_1;
use crate::network_error::NetworkError;

/// Added to the variance, as in the authors' code.
const EPSILON: f64 = 1e-8;

/// Configuration of a [`MinibatchDeviation`].
#[derive(Config, Debug)]
#[non_exhaustive]
pub struct MinibatchDeviationConfig {
    /// Samples in a group; for a batch that it does not divide, the largest number below that does.
    #[config(default = 4)]
    pub group_size: usize,
}

/// Shows the discriminator how much the samples of a batch differ, so that a generator that makes all alike is
/// found out (Karras et al. 2018, section 3).
///
/// To `[N, .., C]` it appends one channel that holds, for all of a sample, the mean over positions and channels
/// of the standard deviation within its group. Group `i` of `G` has the samples `i, i + G, i + 2 G, ..`.
///
/// It lets samples influence each other. A gradient penalty behind it is that of the sum of all logits, which
/// is what other libraries compute too.
#[derive(Module, Debug)]
pub struct MinibatchDeviation {
    group_size: usize,
}

impl MinibatchDeviationConfig {
    /// Builds the layer.
    ///
    /// # Errors
    /// [`NetworkError::Config`] for a group of 0 samples.
    pub fn init(&self) -> Result<MinibatchDeviation, NetworkError> {
        at_least_1("group_size", self.group_size)?;
        Ok(MinibatchDeviation {
            group_size: self.group_size,
        })
    }
}

impl MinibatchDeviation {
    /// `[N, .., C]` to `[N, .., C + 1]`.
    pub fn propagate<const D: usize>(&self, x: Dual<D>) -> Dual<D> {
        let deviation = self.deviation(x.clone());
        x.cat(deviation, D - 1).marked_coupled()
    }

    /// The channel to append, `[N, .., 1]`.
    fn deviation<const D: usize>(&self, x: Dual<D>) -> Dual<D> {
        let mut shape = x.value.dims();
        let samples = shape[0];
        let values = shape[1..].iter().product::<usize>();
        let size = (1..=self.group_size.min(samples))
            .rev()
            .find(|&size| samples.is_multiple_of(size))
            .unwrap_or(1);
        let groups = samples / size;
        let grouped = x.linear(|x| x.reshape([size, groups, values]));
        let deviation = grouped.map_together(|x, dx| {
            let centered = x.clone() - x.mean_dim(0);
            let deviation = (centered.clone().square().mean_dim(0) + EPSILON).sqrt();
            let tangent = dx.map(|dx| {
                // d sqrt(mean c^2) = mean(c dc) / sqrt(mean c^2), and the mean of dx drops out.
                ((centered * dx).mean_dim(0) / deviation.clone()).mean_dim(2)
            });
            (deviation.mean_dim(2), tangent)
        });
        shape[D - 1] = 1;
        // [1, groups, 1] to every sample and position.
        deviation.linear(|x: Tensor<3>| {
            let positions = shape[1..].iter().product();
            x.repeat(&[size, 1, positions]).reshape(shape)
        })
    }
}
