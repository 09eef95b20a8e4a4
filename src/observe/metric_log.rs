//! [`MetricLog`]: the numbers of a run in one of Burn's metric loggers.

use std::fmt;

use burn::train::logger::MetricLogger;
use burn::train::metric::store::{EpochSummary, MetricsUpdate, Split};
use serde_json::Value;

use super::metric_entries::MetricEntries;
use super::receiver::Receiver;
use crate::gan_error::GanError;
use crate::observer::{Flow, Observer, Plan};
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
    interval: usize,
    logger: Receiver<Box<dyn MetricLogger>>,
    entries: MetricEntries,
    plan: Plan,
    epoch: usize,
    /// Whether the epoch has any entries yet.
    started: bool,
}

impl MetricLog {
    /// A log of the numbers of every `interval` steps.
    pub fn new(interval: usize, logger: impl MetricLogger + 'static) -> Self {
        Self {
            interval,
            logger: Receiver::new("metric logger", Box::new(logger)),
            entries: MetricEntries::default(),
            plan: Plan::new(0, 0),
            epoch: 1,
            started: false,
        }
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
            .field("plan", &self.plan)
            .field("epoch", &self.epoch)
            .finish_non_exhaustive()
    }
}

impl<T> Observer<T> for MetricLog {
    fn start(&mut self, plan: Plan) -> Result<(), GanError> {
        self.plan = plan;
        self.end_epoch()
    }

    fn observe(&mut self, report: &StepReport, _trainer: &T) -> Result<Flow, GanError> {
        if self.plan.is_due(report.step, self.interval) {
            let values = report.read()?;
            self.started = true;
            let entries = &mut self.entries;
            self.logger.call(|logger| {
                let define = |metric| logger.log_metric_definition(metric);
                let update = MetricsUpdate::new(Vec::new(), entries.of_step(&values, define));
                logger.log(update, self.epoch, &Split::Train);
            })?;
        }
        Ok(Flow::Continue)
    }

    fn finish(&mut self, _trainer: &T) -> Result<(), GanError> {
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
