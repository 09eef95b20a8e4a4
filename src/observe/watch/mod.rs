//! [`Watch`]: finds the ways of going wrong that GANs are known for, and describes them in plain language.

mod config;
mod distances;
mod finding;

use std::path::{Path, PathBuf};

use burn::tensor::Tensor;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::adversarial::AdversarialTrainer;
use crate::batch::Condition;
use crate::errors::FileError;
use crate::feature::{FeatureError, FeatureExtractor, Features, RandomFeatures};
use crate::files::replace_file;
use crate::gan_error::GanError;
use crate::observe_error::ObserveError;
use crate::observer::{Flow, Observer, Plan};
use crate::report::StepReport;
use distances::{mean_movement, mean_pair_distance};

pub use config::{WatchAction, WatchConfig};
pub use finding::{Finding, FindingKind, Measures};

/// How many of the generated samples are followed from one window to the next; a checkpoint keeps their features.
const FOLLOWED: usize = 16;

/// Watches a run for a saturated discriminator, a stalled generator and a collapse of the modes.
///
/// It adds up what the steps report on the device and reads it once a window, together with one batch of generated
/// samples, whose latents are the same each time. Samples are compared in [`RandomFeatures`]. Findings go to the log as
/// warnings and to [`Watch::findings`].
///
/// ```
/// use burn_gan::{AdversarialTrainer, Batch, GanError, observe::{Watch, WatchConfig}};
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
    /// How many samples are generated for a measurement.
    count: usize,
    condition: C,
    space: RandomFeatures,
    /// The mean distance between two real samples.
    real_distance: f64,
    window: Window,
    /// The features of the followed samples at the beginning of the window.
    followed: Option<Features>,
    measures: Option<Measures>,
    findings: Vec<Finding>,
    /// Where the findings are written to.
    file: Option<PathBuf>,
}

/// Reads the findings that a [`Watch`] has written to its file.
///
/// # Errors
/// [`ObserveError::File`] where the file cannot be read, [`ObserveError::Findings`] where it is no list of findings.
pub fn read_findings(path: impl AsRef<Path>) -> Result<Vec<Finding>, ObserveError> {
    let path = path.as_ref();
    let text = std::fs::read_to_string(path).map_err(|error| FileError::new(path, error))?;
    serde_json::from_str(&text).map_err(|error| ObserveError::Findings {
        path: path.to_path_buf(),
        message: error.to_string(),
    })
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

/// What a checkpoint keeps.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Memory {
    first: usize,
    steps: usize,
    /// Sums over the window's steps so far.
    logit_gap: Option<f64>,
    accuracy: Option<f64>,
    /// One row of features a followed sample.
    followed: Option<Vec<Vec<f64>>>,
    findings: Vec<Finding>,
}

impl<const D: usize, C> Watch<D, C> {
    /// Keeps everything found so far in a file as well, a JSON list of [`Finding`]s, from the start of the run.
    pub fn with_file(mut self, path: impl AsRef<Path>) -> Self {
        self.file = Some(path.as_ref().to_path_buf());
        self
    }

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

    /// Brings the file up to date, where there is one.
    fn write(&self) -> Result<(), GanError> {
        let Some(path) = &self.file else {
            return Ok(());
        };
        let text = serde_json::to_string_pretty(&self.findings)
            .map_err(|error| GanError::state("watch", error))?;
        replace_file(path, |partial| {
            std::fs::write(partial, text + "\n").map_err(|error| GanError::io(partial, error))
        })
    }

    fn measures_samples(&self) -> bool {
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
            .map(|samples| mean_pair_distance(samples) / self.real_distance);
        let now = samples.map(first_rows).transpose()?;
        let movement = now
            .as_ref()
            .zip(self.followed.as_ref())
            .map(|(now, earlier)| mean_movement(now, earlier) / self.real_distance);
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
        self.write()?;
        Ok(match self.config.action {
            WatchAction::Warn => Flow::Continue,
            WatchAction::Stop => Flow::Stop,
            WatchAction::RollBack => Flow::RollBack,
        })
    }
}

impl<const D: usize, C: Condition> Watch<D, C> {
    /// The features of generated samples; `None` where they are not finite: to find that is the step's part.
    fn generated<T: AdversarialTrainer<D, C>>(
        &self,
        trainer: &T,
    ) -> Result<Option<Features>, GanError> {
        let samples = trainer.sample(self.count, self.config.seed, &self.condition)?;
        match self.space.extract(samples, self.count) {
            Ok(features) => Ok(Some(features)),
            Err(FeatureError::NonFinite { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// The features of the followed samples out of a checkpoint.
    fn recalled(&self, rows: &[Vec<f64>]) -> Result<Features, GanError> {
        let features =
            Features::from_rows(rows).map_err(|error| GanError::state("watch", error))?;
        if features.dimensions() != self.space.dimensions() {
            return Err(GanError::state("watch", "features of another space"));
        }
        Ok(features)
    }
}

impl Window {
    /// Adds a step's logits without waiting for the device.
    fn add(&mut self, report: &StepReport) {
        if self.steps == 0 {
            self.first = report.step;
        }
        self.steps += 1;
        // A sum of tracked tensors would keep the graph of every step alive.
        let real = report.logits_real().clone().without_autodiff();
        let fake = report.logits_fake().clone().without_autodiff();
        let gap = real.clone().mean() - fake.clone().mean();
        self.gap = Some(sum(self.gap.take(), gap));
        if report.logits_are_log_odds() {
            let right = |is_right: Tensor<1, burn::tensor::Bool>| is_right.float().mean();
            let accuracy = right(real.greater_scalar(0.0)) + right(fake.lower_scalar(0.0));
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

/// The features of the samples that are followed.
fn first_rows(features: Features) -> Result<Features, FeatureError> {
    let count = features.count().min(FOLLOWED);
    features.select(&(0..count).collect::<Vec<_>>())
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
        self.write()
    }

    fn observe(&mut self, report: &StepReport, trainer: &T) -> Result<Flow, GanError> {
        self.window.add(report);
        let is_whole = self.window.steps >= self.config.window;
        let due = is_whole || self.followed.is_none();
        let samples = if due && self.measures_samples() {
            self.generated(trainer)?
        } else {
            None
        };
        if is_whole {
            return self.close(report.step, samples);
        }
        if let Some(samples) = samples {
            self.followed = Some(first_rows(samples)?);
        }
        Ok(Flow::Continue)
    }

    fn memory(&mut self) -> Result<Value, GanError> {
        let value = |sum: &Option<Tensor<1>>| sum.clone().map(read).transpose();
        let rows = |features: &Features| features.rows().map(<[f64]>::to_vec).collect();
        serde_json::to_value(Memory {
            first: self.window.first,
            steps: self.window.steps,
            logit_gap: value(&self.window.gap)?,
            accuracy: value(&self.window.accuracy)?,
            followed: self.followed.as_ref().map(rows),
            findings: self.findings.clone(),
        })
        .map_err(|error| GanError::state("watch", error))
    }

    fn recall(&mut self, memory: &Value) -> Result<(), GanError> {
        let memory =
            Memory::deserialize(memory).map_err(|error| GanError::state("watch", error))?;
        let followed = memory
            .followed
            .map(|rows| self.recalled(&rows))
            .transpose()?;
        let device = self.space.device();
        let sum = |value: Option<f64>| value.map(|value| Tensor::from_data([value], device));
        self.window = Window {
            first: memory.first,
            // A sum that was not finite is null in JSON: the window begins anew.
            steps: memory.logit_gap.map_or(0, |_| memory.steps),
            gap: sum(memory.logit_gap),
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
