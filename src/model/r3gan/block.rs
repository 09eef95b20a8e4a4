//! The residual block of both networks.

use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor};

use super::SLOPE;
use crate::dual::Dual;
use crate::errors::{ConfigError, at_least_1};
use crate::network_error::NetworkError;
use crate::nn::{Activation, Algorithm, Convolution, ConvolutionConfig, Initialization, replace};
use crate::random::Stream;
use crate::state_dict::{StateMapper, map_state};

/// What a block is built from.
pub(super) struct BlockConfig {
    pub filters: usize,
    pub expansion: usize,
    pub group_width: Option<usize>,
    /// Blocks of the whole network.
    pub total_blocks: usize,
    pub algorithm: Algorithm,
}

/// `x + third(f(second(f(first(x)))))`: 1x1 to more channels, 3x3 in groups, 1x1 back, where `f` is a leaky
/// ReLU after a bias.
///
/// The third layer starts at 0, and with it the block as the identity (Zhang et al. 2019, "Fixup"); the first
/// two have the variance of He et al. 2015 over the square root of the number of blocks.
#[derive(Module, Debug)]
pub(super) struct Block {
    first: Convolution,
    second: Convolution,
    third: Convolution,
}

impl BlockConfig {
    pub fn init(&self, stream: &mut Stream, device: &Device) -> Result<Block, NetworkError> {
        let wide = self.filters * self.expansion;
        let groups = match self.group_width {
            None => 1,
            Some(width) => {
                at_least_1("group_width", width)?;
                if !wide.is_multiple_of(width) {
                    return Err(ConfigError::new(
                        "group_width",
                        width,
                        "must divide the channels inside every block",
                    )
                    .into());
                }
                wide / width
            }
        };
        // Each of a block's two active layers takes its share: (blocks)^(-1/4) of the standard deviation.
        let scale = (self.total_blocks as f64).powf(-0.25);
        let gain = scale * (2.0 / (1.0 + SLOPE * SLOPE)).sqrt();
        let active = |inputs, kernel, groups: usize| {
            let fan_in = (kernel * kernel * inputs / groups) as f64;
            ConvolutionConfig::new(inputs, wide, kernel)
                .with_groups(groups)
                .with_bias(true)
                .with_algorithm(self.algorithm)
                .with_initialization(Initialization::Normal {
                    mean: 0.0,
                    std: gain / fan_in.sqrt(),
                })
        };
        Ok(Block {
            first: active(self.filters, 1, 1).init(stream, device)?,
            second: active(wide, 3, groups).init(stream, device)?,
            third: ConvolutionConfig::new(wide, self.filters, 1)
                .with_algorithm(self.algorithm)
                .with_initialization(Initialization::Constant { value: 0.0 })
                .init(stream, device)?,
        })
    }
}

impl Block {
    pub fn propagate(&self, x: Dual<4>) -> Dual<4> {
        let activation = Activation::LeakyRelu { slope: SLOPE };
        let y = self.first.propagate_activated(x.clone(), activation);
        let y = self.second.propagate_activated(y, activation);
        x + self.third.propagate(y)
    }
}

/// Goes through one block after the other.
pub(super) fn through(blocks: &[Block], x: Dual<4>) -> Dual<4> {
    blocks.iter().fold(x, |x, block| block.propagate(x))
}

/// Goes through the transition between two stages, where there is one.
pub(super) fn change_width(transition: &Option<Convolution>, x: Dual<4>) -> Dual<4> {
    match transition {
        Some(transition) => transition.propagate(x),
        None => x,
    }
}
map_state!(Block: first, second, third);

/// A learned image `[H, W, C]`, which PyTorch has as `[C, H, W]`.
pub(super) fn map_basis(basis: Param<Tensor<3>>, mapper: &mut StateMapper) -> Param<Tensor<3>> {
    let value = |basis: &Param<Tensor<3>>| basis.val().permute([2, 0, 1]);
    mapper.tensor("basis", basis, value, |basis, value| {
        Ok(replace(basis, value.permute([1, 2, 0])))
    })
}
