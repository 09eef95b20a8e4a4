//! Scores over a run: when they are taken, what is written, and that a resumed run goes on with them.

use std::path::Path;

use burn::tensor::{Device, Tensor};
use burn_gan::FileError;
use burn_gan::data::{Mixture, MixtureSource, MixtureSourceConfig, Source};
use burn_gan::model::{MlpConfig, MlpDiscriminator, MlpGenerator};
use burn_gan::observe::{Evaluation, ObserveError, Observer, Plan, Score, read_scores};
use burn_gan::run::{CheckpointConfig, Fit};
use burn_gan::trainer::{GanTrainer, GanTrainerConfig};
use burn_gan::{AdversarialTrainer, GanError, StepReport};

type Trainer = GanTrainer<2, MlpGenerator, MlpDiscriminator>;

fn parts() -> (Trainer, MixtureSource) {
    let device = Device::flex().autodiff();
    let mut source = MixtureSourceConfig::new(Mixture::ring(), 8).init().unwrap();
    let networks = MlpConfig::new(2).with_hidden(vec![8]);
    let trainer = GanTrainerConfig::new()
        .init(
            networks.init_generator(&device).unwrap(),
            networks.init_discriminator(&device).unwrap(),
            &source.batch(0, &device).unwrap(),
        )
        .unwrap();
    (trainer, source)
}

/// The file after a run that may be one in a folder of checkpoints.
fn run(folder: &Path, steps: usize) -> String {
    let (mut trainer, mut source) = parts();
    let third = |trainer: &Trainer| Ok(trainer.steps() as f64 / 3.0);
    let endless = |_: &Trainer| Ok(f64::INFINITY);
    let path = folder.join("scores.csv");
    let mut evaluation = Evaluation::new(&path, 4)
        .with_score(16, Score::lowest("third", third))
        .with_score(8, Score::highest("endless", endless));
    trainer
        .fit(&mut source)
        .until(steps)
        .observe(&mut evaluation)
        .checkpoints(CheckpointConfig::new(folder.join("run")).with_every(3))
        .resume(folder.join("run"))
        .run()
        .unwrap();
    let last = evaluation.rows().last().unwrap();
    assert_eq!(
        (last.step + 1, last.samples, last.value),
        (steps, 8, f64::INFINITY)
    );
    std::fs::read_to_string(path).unwrap()
}

#[test]
fn scores_are_written_with_the_number_of_samples() {
    let folder = tempfile::tempdir().unwrap();
    let expected = "step,score,samples,value\n\
        3,third,16,1.3333333333333333\n3,endless,8,inf\n\
        4,third,16,1.6666666666666667\n4,endless,8,inf\n";
    assert_eq!(run(folder.path(), 5), expected);
}

#[test]
fn a_resumed_run_has_the_scores_of_both_parts() {
    let whole = tempfile::tempdir().unwrap();
    let parts = tempfile::tempdir().unwrap();
    run(parts.path(), 8);
    std::fs::remove_file(parts.path().join("scores.csv")).unwrap();
    assert_eq!(run(parts.path(), 12), run(whole.path(), 12));
}

#[test]
fn scores_are_read_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("scores.csv");
    run(folder.path(), 5);
    let rows = read_scores(&path).unwrap();
    assert_eq!(rows.len(), 4);
    assert_eq!((rows[0].step, rows[0].score.as_str()), (3, "third"));
    assert_eq!((rows[2].samples, rows[2].value), (16, 5.0 / 3.0));

    let header = "step,score,samples,value\n0,a,1,1\n";
    for (damaged, line) in [("1,a,1\n", 3), ("1,a,1,x\n", 3), ("-1,a,1,1\n", 3)] {
        std::fs::write(&path, format!("{header}{damaged}")).unwrap();
        match read_scores(&path) {
            Err(ObserveError::History { line: found, .. }) => assert_eq!(found, line, "{damaged}"),
            other => panic!("{damaged}: {other:?}"),
        }
    }
    let missing = read_scores(folder.path().join("none.csv"));
    assert!(
        matches!(missing, Err(ObserveError::File(FileError { .. }))),
        "{missing:?}"
    );
}

#[test]
fn a_run_that_stops_before_its_first_evaluation_leaves_no_scores_of_another() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("scores.csv");
    run(folder.path(), 5);
    assert!(!read_scores(&path).unwrap().is_empty());
    let mut evaluation: Evaluation<()> = Evaluation::new(&path, 100);
    evaluation.start(Plan::new(0, 1000)).unwrap();
    assert!(read_scores(&path).unwrap().is_empty());
}

#[test]
fn a_second_fit_goes_on_with_the_scores_of_the_first() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("scores.csv");
    let (mut trainer, mut source) = parts();
    for steps in [5, 9] {
        let evaluation = Evaluation::new(&path, 4).with_score(
            1,
            Score::lowest("steps", |trainer: &Trainer| Ok(trainer.steps() as f64)),
        );
        trainer
            .fit(&mut source)
            .until(steps)
            .observe(evaluation)
            .run()
            .unwrap();
    }
    let steps: Vec<usize> = read_scores(&path)
        .unwrap()
        .iter()
        .map(|row| row.step)
        .collect();
    assert_eq!(steps, [3, 4, 7, 8]);
    // A run from the beginning is another run.
    let (mut trainer, mut source) = parts();
    let evaluation = Evaluation::new(&path, 4);
    trainer
        .fit(&mut source)
        .until(1)
        .observe(evaluation)
        .run()
        .unwrap();
    assert!(read_scores(&path).unwrap().is_empty());
}

#[test]
fn an_evaluation_that_failed_and_is_done_again_has_its_rows_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("scores.csv");
    let mut fails = true;
    let once = |_: &()| {
        if std::mem::take(&mut fails) {
            return Err(GanError::user("not yet"));
        }
        Ok(1.0)
    };
    let mut evaluation = Evaluation::new(&path, 1)
        .with_score(1, Score::lowest("first", |_: &()| Ok(0.0)))
        .with_score(1, Score::lowest("second", once));
    evaluation.start(Plan::new(0, 9)).unwrap();
    let zero = || Tensor::<1>::zeros([1], &Device::flex());
    let report = StepReport::new(0, zero(), zero(), zero());
    assert!(evaluation.observe(&report, &()).is_err());
    assert!(evaluation.rows().is_empty());
    for _ in 0..2 {
        evaluation.observe(&report, &()).unwrap();
        let rows = evaluation.rows().iter().map(|row| row.score.as_str());
        assert_eq!(rows.collect::<Vec<_>>(), ["first", "second"]);
    }
}
