//! InfoGAN: a code with ten values finds the classes of digits, without labels.
//!
//! cargo run --example infogan

mod common;

use std::process::ExitCode;
use std::time::Instant;

use burn::tensor::Tensor;
use burn_gan::data::{Memory, ShuffleConfig, Source};
use burn_gan::feature::predicted_classes;
use burn_gan::loss::RelativisticPaired;
use burn_gan::model::{CodedGenerator, Codes, DcganConfig, Normalization};
use burn_gan::objective::{Adversarial, CodeReconstruction};
use burn_gan::picture::PictureGrid;
use burn_gan::random::{Purpose, Stream};
use burn_gan::run::Fit;
use burn_gan::{GanError, Generator, SamplerConfig, save_coded_generator};
use clap::Parser;
use common::digits::{Digits, recipe};

/// Values of the categorical code, and continuous codes.
const CATEGORIES: usize = 10;
const CONTINUOUS: usize = 2;
/// Samples of each value that are judged.
const JUDGED: usize = 500;

/// Trains an InfoGAN on handwritten digits.
///
/// Writes to the folder infogan of the output folder: codes.png (a row for each value of the categorical code, the same
/// noise in each column), losses.png and losses.csv. Ctrl-C finishes the step and saves a checkpoint, which --resume
/// continues from. The last line of output is a JSON object; its clustering_accuracy is the share of generated digits whose
/// class, as a classifier of digits names it, is the most frequent one of their code.
#[derive(Parser, Debug)]
struct Arguments {
    #[command(flatten)]
    common: common::CommonArgs,

    /// Training steps
    #[arg(long, default_value_t = 4000)]
    steps: usize,

    /// Real images in a step
    #[arg(long, default_value_t = 64)]
    batch_size: usize,

    /// Channels of the largest hidden layer
    #[arg(long, default_value_t = 32)]
    filters: usize,

    /// Continue from the last checkpoint in the output folder
    #[arg(long)]
    resume: bool,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    common::run(|| infogan(&arguments))
}

fn infogan(arguments: &Arguments) -> Result<serde_json::Value, GanError> {
    let Arguments { common, .. } = arguments;
    let device = common.device()?.autodiff();
    let digits = Digits::load(&device.clone().without_autodiff())?;
    let mut source = ShuffleConfig::new(arguments.batch_size)
        .with_seed(common.seed)
        .init(Memory::new(digits.training.clone())?)?;
    let codes = Codes::new(CATEGORIES, CONTINUOUS);
    let networks = DcganConfig::new(1, 28, 28)
        .with_filters(arguments.filters)
        .with_discriminator_normalization(Normalization::None)
        .with_auxiliary_outputs(Some(codes.width()))
        .with_seed(common.seed);
    let mut trainer = recipe(common.seed)
        .init(
            CodedGenerator::new(networks.init_generator(&device)?, codes),
            networks.init_discriminator(&device)?,
            &source.batch(0, &device)?,
        )?
        .with_objective(Adversarial(RelativisticPaired) + CodeReconstruction::new(codes));

    let folder = common.folder("infogan")?;
    let stop = common::stop_flag()?;
    let start = Instant::now();
    let run = trainer.fit(&mut source).until(arguments.steps);
    let outcome = common::recorded(run, &folder)
        .resume(common::checkpoints(&folder, arguments.resume)?)
        .stop_flag(&stop)
        .run()?;
    let seconds = start.elapsed().as_secs_f64();

    let generator = trainer.sampling_generator();
    save_coded_generator(networks, &generator, folder.join("generator.bpk"))?;
    let width = Generator::<4>::latent_size(&generator);
    let device = device.without_autodiff();
    // The same noise for each value of the code.
    let noise = Stream::new(0, Purpose::Sampling, 0).normal([JUDGED, width], &device);
    let sampler = SamplerConfig::new();
    let (mut rows, mut counts) = (Vec::new(), Vec::new());
    for category in 0..CATEGORIES {
        let latent = codes.with_category(noise.clone(), category)?;
        let images: Tensor<4> = sampler.decode(&generator, latent, &())?;
        rows.push(images.clone().narrow(0, 0, CATEGORIES));
        let mut of_class = [0; 10];
        for class in predicted_classes(&digits.judge, images)? {
            of_class[class] += 1;
        }
        counts.push(of_class);
    }
    PictureGrid::new(CATEGORIES)
        .with_scale(2)
        .save(Tensor::cat(rows, 0), folder.join("codes.png"))?;
    eprintln!("wrote codes and plots to {}", folder.display());
    let most = |counts: &[usize; 10]| counts.iter().copied().max().unwrap_or(0);
    let right: usize = counts.iter().map(most).sum();
    let classes: std::collections::BTreeSet<_> = counts
        .iter()
        .filter_map(|counts| counts.iter().position(|count| *count == most(counts)))
        .collect();
    Ok(serde_json::json!({
        "steps": outcome.steps,
        "resumed": outcome.resumed,
        "stopped": outcome.stopped,
        "seconds": seconds,
        "clustering_accuracy": right as f64 / (CATEGORIES * JUDGED) as f64,
        "classes_found": classes.len(),
        "classes_by_code": counts,
        "device": common.device_name(),
    }))
}
