//! [`Dashboard`]: a run on one of Burn's metrics renderers.

use std::fmt;

use burn::train::Interrupter;
use burn::train::renderer::{MetricState, MetricsRenderer, default_renderer};

use super::metric_entries::MetricEntries;
use super::receiver::Receiver;
use crate::gan_error::GanError;
use crate::observer::{Flow, Observer, Plan};
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
    interval: usize,
    make: Box<dyn FnMut(Interrupter) -> Renderer + Send>,
    shown: Option<Shown>,
    plan: Plan,
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
            interval,
            make: Box::new(make),
            shown: None,
            plan: Plan::new(0, 0),
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
            .field("plan", &self.plan)
            .finish_non_exhaustive()
    }
}

impl<T> Observer<T> for Dashboard {
    fn start(&mut self, plan: Plan) -> Result<(), GanError> {
        self.plan = plan;
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
        let values = match self.plan.is_due(report.step, self.interval) {
            true => Some(report.read()?),
            false => None,
        };
        shown.done = shown.done.max((report.step + 1).saturating_sub(shown.from));
        shown.renderer.call(|renderer| {
            if let Some(values) = values {
                let define = |metric| renderer.register_metric(metric);
                for update in shown.entries.of_step(&values, define) {
                    let state = MetricState::Numeric(update.entry, update.numeric_entry);
                    renderer.update_train(state);
                }
            }
            renderer.update_split(shown.done);
        })?;
        Ok(match shown.interrupter.should_stop() {
            true => Flow::Stop,
            false => Flow::Continue,
        })
    }

    fn finish(&mut self, _trainer: &T) -> Result<(), GanError> {
        let Some(Shown { mut renderer, .. }) = self.shown.take() else {
            return Ok(());
        };
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
