//! Digits of a chosen class: a conditional GAN learns P(x|y) from labelled images.
//!
//! cargo run --example conditional

mod common;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use burn_gan::data::{ShuffleConfig, Source};
use burn_gan::observe::SampleGrid;
use burn_gan::picture::PictureGrid;
use burn_gan::run::Fit;
use burn_gan::{GanError, save_generator};
use clap::Parser;
use common::conditional::{Judged, Recipe};
use common::digits::DIGITS;

/// Trains a conditional GAN on labelled images in IDX files.
///
/// Writes to the folder conditional of the output folder: sample grids with a row for each class (step-*.png),
/// losses.png, logits.png and losses.csv, and the generator, which the example `generate` draws more images from. A
/// classifier judges whether samples show the class that was asked for: the one that comes with the repository, or for
/// other data one that is trained first. Ctrl-C finishes the step and saves a checkpoint, which --resume continues from.
/// The last line of output is a JSON object; its accuracy is the share of 10,000 samples whose asked class the judge
/// names.
#[derive(Parser, Debug)]
struct Arguments {
    #[command(flatten)]
    common: common::CommonArgs,

    /// How the networks take the class
    #[arg(long, value_enum, default_value_t = Recipe::Projection)]
    recipe: Recipe,

    /// Training steps
    #[arg(long, default_value_t = 5000)]
    steps: usize,

    /// Real images in a step
    #[arg(long, default_value_t = 64)]
    batch_size: usize,

    /// Folder with IDX files of images and labels, plain or .gz, such as Fashion-MNIST
    #[arg(long, value_name = "DIR", default_value = DIGITS, hide_default_value = true)]
    data: PathBuf,

    /// Channels of the largest hidden layer
    #[arg(long, default_value_t = 32)]
    filters: usize,

    /// How often the judge of other data than the digits sees each of its images
    #[arg(long, default_value_t = 3)]
    judge_epochs: usize,

    /// Generated images that are judged
    #[arg(long, default_value_t = 10_000)]
    judged: usize,

    /// Continue from the last checkpoint in the output folder
    #[arg(long)]
    resume: bool,

    /// Steps from one sample grid to the next
    #[arg(long, default_value_t = 500, value_name = "STEPS")]
    grid_every: usize,
}

/// Columns of a sample grid, which has a row for each class.
const COLUMNS: usize = 10;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    common::run(|| conditional(&arguments))
}

fn conditional(arguments: &Arguments) -> Result<serde_json::Value, GanError> {
    let Arguments { common, recipe, .. } = arguments;
    let device = common.device()?.autodiff();
    let data = Judged::load(&arguments.data, arguments.judge_epochs, &device)?;
    let per_class = data.per_class(arguments.judged)?;
    let networks = recipe.networks(data.classes, data.size, arguments.filters, common.seed);
    let mut source = ShuffleConfig::new(arguments.batch_size)
        .with_seed(common.seed)
        .init(&data.training)?;
    let mut trainer = recipe.trainer(&networks, &device, &source.batch(0, &device)?)?;

    let folder = common.folder("conditional")?;
    let (interval, picture) = (
        arguments.grid_every,
        PictureGrid::new(COLUMNS).with_scale(2),
    );
    let grid = SampleGrid::by_class(&folder, interval, data.classes, COLUMNS, &device)?
        .with_picture(picture);
    let stop = common::stop_flag()?;
    let start = Instant::now();
    let run = trainer.fit(&mut source).until(arguments.steps);
    let outcome = common::recorded(run, &folder)
        .observe(grid)
        .resume(common::checkpoints(&folder, arguments.resume)?)
        .stop_flag(&stop)
        .run()?;
    let seconds = start.elapsed().as_secs_f64();

    let path = folder.join("generator.bpk");
    save_generator(networks, &trainer.sampling_generator(), path)?;
    eprintln!(
        "wrote grids, plots and the generator to {}",
        folder.display()
    );
    let scores = data.scores(&trainer, per_class)?;
    let taken = outcome.steps - outcome.resumed.unwrap_or(0);
    Ok(serde_json::json!({
        "recipe": format!("{recipe:?}"),
        "steps": outcome.steps,
        "resumed": outcome.resumed,
        "stopped": outcome.stopped,
        "seconds": seconds,
        "images_per_second": (taken * arguments.batch_size) as f64 / seconds,
        "accuracy": scores.accuracy,
        "accuracy_of_real": data.judge_accuracy,
        "accuracy_by_class": scores.accuracy_by_class,
        "frechet_distance": scores.frechet_distance,
        "frechet_distance_by_class": scores.frechet_distance_by_class,
        "recall_by_class": scores.recall_by_class,
        "device": common.device_name(),
    }))
}
