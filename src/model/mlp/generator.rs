//! The generator.

use burn::module::Module;
use burn::tensor::{Device, Tensor};

use super::MlpConfig;
use crate::batch::Labels;
use crate::class_condition::ClassCondition;
use crate::dual::Dual;
use crate::errors::at_least_1;
use crate::identity::Identity;
use crate::model::condition::{ByClass, Conditioning, GeneratorClasses, with_embedding};
use crate::network::Generator;
use crate::network_error::NetworkError;
use crate::nn::{Activation, Embedding, Linear};
use crate::random::Purpose;

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

    /// Width of the latent space.
    pub fn latent_size(&self) -> usize {
        self.latent_size
    }

    /// The shape of one sample, `[features]`.
    pub fn sample_shape(&self) -> Option<Vec<usize>> {
        self.layers.last().map(|layer| vec![layer.weight.dims()[1]])
    }

    /// How many classes samples are conditioned on, where they are.
    pub fn classes(&self) -> Option<usize> {
        self.conditioning.classes
    }

    /// What it is, for checkpoints.
    pub fn identity(&self) -> Identity {
        let identity = Identity::new("mlp-generator", 1)
            .with("slope", self.slope)
            .with("output", format!("{:?}", self.output));
        self.conditioning.identify(identity)
    }
}

impl MlpGenerator {
    /// The forward pass for both conditions: what is generic would be compiled again in every program.
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

impl<C: ClassCondition> Generator<2, C> for MlpGenerator {
    fn latent_size(&self) -> usize {
        self.latent_size()
    }

    fn generate(&self, latent: Tensor<2>, condition: &C) -> Tensor<2> {
        self.forward(latent, self.conditioning.labels(condition))
    }

    fn sample_shape(&self) -> Option<Vec<usize>> {
        self.sample_shape()
    }

    fn classes(&self) -> Option<usize> {
        self.classes()
    }

    fn check_condition(&self, condition: &C) -> Result<(), NetworkError> {
        self.conditioning.check(condition)
    }

    fn identity(&self) -> Identity {
        self.identity()
    }
}
