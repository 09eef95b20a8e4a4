//! Layers with a value and a tangent.
//!
//! Convolutional layers work on channels-last tensors `[N, H, W, C]`, where a convolution is one matrix
//! product; [`to_channels_last`] and [`to_channels_first`] lead in from and out to `[N, C, H, W]`.
//!
//! A forward pass does not check shapes, as Burn's own layers do not: an input that does not fit panics inside
//! Burn. The trainers check shapes once, before training.

mod activation;
mod batch_norm;
mod batch_norm_pass;
mod conditional_batch_norm;
mod convolution;
mod embedding;
mod feature_modulation;
mod full_size;
mod initialization;
mod linear;
mod minibatch_deviation;
mod norm;
mod padding;
mod parameter;
mod projection;
pub mod resampling;
mod self_attention;
mod spectral;
mod state_dict;
mod transposed;
mod window;

pub use activation::Activation;
pub use batch_norm::{BatchNorm, BatchNormConfig};
pub use conditional_batch_norm::{ConditionalBatchNorm, ConditionalBatchNormConfig};
pub use convolution::{Convolution, ConvolutionConfig};
pub use embedding::{Embedding, EmbeddingConfig};
pub use feature_modulation::{FeatureModulation, FeatureModulationConfig};
pub use full_size::{Head, HeadConfig, Stem, StemConfig};
pub use initialization::{Initialization, initialize_normal};
pub use linear::{Linear, LinearConfig};
pub use minibatch_deviation::{MinibatchDeviation, MinibatchDeviationConfig};
pub use norm::{
    GroupNorm, GroupNormConfig, InstanceNorm, InstanceNormConfig, LayerNorm, LayerNormConfig,
};
pub use padding::reflection_pad;
pub(crate) use parameter::replace;
pub use projection::{EmbeddingProjection, EmbeddingProjectionConfig, class_labels};
pub use self_attention::{SelfAttention, SelfAttentionConfig};
pub use spectral::{SpectralNorm, advance_spectral_norms, apply_spectral_norm, has_spectral_norm};
pub(crate) use state_dict::map_parameter;
pub use transposed::TransposedConvolution;

use burn::tensor::Tensor;

/// How a convolution is computed; the weights and the result are the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[non_exhaustive]
pub enum Algorithm {
    /// As a product of matrices: shifted slices of the input, gathered, times the weights. The fast way
    /// on a CPU.
    #[default]
    Matmul,
    /// Burn's own convolution of the backend.
    Direct,
}

/// `[N, C, H, W]` to `[N, H, W, C]`.
pub fn to_channels_last(images: Tensor<4>) -> Tensor<4> {
    move_channels(images, 1, [0, 2, 3, 1])
}

/// `[N, H, W, C]` to `[N, C, H, W]`.
pub fn to_channels_first(images: Tensor<4>) -> Tensor<4> {
    move_channels(images, 3, [0, 3, 1, 2])
}

/// Permutes the axes; one channel is the same memory in both layouts, so that it is only renamed.
fn move_channels(images: Tensor<4>, channel_axis: usize, order: [usize; 4]) -> Tensor<4> {
    let shape = images.dims();
    if shape[channel_axis] == 1 {
        images.reshape(order.map(|axis| shape[axis]))
    } else {
        images.permute(order)
    }
}
