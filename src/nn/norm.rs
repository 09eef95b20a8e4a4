//! Normalisations of each sample on its own, over channels-last tensors.

use burn::config::Config;
use burn::module::{Module, Param};
use burn::tensor::{Device, FloatDType, Tensor};

use super::activation::Activation;
use crate::dual::{Dual, scale_and_shift, standardize};
use crate::errors::{ConfigError, at_least_1, positive};
use crate::kernel::{self, Function, Over};
use crate::network_error::NetworkError;

/// Configuration of a [`GroupNorm`].
#[derive(Config, Debug)]
#[non_exhaustive]
pub struct GroupNormConfig {
    /// Number of groups; it divides the channels.
    pub groups: usize,
    /// Number of channels.
    pub channels: usize,
    /// Added to the variance.
    #[config(default = 1e-5)]
    pub epsilon: f64,
}

/// Group normalisation (Wu and He 2018, equation 7): of `[N, .., channels]`, each group of consecutive
/// channels of a sample has mean 0 and variance 1 over all of its positions, before a scale and a shift.
///
/// One group is layer normalisation over channels and positions, as many groups as channels are instance
/// normalisation (Ulyanov et al. 2016). Samples do not influence each other, so that it has its place in a
/// discriminator with a gradient penalty.
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
    /// Instance normalisation: each channel is a group.
    pub fn instance(channels: usize) -> Self {
        Self::new(channels, channels)
    }

    /// Builds the layer.
    ///
    /// # Errors
    /// [`NetworkError::Config`] for a count of 0, groups that do not divide the channels, or an epsilon
    /// that is not positive.
    pub fn init(&self, device: &Device) -> Result<GroupNorm, NetworkError> {
        at_least_1("groups", self.groups)?;
        at_least_1("channels", self.channels)?;
        if !self.channels.is_multiple_of(self.groups) {
            return Err(ConfigError::new("groups", self.groups, "must divide the channels").into());
        }
        positive("epsilon", self.epsilon)?;
        Ok(GroupNorm {
            gamma: Param::from_tensor(Tensor::ones([self.channels], device)),
            beta: Param::from_tensor(Tensor::zeros([self.channels], device)),
            groups: self.groups,
            epsilon: self.epsilon,
        })
    }
}

impl GroupNorm {
    /// Normalises `[N, .., channels]`.
    pub fn propagate<const D: usize>(&self, x: Dual<D>) -> Dual<D> {
        self.propagate_activated(x, Activation::Identity)
    }

    /// Normalises `[N, .., channels]` and applies an activation, in one operation where there is a kernel for both.
    pub fn propagate_activated<const D: usize>(
        &self,
        x: Dual<D>,
        activation: Activation,
    ) -> Dual<D> {
        let over = Over::Sample {
            groups: self.groups,
        };
        let scaling = Some([&self.gamma, &self.beta]);
        normalize(x, scaling, over, self.epsilon, activation, |x| {
            standardize_groups(x, self.groups, self.epsilon)
        })
    }
}

/// Configuration of an [`InstanceNorm`].
#[derive(Config, Debug)]
#[non_exhaustive]
pub struct InstanceNormConfig {
    /// Added to the variance.
    #[config(default = 1e-5)]
    pub epsilon: f64,
}

/// Instance normalisation (Ulyanov et al. 2016, equation 5) without scale and shift, as networks that translate images
/// have it: of `[N, .., channels]`, each channel of each sample has mean 0 and variance 1 over all positions.
///
/// It has no parameters and fits any number of channels; [`GroupNormConfig::instance`] has a scale and a shift. At a
/// single position the result is 0, whatever the input.
#[derive(Module, Debug)]
pub struct InstanceNorm {
    epsilon: f64,
}

impl InstanceNormConfig {
    /// Builds the layer.
    ///
    /// # Errors
    /// [`NetworkError::Config`] for an epsilon that is not positive.
    pub fn init(&self) -> Result<InstanceNorm, NetworkError> {
        positive("epsilon", self.epsilon)?;
        Ok(InstanceNorm {
            epsilon: self.epsilon,
        })
    }
}

impl InstanceNorm {
    /// Normalises `[N, .., channels]`.
    pub fn propagate<const D: usize>(&self, x: Dual<D>) -> Dual<D> {
        self.propagate_activated(x, Activation::Identity)
    }

    /// Normalises `[N, .., channels]` and applies an activation, in one operation where there is a kernel for both.
    pub fn propagate_activated<const D: usize>(
        &self,
        x: Dual<D>,
        activation: Activation,
    ) -> Dual<D> {
        let groups = x.value.dims()[D - 1];
        let over = Over::Sample { groups };
        normalize(x, None, over, self.epsilon, activation, |x| {
            standardize_groups(x, groups, self.epsilon)
        })
    }
}

/// Mean 0 and variance 1 of each group of consecutive channels of `[N, .., channels]`.
fn standardize_groups<const D: usize>(x: Dual<D>, groups: usize, epsilon: f64) -> Dual<D> {
    let shape = x.value.dims();
    let channels = shape[D - 1];
    let positions = shape[1..D - 1].iter().product();
    let grouped = x.linear(|x| x.reshape([shape[0], positions, groups, channels / groups]));
    standardize(grouped, &[1, 3], epsilon).linear(|x| x.reshape(shape))
}

/// Configuration of a [`LayerNorm`].
#[derive(Config, Debug)]
#[non_exhaustive]
pub struct LayerNormConfig {
    /// Width of the last axis.
    pub width: usize,
    /// Added to the variance.
    #[config(default = 1e-5)]
    pub epsilon: f64,
}

/// Layer normalisation (Ba, Kiros and Hinton 2016, section 3) over the last axis: mean 0 and variance 1 at
/// each position, before a scale and a shift.
#[derive(Module, Debug)]
pub struct LayerNorm {
    /// Scale, `[width]`; starts at 1.
    pub gamma: Param<Tensor<1>>,
    /// Shift, `[width]`; starts at 0.
    pub beta: Param<Tensor<1>>,
    epsilon: f64,
}

impl LayerNormConfig {
    /// Builds the layer.
    ///
    /// # Errors
    /// [`NetworkError::Config`] for a width of 0 or an epsilon that is not positive.
    pub fn init(&self, device: &Device) -> Result<LayerNorm, NetworkError> {
        at_least_1("width", self.width)?;
        positive("epsilon", self.epsilon)?;
        Ok(LayerNorm {
            gamma: Param::from_tensor(Tensor::ones([self.width], device)),
            beta: Param::from_tensor(Tensor::zeros([self.width], device)),
            epsilon: self.epsilon,
        })
    }
}

impl LayerNorm {
    /// Normalises `[.., width]`.
    pub fn propagate<const D: usize>(&self, x: Dual<D>) -> Dual<D> {
        self.propagate_activated(x, Activation::Identity)
    }

    /// Normalises `[.., width]` and applies an activation, in one operation where there is a kernel for both.
    pub fn propagate_activated<const D: usize>(
        &self,
        x: Dual<D>,
        activation: Activation,
    ) -> Dual<D> {
        let scaling = Some([&self.gamma, &self.beta]);
        normalize(x, scaling, Over::Position, self.epsilon, activation, |x| {
            standardize(x, &[D - 1], self.epsilon)
        })
    }
}

/// Normalisation, scale and shift where there are any, and activation; `portable` is the normalisation alone, in
/// operations of Burn.
fn normalize<const D: usize>(
    x: Dual<D>,
    scaling: Option<[&Param<Tensor<1>>; 2]>,
    over: Over,
    epsilon: f64,
    activation: Activation,
    portable: impl Fn(Dual<D>) -> Dual<D>,
) -> Dual<D> {
    let in_parts = |x| {
        let [gamma, beta] = scaling.map_or([None; 2], |scaling| scaling.map(Some));
        let scaled = scale_and_shift(portable(x), D - 1, gamma, beta);
        activation.propagate(scaled)
    };
    // An `Err` gives the input back, and is as large as the result.
    #[allow(clippy::result_large_err)]
    let normalization = |x, [gamma, beta]: &[Tensor<1>; 2], function| {
        kernel::normalization(x, [gamma, beta], over, None, epsilon, function)
    };
    let tracked = match scaling {
        Some(scaling) => scaling.map(Param::val),
        None => no_scaling(&x.value),
    };
    let Some(dx) = x.tangent.clone() else {
        return x.map_together(|x, _| {
            let y = normalization(x, &tracked, activation.function());
            let y = y.map(|(y, _)| y);
            (
                y.unwrap_or_else(|x| in_parts(Dual::constant(x)).value),
                None,
            )
        });
    };
    // For a value that is not tracked the weights are constants.
    let of_value = if x.value.device().is_autodiff() {
        tracked.clone()
    } else {
        tracked.clone().map(Tensor::without_autodiff)
    };
    let dy = kernel::normalization_tangent(&x.value, dx, &tracked[0], over, epsilon);
    let y = normalization(x.value.clone(), &of_value, Function::Identity);
    match (y, dy) {
        (Ok((y, _)), Ok(dy)) => activation.propagate(x.map_together(|_, _| (y, Some(dy)))),
        _ => in_parts(x),
    }
}

/// A scale of 1 and a shift of 0 for the channels of a tensor, in its precision.
fn no_scaling<const D: usize>(x: &Tensor<D>) -> [Tensor<1>; 2] {
    let (channels, precision): (_, FloatDType) = (x.dims()[D - 1], x.dtype().into());
    let device = x.device().without_autodiff();
    let ones: Tensor<1> = Tensor::ones([channels], &device);
    [ones.clone(), ones.zeros_like()].map(|tensor| tensor.cast(precision))
}
