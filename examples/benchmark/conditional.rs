//! Generation under a condition: classes, images, codes. Each run is one of an example, with its defaults.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use burn_gan::GanError;
use serde_json::{Value, json};

use crate::suite::{Case, Column, Job, Reference, Scores, Suite};

pub struct Conditional {
    /// The folder of Fashion-MNIST's IDX files.
    pub fashion_mnist: Option<PathBuf>,
}

const DIGITS: &str = "digits";
const FASHION: &str = "fashion";
const PIX2PIX: &str = "pix2pix";
const CYCLE: &str = "cycle";
const INFOGAN: &str = "infogan";

/// An example with the arguments that a recipe is.
struct Experiment {
    data: &'static str,
    recipe: &'static str,
    label: &'static str,
    example: &'static str,
    arguments: &'static [&'static str],
    steps: usize,
}

const fn experiment(
    data: &'static str,
    [recipe, label]: [&'static str; 2],
    example: &'static str,
    arguments: &'static [&'static str],
    steps: usize,
) -> Experiment {
    Experiment {
        data,
        recipe,
        label,
        example,
        arguments,
        steps,
    }
}

const PROJECTION: [&str; 2] = ["projection", "projection"];
const AC_GAN: [&str; 2] = ["ac-gan", "AC-GAN"];
const CONCATENATION: [&str; 2] = ["concatenation", "concatenation"];

const EXPERIMENTS: [Experiment; 8] = [
    experiment(
        DIGITS,
        PROJECTION,
        "conditional",
        &["--recipe", "projection"],
        5000,
    ),
    experiment(DIGITS, AC_GAN, "conditional", &["--recipe", "ac-gan"], 5000),
    experiment(
        DIGITS,
        CONCATENATION,
        "conditional",
        &["--recipe", "concatenation"],
        5000,
    ),
    experiment(
        FASHION,
        PROJECTION,
        "conditional",
        &["--recipe", "projection"],
        5000,
    ),
    experiment(
        PIX2PIX,
        ["pix2pix", "U-Net + PatchGAN"],
        "pix2pix",
        &[],
        2000,
    ),
    experiment(
        PIX2PIX,
        ["l1", "U-Net, L1 alone"],
        "pix2pix",
        &["--without-discriminator"],
        2000,
    ),
    experiment(CYCLE, ["cycle", "CycleGAN"], "cycle", &[], 1000),
    experiment(INFOGAN, ["infogan", "InfoGAN"], "infogan", &[], 4000),
];

/// The experiment that a case is of.
fn of(case: &Case) -> Result<&'static Experiment, GanError> {
    EXPERIMENTS
        .iter()
        .find(|experiment| experiment.data == case.data && experiment.recipe == case.recipe)
        .ok_or_else(|| GanError::user(format!("no recipe {}", case.recipe)))
}

impl Suite for Conditional {
    fn name(&self) -> &'static str {
        "conditional"
    }

    fn protocol(&self) -> &'static str {
        "Each run is one of the example of this name, with its defaults. Classes (digits, fashion: the example conditional): a\n\
         classifier of real images names the class of 10,000 samples, as many of each class; distances and recall are in its\n\
         features. It saw the images that the GANs are trained on, and its own accuracy is that on held-out ones.\n"
    }

    fn columns(&self, data: &str) -> &'static [Column] {
        const CLASSES: [Column; 6] = [
            Column::new("accuracy", "asked class named, %", 2).scaled(100.0),
            Column::new("accuracy_of_real", "of real images, %", 2).scaled(100.0),
            Column::new("frechet_distance", "Frechet distance", 2),
            Column::new("frechet_distance_by_class.mean", "mean of a class", 2),
            Column::new(
                "frechet_distance_by_class.greatest",
                "greatest of a class",
                2,
            ),
            Column::new("recall_by_class.least", "least recall of a class", 3),
        ];
        const PAIRS: [Column; 5] = [
            Column::new("l1", "L1", 4),
            Column::new("l1_of_input", "of the input", 4),
            Column::new("accuracy", "class named, %", 1).scaled(100.0),
            Column::new("accuracy_of_input", "of the input, %", 1).scaled(100.0),
            Column::new("accuracy_of_real", "of real digits, %", 1).scaled(100.0),
        ];
        const TRANSLATIONS: [Column; 4] = [
            Column::new("nearest_is_partner", "nearest to its partner, %", 1).scaled(100.0),
            Column::new("class_survives", "class survives the round, %", 1).scaled(100.0),
            Column::new("class_of_real", "class of real digits, %", 1).scaled(100.0),
            Column::new("l1", "L1 to the partner", 4),
        ];
        const CODES: [Column; 2] = [
            Column::new("clustering_accuracy", "clustering accuracy, %", 1).scaled(100.0),
            Column::new("classes_found", "classes found", 1),
        ];
        match data {
            PIX2PIX => &PAIRS,
            CYCLE => &TRANSLATIONS,
            INFOGAN => &CODES,
            _ => &CLASSES,
        }
    }

    fn cases(&self, steps: Option<usize>) -> Vec<Case> {
        let case = |experiment: &Experiment| {
            let steps = steps.unwrap_or(experiment.steps);
            let mut command = vec![experiment.example];
            command.extend(experiment.arguments);
            let command = command.join(" ");
            Case {
                data: experiment.data,
                recipe: experiment.recipe.to_string(),
                label: experiment.label.to_string(),
                seeds: 3,
                steps,
                settings: json!({ "example": command }),
                summary: format!("{steps} steps of `{command}`"),
            }
        };
        EXPERIMENTS.iter().map(case).collect()
    }

    fn missing(&self, case: &Case) -> Option<&'static str> {
        let without = case.data == FASHION && self.fashion_mnist.is_none();
        without.then_some("Fashion-MNIST is not here: name its folder with --fashion-mnist DIR")
    }

    fn references(&self, _data: &str) -> Result<Vec<Reference>, GanError> {
        Ok(Vec::new())
    }

    fn one_thread_each(&self) -> bool {
        false
    }

    /// Runs the example as a process of its own.
    fn run(&self, job: &Job) -> Result<(f64, Scores), GanError> {
        let experiment = of(&job.case)?;
        let program = std::env::current_exe().map_err(GanError::user)?;
        let program = program.with_file_name(experiment.example);
        let mut command = Command::new(&program);
        command
            .args(experiment.arguments)
            .args(["--steps", &job.case.steps.to_string()])
            .args(["--seed", &job.seed.to_string()])
            .args(["--device", job.device_name])
            .arg("--out")
            .arg(&job.folder);
        if let (FASHION, Some(folder)) = (experiment.data, &self.fashion_mnist) {
            command.arg("--data").arg(folder);
        }
        let output = command.stderr(Stdio::inherit()).output().map_err(|error| {
            GanError::user(format!(
                "{}: {error}; `cargo build --examples` builds it",
                program.display()
            ))
        })?;
        if !output.status.success() {
            return Err(GanError::user(format!(
                "the example {} ended with {}",
                experiment.example, output.status
            )));
        }
        let text = String::from_utf8_lossy(&output.stdout);
        let summary: Value = serde_json::from_str(text.lines().last().unwrap_or_default())
            .map_err(GanError::user)?;
        let seconds = summary["seconds"].as_f64();
        let seconds = seconds.ok_or_else(|| GanError::user("the example says no seconds"))?;
        Ok((seconds, numbers(&summary)))
    }
}

/// The numbers of an example's last line; a list of them also by its mean, least and greatest.
fn numbers(summary: &Value) -> Scores {
    let mut scores = Scores::new();
    for (name, value) in summary.as_object().into_iter().flatten() {
        if let Some(number) = value.as_f64() {
            scores.insert(name.clone(), number);
        }
        let Some(list) = value.as_array() else {
            continue;
        };
        let list: Vec<f64> = list.iter().filter_map(Value::as_f64).collect();
        for (index, number) in list.iter().enumerate() {
            scores.insert(format!("{name}.{index}"), *number);
        }
        if !list.is_empty() {
            let mean = list.iter().sum::<f64>() / list.len() as f64;
            let least = list.iter().copied().fold(f64::INFINITY, f64::min);
            let greatest = list.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            for (kind, number) in [("mean", mean), ("least", least), ("greatest", greatest)] {
                scores.insert(format!("{name}.{kind}"), number);
            }
        }
    }
    for setting in ["steps", "resumed", "seconds", "images_per_second"] {
        scores.remove(setting);
    }
    scores
}
