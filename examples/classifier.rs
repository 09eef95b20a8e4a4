//! A classifier of handwritten digits, which metrics and mode counts of generated digits use.
//!
//! cargo run --example classifier
//! cargo run --example classifier -- --data tests/data/digits-8x8

mod common;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use burn::config::Config;
use burn_gan::data::idx;
use burn_gan::feature::ClassifierTrainingConfig;
use burn_gan::model::ClassifierConfig;
use burn_gan::{GanError, save_weights};
use clap::Parser;
use common::digits::DIGITS;

/// Trains a small convolutional classifier on handwritten digits, or on any labelled images in IDX files.
///
/// Writes its architecture and its weights (classifier.json, classifier.bpk) to a folder of the output folder that
/// is named by the size of the images. The last line of output is a JSON object; its accuracy is that on images
/// held out of training.
#[derive(Parser, Debug)]
struct Arguments {
    #[command(flatten)]
    common: common::CommonArgs,

    /// How often every training image is seen
    #[arg(long, default_value_t = 20)]
    epochs: usize,

    /// Images in a step
    #[arg(long, default_value_t = 64)]
    batch_size: usize,

    /// Channels of the first convolution
    #[arg(long, default_value_t = 12)]
    filters: usize,

    /// Folder with IDX files of images and labels, plain or .gz
    #[arg(long, value_name = "DIR", default_value = DIGITS, hide_default_value = true)]
    data: PathBuf,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    common::run(|| classifier(&arguments))
}

fn classifier(arguments: &Arguments) -> Result<serde_json::Value, GanError> {
    let Arguments { common, .. } = arguments;
    let digits = idx::read_labelled_folder(&arguments.data)?;
    let (height, width) = (digits.images().height(), digits.images().width());
    let folder = common.folder(&format!("classifier-{height}x{width}"))?;

    let network = ClassifierConfig::new(1, height, width, digits.classes())
        .with_filters(arguments.filters)
        .with_seed(common.seed);
    let training = ClassifierTrainingConfig::new()
        .with_epochs(arguments.epochs)
        .with_batch_size(arguments.batch_size)
        .with_seed(common.seed);
    let start = Instant::now();
    let trained = training.train(&network.init(&common.device()?)?, &digits)?;
    let seconds = start.elapsed().as_secs_f64();

    let path = folder.join("classifier.json");
    network
        .save(&path)
        .map_err(|error| GanError::io(&path, error))?;
    save_weights(&trained.classifier, folder.join("classifier.bpk"))?;
    eprintln!("wrote the classifier to {}", folder.display());
    let split = training.split(digits.labels().len())?;
    Ok(serde_json::json!({
        "epochs": arguments.epochs,
        "accuracy": trained.accuracy,
        "held_out": split.held_out.len(),
        "loss": trained.losses.last(),
        "seconds": seconds,
        "folder": folder,
        "device": common.device_name(),
    }))
}
