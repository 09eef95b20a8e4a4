//! A whole training run: `fit` over a source of real samples, with observers.

mod fit;
#[cfg(feature = "image")]
mod grid;
mod observer;
#[cfg(feature = "progress")]
mod progress;
mod report;

pub use fit::{Fit, Outcome};
#[cfg(feature = "image")]
pub use grid::SampleGrid;
pub use observer::{Flow, Observer, Plan};
#[cfg(feature = "progress")]
pub use progress::ProgressBar;
pub use report::ReportFile;
