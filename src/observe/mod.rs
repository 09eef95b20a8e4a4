//! Observers: what sees each step of a run, and writes down, draws or stops.

#[cfg(feature = "train")]
mod dashboard;
mod early_stopping;
mod evaluation;
#[cfg(feature = "image")]
mod grid;
#[cfg(any(feature = "html", feature = "image", feature = "tensorboard"))]
mod grid_files;
mod held_out;
mod history;
#[cfg(feature = "html")]
mod html;
#[cfg(feature = "train")]
mod metric_entries;
#[cfg(feature = "train")]
mod metric_log;
#[cfg(feature = "plot")]
mod plots;
#[cfg(feature = "progress")]
mod progress;
#[cfg(feature = "train")]
mod receiver;
#[cfg(feature = "tensorboard")]
mod tensorboard;
mod watch;

#[cfg(feature = "train")]
pub use dashboard::Dashboard;
pub use early_stopping::{EarlyStopping, EarlyStoppingConfig};
pub use evaluation::{Evaluated, Evaluation, read_scores};
#[cfg(feature = "image")]
pub use grid::SampleGrid;
pub use held_out::HeldOutLogits;
pub use history::{History, read_history};
#[cfg(feature = "html")]
pub use html::HtmlReport;
#[cfg(feature = "train")]
pub use metric_log::MetricLog;
#[cfg(feature = "plot")]
pub use plots::{HistoryPlots, score_chart};
#[cfg(feature = "progress")]
pub use progress::ProgressBar;
#[cfg(feature = "tensorboard")]
pub use tensorboard::TensorBoard;
pub use watch::{Finding, FindingKind, Measures, Watch, WatchAction, WatchConfig, read_findings};

pub use crate::observe_error::ObserveError;
pub use crate::observer::{Every, Flow, Interval, Named, Observer, Plan};
pub use crate::score::Score;
