//! How a network takes the class that its samples are conditioned on.

mod contract;
mod discriminator;
mod generator;

pub(super) use contract::{discriminator_by_class, generator_by_class};
pub(super) use discriminator::{Heads, HeadsConfig};
pub(super) use generator::{ByClass, GeneratorClasses, activated};

use serde::{Deserialize, Deserializer, Serialize};

use crate::batch::Labels;
use crate::class_condition::{ClassCondition, check_classes};
use crate::dual::Dual;
use crate::identity::Identity;
use crate::network_error::NetworkError;
use crate::nn::Embedding;

/// How a generator takes a class; it counts where the configuration names `classes`.
///
/// A configuration file without this field, of a network without classes, means the default.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub enum GeneratorCondition {
    /// A learned vector of the class beside the latent vector (Mirza and Osindero 2014, section 3.2).
    Concatenation {
        /// Width of that vector.
        embedding: usize,
    },
    /// Batch normalisation with a scale and a shift of each class in place of those of all
    /// ([`ConditionalBatchNorm`](crate::nn::ConditionalBatchNorm), de Vries et al. 2017), in a network that has batch
    /// normalisation.
    ConditionalNorm,
    /// A scale and a shift of each class behind every hidden layer
    /// ([`FeatureModulation`](crate::nn::FeatureModulation), Perez et al. 2018).
    Modulation,
}

impl Default for GeneratorCondition {
    /// [`GeneratorCondition::Concatenation`] of 32 values.
    fn default() -> Self {
        Self::Concatenation { embedding: 32 }
    }
}

/// How a discriminator takes a class; it counts where the configuration names `classes`.
///
/// A configuration file without this field, of a network without classes, means the default.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[non_exhaustive]
pub enum DiscriminatorCondition {
    /// The class as a further input (Mirza and Osindero 2014, section 3.2): beside an image a learned image of the class,
    /// one channel more; behind a point a learned vector as wide as there are classes.
    Concatenation,
    /// The product of the features with a learned vector of the class is added to the logit
    /// ([`EmbeddingProjection`](crate::nn::EmbeddingProjection), Miyato and Koyama 2018, equation 3).
    #[default]
    Projection,
    /// The logits do not depend on the class; one output a class, linear in the features, says which class the sample
    /// seems to be of ([`Outputs::auxiliary`](crate::Outputs::auxiliary), Odena et al. 2017, section 3).
    AuxiliaryClassifier,
}

/// An optional field that is left out of a file is its type's default: Burn's configurations know that of `Option` alone,
/// and what such a type asks for is an `Option`.
macro_rules! default_where_missing {
    ($kind:ident { $($variant:ident $({ $field:ident: $type:ty })?),* }) => {
        impl<'de> Deserialize<'de> for $kind {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                #[derive(Deserialize)]
                enum Given {
                    $($variant $({ $field: $type })?,)*
                }
                let given = Option::<Given>::deserialize(deserializer)?;
                Ok(match given {
                    None => Self::default(),
                    $(Some(Given::$variant $({ $field })?) => Self::$variant $({ $field })?,)*
                })
            }
        }
    };
}
default_where_missing!(GeneratorCondition {
    Concatenation { embedding: usize },
    ConditionalNorm,
    Modulation
});
default_where_missing!(DiscriminatorCondition {
    Concatenation,
    Projection,
    AuxiliaryClassifier
});

/// The classes that a network was built for, and how it takes them.
#[derive(Debug, Clone)]
pub(super) struct Conditioning {
    /// `None` for a network without a condition.
    pub classes: Option<usize>,
    /// What the shapes of parameters do not show.
    kind: String,
    reads_labels: bool,
}

impl Conditioning {
    /// For a network that reads labels to take its classes in this way.
    pub fn reading(classes: Option<usize>, kind: impl std::fmt::Debug) -> Self {
        Self {
            classes,
            kind: format!("{kind:?}"),
            reads_labels: classes.is_some(),
        }
    }

    /// The same for a network whose forward pass does without labels.
    pub fn without_labels(self) -> Self {
        Self {
            reads_labels: false,
            ..self
        }
    }

    /// The labels that a forward pass needs, where it needs any.
    ///
    /// # Panics
    /// Where it needs some and gets none; [`Conditioning::check`] refuses that before.
    pub fn labels(&self, condition: &impl ClassCondition) -> Option<Labels> {
        let classes = self.classes.filter(|_| self.reads_labels)?;
        let labels = condition.labels();
        if labels.is_none() {
            // A forward pass has no other way to say so; trainers and samplers make errors of panics.
            panic!("{}", NetworkError::LabelsMissing { classes });
        }
        labels
    }

    /// Refuses what the network cannot be conditioned on.
    pub fn check(&self, condition: &impl ClassCondition) -> Result<(), NetworkError> {
        check_classes(condition, self.classes)
    }

    /// An identity that says how a network with classes takes them; without classes it stays as it is.
    pub fn identify(&self, identity: Identity) -> Identity {
        match self.classes {
            Some(_) => identity.with("condition", self.kind.as_str()),
            None => identity,
        }
    }
}

/// `[N, .., C]` with the embeddings of the classes behind the last axis, where there are any. An embedding is as wide as
/// all positions of a sample together take.
pub(super) fn with_embedding<const D: usize>(
    x: Dual<D>,
    embedding: &Option<Embedding>,
    labels: &Option<Labels>,
) -> Dual<D> {
    match (embedding, labels) {
        (Some(embedding), Some(labels)) => {
            let mut shape = x.value.dims();
            let positions: usize = shape[1..D - 1].iter().product();
            shape[D - 1] = embedding.width() / positions;
            x.with_constant(embedding.propagate(labels).reshape(shape), D - 1)
        }
        _ => x,
    }
}
