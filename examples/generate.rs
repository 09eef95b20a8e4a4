//! Draws samples from a generator that another example has trained.
//!
//! cargo run --example generate

mod common;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use burn::tensor::{Device, Tensor};
use burn_gan::data::{Samples, idx};
use burn_gan::nn::class_labels;
use burn_gan::picture::PictureGrid;
use burn_gan::plot::PointsPlot;
use burn_gan::{GanError, Generator, SamplerConfig, SavedGenerator};
use clap::Parser;
use serde_json::{Value, json};

/// Loads a generator, whichever network it is, and writes what it draws.
///
/// Images go to image-*.png and grid.png in the folder generate of the output folder, points to points.csv and points.png.
/// The last line of output is a JSON object that sums the run up.
#[derive(Parser, Debug)]
struct Arguments {
    #[command(flatten)]
    common: common::CommonArgs,

    /// A generator's file, or the folder with generator.bpk that an example has written
    #[arg(long, value_name = "PATH", default_value = GENERATOR, hide_default_value = true)]
    generator: PathBuf,

    /// Number of samples, of each class where there are classes
    #[arg(long, default_value_t = 16)]
    count: usize,

    /// Class to draw samples of, for a generator of the example `conditional`; may be given several times, `all` for every
    /// class
    #[arg(long, value_name = "LABEL")]
    class: Vec<Class>,

    /// Folder with IDX files of grey images to translate, for a generator of the example `pix2pix` or `cycle`
    #[arg(long, value_name = "DIR")]
    images: Option<PathBuf>,
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

fn generate(arguments: &Arguments) -> Result<Value, GanError> {
    let device = arguments.common.device()?;
    let mut path = arguments.generator.clone();
    if path.is_dir() {
        path.push("generator.bpk");
    }
    let generator = SavedGenerator::load(&path, &device)?;
    if arguments.images.is_some() && !matches!(generator, SavedGenerator::Translation(_)) {
        return Err(GanError::user(
            "this generator translates no images: leave out --images",
        ));
    }

    let folder = arguments.common.folder("generate")?;
    let mut summary = match &generator {
        SavedGenerator::Images(generator) => {
            let labels = labels(arguments, Generator::<4>::classes(generator))?;
            let images = sample(generator, arguments, labels.as_ref(), &device)?;
            // A row for each class.
            let grid = match labels {
                Some(_) => PictureGrid::new(arguments.count),
                None => PictureGrid::square(arguments.count),
            };
            write_images(grid, images.clone(), images, labels, &folder)?
        }
        SavedGenerator::Points(generator) => {
            let labels = labels(arguments, Generator::<2>::classes(generator))?;
            let points = sample(generator, arguments, labels.as_ref(), &device)?;
            write_points(points, labels, &folder)?
        }
        SavedGenerator::Translation(generator) => {
            labels(arguments, None)?;
            let input = input(arguments, &device)?;
            let output = SamplerConfig::new()
                .with_seed(arguments.common.seed)
                .sample(generator, arguments.count, &input)?;
            // The input in the first row, the translation in the second.
            let rows = Tensor::cat(vec![input, output.clone()], 0);
            write_images(
                PictureGrid::new(arguments.count),
                rows,
                output,
                None,
                &folder,
            )?
        }
        _ => return Err(GanError::user("a generator of a kind that is not known")),
    };
    summary["folder"] = json!(folder);
    summary["device"] = json!(arguments.common.device_name());
    Ok(summary)
}

/// The label of each sample: `count` of each class that is asked for. `None` for a generator without classes.
fn labels(arguments: &Arguments, classes: Option<usize>) -> Result<Option<Labels>, GanError> {
    let asked = arguments.class.as_slice();
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
    let of_each = |label| vec![label; arguments.count];
    let labels = asked.iter().flat_map(of).flat_map(of_each).collect();
    Ok(Some(Labels { labels, classes }))
}

/// The classes of samples.
struct Labels {
    labels: Vec<usize>,
    classes: usize,
}

/// Samples of noise, under labels where there are any.
fn sample<const D: usize, G>(
    generator: &G,
    arguments: &Arguments,
    labels: Option<&Labels>,
    device: &Device,
) -> Result<Tensor<D>, GanError>
where
    G: Generator<D> + Generator<D, burn_gan::Labels>,
{
    let sampler = SamplerConfig::new().with_seed(arguments.common.seed);
    match labels {
        Some(Labels { labels, classes }) => {
            let condition = class_labels(labels, *classes, device)?;
            sampler.sample(generator, labels.len(), &condition)
        }
        None => sampler.sample(generator, arguments.count, &()),
    }
}

/// The first images of the folder.
fn input(arguments: &Arguments, device: &Device) -> Result<Tensor<4>, GanError> {
    let folder = arguments.images.as_ref().ok_or_else(|| {
        GanError::user("this generator translates images: give it some with --images DIR")
    })?;
    let indices: Vec<usize> = (0..arguments.count).collect();
    let images = idx::read_folder(folder)?;
    Ok(images.select(&indices, device)?.samples)
}

/// Writes a picture of the rows, and one of each image.
fn write_images(
    grid: PictureGrid,
    rows: Tensor<4>,
    images: Tensor<4>,
    labels: Option<Labels>,
    folder: &Path,
) -> Result<Value, GanError> {
    grid.save(rows, folder.join("grid.png"))?;
    let total = images.dims()[0];
    for index in 0..total {
        let image = images.clone().narrow(0, index, 1);
        let name = format!("image-{index:04}.png");
        PictureGrid::square(1).save(image, folder.join(name))?;
    }
    Ok(json!({ "images": total, "labels": labels.map(|labels| labels.labels) }))
}

/// Writes points as a table, and a picture of them where they are in the plane.
fn write_points(
    points: Tensor<2>,
    labels: Option<Labels>,
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
    Ok(json!({ "points": total, "labels": labels.map(|labels| labels.labels) }))
}
