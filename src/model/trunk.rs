//! [`Trunk`]: convolutions and halvings from images `[N, C, H, W]` to vectors.

use burn::module::Module;
use burn::tensor::{Device, Tensor};

use super::size::halvings_rounding_down;
use crate::dual::Dual;
use crate::errors::at_least_1;
use crate::network_error::NetworkError;
use crate::nn::{
    Activation, Algorithm, Convolution, ConvolutionConfig, Head, HeadConfig, Initialization,
    resampling, to_channels_last,
};
use crate::random::Stream;
use crate::state_dict::map_state;

/// The smallest side that halving may lead to.
const BASE_SIZE: usize = 2;
/// Channels double with each halving, so many times at most.
const DOUBLINGS: usize = 3;

/// The size of a [`Trunk`].
pub(crate) struct TrunkConfig {
    /// Channels, height and width of the images.
    pub sample_shape: [usize; 3],
    /// Channels of the first convolution.
    pub filters: usize,
    /// Width of the result.
    pub features: usize,
    /// How the convolutions are computed.
    pub algorithm: Algorithm,
}

/// 3x3 convolutions with a ReLU each, the image halved between them by its 2x2 means, then one linear map of
/// what is left.
#[derive(Module, Debug)]
pub(crate) struct Trunk {
    convolutions: Vec<Convolution>,
    head: Head,
    sample_shape: [usize; 3],
}

impl TrunkConfig {
    /// Builds the network, its weights drawn layer by layer.
    ///
    /// # Errors
    /// [`NetworkError::Config`] for a size of 0.
    pub fn init(
        &self,
        mut streams: impl FnMut() -> Stream,
        device: &Device,
    ) -> Result<Trunk, NetworkError> {
        let [channels, height, width] = self.sample_shape;
        at_least_1("channels", channels)?;
        at_least_1("height", height)?;
        at_least_1("width", width)?;
        at_least_1("filters", self.filters)?;
        at_least_1("features", self.features)?;
        let initialization = Initialization::He { slope: 0.0 };
        let halvings = halvings_rounding_down(height, width, BASE_SIZE);
        let mut convolutions = Vec::new();
        let mut inputs = channels;
        for level in 0..halvings.max(1) {
            let outputs = self.filters << level.min(DOUBLINGS);
            convolutions.push(
                ConvolutionConfig::new(inputs, outputs, 3)
                    .with_bias(true)
                    .with_algorithm(self.algorithm)
                    .with_initialization(initialization)
                    .init(&mut streams(), device)?,
            );
            inputs = outputs;
        }
        Ok(Trunk {
            convolutions,
            head: HeadConfig::new([height >> halvings, width >> halvings, inputs])
                .with_outputs(self.features)
                .with_bias(true)
                .with_initialization(initialization)
                .init(&mut streams(), device)?,
            sample_shape: self.sample_shape,
        })
    }
}

impl Trunk {
    /// `[N, C, H, W]` to `[N, features]`, with no activation at the end.
    pub fn propagate(&self, images: Tensor<4>) -> Tensor<2> {
        let x = Dual::constant(to_channels_last(images));
        let x = self.convolutions.iter().fold(x, |x, convolution| {
            let x = convolution.propagate_activated(x, Activation::Relu);
            let [_, height, width, _] = x.value.dims();
            if halvings_rounding_down(height, width, BASE_SIZE) == 0 {
                x
            } else {
                resampling::average_pool(x)
            }
        });
        self.head.propagate(x).value
    }

    /// Channels, height and width of the images.
    pub fn sample_shape(&self) -> [usize; 3] {
        self.sample_shape
    }
}
map_state!(Trunk: convolutions, head);
