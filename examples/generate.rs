//! Draws images from a generator that the example `digits` or `conditional` has trained.
//!
//! cargo run --example generate

mod common;

use std::path::PathBuf;
use std::process::ExitCode;

use burn::config::Config;
use burn::tensor::{Device, Tensor};
use burn_gan::model::DcganConfig;
use burn_gan::nn::class_labels;
use burn_gan::picture::PictureGrid;
use burn_gan::{GanError, SamplerConfig, load_weights};
use clap::Parser;

/// Loads a generator's weights and writes images drawn from it.
///
/// Writes image-*.png and grid.png to the folder generate of the output folder. The last line of output is
/// a JSON object that sums the run up.
#[derive(Parser, Debug)]
struct Arguments {
    #[command(flatten)]
    common: common::CommonArgs,

    /// Folder with generator.json and generator.bpk
    #[arg(long, value_name = "DIR", default_value = GENERATOR, hide_default_value = true)]
    generator: PathBuf,

    /// Number of images, of each class where there are classes
    #[arg(long, default_value_t = 16)]
    count: usize,

    /// Class to draw images of, for a generator of the example `conditional`; may be given several times, `all` for every
    /// class
    #[arg(long, value_name = "LABEL")]
    class: Vec<Class>,
}

/// A class on the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Class {
    All,
    Label(usize),
}

impl std::str::FromStr for Class {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "all" => Ok(Self::All),
            label => label.parse().map(Self::Label),
        }
    }
}

/// A trained generator that comes with the repository.
const GENERATOR: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/examples/data/digits-generator"
);

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    common::run(|| generate(&arguments))
}

fn generate(arguments: &Arguments) -> Result<serde_json::Value, GanError> {
    let Arguments { common, count, .. } = arguments;
    let folder = &arguments.generator;
    let config = DcganConfig::load(folder.join("generator.json")).map_err(GanError::user)?;
    let labels = labels(&arguments.class, *count, config.classes)?;
    let images = sample(arguments, &config, labels.as_deref(), &common.device()?)?;

    let folder = common.folder("generate")?;
    let total = images.dims()[0];
    let grid = match labels {
        // A row for each class.
        Some(_) => PictureGrid::new(*count),
        None => PictureGrid::square(*count),
    };
    grid.save(images.clone(), folder.join("grid.png"))?;
    for index in 0..total {
        let image = images.clone().narrow(0, index, 1);
        let name = format!("image-{index:04}.png");
        PictureGrid::square(1).save(image, folder.join(name))?;
    }
    Ok(serde_json::json!({
        "images": total,
        "labels": labels,
        "folder": folder,
        "device": common.device_name(),
    }))
}

/// The label of each image: `count` of each class that is asked for. `None` for a generator without classes.
fn labels(
    asked: &[Class],
    count: usize,
    classes: Option<usize>,
) -> Result<Option<Vec<usize>>, GanError> {
    let Some(classes) = classes else {
        return match asked {
            [] => Ok(None),
            _ => Err(GanError::user(
                "this generator knows no classes: leave out --class",
            )),
        };
    };
    let of = |class: &Class| match *class {
        Class::All => 0..classes,
        Class::Label(label) => label..label + 1,
    };
    let asked = if asked.is_empty() {
        &[Class::All]
    } else {
        asked
    };
    let rows = asked.iter().flat_map(of);
    Ok(Some(rows.flat_map(|label| vec![label; count]).collect()))
}

/// All that it takes to load a generator and to sample from it.
fn sample(
    arguments: &Arguments,
    config: &DcganConfig,
    labels: Option<&[usize]>,
    device: &Device,
) -> Result<Tensor<4>, GanError> {
    let weights = arguments.generator.join("generator.bpk");
    let generator = load_weights(config.init_generator(device)?, weights)?;
    let sampler = SamplerConfig::new().with_seed(arguments.common.seed);
    match (labels, config.classes) {
        (Some(labels), Some(classes)) => {
            let condition = class_labels(labels, classes, device)?;
            sampler.sample(&generator, labels.len(), &condition)
        }
        _ => sampler.sample(&generator, arguments.count, &()),
    }
}
