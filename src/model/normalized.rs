//! Convolutions with a normalisation behind them, of the networks from image to image.

use burn::module::Module;
use burn::tensor::Device;

use super::normalization::{Norm, Normalization};
use crate::dual::Dual;
use crate::network_error::NetworkError;
use crate::nn::{Activation, Convolution, ConvolutionConfig, TransposedConvolution};
use crate::random::Stream;
use crate::state_dict::map_state;

/// A convolution and its normalisation, where there is one.
#[derive(Module, Debug)]
pub(super) struct NormalizedConvolution {
    convolution: Convolution,
    norm: Option<Norm>,
}

/// A transposed convolution and its normalisation, where there is one.
#[derive(Module, Debug)]
pub(super) struct NormalizedTransposed {
    convolution: TransposedConvolution,
    norm: Option<Norm>,
}

impl NormalizedConvolution {
    pub fn new(
        convolution: &ConvolutionConfig,
        norm: Normalization,
        stream: &mut Stream,
        device: &Device,
    ) -> Result<Self, NetworkError> {
        Ok(Self {
            convolution: convolution.init(stream, device)?,
            norm: norm.layer(convolution.outputs, device)?,
        })
    }

    pub fn propagate(&self, x: Dual<4>, activation: Activation) -> Dual<4> {
        match &self.norm {
            Some(norm) => norm.propagate_activated(self.convolution.propagate(x), activation),
            None => self.convolution.propagate_activated(x, activation),
        }
    }
}

impl NormalizedTransposed {
    pub fn new(
        convolution: &ConvolutionConfig,
        norm: Normalization,
        stream: &mut Stream,
        device: &Device,
    ) -> Result<Self, NetworkError> {
        Ok(Self {
            convolution: convolution.init_transposed(stream, device)?,
            norm: norm.layer(convolution.outputs, device)?,
        })
    }

    pub fn propagate(&self, x: Dual<4>, activation: Activation) -> Dual<4> {
        match &self.norm {
            Some(norm) => norm.propagate_activated(self.convolution.propagate(x), activation),
            None => self.convolution.propagate_activated(x, activation),
        }
    }
}
map_state!(NormalizedConvolution: convolution, norm);
map_state!(NormalizedTransposed: convolution, norm);
