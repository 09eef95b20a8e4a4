//! The discriminator.

use burn::module::Module;
use burn::tensor::{Device, Tensor};

use super::MlpConfig;
use crate::batch::Labels;
use crate::dual::Dual;
use crate::errors::at_least_1;
use crate::identity::Identity;
use crate::model::condition::{
    Conditioning, Heads, HeadsConfig, discriminator_by_class, with_embedding,
};
use crate::network_error::NetworkError;
use crate::nn::{Activation, Embedding, Initialization, Linear};
use crate::random::Purpose;
use crate::state_dict::map_state;

/// An MLP from samples `[N, features]` to logits.
#[derive(Module, Debug)]
pub struct MlpDiscriminator {
    layers: Vec<Linear>,
    embedding: Option<Embedding>,
    heads: Heads,
    slope: f64,
    sample_size: usize,
    #[module(skip)]
    conditioning: Conditioning,
}

impl MlpDiscriminator {
    pub(super) fn new(config: &MlpConfig, device: &Device) -> Result<Self, NetworkError> {
        let purpose = Purpose::DiscriminatorWeights;
        let heads = HeadsConfig {
            classes: config.classes,
            condition: config.discriminator_condition,
            auxiliary_outputs: config.auxiliary_outputs,
            spectral_norm: config.spectral_norm,
        };
        let conditioning = heads.conditioning()?;
        let stream = |index| config.further_stream(purpose, index);
        // As wide as there are classes.
        let width = conditioning.classes.unwrap_or(0);
        let embedding = heads.embedding(width, &mut stream(0), device)?;
        at_least_1("features", config.features)?;
        let inputs = config.features + embedding.as_ref().map_or(0, Embedding::width);
        let features = config.hidden.last().copied().unwrap_or(inputs);
        Ok(Self {
            layers: config.layers(inputs, 1, purpose, config.spectral_norm, device)?,
            embedding,
            heads: heads.init(
                features,
                Initialization::LINEAR,
                [&mut stream(1), &mut stream(2)],
                device,
            )?,
            slope: config.slope,
            sample_size: config.features,
            conditioning,
        })
    }

    /// The shape of one sample, `[features]`.
    pub fn sample_shape(&self) -> Option<Vec<usize>> {
        Some(vec![self.sample_size])
    }

    /// What it is, for checkpoints.
    pub fn identity(&self) -> Identity {
        let identity = Identity::new("mlp-discriminator", 1).with("slope", self.slope);
        self.conditioning.identify(identity)
    }

    /// The features `[N, features]`, those behind the last hidden layer, and the logits `[N]`.
    fn features_and_logits(&self, samples: Dual<2>, labels: Option<Labels>) -> (Dual<2>, Dual<1>) {
        let x = with_embedding(samples, &self.embedding, &labels);
        let activation = Activation::LeakyRelu { slope: self.slope };
        let last = self.layers.len().saturating_sub(1);
        let (hidden, output) = self.layers.split_at(last);
        let features = hidden
            .iter()
            .fold(x, |x, layer| layer.propagate_activated(x, activation));
        let linear = output
            .iter()
            .fold(features.clone(), |x, layer| layer.propagate(x));
        let logits = self.heads.logits(linear, features.clone(), &labels);
        (features, logits)
    }
}

discriminator_by_class!(MlpDiscriminator, 2);
map_state!(MlpDiscriminator: layers, embedding, heads);
