//! [`StepValues`]: the numbers of a report on the host.

use std::collections::BTreeMap;

#[cfg(doc)]
use super::StepReport;

/// The numbers of a [`StepReport`] on the host.
#[derive(Debug, Clone, Default, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct StepValues {
    /// The step's number, from 0.
    pub step: usize,
    /// Mean discriminator loss.
    pub loss_discriminator: f32,
    /// Mean generator loss; `None` in a step that only the discriminator took.
    pub loss_generator: Option<f32>,
    /// What the gradient penalties cost, the mean over the samples; `None` in a step without.
    #[serde(default)]
    pub penalty: Option<f32>,
    /// Mean estimated probability that a real sample is real, where the loss defines one; 1/2 at
    /// equilibrium (half the label, where it is smoothed).
    pub probability_real: Option<f32>,
    /// Mean estimated probability that a generated sample is real, where the loss defines one; 1/2 at
    /// equilibrium (half the label, where it is smoothed).
    pub probability_fake: Option<f32>,
    /// Mean logit of the real samples; `None` in rows of files that are older than this number.
    #[serde(default)]
    pub logit_real: Option<f32>,
    /// Mean logit of the generated samples; `None` in rows of files that are older than this number.
    #[serde(default)]
    pub logit_fake: Option<f32>,
    /// Norm of the discriminator's gradient before it is clipped; `None` where the trainer does not say.
    #[serde(default)]
    pub gradient_norm_discriminator: Option<f32>,
    /// Norm of the generator's gradient before it is clipped; `None` in a step that only the discriminator
    /// took.
    #[serde(default)]
    pub gradient_norm_generator: Option<f32>,
    /// The terms of both players' objectives by name, such as `generator.l1`, each before its weight, where there is more
    /// than the loss; and numbers of other groups, such as `augmentation.probability`. What a step did not have is absent.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub terms: BTreeMap<String, f32>,
}
