//! [`HistoryPlots`] and [`score_chart`]: what a run writes to files, as pictures.

use std::path::{Path, PathBuf};

use super::evaluation::Evaluated;
use super::history::read_history;
use crate::gan_error::GanError;
use crate::observer::{Flow, Interval, Observer, Plan};
use crate::plot::{Chart, augmentation_chart, logit_chart, loss_chart};
use crate::report::StepReport;

/// Draws the losses and the logits of a [`History`](super::History) beside its file, as `losses.png` and `logits.png`,
/// and the probability of an augmentation, where there is one, as `augmentation.png`: every so many steps and at the end of
/// the run.
///
/// It reads the file, so that the plots of a resumed run show the whole of it, and belongs behind the history:
///
/// ```
/// use burn_gan::AdversarialTrainer;
/// use burn_gan::data::Source;
/// use burn_gan::observe::{History, HistoryPlots};
/// use burn_gan::run::Run;
///
/// fn plotted<T: AdversarialTrainer<2>, S: Source<2>>(run: Run<2, (), T, S>) -> Run<2, (), T, S> {
///     let path = "out/run/losses.csv";
///     run.observe(History::csv(path, 10)).observe(HistoryPlots::new(path, 1000))
/// }
/// ```
#[derive(Debug)]
pub struct HistoryPlots {
    history: PathBuf,
    interval: Interval,
}

impl HistoryPlots {
    /// Plots of the history at this path every `interval` steps.
    pub fn new(history: impl AsRef<Path>, interval: usize) -> Self {
        Self {
            history: history.as_ref().to_path_buf(),
            interval: Interval::new(interval),
        }
    }

    fn write(&self) -> Result<(), GanError> {
        let rows = read_history(&self.history)?;
        loss_chart(&rows).save(self.history.with_file_name("losses.png"))?;
        logit_chart(&rows).save(self.history.with_file_name("logits.png"))?;
        if let Some(chart) = augmentation_chart(&rows) {
            chart.save(self.history.with_file_name("augmentation.png"))?;
        }
        Ok(())
    }
}

impl<T> Observer<T> for HistoryPlots {
    fn start(&mut self, _plan: Plan) -> Result<(), GanError> {
        Ok(self.interval.start()?)
    }

    fn observe(&mut self, report: &StepReport, _trainer: &T) -> Result<Flow, GanError> {
        if self.interval.is_due(report.step) {
            self.write()?;
        }
        Ok(Flow::Continue)
    }

    fn finish(&mut self, last: Option<&StepReport>, _trainer: &T) -> Result<(), GanError> {
        match self.interval.at_the_end(last) {
            Some(_) => self.write(),
            None => Ok(()),
        }
    }
}

/// One score of an [`Evaluation`](super::Evaluation) over the steps; without points where no row has that name.
///
/// The number of a step counts those taken, as in the names of sample grids.
///
/// ```no_run
/// use burn_gan::observe::{read_scores, score_chart};
///
/// let rows = read_scores("out/run/scores.csv")?;
/// score_chart(&rows, "Frechet distance")
///     .with_reference("held-out real samples", 1.5)
///     .save("out/run/scores.png")?;
/// # Ok::<(), burn_gan::GanError>(())
/// ```
pub fn score_chart(rows: &[Evaluated], score: &str) -> Chart {
    let rows = || rows.iter().filter(|row| row.score == score);
    let points: Vec<(f64, f64)> = rows()
        .map(|row| ((row.step + 1) as f64, row.value))
        .collect();
    let title = match rows().next_back() {
        Some(last) => format!("{score}, {} samples", last.samples),
        None => score.to_string(),
    };
    Chart::new(title)
        .with_axes("step", score)
        .with_line("generator", &points)
}
