//! [`History`]: the numbers of a run as a file that survives the run's end, however it ends.

mod rows;

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use serde_json::Value;

pub use rows::read_history;

use crate::files::replace_file;
use crate::gan_error::GanError;
use crate::observer::{Flow, Interval, Observer, Plan};
use crate::report::{StepReport, StepValues};
use rows::{Format, is_finite, read_rows, term_columns};

/// Writes the numbers of every so many steps, and of the last one, to a file: one row a step.
///
/// A row is one line of CSV, under a header and with nothing between two commas for a number that there is none
/// of, or one JSON object. It holds the fields of [`StepValues`], whose floats come back with the same bits; a term of an
/// objective has a column of its own in CSV, named as in [`StepValues::terms`], which a file gets when the term first
/// occurs. Each
/// line is one write, made before the next step: a killed process leaves at most the last line torn, and
/// [`Observer::memory`] brings the lines to the disk.
///
/// The file is opened when the run starts. At step 0 a new file replaces an older one. At a later step, of a run
/// that is resumed or rolled back, the rows of earlier steps stay, each step once, and the others go. Rows of
/// numbers that are not finite, which JSON cannot say, are left out with a warning: the trainer undoes such a
/// step.
///
/// ```
/// use burn_gan::observe::{History, Observer, read_history};
///
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("history.csv");
/// let mut history = History::csv(&path, 100);
/// # use burn::tensor::{Device, Tensor};
/// # let one = || Tensor::<1>::ones([1], &Device::flex());
/// # let report = burn_gan::StepReport::new(99, one(), one(), one());
/// # Observer::<()>::start(&mut history, burn_gan::observe::Plan::new(0, 100))?;
/// // A run does this after each step:
/// history.observe(&report, &())?;
/// assert_eq!(read_history(&path)?[0].step, 99);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct History {
    path: PathBuf,
    format: Format,
    interval: Interval,
    file: Option<OpenFile>,
}

/// The file while a run writes to it.
#[derive(Debug)]
struct OpenFile {
    file: File,
    /// The columns of a CSV file for terms of objectives.
    terms: Vec<String>,
    /// A CSV file gets its header with its first row, in the same write.
    is_empty: bool,
}

impl History {
    /// A CSV file that gets a row every `interval` steps.
    pub fn csv(path: impl AsRef<Path>, interval: usize) -> Self {
        Self::new(path, interval, Format::Csv)
    }

    /// A file of JSON objects, one a line, that gets one every `interval` steps.
    pub fn json_lines(path: impl AsRef<Path>, interval: usize) -> Self {
        Self::new(path, interval, Format::JsonLines)
    }

    fn new(path: impl AsRef<Path>, interval: usize, format: Format) -> Self {
        Self {
            path: path.as_ref().to_path_buf(),
            format,
            interval: Interval::new(interval),
            file: None,
        }
    }

    /// The rows of the file that the run goes on from.
    fn earlier_rows(&self, from: usize) -> Result<BTreeMap<usize, StepValues>, GanError> {
        // Replacing a pipe or a device by a file would be a surprise.
        match std::fs::metadata(&self.path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Ok(BTreeMap::new());
            }
            Err(error) => return Err(self.io(error)),
            Ok(metadata) if !metadata.is_file() => {
                let kind = std::io::ErrorKind::InvalidInput;
                return Err(self.io(std::io::Error::new(kind, "not an ordinary file")));
            }
            Ok(_) if from == 0 => return Ok(BTreeMap::new()),
            Ok(_) => {}
        }
        let mut rows = read_rows(&self.path)?;
        rows.split_off(&from);
        Ok(rows)
    }

    /// Puts a file of these rows in the place of the present one, and opens it for more.
    fn replace(&self, rows: &BTreeMap<usize, StepValues>) -> Result<OpenFile, GanError> {
        let terms = term_columns(rows.values());
        replace_file(&self.path, |partial| {
            let io = |error| GanError::io(partial, error);
            let mut writer = BufWriter::new(File::create(partial).map_err(io)?);
            for (index, values) in rows.values().enumerate() {
                let line = self.format.line(values, &terms, index == 0).map_err(io)?;
                writer.write_all(&line).map_err(io)?;
            }
            writer.flush().map_err(io)
        })?;
        let file = OpenOptions::new()
            .append(true)
            .open(&self.path)
            .map_err(|error| self.io(error))?;
        Ok(OpenFile {
            file,
            terms,
            is_empty: rows.is_empty(),
        })
    }

    fn append(&mut self, values: &StepValues) -> Result<(), GanError> {
        if !is_finite(values) {
            log::warn!(
                "{}: step {} is left out, its numbers are not finite",
                self.path.display(),
                values.step
            );
            return Ok(());
        }
        // Without a start, which a run always calls, rows are added to what is there.
        if self.file.is_none() {
            self.file = Some(self.replace(&self.earlier_rows(values.step)?)?);
        }
        // A term that is new needs a column, in the rows before too.
        let is_new = |name: &String| {
            let open = self.file.as_ref();
            open.is_some_and(|open| !open.terms.contains(name))
        };
        if self.format == Format::Csv && values.terms.keys().any(is_new) {
            let mut rows = self.earlier_rows(values.step)?;
            rows.insert(values.step, values.clone());
            self.file = Some(self.replace(&rows)?);
            return Ok(());
        }
        if let Some(open) = &mut self.file {
            self.format
                .line(values, &open.terms, open.is_empty)
                .and_then(|line| open.file.write_all(&line))
                .map_err(|error| GanError::io(&self.path, error))?;
            open.is_empty = false;
        }
        Ok(())
    }

    fn sync(&self) -> Result<(), GanError> {
        match &self.file {
            Some(open) => open.file.sync_data().map_err(|error| self.io(error)),
            None => Ok(()),
        }
    }

    fn io(&self, error: std::io::Error) -> GanError {
        GanError::io(&self.path, error)
    }
}

impl<T> Observer<T> for History {
    fn start(&mut self, plan: Plan) -> Result<(), GanError> {
        self.interval.start()?;
        self.file = None;
        self.file = Some(self.replace(&self.earlier_rows(plan.from)?)?);
        Ok(())
    }

    fn observe(&mut self, report: &StepReport, _trainer: &T) -> Result<Flow, GanError> {
        if self.interval.is_due(report.step) {
            self.append(&report.read()?)?;
        }
        Ok(Flow::Continue)
    }

    fn finish(&mut self, last: Option<&StepReport>, _trainer: &T) -> Result<(), GanError> {
        if let Some(report) = self.interval.at_the_end(last) {
            self.append(&report.read()?)?;
        }
        self.sync()
    }

    fn memory(&mut self) -> Result<Value, GanError> {
        self.sync()?;
        Ok(Value::Null)
    }
}
