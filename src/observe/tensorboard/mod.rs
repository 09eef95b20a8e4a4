//! [`TensorBoard`]: a run in TensorBoard's event files.

mod events;

use std::fs::{File, OpenOptions, create_dir_all};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::Value as Json;

use super::evaluation::read_scores;
use super::grid_files::grid_file;
use crate::gan_error::GanError;
use crate::observer::{Flow, Interval, Observer, Plan};
use crate::report::{StepReport, StepValues};
use events::{Event, FILE_VERSION, Image, START, SessionLog, Summary, Value, record};

/// Writes the numbers of every so many steps, and of the last one, to an event file that TensorBoard shows
/// (`tensorboard --logdir FOLDER`), and what other observers have written since: scores and sample grids.
///
/// Steps are counted from 1, as in the names of sample grids. Numbers are `loss/discriminator`, `loss/generator`,
/// `loss/penalty`, `logit/real`, `logit/fake`, `probability/real`, `probability/fake`, `gradient_norm/discriminator` and
/// `gradient_norm/generator`, those that a step has; a term of an objective has its name in [`StepValues::terms`] with a `/`
/// in place of the first dot; a score is `score/` and its name. What is not finite is left out.
///
/// A process writes a file of its own, an event at a time: one that is killed leaves at most the last event torn, which
/// TensorBoard leaves out. Where a run is resumed, goes back to an earlier step or starts anew in the same folder,
/// TensorBoard forgets what older files say of the steps that follow.
///
/// It reads files that other observers write, and belongs behind them:
///
/// ```
/// use burn_gan::AdversarialTrainer;
/// use burn_gan::data::Source;
/// use burn_gan::observe::{SampleGrid, TensorBoard};
/// use burn_gan::run::Run;
///
/// fn watched<T: AdversarialTrainer<4>, S: Source<4>>(
///     run: Run<4, (), T, S>,
/// ) -> Result<Run<4, (), T, S>, burn_gan::GanError> {
///     let grids = SampleGrid::create("out/run", 500, 64)?;
///     let board = TensorBoard::new("out/run/tensorboard", 10).with_sample_grids("out/run");
///     Ok(run.observe(grids).observe(board))
/// }
/// ```
#[derive(Debug)]
pub struct TensorBoard {
    folder: PathBuf,
    interval: Interval,
    grids: Option<PathBuf>,
    scores: Option<PathBuf>,
    file: Option<OpenFile>,
    /// Steps whose grids and scores are written.
    grids_until: usize,
    scores_until: usize,
    /// Bytes of the scores' file when it was last read: it grows with every row.
    scores_length: u64,
}

/// The file of this process.
#[derive(Debug)]
struct OpenFile {
    path: PathBuf,
    file: File,
}

impl TensorBoard {
    /// A file in `folder`, which is created when the run starts, that gets the numbers of every `interval` steps.
    pub fn new(folder: impl AsRef<Path>, interval: usize) -> Self {
        Self {
            folder: folder.as_ref().to_path_buf(),
            interval: Interval::new(interval),
            grids: None,
            scores: None,
            file: None,
            grids_until: 0,
            scores_until: 0,
            scores_length: 0,
        }
    }

    /// Adds the pictures `step-000500.png` of a folder, as a `SampleGrid` writes them, as `samples`.
    pub fn with_sample_grids(mut self, folder: impl AsRef<Path>) -> Self {
        self.grids = Some(folder.as_ref().to_path_buf());
        self
    }

    /// Adds the scores in the file of an [`Evaluation`](super::Evaluation).
    pub fn with_scores(mut self, path: impl AsRef<Path>) -> Self {
        self.scores = Some(path.as_ref().to_path_buf());
        self
    }

    /// Opens a file of this process, and has TensorBoard forget the steps after the first `taken`.
    fn begin(&mut self, taken: usize) -> Result<(), GanError> {
        if self.file.is_none() {
            self.file = Some(OpenFile::create(&self.folder)?);
            self.write(Event {
                file_version: Some(FILE_VERSION.to_string()),
                ..Event::default()
            })?;
        }
        self.write(Event {
            step: taken as i64 + 1,
            session_log: Some(SessionLog { status: START }),
            ..Event::default()
        })?;
        (self.grids_until, self.scores_until) = (taken, taken);
        self.scores_length = 0;
        Ok(())
    }

    /// Writes the numbers of a step, and the scores until then.
    fn write_step(&mut self, values: &StepValues) -> Result<(), GanError> {
        let numbers = numbers(values).into_iter();
        let summary = numbers.filter_map(|(tag, number)| scalar(tag, number?));
        self.write_summary(values.step + 1, summary.collect())?;
        self.write_scores()
    }

    /// Writes the grid after so many steps, where there is one that is not written.
    fn write_grid(&mut self, steps: usize) -> Result<(), GanError> {
        let folder = self.grids.as_ref().filter(|_| steps > self.grids_until);
        let Some(folder) = folder else {
            return Ok(());
        };
        if let Some(picture) = picture(&grid_file(folder, steps))? {
            self.write_summary(steps, vec![picture])?;
            self.grids_until = steps;
        }
        Ok(())
    }

    /// Writes the scores that are new.
    fn write_scores(&mut self) -> Result<(), GanError> {
        let Some(path) = &self.scores else {
            return Ok(());
        };
        let length = match path.metadata() {
            Ok(metadata) => metadata.len(),
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(GanError::io(path, error)),
        };
        if length == self.scores_length {
            return Ok(());
        }
        let until = self.scores_until;
        let rows = read_scores(path)?.into_iter();
        for row in rows.filter(|row| row.step >= until) {
            let score = scalar(format!("score/{}", row.score), row.value as f32);
            self.write_summary(row.step + 1, score.into_iter().collect())?;
            self.scores_until = row.step + 1;
        }
        self.scores_length = length;
        Ok(())
    }

    /// Writes values of the `step`-th step, from 1.
    fn write_summary(&mut self, step: usize, value: Vec<Value>) -> Result<(), GanError> {
        if value.is_empty() {
            return Ok(());
        }
        // Without a start, which a run always calls.
        if self.file.is_none() {
            self.begin(step - 1)?;
        }
        self.write(Event {
            step: step as i64,
            summary: Some(Summary { value }),
            ..Event::default()
        })
    }

    /// Adds an event of now to the file.
    fn write(&mut self, mut event: Event) -> Result<(), GanError> {
        event.wall_time = since_1970().as_secs_f64();
        match &mut self.file {
            Some(OpenFile { path, file }) => file
                .write_all(&record(&event))
                .map_err(|error| GanError::io(&*path, error)),
            None => Ok(()),
        }
    }

    fn sync(&self) -> Result<(), GanError> {
        match &self.file {
            Some(OpenFile { path, file }) => {
                file.sync_data().map_err(|error| GanError::io(path, error))
            }
            None => Ok(()),
        }
    }
}

impl OpenFile {
    /// A file that is new: TensorBoard reads those of a folder in the order of their names.
    fn create(folder: &Path) -> Result<Self, GanError> {
        create_dir_all(folder).map_err(|error| GanError::io(folder, error))?;
        let seconds = since_1970().as_secs();
        let mut number = 0;
        loop {
            let name = format!("events.out.tfevents.{seconds:010}.{number:04}.burn-gan");
            let path = folder.join(name);
            match OpenOptions::new().append(true).create_new(true).open(&path) {
                Ok(file) => return Ok(Self { path, file }),
                // Another one of the same second.
                Err(error) if error.kind() == ErrorKind::AlreadyExists => number += 1,
                Err(error) => return Err(GanError::io(path, error)),
            }
        }
    }
}

fn since_1970() -> Duration {
    // A clock from before 1970 is none.
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
}

/// The numbers of a step under their names.
fn numbers(values: &StepValues) -> Vec<(String, Option<f32>)> {
    let fixed = [
        ("loss/discriminator", Some(values.loss_discriminator)),
        ("loss/generator", values.loss_generator),
        ("loss/penalty", values.penalty),
        ("probability/real", values.probability_real),
        ("probability/fake", values.probability_fake),
        ("logit/real", values.logit_real),
        ("logit/fake", values.logit_fake),
        (
            "gradient_norm/discriminator",
            values.gradient_norm_discriminator,
        ),
        ("gradient_norm/generator", values.gradient_norm_generator),
    ];
    let fixed = fixed.map(|(name, number)| (name.to_string(), number));
    let terms = values.terms.iter();
    let terms = terms.map(|(name, number)| (name.replacen('.', "/", 1), Some(*number)));
    fixed.into_iter().chain(terms).collect()
}

/// A number, where it is finite.
fn scalar(tag: String, number: f32) -> Option<Value> {
    number.is_finite().then_some(Value {
        tag,
        simple_value: Some(number),
        image: None,
    })
}

/// A PNG file as a value, where there is one.
fn picture(path: &Path) -> Result<Option<Value>, GanError> {
    let bytes = match std::fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(GanError::io(path, error)),
    };
    let side = |at: usize| {
        let side = bytes.get(at..at + 4)?.try_into().ok()?;
        i32::try_from(u32::from_be_bytes(side)).ok()
    };
    // The header is the first chunk of a PNG file: width and height are at the same place in all.
    let sides = bytes
        .starts_with(b"\x89PNG\r\n\x1a\n")
        .then(|| (side(16), side(20)));
    let Some((Some(width), Some(height))) = sides else {
        let error = std::io::Error::new(ErrorKind::InvalidData, "not a PNG file");
        return Err(GanError::io(path, error));
    };
    Ok(Some(Value {
        tag: "samples".to_string(),
        simple_value: None,
        image: Some(Image {
            height,
            width,
            colorspace: 3,
            encoded_image_string: bytes,
        }),
    }))
}

impl<T> Observer<T> for TensorBoard {
    fn start(&mut self, plan: Plan) -> Result<(), GanError> {
        self.interval.start()?;
        self.begin(plan.from)
    }

    fn observe(&mut self, report: &StepReport, _trainer: &T) -> Result<Flow, GanError> {
        if self.interval.is_due(report.step) {
            self.write_step(&report.read()?)?;
        }
        self.write_grid(report.step + 1)?;
        Ok(Flow::Continue)
    }

    fn finish(&mut self, last: Option<&StepReport>, _trainer: &T) -> Result<(), GanError> {
        if let Some(report) = self.interval.at_the_end(last) {
            self.write_step(&report.read()?)?;
        }
        if let Some(report) = last {
            self.write_grid(report.step + 1)?;
        }
        self.write_scores()?;
        self.sync()
    }

    /// Scores until a checkpoint belong to the steps that a resumed run does not take again.
    fn memory(&mut self) -> Result<Json, GanError> {
        self.write_scores()?;
        self.sync()?;
        Ok(Json::Null)
    }
}
