//! What the examples share: the flags, the device and the last line of output.

#![allow(dead_code)] // No example uses all of it.

pub mod conditional;
pub mod cycle;
pub mod digits;
pub mod distance;
pub mod faces;
pub mod networks;
pub mod places;
pub mod points;
pub mod recipes;
pub mod saved;
pub mod translation;
#[cfg(feature = "remote")]
pub mod worker;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use burn::config::Config;
use burn::optim::AdamConfig;
use burn::tensor::Device;
use burn_gan::augment::{AdaConfig, AdaptiveStrengthConfig, Augmentation, LogitSign, Strength};
use burn_gan::data::Source;
use burn_gan::model::{Classifier, ClassifierConfig};
use burn_gan::observe::{History, HistoryPlots, ProgressBar};
use burn_gan::run::Run;
use burn_gan::trainer::OptimizerConfig;
use burn_gan::{AdversarialTrainer, Condition, GanError, load_weights};
use clap::{Args, ValueEnum};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;

use places::in_repository;

/// An allocator that keeps the pages of freed tensors: every step frees and takes the same sizes.
#[cfg(not(test))] // The integration tests, which use these recipes too, have an allocator of their own.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Flags of every example.
#[derive(Args, Debug)]
pub struct CommonArgs {
    /// Where tensors live and networks run
    #[arg(long, value_enum, default_value_t = DeviceName::Flex)]
    pub device: DeviceName,

    /// Seed of weights, noise and the order of the data
    #[arg(long, default_value_t = 1)]
    pub seed: u64,

    /// Folder that files are written to; it is created
    #[arg(long, default_value = "out", value_name = "DIR")]
    pub out: PathBuf,
}

/// A Burn backend.
#[derive(ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeviceName {
    /// CPU: the fast one
    Flex,
    /// CPU: the ndarray library; add `--features ndarray` to the cargo command
    Ndarray,
    /// GPU through wgpu; add `--features wgpu` to the cargo command
    Wgpu,
}

impl DeviceName {
    /// The device by name, without autodiff.
    pub fn device(&self) -> Result<Device, GanError> {
        match self {
            Self::Flex => Ok(Device::flex()),
            // Deprecated upstream and gone in Burn 0.23: these lines go with it.
            #[cfg(feature = "ndarray")]
            #[allow(deprecated)]
            Self::Ndarray => Ok(Device::ndarray()),
            #[cfg(feature = "wgpu")]
            Self::Wgpu => Ok(Device::wgpu(burn::tensor::DeviceKind::DefaultDevice)),
            #[cfg(not(all(feature = "ndarray", feature = "wgpu")))]
            _ => {
                let name = self.name();
                Err(GanError::user(format!(
                    "this binary was built without {name}: add `--features {name}` to the cargo command"
                )))
            }
        }
    }

    /// The device's name as on the command line.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Flex => "flex",
            Self::Ndarray => "ndarray",
            Self::Wgpu => "wgpu",
        }
    }
}

impl CommonArgs {
    /// The device by name, without autodiff.
    pub fn device(&self) -> Result<Device, GanError> {
        self.device.device()
    }

    /// The device's name as on the command line.
    pub fn device_name(&self) -> &'static str {
        self.device.name()
    }

    /// A folder below the output folder; created.
    pub fn folder(&self, name: &str) -> Result<PathBuf, GanError> {
        let folder = self.out.join(name);
        create_folder(&folder)?;
        Ok(folder)
    }
}

/// Creates a folder and those above it.
pub fn create_folder(folder: &Path) -> Result<(), GanError> {
    std::fs::create_dir_all(folder).map_err(|error| GanError::io(folder, error))
}

/// A flag that Ctrl-C sets, and a polite request to end; a second one ends the program at once.
pub fn stop_flag() -> Result<Arc<AtomicBool>, GanError> {
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM] {
        flag::register_conditional_shutdown(signal, 128 + signal, stop.clone())
            .and_then(|_| flag::register(signal, stop.clone()))
            .map_err(GanError::user)?;
    }
    Ok(stop)
}

/// The folder that a run keeps its checkpoints in; those of an earlier run go, unless it is resumed.
pub fn checkpoints(folder: &Path, resume: bool) -> Result<PathBuf, GanError> {
    let checkpoints = folder.join("checkpoints");
    if !resume && checkpoints.exists() {
        std::fs::remove_dir_all(&checkpoints).map_err(|error| GanError::io(&checkpoints, error))?;
    }
    Ok(checkpoints)
}

/// With a progress bar, and with losses.csv and its plots in the folder.
pub fn recorded<'a, const D: usize, C, T, S>(
    run: Run<'a, D, C, T, S>,
    folder: &Path,
) -> Run<'a, D, C, T, S>
where
    C: Condition,
    T: AdversarialTrainer<D, C>,
    S: Source<D, C>,
{
    let losses = folder.join("losses.csv");
    run.observe(ProgressBar::new(10))
        .observe(History::csv(&losses, 10))
        .observe(HistoryPlots::new(&losses, 500))
}

/// The committed classifier of digits of this height and width, 8 or 28: for their classes, and as a feature space.
pub fn digits_classifier(size: usize, device: &Device) -> Result<Classifier, GanError> {
    let data = Path::new(in_repository!("examples/data"));
    load_classifier(
        &data.join(format!("digits-classifier-{size}x{size}")),
        device,
    )
}

/// The classifier in a folder that the example `classifier` has written.
pub fn load_classifier(folder: &Path, device: &Device) -> Result<Classifier, GanError> {
    let path = folder.join("classifier.json");
    let config = ClassifierConfig::load(&path)
        .map_err(|error| GanError::user(format!("{}: {error}", path.display())))?;
    let device = device.clone().without_autodiff();
    Ok(load_weights(
        config.init(&device)?,
        folder.join("classifier.bpk"),
    )?)
}

/// Adam with epsilon 1e-8, as the papers have it.
pub fn adam(beta_1: f32, beta_2: f32) -> OptimizerConfig {
    OptimizerConfig::Adam(
        AdamConfig::new()
            .with_beta_1(beta_1)
            .with_beta_2(beta_2)
            .with_epsilon(1e-8),
    )
}

/// ADA for a run of some minutes: its probability gets from 0 to 1 in 100,000 images at the fastest, a fifth of the paper's,
/// whose runs have 25 million.
pub fn ada() -> Augmentation {
    // Of pairs: the logits of relativistic losses and of a Wasserstein critic have no 0 that means anything.
    let strength = AdaptiveStrengthConfig::new()
        .with_sign(LogitSign::Relative)
        .with_images(100_000);
    Augmentation::Ada(AdaConfig::new().with_strength(Strength::Adaptive(strength)))
}

/// Runs an example: an error becomes one line on standard error and exit code 1.
pub fn run(
    example: impl FnOnce() -> Result<serde_json::Value, GanError>,
) -> std::process::ExitCode {
    // What the library warns of should be seen.
    let logging = env_logger::Env::default().default_filter_or("burn_gan=warn");
    env_logger::Builder::from_env(logging).init();
    match example() {
        Ok(summary) => {
            // The last line of standard output sums the run up.
            println!("{summary}");
            std::process::ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error}");
            std::process::ExitCode::FAILURE
        }
    }
}
