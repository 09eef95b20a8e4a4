//! [`PenaltyError`]: why a discriminator cannot be penalised.

use crate::errors::{ConfigError, DeviceError, ShapeError};

/// Why a gradient penalty cannot be computed.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum PenaltyError {
    /// A configuration value outside its range.
    #[error(transparent)]
    Config(#[from] ConfigError),

    /// A tensor of another shape than needed.
    #[error(transparent)]
    Shape(#[from] ShapeError),

    /// A device could not run an operation or hand over a result.
    #[error(transparent)]
    Device(#[from] DeviceError),

    /// Batch normalisation in a discriminator with a gradient penalty.
    #[error(
        "the discriminator has batch normalisation at `{path}`: it ties the samples of a batch together, and a \
         gradient penalty needs each sample's own gradient; use another normalisation or none"
    )]
    BatchNorm {
        /// Where in the module tree; empty where the discriminator is itself one.
        path: String,
    },

    /// An exact gradient penalty for a discriminator that cannot carry a tangent.
    #[error(
        "exact gradient penalties need a discriminator that carries a tangent: implement DualDiscriminator and \
         return Some(Self::logits_dual) from Discriminator::tangent_rule, or choose \
         PenaltyMethod::CentralDifference"
    )]
    NoTangentRule,

    /// A discriminator that draws random numbers, such as one with dropout.
    #[error(
        "the discriminator is random in training: the logit of sample {sample} is {first} in one pass and {second} \
         in the next, with the same weights. A gradient penalty takes several passes that must be of one function: \
         leave out dropout and other noise"
    )]
    RandomDiscriminator {
        /// The sample.
        sample: usize,
        /// Its logit in the first pass.
        first: f64,
        /// Its logit in another pass.
        second: f64,
    },

    /// A tangent rule whose value is not the discriminator's logit.
    #[error(
        "the discriminator's tangent rule is another function than its logits: sample {sample} has the logit \
         {logit}, the rule's value is {value}"
    )]
    TangentRuleValue {
        /// The sample.
        sample: usize,
        /// What `logits` gives.
        logit: f64,
        /// The value that the tangent rule gives.
        value: f64,
    },

    /// A tangent rule whose tangent is not the derivative of the discriminator's logit.
    #[error(
        "the discriminator's tangent rule is wrong: along the same direction the logit of sample {sample} has the \
         derivative {derivative} by a backward pass, the rule's tangent is {tangent}"
    )]
    TangentRuleSlope {
        /// The sample; 0 for the sum over all samples, where they influence each other.
        sample: usize,
        /// The directional derivative by a backward pass.
        derivative: f64,
        /// The tangent that the rule gives.
        tangent: f64,
    },
}
