//! One run, from its settings to its report.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use burn::tensor::Device;
use burn_gan::data::{DataSummary, Prefetched, Samples, ShuffleConfig, Source, Subset};
use burn_gan::observe::{
    HeldOutLogits, History, HistoryPlots, HtmlReport, Observer, ProgressBar, TensorBoard, Watch,
    WatchConfig, read_scores,
};
use burn_gan::run::Fit;
use burn_gan::trainer::ReplicasConfig;
use burn_gan::{AdversarialTrainer, Batch, Condition, GanError};
use serde_json::{Value, json};

use crate::choice::choose;
use crate::common::distance::{Distance, SCORE};
use crate::data::{DataSettings, Shared};
use crate::family::Family;
use crate::settings::Settings;
use crate::{Arguments, common, copies};

/// Steps from one row of numbers to the next. It is odd, since every second step of the recipe `auto` has penalties.
const NUMBERS_EVERY: usize = 5;
/// Steps from one look at the logits of held-out samples to the next; a multiple of the former.
const LOGITS_EVERY: usize = 100;

/// The folder of TensorBoard's files in that of the run.
const BOARD: &str = "tensorboard";

/// What a run starts from.
pub struct Start<'a> {
    pub arguments: &'a Arguments,
    /// The devices that take parts of the batches, where there are any.
    pub replicas: Option<ReplicasConfig>,
    /// The settings of a run that is repeated or resumed.
    pub known: Option<Settings>,
    pub folder: &'a Path,
    pub device: &'a Device,
}

pub fn run<const D: usize, C: Condition + Send + 'static, F: Family<D, C>>(
    start: Start,
    data: DataSettings,
    family: &F,
    samples: Shared<D, C>,
) -> Result<Value, GanError> {
    let began = Instant::now();
    let Start {
        arguments,
        replicas,
        known,
        folder,
        device: plain,
    } = start;
    let device = &plain.clone().autodiff();
    let summary = DataSummary::of(&samples, plain)?;
    eprintln!("{summary}");
    if D == 4 && (summary.lowest < -1.0 || summary.highest > 1.0) {
        return Err(GanError::user(format!(
            "images have values from -1 to 1; these have values from {} to {}",
            summary.lowest, summary.highest
        )));
    }
    let is_new = known.is_none();
    let settings = match known {
        Some(settings) => Settings { data, ..settings },
        None => choose(arguments, data, family, &*samples, &summary, device)?,
    };
    if is_new {
        settings
            .choices
            .iter()
            .for_each(|choice| eprintln!("{choice}"));
    }

    let (training, held_out) = split(samples, settings.held_out)?;
    let distance = match &held_out {
        Some(held_out) => {
            let features = family.features(&summary.shape, plain)?;
            let conditions = family.conditions(held_out.len(), plain);
            let distance = Distance::new(features, &training, held_out, conditions, plain)?;
            Some(distance)
        }
        None => None,
    };
    let learned = if settings.data.mirror {
        family.mirrored(training.clone())?
    } else {
        training.clone()
    };
    let source = ShuffleConfig::new(settings.batch_size)
        .with_seed(settings.seed)
        .init(learned)?;
    let mut source = Prefetched::new(source)?;
    let example = source.batch(0, device)?;
    let mut trainer = family.trainer(&settings.networks, &settings.trainer, &example, device)?;
    if let Some(replicas) = replicas {
        trainer = trainer.with_replicas(replicas)?;
    }
    let checkpoints = common::checkpoints(folder, arguments.resume)?;
    settings.save(&folder.join("run.json"))?;
    if !arguments.resume {
        remove_pictures(folder)?;
        remove_board(&folder.join(BOARD))?;
    }

    let file = |name: &str| folder.join(name);
    // Drawing takes longer than a small step: rarely, but sooner than the first score.
    let drawn_every = settings.steps.div_ceil(25);
    let floor = distance.as_ref().map(|distance| distance.floor);
    let mut report = page(&settings, &summary, floor, folder, drawn_every)?;
    let stop = common::stop_flag()?;
    let trained = Instant::now();
    let run = trainer
        .fit(&mut source)
        .until(settings.steps)
        .observe(ProgressBar::new(10))
        .observe(history(&training, held_out.as_ref(), &file("losses.csv")))
        .observe(HistoryPlots::new(file("losses.csv"), drawn_every))
        .observe(family.grids(folder, settings.grid_every, &training, plain)?);
    let run = match watch(&example, folder)? {
        Some(watch) => run.observe(watch),
        None => run,
    };
    let run = match &distance {
        Some(distance) => run.observe(distance.evaluation(folder, settings.score_every)),
        None => run,
    };
    let outcome = run
        .observe(board(folder))
        .observe(&mut report)
        .resume(checkpoints)
        .stop_flag(&stop)
        .run()?;
    let seconds = trained.elapsed().as_secs_f64();

    let generator = file("generator.bpk");
    family.save(
        &settings.networks,
        &trainer.sampling_generator(),
        &generator,
    )?;
    let mut last = None;
    if let Some(distance) = &distance {
        distance.plot(folder)?;
        last = read_scores(file("scores.csv"))?.last().map(|row| row.value);
    }
    if let Some(held_out) = &held_out {
        let count = copies::count(held_out.len());
        let generated = trainer.sample(count, 1, &family.conditions(count, plain))?;
        let path = file("neighbours.png");
        let found = copies::look(family, generated, [&training, held_out], &path, plain)?;
        report = report.with_picture("Nearest training samples", path, found);
    }
    report.write()?;
    eprintln!("wrote {}", file("report.html").display());
    if let Some(minutes) = settings.minutes
        && is_new
        && outcome.steps == settings.steps
    {
        eprintln!(
            "training took {:.1} of the {minutes} minutes, {:.1} with what came before and after it",
            seconds / 60.0,
            began.elapsed().as_secs_f64() / 60.0
        );
    }
    let taken = outcome.steps - outcome.resumed.unwrap_or(0);
    Ok(json!({
        "images": summary.samples,
        "size": summary.shape,
        "classes": family.class_names(),
        "clusters": settings.data.clusters,
        "recipe": settings.recipe,
        "network": settings.networks.name(),
        "steps": outcome.steps,
        "resumed": outcome.resumed,
        "stopped": outcome.stopped,
        "seconds": seconds,
        "seconds_waiting_for_batches": source.waited().as_secs_f64(),
        "images_per_second": (taken * settings.batch_size) as f64 / seconds,
        "frechet_distance": last,
        "frechet_distance_of_held_out": floor,
        "generator": generator,
        "report": file("report.html"),
        "device": arguments.common.device_name(),
    }))
}

/// Samples to train on, and those held out, where any are.
type Parts<const D: usize, C> = (Shared<D, C>, Option<Shared<D, C>>);

fn split<const D: usize, C: Condition + 'static>(
    samples: Shared<D, C>,
    held_out: usize,
) -> Result<Parts<D, C>, GanError> {
    if held_out == 0 {
        return Ok((samples, None));
    }
    // The same samples whatever the seed of the run: two runs are judged alike.
    let (training, held_out) = Subset::hold_out(samples, held_out, 0)?;
    Ok((Arc::new(training), Some(Arc::new(held_out))))
}

/// The numbers of the steps, with the discriminator's logits of held-out samples where there are any.
fn history<'a, const D: usize, C: Condition + 'static, T: AdversarialTrainer<D, C>>(
    training: &Shared<D, C>,
    held_out: Option<&Shared<D, C>>,
    path: &Path,
) -> Box<dyn Observer<T> + 'a> {
    let history = History::csv(path, NUMBERS_EVERY);
    match held_out {
        Some(held_out) => {
            let (training, held_out) = (training.clone(), held_out.clone());
            Box::new(HeldOutLogits::new(
                training,
                held_out,
                LOGITS_EVERY,
                history,
            ))
        }
        None => Box::new(history),
    }
}

/// Compares generated with real samples, which takes two of them at least.
fn watch<const D: usize, C: Condition>(
    example: &Batch<D, C>,
    folder: &Path,
) -> Result<Option<Watch<D, C>>, GanError> {
    if example.len() < 2 {
        return Ok(None);
    }
    let watch = WatchConfig::new().init(example)?;
    Ok(Some(watch.with_file(folder.join("findings.json"))))
}

/// The numbers, scores and grids of the run for TensorBoard.
fn board(folder: &Path) -> TensorBoard {
    TensorBoard::new(folder.join(BOARD), NUMBERS_EVERY)
        .with_sample_grids(folder)
        .with_scores(folder.join("scores.csv"))
}

/// Removes the pictures of an earlier run, which would stand among this one's.
fn remove_pictures(folder: &Path) -> Result<(), GanError> {
    let io = |error| GanError::io(folder, error);
    for entry in folder.read_dir().map_err(io)? {
        let path = entry.map_err(io)?.path();
        if path.extension().is_some_and(|ending| ending == "png") {
            std::fs::remove_file(&path).map_err(|error| GanError::io(&path, error))?;
        }
    }
    Ok(())
}

/// The same for TensorBoard's files.
fn remove_board(folder: &Path) -> Result<(), GanError> {
    match std::fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(GanError::io(folder, error))
        }
        _ => Ok(()),
    }
}

/// The page of the run, to be written as it goes on.
fn page(
    settings: &Settings,
    summary: &DataSummary,
    floor: Option<f64>,
    folder: &Path,
    interval: usize,
) -> Result<HtmlReport, GanError> {
    let file = |name: &str| folder.join(name);
    let mut lines = vec![summary.to_string()];
    lines.extend(settings.choices.iter().cloned());
    let references: Vec<(&str, f64)> = floor.map(|floor| (SCORE, floor)).into_iter().collect();
    let name = settings.data.path.file_name().unwrap_or_default();
    Ok(HtmlReport::new(file("report.html"), interval)
        .with_title(format!("A GAN of {}", name.to_string_lossy()))
        .with_text("Data and choices", &lines)
        .with_sample_grids(folder)
        .with_scores(file("scores.csv"), &references)
        .with_picture(
            "Frechet distance over the steps",
            file("scores.png"),
            "Between generated samples and those that were trained on, in features of random convolutions: it compares \
             runs on the same data, and with the line of held-out real samples.",
        )
        .with_picture(
            "Losses",
            file("losses.png"),
            "Mean losses of both networks. Neither has to fall: each is measured against the other network.",
        )
        .with_picture(
            "Logits",
            file("logits.png"),
            "What the discriminator says of real and of generated samples. Lines that move ever further apart mean that the \
             generator no longer keeps up; that held-out real samples fall behind those of training, that the discriminator \
             knows the latter by heart.",
        )
        .with_picture(
            "Strength of the augmentation",
            file("augmentation.png"),
            "The probability of each change of ADA over the steps.",
        )
        .with_findings(file("findings.json"))
        .with_settings(&serde_json::to_value(settings).map_err(GanError::user)?))
}
