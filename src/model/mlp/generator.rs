//! The generator.

use burn::module::Module;
use burn::tensor::{Device, Tensor};

use super::MlpConfig;
use crate::batch::Labels;
use crate::dual::Dual;
use crate::errors::at_least_1;
use crate::identity::Identity;
use crate::model::condition::{
    ByClass, Conditioning, GeneratorClasses, generator_by_class, with_embedding,
};
use crate::network_error::NetworkError;
use crate::nn::{Activation, Embedding, Linear};
use crate::random::Purpose;
use crate::state_dict::map_state;

/// An MLP from latent vectors to samples `[N, features]`.
#[derive(Module, Debug)]
pub struct MlpGenerator {
    layers: Vec<Linear>,
    embedding: Option<Embedding>,
    /// One a hidden layer.
    by_class: Vec<ByClass>,
    slope: f64,
    latent_size: usize,
    #[module(skip)]
    output: Activation,
    #[module(skip)]
    conditioning: Conditioning,
}

impl MlpGenerator {
    pub(super) fn new(config: &MlpConfig, device: &Device) -> Result<Self, NetworkError> {
        let purpose = Purpose::GeneratorWeights;
        let classes = GeneratorClasses::new(config.classes, config.generator_condition, false)?;
        at_least_1("latent_size", config.latent_size)?;
        let inputs = config.latent_size + classes.embedding_width();
        let by_class = config
            .hidden
            .iter()
            .map(|&width| classes.layer(width, device));
        Ok(Self {
            layers: config.layers(inputs, config.features, purpose, false, device)?,
            embedding: classes.embedding(&mut config.further_stream(purpose, 0), device)?,
            by_class: by_class.collect::<Result<_, _>>()?,
            slope: config.slope,
            latent_size: config.latent_size,
            output: config.output,
            conditioning: classes.conditioning(),
        })
    }

    /// The shape of one sample, `[features]`.
    pub fn sample_shape(&self) -> Option<Vec<usize>> {
        self.layers.last().map(|layer| vec![layer.weight.dims()[1]])
    }

    /// What it is, for checkpoints.
    pub fn identity(&self) -> Identity {
        let identity = Identity::new("mlp-generator", 1)
            .with("slope", self.slope)
            .with("output", format!("{:?}", self.output));
        self.conditioning.identify(identity)
    }

    /// Latent vectors `[N, latent_size]` to samples.
    fn forward(&self, latent: Tensor<2>, labels: Option<Labels>) -> Tensor<2> {
        let mut x = with_embedding(Dual::constant(latent), &self.embedding, &labels);
        let activation = Activation::LeakyRelu { slope: self.slope };
        let Some((last, hidden)) = self.layers.split_last() else {
            return self.output.propagate(x).value;
        };
        for (layer, by_class) in hidden.iter().zip(&self.by_class) {
            x = by_class.modulate(layer.propagate_activated(x, activation), &labels);
        }
        self.output.propagate(last.propagate(x)).value
    }
}

generator_by_class!(MlpGenerator, 2);
map_state!(MlpGenerator: layers, embedding, by_class);
