//! The generator.

use burn::module::Module;
use burn::tensor::{Device, Tensor};

use super::DcganConfig;
use crate::dual::Dual;
use crate::model::normalization::{Normalization, activated};
use crate::network::Generator;
use crate::network_error::NetworkError;
use crate::nn::{
    Activation, BatchNorm, Stem, StemConfig, TransposedConvolution, to_channels_first,
};
use crate::random::{Purpose, Stream};

/// The generator: an inverse CNN from latent noise to images `[N, C, H, W]` in [-1, 1].
#[derive(Module, Debug)]
pub struct DcganGenerator {
    stem: Stem,
    stem_norm: Option<BatchNorm>,
    hidden: Vec<Up>,
    last: TransposedConvolution,
    latent_size: usize,
    sample_shape: [usize; 3],
}

/// Doubles the image.
#[derive(Module, Debug)]
struct Up {
    convolution: TransposedConvolution,
    norm: Option<BatchNorm>,
}

impl DcganGenerator {
    pub(super) fn new(config: &DcganConfig, device: &Device) -> Result<Self, NetworkError> {
        let halvings = config.halvings()?;
        let mut streams = config.streams(Purpose::GeneratorWeights);
        let norm = config.generator_normalization;
        let [height, width, channels] = config.base(halvings);
        let up = |inputs, outputs, bias, stream: &mut Stream| {
            config
                .layer(inputs, outputs, bias)
                .init_transposed(stream, device)
        };
        let mut hidden = Vec::new();
        for level in (1..halvings).rev() {
            let outputs = config.layer_filters(level - 1);
            hidden.push(Up {
                convolution: up(
                    config.layer_filters(level),
                    outputs,
                    norm == Normalization::None,
                    &mut streams(level),
                )?,
                norm: norm.init(outputs, device)?,
            });
        }
        Ok(Self {
            stem: StemConfig::new(config.latent_size, [height, width, channels])
                .with_bias(norm == Normalization::None)
                .init(&mut streams(halvings), device)?,
            stem_norm: norm.init(channels, device)?,
            hidden,
            last: up(
                config.layer_filters(0),
                config.channels,
                true,
                &mut streams(0),
            )?,
            latent_size: config.latent_size,
            sample_shape: config.sample_shape(),
        })
    }
}

impl Generator<4> for DcganGenerator {
    fn latent_size(&self) -> usize {
        self.latent_size
    }

    fn generate(&self, latent: Tensor<2>, _condition: &()) -> Tensor<4> {
        let latent = Dual::constant(latent);
        let x = activated(&self.stem_norm, Activation::Relu, |activation| {
            self.stem.propagate_activated(latent, activation)
        });
        let x = self.hidden.iter().fold(x, |x, up| {
            activated(&up.norm, Activation::Relu, |activation| {
                up.convolution.propagate_activated(x, activation)
            })
        });
        let x = self.last.propagate_activated(x, Activation::Tanh);
        to_channels_first(x.value)
    }

    fn sample_shape(&self) -> Option<Vec<usize>> {
        Some(self.sample_shape.to_vec())
    }
}
