//! [`StepReport`]: what one step of training found.

mod reading;
#[cfg(test)]
pub(crate) mod tests;
mod values;

pub use values::StepValues;

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use burn::tensor::Tensor;

/// What one step found: tensors still on the device, and their numbers on the host once they are asked for.
///
/// Reading waits for the device, so it is done once: the first [`StepReport::read`] brings all numbers over in one
/// transfer and keeps them, for this report and its clones.
///
/// A trainer of your own makes one with [`StepReport::new`] and adds what it knows:
///
/// ```
/// use burn::tensor::{Device, Tensor};
/// use burn_gan::StepReport;
///
/// let number = |value: f32| Tensor::<1>::from_floats([value], &Device::flex());
/// let report = StepReport::new(7, number(1.25), number(0.5), number(-0.5)).with_loss_generator(number(0.75));
/// let values = report.read()?;
/// assert_eq!((values.step, values.loss_discriminator), (7, 1.25));
/// assert_eq!((values.loss_generator, values.penalty), (Some(0.75), None));
/// # Ok::<(), burn_gan::DeviceError>(())
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct StepReport {
    /// The step's number, from 0.
    pub step: usize,
    loss_discriminator: Tensor<1>,
    loss_generator: Option<Tensor<1>>,
    penalty: Option<Tensor<1>>,
    gradient_norm_discriminator: Option<Tensor<1>>,
    gradient_norm_generator: Option<Tensor<1>>,
    /// By the name of the player or of another group, and the number's own.
    terms: BTreeMap<String, Tensor<1>>,
    logits_real: Tensor<1>,
    logits_fake: Tensor<1>,
    logits_are_log_odds: bool,
    /// The numbers, once they were read; another cell as soon as one of the tensors is another.
    values: Arc<OnceLock<StepValues>>,
}

impl StepReport {
    /// A report of step `step` with the mean discriminator loss, `[1]`, and the discriminator's logits of the real
    /// and of the generated samples, `[N]`.
    ///
    /// Optional parts are absent, and logits are no log-odds, until set.
    pub fn new(
        step: usize,
        loss_discriminator: Tensor<1>,
        logits_real: Tensor<1>,
        logits_fake: Tensor<1>,
    ) -> Self {
        Self {
            step,
            loss_discriminator: loss_discriminator.without_autodiff(),
            loss_generator: None,
            penalty: None,
            gradient_norm_discriminator: None,
            gradient_norm_generator: None,
            terms: BTreeMap::new(),
            logits_real: logits_real.without_autodiff(),
            logits_fake: logits_fake.without_autodiff(),
            logits_are_log_odds: false,
            values: Arc::default(),
        }
    }

    /// With the mean generator loss, `[1]`.
    pub fn with_loss_generator(mut self, loss: impl Into<Option<Tensor<1>>>) -> Self {
        self.loss_generator = plain(loss);
        self.unread()
    }

    /// With what the gradient penalties cost, `[1]`.
    pub fn with_penalty(mut self, penalty: impl Into<Option<Tensor<1>>>) -> Self {
        self.penalty = plain(penalty);
        self.unread()
    }

    /// With the norm of the discriminator's gradient, `[1]`.
    pub fn with_gradient_norm_discriminator(mut self, norm: impl Into<Option<Tensor<1>>>) -> Self {
        self.gradient_norm_discriminator = plain(norm);
        self.unread()
    }

    /// With the norm of the generator's gradient, `[1]`.
    pub fn with_gradient_norm_generator(mut self, norm: impl Into<Option<Tensor<1>>>) -> Self {
        self.gradient_norm_generator = plain(norm);
        self.unread()
    }

    /// With the terms of the discriminator's objective, each by its name and mean, `[1]`, before its weight.
    pub fn with_terms_discriminator(self, terms: Vec<(String, Tensor<1>)>) -> Self {
        self.with_terms("discriminator", terms)
    }

    /// With the terms of the generator's objective, each by its name and mean, `[1]`, before its weight.
    pub fn with_terms_generator(self, terms: Vec<(String, Tensor<1>)>) -> Self {
        self.with_terms("generator", terms)
    }

    /// With another number, `[1]`: `group.name` in [`StepValues::terms`], and so in histories and metrics.
    pub fn with_number(self, group: &str, name: impl Into<String>, number: Tensor<1>) -> Self {
        self.with_terms(group, vec![(name.into(), number)])
    }

    fn with_terms(mut self, group: &str, terms: Vec<(String, Tensor<1>)>) -> Self {
        let terms = terms.into_iter();
        self.terms
            .extend(terms.map(|(name, term)| (format!("{group}.{name}"), term.without_autodiff())));
        self.unread()
    }

    /// Says whether the loss makes a logit a log-odds, so that its sigmoid is a probability.
    pub fn with_logits_are_log_odds(mut self, log_odds: bool) -> Self {
        self.logits_are_log_odds = log_odds;
        self.unread()
    }

    /// Mean discriminator loss, `[1]`.
    pub fn loss_discriminator(&self) -> &Tensor<1> {
        &self.loss_discriminator
    }

    /// Mean generator loss, `[1]`; `None` in a step that only the discriminator took.
    pub fn loss_generator(&self) -> Option<&Tensor<1>> {
        self.loss_generator.as_ref()
    }

    /// What the gradient penalties cost, `[1]`, the mean over the samples; `None` in a step without.
    ///
    /// It is the penalty, not the surrogate that is back-propagated in its place, and no part of
    /// [`StepReport::loss_discriminator`].
    pub fn penalty(&self) -> Option<&Tensor<1>> {
        self.penalty.as_ref()
    }

    /// The norm of the discriminator's gradient over all its parameters, penalties included, before it is
    /// clipped, `[1]`; `None` where the trainer does not say.
    pub fn gradient_norm_discriminator(&self) -> Option<&Tensor<1>> {
        self.gradient_norm_discriminator.as_ref()
    }

    /// The norm of the generator's gradient over all its parameters before it is clipped, `[1]`; `None` in a
    /// step that only the discriminator took.
    pub fn gradient_norm_generator(&self) -> Option<&Tensor<1>> {
        self.gradient_norm_generator.as_ref()
    }

    /// The discriminator's logits of the real samples, `[N]`, from before its update; `[N * k]` of a discriminator with
    /// `k` logits a sample.
    pub fn logits_real(&self) -> &Tensor<1> {
        &self.logits_real
    }

    /// The discriminator's logits of the generated samples, as those of the real ones.
    pub fn logits_fake(&self) -> &Tensor<1> {
        &self.logits_fake
    }

    /// Whether the loss makes a logit a log-odds, so that its sigmoid is a probability.
    pub fn logits_are_log_odds(&self) -> bool {
        self.logits_are_log_odds
    }

    /// A change is not for the clones, which may have been read.
    fn unread(mut self) -> Self {
        self.values = Arc::default();
        self
    }
}

fn plain(number: impl Into<Option<Tensor<1>>>) -> Option<Tensor<1>> {
    number.into().map(Tensor::without_autodiff)
}
