//! What `ring`, `grid` and the benchmark of mixtures share: flags, the score, and the recipes as they were measured.

use std::path::Path;

use burn_gan::data::Mixture;
use burn_gan::ema::{EmaConfig, EmaDecay};
use burn_gan::metric::{Features, modes};
use burn_gan::model::MlpConfig;
use burn_gan::penalty::Penalty;
use burn_gan::plot::PointsPlot;
use burn_gan::random::{Purpose, Stream};
use burn_gan::run::Outcome;
use burn_gan::trainer::GanTrainerConfig;
use burn_gan::{AdversarialTrainer, GanError, Schedule};
use clap::{Args, ValueEnum};

use super::{CommonArgs, adam};

/// Samples that the score counts, as in PacGAN's protocol (Lin et al. 2018, section 4.1).
pub const SAMPLES: usize = 2500;

/// Real points and as many samples in the picture: more of them hide each other.
const SHOWN: usize = 500;

/// Flags of the examples in the plane.
#[derive(Args, Debug)]
pub struct PointsArgs {
    #[command(flatten)]
    pub common: CommonArgs,

    /// Loss, penalties, optimisers and schedules
    #[arg(long, value_enum, default_value_t = Recipe::R3gan)]
    pub recipe: Recipe,

    /// Training steps; every step takes a batch
    #[arg(long, default_value_t = 20_000)]
    pub steps: usize,

    /// Continue from the last checkpoint in the output folder
    #[arg(long)]
    pub resume: bool,

    /// Real samples in a step
    #[arg(long, default_value_t = 128)]
    pub batch_size: usize,
}

/// A published way to train.
#[derive(ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recipe {
    /// Cross-entropy, Adam with beta_1 = 0.5, two time scales
    Dcgan,
    /// Wasserstein loss and gradient penalty, five critic steps
    WganGp,
    /// Hinge loss and spectral normalisation
    Sngan,
    /// Relativistic pairing with R1 and R2, learning rate and average on a cosine schedule
    R3gan,
}

impl Recipe {
    /// What R3GAN is compared with: the paper's preset with rates and weights for points in the plane. R3GAN itself is none;
    /// `ring` and `grid` show theirs.
    pub fn baseline(self) -> Option<GanTrainerConfig> {
        let preset = match self {
            // With equal rates the generator moves from mode to mode; a discriminator that learns five times as fast
            // keeps it on all of them.
            Self::Dcgan => GanTrainerConfig::dcgan()
                .with_generator_learning_rate(2e-4)
                .with_discriminator_learning_rate(1e-3),
            // The paper's weight is 10, for images; its authors' own figures of points in the plane have 0.1.
            Self::WganGp => GanTrainerConfig::wgan_gp()
                .with_penalties(vec![Penalty::WassersteinGp { weight: 0.1 }])
                .with_learning_rates(5e-4),
            Self::Sngan => GanTrainerConfig::sngan()
                .with_critic_steps(1)
                .with_learning_rates(5e-4),
            Self::R3gan => return None,
        };
        Some(preset.with_ema(Some(EmaConfig::new())))
    }

    /// The recipe of the benchmark.
    pub fn config(self, mixture: Mixture, steps: usize) -> GanTrainerConfig {
        if let Some(baseline) = self.baseline() {
            return baseline;
        }
        let cosine = |from, to| Schedule::CosineBurnIn { from, to, steps };
        let adam = adam(0.5, 0.99);
        // Slopes are in units of the data: a ring of half the radius has twice the slopes.
        let gamma = match mixture {
            Mixture::Ring { radius, .. } => 0.0075 * f64::from(radius).powi(2),
            _ => 0.03,
        };
        GanTrainerConfig::r3gan()
            .with_burn_in(steps)
            .with_generator_optimizer(adam.clone())
            .with_discriminator_optimizer(adam)
            .with_learning_rates(2e-3)
            .with_learning_rate_schedule(cosine(1.0, 0.02))
            .with_penalties(vec![Penalty::R1 { gamma }, Penalty::R2 { gamma }])
            .with_penalty_schedule(Schedule::Constant(1.0))
            .with_ema(Some(
                EmaConfig::new().with_decay(EmaDecay::HalfLife(cosine(0.0, 500.0))),
            ))
    }

    /// The perceptrons.
    pub fn networks(self, seed: u64) -> MlpConfig {
        // ReLU: a leak in the generator's activations blurs its steps from one mode to the next.
        MlpConfig::new(2)
            .with_latent_size(2)
            .with_slope(0.0)
            .with_spectral_norm(self == Self::Sngan)
            .with_seed(seed)
    }
}

/// Draws samples of the trained generator, writes points.png and counts the modes that they reach.
pub fn evaluate<T: AdversarialTrainer<2>>(
    mixture: Mixture,
    arguments: &PointsArgs,
    folder: &Path,
    trainer: &T,
    outcome: &Outcome,
) -> Result<serde_json::Value, GanError> {
    let seed = arguments.common.seed;
    let samples = trainer.sample(SAMPLES, seed, &())?;
    let device = trainer.device().without_autodiff();
    let real = mixture.sample(SHOWN, &mut Stream::new(seed, Purpose::Data, 0), &device);
    PointsPlot::new(format!("step {}", outcome.steps))
        .with_real(real)
        .with_generated(samples.clone().narrow(0, 0, SHOWN))
        .with_discriminator(trainer.discriminator())
        .save(folder.join("points.png"))?;
    eprintln!(
        "wrote points.png, losses.png, logits.png and losses.csv to {}",
        folder.display()
    );

    let samples = Features::from_tensor(samples)?;
    let found = modes(&samples, &mixture.centers(), mixture.sigma())?;
    let recipe = arguments.recipe.to_possible_value();
    Ok(serde_json::json!({
        "recipe": recipe.map(|value| value.get_name().to_string()),
        "seed": seed,
        "steps": outcome.steps,
        "resumed": outcome.resumed,
        "stopped": outcome.stopped,
        "modes": found.modes,
        "high_quality": found.high_quality,
        "reverse_kl": found.reverse_kl,
        "device": arguments.common.device_name(),
    }))
}
