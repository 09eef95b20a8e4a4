//! pix2pix: blurred digits made sharp, learnt from pairs.
//!
//! cargo run --example pix2pix

mod common;

use std::process::ExitCode;
use std::time::Instant;

use burn::tensor::Tensor;
use burn_gan::data::{Memory, ShuffleConfig, Source};
use burn_gan::feature::predicted_classes;
use burn_gan::loss::NonSaturating;
use burn_gan::model::{PatchganConfig, UnetConfig};
use burn_gan::objective::{Adversarial, L1};
use burn_gan::run::Fit;
use burn_gan::trainer::GanTrainerConfig;
use burn_gan::{AdversarialTrainer, GanError, save_generator};
use clap::Parser;
use common::digits::Digits;
use common::translation::{side_by_side, smeared};

/// Weight of the absolute differences (Isola et al. 2017, section 3.3).
const L1_WEIGHT: f64 = 100.0;

/// Trains pix2pix, a U-Net against a PatchGAN, to make blurred and thinned digits sharp.
///
/// Writes to the folder pix2pix of the output folder: pairs.png (input, output, truth side by side), losses.png and
/// losses.csv. Ctrl-C finishes the step and saves a checkpoint, which --resume continues from. The last line of output is a
/// JSON object: mean absolute difference to the true digits and accuracy of a classifier of digits, for held-out pairs, each
/// beside that of the inputs as they are.
#[derive(Parser, Debug)]
struct Arguments {
    #[command(flatten)]
    common: common::CommonArgs,

    /// Training steps
    #[arg(long, default_value_t = 2000)]
    steps: usize,

    /// Pairs in a step
    #[arg(long, default_value_t = 32)]
    batch_size: usize,

    /// Channels of the first layer
    #[arg(long, default_value_t = 16)]
    filters: usize,

    /// Train the U-Net on the absolute difference alone, with no discriminator, to compare with
    #[arg(long)]
    without_discriminator: bool,

    /// Continue from the last checkpoint in the output folder
    #[arg(long)]
    resume: bool,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    common::run(|| pix2pix(&arguments))
}

fn pix2pix(arguments: &Arguments) -> Result<serde_json::Value, GanError> {
    let Arguments { common, .. } = arguments;
    let device = common.device()?.autodiff();
    let digits = Digits::load(&device.clone().without_autodiff())?;
    let pairs = Memory::with_condition(digits.training.clone(), smeared(digits.training.clone()))?;
    let mut source = ShuffleConfig::new(arguments.batch_size)
        .with_seed(common.seed)
        .init(pairs)?;
    let network = UnetConfig::new(1, 1, 28, 28)
        .with_filters(arguments.filters)
        .with_seed(common.seed);
    let discriminator = PatchganConfig::new(1, 28, 28)
        .with_condition_channels(1)
        .with_filters(arguments.filters)
        .with_layers(2)
        .with_seed(common.seed)
        .init(&device)?;
    let trainer = GanTrainerConfig::new()
        .with_learning_rates(1e-3)
        .with_seed(common.seed)
        .init(
            network.init(&device)?,
            discriminator,
            &source.batch(0, &device)?,
        )?;
    let mut trainer = if arguments.without_discriminator {
        trainer.with_objective(L1 * L1_WEIGHT)
    } else {
        trainer.with_objective(Adversarial(NonSaturating::default()) + L1 * L1_WEIGHT)
    };

    let folder = common.folder("pix2pix")?;
    let stop = common::stop_flag()?;
    let start = Instant::now();
    let run = trainer.fit(&mut source).until(arguments.steps);
    let outcome = common::recorded(run, &folder)
        .resume(common::checkpoints(&folder, arguments.resume)?)
        .stop_flag(&stop)
        .run()?;
    let seconds = start.elapsed().as_secs_f64();

    let path = folder.join("generator.bpk");
    save_generator(network, &trainer.sampling_generator(), path)?;
    let truth = digits.held_out.clone();
    let input = smeared(truth.clone());
    let output = trainer.sample(truth.dims()[0], 0, &input)?;
    side_by_side([&input, &output, &truth], &folder.join("pairs.png"))?;
    eprintln!("wrote pairs and plots to {}", folder.display());
    let l1 = |images: &Tensor<4>| {
        let difference = images.clone() - truth.clone();
        difference.abs().mean().into_scalar::<f32>()
    };
    let accuracy = |images: Tensor<4>| {
        let named = predicted_classes(&digits.judge, images)?;
        let right = named.iter().zip(&digits.labels).filter(|(a, b)| a == b);
        Ok::<_, GanError>(right.count() as f64 / named.len() as f64)
    };
    Ok(serde_json::json!({
        "discriminator": !arguments.without_discriminator,
        "steps": outcome.steps,
        "resumed": outcome.resumed,
        "stopped": outcome.stopped,
        "seconds": seconds,
        "l1": l1(&output),
        "l1_of_input": l1(&input),
        "accuracy": accuracy(output)?,
        "accuracy_of_input": accuracy(input)?,
        "accuracy_of_real": digits.accuracy,
        "device": common.device_name(),
    }))
}
