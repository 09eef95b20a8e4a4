//! Draws images from a generator that the example `digits` has trained.
//!
//! cargo run --example generate

mod common;

use std::path::PathBuf;
use std::process::ExitCode;

use burn::config::Config;
use burn::tensor::{Device, Tensor};
use burn_gan::model::DcganConfig;
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

    /// Number of images
    #[arg(long, default_value_t = 16)]
    count: usize,
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
    let images = sample(arguments, &common.device()?)?;

    let folder = common.folder("generate")?;
    PictureGrid::square(*count).save(images.clone(), folder.join("grid.png"))?;
    for index in 0..*count {
        let image = images.clone().narrow(0, index, 1);
        let name = format!("image-{index:04}.png");
        PictureGrid::square(1).save(image, folder.join(name))?;
    }
    Ok(serde_json::json!({
        "images": count,
        "folder": folder,
        "device": common.device_name(),
    }))
}

/// All that it takes to load a generator and to sample from it.
fn sample(arguments: &Arguments, device: &Device) -> Result<Tensor<4>, GanError> {
    let folder = &arguments.generator;
    let config = DcganConfig::load(folder.join("generator.json")).map_err(GanError::user)?;
    let generator = load_weights(config.init_generator(device)?, folder.join("generator.bpk"))?;
    SamplerConfig::new()
        .with_seed(arguments.common.seed)
        .sample(&generator, arguments.count, &())
}
