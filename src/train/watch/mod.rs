//! [`Watch`]: says in plain language when a run goes wrong in one of the ways that GANs are known for.

mod features;
mod finding;

use burn::config::Config;
use burn::tensor::Tensor;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::observer::{Flow, Observer, Plan};
use crate::contract::{AdversarialTrainer, Batch, Condition, StepReport, check_condition};
use crate::error::{GanError, at_least_1};
use features::{FeatureSpace, Features};

pub use finding::{Finding, FindingKind, Measures};

/// Fixed samples whose movement is followed: all that a checkpoint has to remember of the last look.
const FOLLOWED: usize = 16;

/// What a finding leads to, besides a warning in the log.
#[derive(Config, Debug, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum WatchAction {
    /// Nothing else.
    Warn,
    /// The run ends.
    Stop,
    /// The run goes back to its last checkpoint, as [`Flow::RollBack`] says.
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
    /// At a difference of 15 the cross-entropy losses of both networks differ from their limits by less than 1e-3.
    /// Logits of a Wasserstein critic have the data's scale: choose a threshold for them, or none.
    #[config(default = "Some(15.0)")]
    pub maximum_logit_gap: Option<f64>,
    /// Saturation, where logits are log-odds: the share of logits on the right side of 0 that has to be exceeded,
    /// too. In [0, 1]; `None` leaves the difference alone to decide.
    #[config(default = "Some(0.95)")]
    pub maximum_accuracy: Option<f64>,
    /// Stall: the movement over a window that is too little, of samples of fixed latents, in mean distances between
    /// two real samples.
    #[config(default = "Some(1e-4)")]
    pub minimum_movement: Option<f64>,
    /// Collapse: the mean distance between two generated samples that is too little, in that of two real ones.
    ///
    /// It finds samples that have become one or a few close ones, not the loss of some modes among many: for that
    /// there are metrics.
    #[config(default = "Some(0.2)")]
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
    /// [`GanError::InvalidConfig`] for a window of 0, a threshold that is negative or not finite, and for real
    /// samples that do not differ; [`GanError::ConditionLength`] where they do not have one condition each.
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

/// Watches a run for a saturated discriminator, a stalled generator and a collapse of the modes.
///
/// It adds up what the steps report on the device and reads it once a window, together with one batch of generated
/// samples of latents that are the same each time. Findings go to the log as warnings and to
/// [`Watch::findings`].
///
/// ```
/// use burn_gan::{AdversarialTrainer, Batch, GanError, train::{Watch, WatchConfig}};
///
/// fn watch(real: &Batch<4>) -> Result<Watch<4>, GanError> {
///     WatchConfig::new().with_window(200).init(real)
/// }
/// # use burn::tensor::{Device, Distribution, Tensor};
/// # let noise = Tensor::random([8, 1, 4, 4], Distribution::Default, &Device::flex());
/// # assert!(watch(&Batch::new(noise))?.findings().is_empty());
/// # Ok::<(), GanError>(())
/// ```
#[derive(Debug)]
pub struct Watch<const D: usize, C = ()> {
    config: WatchConfig,
    /// How many samples a look generates.
    count: usize,
    condition: C,
    space: FeatureSpace,
    /// The mean distance between two real samples.
    spread: f64,
    window: Window,
    /// The followed samples at the beginning of the window.
    followed: Option<Features>,
    measures: Option<Measures>,
    findings: Vec<Finding>,
}

/// The sums of a window so far, on the device.
#[derive(Debug, Default)]
struct Window {
    first: usize,
    steps: usize,
    gap: Option<Tensor<1>>,
    /// Sum of shares; `None` where logits are no log-odds.
    accuracy: Option<Tensor<1>>,
}

/// What a checkpoint keeps. Floats are kept as their bits: JSON's reader may be off by the last one.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Memory {
    first: usize,
    steps: usize,
    gap: Option<u64>,
    accuracy: Option<u64>,
    followed: Option<Vec<u32>>,
    findings: Vec<Finding>,
}

impl<const D: usize, C> Watch<D, C> {
    /// Everything found so far, in order.
    ///
    /// Going back to a checkpoint keeps what was found after it; a resumed run brings what the run before it
    /// had found until then.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// The numbers of the last whole window; `None` before there is one.
    pub fn measures(&self) -> Option<Measures> {
        self.measures
    }

    fn looks_at_samples(&self) -> bool {
        self.config.minimum_movement.is_some() || self.config.minimum_diversity.is_some()
    }

    /// Closes the window: its numbers, and what is wrong by them.
    fn close(&mut self, last: usize, samples: Option<Features>) -> Result<Flow, GanError> {
        let window = std::mem::take(&mut self.window);
        let mean = |sum: Option<Tensor<1>>| -> Result<Option<f64>, GanError> {
            let sum = sum.map(read).transpose()?;
            Ok(sum.map(|sum| sum / window.steps.max(1) as f64))
        };
        let diversity = samples
            .as_ref()
            .map(|samples| samples.spread() / self.spread);
        let now = samples.map(|samples| samples.first(FOLLOWED));
        let movement = now
            .as_ref()
            .zip(self.followed.as_ref())
            .map(|(now, earlier)| now.movement(earlier) / self.spread);
        let measures = Measures {
            first: window.first,
            last,
            logit_gap: mean(window.gap)?.unwrap_or(0.0),
            accuracy: mean(window.accuracy)?,
            movement,
            diversity,
        };
        self.followed = now;
        self.measures = Some(measures);
        let findings = measures.findings(&self.config);
        if findings.is_empty() {
            return Ok(Flow::Continue);
        }
        findings.iter().for_each(|finding| log::warn!("{finding}"));
        self.findings.extend(findings);
        Ok(match self.config.action {
            WatchAction::Warn => Flow::Continue,
            WatchAction::Stop => Flow::Stop,
            WatchAction::RollBack => Flow::RollBack,
        })
    }
}

impl Window {
    /// Adds a step's logits without waiting for the device.
    fn add(&mut self, report: &StepReport) {
        if self.steps == 0 {
            self.first = report.step;
        }
        self.steps += 1;
        let (real, fake) = (&report.logits_real, &report.logits_fake);
        let gap = real.clone().mean() - fake.clone().mean();
        self.gap = Some(sum(self.gap.take(), gap));
        if report.logits_are_log_odds {
            let right = |is_right: Tensor<1, burn::tensor::Bool>| is_right.float().mean();
            let accuracy =
                right(real.clone().greater_scalar(0.0)) + right(fake.clone().lower_scalar(0.0));
            self.accuracy = Some(sum(self.accuracy.take(), accuracy * 0.5));
        }
    }
}

/// Adds to a sum, which a resumed run may have put on another device.
fn sum(sum: Option<Tensor<1>>, value: Tensor<1>) -> Tensor<1> {
    match sum {
        Some(sum) => sum.to_device(&value.device()) + value,
        None => value,
    }
}

fn read(sum: Tensor<1>) -> Result<f64, GanError> {
    sum.try_into_scalar::<f64>().map_err(GanError::device)
}

impl<const D: usize, C, T> Observer<T> for Watch<D, C>
where
    C: Condition,
    T: AdversarialTrainer<D, C>,
{
    fn start(&mut self, plan: Plan) -> Result<(), GanError> {
        if plan.from == 0 {
            self.window = Window::default();
            self.followed = None;
            self.measures = None;
        }
        Ok(())
    }

    fn observe(&mut self, report: &StepReport, trainer: &T) -> Result<Flow, GanError> {
        self.window.add(report);
        let is_whole = self.window.steps >= self.config.window;
        let looks = self.looks_at_samples() && (is_whole || self.followed.is_none());
        let samples = match looks {
            true => {
                let samples = trainer.sample(self.count, self.config.seed, &self.condition)?;
                Some(self.space.features(samples)?)
            }
            false => None,
        };
        if is_whole {
            return self.close(report.step, samples);
        }
        if let Some(samples) = samples {
            self.followed = Some(samples.first(FOLLOWED));
        }
        Ok(Flow::Continue)
    }

    fn memory(&mut self) -> Result<Value, GanError> {
        let bits = |sum: &Option<Tensor<1>>| -> Result<Option<u64>, GanError> {
            let value = sum.clone().map(read).transpose()?;
            Ok(value.map(f64::to_bits))
        };
        serde_json::to_value(Memory {
            first: self.window.first,
            steps: self.window.steps,
            gap: bits(&self.window.gap)?,
            accuracy: bits(&self.window.accuracy)?,
            followed: self.followed.as_ref().map(Features::bits),
            findings: self.findings.clone(),
        })
        .map_err(|error| GanError::state("watch", error))
    }

    fn recall(&mut self, memory: &Value) -> Result<(), GanError> {
        let memory =
            Memory::deserialize(memory).map_err(|error| GanError::state("watch", error))?;
        let followed = memory
            .followed
            .map(|bits| {
                Features::from_bits(&bits)
                    .ok_or_else(|| GanError::state("watch", "features that are no whole rows"))
            })
            .transpose()?;
        let device = self.space.device();
        let sum =
            |bits: Option<u64>| bits.map(|bits| Tensor::from_data([f64::from_bits(bits)], device));
        self.window = Window {
            first: memory.first,
            steps: memory.steps,
            gap: sum(memory.gap),
            accuracy: sum(memory.accuracy),
        };
        self.followed = followed;
        // A checkpoint of this run knows no more than the run does.
        if memory.findings.len() > self.findings.len() {
            self.findings = memory.findings;
        }
        Ok(())
    }
}
