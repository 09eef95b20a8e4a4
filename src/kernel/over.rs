//! Which values a normalisation takes mean and variance of.

use burn::tensor::Tensor;

/// The values that share their statistics, in a tensor whose first axis is the samples and whose last axis is the channels.
#[derive(Debug, Clone, Copy)]
#[cfg_attr(not(feature = "flex"), allow(dead_code))]
pub enum Over {
    /// Each channel, over all samples and positions.
    Batch,
    /// Each group of neighbouring channels of a sample, over its positions.
    Sample { groups: usize },
    /// All channels of a position.
    Position,
}

/// Mean and (biased) variance of each channel.
pub type Statistics = [Tensor<1>; 2];
