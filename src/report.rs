//! [`StepReport`]: what one step of training found.

use burn::tensor::Tensor;

use crate::errors::DeviceError;

/// What one step found: detached tensors still on the device.
///
/// Reading them waits for the device, so nothing does until somebody asks with [`StepReport::read`].
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct StepReport {
    /// The step's number, from 0.
    pub step: usize,
    /// Mean discriminator loss, `[1]`.
    pub loss_discriminator: Tensor<1>,
    /// Mean generator loss, `[1]`; `None` in a step that only the discriminator took.
    pub loss_generator: Option<Tensor<1>>,
    /// What the gradient penalties cost, `[1]`, the mean over the samples; `None` in a step without.
    ///
    /// It is the penalty, not the surrogate that is back-propagated in its place, and no part of
    /// [`StepReport::loss_discriminator`].
    pub penalty: Option<Tensor<1>>,
    /// The norm of the discriminator's gradient over all its parameters, penalties included, before it is
    /// clipped, `[1]`; `None` where the trainer does not say.
    pub gradient_norm_discriminator: Option<Tensor<1>>,
    /// The norm of the generator's gradient over all its parameters before it is clipped, `[1]`; `None` in a
    /// step that only the discriminator took.
    pub gradient_norm_generator: Option<Tensor<1>>,
    /// The discriminator's logits of the real samples, `[N]`, from before its update.
    pub logits_real: Tensor<1>,
    /// The discriminator's logits of the generated samples, `[N]`, from before its update.
    pub logits_fake: Tensor<1>,
    /// Whether the loss makes a logit a log-odds, so that its sigmoid is a probability.
    pub logits_are_log_odds: bool,
}

impl StepReport {
    /// A report of step `step`; optional parts are absent and logits are no log-odds until set.
    pub fn new(
        step: usize,
        loss_discriminator: Tensor<1>,
        logits_real: Tensor<1>,
        logits_fake: Tensor<1>,
    ) -> Self {
        Self {
            step,
            loss_discriminator,
            loss_generator: None,
            penalty: None,
            gradient_norm_discriminator: None,
            gradient_norm_generator: None,
            logits_real,
            logits_fake,
            logits_are_log_odds: false,
        }
    }

    /// Brings the numbers to the host.
    ///
    /// # Errors
    /// [`DeviceError`] where the device fails.
    pub fn read(&self) -> Result<StepValues, DeviceError> {
        let probability = |logits: &Tensor<1>| {
            self.logits_are_log_odds
                .then(|| read_scalar(burn::tensor::activation::sigmoid(logits.clone()).mean()))
                .transpose()
        };
        let optional = |number: &Option<Tensor<1>>| number.clone().map(read_scalar).transpose();
        Ok(StepValues {
            step: self.step,
            loss_discriminator: read_scalar(self.loss_discriminator.clone())?,
            loss_generator: optional(&self.loss_generator)?,
            penalty: optional(&self.penalty)?,
            probability_real: probability(&self.logits_real)?,
            probability_fake: probability(&self.logits_fake)?,
            logit_real: Some(read_scalar(self.logits_real.clone().mean())?),
            logit_fake: Some(read_scalar(self.logits_fake.clone().mean())?),
            gradient_norm_discriminator: optional(&self.gradient_norm_discriminator)?,
            gradient_norm_generator: optional(&self.gradient_norm_generator)?,
        })
    }
}

/// The numbers of a [`StepReport`] on the host.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
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
}

/// The one value of a tensor of one element, on the host.
pub(crate) fn read_scalar(tensor: Tensor<1>) -> Result<f32, DeviceError> {
    tensor.try_into_scalar::<f32>().map_err(DeviceError::new)
}
