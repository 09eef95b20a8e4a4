//! [`Settings`]: everything that a run depends on, as run.json has it.

use std::path::Path;

use burn_gan::trainer::GanTrainerConfig;
use burn_gan::{GanError, GeneratorConfig};
use serde::{Deserialize, Serialize};

use crate::data::DataSettings;
use crate::recipe::Recipe;

/// A run that can be repeated: nothing in it is measured again.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Settings {
    pub data: DataSettings,
    pub recipe: Recipe,
    /// What was chosen for the run, and why.
    pub choices: Vec<String>,
    pub networks: GeneratorConfig,
    pub trainer: GanTrainerConfig,
    pub batch_size: usize,
    pub steps: usize,
    /// The minutes that the steps were to take, where there was a limit.
    pub minutes: Option<f64>,
    /// Samples that are held out to judge by; 0 where there are too few.
    pub held_out: usize,
    /// Steps from one sample grid to the next.
    pub grid_every: usize,
    /// Steps from one measurement of the Frechet distance to the next.
    pub score_every: usize,
    pub seed: u64,
}

impl Settings {
    pub fn load(path: &Path) -> Result<Self, GanError> {
        let text = std::fs::read_to_string(path).map_err(|error| GanError::io(path, error))?;
        serde_json::from_str(&text).map_err(|error| {
            GanError::user(format!("{}: no settings of a run: {error}", path.display()))
        })
    }

    pub fn save(&self, path: &Path) -> Result<(), GanError> {
        let text = serde_json::to_string_pretty(self).map_err(GanError::user)?;
        std::fs::write(path, text + "\n").map_err(|error| GanError::io(path, error))
    }
}
