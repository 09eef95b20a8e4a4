//! [`Evaluation`]: scores of the generator over a run.

use std::fs::File;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::errors::FileError;
use crate::files::replace_file;
use crate::gan_error::GanError;
use crate::observe_error::ObserveError;
use crate::observer::{Flow, Interval, Observer, Plan};
use crate::report::StepReport;
use crate::score::Score;

/// One score of one evaluation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Evaluated {
    /// The step, counted from 0, after which the generator was evaluated.
    pub step: usize,
    /// The score's name.
    pub score: String,
    /// How many samples it was taken of: most metrics are biased by that number.
    pub samples: usize,
    /// The score; an infinity is text in JSON.
    #[serde(with = "crate::number")]
    pub value: f64,
}

/// Takes scores of the generator every so many steps, and after the last one, and writes them to a CSV file with
/// the columns `step`, `score`, `samples`, `value`.
///
/// Trainers draw samples from the moving average where there is one, so that is what is scored. The file is
/// replaced as a whole each time and at the start of a run. A resumed or rolled back run goes on from the rows of its
/// checkpoint, and a run of a trainer that has steps behind it from those of the file.
/// [`PersistentRun::keep_best`](crate::run::PersistentRun::keep_best) keeps the best checkpoint by a score. A conditional
/// generator is scored under the data's mix of classes: see "Samples of classes" of [`Score`].
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
    interval: Interval,
    scores: Vec<(usize, Score<'a, T>)>,
    rows: Vec<Evaluated>,
    /// Whether the rows so far are known: those of this observer's own, or of a checkpoint.
    has_rows: bool,
}

impl<'a, T> Evaluation<'a, T> {
    /// An evaluation every `interval` steps, written to `path`; without scores until they are added.
    pub fn new(path: impl AsRef<Path>, interval: usize) -> Self {
        Self {
            path: path.as_ref().to_path_buf(),
            interval: Interval::new(interval),
            scores: Vec::new(),
            rows: Vec::new(),
            has_rows: false,
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

    fn evaluate(&mut self, step: usize, trainer: &T) -> Result<(), GanError> {
        let evaluate = |(samples, score): &mut (usize, Score<'a, T>)| {
            Ok(Evaluated {
                step,
                score: score.name().to_string(),
                samples: *samples,
                value: score.value(trainer)?,
            })
        };
        let rows = self.scores.iter_mut().map(evaluate);
        let rows = rows.collect::<Result<Vec<_>, GanError>>()?;
        // A step that is taken anew is evaluated anew.
        self.rows.retain(|row| row.step < step);
        self.rows.extend(rows);
        self.write()
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
/// [`ObserveError::File`] where the file cannot be read, [`ObserveError::History`] for a line that is no score.
pub fn read_scores(path: impl AsRef<Path>) -> Result<Vec<Evaluated>, ObserveError> {
    let path = path.as_ref();
    let file = File::open(path).map_err(|error| FileError::new(path, error))?;
    let mut rows = Vec::new();
    for row in csv::Reader::from_reader(file).into_deserialize() {
        match row {
            Ok(row) => rows.push(row),
            Err(error) if error.is_io_error() => {
                return Err(FileError::new(path, error.into()).into());
            }
            Err(error) => {
                return Err(ObserveError::History {
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
    /// With the file's name, so that there may be several.
    fn name(&self) -> String {
        let file = self.path.file_name().unwrap_or_default();
        format!("Evaluation {}", file.to_string_lossy())
    }

    fn start(&mut self, plan: Plan) -> Result<(), GanError> {
        self.interval.start()?;
        if plan.from > 0 && !self.has_rows && self.path.exists() {
            self.rows = read_scores(&self.path)?;
        }
        self.has_rows = true;
        self.rows.retain(|row| row.step < plan.from);
        // A file of an earlier run must not be taken for this one's.
        self.write()
    }

    fn observe(&mut self, report: &StepReport, trainer: &T) -> Result<Flow, GanError> {
        if self.interval.is_due(report.step) {
            self.evaluate(report.step, trainer)?;
        }
        Ok(Flow::Continue)
    }

    fn finish(&mut self, last: Option<&StepReport>, trainer: &T) -> Result<(), GanError> {
        match self.interval.at_the_end(last) {
            Some(report) => self.evaluate(report.step, trainer),
            None => Ok(()),
        }
    }

    fn memory(&mut self) -> Result<Value, GanError> {
        serde_json::to_value(&self.rows).map_err(|error| GanError::state("evaluation", error))
    }

    fn recall(&mut self, memory: &Value) -> Result<(), GanError> {
        self.rows =
            Vec::deserialize(memory).map_err(|error| GanError::state("evaluation", error))?;
        self.has_rows = true;
        Ok(())
    }
}
