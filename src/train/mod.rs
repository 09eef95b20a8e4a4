//! A whole training run: `fit` over a source of real samples, with observers.

mod fit;
#[cfg(feature = "image")]
mod grid;
mod observer;
#[cfg(feature = "progress")]
mod progress;
mod report;
mod run;
mod score;

pub use fit::Fit;
#[cfg(feature = "image")]
pub use grid::SampleGrid;
pub use observer::{Every, Flow, Observer, Plan};
#[cfg(feature = "progress")]
pub use progress::ProgressBar;
pub use report::ReportFile;
pub use run::{Outcome, Run};
pub use score::Score;
