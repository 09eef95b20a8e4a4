//! The generator.

use burn::module::Module;
use burn::tensor::{Device, Tensor};

use super::DcganConfig;
use crate::batch::Labels;
use crate::dual::Dual;
use crate::errors::at_least_1;
use crate::identity::Identity;
use crate::model::condition::{
    ByClass, Conditioning, GeneratorClasses, activated, generator_by_class, with_embedding,
};
use crate::model::normalization::Normalization;
use crate::network_error::NetworkError;
use crate::nn::{
    Activation, BatchNorm, Embedding, Stem, StemConfig, TransposedConvolution, to_channels_first,
};
use crate::random::{Purpose, Stream};
use crate::state_dict::map_state;

/// The generator: an inverse CNN from latent noise to images `[N, C, H, W]` in [-1, 1].
#[derive(Module, Debug)]
pub struct DcganGenerator {
    embedding: Option<Embedding>,
    stem: Stem,
    stem_norm: Option<BatchNorm>,
    stem_by_class: ByClass,
    hidden: Vec<Up>,
    last: TransposedConvolution,
    latent_size: usize,
    sample_shape: [usize; 3],
    #[module(skip)]
    conditioning: Conditioning,
}

/// Doubles the image.
#[derive(Module, Debug)]
struct Up {
    convolution: TransposedConvolution,
    norm: Option<BatchNorm>,
    by_class: ByClass,
}

impl DcganGenerator {
    pub(super) fn new(config: &DcganConfig, device: &Device) -> Result<Self, NetworkError> {
        let halvings = config.halvings()?;
        let mut streams = config.streams(Purpose::GeneratorWeights);
        let norm = config.generator_normalization;
        let has_bias = norm == Normalization::None;
        let classes = GeneratorClasses::new(config.classes, config.generator_condition, !has_bias)?;
        let init_norm = |channels| {
            if classes.has_conditional_norm() {
                Ok(None)
            } else {
                norm.init(channels, device)
            }
        };
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
                    has_bias,
                    &mut streams(level),
                )?,
                norm: init_norm(outputs)?,
                by_class: classes.layer(outputs, device)?,
            });
        }
        at_least_1("latent_size", config.latent_size)?;
        let inputs = config.latent_size + classes.embedding_width();
        Ok(Self {
            embedding: classes.embedding(&mut streams(halvings + 1), device)?,
            stem: StemConfig::new(inputs, [height, width, channels])
                .with_bias(has_bias)
                .init(&mut streams(halvings), device)?,
            stem_norm: init_norm(channels)?,
            stem_by_class: classes.layer(channels, device)?,
            hidden,
            last: up(
                config.layer_filters(0),
                config.channels,
                true,
                &mut streams(0),
            )?,
            latent_size: config.latent_size,
            sample_shape: config.sample_shape(),
            conditioning: classes.conditioning(),
        })
    }

    /// The shape of one image, `[C, H, W]`.
    pub fn sample_shape(&self) -> Option<Vec<usize>> {
        Some(self.sample_shape.to_vec())
    }

    /// What it is, for checkpoints.
    pub fn identity(&self) -> Identity {
        self.conditioning.identify(Identity::of::<Self>())
    }

    /// Latent vectors `[N, latent_size]` to samples.
    fn forward(&self, latent: Tensor<2>, labels: Option<Labels>) -> Tensor<4> {
        let latent = with_embedding(Dual::constant(latent), &self.embedding, &labels);
        let relu = Activation::Relu;
        let (norm, by_class) = (&self.stem_norm, &self.stem_by_class);
        let x = activated(norm, by_class, &labels, relu, |activation| {
            self.stem.propagate_activated(latent, activation)
        });
        let x = self.hidden.iter().fold(x, |x, up| {
            activated(&up.norm, &up.by_class, &labels, relu, |activation| {
                up.convolution.propagate_activated(x, activation)
            })
        });
        let x = self.last.propagate_activated(x, Activation::Tanh);
        to_channels_first(x.value)
    }
}

generator_by_class!(DcganGenerator, 4);
map_state!(DcganGenerator: embedding, stem, stem_norm, stem_by_class, hidden, last);
map_state!(Up: convolution, norm, by_class);
