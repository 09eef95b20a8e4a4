//! The same images in PyTorch: benches/peer/images.py trains, our judge scores.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use burn::tensor::{Device, Tensor, TensorData};
use burn_gan::GanError;
use serde_json::{Value, json};

use crate::common::digits::Settings;
use crate::common::places::in_repository;
use crate::image_runs::{QUARTER, RealImages, clustered, train};
use crate::suite::{Case, Job, Scores};

const SCRIPT: &str = in_repository!("benches/peer/images.py");
/// What the recipes' names on the command line begin with.
const PREFIX: &str = "pytorch-";
/// The recipe of the script that takes our settings.
const OURS: &str = "ours";

/// A recipe of the script on the images of a suite.
pub struct Peer {
    /// Its name in the script; the command line's is `pytorch-` and this.
    pub name: &'static str,
    pub label: &'static str,
    /// Those that it takes in the seconds that ours has, by the rates that docs/results.md has: runs of so many steps are the
    /// same beside other work.
    pub steps: usize,
}

impl Peer {
    pub const DCGAN: Self = Self::new("dcgan", "PyTorch, DCGAN");
    pub const RPGAN: Self = Self::new("rpgan", "PyTorch, RpGAN + R1 + R2");
    /// Our settings; see [`Peer::case_of`].
    pub const OURS: Self = Self::new(OURS, "PyTorch, our networks and recipe");

    const fn new(name: &'static str, label: &'static str) -> Self {
        Self {
            name,
            label,
            steps: 0,
        }
    }

    pub const fn with_steps(self, steps: usize) -> Self {
        Self { steps, ..self }
    }

    /// A case of a recipe that the script knows by itself.
    pub fn case(&self, data: &'static str, steps: Option<usize>) -> Case {
        let steps = steps.unwrap_or(self.steps);
        Case {
            data,
            recipe: format!("{PREFIX}{}", self.name),
            label: self.label.to_string(),
            seeds: 3,
            steps,
            summary: format!(
                "{steps} steps of `benches/peer/images.py --recipe {}`",
                self.name
            ),
            settings: json!({"recipe": self.name, "form": "eager"}),
        }
    }

    /// A case of our settings for so many steps.
    pub fn case_of(
        &self,
        data: &'static str,
        settings: impl FnOnce(usize) -> Settings,
        steps: Option<usize>,
    ) -> Case {
        let mut case = self.case(data, steps);
        case.settings["settings"] = json!(settings(case.steps));
        case
    }
}

fn is_peer(case: &Case) -> bool {
    case.recipe.starts_with(PREFIX)
}

/// What a case of PyTorch needs that is not there.
pub fn missing(case: &Case, python: Option<&Path>) -> Option<&'static str> {
    let without = is_peer(case) && python.is_none();
    without.then_some("PyTorch is not here: name a Python that has it with --python FILE")
}

/// Trains in PyTorch, where that is what the case asks for, otherwise here; and scores.
pub fn run(
    images: &impl RealImages,
    python: Option<&Path>,
    job: &Job,
) -> Result<(f64, Scores), GanError> {
    match python {
        Some(python) if is_peer(&job.case) => run_there(images, python, job),
        _ => train(images, job),
    }
}

/// Trains in PyTorch and scores what comes back.
fn run_there(
    images: &impl RealImages,
    python: &Path,
    job: &Job,
) -> Result<(f64, Scores), GanError> {
    let settings = &job.case.settings;
    let file = |name: &str| job.folder.join(name);
    let [training, samples, quarter] = ["training.f32", "samples.f32", "quarter.f32"].map(file);
    let shape = images.training().dims();
    write_images(images.training(), &training)?;
    let text = |name: &str| settings[name].as_str().unwrap_or_default().to_string();
    let mut command = Command::new(python);
    command
        .arg(SCRIPT)
        .args(["--recipe", &text("recipe"), "--form", &text("form")])
        .args(["--steps", &job.case.steps.to_string()])
        .args(["--seed", &job.seed.to_string()])
        .args(["--channels", &shape[1].to_string()])
        .args(["--side", &shape[2].to_string()]);
    let files = [
        ("--images", &training),
        ("--samples", &samples),
        ("--quarter", &quarter),
    ];
    for (flag, file) in files {
        command.arg(flag).arg(file);
    }
    if text("recipe") == OURS {
        command.args(our_settings(images, job)?);
    }
    let output = command
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| GanError::user(format!("{}: {error}", python.display())))?;
    if !output.status.success() {
        return Err(GanError::user(format!(
            "{SCRIPT} ended with {}",
            output.status
        )));
    }
    let text = String::from_utf8_lossy(&output.stdout);
    let summary: Value =
        serde_json::from_str(text.lines().last().unwrap_or_default()).map_err(GanError::user)?;
    let seconds = summary["seconds"].as_f64();
    let seconds = seconds.ok_or_else(|| GanError::user(format!("{SCRIPT} says no seconds")))?;
    let mut scores = images.of_images(read_images(samples, shape, &job.device)?)?;
    let early = images.frechet_distance_of(read_images(quarter, shape, &job.device)?)?;
    scores.insert(QUARTER.to_string(), early);
    Ok((seconds, scores))
}

/// Writes our settings and the clusters of the images; the arguments that name the files.
fn our_settings(images: &impl RealImages, job: &Job) -> Result<Vec<PathBuf>, GanError> {
    let value = &job.case.settings["settings"];
    let settings: Settings = serde_json::from_value(value.clone()).map_err(GanError::user)?;
    let path = job.folder.join("settings.json");
    std::fs::write(&path, value.to_string()).map_err(|error| GanError::io(&path, error))?;
    let mut arguments = vec!["--settings".into(), path];
    if settings.clusters > 0 {
        let training = clustered(images, settings.clusters, job)?;
        let labels = training.labels().iter();
        let bytes: Vec<u8> = labels
            .flat_map(|label| (*label as u32).to_le_bytes())
            .collect();
        let path = job.folder.join("labels.u32");
        std::fs::write(&path, bytes).map_err(|error| GanError::io(&path, error))?;
        arguments.extend(["--labels".into(), path]);
    }
    Ok(arguments)
}

/// Images as float32, little-endian, one after the other.
fn write_images(images: &Tensor<4>, path: &Path) -> Result<(), GanError> {
    let values = images
        .to_data()
        .try_to_vec::<f32>()
        .map_err(GanError::user)?;
    let bytes: Vec<u8> = values
        .iter()
        .flat_map(|value| value.to_le_bytes())
        .collect();
    std::fs::write(path, bytes).map_err(|error| GanError::io(path, error))
}

/// Images of this shape, however many there are.
fn read_images(
    path: PathBuf,
    [_, channels, height, width]: [usize; 4],
    device: &Device,
) -> Result<Tensor<4>, GanError> {
    let bytes = std::fs::read(&path).map_err(|error| GanError::io(&path, error))?;
    let (values, rest) = bytes.as_chunks::<4>();
    let size = channels * height * width;
    let count = values.len() / size;
    if !rest.is_empty() || count * size != values.len() {
        let message = format!("{}: {} bytes are no images", path.display(), bytes.len());
        return Err(GanError::user(message));
    }
    let values: Vec<f32> = values
        .iter()
        .map(|bytes| f32::from_le_bytes(*bytes))
        .collect();
    let data = TensorData::new(values, [count, channels, height, width]);
    Ok(Tensor::from_data(data, device))
}
