//! A loss and a discriminator of your own, the latter from Burn's ordinary layers.
//!
//! cargo run --example custom_loss
mod common;
use burn::module::Module;
use burn::nn::{LayerNorm, LayerNormConfig, Linear, LinearConfig};
use burn::tensor::{Tensor, activation::gelu};
use burn_gan::data::{Mixture, MixtureSourceConfig, Source};
use burn_gan::loss::AdversarialLoss;
use burn_gan::observe::ProgressBar;
use burn_gan::run::Fit;
use burn_gan::{AdversarialTrainer, Discriminator, GanError, ema::EmaConfig};
use burn_gan::{model::MlpConfig, nn::initialize_normal, trainer::GanTrainerConfig};
use clap::Parser;

/// Trains on two moons with a loss and a discriminator of the example's own.
#[derive(Parser, Debug)]
struct Arguments {
    #[command(flatten)]
    common: common::CommonArgs,
    #[arg(long, default_value_t = 3000, help = "Training steps")]
    steps: usize,
}

/// Squares near 0, straight lines far away: `sqrt(1 + (x - label)^2) - 1`.
#[derive(Debug)]
struct SoftSquares;
impl AdversarialLoss for SoftSquares {
    fn discriminator(&self, real: Tensor<1>, fake: Tensor<1>) -> Tensor<1> {
        soft_square(real - 1.0) + soft_square(fake + 1.0)
    }
    fn generator(&self, fake: Tensor<1>, _real: &dyn Fn() -> Tensor<1>) -> Tensor<1> {
        soft_square(fake - 1.0)
    }
}

fn soft_square(x: Tensor<1>) -> Tensor<1> {
    (x.square() + 1.0).sqrt() - 1.0
}

#[derive(Module, Debug)]
struct Critic {
    hidden: Linear,
    norm: LayerNorm,
    output: Linear,
}
impl Discriminator<2> for Critic {
    fn logits(&self, samples: Tensor<2>, _: &()) -> Tensor<1> {
        let hidden = gelu(self.norm.forward(self.hidden.forward(samples)));
        self.output.forward(hidden).squeeze_dim(1)
    }
}

fn main() -> std::process::ExitCode {
    let Arguments { common, steps } = Arguments::parse();
    common::run(|| {
        let device = common.device()?.autodiff();
        let mut source = MixtureSourceConfig::new(Mixture::two_moons(), 256).init()?;
        let networks = MlpConfig::new(2).with_seed(common.seed);
        let generator = networks.init_generator(&device)?;
        let critic = Critic {
            hidden: LinearConfig::new(2, 128).init(&device),
            norm: LayerNormConfig::new(128).init(&device),
            output: LinearConfig::new(128, 1).init(&device),
        };
        let critic = initialize_normal(critic, 0.3, common.seed);
        let mut trainer = GanTrainerConfig::new()
            .with_discriminator_learning_rate(1e-3)
            .with_ema(Some(EmaConfig::new()))
            .init(generator, critic, &source.batch(0, &device)?)?
            .with_loss(SoftSquares);
        let mut bar = ProgressBar::new(20);
        let outcome = trainer.fit(&mut source, steps).observe(&mut bar).run()?;
        let last = outcome.last.map(|report| report.read()).transpose()?;
        let mean = trainer.sample(2500, 0, &())?.mean_dim(0);
        let mean = mean.try_into_vec_as::<f32>().map_err(GanError::user)?;
        Ok(serde_json::json!({ "steps": trainer.steps(), "last": last, "sample_mean": mean }))
    })
}
