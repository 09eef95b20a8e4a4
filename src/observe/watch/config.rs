//! [`WatchConfig`]: what a watch measures, and which values are a finding.

use burn::config::Config;

use super::distances::mean_pair_distance;
use super::{Watch, Window};
use crate::batch::{Batch, Condition, check_condition};
use crate::errors::at_least_1;
use crate::feature::{FeatureExtractor, RandomFeaturesConfig};
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
/// The defaults raised no alarm in the healthy runs of the page [Reliability](crate::guide::reliability). `None`
/// switches a check off.
#[derive(Config, Debug)]
#[non_exhaustive]
pub struct WatchConfig {
    /// Number of steps in a window; the measurements are of whole windows.
    #[config(default = 500)]
    pub window: usize,
    /// Saturation is found where the mean logit of real minus that of generated samples, averaged over the window's
    /// steps, is above this threshold.
    ///
    /// At logits of 7.5 and -7.5 the discriminator's cross-entropy is 1e-3: there is next to nothing left to learn.
    /// Logits of a Wasserstein critic have the data's scale: choose a threshold for them, or none.
    #[config(default = "Some(15.0)")]
    pub maximum_logit_gap: Option<f64>,
    /// Where logits are log-odds, saturation is found only if, besides, the share of logits on the right side of 0
    /// (real above, generated below) is above this threshold. In [0, 1]; `None` leaves the difference alone to decide.
    #[config(default = "Some(0.95)")]
    pub maximum_accuracy: Option<f64>,
    /// A stall is found where samples of fixed latents move by less than this over a window, in units of the mean
    /// distance between two real samples.
    ///
    /// The running statistics of batch normalisation move without any learning: a generator that has it does not
    /// stand still by this measure.
    #[config(default = "Some(1e-4)")]
    pub minimum_movement: Option<f64>,
    /// A collapse is found where the mean distance between two generated samples is below this, in units of that
    /// between two real ones.
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
    /// Some 64 to 256 real samples are enough. They are measured once, in
    /// [`RandomFeatures`](crate::feature::RandomFeatures); each measurement generates as many.
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
        let samples = real_example.samples.clone();
        let space = RandomFeaturesConfig::new()
            .with_seed(self.seed)
            .init(samples.clone())?;
        let features = space.extract(samples, real_example.len())?;
        let real_distance = mean_pair_distance(&features);
        if !(real_distance > 0.0 && real_distance.is_finite()) {
            let requirement = "the samples must differ and be finite";
            return Err(GanError::config(
                "real_example: mean distance",
                real_distance,
                requirement,
            ));
        }
        Ok(Watch {
            config: self.clone(),
            count: real_example.len(),
            condition: real_example.condition.clone(),
            space,
            real_distance,
            window: Window::default(),
            followed: None,
            measures: None,
            findings: Vec::new(),
            file: None,
        })
    }
}
