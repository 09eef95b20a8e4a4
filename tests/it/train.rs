//! What a run writes: reports as CSV, sample grids as PNG; and pictures, pixel by pixel.

use std::cell::Cell;
use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};

use burn::tensor::{Device, Tensor};
use burn_gan::data::{Mixture, MixtureSourceConfig, ShuffleConfig, Source, idx};
use burn_gan::loss::Loss;
use burn_gan::model::{DcganConfig, DcganDiscriminator, DcganGenerator, MlpConfig};
use burn_gan::observe::{
    Evaluation, Every, Flow, History, HistoryPlots, Interval, Observer, Plan, ProgressBar,
    SampleGrid, Score, read_history, read_scores,
};
use burn_gan::picture::{PictureError, PictureGrid};
use burn_gan::run::Fit;
use burn_gan::trainer::{GanTrainer, GanTrainerConfig};
use burn_gan::{BatchError, FileError};
use burn_gan::{GanError, StepReport, StepValues};

use crate::common::picture::Picture;
use crate::common::places::DIGITS_8X8;

#[test]
fn real_digits_leave_reports_and_grids() {
    let device = Device::flex().autodiff();
    let folder = tempfile::tempdir().unwrap();
    let grids = folder.path().join("grids");
    let csv = folder.path().join("losses.csv");
    let mut source = ShuffleConfig::new(16)
        .init(idx::read_folder(DIGITS_8X8).unwrap())
        .unwrap();
    let networks = DcganConfig::new(1, 8, 8)
        .with_filters(4)
        .with_latent_size(8);
    let mut trainer = GanTrainerConfig::new()
        .init(
            networks.init_generator(&device).unwrap(),
            networks.init_discriminator(&device).unwrap(),
            &source.batch(0, &device).unwrap(),
        )
        .unwrap();
    trainer
        .fit(&mut source)
        .until(5)
        .observe(ProgressBar::new(1))
        .observe(History::csv(&csv, 2))
        .observe(SampleGrid::create(&grids, 3, 4).unwrap().with_seed(2))
        .run()
        .unwrap();

    let rows: Vec<StepValues> = csv::Reader::from_path(&csv)
        .unwrap()
        .deserialize()
        .map(Result::unwrap)
        .collect();
    // Every second step, and the last.
    assert_eq!(
        rows.iter().map(|row| row.step).collect::<Vec<_>>(),
        [1, 3, 4]
    );
    assert!(rows.iter().all(|row| row.loss_discriminator.is_finite()));
    assert!(rows.iter().all(|row| row.probability_real.is_some()));
    let mut names: Vec<String> = fs::read_dir(&grids)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names, ["step-000003.png", "step-000005.png"]);
    let picture = Picture::read(&grids.join(&names[0]));
    // 2 x 2 images of 8 x 8 pixels with 2 pixels between them.
    assert_eq!(picture.dimensions(), (18, 18));
}

#[test]
fn a_number_that_there_is_none_of_is_left_empty() {
    let device = Device::flex().autodiff();
    let folder = tempfile::tempdir().unwrap();
    let csv = folder.path().join("losses.csv");
    let networks = MlpConfig::new(2).with_hidden(vec![4]);
    let mut source = MixtureSourceConfig::new(Mixture::ring(), 8).init().unwrap();
    let mut trainer = GanTrainerConfig::new()
        .with_loss(Loss::Hinge)
        .with_critic_steps(2)
        .init(
            networks.init_generator(&device).unwrap(),
            networks.init_discriminator(&device).unwrap(),
            &source.batch(0, &device).unwrap(),
        )
        .unwrap();
    let mut report = History::csv(&csv, 1);
    trainer
        .fit(&mut source)
        .until(2)
        .observe(&mut report)
        .run()
        .unwrap();
    let text = fs::read_to_string(&csv).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(
        lines[0],
        "step,loss_discriminator,loss_generator,penalty,probability_real,probability_fake,\
         logit_real,logit_fake,gradient_norm_discriminator,gradient_norm_generator"
    );
    // The discriminator's loss, its logits and the norm of its gradient; in the second step the generator's too.
    let filled = |line: &str| -> Vec<bool> { line.split(',').map(|x| !x.is_empty()).collect() };
    let [yes, no] = [true, false];
    assert_eq!(
        filled(lines[1]),
        [yes, yes, no, no, no, no, yes, yes, yes, no]
    );
    assert_eq!(
        filled(lines[2]),
        [yes, yes, yes, no, no, no, yes, yes, yes, yes]
    );
}

#[test]
fn an_interval_is_due_every_so_many_steps_and_at_the_end_wherever_that_is() {
    let zero = || Tensor::<1>::zeros([1], &Device::flex());
    let report = |step| StepReport::new(step, zero(), zero(), zero());
    for (steps, due, at_the_end) in [(7, vec![2, 5], Some(6)), (6, vec![2, 5], None)] {
        let mut interval = Interval::new(3);
        interval.start().unwrap();
        let found: Vec<usize> = (0..steps).filter(|&step| interval.is_due(step)).collect();
        assert_eq!(found, due);
        let last = report(steps - 1);
        let end = |interval: &mut Interval| interval.at_the_end(Some(&last)).map(|last| last.step);
        assert_eq!(end(&mut interval), at_the_end);
        assert_eq!(end(&mut interval), None, "once");
        assert!(interval.at_the_end(None).is_none());
        interval.start().unwrap();
        assert_eq!(end(&mut interval), Some(steps - 1), "a new run");
    }
}

#[test]
fn pictures_show_what_the_tensor_holds() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("grid.png");
    let device = Device::flex();
    let colour = Tensor::<4>::from_floats(
        [
            [[[-1.0, 1.0]], [[0.0, 7.0]], [[1.0, -7.0]]],
            [[[1.0, 1.0]], [[1.0, 1.0]], [[1.0, f32::NAN]]],
        ],
        &device,
    );
    PictureGrid::new(2).save(colour, &path).unwrap();
    let picture = Picture::read(&path);
    assert_eq!(picture.dimensions(), (6, 1));
    assert_eq!(picture.pixel(0, 0), [0, 128, 255]);
    assert_eq!(picture.pixel(1, 0), [255, 255, 0]);
    assert_eq!(picture.pixel(2, 0), [0, 0, 0], "the gap");
    assert_eq!(picture.pixel(4, 0), [255, 255, 255]);

    let grey = Tensor::<4>::from_floats([[[[-1.0], [0.5]]]], &device);
    PictureGrid::square(1)
        .with_scale(3)
        .save(grey, &path)
        .unwrap();
    let picture = Picture::read(&path);
    assert_eq!(picture.dimensions(), (3, 6));
    assert_eq!(picture.pixel(2, 5), [191, 191, 191]);
}

#[test]
fn pictures_that_cannot_be_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("grid.png");
    let zeros = |shape: [usize; 4]| Tensor::<4>::zeros(shape, &Device::flex());
    let grid = PictureGrid::square(1);
    assert!(matches!(
        grid.save(zeros([1, 2, 3, 3]), &path),
        Err(PictureError::Channels { channels: 2 })
    ));
    assert!(matches!(
        grid.save(zeros([0, 1, 3, 3]), &path),
        Err(PictureError::Batch(BatchError::Empty))
    ));
    let four = || zeros([4, 1, 3, 3]);
    for (grid, field) in [
        (PictureGrid::new(0), "columns"),
        (PictureGrid::new(2).with_scale(0), "scale"),
        (PictureGrid::new(2).with_scale(usize::MAX), "picture"),
        (PictureGrid::new(2).with_gap(usize::MAX), "picture"),
    ] {
        let saved = grid.save(four(), &path);
        assert!(
            matches!(&saved, Err(PictureError::Config(error)) if error.field == field),
            "{saved:?}"
        );
    }
    // More columns than images are none too many.
    PictureGrid::new(usize::MAX).save(four(), &path).unwrap();
    assert_eq!(Picture::read(&path).dimensions(), (4 * 3 + 3 * 2, 3));
    let nowhere = folder.path().join("none/grid.png");
    assert!(matches!(
        grid.save(zeros([1, 1, 3, 3]), nowhere),
        Err(PictureError::File(FileError { .. }))
    ));
    let in_the_way = folder.path().join("file");
    fs::write(&in_the_way, "").unwrap();
    assert!(matches!(
        SampleGrid::create(&in_the_way, 1, 1),
        Err(GanError::File(FileError { .. }))
    ));
}

#[test]
fn a_run_that_is_ended_early_leaves_the_last_row_grid_and_score() {
    let device = Device::flex().autodiff();
    let folder = tempfile::tempdir().unwrap();
    let [csv, scores] = ["losses.csv", "scores.csv"].map(|name| folder.path().join(name));
    let mut source = ShuffleConfig::new(4)
        .init(idx::read_folder(DIGITS_8X8).unwrap())
        .unwrap();
    let networks = DcganConfig::new(1, 8, 8)
        .with_filters(4)
        .with_latent_size(8);
    let mut trainer = GanTrainerConfig::new()
        .init(
            networks.init_generator(&device).unwrap(),
            networks.init_discriminator(&device).unwrap(),
            &source.batch(0, &device).unwrap(),
        )
        .unwrap();
    let stop = AtomicBool::new(false);
    let steps = Cell::new(0);
    let score = Score::lowest("steps", |_: &_| {
        steps.set(steps.get() + 1);
        Ok(f64::from(steps.get()))
    });
    let outcome = trainer
        .fit(&mut source)
        .until(100)
        .observe(StopAfter(2, &stop))
        .observe(ProgressBar::new(10))
        .observe(History::csv(&csv, 10))
        .observe(HistoryPlots::new(&csv, 10))
        .observe(Evaluation::new(&scores, 10).with_score(1, score))
        .observe(SampleGrid::create(folder.path(), 10, 4).unwrap())
        .stop_flag(&stop)
        .run()
        .unwrap();
    assert_eq!((outcome.steps, outcome.stopped), (3, true));
    let rows = read_history(&csv).unwrap();
    assert_eq!(rows.iter().map(|row| row.step).collect::<Vec<_>>(), [2]);
    let rows = read_scores(&scores).unwrap();
    assert_eq!(rows.iter().map(|row| row.step).collect::<Vec<_>>(), [2]);
    assert_eq!(steps.get(), 1);
    for name in ["step-000003.png", "losses.png", "logits.png"] {
        assert!(folder.path().join(name).exists(), "{name}");
    }
}

/// Raises the flag in this step.
struct StopAfter<'a>(usize, &'a AtomicBool);

impl<T> Observer<T> for StopAfter<'_> {
    fn observe(&mut self, report: &StepReport, _: &T) -> Result<Flow, GanError> {
        self.1.store(report.step == self.0, Ordering::Relaxed);
        Ok(Flow::Continue)
    }
}

/// Counts what it sees.
#[derive(Default)]
struct Seen(Vec<usize>);

impl<T> Observer<T> for Seen {
    fn observe(&mut self, report: &StepReport, _: &T) -> Result<Flow, GanError> {
        self.0.push(report.step);
        Ok(Flow::Continue)
    }
}

#[test]
fn every_calls_another_observer_in_time_and_at_the_end() {
    let zero = || Tensor::<1>::zeros([1], &Device::flex());
    let report = |step| StepReport::new(step, zero(), zero(), zero());
    for (steps, seen) in [(7, vec![2, 5, 6]), (6, vec![2, 5])] {
        let mut inner = Seen::default();
        let mut every = Every::new(3, &mut inner);
        Observer::<()>::start(&mut every, Plan::new(0, 100)).unwrap();
        for step in 0..steps {
            every.observe(&report(step), &()).unwrap();
        }
        every.finish(Some(&report(steps - 1)), &()).unwrap();
        assert_eq!(inner.0, seen);
    }
}

#[test]
fn an_interval_of_0_is_refused_when_the_run_starts() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    fn refused<T>(mut observer: impl Observer<T>) {
        match observer.start(Plan::new(0, 10)) {
            Err(GanError::Config(error)) => {
                assert_eq!(error.to_string(), "interval = 0: must be at least 1")
            }
            other => panic!("{}: {other:?}", observer.name()),
        }
    }
    refused::<()>(History::csv(&path, 0));
    refused::<()>(HistoryPlots::new(&path, 0));
    refused::<()>(Evaluation::new(&path, 0));
    refused::<()>(ProgressBar::new(0));
    refused::<()>(Every::new(0, ()));
    refused::<GanTrainer<4, DcganGenerator, DcganDiscriminator>>(
        SampleGrid::create(folder.path(), 0, 4).unwrap(),
    );
    assert!(!path.exists());
}

#[test]
fn a_grid_without_columns_is_refused_when_the_run_starts() {
    fn start<T>(mut observer: impl Observer<T>) -> Result<(), GanError> {
        observer.start(Plan::new(0, 10))
    }
    let folder = tempfile::tempdir().unwrap();
    let grid = SampleGrid::create(folder.path(), 5, 4).unwrap();
    let grid = grid.with_picture(PictureGrid::new(0));
    let started = start::<GanTrainer<4, DcganGenerator, DcganDiscriminator>>(grid);
    assert!(
        matches!(&started, Err(GanError::Config(error)) if error.field == "columns"),
        "{started:?}"
    );
}
