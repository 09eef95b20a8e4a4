//! What is in the latent space of a generator that another example has trained.
//!
//! cargo run --example explore

#[path = "../common/mod.rs"]
mod common;
mod explorer;
mod inversion;
mod neighbours;
mod paths;
mod pictures;

use std::path::PathBuf;
use std::process::ExitCode;

use burn_gan::GanError;
use burn_gan::latent::{Interpolation, Truncation};
use clap::{Parser, ValueEnum};
use serde_json::{Value, json};

use common::saved::SavedArgs;
use explorer::Explorer;

/// Loads a generator of images, whichever network it is, and explores its latent space.
///
/// Writes to the folder explore of the output folder: grid.png, and what is asked for. --interpolate: interpolation.png and
/// the animation interpolation-frames.png; --walk: the animation walk.png; --neighbours: neighbours-pixels.png and
/// neighbours-features.png; --invert: inversion.png and distances.png. Animations are APNG files, which browsers play. The last
/// line of output is a JSON object.
#[derive(Parser, Debug)]
struct Arguments {
    #[command(flatten)]
    common: common::CommonArgs,

    #[command(flatten)]
    saved: SavedArgs,

    /// Go from the first sample of --seed to that of --to
    #[arg(long, value_enum)]
    interpolate: Option<PathName>,

    /// Seed of the sample that --interpolate goes to [default: the next one]
    #[arg(long, value_name = "SEED", requires = "interpolate")]
    to: Option<u64>,

    /// Go through the first samples of --seed and back to the first
    #[arg(long)]
    walk: bool,

    /// Truncate the latents of samples: by this threshold, or to this share of their length
    #[arg(long, value_name = "AMOUNT")]
    truncation: Option<f64>,

    /// How --truncation does it
    #[arg(long, value_enum, default_value_t = TruncationName::Resample)]
    truncate: TruncationName,

    /// Look for the nearest images of a data set: a folder of IDX files or of pictures, or an IDX file
    #[arg(long, value_name = "PATH")]
    neighbours: Option<PathBuf>,

    /// Images that the training has not seen, as for --neighbours, to compare distances with
    #[arg(long, value_name = "PATH", requires = "neighbours")]
    held_out: Option<PathBuf>,

    /// Look for the latent whose image is nearest to a picture: a PNG, JPEG, WebP, GIF or BMP file
    #[arg(long, value_name = "PICTURE")]
    invert: Option<PathBuf>,

    /// Steps that --invert takes
    #[arg(long, default_value_t = 300)]
    steps: usize,
}

#[derive(ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
enum PathName {
    /// The straight line
    Linear,
    /// On the sphere that normal latents lie on
    Spherical,
}

#[derive(ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
enum TruncationName {
    /// Values beyond the threshold are drawn again (Brock et al. 2019)
    Resample,
    /// All values are multiplied, which moves them towards the mean (Karras et al. 2019)
    Shrink,
}

impl From<PathName> for Interpolation {
    fn from(name: PathName) -> Self {
        match name {
            PathName::Linear => Self::Linear,
            PathName::Spherical => Self::Spherical,
        }
    }
}

impl TruncationName {
    fn by(self, amount: f64, seed: u64) -> Truncation {
        match self {
            Self::Resample => Truncation::Resample {
                threshold: amount,
                seed,
            },
            Self::Shrink => Truncation::Shrink { psi: amount },
        }
    }
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    common::run(|| explore(&arguments))
}

fn explore(arguments: &Arguments) -> Result<Value, GanError> {
    let seed = arguments.common.seed;
    let truncation = arguments
        .truncation
        .map(|amount| arguments.truncate.by(amount, seed));
    let explorer = Explorer::new(&arguments.common, &arguments.saved, truncation)?;
    explorer.grid(arguments.saved.count)?;
    let mut summary = json!({
        "latent_size": explorer.latent_size(),
        "shape": explorer.shape,
        "truncation": truncation,
    });
    if let Some(name) = arguments.interpolate {
        let to = arguments.to.unwrap_or(seed.wrapping_add(1));
        summary["interpolation"] = paths::interpolate(&explorer, name.into(), to)?;
    }
    if arguments.walk {
        summary["walk"] = paths::walk(&explorer)?;
    }
    if let Some(path) = &arguments.neighbours {
        let held_out = arguments.held_out.as_deref();
        summary["neighbours"] = neighbours::search(&explorer, path, held_out)?;
    }
    if let Some(path) = &arguments.invert {
        summary["inversion"] = inversion::invert(&explorer, path, arguments.steps)?;
    }
    summary["folder"] = json!(explorer.folder);
    summary["device"] = json!(arguments.common.device_name());
    Ok(summary)
}
