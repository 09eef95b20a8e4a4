//! Classifiers of handwritten digits and of faces, which metrics and mode counts of generated ones use.
//!
//! cargo run --example classifier
//! cargo run --example classifier -- --data tests/data/digits-8x8
//! cargo run --example classifier -- --faces glasses

mod common;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use burn::config::Config;
use burn_gan::data::{Samples, idx};
use burn_gan::feature::{ClassifierTrainingConfig, accuracy};
use burn_gan::model::{Classifier, ClassifierConfig};
use burn_gan::{GanError, Labels, save_weights};
use clap::Parser;
use common::digits::DIGITS;
use common::faces::{self, FacePart, Use};

/// Trains a small convolutional classifier on handwritten digits, on any labelled images in IDX files, or on the faces that
/// come with the repository.
///
/// Writes its architecture and its weights (classifier.json, classifier.bpk) to a folder of the output folder that
/// is named by the size of the images, or by the part of the faces. The last line of output is a JSON object; its accuracy
/// is that on images held out of training.
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

    /// A part of the faces: the 2,500 faces for judges are trained on
    #[arg(long, value_name = "PART", conflicts_with = "data")]
    faces: Option<FacePart>,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    common::run(|| classifier(&arguments))
}

fn classifier(arguments: &Arguments) -> Result<serde_json::Value, GanError> {
    if let Some(part) = arguments.faces {
        let faces = part.faces()?;
        let network = ClassifierConfig::new(3, faces::SIZE, faces::SIZE, faces.classes());
        let name = format!("judge-{}", part.column());
        let (classifier, mut summary) = train(arguments, network, &Use::Judge.of(&faces)?, &name)?;
        let others = Use::HeldOut.of(&faces)?;
        summary["accuracy_of_other_faces"] =
            accuracy(&classifier, &faces, others.indices())?.into();
        return Ok(summary);
    }
    let digits = idx::read_labelled_folder(&arguments.data)?;
    let (height, width) = (digits.images().height(), digits.images().width());
    let network = ClassifierConfig::new(1, height, width, digits.classes());
    let name = format!("classifier-{height}x{width}");
    Ok(train(arguments, network, &digits, &name)?.1)
}

/// Trains and saves; what is to be said of it as well.
fn train(
    arguments: &Arguments,
    network: ClassifierConfig,
    images: &impl Samples<4, Labels>,
    name: &str,
) -> Result<(Classifier, serde_json::Value), GanError> {
    let Arguments { common, .. } = arguments;
    let folder = common.folder(name)?;
    let network = network
        .with_filters(arguments.filters)
        .with_seed(common.seed);
    let training = ClassifierTrainingConfig::new()
        .with_epochs(arguments.epochs)
        .with_batch_size(arguments.batch_size)
        .with_seed(common.seed);
    let start = Instant::now();
    let trained = training.train(&network.init(&common.device()?)?, images)?;
    let seconds = start.elapsed().as_secs_f64();

    let path = folder.join("classifier.json");
    network
        .save(&path)
        .map_err(|error| GanError::io(&path, error))?;
    save_weights(&trained.classifier, folder.join("classifier.bpk"))?;
    eprintln!("wrote the classifier to {}", folder.display());
    let split = training.split(images.len())?;
    let summary = serde_json::json!({
        "epochs": arguments.epochs,
        "accuracy": trained.accuracy,
        "held_out": split.held_out.len(),
        "loss": trained.losses.last(),
        "seconds": seconds,
        "folder": folder,
        "device": common.device_name(),
    });
    Ok((trained.classifier, summary))
}
