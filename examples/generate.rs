//! Draws samples from a generator that another example has trained.
//!
//! cargo run --example generate

mod common;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use burn::tensor::{Device, Tensor};
use burn_gan::data::{Samples, idx};
use burn_gan::picture::PictureGrid;
use burn_gan::plot::PointsPlot;
use burn_gan::{GanError, Generator, Labels, SamplerConfig, SavedGenerator};
use clap::Parser;
use common::saved::{Classes, SavedArgs, decode, total};
use serde_json::{Value, json};

/// Loads a generator, whichever network it is, and writes what it draws.
///
/// Images go to image-*.png and grid.png in the folder generate of the output folder, points to points.csv and points.png.
/// The last line of output is a JSON object that sums the run up.
#[derive(Parser, Debug)]
struct Arguments {
    #[command(flatten)]
    common: common::CommonArgs,

    #[command(flatten)]
    saved: SavedArgs,

    /// Folder with IDX files of grey images to translate, for a generator of the example `pix2pix` or `cycle`
    #[arg(long, value_name = "DIR")]
    images: Option<PathBuf>,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    common::run(|| generate(&arguments))
}

fn generate(arguments: &Arguments) -> Result<Value, GanError> {
    let device = arguments.common.device()?;
    let (count, seed) = (arguments.saved.count, arguments.common.seed);
    let generator = arguments.saved.load(&device)?;
    if arguments.images.is_some() && !matches!(generator, SavedGenerator::Translation(_)) {
        return Err(GanError::user(
            "this generator translates no images: leave out --images",
        ));
    }

    let folder = arguments.common.folder("generate")?;
    let mut summary = match &generator {
        SavedGenerator::Images(generator) => {
            let classes = arguments
                .saved
                .classes(Generator::<4>::classes(generator), seed)?;
            // A row for each class.
            let grid = match &classes {
                Some(classes) if classes.is_by_class() => PictureGrid::new(count),
                _ => PictureGrid::square(count),
            };
            let (images, labels) = sample(generator, arguments, classes, &device)?;
            write_images(grid, images.clone(), images, labels, &folder)?
        }
        SavedGenerator::Points(generator) => {
            let classes = arguments
                .saved
                .classes(Generator::<2>::classes(generator), seed)?;
            let (points, labels) = sample(generator, arguments, classes, &device)?;
            write_points(points, labels, &folder)?
        }
        SavedGenerator::Translation(generator) => {
            arguments.saved.classes(None, seed)?;
            let input = input(arguments, &device)?;
            let output = SamplerConfig::new()
                .with_seed(arguments.common.seed)
                .sample(generator, count, &input)?;
            // The input in the first row, the translation in the second.
            let rows = Tensor::cat(vec![input, output.clone()], 0);
            write_images(PictureGrid::new(count), rows, output, None, &folder)?
        }
        _ => return Err(GanError::user("a generator of a kind that is not known")),
    };
    summary["folder"] = json!(folder);
    summary["device"] = json!(arguments.common.device_name());
    Ok(summary)
}

/// Samples of noise, and their labels where there are classes.
fn sample<const D: usize, G>(
    generator: &G,
    arguments: &Arguments,
    classes: Option<Classes>,
    device: &Device,
) -> Result<(Tensor<D>, Option<Vec<i64>>), GanError>
where
    G: Generator<D> + Generator<D, Labels>,
{
    let count = arguments.saved.count;
    let latent_size = Generator::<D>::latent_size(generator);
    let latent = SamplerConfig::new()
        .with_seed(arguments.common.seed)
        .latents(total(count, classes.as_ref()), latent_size, device)?;
    let (samples, labels) = decode(generator, latent, classes.as_ref())?;
    let labels = labels.map(|labels| labels.into_data().iter::<i64>().collect());
    Ok((samples, labels))
}

/// The first images of the folder.
fn input(arguments: &Arguments, device: &Device) -> Result<Tensor<4>, GanError> {
    let folder = arguments.images.as_ref().ok_or_else(|| {
        GanError::user("this generator translates images: give it some with --images DIR")
    })?;
    let indices: Vec<usize> = (0..arguments.saved.count).collect();
    let images = idx::read_folder(folder)?;
    Ok(images.select(&indices, device)?.samples)
}

/// Writes a picture of the rows, and one of each image.
fn write_images(
    grid: PictureGrid,
    rows: Tensor<4>,
    images: Tensor<4>,
    labels: Option<Vec<i64>>,
    folder: &Path,
) -> Result<Value, GanError> {
    grid.save(rows, folder.join("grid.png"))?;
    let total = images.dims()[0];
    for index in 0..total {
        let image = images.clone().narrow(0, index, 1);
        let name = format!("image-{index:04}.png");
        PictureGrid::square(1).save(image, folder.join(name))?;
    }
    Ok(json!({ "images": total, "labels": labels }))
}

/// Writes points as a table, and a picture of them where they are in the plane.
fn write_points(
    points: Tensor<2>,
    labels: Option<Vec<i64>>,
    folder: &Path,
) -> Result<Value, GanError> {
    let [total, features] = points.dims();
    let path = folder.join("points.csv");
    let values: Vec<f32> = points.clone().into_data().iter().collect();
    let mut writer = csv::Writer::from_path(&path).map_err(GanError::user)?;
    for row in values.chunks(features) {
        writer.serialize(row).map_err(GanError::user)?;
    }
    writer.flush().map_err(|error| GanError::io(&path, error))?;
    if features == 2 {
        PointsPlot::new("samples")
            .with_generated(points)
            .save(folder.join("points.png"))?;
    }
    Ok(json!({ "points": total, "labels": labels }))
}
