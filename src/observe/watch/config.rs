//! [`WatchConfig`]: what a watch looks at, and when it speaks.

use burn::config::Config;

use super::features::FeatureSpace;
use super::{Watch, Window};
use crate::batch::{Batch, Condition, check_condition};
use crate::errors::at_least_1;
use crate::gan_error::GanError;

/// What a finding leads to, besides a warning in the log.
#[derive(Config, Debug, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum WatchAction {
    /// Nothing else.
    Warn,
    /// The run ends.
    Stop,
    /// The run goes back to its last checkpoint, as [`Flow::RollBack`](crate::observe::Flow::RollBack) says.
    RollBack,
}

/// Configuration of [`Watch`].
///
/// The defaults raised no alarm in the healthy runs of `docs/reliability.md`. `None` switches a check off.
#[derive(Config, Debug)]
#[non_exhaustive]
pub struct WatchConfig {
    /// Steps in a window: every so many there is one look.
    #[config(default = 500)]
    pub window: usize,
    /// Saturation: the difference of the mean real and the mean generated logit that is too large, on average over
    /// the window.
    ///
    /// At logits of 7.5 and -7.5 the discriminator's cross-entropy is 1e-3: there is next to nothing left to learn.
    /// Logits of a Wasserstein critic have the data's scale: choose a threshold for them, or none.
    #[config(default = "Some(15.0)")]
    pub maximum_logit_gap: Option<f64>,
    /// Saturation, where logits are log-odds: the share of logits on the right side of 0 that has to be exceeded,
    /// too. In [0, 1]; `None` leaves the difference alone to decide.
    #[config(default = "Some(0.95)")]
    pub maximum_accuracy: Option<f64>,
    /// Stall: the movement over a window that is too little, of samples of fixed latents, in mean distances between
    /// two real samples.
    ///
    /// The running statistics of batch normalisation move without any learning: a generator that has it does not
    /// stand still by this measure.
    #[config(default = "Some(1e-4)")]
    pub minimum_movement: Option<f64>,
    /// Collapse: the mean distance between two generated samples that is too little, in that of two real ones.
    ///
    /// It finds samples that have become one or a few close ones, not the loss of some modes among many: for that
    /// there are metrics.
    #[config(default = "Some(0.3)")]
    pub minimum_diversity: Option<f64>,
    /// What a finding leads to.
    #[config(default = "WatchAction::Warn")]
    pub action: WatchAction,
    /// Seed of the feature space and of the latents.
    #[config(default = 0)]
    pub seed: u64,
}

impl WatchConfig {
    /// A watch that compares generated samples with these real ones, under the same conditions.
    ///
    /// Some 64 to 256 real samples are enough. They are measured once, in a fixed space of random features; every
    /// look generates as many.
    ///
    /// # Errors
    /// [`GanError::Config`] for a window of 0, a threshold that is negative or not finite, and for real
    /// samples that do not differ; [`GanError::Batch`] where they do not have one condition each.
    pub fn init<const D: usize, C: Condition>(
        &self,
        real_example: &Batch<D, C>,
    ) -> Result<Watch<D, C>, GanError> {
        at_least_1("window", self.window)?;
        for (field, threshold) in [
            ("maximum_logit_gap", self.maximum_logit_gap),
            ("maximum_accuracy", self.maximum_accuracy),
            ("minimum_movement", self.minimum_movement),
            ("minimum_diversity", self.minimum_diversity),
        ] {
            if let Some(value) = threshold
                && !(value >= 0.0 && value.is_finite())
            {
                let requirement = "must be finite and not negative";
                return Err(GanError::config(field, value, requirement));
            }
        }
        if real_example.len() < 2 {
            return Err(GanError::config(
                "real_example: samples",
                real_example.len(),
                "a distance needs at least 2",
            ));
        }
        check_condition(real_example.len(), &real_example.condition)?;
        let space = FeatureSpace::new(real_example.samples.clone(), self.seed)?;
        let spread = space.features(real_example.samples.clone())?.spread();
        if !(spread > 0.0 && spread.is_finite()) {
            let requirement = "the samples must differ and be finite";
            return Err(GanError::config(
                "real_example: spread",
                spread,
                requirement,
            ));
        }
        Ok(Watch {
            config: self.clone(),
            count: real_example.len(),
            condition: real_example.condition.clone(),
            space,
            spread,
            window: Window::default(),
            followed: None,
            measures: None,
            findings: Vec::new(),
        })
    }
}
