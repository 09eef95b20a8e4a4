//! [`Evaluation`]: scores of the generator over a run.

use std::fs::File;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::files::replace_file;
use crate::gan_error::GanError;
use crate::observer::{Flow, Observer, Plan};
use crate::report::StepReport;
use crate::score::Score;

/// One score of one look.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Evaluated {
    /// The step, counted from 0, after which the generator was looked at.
    pub step: usize,
    /// The score's name.
    pub score: String,
    /// How many samples it was taken of: most metrics are biased by that number.
    pub samples: usize,
    /// The score, as text in files, which keeps every bit.
    #[serde(with = "crate::exact")]
    pub value: f64,
}

/// Takes scores of the generator every so many steps, and after the last one, and writes them to a CSV file with
/// the columns `step`, `score`, `samples`, `value`.
///
/// Trainers draw samples from the moving average where there is one, so that is what is scored. The file is
/// replaced as a whole each time and at the start of a run, and a resumed or rolled back run goes on from the rows
/// of its checkpoint. [`Run::keep_best`](crate::run::Run::keep_best) keeps the best checkpoint by a score.
///
/// ```
/// use burn_gan::observe::{Evaluation, Score};
/// use burn_gan::AdversarialTrainer;
///
/// fn evaluation<'a, T: AdversarialTrainer<2>>(path: &str) -> Evaluation<'a, T> {
///     let bias = |trainer: &T| {
///         let mean = trainer.sample(256, 0, &())?.mean().abs();
///         mean.try_into_scalar::<f64>().map_err(burn_gan::GanError::user)
///     };
///     Evaluation::new(path, 500).with_score(256, Score::lowest("bias", bias))
/// }
/// ```
#[derive(Debug)]
pub struct Evaluation<'a, T> {
    path: PathBuf,
    interval: usize,
    scores: Vec<(usize, Score<'a, T>)>,
    plan: Plan,
    rows: Vec<Evaluated>,
}

impl<'a, T> Evaluation<'a, T> {
    /// A look every `interval` steps, written to `path`; without scores until they are added.
    pub fn new(path: impl AsRef<Path>, interval: usize) -> Self {
        Self {
            path: path.as_ref().to_path_buf(),
            interval,
            scores: Vec::new(),
            plan: Plan::new(0, 0),
            rows: Vec::new(),
        }
    }

    /// Adds a score, which is taken of so many samples.
    pub fn with_score(mut self, samples: usize, score: Score<'a, T>) -> Self {
        self.scores.push((samples, score));
        self
    }

    /// All scores so far, in the order of the steps.
    pub fn rows(&self) -> &[Evaluated] {
        &self.rows
    }

    fn write(&self) -> Result<(), GanError> {
        replace_file(&self.path, |partial| {
            let io = |error: csv::Error| GanError::io(partial, error.into());
            let mut writer = csv::Writer::from_path(partial).map_err(io)?;
            for row in &self.rows {
                writer.serialize(row).map_err(io)?;
            }
            writer.flush().map_err(|error| GanError::io(partial, error))
        })
    }
}

/// Reads the scores that an [`Evaluation`] has written.
///
/// # Errors
/// [`GanError::File`] where the file cannot be read, [`GanError::History`] for a line that is no score.
pub fn read_scores(path: impl AsRef<Path>) -> Result<Vec<Evaluated>, GanError> {
    let path = path.as_ref();
    let file = File::open(path).map_err(|error| GanError::io(path, error))?;
    let mut rows = Vec::new();
    for row in csv::Reader::from_reader(file).into_deserialize() {
        match row {
            Ok(row) => rows.push(row),
            Err(error) if error.is_io_error() => return Err(GanError::io(path, error.into())),
            Err(error) => {
                return Err(GanError::History {
                    path: path.to_path_buf(),
                    // Behind the header, where the reader does not say: it counts the lines of whole rows.
                    line: error
                        .position()
                        .map_or(rows.len() + 2, |place| place.line() as usize),
                    message: error.to_string(),
                });
            }
        }
    }
    Ok(rows)
}

impl<T> Observer<T> for Evaluation<'_, T> {
    fn start(&mut self, plan: Plan) -> Result<(), GanError> {
        self.plan = plan;
        self.rows.retain(|row| row.step < plan.from);
        // A file of an earlier run must not be taken for this one's.
        self.write()
    }

    fn observe(&mut self, report: &StepReport, trainer: &T) -> Result<Flow, GanError> {
        if !self.plan.is_due(report.step, self.interval) {
            return Ok(Flow::Continue);
        }
        for (samples, score) in &mut self.scores {
            let value = score.value(trainer)?;
            self.rows.push(Evaluated {
                step: report.step,
                score: score.name().to_string(),
                samples: *samples,
                value,
            });
        }
        self.write()?;
        Ok(Flow::Continue)
    }

    fn memory(&mut self) -> Result<Value, GanError> {
        serde_json::to_value(&self.rows).map_err(|error| GanError::state("evaluation", error))
    }

    fn recall(&mut self, memory: &Value) -> Result<(), GanError> {
        self.rows =
            Vec::deserialize(memory).map_err(|error| GanError::state("evaluation", error))?;
        Ok(())
    }
}
