//! [`Dashboard`]: a run on one of Burn's metrics renderers.

use std::fmt;

use burn::train::Interrupter;
use burn::train::renderer::{MetricState, MetricsRenderer, default_renderer};

use super::metric_entries::MetricEntries;
use super::receiver::Receiver;
use crate::gan_error::GanError;
use crate::observer::{Flow, Interval, Observer, Plan};
use crate::report::StepReport;

/// Shows a run on one of Burn's metrics renderers: Burn's terminal dashboard, or one of your own.
///
/// The renderer is made when the run starts and closed when it ends or the observer is dropped, so that the
/// terminal is the program's again after the run. It shows how far the run is after every step and the numbers
/// of every so many. When somebody stops the training from the dashboard (`q`, `s`), the run ends after that
/// step, as if it were over; when somebody kills it (`q`, `k`), with an error.
///
/// Burn's renderers know epochs; a run is one. Its bars cannot go back: after a return to a checkpoint they
/// stand still until the run is further than it was.
///
/// ```no_run
/// # use burn_gan::{GanError, StepReport};
/// use burn::train::renderer::CliMetricsRenderer;
/// use burn_gan::observe::{Dashboard, Observer};
///
/// // Burn's dashboard with the feature `tui` and on a terminal, otherwise lines of text.
/// let dashboard = Dashboard::new(10);
/// // A renderer of your choice.
/// let lines = Dashboard::with_renderer(100, |_| Box::new(CliMetricsRenderer::new()));
/// # let _: [&dyn Observer<()>; 2] = [&dashboard, &lines];
/// ```
pub struct Dashboard {
    interval: Interval,
    make: Box<dyn FnMut(Interrupter) -> Renderer + Send>,
    shown: Option<Shown>,
}

type Renderer = Box<dyn MetricsRenderer>;

/// What stands between the start of a run and its end.
struct Shown {
    renderer: Receiver<Renderer>,
    interrupter: Interrupter,
    entries: MetricEntries,
    /// Steps taken before the run.
    from: usize,
    /// The most steps of the run that were shown as done.
    done: usize,
}

impl Shown {
    /// Shows the numbers of a step.
    fn show(&mut self, report: &StepReport) -> Result<(), GanError> {
        let values = report.read()?;
        self.renderer.call(|renderer| {
            let define = |metric| renderer.register_metric(metric);
            for update in self.entries.of_step(&values, define) {
                let state = MetricState::Numeric(update.entry, update.numeric_entry);
                renderer.update_train(state);
            }
        })
    }
}

impl Dashboard {
    /// Burn's default renderer, with the numbers of every `interval` steps and of the last one: the terminal
    /// dashboard, where the feature `tui` is on and standard output is a terminal, otherwise lines of text.
    pub fn new(interval: usize) -> Self {
        Self::with_renderer(interval, |interrupter| default_renderer(interrupter, None))
    }

    /// The renderer that `make` makes. It may stop the run through the interrupter that it is given.
    pub fn with_renderer(
        interval: usize,
        make: impl FnMut(Interrupter) -> Box<dyn MetricsRenderer> + Send + 'static,
    ) -> Self {
        Self {
            interval: Interval::new(interval),
            make: Box::new(make),
            shown: None,
        }
    }

    fn open(&mut self, plan: Plan) -> Result<Shown, GanError> {
        let interrupter = Interrupter::new();
        let mut renderer = Receiver::make("metrics renderer", || (self.make)(interrupter.clone()))?;
        renderer.call(|renderer| {
            let label = format!("steps {} to {}", plan.from, plan.to);
            renderer.start(1, 1, None, Some(&label));
            renderer.start_split("train", plan.to.saturating_sub(plan.from));
        })?;
        Ok(Shown {
            renderer,
            interrupter,
            entries: MetricEntries::default(),
            from: plan.from,
            done: 0,
        })
    }
}

impl fmt::Debug for Dashboard {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Dashboard")
            .field("interval", &self.interval)
            .finish_non_exhaustive()
    }
}

impl<T> Observer<T> for Dashboard {
    fn start(&mut self, plan: Plan) -> Result<(), GanError> {
        self.interval.start()?;
        match &mut self.shown {
            Some(shown) => shown
                .renderer
                .call(|renderer| renderer.log_event_training("Rolled back".into())),
            None => {
                self.shown = Some(self.open(plan)?);
                Ok(())
            }
        }
    }

    fn observe(&mut self, report: &StepReport, _trainer: &T) -> Result<Flow, GanError> {
        let Some(shown) = &mut self.shown else {
            return Ok(Flow::Continue);
        };
        if self.interval.is_due(report.step) {
            shown.show(report)?;
        }
        shown.done = shown.done.max((report.step + 1).saturating_sub(shown.from));
        shown
            .renderer
            .call(|renderer| renderer.update_split(shown.done))?;
        Ok(if shown.interrupter.should_stop() {
            Flow::Stop
        } else {
            Flow::Continue
        })
    }

    fn finish(&mut self, last: Option<&StepReport>, _trainer: &T) -> Result<(), GanError> {
        let Some(mut shown) = self.shown.take() else {
            return Ok(());
        };
        if let Some(report) = self.interval.at_the_end(last) {
            shown.show(report)?;
        }
        let Shown { mut renderer, .. } = shown;
        renderer.call(|renderer| {
            renderer.end_split();
            renderer.update_epoch(1);
            renderer.end();
            if let Err(error) = renderer.on_train_end(None) {
                log::warn!("at the end of the run the metrics renderer said: {error}");
            }
        })?;
        renderer.close()
    }
}
