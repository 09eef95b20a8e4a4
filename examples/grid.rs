//! Twenty-five Gaussians on a grid: a harder test of whether the generator finds every mode.
//!
//! cargo run --example grid -- --recipe r3gan

mod common;

use std::process::ExitCode;

use burn_gan::data::Mixture;
use clap::Parser;
use common::points::{PointsArgs, train};

/// Trains a small GAN on twenty-five Gaussians on a grid.
///
/// Writes to a folder of the output folder: points.png (real and generated points over the discriminator's
/// logits), losses.png, logits.png and the numbers behind them, losses.csv. The last line of output is a JSON
/// object: how many of the twenty-five modes 2,500 samples reach, and the share of samples within three standard
/// deviations of a mode.
#[derive(Parser, Debug)]
struct Arguments {
    #[command(flatten)]
    points: PointsArgs,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    common::run(|| train(Mixture::grid(), "grid", &arguments.points))
}
