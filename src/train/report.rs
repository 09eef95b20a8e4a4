//! [`ReportFile`]: the numbers of a run as a CSV file.

use std::fs::File;
use std::path::{Path, PathBuf};

use super::observer::{Flow, Observer, Plan};
use crate::contract::StepReport;
use crate::error::GanError;

/// Writes the numbers of every so many steps, and of the last one, to a CSV file.
///
/// Columns: `step`, `loss_discriminator`, `loss_generator`, `penalty`, `probability_real`, `probability_fake`,
/// `gradient_norm_discriminator`, `gradient_norm_generator`; a number that there is none of is left empty. Each
/// row is on disk before the next step.
#[derive(Debug)]
pub struct ReportFile {
    path: PathBuf,
    writer: csv::Writer<File>,
    interval: usize,
    plan: Plan,
}

impl ReportFile {
    /// Creates the file (over an older one), to be written every `interval` steps.
    ///
    /// # Errors
    /// [`GanError::Io`] where it cannot be created.
    pub fn create(path: impl AsRef<Path>, interval: usize) -> Result<Self, GanError> {
        let path = path.as_ref().to_path_buf();
        let file = File::create(&path).map_err(|error| GanError::io(&path, error))?;
        Ok(Self {
            path,
            writer: csv::Writer::from_writer(file),
            interval,
            plan: Plan::new(0, 0),
        })
    }

    fn write(&mut self, report: &StepReport) -> Result<(), GanError> {
        let values = report.read()?;
        self.writer
            .serialize(values)
            .map_err(std::io::Error::from)
            .and_then(|()| self.writer.flush())
            .map_err(|error| GanError::io(&self.path, error))
    }
}

impl<T> Observer<T> for ReportFile {
    fn start(&mut self, plan: Plan) -> Result<(), GanError> {
        self.plan = plan;
        Ok(())
    }

    fn observe(&mut self, report: &StepReport, _trainer: &T) -> Result<Flow, GanError> {
        if self.plan.is_due(report.step, self.interval) {
            self.write(report)?;
        }
        Ok(Flow::Continue)
    }
}
