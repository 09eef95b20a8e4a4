//! CycleGAN: translates digits into another style and back, without pairs.
//!
//! cargo run --example cycle

mod common;

use std::process::ExitCode;
use std::time::Instant;

use burn::tensor::Tensor;
use burn_gan::data::{Memory, ShuffleConfig};
use burn_gan::feature::predicted_classes;
use burn_gan::run::Fit;
use burn_gan::{AdversarialTrainer, GanError, SamplerConfig, save_generator};
use clap::Parser;
use common::cycle::{CycleConfig, Unpaired};
use common::digits::Digits;
use common::translation::{nearest_is_partner, restyled, side_by_side};

/// Trains a CycleGAN between handwritten digits and digits in another style: blurred, and dark on light.
///
/// The two sets have no digit in common, but the style is a known function, so that each translation has a true partner to
/// be compared with. Writes to the folder cycle of the output folder: translations.png (input, translation, truth side by
/// side), losses.png and losses.csv. Ctrl-C finishes the step and saves a checkpoint, which --resume continues from. The
/// last line of output is a JSON object: the shares of held-out digits whose translation is nearer to its true partner than
/// to any other's, and whose class survives the way there and back.
#[derive(Parser, Debug)]
struct Arguments {
    #[command(flatten)]
    common: common::CommonArgs,

    /// Training steps
    #[arg(long, default_value_t = 1000)]
    steps: usize,

    /// Images of each set in a step
    #[arg(long, default_value_t = 16)]
    batch_size: usize,

    /// Channels of the first layer
    #[arg(long, default_value_t = 8)]
    filters: usize,

    /// Continue from the last checkpoint in the output folder
    #[arg(long)]
    resume: bool,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    common::run(|| cycle(&arguments))
}

fn cycle(arguments: &Arguments) -> Result<serde_json::Value, GanError> {
    let Arguments { common, .. } = arguments;
    let seed = common.seed;
    let device = common.device()?;
    let digits = Digits::load(&device)?;
    let half = digits.training.dims()[0] / 2;
    let of_x = digits.training.clone().narrow(0, 0, half);
    let of_y = restyled(digits.training.clone().narrow(0, half, half));
    let shuffled = |images: Tensor<4>, seed| {
        let config = ShuffleConfig::new(arguments.batch_size).with_seed(seed);
        Ok::<_, GanError>(config.init(Memory::new(images)?)?)
    };
    let mut source = Unpaired {
        x: shuffled(of_x, 2 * seed)?,
        y: shuffled(of_y, 2 * seed + 1)?,
    };
    let config = CycleConfig {
        size: [28, 28],
        filters: arguments.filters,
        blocks: 2,
        learning_rate: 1e-3,
        seed,
    };
    let mut trainer = config.init(&device.clone().autodiff())?;

    let folder = common.folder("cycle")?;
    let stop = common::stop_flag()?;
    let start = Instant::now();
    let run = trainer.fit(&mut source).until(arguments.steps);
    let outcome = common::recorded(run, &folder)
        .resume(common::checkpoints(&folder, arguments.resume)?)
        .stop_flag(&stop)
        .run()?;
    let seconds = start.elapsed().as_secs_f64();

    let path = folder.join("generator.bpk");
    save_generator(config.generator(), trainer.generator(), path)?;
    let x = digits.held_out.clone();
    let count = x.dims()[0];
    let truth = restyled(x.clone());
    let y = trainer.sample(count, 0, &x)?;
    let back = SamplerConfig::new().sample(trainer.back(), count, &y)?;
    side_by_side([&x, &y, &truth, &back], &folder.join("translations.png"))?;
    eprintln!("wrote translations and plots to {}", folder.display());
    let named = predicted_classes(&digits.judge, back)?;
    let survived = named.iter().zip(&digits.labels).filter(|(a, b)| a == b);
    let last = outcome.last.map(|report| report.read()).transpose()?;
    Ok(serde_json::json!({
        "steps": outcome.steps,
        "resumed": outcome.resumed,
        "stopped": outcome.stopped,
        "seconds": seconds,
        "loss_d": last.as_ref().map(|last| last.loss_discriminator),
        "loss_g": last.as_ref().and_then(|last| last.loss_generator),
        "nearest_is_partner": nearest_is_partner(y.clone(), truth.clone())?,
        "class_survives": survived.count() as f64 / count as f64,
        "class_of_real": digits.accuracy,
        "l1": (y - truth).abs().mean().into_scalar::<f32>(),
        "device": common.device_name(),
    }))
}
