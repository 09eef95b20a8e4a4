//! The same digits in PyTorch: benches/peer/digits.py trains, our judge scores.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use burn::tensor::{Device, Tensor, TensorData};
use burn_gan::GanError;
use serde_json::{Value, json};

use crate::digit_scores::{DigitScores, QUARTER, SIZE};
use crate::suite::{Case, Job, Scores};

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/peer/digits.py");
/// Name on the command line, name in the script, label, and the steps that it takes in the most seconds that the example
/// `digits` may take, by the rates that docs/results.md has: runs of so many steps are the same beside other work.
const RECIPES: [(&str, &str, &str, usize); 2] = [
    ("pytorch-dcgan", "dcgan", "PyTorch, DCGAN", 6900),
    ("pytorch-rpgan", "rpgan", "PyTorch, RpGAN + R1 + R2", 4320),
];

/// The recipes.
pub fn cases(steps: Option<usize>) -> impl Iterator<Item = Case> {
    RECIPES
        .into_iter()
        .map(move |(recipe, name, label, usual)| {
            let steps = steps.unwrap_or(usual);
            Case {
                data: "digits28",
                recipe: recipe.to_string(),
                label: label.to_string(),
                seeds: 3,
                steps,
                summary: format!("{steps} steps of `benches/peer/digits.py --recipe {name}`"),
                settings: json!({"recipe": name, "form": "eager"}),
            }
        })
}

pub fn is_peer(case: &Case) -> bool {
    RECIPES.iter().any(|(recipe, ..)| *recipe == case.recipe)
}

/// Trains in PyTorch and scores what comes back.
pub fn run(digits: &DigitScores, python: &Path, job: &Job) -> Result<(f64, Scores), GanError> {
    let settings = &job.case.settings;
    let file = |name: &str| job.folder.join(name);
    let [images, samples, quarter] = ["training.f32", "samples.f32", "quarter.f32"].map(file);
    write_images(&digits.training, &images)?;
    let text = |name: &str| settings[name].as_str().unwrap_or_default().to_string();
    let output = Command::new(python)
        .arg(SCRIPT)
        .args(["--recipe", &text("recipe"), "--form", &text("form")])
        .args(["--steps", &job.case.steps.to_string()])
        .args(["--seed", &job.seed.to_string()])
        .arg("--images")
        .arg(&images)
        .arg("--samples")
        .arg(&samples)
        .arg("--quarter")
        .arg(&quarter)
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
    let mut scores = digits.of_images(read_images(samples, &job.device)?)?;
    let early = digits.frechet_distance_of(read_images(quarter, &job.device)?)?;
    scores.insert(QUARTER.to_string(), early);
    Ok((seconds, scores))
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

fn read_images(path: PathBuf, device: &Device) -> Result<Tensor<4>, GanError> {
    let bytes = std::fs::read(&path).map_err(|error| GanError::io(&path, error))?;
    let (values, rest) = bytes.as_chunks::<4>();
    let count = values.len() / (SIZE * SIZE);
    if !rest.is_empty() || count * SIZE * SIZE != values.len() {
        let message = format!("{}: {} bytes are no images", path.display(), bytes.len());
        return Err(GanError::user(message));
    }
    let values: Vec<f32> = values
        .iter()
        .map(|bytes| f32::from_le_bytes(*bytes))
        .collect();
    let data = TensorData::new(values, [count, 1, SIZE, SIZE]);
    Ok(Tensor::from_data(data, device))
}
