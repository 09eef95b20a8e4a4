//! Measures of how good a trained generator is.

mod mode_coverage;

pub use mode_coverage::{ModeCoverage, mode_coverage};
