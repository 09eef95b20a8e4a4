//! A whole training run: `fit` over a source of real samples, with observers.

#[cfg(feature = "train")]
mod dashboard;
mod fit;
#[cfg(feature = "image")]
mod grid;
#[cfg(feature = "train")]
mod metric_entries;
#[cfg(feature = "train")]
mod metric_log;
mod observer;
#[cfg(feature = "progress")]
mod progress;
#[cfg(feature = "train")]
mod receiver;
mod report;
mod run;
mod score;

#[cfg(feature = "train")]
pub use dashboard::Dashboard;
pub use fit::Fit;
#[cfg(feature = "image")]
pub use grid::SampleGrid;
#[cfg(feature = "train")]
pub use metric_log::MetricLog;
pub use observer::{Every, Flow, Observer, Plan};
#[cfg(feature = "progress")]
pub use progress::ProgressBar;
pub use report::ReportFile;
pub use run::{Outcome, Run};
pub use score::Score;
