//! [`MetricLog`]: the numbers of a run in one of Burn's metric loggers.

use std::fmt;

use burn::train::logger::MetricLogger;
use burn::train::metric::store::{EpochSummary, MetricsUpdate, Split};
use serde_json::Value;

use super::metric_entries::MetricEntries;
use super::receiver::Receiver;
use crate::gan_error::GanError;
use crate::observer::{Flow, Interval, Observer, Plan};
use crate::report::StepReport;

/// Hands the numbers of every so many steps, and of the last one, to one of Burn's metric loggers, such as
/// [`FileMetricLogger`](burn::train::logger::FileMetricLogger).
///
/// Burn's loggers know epochs, from 1. Here one goes from a checkpoint to the next, and a run without
/// checkpoints is a single one. What a logger heard after the checkpoint that a run goes on from is logged
/// anew: a `FileMetricLogger` writes those files over.
///
/// ```no_run
/// use burn::train::logger::FileMetricLogger;
/// use burn_gan::observe::{MetricLog, Observer};
///
/// let log = MetricLog::new(10, FileMetricLogger::new("out/metrics"));
/// # let _: &dyn Observer<()> = &log;
/// ```
pub struct MetricLog {
    interval: Interval,
    logger: Receiver<Box<dyn MetricLogger>>,
    entries: MetricEntries,
    epoch: usize,
    /// Whether the epoch has any entries yet.
    started: bool,
}

impl MetricLog {
    /// A log of the numbers of every `interval` steps.
    pub fn new(interval: usize, logger: impl MetricLogger + 'static) -> Self {
        Self {
            interval: Interval::new(interval),
            logger: Receiver::new("metric logger", Box::new(logger)),
            entries: MetricEntries::default(),
            epoch: 1,
            started: false,
        }
    }

    /// Hands the numbers of a step to the logger.
    fn log(&mut self, report: &StepReport) -> Result<(), GanError> {
        let values = report.read()?;
        self.started = true;
        let entries = &mut self.entries;
        self.logger.call(|logger| {
            let define = |metric| logger.log_metric_definition(metric);
            let update = MetricsUpdate::new(Vec::new(), entries.of_step(&values, define));
            logger.log(update, self.epoch, &Split::Train);
        })
    }

    /// Has the logger end the epoch, if there is anything in it.
    fn end_epoch(&mut self) -> Result<(), GanError> {
        if !self.started {
            return Ok(());
        }
        self.started = false;
        let summary = EpochSummary::new(self.epoch, Split::Train);
        self.epoch += 1;
        self.logger.call(|logger| logger.log_epoch_summary(summary))
    }
}

impl fmt::Debug for MetricLog {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("MetricLog")
            .field("interval", &self.interval)
            .field("epoch", &self.epoch)
            .finish_non_exhaustive()
    }
}

impl<T> Observer<T> for MetricLog {
    fn start(&mut self, _plan: Plan) -> Result<(), GanError> {
        self.interval.start()?;
        self.end_epoch()
    }

    fn observe(&mut self, report: &StepReport, _trainer: &T) -> Result<Flow, GanError> {
        if self.interval.is_due(report.step) {
            self.log(report)?;
        }
        Ok(Flow::Continue)
    }

    fn finish(&mut self, last: Option<&StepReport>, _trainer: &T) -> Result<(), GanError> {
        if let Some(report) = self.interval.at_the_end(last) {
            self.log(report)?;
        }
        self.end_epoch()
    }

    /// The number of the epoch that begins here. Burn's file logger has written all of the last one then.
    fn memory(&mut self) -> Result<Value, GanError> {
        self.end_epoch()?;
        Ok(self.epoch.into())
    }

    fn recall(&mut self, memory: &Value) -> Result<(), GanError> {
        let epoch = memory
            .as_u64()
            .and_then(|epoch| usize::try_from(epoch).ok());
        match epoch {
            Some(epoch) if epoch > 0 => {
                // Entries since that checkpoint belong to steps that are taken anew.
                self.end_epoch()?;
                self.epoch = epoch;
                Ok(())
            }
            _ => Err(GanError::state(
                "metric log",
                format!("its memory is the number of an epoch, not {memory}"),
            )),
        }
    }
}
