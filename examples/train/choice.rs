//! From the command line, the data and the device's speed to the settings of a run.

use std::time::{Duration, Instant};

use burn::tensor::Device;
use burn_gan::augment::{Augmentation, DiffAugmentConfig};
use burn_gan::data::{DataSummary, Samples, ShuffleConfig, Source};
use burn_gan::{AdversarialTrainer, Condition, GanError};

use crate::data::DataSettings;
use crate::family::Family;
use crate::recipe::{Recipe, Task};
use crate::settings::Settings;
use crate::{Arguments, Augment, common};

/// With fewer images than so many a discriminator learns them by heart in a run of some minutes.
const FEW: usize = 5000;
/// A run of fewer steps does not come far: narrower networks take more.
const ENOUGH_STEPS: usize = 4000;
/// Widths to choose from, the widest first.
const FILTERS: [usize; 3] = [64, 32, 16];
/// A tenth of the samples is held out, so many at most; where that is fewer than the least, none.
const HELD_OUT: std::ops::RangeInclusive<usize> = 20..=1000;
/// Seconds of training until the first sample grid.
const FIRST_GRID: f64 = 6.0;
/// The share of the time that is not for steps: grids, scores, plots.
const BESIDES: f64 = 0.08;

/// The settings of a new run.
pub fn choose<const D: usize, C: Condition, F: Family<D, C>>(
    arguments: &Arguments,
    data: DataSettings,
    family: &F,
    samples: &dyn Samples<D, C>,
    summary: &DataSummary,
    device: &Device,
) -> Result<Settings, GanError> {
    let mut choices = Vec::new();
    let seed = arguments.common.seed;
    let held_out = held_out(summary.samples);
    if held_out == 0 {
        choices.push(format!(
            "too few samples to hold any out ({}): no distance is measured",
            summary.samples
        ));
    }
    if data.clusters > 0 {
        choices.push(format!(
            "no labels: {} clusters of images that are alike are learned as classes (--clusters 0 for none)",
            data.clusters
        ));
    }
    let training = summary.samples - held_out;
    let augmentation = augmentation(arguments.augment, D == 4, training, &mut choices);
    let batch_size = arguments.batch_size.min(training);
    let mut task = Task {
        shape: <[usize; 3]>::try_from(summary.shape.as_slice()).unwrap_or_default(),
        filters: arguments.filters,
        gamma: arguments.gamma,
        steps: arguments.steps.unwrap_or(ENOUGH_STEPS),
        seed,
    };
    let mut source = ShuffleConfig::new(batch_size)
        .with_seed(seed)
        .init(samples)?;
    let mut seconds = |task: &Task| -> Result<f64, GanError> {
        let (networks, trainer) = family.configs(arguments.recipe, task);
        let trainer = trainer.with_augmentation(augmentation.clone());
        let example = source.batch(0, device)?;
        let mut trainer = family.trainer(&networks, &trainer, &example, device)?;
        seconds_a_step(|step| {
            trainer.step(source.batch(step, device)?)?.read()?;
            Ok(())
        })
    };
    let mut measured = None;
    if let Some(minutes) = arguments.minutes {
        if !(minutes > 0.0 && minutes.is_finite()) {
            return Err(GanError::user(format!(
                "--minutes {minutes}: must be above 0"
            )));
        }
        let available = 60.0 * minutes * (1.0 - BESIDES);
        let steps_in = |seconds: f64| ((available / seconds) as usize).max(1);
        let widths: &[usize] = match task.filters {
            None if D == 4 && arguments.recipe == Recipe::Auto => &FILTERS,
            _ => &[],
        };
        let mut taken = None;
        for &filters in widths {
            task.filters = Some(filters);
            let seconds = seconds(&task)?;
            taken = Some(seconds);
            choices.push(format!(
                "a step with {filters} filters takes {:.1} ms here: {} steps in {minutes} minutes",
                1e3 * seconds,
                steps_in(seconds)
            ));
            if steps_in(seconds) >= ENOUGH_STEPS {
                choices.push(format!(
                    "{filters} filters, the widest networks that take {ENOUGH_STEPS} steps in that time"
                ));
                break;
            }
        }
        let seconds = match taken {
            Some(seconds) => seconds,
            None => {
                let seconds = seconds(&task)?;
                choices.push(format!(
                    "a step takes {:.1} ms here: {} steps in {minutes} minutes",
                    1e3 * seconds,
                    steps_in(seconds)
                ));
                seconds
            }
        };
        task.steps = steps_in(seconds);
        measured = Some(seconds);
    }
    // Schedules run over the number of steps that is known now.
    let (networks, trainer) = family.configs(arguments.recipe, &task);
    let fiftieth = task.steps.div_ceil(50);
    Ok(Settings {
        data,
        recipe: arguments.recipe,
        choices,
        networks,
        trainer: trainer.with_augmentation(augmentation),
        batch_size,
        steps: task.steps,
        minutes: arguments.minutes,
        held_out,
        // Something to look at soon.
        grid_every: arguments.grid_every.unwrap_or(match measured {
            Some(seconds) => fiftieth.min((FIRST_GRID / seconds) as usize).max(1),
            None => fiftieth,
        }),
        score_every: task.steps.div_ceil(12),
        seed,
    })
}

/// How many of so many samples are held out.
pub fn held_out(samples: usize) -> usize {
    match samples / 10 {
        tenth if tenth < *HELD_OUT.start() => 0,
        tenth => tenth.min(*HELD_OUT.end()),
    }
}

fn augmentation(
    asked: Augment,
    are_images: bool,
    training: usize,
    choices: &mut Vec<String>,
) -> Option<Augmentation> {
    let diff = || Some(Augmentation::DiffAugment(DiffAugmentConfig::new()));
    match asked {
        Augment::None => None,
        Augment::Diff => diff(),
        Augment::Ada => Some(common::ada()),
        Augment::Auto if are_images && training < FEW => {
            choices.push(format!(
                "fewer than {FEW} images to train on ({training}): what the discriminator sees is changed at random \
                 (DiffAugment)"
            ));
            diff()
        }
        Augment::Auto => None,
    }
}

/// The median time of a step, after two that are not counted.
fn seconds_a_step(mut step: impl FnMut(usize) -> Result<(), GanError>) -> Result<f64, GanError> {
    const ENOUGH: Duration = Duration::from_millis(1500);
    const MOST: usize = 30;
    step(0)?;
    step(1)?;
    let (start, mut times) = (Instant::now(), Vec::new());
    while times.len() < 3 || (start.elapsed() < ENOUGH && times.len() < MOST) {
        let began = Instant::now();
        step(2 + times.len())?;
        times.push(began.elapsed().as_secs_f64());
    }
    times.sort_by(f64::total_cmp);
    Ok(times[times.len() / 2])
}
