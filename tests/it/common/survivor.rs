//! Runs that a test can kill: small ones, each the same in every process.

use std::collections::BTreeMap;
use std::path::Path;

use burn::tensor::Device;
use burn_gan::data::{Mixture, MixtureSourceConfig, ShuffleConfig, Source, idx};
use burn_gan::ema::EmaConfig;
use burn_gan::model::{DcganConfig, MlpConfig, ResnetConfig};
use burn_gan::observe::{EarlyStoppingConfig, History};
use burn_gan::observe::{Score, WatchConfig};
use burn_gan::run::{CheckpointConfig, Fit, Outcome};
use burn_gan::trainer::{GanTrainer, GanTrainerConfig};
use burn_gan::{AdversarialTrainer, Discriminator, GanError, Generator, Kernels, Persistent};

use super::parameters;
use super::places::DIGITS_8X8;

/// What is trained.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Setup {
    /// An MLP under R1 and R2, five critic steps, batches of 16 in four parts, everything on a schedule.
    Points,
    /// A DCGAN with batch normalisation.
    Images,
    /// A residual network with spectral normalisation.
    Spectral,
}

impl Setup {
    pub const ALL: [Self; 3] = [Self::Points, Self::Images, Self::Spectral];

    pub fn name(self) -> String {
        format!("{self:?}")
    }

    pub fn from_name(name: &str) -> Self {
        let found = Self::ALL.into_iter().find(|setup| setup.name() == name);
        found.expect("a setup's name")
    }
}

/// The devices' names that are compiled in.
pub const DEVICES: &[&str] = &[
    "flex",
    #[cfg(feature = "ndarray")]
    "ndarray",
];

/// A CPU device by name.
pub fn device(name: &str) -> Device {
    match name {
        "flex" => Device::flex(),
        #[cfg(feature = "ndarray")]
        #[allow(deprecated)]
        "ndarray" => Device::ndarray(),
        _ => panic!("no device `{name}`"),
    }
    .autodiff()
}

/// How a run is held on disk.
#[derive(Debug, Clone, Copy)]
pub struct Keep {
    pub steps: usize,
    pub every: usize,
    pub keep: usize,
}

/// Every weight, moment, average and history line of a run, by path.
#[derive(Debug, PartialEq)]
pub struct Everything {
    pub steps: usize,
    pub generator: BTreeMap<String, Vec<f64>>,
    pub discriminator: BTreeMap<String, Vec<f64>>,
    pub average: BTreeMap<String, Vec<f64>>,
    /// Contents of the last checkpoint's files: the same values are the same bytes, in every process.
    pub files: BTreeMap<String, Vec<u8>>,
    pub history: [String; 2],
}

/// Trains, resuming whatever there is in the folder `run` of `folder`; histories go to `folder`.
pub fn train(
    setup: Setup,
    device: &Device,
    folder: &Path,
    keep: Keep,
) -> Result<(Outcome, Everything), GanError> {
    train_on(setup, device, Vec::new(), folder, keep)
}

/// The same, with images on replicas and without kernels where there are any.
pub fn train_on(
    setup: Setup,
    device: &Device,
    replicas: Vec<Device>,
    folder: &Path,
    keep: Keep,
) -> Result<(Outcome, Everything), GanError> {
    match setup {
        Setup::Points => {
            let mut source = MixtureSourceConfig::new(Mixture::ring(), 16).init()?;
            let networks = MlpConfig::new(2).with_hidden(vec![16, 16]);
            let trainer = GanTrainerConfig::r3gan()
                .with_burn_in(60)
                .with_critic_steps(5)
                .with_micro_batches(4)
                .with_gradient_clip(Some(1.0))
                .with_seed(3)
                .init(
                    networks.init_generator(device)?,
                    networks.init_discriminator(device)?,
                    &source.batch(0, device)?,
                )?;
            fit(trainer, source, folder, keep)
        }
        Setup::Images => {
            let mut source = ShuffleConfig::new(8).init(idx::read_folder(DIGITS_8X8)?)?;
            let networks = DcganConfig::new(1, 8, 8)
                .with_filters(4)
                .with_latent_size(8);
            let kernels = match replicas.is_empty() {
                true => Kernels::Fast,
                false => Kernels::Off,
            };
            let mut trainer = GanTrainerConfig::new()
                .with_ema(Some(EmaConfig::new()))
                .with_kernels(kernels)
                .init(
                    networks.init_generator(device)?,
                    networks.init_discriminator(device)?,
                    &source.batch(0, device)?,
                )?;
            if !replicas.is_empty() {
                trainer = trainer.with_replicas(replicas)?;
            }
            fit(trainer, source, folder, keep)
        }
        Setup::Spectral => {
            let mut source = ShuffleConfig::new(4).init(idx::read_folder(DIGITS_8X8)?)?;
            let networks = ResnetConfig::new(1, 8, 8)
                .with_filters(4)
                .with_latent_size(4);
            let trainer = GanTrainerConfig::sngan().with_critic_steps(2).init(
                networks.init_generator(device)?,
                networks.init_discriminator(device)?,
                &source.batch(0, device)?,
            )?;
            fit(trainer, source, folder, keep)
        }
    }
}

fn fit<const D: usize, G, N>(
    mut trainer: GanTrainer<D, G, N>,
    mut source: impl Source<D>,
    folder: &Path,
    keep: Keep,
) -> Result<(Outcome, Everything), GanError>
where
    G: Generator<D>,
    N: Discriminator<D>,
{
    let real = source.batch(0, &trainer.device().without_autodiff())?;
    let histories = ["history.csv", "history.jsonl"].map(|name| folder.join(name));
    // How far the samples' mean is from 0: cheap, and another number after each step.
    let off_center = |trainer: &GanTrainer<D, G, N>| {
        let samples = trainer.sample(4, 0, &())?;
        let mean = samples.mean().try_into_scalar::<f32>();
        Ok(f64::from(mean.map_err(GanError::user)?).abs())
    };
    let stopping = EarlyStoppingConfig::new()
        .with_interval(7)
        .with_patience(1000)
        .init(Score::lowest("off-center", off_center))?;
    let config = CheckpointConfig::new(folder.join("run"))
        .with_every(keep.every)
        .with_keep(keep.keep);
    let outcome = trainer
        .fit(&mut source)
        .until(keep.steps)
        .observe(History::csv(&histories[0], 3))
        .observe(History::json_lines(&histories[1], 1))
        .observe(WatchConfig::new().with_window(8).init(&real)?)
        .observe(stopping)
        .checkpoints(config)
        .resume(folder.join("run"))
        .keep_best(Score::lowest("off-center", off_center))
        .run()?;
    let read = |path| std::fs::read_to_string(path).map_err(|error| GanError::io(path, error));
    let files = trainer.save_state()?.files;
    let everything = Everything {
        steps: trainer.steps(),
        generator: parameters(trainer.generator()),
        discriminator: parameters(trainer.discriminator()),
        average: parameters(&trainer.sampling_generator()),
        files,
        history: [read(&histories[0])?, read(&histories[1])?],
    };
    Ok((outcome, everything))
}
