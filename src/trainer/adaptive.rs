//! [`AdaptiveProbability`]: the probability of an augmentation, which follows how far the discriminator overfits.

use burn::tensor::Tensor;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::finite::Sums;
use super::part::{Part, sealed};
use crate::augment::{AdaptiveStrengthConfig, LogitSign};
use crate::errors::DeviceError;
use crate::gan_error::GanError;
use crate::report::StepReport;
use crate::saved_state::SavedState;

/// The names of its numbers in reports, `augmentation.probability` and `augmentation.logit_sign`.
pub(super) const GROUP: &str = "augmentation";
pub(super) const PROBABILITY: &str = "probability";
const LOGIT_SIGN: &str = "logit_sign";

/// The probability, and what the steps since its last adjustment have found.
///
/// It takes no reading of its own where a step is checked: the mean sign is among the numbers of the report, which are read
/// once. Reports that nobody has read are read together when the next adjustment is due.
#[derive(Debug, Clone)]
pub(super) struct AdaptiveProbability {
    config: AdaptiveStrengthConfig,
    found: Found,
    /// The steps behind those of `found`, with their numbers of real images.
    unread: Vec<(StepReport, usize)>,
}

/// What is saved of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Found {
    probability: f64,
    /// Since the last adjustment: the mean sign of a step times its number of images, summed over the steps.
    signs: f64,
    images: usize,
    steps: usize,
}

impl AdaptiveProbability {
    pub fn new(config: AdaptiveStrengthConfig) -> Self {
        Self {
            config,
            found: Found::at(0.0),
            unread: Vec::new(),
        }
    }

    /// The probability of the next step; adjusted first, where that is due.
    pub fn next(&mut self) -> Result<f64, DeviceError> {
        if self.found.steps + self.unread.len() >= self.config.interval {
            self.read()?;
            let Found {
                probability,
                signs,
                images,
                ..
            } = self.found;
            let r_t = signs / images as f64;
            self.found = Found::at(self.config.adjusted(probability, r_t, images));
        }
        Ok(self.found.probability)
    }

    /// A report with the mean sign of its logits.
    pub fn report(&self, report: StepReport) -> StepReport {
        let real = report.logits_real().clone();
        let logits = match self.config.sign {
            LogitSign::Relative => real - report.logits_fake().clone(),
            LogitSign::Real => real,
        };
        report.with_number(GROUP, LOGIT_SIGN, logits.sign().mean())
    }

    /// Takes in a step on this many real images.
    pub fn take_in(&mut self, report: &StepReport, images: usize) {
        self.unread.push((report.clone(), images));
    }

    /// Brings what is still on the device to the host.
    fn read(&mut self) -> Result<(), DeviceError> {
        let reports: Vec<&StepReport> = self.unread.iter().map(|(report, _)| report).collect();
        let (values, _) = StepReport::read_together(&reports, Vec::<Tensor<1>>::new())?;
        let name = format!("{GROUP}.{LOGIT_SIGN}");
        for (values, (_, images)) in values.iter().zip(&self.unread) {
            let sign = values.terms.get(&name).copied().unwrap_or(f32::NAN);
            self.found.signs += f64::from(sign) * *images as f64;
            self.found.images += images;
            self.found.steps += 1;
        }
        self.unread.clear();
        Ok(())
    }
}

impl Found {
    fn at(probability: f64) -> Self {
        Self {
            probability,
            signs: 0.0,
            images: 0,
            steps: 0,
        }
    }

    fn is_possible(&self) -> bool {
        (0.0..=1.0).contains(&self.probability) && self.signs.abs() <= self.images as f64
    }
}

impl Part for AdaptiveProbability {}

impl sealed::Part for AdaptiveProbability {
    fn fork(&mut self) {}

    fn describe(&self) -> Value {
        // Its settings are in the configuration.
        Value::Null
    }

    fn save(&self, name: &str, _state: &mut SavedState) -> Result<Value, GanError> {
        let mut read = self.clone();
        read.read()?;
        serde_json::to_value(read.found).map_err(|error| GanError::state(name, error))
    }

    fn load(&mut self, name: &str, numbers: &Value, _state: &SavedState) -> Result<(), GanError> {
        let found = Found::deserialize(numbers).map_err(|error| GanError::state(name, error))?;
        if !found.is_possible() {
            let message = format!("no probability and signs: {}", json!(found));
            return Err(GanError::state(name, message));
        }
        self.found = found;
        self.unread.clear();
        Ok(())
    }

    fn sums(&self) -> Sums {
        Sums::none()
    }
}
