//! The generator.

use burn::module::Module;
use burn::tensor::{Device, Tensor};

use super::ResnetConfig;
use super::attention::attended;
use crate::batch::Labels;
use crate::dual::Dual;
use crate::identity::Identity;
use crate::model::condition::{
    ByClass, Conditioning, GeneratorClasses, activated, generator_by_class, with_embedding,
};
use crate::model::streams::streams;
use crate::network_error::NetworkError;
use crate::nn::resampling::upsample_nearest;
use crate::nn::{
    Activation, BatchNorm, BatchNormConfig, Convolution, Embedding, Initialization, SelfAttention,
    Stem, StemConfig, to_channels_first,
};
use crate::random::{Purpose, Stream};
use crate::state_dict::map_state;

/// The generator of a residual GAN: from latent noise to images `[N, C, H, W]` in [-1, 1].
#[derive(Module, Debug)]
pub struct ResnetGenerator {
    embedding: Option<Embedding>,
    stem: Stem,
    pub(super) blocks: Vec<Up>,
    norm: Option<BatchNorm>,
    by_class: ByClass,
    last: Convolution,
    latent_size: usize,
    sample_shape: [usize; 3],
    #[module(skip)]
    conditioning: Conditioning,
}

/// Doubles the image: normalisation, ReLU, upsampling, 3x3, normalisation, ReLU, 3x3, beside a shortcut.
#[derive(Module, Debug)]
pub(super) struct Up {
    first_norm: Option<BatchNorm>,
    first_by_class: ByClass,
    first: Convolution,
    second_norm: Option<BatchNorm>,
    second_by_class: ByClass,
    second: Convolution,
    shortcut: Convolution,
    pub(super) attention: Option<SelfAttention>,
}

impl ResnetGenerator {
    pub(super) fn new(config: &ResnetConfig, device: &Device) -> Result<Self, NetworkError> {
        let halvings = config.halvings()?;
        let (height, width) = (config.height >> halvings, config.width >> halvings);
        let filters = config.generator_channels();
        let classes = GeneratorClasses::new(config.classes, config.generator_condition, true)?;
        let inputs = config.latent_size + classes.embedding_width();
        let mut stream = streams(config.seed, Purpose::GeneratorWeights);
        let stem = StemConfig::new(inputs, [height, width, filters])
            .with_bias(true)
            .with_initialization(Initialization::LINEAR)
            .init(&mut stream(), device)?;
        let blocks = (0..halvings)
            .map(|_| Up::new(config, classes, &mut stream, device))
            .collect::<Result<Vec<_>, _>>()?;
        let last =
            config.convolution([filters, config.channels, 3], false, &mut stream(), device)?;
        Ok(Self {
            embedding: classes.embedding(&mut stream(), device)?,
            stem,
            blocks,
            norm: init_norm(filters, classes, device)?,
            by_class: classes.layer(filters, device)?,
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
        let blocks = self.blocks.iter();
        let x = blocks.fold(self.stem.propagate(latent), |x, block| {
            block.propagate(x, &labels)
        });
        let relu = Activation::Relu;
        let x = activated(&self.norm, &self.by_class, &labels, relu, |f| {
            f.propagate(x)
        });
        let x = self.last.propagate_activated(x, Activation::Tanh);
        to_channels_first(x.value)
    }
}

/// A layer of batch normalisation, but where each class has one of its own.
fn init_norm(
    channels: usize,
    classes: GeneratorClasses,
    device: &Device,
) -> Result<Option<BatchNorm>, NetworkError> {
    (!classes.has_conditional_norm())
        .then(|| BatchNormConfig::new(channels).init(device))
        .transpose()
}

impl Up {
    fn new(
        config: &ResnetConfig,
        classes: GeneratorClasses,
        stream: &mut impl FnMut() -> Stream,
        device: &Device,
    ) -> Result<Self, NetworkError> {
        let filters = config.generator_channels();
        let mut convolution =
            |kernel| config.convolution([filters, filters, kernel], false, &mut stream(), device);
        Ok(Self {
            first_norm: init_norm(filters, classes, device)?,
            first_by_class: classes.layer(filters, device)?,
            first: convolution(3)?,
            second_norm: init_norm(filters, classes, device)?,
            second_by_class: classes.layer(filters, device)?,
            second: convolution(3)?,
            shortcut: convolution(1)?,
            attention: None,
        })
    }

    fn propagate(&self, x: Dual<4>, labels: &Option<Labels>) -> Dual<4> {
        let relu = Activation::Relu;
        let (norm, by_class) = (&self.first_norm, &self.first_by_class);
        let y = activated(norm, by_class, labels, relu, |f| f.propagate(x.clone()));
        let y = self.first.propagate(upsample_nearest(y));
        let (norm, by_class) = (&self.second_norm, &self.second_by_class);
        let y = activated(norm, by_class, labels, relu, |f| f.propagate(y));
        // A 1x1 convolution and the repetition of pixels commute; this order is a quarter of the work.
        let shortcut = upsample_nearest(self.shortcut.propagate(x));
        attended(&self.attention, shortcut + self.second.propagate(y))
    }
}

generator_by_class!(ResnetGenerator, 4);
map_state!(ResnetGenerator: embedding, stem, blocks, norm, by_class, last);
map_state!(Up: first_norm, first_by_class, first, second_norm, second_by_class, second, shortcut, attention);
