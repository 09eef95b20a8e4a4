//! A whole training run: `fit` over a source of real samples, with observers.

#[cfg(feature = "train")]
mod dashboard;
mod divergence;
mod early_stopping;
mod evaluation;
mod fit;
#[cfg(feature = "image")]
mod grid;
mod history;
mod keeper;
#[cfg(feature = "train")]
mod metric_entries;
#[cfg(feature = "train")]
mod metric_log;
mod observer;
#[cfg(feature = "plot")]
mod plots;
#[cfg(feature = "progress")]
mod progress;
#[cfg(feature = "train")]
mod receiver;
mod run;
mod score;
mod session;
mod watch;

#[cfg(feature = "train")]
pub use dashboard::Dashboard;
pub use divergence::Divergence;
pub use early_stopping::{EarlyStopping, EarlyStoppingConfig};
pub use evaluation::{Evaluated, Evaluation, read_scores};
pub use fit::Fit;
#[cfg(feature = "image")]
pub use grid::SampleGrid;
pub use history::{History, read_history};
pub use keeper::CheckpointConfig;
#[cfg(feature = "train")]
pub use metric_log::MetricLog;
pub use observer::{Every, Flow, Observer, Plan};
#[cfg(feature = "plot")]
pub use plots::{HistoryPlots, score_chart};
#[cfg(feature = "progress")]
pub use progress::ProgressBar;
pub use run::{Outcome, Run};
pub use score::Score;
pub use watch::{Finding, FindingKind, Measures, Watch, WatchAction, WatchConfig};
