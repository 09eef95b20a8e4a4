//! A GAN of your own pictures: a folder of PNG, JPEG, WebP, GIF or BMP files.
//!
//! cargo run --example train -- FOLDER

mod common;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use burn::tensor::Device;
use burn_gan::augment::{
    AdaConfig, AdaptiveStrengthConfig, Augmentation, DiffAugmentConfig, LogitSign, Strength,
};
use burn_gan::data::{
    ClassSource, DataSummary, HorizontalFlip, ImageFolder, ImageFolderConfig, PictureChannels,
    Resize, Samples, ShuffleConfig, Source, Undecodable,
};
use burn_gan::model::{DcganConfig, GeneratorCondition, Normalization};
use burn_gan::observe::SampleGrid;
use burn_gan::picture::PictureGrid;
use burn_gan::run::Fit;
use burn_gan::{ClassCondition, GanError, save_generator};
use clap::{Parser, ValueEnum};
use common::digits::recipe;
use serde_json::{Value, json};

/// Trains a GAN on a folder of pictures, its subfolders included.
///
/// Pictures are cropped about their centre and resized; decoded once, they are kept in a cache file beside the folder.
/// Writes to the folder train of the output folder: sample grids (step-*.png), losses.png, logits.png and losses.csv,
/// run.json with the settings, and generator.bpk, which the example `generate` draws more pictures from. Ctrl-C finishes
/// the step and saves a checkpoint, which --resume continues from. The last line of output is a JSON object.
#[derive(Parser, Debug)]
struct Arguments {
    #[command(flatten)]
    common: common::CommonArgs,

    /// Folder with the pictures
    #[arg(value_name = "FOLDER")]
    pictures: PathBuf,

    /// Height and width of the images in pixels
    #[arg(long, default_value_t = 32)]
    size: usize,

    /// Train on brightness alone
    #[arg(long)]
    grey: bool,

    /// Learn the classes as well: the names of the subfolders that the pictures are in
    #[arg(long)]
    conditional: bool,

    /// Leave out pictures that cannot be decoded, each with a warning
    #[arg(long)]
    skip_undecodable: bool,

    /// How the images that the discriminator sees are changed, for a few thousand pictures or fewer
    #[arg(long, value_enum, default_value_t = Augment::None)]
    augment: Augment,

    /// Learn from mirror images of the pictures as well
    #[arg(long)]
    mirror: bool,

    /// Training steps
    #[arg(long, default_value_t = 5000)]
    steps: usize,

    /// Real images in a step
    #[arg(long, default_value_t = 64)]
    batch_size: usize,

    /// Channels of the largest hidden layer
    #[arg(long, default_value_t = 32)]
    filters: usize,

    /// Weight of the gradient penalties
    #[arg(long, default_value_t = 1.0)]
    gamma: f64,

    /// Continue from the last checkpoint in the output folder
    #[arg(long)]
    resume: bool,

    /// Steps from one sample grid to the next
    #[arg(long, default_value_t = 500, value_name = "STEPS")]
    grid_every: usize,
}

#[derive(ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
enum Augment {
    None,
    /// DiffAugment: colour, translation, cutout
    Diff,
    /// ADA: flips, rotations, scaling, translation and colour, the more the further the discriminator overfits
    Ada,
}

/// Images in which ADA's probability gets from 0 to 1 at most: a fifth of the paper's, for runs that are shorter.
const ADA_IMAGES: usize = 100_000;

/// Images in a grid without classes, and of each class.
const SHOWN: usize = 64;
const PER_CLASS: usize = 8;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    common::run(|| train(&arguments))
}

fn train(arguments: &Arguments) -> Result<Value, GanError> {
    let Arguments { common, .. } = arguments;
    let device = common.device()?.autodiff();
    let pictures = read(arguments)?;
    let names = pictures.class_names().to_vec();
    let folder = common.folder("train")?;
    let (interval, plain) = (arguments.grid_every, device.clone().without_autodiff());
    if arguments.conditional {
        let data = pictures.into_labelled()?;
        let grid = SampleGrid::by_class(&folder, interval, names.len(), PER_CLASS, &plain)?
            .with_picture(PictureGrid::new(PER_CLASS).with_scale(2));
        run(arguments, data, &names, grid, &device, &folder)
    } else {
        let grid = SampleGrid::create(&folder, interval, SHOWN)?
            .with_picture(PictureGrid::square(SHOWN).with_scale(2));
        run(
            arguments,
            pictures.into_images(),
            &names,
            grid,
            &device,
            &folder,
        )
    }
}

/// The pictures, as images of one size.
fn read(arguments: &Arguments) -> Result<ImageFolder, GanError> {
    let [height, width] = [arguments.size; 2];
    let pictures = ImageFolderConfig::new(arguments.pictures.clone())
        .with_resize(Resize::CentreCrop { height, width })
        .with_channels(if arguments.grey {
            PictureChannels::Grey
        } else {
            PictureChannels::Rgb
        })
        .with_classes(if arguments.conditional {
            ClassSource::Subfolders
        } else {
            ClassSource::None
        })
        .with_undecodable(if arguments.skip_undecodable {
            Undecodable::Skip
        } else {
            Undecodable::Refuse
        })
        .init()?;
    for size in pictures.original_sizes().iter().take(5) {
        eprintln!("{} of {}x{} pixels", size.count, size.height, size.width);
    }
    Ok(pictures)
}

/// Trains on images, with or without labels.
fn run<C: ClassCondition, S: Samples<4, C> + 'static>(
    arguments: &Arguments,
    data: S,
    names: &[String],
    grid: SampleGrid<C>,
    device: &Device,
    folder: &Path,
) -> Result<Value, GanError> {
    let seed = arguments.common.seed;
    let summary = DataSummary::of(&data, &device.clone().without_autodiff())?;
    eprintln!("{summary}");
    let classes = arguments.conditional.then_some(names.len());
    let networks = DcganConfig::new(summary.shape[0], arguments.size, arguments.size)
        .with_filters(arguments.filters)
        .with_discriminator_normalization(Normalization::None)
        .with_classes(classes)
        .with_generator_condition(GeneratorCondition::ConditionalNorm)
        .with_seed(seed);
    let augmentation = match arguments.augment {
        Augment::None => None,
        Augment::Diff => Some(Augmentation::DiffAugment(DiffAugmentConfig::new())),
        Augment::Ada => {
            // The loss is relativistic: it has no logits that are above 0 for real images.
            let strength = AdaptiveStrengthConfig::new()
                .with_sign(LogitSign::Relative)
                .with_images(ADA_IMAGES);
            let strength = Strength::Adaptive(strength);
            Some(Augmentation::Ada(AdaConfig::new().with_strength(strength)))
        }
    };
    let config = recipe(arguments.gamma, 1e-3, seed).with_augmentation(augmentation);
    let batch_size = arguments.batch_size.min(summary.samples);
    let data: Box<dyn Samples<4, C>> = if arguments.mirror {
        Box::new(HorizontalFlip::new(data))
    } else {
        Box::new(data)
    };
    let mut source = ShuffleConfig::new(batch_size).with_seed(seed).init(data)?;
    let mut trainer = config.init(
        networks.init_generator(device)?,
        networks.init_discriminator(device)?,
        &source.batch(0, device)?,
    )?;
    let settings = json!({
        "pictures": &arguments.pictures,
        "samples": summary.samples,
        "classes": names,
        "networks": &networks,
        "trainer": &config,
        "batch_size": batch_size,
        "mirror": arguments.mirror,
        "steps": arguments.steps,
    });
    let path = folder.join("run.json");
    let text = serde_json::to_string_pretty(&settings).map_err(GanError::user)?;
    std::fs::write(&path, text + "\n").map_err(|error| GanError::io(&path, error))?;

    let stop = common::stop_flag()?;
    let start = Instant::now();
    let run = trainer.fit(&mut source).until(arguments.steps);
    let outcome = common::recorded(run, folder)
        .observe(grid)
        .resume(common::checkpoints(folder, arguments.resume)?)
        .stop_flag(&stop)
        .run()?;
    let seconds = start.elapsed().as_secs_f64();

    let path = folder.join("generator.bpk");
    save_generator(networks, &trainer.sampling_generator(), &path)?;
    eprintln!(
        "wrote grids, plots and the generator to {}",
        folder.display()
    );
    let taken = outcome.steps - outcome.resumed.unwrap_or(0);
    Ok(json!({
        "images": summary.samples,
        "size": arguments.size,
        "classes": names,
        "steps": outcome.steps,
        "resumed": outcome.resumed,
        "stopped": outcome.stopped,
        "seconds": seconds,
        "images_per_second": (taken * batch_size) as f64 / seconds,
        "generator": path,
        "device": arguments.common.device_name(),
    }))
}
