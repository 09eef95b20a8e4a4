//! Eight Gaussians on a circle, the first test of any GAN: does the generator find all of them?
//!
//! cargo run --example ring -- --recipe r3gan

mod common;

use std::process::ExitCode;

use burn_gan::data::Mixture;
use clap::Parser;
use common::points::{PointsArgs, train};

/// Trains a small GAN on eight Gaussians on a circle.
///
/// Writes to a folder of the output folder: points.png (real and generated points over the discriminator's
/// logits), losses.png, logits.png and the numbers behind them, losses.csv. The last line of output is a JSON
/// object: how many of the eight modes 2,500 samples reach, and the share of samples within three standard
/// deviations of a mode.
#[derive(Parser, Debug)]
struct Arguments {
    #[command(flatten)]
    points: PointsArgs,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    common::run(|| train(Mixture::ring(), "ring", &arguments.points))
}
