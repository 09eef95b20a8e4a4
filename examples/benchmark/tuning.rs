//! The 28x28 digits with settings from files: what a recipe was chosen by.

use std::path::{Path, PathBuf};

use burn_gan::GanError;
use serde::Deserialize;

use crate::common::digits::Settings;
use crate::digit_scores::{COLUMNS, DigitScores, PROTOCOL};
use crate::digits28;
use crate::image_runs::{case, train};
use crate::records;
use crate::suite::{Case, Column, Job, Reference, Scores, Suite};

const NAME: &str = "tuning";

pub struct Tuning(Vec<Tried>);

/// The part of a run's file that says what to run.
#[derive(Deserialize, Clone)]
struct Tried {
    recipe: String,
    steps: usize,
    settings: Settings,
}

impl Tuning {
    /// From these files, or from those of docs/runs.
    pub fn load(files: &[PathBuf]) -> Result<Self, GanError> {
        let recorded = if files.is_empty() {
            records::of_suite(NAME)?
        } else {
            files.to_vec()
        };
        let mut tried: Vec<Tried> = Vec::new();
        for path in &recorded {
            let next = Tried::load(path)?;
            if tried.iter().all(|other| other.recipe != next.recipe) {
                tried.push(next);
            }
        }
        Ok(Self(tried))
    }
}

impl Tried {
    fn load(path: &Path) -> Result<Self, GanError> {
        let text = std::fs::read_to_string(path).map_err(|error| GanError::io(path, error))?;
        serde_json::from_str(&text).map_err(|error| {
            GanError::user(format!("{}: no run of digits: {error}", path.display()))
        })
    }
}

impl Suite for Tuning {
    fn name(&self) -> &'static str {
        NAME
    }

    fn protocol(&self) -> &'static str {
        PROTOCOL
    }

    fn columns(&self, _data: &str) -> &'static [Column] {
        &COLUMNS
    }

    fn cases(&self, steps: Option<usize>) -> Vec<Case> {
        let of_file = |tried: &Tried| {
            case(
                digits28::DATA,
                &tried.recipe,
                &tried.recipe,
                &tried.settings,
                steps.unwrap_or(tried.steps),
            )
        };
        self.0.iter().map(of_file).collect()
    }

    fn references(&self, _data: &str) -> Result<Vec<Reference>, GanError> {
        digits28::references()
    }

    fn one_thread_each(&self) -> bool {
        true
    }

    fn run(&self, job: &Job) -> Result<(f64, Scores), GanError> {
        train(&DigitScores::new(&job.device)?, job)
    }
}
