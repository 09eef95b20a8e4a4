//! Plots as PNG files: lines over steps, points in the plane, a discriminator's surface.
//!
//! Text is drawn in a font that the program carries (Ubuntu Light, under the Ubuntu font licence): a machine needs
//! none of its own. Lines have the colours of Okabe and Ito ("Color Universal Design", 2008), which people with the common
//! kinds of colour blindness can tell apart; from the eighth line on they repeat.

mod axis;
mod chart;
mod error;
mod number;
mod page;
mod plane;
mod points;
mod steps;
mod surface;

pub use chart::Chart;
pub use error::PlotError;
pub use points::PointsPlot;
pub use steps::{augmentation_chart, logit_chart, loss_chart};
