//! Handwritten digits: a DCGAN from noise to readable digits, on the CPU in minutes.
//!
//! cargo run --example digits

mod common;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use burn::tensor::Device;
use burn_gan::data::{
    ClassFrequencies, ClustersConfig, Memory, Samples, ShuffleConfig, Source, Subset, idx,
};
use burn_gan::feature::FeatureExtractor;
use burn_gan::loss::{LabelledLoss, Loss};
use burn_gan::model::Normalization;
use burn_gan::observe::{History, HistoryPlots, Observer, ProgressBar, SampleGrid};
use burn_gan::picture::PictureGrid;
use burn_gan::run::Fit;
use burn_gan::{ClassCondition, GanError, Labels};
use clap::{Parser, ValueEnum};
use common::digits::{self, BATCH_SIZE, CLUSTERS, DIGITS, FILTERS, GAMMA, STEPS, judge_training};
use common::distance::{Distance, digit_features, random_features};
use common::networks;
use common::recipes::small_images;

/// Images in a sample grid.
const SHOWN: usize = 64;

/// Trains a small GAN on handwritten digits, or on any images in IDX files.
///
/// Writes to the folder digits of the output folder: sample grids (step-*.png), losses.png, logits.png and
/// losses.csv, the Frechet distance of 1,000 samples over the steps (scores.png, scores.csv), and the generator
/// (generator.bpk), which the example `generate` draws more images from. The distance is measured
/// in the features of the classifier that comes with the repository, for other data than its digits in those of
/// random convolutions. Ctrl-C finishes the step and saves a checkpoint, which --resume continues from, also after a
/// crash. The last line of output is a JSON object that sums the run up.
#[derive(Parser, Debug)]
struct Arguments {
    #[command(flatten)]
    common: common::CommonArgs,

    /// Training steps; the learning rates fall over so many, also where --resume has other --steps than before
    #[arg(long, default_value_t = STEPS)]
    steps: usize,

    /// Real images in a step
    #[arg(long, default_value_t = BATCH_SIZE)]
    batch_size: usize,

    /// Folder with an IDX file of images, plain or .gz, such as MNIST or Fashion-MNIST
    #[arg(long, value_name = "DIR", default_value = DIGITS, hide_default_value = true)]
    data: PathBuf,

    /// Groups of images that are alike, which the networks learn as classes; k-means finds them in the pixels, without labels. 0
    /// for none
    #[arg(long, default_value_t = CLUSTERS)]
    clusters: usize,

    /// Channels of the largest hidden layer
    #[arg(long, default_value_t = FILTERS)]
    filters: usize,

    /// What the two networks minimise
    #[arg(long, value_enum, default_value_t = LossName::RelativisticPaired)]
    loss: LossName,

    /// Weight of the gradient penalties R1 and R2, which every second step has; 0 for none, and batch normalisation in the discriminator
    #[arg(long, default_value_t = GAMMA)]
    gamma: f64,

    /// Learning rate of the generator at first; it falls to a twentieth along a line
    #[arg(long, default_value_t = 4e-3)]
    learning_rate: f64,

    /// Learning rate of the discriminator at first [default: half of the generator's]
    #[arg(long)]
    discriminator_learning_rate: Option<f64>,

    /// Continue from the last checkpoint in the output folder
    #[arg(long)]
    resume: bool,

    /// Steps from one sample grid to the next
    #[arg(long, default_value_t = 500, value_name = "STEPS")]
    grid_every: usize,

    /// Steps from one measurement of the Frechet distance to the next
    #[arg(long, default_value_t = 500, value_name = "STEPS")]
    score_every: usize,

    /// Show Burn's terminal dashboard instead of a progress bar
    #[cfg(feature = "tui")]
    #[arg(long)]
    dashboard: bool,
}

#[derive(ValueEnum, Clone, Copy, Debug)]
enum LossName {
    Minimax,
    NonSaturating,
    LeastSquares,
    Hinge,
    RelativisticPaired,
    RelativisticAverage,
}

impl LossName {
    /// One-sided label smoothing, where the loss has labels, keeps the discriminator from being too sure.
    fn loss(self) -> Loss {
        let smoothed = |loss| Loss::Smoothed {
            loss,
            real_label: 0.9,
        };
        match self {
            Self::Minimax => smoothed(LabelledLoss::Minimax),
            Self::NonSaturating => smoothed(LabelledLoss::NonSaturating),
            Self::LeastSquares => smoothed(LabelledLoss::LeastSquares),
            Self::Hinge => Loss::Hinge,
            Self::RelativisticPaired => Loss::RelativisticPaired,
            Self::RelativisticAverage => Loss::RelativisticAverage,
        }
    }
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    common::run(|| digits(&arguments))
}

fn digits(arguments: &Arguments) -> Result<serde_json::Value, GanError> {
    let device = arguments.common.device()?;
    let Data {
        training,
        others,
        features,
        size,
    } = data(arguments, &device)?;
    if arguments.clusters == 0 {
        let distance = Distance::new(features, &training, &others, (), &device)?;
        return train(arguments, training, size, |_| (), None, &distance);
    }
    let clusters = ClustersConfig::new(arguments.clusters)
        .with_seed(arguments.common.seed)
        .fit(&training, &device)?;
    let training = clusters.label(training, &device)?;
    let others = clusters.label(others, &device)?;
    let frequencies = training.frequencies().clone();
    // As many of each cluster as the images have.
    let labels = |count| frequencies.draw(count, 0, &device);
    let conditions = labels(Samples::<4, Labels>::len(&others));
    let distance = Distance::new(features, &training, &others, conditions, &device)?;
    train(
        arguments,
        training,
        size,
        labels,
        Some(&frequencies),
        &distance,
    )
}

/// Images to train on, others, and what generated ones are compared in.
struct Data {
    training: Box<dyn Samples<4>>,
    others: Box<dyn Samples<4>>,
    features: Box<dyn FeatureExtractor<4>>,
    /// Height and width.
    size: [usize; 2],
}

fn data(arguments: &Arguments, device: &Device) -> Result<Data, GanError> {
    let images = idx::read_folder(&arguments.data)?;
    let size = [images.height(), images.width()];
    if arguments.data.as_path() == Path::new(DIGITS) {
        // The digits that the classifier learned from; the others are what it was tested on.
        let split = judge_training().split(images.len())?;
        let select = |indices: &[usize]| Memory::new(images.select(indices, device)?.samples);
        return Ok(Data {
            training: Box::new(select(&split.training)?),
            others: Box::new(select(&split.held_out)?),
            features: digit_features(device)?,
            size,
        });
    }
    let held_out = (images.len() / 10).clamp(2, 1000);
    let (training, others) = Subset::hold_out(Arc::new(images), held_out, 0)?;
    Ok(Data {
        training: Box::new(training),
        others: Box::new(others),
        features: random_features([1, size[0], size[1]], device)?,
        size,
    })
}

/// R3GAN's loss and penalties (Huang et al. 2024) on the networks of a DCGAN, whose discriminator is then without batch
/// normalisation; with `--gamma 0` a DCGAN.
fn train<C: ClassCondition>(
    arguments: &Arguments,
    images: impl Samples<4, C>,
    [height, width]: [usize; 2],
    conditions: impl Fn(usize) -> C,
    frequencies: Option<&ClassFrequencies>,
    distance: &Distance<4, C>,
) -> Result<serde_json::Value, GanError> {
    let Arguments { common, gamma, .. } = arguments;
    let device = &common.device()?.autodiff();
    let configuration = digits::networks(
        [1, height, width],
        frequencies.map(ClassFrequencies::classes),
    )
    .with_filters(arguments.filters)
    .with_discriminator_normalization(match *gamma {
        0.0 => Normalization::Batch,
        _ => Normalization::None,
    })
    .with_seed(common.seed);
    let mut source = ShuffleConfig::new(arguments.batch_size)
        .with_seed(common.seed)
        .init(images)?;
    let rate = arguments.learning_rate;
    let mut trainer = small_images(*gamma, arguments.steps)
        .with_loss(arguments.loss.loss())
        .with_generator_learning_rate(rate)
        .with_discriminator_learning_rate(
            arguments.discriminator_learning_rate.unwrap_or(rate / 2.0),
        )
        .with_seed(common.seed)
        .init(
            configuration.init_generator(device)?,
            configuration.init_discriminator(device)?,
            &source.batch(0, device)?,
        )?;
    let folder = common.folder("digits")?;
    let grids =
        SampleGrid::with_condition(&folder, arguments.grid_every, SHOWN, conditions(SHOWN))?;
    let picture = PictureGrid::square(SHOWN).with_scale(2);
    let losses = folder.join("losses.csv");
    let stop = common::stop_flag()?;
    let start = Instant::now();
    let outcome = trainer
        .fit(&mut source)
        .until(arguments.steps)
        .observe(progress(arguments))
        // An odd number: every second step has penalties.
        .observe(History::csv(&losses, 5))
        .observe(HistoryPlots::new(&losses, 500))
        .observe(distance.evaluation(&folder, arguments.score_every))
        .observe(grids.with_picture(picture))
        .resume(common::checkpoints(&folder, arguments.resume)?)
        // Other --steps than before are a run that goes on, at the rate of so many steps.
        .allow_change("trainer.learning_rate_schedule")
        .stop_flag(&stop)
        .run()?;
    let seconds = start.elapsed().as_secs_f64();

    let path = folder.join("generator.bpk");
    let generator = trainer.sampling_generator();
    networks::save_network(&configuration.into(), &generator, frequencies, &path)?;
    distance.plot(&folder)?;
    eprintln!(
        "wrote grids, plots and the generator to {}",
        folder.display()
    );
    let taken = outcome.steps - outcome.resumed.unwrap_or(0);
    let last = outcome.last.map(|report| report.read()).transpose()?;
    Ok(serde_json::json!({
        "steps": outcome.steps,
        "resumed": outcome.resumed,
        "stopped": outcome.stopped,
        "seconds": seconds,
        "images_per_second": (taken * arguments.batch_size) as f64 / seconds,
        "loss_d": last.as_ref().map(|last| last.loss_discriminator),
        "loss_g": last.as_ref().and_then(|last| last.loss_generator),
        "frechet_distance": distance.of(&trainer)?,
        "probability_real": last.as_ref().and_then(|last| last.probability_real),
        "probability_fake": last.as_ref().and_then(|last| last.probability_fake),
        "device": common.device_name(),
    }))
}

/// How far the run is, on the terminal.
#[cfg_attr(not(feature = "tui"), allow(unused_variables))]
fn progress<T>(arguments: &Arguments) -> Box<dyn Observer<T>> {
    #[cfg(feature = "tui")]
    if arguments.dashboard {
        return Box::new(burn_gan::observe::Dashboard::new(10));
    }
    Box::new(ProgressBar::new(10))
}
