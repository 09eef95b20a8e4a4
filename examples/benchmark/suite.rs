//! What a suite is: recipes on data sets, each trained with several seeds and scored in one way.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use burn::tensor::Device;
use burn_gan::GanError;
use burn_gan::trainer::GanTrainerConfig;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Scores of a run by name.
pub type Scores = BTreeMap<String, f64>;

/// A recipe on a data set: one row of a table.
pub struct Case {
    pub data: &'static str,
    pub recipe: String,
    /// The recipe as the table calls it.
    pub label: String,
    /// How many seeds it is run with, unless the command line says another number.
    pub seeds: usize,
    pub steps: usize,
    /// Everything else that decides a run, for the last line of output and to know finished runs by.
    pub settings: Value,
    /// The settings in a few words.
    pub summary: String,
}

/// A run to make.
pub struct Job {
    pub case: Case,
    pub seed: u64,
    /// Without autodiff.
    pub device: Device,
    /// As on the command line.
    pub device_name: &'static str,
    /// For what it writes; exists.
    pub folder: PathBuf,
}

/// A finished run, or one that failed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Run {
    pub data: String,
    pub recipe: String,
    pub seed: u64,
    pub steps: usize,
    pub settings: Value,
    pub device: String,
    /// Which build of this program made it.
    pub program: String,
    /// The commit of its checkout, with `-dirty` where files were changed.
    #[serde(default)]
    pub commit: String,
    /// Whether the machine had something else to do, so that the seconds say little.
    #[serde(default)]
    pub beside_other_work: bool,
    /// Of training, with the evaluations during it and without the scores after it.
    pub seconds: f64,
    pub scores: Scores,
    /// Why there are no scores.
    pub failure: Option<String>,
}

/// A score's column in a table.
pub struct Column {
    pub score: &'static str,
    pub title: &'static str,
    pub decimals: usize,
    /// What values are multiplied by, 100 for a percentage.
    pub scale: f64,
}

impl Column {
    pub const fn new(score: &'static str, title: &'static str, decimals: usize) -> Self {
        Self {
            score,
            title,
            decimals,
            scale: 1.0,
        }
    }

    pub const fn scaled(self, scale: f64) -> Self {
        Self { scale, ..self }
    }

    /// A score as the column shows it.
    pub fn cell(&self, value: f64) -> String {
        format!("{:.*}", self.decimals, value * self.scale)
    }
}

/// A row that somebody else has measured, or that needs no training.
pub struct Reference {
    pub label: String,
    /// One cell a column, as text; empty where there is no figure.
    pub cells: Vec<String>,
}

impl Reference {
    /// A row of scores that this program has taken itself.
    pub fn of(label: &str, columns: &[Column], scores: &Scores) -> Self {
        let cells = columns.iter().map(|column| {
            let value = scores.get(column.score);
            value.map_or_else(String::new, |value| column.cell(*value))
        });
        Self {
            label: label.to_string(),
            cells: cells.collect(),
        }
    }
}

/// A protocol and the recipes that are measured by it.
pub trait Suite {
    fn name(&self) -> &'static str;

    /// What is measured and how, as Markdown.
    fn protocol(&self) -> &'static str;

    /// The columns of a data set's table.
    fn columns(&self, data: &str) -> &'static [Column];

    /// All cases, with other steps than their own where given.
    fn cases(&self, steps: Option<usize>) -> Vec<Case>;

    /// What a case needs that is not there, where it needs anything.
    fn missing(&self, _case: &Case) -> Option<&'static str> {
        None
    }

    /// Rows to stand beside those of a data set.
    fn references(&self, data: &str) -> Result<Vec<Reference>, GanError>;

    /// Whether runs are small enough to go side by side, one thread each.
    fn one_thread_each(&self) -> bool;

    /// Trains and scores: the seconds of training and the scores.
    fn run(&self, job: &Job) -> Result<(f64, Scores), GanError>;

    /// Draws what the runs have left in their folders below `folder`.
    fn plot(&self, _runs: &[Run], _folder: &Path) -> Result<(), GanError> {
        Ok(())
    }
}

/// Scores by name.
pub fn scores<const N: usize>(scores: [(&str, f64); N]) -> Scores {
    scores.map(|(name, value)| (name.to_string(), value)).into()
}

/// A trainer's settings in a few words.
pub fn summary(trainer: &GanTrainerConfig, steps: usize, batch_size: usize) -> String {
    let penalties: Vec<String> = trainer
        .penalties
        .iter()
        .map(|penalty| format!("{penalty:?}"))
        .collect();
    let penalties = if penalties.is_empty() {
        "no penalty".to_string()
    } else {
        penalties.join(" and ")
    };
    format!(
        "{:?} loss, {penalties}; {steps} steps of {batch_size}, the generator's every {}; learning rates {} and {} \
         (discriminator)",
        trainer.loss,
        trainer.critic_steps,
        trainer.generator_learning_rate,
        trainer.discriminator_learning_rate,
    )
}

/// The folder of a run below that of its suite.
pub fn run_folder(folder: &Path, data: &str, recipe: &str, seed: u64) -> PathBuf {
    folder.join(format!("{data}-{recipe}-{seed}"))
}

/// Where a run writes its scores over the steps, in its folder.
pub fn scores_file(folder: &Path) -> PathBuf {
    folder.join("scores.csv")
}
