//! A run that is killed again and again and resumed ends with the same bits as an uninterrupted one.
//!
//! cargo run --example survive -- --kills 20 --seed 1

mod common;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use burn_gan::checkpoint::Checkpoints;
use burn_gan::data::{Mixture, MixtureSourceConfig, Source};
use burn_gan::model::MlpConfig;
use burn_gan::observe::History;
use burn_gan::random::{Purpose, Stream};
use burn_gan::run::{CheckpointConfig, Fit};
use burn_gan::trainer::GanTrainerConfig;
use burn_gan::{AdversarialTrainer, GanError};
use clap::{Parser, ValueEnum};

/// Trains a small network in a process of its own, kills that process (SIGKILL) at random moments and resumes
/// the run until it is complete, then compares it with one that was never interrupted.
///
/// The last line of output is a JSON object; `identical` says whether every weight, optimiser moment, average
/// and history line is the same to the bit.
#[derive(Parser, Debug)]
struct Arguments {
    #[command(flatten)]
    common: common::CommonArgs,

    /// How often the process is killed
    #[arg(long, default_value_t = 20)]
    kills: usize,

    /// Training steps
    #[arg(long, default_value_t = 1000)]
    steps: usize,

    /// Trains in this folder and ends: the process to be killed
    #[arg(long, hide = true, value_name = "DIR")]
    child: Option<PathBuf>,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match &arguments.child {
        Some(folder) => common::run(|| train(&arguments, folder)),
        None => common::run(|| survive(&arguments)),
    }
}

/// The run: points on a ring under R3GAN's recipe, from wherever its last checkpoint is.
fn train(arguments: &Arguments, folder: &Path) -> Result<serde_json::Value, GanError> {
    let seed = arguments.common.seed;
    let device = arguments.common.device()?.autodiff();
    let mut source = MixtureSourceConfig::new(Mixture::ring(), 64)
        .with_seed(seed)
        .init()?;
    let networks = MlpConfig::new(2).with_hidden(vec![64, 64]).with_seed(seed);
    let mut trainer = GanTrainerConfig::r3gan()
        .with_burn_in(arguments.steps)
        .with_seed(seed)
        .init(
            networks.init_generator(&device)?,
            networks.init_discriminator(&device)?,
            &source.batch(0, &device)?,
        )?;
    let outcome = trainer
        .fit(&mut source)
        .until(arguments.steps)
        .observe(History::csv(history(folder), 1))
        .checkpoints(CheckpointConfig::new(checkpoints(folder)).with_every(10))
        .resume(checkpoints(folder))
        .run()?;
    Ok(serde_json::json!({ "steps": trainer.steps(), "resumed": outcome.resumed }))
}

fn survive(arguments: &Arguments) -> Result<serde_json::Value, GanError> {
    let Arguments { kills, steps, .. } = *arguments;
    if kills * 2 > steps {
        let needed = "there must be at least two steps for each kill";
        return Err(GanError::user(needed));
    }
    let start = Instant::now();
    let folder = arguments.common.folder("survive")?;
    let [killed, whole] = ["killed", "whole"].map(|name| folder.join(name));
    for folder in [&killed, &whole] {
        if folder.exists() {
            std::fs::remove_dir_all(folder).map_err(|error| GanError::io(folder, error))?;
        }
        common::create_folder(folder)?;
    }

    let mut random = Stream::new(arguments.common.seed, Purpose::Data, 0);
    let mut resumes = 0;
    for kill in 0..kills {
        // A random step of this kill's share of the run, all but its end, and a random moment after it.
        let until = |kill: usize| kill * (steps - steps / 10) / kills;
        let step = until(kill) + random.index(until(kill + 1) - until(kill));
        let moment = Duration::from_micros(random.index(30_000) as u64);
        let mut child = Process::start(arguments, &killed)?;
        let died_at = child.kill_after(step, moment, &killed)?;
        resumes += usize::from(newest(&killed)?.is_some());
        eprintln!("kill {}: in step {died_at} of {steps}", kill + 1);
    }
    Process::start(arguments, &killed)?.finish()?;
    eprintln!("the run is complete; now an uninterrupted one");
    train(arguments, &whole)?;

    Ok(serde_json::json!({
        "kills": kills,
        "resumes": resumes,
        "steps": steps,
        "identical": everything(&killed)? == everything(&whole)?,
        "seconds": start.elapsed().as_secs_f64(),
    }))
}

fn checkpoints(folder: &Path) -> PathBuf {
    folder.join("checkpoints")
}

fn history(folder: &Path) -> PathBuf {
    folder.join("history.csv")
}

/// The step of the newest checkpoint, if there is one.
fn newest(folder: &Path) -> Result<Option<usize>, GanError> {
    let folder = checkpoints(folder);
    if folder.exists() {
        Ok(Checkpoints::list(folder)?.into_keys().next_back())
    } else {
        Ok(None)
    }
}

/// All files of the last checkpoint (weights, moments, average, counters) and the history.
fn everything(folder: &Path) -> Result<BTreeMap<String, Vec<u8>>, GanError> {
    let found = Checkpoints::latest(checkpoints(folder))?.checkpoint;
    let checkpoint = found.ok_or_else(|| GanError::user("the run left no checkpoint"))?;
    let mut files = checkpoint.files;
    let counters = checkpoint.manifest.state.to_string();
    files.insert("counters".to_string(), counters.into_bytes());
    let path = history(folder);
    let lines = std::fs::read(&path).map_err(|error| GanError::io(&path, error))?;
    files.insert("history".to_string(), lines);
    Ok(files)
}

/// The process that trains.
struct Process(Child);

impl Process {
    fn start(arguments: &Arguments, folder: &Path) -> Result<Self, GanError> {
        let device = arguments.common.device.to_possible_value();
        let child = Command::new(std::env::current_exe().map_err(GanError::user)?)
            .arg("--child")
            .arg(folder)
            .args(["--steps", &arguments.steps.to_string()])
            .args(["--seed", &arguments.common.seed.to_string()])
            .args(device.iter().flat_map(|name| ["--device", name.get_name()]))
            .stdout(Stdio::null())
            .spawn();
        child.map(Self).map_err(GanError::user)
    }

    /// Kills it a moment after it has taken this step; returns the step that it was in.
    fn kill_after(
        &mut self,
        step: usize,
        moment: Duration,
        folder: &Path,
    ) -> Result<usize, GanError> {
        while steps_taken(folder) <= step {
            if let Some(status) = self.0.try_wait().map_err(GanError::user)? {
                return Err(GanError::user(format!(
                    "the training process ended: {status}"
                )));
            }
            std::thread::sleep(Duration::from_micros(500));
        }
        std::thread::sleep(moment);
        // On Unix this is SIGKILL, which no process can see coming.
        self.0.kill().map_err(GanError::user)?;
        self.0.wait().map_err(GanError::user)?;
        Ok(steps_taken(folder))
    }

    fn finish(mut self) -> Result<(), GanError> {
        let status = self.0.wait().map_err(GanError::user)?;
        if status.success() {
            Ok(())
        } else {
            Err(GanError::user(format!(
                "the training process failed: {status}"
            )))
        }
    }
}

/// How many steps the history has.
fn steps_taken(folder: &Path) -> usize {
    let lines = std::fs::read(history(folder)).unwrap_or_default();
    let lines = lines.iter().filter(|&&byte| byte == b'\n').count();
    lines.saturating_sub(1)
}
