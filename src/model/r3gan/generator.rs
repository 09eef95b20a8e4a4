//! The generator.

use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor};

use super::block::{Block, change_width, map_basis};
use super::{R3ganConfig, pointwise};
use crate::batch::Labels;
use crate::dual::Dual;
use crate::identity::Identity;
use crate::model::condition::{
    ByClass, Conditioning, GeneratorClasses, generator_by_class, with_embedding,
};
use crate::model::streams::streams;
use crate::network_error::NetworkError;
use crate::nn::resampling::upsample_bilinear;
use crate::nn::{Convolution, Embedding, Initialization, Linear, LinearConfig, to_channels_first};
use crate::random::Purpose;
use crate::state_dict::{PytorchModule, StateMapper, map_state};

/// The generator of an R3GAN: from latent noise to images `[N, C, H, W]`.
///
/// Nothing bounds its output, as in the paper: it learns the range of the data, for which this crate uses
/// [-1, 1].
#[derive(Module, Debug)]
pub struct R3ganGenerator {
    embedding: Option<Embedding>,
    /// A learned image `[H, W, C]`; the latent vector scales its channels.
    basis: Param<Tensor<3>>,
    linear: Linear,
    first: Vec<Block>,
    /// One behind each block of `first`.
    first_by_class: Vec<ByClass>,
    stages: Vec<Up>,
    last: Convolution,
    latent_size: usize,
    sample_shape: [usize; 3],
    #[module(skip)]
    conditioning: Conditioning,
}

/// Doubles the image, then goes through the blocks.
#[derive(Module, Debug)]
struct Up {
    /// Where the number of channels changes.
    transition: Option<Convolution>,
    blocks: Vec<Block>,
    /// One behind each block.
    by_class: Vec<ByClass>,
}

impl R3ganGenerator {
    pub(super) fn new(config: &R3ganConfig, device: &Device) -> Result<Self, NetworkError> {
        let halvings = config.halvings()?;
        let [height, width, filters] = config.base(halvings);
        let classes = GeneratorClasses::new(config.classes, config.generator_condition, false)?;
        let by_class = |channels| {
            let layers = (0..config.blocks).map(|_| classes.layer(channels, device));
            layers.collect::<Result<Vec<_>, _>>()
        };
        let mut stream = streams(config.seed, Purpose::GeneratorWeights);
        let standard = Initialization::Normal {
            mean: 0.0,
            std: 1.0,
        };
        let basis = standard.parameter([height, width, filters], 1, &mut stream(), device);
        let linear = LinearConfig::new(config.latent_size + classes.embedding_width(), filters)
            .with_bias(false)
            .with_initialization(Initialization::LINEAR)
            .init(&mut stream(), device)?;
        let first = config.blocks(halvings, halvings, &mut stream, device)?;
        let mut stages = Vec::new();
        for level in (0..halvings).rev() {
            stages.push(Up {
                transition: config.transition([level + 1, level], &mut stream, device)?,
                blocks: config.blocks(level, halvings, &mut stream, device)?,
                by_class: by_class(config.stage_filters(level))?,
            });
        }
        let last = pointwise(
            config.stage_filters(0),
            config.channels,
            &mut stream(),
            device,
        )?;
        Ok(Self {
            embedding: classes.embedding(&mut stream(), device)?,
            basis,
            linear,
            first,
            first_by_class: by_class(filters)?,
            stages,
            last,
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
        let scales = self.linear.propagate(latent).value;
        let [n, channels] = scales.dims();
        let image = scales.reshape([n, 1, 1, channels]) * self.basis.val().unsqueeze::<4>();
        let x = Dual::constant(image);
        let x = through(&self.first, &self.first_by_class, &labels, x);
        let x = self.stages.iter().fold(x, |x, stage| {
            // A 1x1 convolution and an interpolation commute: the convolution is cheaper on the small image.
            let x = upsample_bilinear(change_width(&stage.transition, x));
            through(&stage.blocks, &stage.by_class, &labels, x)
        });
        to_channels_first(self.last.propagate(x).value)
    }
}

/// Goes through one block after the other, with what depends on the class behind each.
fn through(blocks: &[Block], by_class: &[ByClass], labels: &Option<Labels>, x: Dual<4>) -> Dual<4> {
    let layers = blocks.iter().zip(by_class);
    layers.fold(x, |x, (block, by_class)| {
        by_class.modulate(block.propagate(x), labels)
    })
}

generator_by_class!(R3ganGenerator, 4);
map_state!(Up: transition, blocks, by_class);

impl PytorchModule for R3ganGenerator {
    fn map_state(self, mapper: &mut StateMapper) -> Self {
        Self {
            basis: map_basis(self.basis, mapper),
            embedding: mapper.module("embedding", self.embedding),
            linear: mapper.module("linear", self.linear),
            first: mapper.module("first", self.first),
            first_by_class: mapper.module("first_by_class", self.first_by_class),
            stages: mapper.module("stages", self.stages),
            last: mapper.module("last", self.last),
            ..self
        }
    }
}
