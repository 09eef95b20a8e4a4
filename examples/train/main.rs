//! A GAN of your own data: a folder of pictures, IDX files, CIFAR, a NumPy file, or a table of points.
//!
//! cargo run --example train -- DATA

#[path = "../common/mod.rs"]
mod common;

mod choice;
mod clusters;
mod copies;
mod data;
mod family;
mod recipe;
mod replicas;
mod run;
mod settings;

use std::path::PathBuf;
use std::process::ExitCode;

use burn_gan::GanError;
use burn_gan::data::{ClassFrequencies, Samples};
use clap::{Parser, ValueEnum};
use data::{Data, DataSettings, Format};
use family::{Images, Points};
use recipe::Recipe;
use run::Start;
use serde_json::Value;
use settings::Settings;

/// Trains a GAN on your own data.
///
/// DATA is a folder of PNG, JPEG, WebP, GIF or BMP files, its subfolders included; one such picture of many tiles; a folder
/// of IDX files, as MNIST's; the folder of CIFAR-10's or CIFAR-100's binary files; a .npy file of images or of points; or a
/// .csv file of points in the plane. Pictures are cropped about their centre and resized; decoded once, they are kept in a
/// cache file beside the folder.
///
/// Writes to the folder train of the output folder: report.html, a page of the run to open in a browser; sample grids
/// (step-*.png), plots and the numbers behind them; tensorboard, a folder with the same as event files; run.json, everything
/// that the run depends on; and generator.bpk, which the example `generate` draws more samples from. Ctrl-C finishes the
/// step and saves a checkpoint, which --resume continues from. The last line of output is a JSON object.
#[derive(Parser, Debug)]
struct Arguments {
    #[command(flatten)]
    common: common::CommonArgs,

    /// The data
    #[arg(value_name = "DATA", required_unless_present_any = ["config", "resume"])]
    path: Option<PathBuf>,

    /// Height and width of the images in pixels, for pictures and for the tiles of one picture [default: 32]
    #[arg(long)]
    size: Option<usize>,

    /// Train on the brightness of pictures alone
    #[arg(long)]
    grey: bool,

    /// Learn the classes as well: the subfolders that pictures are in, or the labels that come with the images
    #[arg(long)]
    conditional: bool,

    /// The column with the classes in the labels.csv beside a picture of many tiles; makes the run conditional
    #[arg(long, value_name = "COLUMN")]
    class_column: Option<String>,

    /// Groups of images that are alike, which are learned as classes where there are no labels; 0 for none [default: with the
    /// recipe auto one for 65 images, at most 60]
    #[arg(long, value_name = "NUMBER", conflicts_with_all = ["conditional", "class_column"])]
    clusters: Option<usize>,

    /// Leave out pictures that cannot be decoded, each with a warning
    #[arg(long)]
    skip_undecodable: bool,

    /// Networks, loss, penalties and rates
    #[arg(long, value_enum, default_value_t = Recipe::Auto)]
    recipe: Recipe,

    /// How the images that the discriminator sees are changed
    #[arg(long, value_enum, default_value_t = Augment::Auto)]
    augment: Augment,

    /// Learn from mirror images as well, where left and right mean nothing
    #[arg(long)]
    mirror: bool,

    /// About how long to train: becomes a number of steps at the start [default: 10, without --steps]
    #[arg(long, conflicts_with = "steps")]
    minutes: Option<f64>,

    /// Training steps
    #[arg(long)]
    steps: Option<usize>,

    /// Real samples in a step
    #[arg(long, default_value_t = 64)]
    batch_size: usize,

    /// Width of the networks: channels of the largest hidden layer, of all layers with sngan and wgan-gp [default: as wide as
    /// --minutes allows, otherwise 32]
    #[arg(long)]
    filters: Option<usize>,

    /// Weight of the gradient penalties R1 and R2 of the recipes auto and r3gan
    #[arg(long, default_value_t = 1.0)]
    gamma: f64,

    /// Steps from one sample grid to the next [default: about 50 grids, the first after some seconds]
    #[arg(long, value_name = "STEPS")]
    grid_every: Option<usize>,

    /// Workers that each take a part of every batch: addresses of the example `worker`, such as ws://10.0.0.2:3000, or here for
    /// --device; add `--features remote` to the cargo command. Their secret comes from the environment variable
    /// BURN_GAN_SECRET. A run is resumed with as many
    #[arg(long, value_delimiter = ',', value_name = "WORKERS")]
    replicas: Vec<String>,

    /// The longest that a worker may take for a half of a step, in seconds
    #[arg(long, default_value_t = 300.0, value_name = "SECONDS")]
    replica_seconds: f64,

    /// Go on with the other workers where one fails, instead of ending the run
    #[arg(long)]
    go_on: bool,

    /// Repeat the run of a run.json: nothing is measured again, and other flags than --device, --out and those of replicas say nothing
    #[arg(long, value_name = "FILE", conflicts_with_all = ["path", "resume", "steps", "minutes"])]
    config: Option<PathBuf>,

    /// Continue the run in the output folder from its last checkpoint, by its run.json; DATA only where it has moved, other flags
    /// than --device, --out and those of replicas say nothing
    #[arg(long, conflicts_with_all = ["steps", "minutes"])]
    resume: bool,
}

#[derive(ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
enum Augment {
    /// DiffAugment for fewer than 5,000 images
    Auto,
    None,
    /// DiffAugment: colour, translation, cutout (Zhao et al. 2020)
    Diff,
    /// ADA: flips, rotations, scaling, translation and colour, the more the further the discriminator overfits (Karras et al.
    /// 2020)
    Ada,
}

fn main() -> ExitCode {
    let mut arguments = Arguments::parse();
    if arguments.steps.is_none() {
        arguments.minutes = arguments.minutes.or(Some(10.0));
    }
    common::run(|| train(&arguments))
}

fn train(arguments: &Arguments) -> Result<Value, GanError> {
    let folder = arguments.common.folder("train")?;
    let known = match (&arguments.config, arguments.resume) {
        (Some(path), _) => Some(Settings::load(path)?),
        (None, true) => Some(Settings::load(&folder.join("run.json"))?),
        (None, false) => None,
    };
    let mut data = match (&known, &arguments.path) {
        // The data may have moved.
        (Some(settings), path) => DataSettings {
            path: path.clone().unwrap_or_else(|| settings.data.path.clone()),
            ..settings.data.clone()
        },
        (None, Some(path)) => DataSettings {
            path: path.clone(),
            format: Format::of(path)?,
            size: arguments.size,
            grey: arguments.grey,
            conditional: arguments.conditional || arguments.class_column.is_some(),
            class_column: arguments.class_column.clone(),
            skip_undecodable: arguments.skip_undecodable,
            mirror: arguments.mirror,
            clusters: 0,
        },
        (None, None) => return Err(GanError::user("no data is named")),
    };
    let device = arguments.common.device()?;
    let start = Start {
        arguments,
        // Reading the data can take minutes: an address that is wrong is said before.
        replicas: replicas::config(arguments)?,
        known,
        folder: &folder,
        device: &device,
    };
    match data.read(&device)? {
        Data::Images(images) => {
            if start.known.is_none() {
                data.clusters = clusters::number(arguments, images.len());
            }
            if data.clusters == 0 {
                return run::run(start, data, &Images::new(), images);
            }
            let (images, frequencies) = clusters::find(images, data.clusters, &device)?;
            run::run(start, data, &Images::of_clusters(frequencies), images)
        }
        Data::Labelled {
            images,
            class_names,
        } => {
            let labels = images.all_conditions(&device)?;
            let labels = labels.ok_or_else(|| GanError::user("the images have no labels"))?;
            let frequencies = ClassFrequencies::of(&labels, class_names.len())?;
            run::run(
                start,
                data,
                &Images::of_classes(class_names, frequencies),
                images,
            )
        }
        Data::Points(points) => {
            if arguments.clusters.is_some() {
                return Err(GanError::user("--clusters is for images"));
            }
            run::run(start, data, &Points, points)
        }
    }
}
