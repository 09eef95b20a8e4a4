//! [`NonFinite`]: what of a training step was not finite.

/// What of a step was NaN or infinite, in the order of the step; names the player by the quantity.
///
/// Whatever comes later in the step usually follows from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum NonFinite {
    /// The discriminator's loss; where the data are finite, most often weights that diverged before.
    DiscriminatorLoss,
    /// The gradient penalty.
    Penalty,
    /// The norm of the discriminator's gradient.
    DiscriminatorGradient,
    /// The discriminator's weights or running statistics.
    DiscriminatorWeights,
    /// The generator's loss.
    GeneratorLoss,
    /// The norm of the generator's gradient.
    GeneratorGradient,
    /// The generator's weights or running statistics.
    GeneratorWeights,
    /// The weights or running statistics of another part of a trainer.
    Weights {
        /// Its name.
        part: &'static str,
    },
}

impl std::fmt::Display for NonFinite {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let name = match self {
            Self::DiscriminatorLoss => "the discriminator's loss",
            Self::Penalty => "the discriminator's gradient penalty",
            Self::DiscriminatorGradient => "the norm of the discriminator's gradient",
            Self::DiscriminatorWeights => "the sum of the discriminator's weights",
            Self::GeneratorLoss => "the generator's loss",
            Self::GeneratorGradient => "the norm of the generator's gradient",
            Self::GeneratorWeights => "the sum of the generator's weights",
            Self::Weights { part } => return write!(formatter, "the sum of the weights of {part}"),
        };
        formatter.write_str(name)
    }
}
