//! [`ProgressBar`]: how far a run is, on the terminal.

use indicatif::ProgressStyle;

use crate::gan_error::GanError;
use crate::observer::{Flow, Interval, Observer, Plan};
use crate::report::{StepReport, StepValues};

/// Shows steps done, speed, time left and losses on standard error, if that is a terminal.
#[derive(Debug)]
pub struct ProgressBar {
    bar: indicatif::ProgressBar,
    interval: Interval,
}

impl ProgressBar {
    /// A bar that reads the losses from the device every `interval` steps.
    pub fn new(interval: usize) -> Self {
        Self {
            bar: indicatif::ProgressBar::hidden(),
            interval: Interval::new(interval),
        }
    }
}

impl<T> Observer<T> for ProgressBar {
    fn start(&mut self, plan: Plan) -> Result<(), GanError> {
        let style =
            ProgressStyle::with_template("{bar:10} {pos}/{len} {per_sec} {eta} left  {msg}")
                .map_err(GanError::user)?;
        self.interval.start()?;
        self.bar = indicatif::ProgressBar::new(plan.to as u64)
            .with_style(style)
            .with_position(plan.from as u64);
        self.bar.reset_eta();
        Ok(())
    }

    fn observe(&mut self, report: &StepReport, _trainer: &T) -> Result<Flow, GanError> {
        self.bar.set_position(report.step as u64 + 1);
        if self.interval.is_due(report.step) {
            self.bar.set_message(message(&report.read()?));
        }
        Ok(Flow::Continue)
    }

    fn finish(&mut self, last: Option<&StepReport>, _trainer: &T) -> Result<(), GanError> {
        if let Some(report) = self.interval.at_the_end(last) {
            self.bar.set_message(message(&report.read()?));
        }
        self.bar.abandon();
        // The bar leaves the cursor at the end of its line.
        if !self.bar.is_hidden() {
            eprintln!();
        }
        Ok(())
    }
}

fn message(values: &StepValues) -> String {
    let mut message = format!("D {:.2}", values.loss_discriminator);
    if let Some(loss) = values.loss_generator {
        message += &format!(" G {loss:.2}");
    }
    if let (Some(real), Some(fake)) = (values.probability_real, values.probability_fake) {
        message += &format!("  D(x) {real:.2} D(G(z)) {fake:.2}");
    }
    message
}
