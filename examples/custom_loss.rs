//! A loss and a discriminator of your own, the latter from Burn's ordinary layers.
//!
//! cargo run --example custom_loss

mod common;

use std::process::ExitCode;

use burn::module::Module;
use burn::nn::{LayerNorm, LayerNormConfig, Linear, LinearConfig};
use burn::tensor::activation::gelu;
use burn::tensor::{Device, Tensor};
use burn_gan::data::{Mixture, MixtureSourceConfig, Source};
use burn_gan::ema::EmaConfig;
use burn_gan::loss::AdversarialLoss;
use burn_gan::model::MlpConfig;
use burn_gan::nn::initialize_normal;
use burn_gan::observe::ProgressBar;
use burn_gan::run::Fit;
use burn_gan::trainer::GanTrainerConfig;
use burn_gan::{AdversarialTrainer, Discriminator, GanError};
use clap::Parser;

/// Trains on two moons with a loss and a discriminator of the example's own.
///
/// The last line of output is a JSON object: the numbers of the last step and the mean of 2,500 samples.
#[derive(Parser, Debug)]
struct Arguments {
    #[command(flatten)]
    common: common::CommonArgs,

    /// Training steps
    #[arg(long, default_value_t = 3000)]
    steps: usize,
}

/// Least squares with linear tails: `sqrt(1 + (logit - label)^2) - 1`, with the label 1 for real samples and -1 for
/// generated ones.
#[derive(Debug)]
struct PseudoHuber;

impl AdversarialLoss for PseudoHuber {
    fn discriminator(&self, real: Tensor<1>, fake: Tensor<1>) -> Tensor<1> {
        pseudo_huber(real - 1.0) + pseudo_huber(fake + 1.0)
    }

    /// The generator wants its samples to have the label of real ones. `_real` would compute the logits of the real
    /// samples, which a relativistic loss needs.
    fn generator(&self, fake: Tensor<1>, _real: &dyn Fn() -> Tensor<1>) -> Tensor<1> {
        pseudo_huber(fake - 1.0)
    }
}

fn pseudo_huber(x: Tensor<1>) -> Tensor<1> {
    (x.square() + 1.0).sqrt() - 1.0
}

/// A perceptron of one hidden layer.
#[derive(Module, Debug)]
struct Critic {
    hidden: Linear,
    norm: LayerNorm,
    output: Linear,
}

impl Critic {
    fn new(hidden: usize, device: &Device) -> Self {
        Self {
            hidden: LinearConfig::new(2, hidden).init(device),
            norm: LayerNormConfig::new(hidden).init(device),
            output: LinearConfig::new(hidden, 1).init(device),
        }
    }
}

impl Discriminator<2> for Critic {
    /// Points `[N, 2]` to logits `[N]`; there is no condition.
    fn logits(&self, samples: Tensor<2>, _condition: &()) -> Tensor<1> {
        let hidden = gelu(self.norm.forward(self.hidden.forward(samples)));
        self.output.forward(hidden).squeeze_dim(1)
    }
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    common::run(|| custom_loss(&arguments))
}

fn custom_loss(arguments: &Arguments) -> Result<serde_json::Value, GanError> {
    let Arguments { common, steps } = arguments;
    let device = common.device()?.autodiff();
    let mut source = MixtureSourceConfig::new(Mixture::two_moons(), 256)
        .with_seed(common.seed)
        .init()?;

    let generator = MlpConfig::new(2)
        .with_seed(common.seed)
        .init_generator(&device)?;
    // Burn draws weights from a global random generator; these are redrawn from the seed.
    let critic = initialize_normal(Critic::new(128, &device), 0.3, common.seed);
    let mut trainer = GanTrainerConfig::new()
        .with_discriminator_learning_rate(1e-3)
        .with_ema(Some(EmaConfig::new()))
        .with_seed(common.seed)
        .init(generator, critic, &source.batch(0, &device)?)?
        .with_loss(PseudoHuber);

    let outcome = trainer
        .fit(&mut source)
        .until(*steps)
        .observe(ProgressBar::new(20))
        .run()?;

    let last = outcome.last.map(|report| report.read()).transpose()?;
    let mean = trainer.sample(2500, 0, &())?.mean_dim(0);
    let mean = mean.try_into_vec_as::<f32>().map_err(GanError::user)?;
    Ok(serde_json::json!({ "steps": trainer.steps(), "last": last, "sample_mean": mean }))
}
