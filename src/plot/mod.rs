//! Plots as PNG files: lines over steps, points in the plane, a discriminator's surface.
//!
//! Text is drawn in a font that the program carries (Ubuntu Light), so that a machine without any fonts writes the
//! same bytes as any other. Colours are told apart by people with any colour vision (Okabe and Ito, 2008).

mod axes;
mod axis;
mod canvas;
mod chart;
mod points;
mod steps;
mod surface;

pub use chart::Chart;
pub use points::PointsPlot;
pub use steps::{logit_chart, loss_chart};
