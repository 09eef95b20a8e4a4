//! What a run writes: reports as CSV, sample grids as PNG; and pictures, pixel by pixel.

use std::fs;

use burn::tensor::{Device, Tensor};
use burn_gan::data::{Mixture, MixtureSourceConfig, ShuffleConfig, Source, idx};
use burn_gan::loss::Loss;
use burn_gan::model::{DcganConfig, MlpConfig};
use burn_gan::observe::{History, Observer, Plan, ProgressBar, SampleGrid};
use burn_gan::picture::PictureGrid;
use burn_gan::run::Fit;
use burn_gan::trainer::GanTrainerConfig;
use burn_gan::{BatchError, FileError};
use burn_gan::{GanError, StepValues};

use crate::common::picture::Picture;

const DIGITS: &str = "tests/data/digits-8x8";

#[test]
fn real_digits_leave_reports_and_grids() {
    let device = Device::flex().autodiff();
    let folder = tempfile::tempdir().unwrap();
    let grids = folder.path().join("grids");
    let csv = folder.path().join("losses.csv");
    let mut source = ShuffleConfig::new(16)
        .init(idx::read_folder(DIGITS).unwrap())
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
    let mut observers: Vec<Box<dyn Observer<_>>> = vec![
        Box::new(ProgressBar::new(1)),
        Box::new(History::csv(&csv, 2)),
        Box::new(SampleGrid::create(&grids, 3, 4).unwrap().with_seed(2)),
    ];
    trainer
        .fit(&mut source, 5)
        .observe(&mut observers)
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
        .fit(&mut source, 2)
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
fn observers_fire_on_their_interval_and_at_the_end() {
    let plan = Plan::new(0, 7);
    let due: Vec<usize> = (0..7).filter(|&step| plan.is_due(step, 3)).collect();
    assert_eq!(due, [2, 5, 6]);
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
        Err(GanError::PictureChannels { channels: 2 })
    ));
    assert!(matches!(
        grid.save(zeros([0, 1, 3, 3]), &path),
        Err(GanError::Batch(BatchError::Empty))
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
            matches!(&saved, Err(GanError::Config(error)) if error.field == field),
            "{saved:?}"
        );
    }
    // More columns than images are none too many.
    PictureGrid::new(usize::MAX).save(four(), &path).unwrap();
    assert_eq!(Picture::read(&path).dimensions(), (4 * 3 + 3 * 2, 3));
    let nowhere = folder.path().join("none/grid.png");
    assert!(matches!(
        grid.save(zeros([1, 1, 3, 3]), nowhere),
        Err(GanError::File(FileError { .. }))
    ));
    let in_the_way = folder.path().join("file");
    fs::write(&in_the_way, "").unwrap();
    assert!(matches!(
        SampleGrid::create(&in_the_way, 1, 1),
        Err(GanError::File(FileError { .. }))
    ));
}
