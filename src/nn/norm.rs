//! Normalisations of each sample by itself: no sample of a batch influences another.

use burn::config::Config;
use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor};

use crate::dual::{Dual, standardize};
use crate::error::{GanError, at_least_1};

/// Configuration of a [`LayerNorm`].
#[derive(Config, Debug)]
#[non_exhaustive]
pub struct LayerNormConfig {
    /// Size of the last axis.
    pub features: usize,
    /// Added to the variance; positive.
    #[config(default = 1e-5)]
    pub epsilon: f64,
}

/// Layer normalisation (Ba et al. 2016, section 3) over the last axis: of the features of a sample
/// `[N, features]`, of the channels of a pixel `[N, H, W, features]`.
///
/// `y = gamma (x - mean) / sqrt(variance + epsilon) + beta` with the biased variance.
#[derive(Module, Debug)]
pub struct LayerNorm {
    /// Scale, `[features]`; starts at 1.
    pub gamma: Param<Tensor<1>>,
    /// Shift, `[features]`; starts at 0.
    pub beta: Param<Tensor<1>>,
    epsilon: f64,
}

impl LayerNormConfig {
    /// Builds the layer.
    ///
    /// # Errors
    /// [`GanError::InvalidConfig`] for 0 features or an epsilon that is not positive.
    pub fn init(&self, device: &Device) -> Result<LayerNorm, GanError> {
        at_least_1("features", self.features)?;
        check_epsilon(self.epsilon)?;
        Ok(LayerNorm {
            gamma: ones(self.features, device),
            beta: zeros(self.features, device),
            epsilon: self.epsilon,
        })
    }
}

impl LayerNorm {
    /// Normalises `[.., features]`.
    pub fn propagate<const D: usize>(&self, x: Dual<D>) -> Dual<D> {
        affine(
            standardize(x, &[D - 1], self.epsilon),
            &self.gamma,
            &self.beta,
        )
    }
}

/// Configuration of a [`GroupNorm`].
#[derive(Config, Debug)]
#[non_exhaustive]
pub struct GroupNormConfig {
    /// Number of groups; it divides the channels.
    pub groups: usize,
    /// Number of channels.
    pub channels: usize,
    /// Added to the variance; positive.
    #[config(default = 1e-5)]
    pub epsilon: f64,
}

/// Group normalisation (Wu and He 2018, section 3.1) of `[N, H, W, channels]` or `[N, channels]`.
///
/// Consecutive channels form a group; the mean and the (biased) variance are those of a sample over all
/// positions and the channels of the group. One group is what other libraries call a layer normalisation of
/// images.
#[derive(Module, Debug)]
pub struct GroupNorm {
    /// Scale, `[channels]`; starts at 1.
    pub gamma: Param<Tensor<1>>,
    /// Shift, `[channels]`; starts at 0.
    pub beta: Param<Tensor<1>>,
    groups: usize,
    epsilon: f64,
}

impl GroupNormConfig {
    /// Builds the layer.
    ///
    /// # Errors
    /// [`GanError::InvalidConfig`] for a count of 0, groups that do not divide the channels or an epsilon
    /// that is not positive.
    pub fn init(&self, device: &Device) -> Result<GroupNorm, GanError> {
        at_least_1("groups", self.groups)?;
        at_least_1("channels", self.channels)?;
        if !self.channels.is_multiple_of(self.groups) {
            return Err(GanError::config(
                "groups",
                self.groups,
                "must divide the channels",
            ));
        }
        check_epsilon(self.epsilon)?;
        Ok(GroupNorm {
            gamma: ones(self.channels, device),
            beta: zeros(self.channels, device),
            groups: self.groups,
            epsilon: self.epsilon,
        })
    }
}

impl GroupNorm {
    /// Normalises `[N, .., channels]`.
    pub fn propagate<const D: usize>(&self, x: Dual<D>) -> Dual<D> {
        let (shape, [samples, positions, channels]) = (x.value.dims(), by_position(&x));
        let split = [samples, positions, self.groups, channels / self.groups];
        let x = standardize(x.linear(|x| x.reshape(split)), &[1, 3], self.epsilon);
        affine(x.linear(|x| x.reshape(shape)), &self.gamma, &self.beta)
    }
}

/// Configuration of an [`InstanceNorm`].
#[derive(Config, Debug)]
#[non_exhaustive]
pub struct InstanceNormConfig {
    /// Number of channels.
    pub channels: usize,
    /// Added to the variance; positive.
    #[config(default = 1e-5)]
    pub epsilon: f64,
}

/// Instance normalisation (Ulyanov et al. 2016, equation 2) of `[N, H, W, channels]`.
///
/// The mean and the (biased) variance are those of one channel of one sample over all positions. Of an image
/// of one pixel nothing but `beta` is left.
#[derive(Module, Debug)]
pub struct InstanceNorm {
    /// Scale, `[channels]`; starts at 1.
    pub gamma: Param<Tensor<1>>,
    /// Shift, `[channels]`; starts at 0.
    pub beta: Param<Tensor<1>>,
    epsilon: f64,
}

impl InstanceNormConfig {
    /// Builds the layer.
    ///
    /// # Errors
    /// [`GanError::InvalidConfig`] for 0 channels or an epsilon that is not positive.
    pub fn init(&self, device: &Device) -> Result<InstanceNorm, GanError> {
        at_least_1("channels", self.channels)?;
        check_epsilon(self.epsilon)?;
        Ok(InstanceNorm {
            gamma: ones(self.channels, device),
            beta: zeros(self.channels, device),
            epsilon: self.epsilon,
        })
    }
}

impl InstanceNorm {
    /// Normalises `[N, H, W, channels]`.
    pub fn propagate(&self, x: Dual<4>) -> Dual<4> {
        let (shape, columns) = (x.value.dims(), by_position(&x));
        let x = standardize(x.linear(|x| x.reshape(columns)), &[1], self.epsilon);
        affine(x.linear(|x| x.reshape(shape)), &self.gamma, &self.beta)
    }
}

/// Samples, positions and channels of `[N, .., C]`.
fn by_position<const D: usize>(x: &Dual<D>) -> [usize; 3] {
    let shape = x.value.dims();
    let positions = shape.iter().take(D - 1).skip(1).product();
    [shape[0], positions, shape[D - 1]]
}

/// `gamma x + beta` along the last axis.
fn affine<const D: usize>(
    x: Dual<D>,
    gamma: &Param<Tensor<1>>,
    beta: &Param<Tensor<1>>,
) -> Dual<D> {
    x.weighted(gamma.val(), |x, gamma| x * gamma.unsqueeze())
        .shift(beta.val(), |x, beta| x + beta.unsqueeze())
}

fn ones(size: usize, device: &Device) -> Param<Tensor<1>> {
    Param::from_tensor(Tensor::ones([size], device))
}

fn zeros(size: usize, device: &Device) -> Param<Tensor<1>> {
    Param::from_tensor(Tensor::zeros([size], device))
}

/// Refuses an epsilon that is not positive.
pub(super) fn check_epsilon(epsilon: f64) -> Result<(), GanError> {
    if epsilon > 0.0 && epsilon.is_finite() {
        Ok(())
    } else {
        Err(GanError::config("epsilon", epsilon, "must be positive"))
    }
}
