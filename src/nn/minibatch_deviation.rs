//! Minibatch standard deviation: shows a discriminator how varied a batch is.

use burn::config::Config;
use burn::module::Module;
use burn::tensor::Tensor;

use crate::dual::Dual;
use crate::error::{GanError, at_least_1};

/// Added to the variance, as in the authors' code.
const EPSILON: f64 = 1e-8;

/// Configuration of a [`MinibatchDeviation`].
#[derive(Config, Debug)]
#[non_exhaustive]
pub struct MinibatchDeviationConfig {
    /// Number of samples that are compared with each other. Of a batch that it does not divide, groups of the
    /// batch size's largest divisor below it are taken.
    #[config(default = 4)]
    pub group_size: usize,
}

/// Minibatch standard deviation (Karras et al. 2018, section 3): appends one channel that says how much the
/// samples of a batch differ. A generator whose samples are all alike shows by it.
///
/// The batch is split into groups, as in the code of StyleGAN2 (Karras et al. 2020): of a batch of `N`, samples
/// `i` and `j` share a group where `i` and `j` leave the same rest on division by the number of groups.
/// The standard deviation over the group is taken value by value, `sqrt(variance + 1e-8)`, and averaged over all
/// values of a sample: one number a group. A group of one sample (such as any of a batch of 5 or 7 with groups of
/// 4) has a deviation of `1e-4`, whatever it holds: choose batch sizes that the group size divides.
///
/// It ties the samples of a batch together ([`Dual::is_coupled`]): a gradient penalty behind it is that of the
/// sum of the logits.
#[derive(Module, Debug)]
pub struct MinibatchDeviation {
    group_size: usize,
}

impl MinibatchDeviationConfig {
    /// Builds the layer; it has no parameters.
    ///
    /// # Errors
    /// [`GanError::InvalidConfig`] for groups of 0.
    pub fn init(&self) -> Result<MinibatchDeviation, GanError> {
        at_least_1("group_size", self.group_size)?;
        Ok(MinibatchDeviation {
            group_size: self.group_size,
        })
    }
}

impl MinibatchDeviation {
    /// `[N, H, W, C]` to `[N, H, W, C + 1]`, `[N, features]` to `[N, features + 1]`.
    pub fn propagate<const D: usize>(&self, x: Dual<D>) -> Dual<D> {
        let mut column = x.value.dims();
        let samples = column[0];
        let size = largest_divisor(samples, self.group_size);
        let groups = samples / size;
        let values = column.iter().skip(1).product();
        let members = x.clone().linear(|x| x.reshape([size, groups, values]));
        let deviation = members.map_together(deviation).marked_coupled();
        let mut start = [1; D];
        start[0] = samples;
        column[D - 1] = 1;
        let channel = deviation.linear(|deviation| {
            deviation
                .expand([size, groups, 1])
                .reshape(start)
                .expand(column)
        });
        x.cat(channel, D - 1)
    }
}

/// Mean deviation of each group, `[size, groups, values]` to `[1, groups, 1]`.
fn deviation(x: Tensor<3>, dx: Option<Tensor<3>>) -> (Tensor<3>, Option<Tensor<3>>) {
    let centered = x.clone() - x.mean_dim(0);
    let variance = centered.clone().square().mean_dim(0);
    let deviation = (variance + EPSILON).sqrt();
    // ds = mean(c dx) / s with c = x - mean(x); the mean of c dmean is 0.
    let tangent = dx.map(|dx| ((centered * dx).mean_dim(0) / deviation.clone()).mean_dim(2));
    (deviation.mean_dim(2), tangent)
}

/// The largest divisor of `number` that is not above `limit`; 1 for a number of 0.
fn largest_divisor(number: usize, limit: usize) -> usize {
    (1..=limit.min(number))
        .rev()
        .find(|&size| number.is_multiple_of(size))
        .unwrap_or(1)
}
