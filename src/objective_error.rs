//! [`ObjectiveError`]: what an objective needs of networks or conditions, and did not get.

/// What an [`Objective`](crate::objective::Objective) needs and did not get.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ObjectiveError {
    /// The condition holds no class labels.
    #[error("{objective} needs class labels as the condition")]
    NoLabels {
        /// Which objective.
        objective: &'static str,
    },

    /// The discriminator has no auxiliary outputs.
    #[error("{objective} needs a discriminator with auxiliary outputs")]
    NoAuxiliaryOutputs {
        /// Which objective.
        objective: &'static str,
    },

    /// The discriminator does not give its features.
    #[error("{objective} needs a discriminator that gives its features")]
    NoFeatures {
        /// Which objective.
        objective: &'static str,
    },
}
