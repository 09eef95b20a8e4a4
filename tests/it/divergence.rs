//! A batch of NaN planted in the middle of a run: each policy does what it says.

use std::cell::Cell;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::common::parameters;
use burn::tensor::Device;
use burn_gan::data::{DataError, Mixture, MixtureSource, MixtureSourceConfig, Source};
use burn_gan::model::{MlpConfig, MlpDiscriminator, MlpGenerator};
use burn_gan::observe::{
    Evaluation, Flow, History, Observer, Plan, Score, read_history, read_scores,
};
use burn_gan::run::{CheckpointConfig, Divergence, Fit, Outcome};
use burn_gan::trainer::{FiniteCheck, GanTrainer, GanTrainerConfig};
use burn_gan::{AdversarialTrainer, Batch, GanError, Persistent, StepReport};

type Trainer = GanTrainer<2, MlpGenerator, MlpDiscriminator>;

fn device() -> Device {
    Device::flex().autodiff()
}

/// A ring with NaN in the batches of some steps, each so many times.
struct Planted {
    ring: MixtureSource,
    steps: Vec<(usize, usize)>,
}

impl Planted {
    fn at(steps: &[(usize, usize)]) -> Self {
        Self {
            ring: MixtureSourceConfig::new(Mixture::ring(), 8).init().unwrap(),
            steps: steps.to_vec(),
        }
    }
}

impl Source<2> for Planted {
    fn batch(&mut self, step: usize, device: &Device) -> Result<Batch<2>, DataError> {
        let batch = self.ring.batch(step, device)?;
        for (at, times) in &mut self.steps {
            if *at == step && *times > 0 {
                *times -= 1;
                let samples = batch.samples.full_like(f32::NAN);
                return Ok(Batch::new(samples));
            }
        }
        Ok(batch)
    }
}

fn trainer(config: GanTrainerConfig) -> Trainer {
    let networks = MlpConfig::new(2).with_hidden(vec![8]);
    let example = Planted::at(&[]).batch(0, &device()).unwrap();
    config
        .init(
            networks.init_generator(&device()).unwrap(),
            networks.init_discriminator(&device()).unwrap(),
            &example,
        )
        .unwrap()
}

fn fit(
    trainer: &mut Trainer,
    source: &mut Planted,
    folder: &Path,
    divergence: Divergence,
) -> Result<Outcome, GanError> {
    trainer
        .fit(source)
        .until(12)
        .observe(&mut History::csv(folder.join("history.csv"), 1))
        .resume(folder.join("run"))
        .checkpoints(CheckpointConfig::new(folder.join("run")).with_every(4))
        .on_divergence(divergence)
        .run()
}

fn steps(folder: &Path) -> Vec<usize> {
    let rows = read_history(folder.join("history.csv")).unwrap();
    rows.iter().map(|row| row.step).collect()
}

/// A trainer that took these steps and left out the others.
fn taught(taken: impl Iterator<Item = usize>) -> Trainer {
    let mut trainer = trainer(GanTrainerConfig::new());
    for step in taken {
        while trainer.steps() < step {
            trainer.skip_step();
        }
        let batch = Planted::at(&[]).batch(step, &device()).unwrap();
        trainer.step(batch).unwrap();
    }
    trainer
}

#[test]
fn stop_says_the_step_and_the_checkpoint_and_saves_the_last_good_state() {
    let folder = tempfile::tempdir().unwrap();
    let mut stopped = trainer(GanTrainerConfig::new());
    let mut source = Planted::at(&[(6, 1)]);
    let error = fit(&mut stopped, &mut source, folder.path(), Divergence::Stop).unwrap_err();
    let GanError::Diverged {
        step: 6,
        checkpoint: Some(checkpoint),
        cause,
        ..
    } = &error
    else {
        panic!("{error}")
    };
    assert!(checkpoint.ends_with("step-000000004"), "{error}");
    assert!(matches!(**cause, GanError::NonFiniteStep { .. }));
    assert_eq!(steps(folder.path()), [0, 1, 2, 3, 4, 5]);
    assert_eq!(
        parameters(stopped.generator()),
        parameters(taught(0..6).generator())
    );
    // Nothing is lost: the run goes on from step 6, this time with good data.
    let mut resumed = trainer(GanTrainerConfig::new());
    let mut source = Planted::at(&[]);
    let outcome = fit(&mut resumed, &mut source, folder.path(), Divergence::Stop).unwrap();
    assert_eq!((outcome.resumed, outcome.steps), (Some(6), 12));
    assert_eq!(
        parameters(resumed.generator()),
        parameters(taught(0..12).generator())
    );
}

#[test]
fn without_checkpoints_stop_says_so() {
    let mut stopped = trainer(GanTrainerConfig::new());
    let error = stopped
        .fit(&mut Planted::at(&[(1, 1)]))
        .until(4)
        .run()
        .unwrap_err();
    assert!(matches!(
        error,
        GanError::Diverged {
            step: 1,
            checkpoint: None,
            ..
        }
    ));
    assert!(
        error.to_string().ends_with("last good checkpoint: none"),
        "{error}"
    );
}

#[test]
fn skip_leaves_the_step_out_and_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let mut skipped = trainer(GanTrainerConfig::new());
    let mut source = Planted::at(&[(3, 1), (6, 1)]);
    let skip = Divergence::Skip { limit: 2 };
    let outcome = fit(&mut skipped, &mut source, folder.path(), skip).unwrap();
    assert_eq!((outcome.steps, outcome.skipped), (12, 2));
    assert_eq!(steps(folder.path()), [0, 1, 2, 4, 5, 7, 8, 9, 10, 11]);
    let expected = taught((0..12).filter(|step| ![3, 6].contains(step)));
    assert_eq!(
        parameters(skipped.generator()),
        parameters(expected.generator())
    );
}

#[test]
fn skip_is_bounded_over_all_of_the_run() {
    let folder = tempfile::tempdir().unwrap();
    let skip = Divergence::Skip { limit: 2 };
    let planted = [(1, 1), (2, 1), (9, 1)];
    let first = fit(
        &mut trainer(GanTrainerConfig::new()),
        &mut Planted::at(&planted),
        folder.path(),
        skip,
    );
    let error = first.unwrap_err();
    assert!(
        matches!(error, GanError::Diverged { step: 9, .. }),
        "{error}"
    );
    // The count is in the checkpoint: resuming does not start it anew.
    let second = fit(
        &mut trainer(GanTrainerConfig::new()),
        &mut Planted::at(&planted),
        folder.path(),
        skip,
    );
    let error = second.unwrap_err();
    let text = "training diverged in step 9, after 2 skipped steps and 0 roll backs";
    assert!(error.to_string().starts_with(text), "{error}");
}

#[test]
fn skip_leaves_out_the_unchecked_steps_up_to_the_bad_one() {
    let config = GanTrainerConfig::new().with_finite_check(FiniteCheck::Every(4));
    let mut skipped = trainer(config);
    let mut source = Planted::at(&[(5, 1)]);
    let outcome = skipped
        .fit(&mut source)
        .until(12)
        .on_divergence(Divergence::Skip { limit: 1 })
        .run()
        .unwrap();
    assert_eq!((outcome.steps, outcome.skipped), (12, 1));
    let expected = taught((0..12).filter(|step| ![4, 5].contains(step)));
    assert_eq!(
        parameters(skipped.generator()),
        parameters(expected.generator())
    );
}

#[test]
fn roll_back_goes_to_the_last_checkpoint_with_lower_learning_rates() {
    let folder = tempfile::tempdir().unwrap();
    let mut rolled = trainer(GanTrainerConfig::new());
    let mut source = Planted::at(&[(6, 2)]);
    let back = Divergence::RollBack {
        factor: 0.5,
        limit: 2,
    };
    let outcome = fit(&mut rolled, &mut source, folder.path(), back).unwrap();
    assert_eq!((outcome.steps, outcome.roll_backs), (12, 2));
    assert_eq!(steps(folder.path()), (0..12).collect::<Vec<_>>());
    let mut expected = taught(0..4);
    expected.scale_learning_rates(0.5);
    expected.scale_learning_rates(0.5);
    expected.fit(&mut Planted::at(&[])).until(12).run().unwrap();
    assert_eq!(
        parameters(rolled.generator()),
        parameters(expected.generator())
    );
    // The lower rates are part of the checkpoints.
    let mut resumed = trainer(GanTrainerConfig::new());
    let run = folder.path().join("run");
    let to_16 = |trainer: &mut Trainer| {
        trainer
            .fit(&mut Planted::at(&[]))
            .until(16)
            .resume(&run)
            .on_divergence(back)
            .run()
            .unwrap()
    };
    let outcome = to_16(&mut resumed);
    assert_eq!((outcome.resumed, outcome.roll_backs), (Some(12), 2));
    expected.fit(&mut Planted::at(&[])).until(16).run().unwrap();
    assert_eq!(
        parameters(resumed.generator()),
        parameters(expected.generator())
    );
}

#[test]
fn roll_back_is_bounded_and_starts_from_a_checkpoint_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let mut rolled = trainer(GanTrainerConfig::new());
    // Before the first checkpoint that is due.
    let mut source = Planted::at(&[(2, 9)]);
    let back = Divergence::RollBack {
        factor: 0.1,
        limit: 3,
    };
    let error = fit(&mut rolled, &mut source, folder.path(), back).unwrap_err();
    let text = "training diverged in step 2, after 0 skipped steps and 3 roll backs";
    assert!(error.to_string().starts_with(text), "{error}");
    assert_eq!(source.steps, [(2, 5)]);
    assert_eq!(rolled.steps(), 2);
}

#[test]
fn policies_are_checked_before_training() {
    let folder = tempfile::tempdir().unwrap();
    let mut fresh = trainer(GanTrainerConfig::new());
    let mut source = Planted::at(&[]);
    for (divergence, field) in [
        (Divergence::Skip { limit: 0 }, "divergence.limit"),
        (
            Divergence::RollBack {
                factor: 0.0,
                limit: 1,
            },
            "divergence.factor",
        ),
        (
            Divergence::RollBack {
                factor: 1.5,
                limit: 1,
            },
            "divergence.factor",
        ),
        (
            Divergence::RollBack {
                factor: 0.5,
                limit: 0,
            },
            "divergence.limit",
        ),
    ] {
        let error = fit(&mut fresh, &mut source, folder.path(), divergence).unwrap_err();
        assert!(error.to_string().starts_with(field), "{error}");
    }
    let back = Divergence::RollBack {
        factor: 0.5,
        limit: 1,
    };
    let without = fresh.fit(&mut source).until(4).on_divergence(back).run();
    assert!(
        without
            .unwrap_err()
            .to_string()
            .contains("keeps checkpoints")
    );
    assert_eq!(fresh.steps(), 0);
}

/// Asks to go back after one step, once.
struct BackOnce {
    asked: Cell<bool>,
    plans: Vec<Plan>,
}

impl<T> Observer<T> for BackOnce {
    fn start(&mut self, plan: Plan) -> Result<(), GanError> {
        self.plans.push(plan);
        Ok(())
    }
    fn observe(&mut self, report: &StepReport, _: &T) -> Result<Flow, GanError> {
        let asks = report.step == 6 && !self.asked.replace(report.step == 6 || self.asked.get());
        Ok(if asks { Flow::RollBack } else { Flow::Continue })
    }
}

#[test]
fn an_observer_can_ask_for_a_roll_back() {
    let folder = tempfile::tempdir().unwrap();
    let run = |divergence| {
        let mut observer = BackOnce {
            asked: Cell::new(false),
            plans: Vec::new(),
        };
        let folder = folder.path().join(format!("{divergence:?}"));
        let outcome = trainer(GanTrainerConfig::new())
            .fit(&mut Planted::at(&[]))
            .until(12)
            .observe(&mut observer)
            .checkpoints(CheckpointConfig::new(folder).with_every(4))
            .on_divergence(divergence)
            .run();
        (outcome, observer.plans)
    };
    let (outcome, plans) = run(Divergence::RollBack {
        factor: 0.5,
        limit: 1,
    });
    assert_eq!(outcome.unwrap().roll_backs, 1);
    assert_eq!(plans, [Plan::new(0, 12), Plan::new(4, 12)]);
    let (outcome, _) = run(Divergence::Stop);
    let error = outcome.unwrap_err();
    assert!(
        matches!(error, GanError::Diverged { step: 6, .. }),
        "{error}"
    );
}

#[test]
fn a_state_between_two_checks_is_checked_before_it_is_saved() {
    let folder = tempfile::tempdir().unwrap();
    let config = GanTrainerConfig::new().with_finite_check(FiniteCheck::Every(5));
    let mut stopped = trainer(config);
    let mut source = Planted::at(&[(3, 1)]);
    let error = fit(&mut stopped, &mut source, folder.path(), Divergence::Stop).unwrap_err();
    // The check at step 5 would have come after the checkpoint of step 4.
    assert!(
        matches!(error, GanError::Diverged { step: 3, .. }),
        "{error}"
    );
    let values = parameters(stopped.generator());
    assert!(values.values().flatten().all(|value| value.is_finite()));
}

/// Whether all weights of both networks are finite.
fn is_finite(trainer: &Trainer) -> bool {
    let networks = [
        parameters(trainer.generator()),
        parameters(trainer.discriminator()),
    ];
    let mut values = networks
        .iter()
        .flat_map(|weights| weights.values().flatten());
    values.all(|value| value.is_finite())
}

/// NaN in all batches from step 12.
fn bad_from_12() -> Planted {
    Planted::at(&(12..20).map(|step| (step, 9)).collect::<Vec<_>>())
}

#[test]
fn no_run_ends_well_in_a_state_that_is_not_finite() {
    let config = || GanTrainerConfig::new().with_finite_check(FiniteCheck::Every(10));
    let mut diverged = trainer(config());
    let error = diverged
        .fit(&mut bad_from_12())
        .until(15)
        .run()
        .unwrap_err();
    let GanError::Diverged {
        step: 12,
        checkpoint: None,
        cause,
        ..
    } = &error
    else {
        panic!("{error}")
    };
    assert!(
        matches!(**cause, GanError::NonFiniteStep { restored: 10, .. }),
        "{error}"
    );
    assert!(is_finite(&diverged));
    assert_eq!(diverged.steps(), 10);

    // Nor does one that is asked to stop.
    let stop = AtomicBool::new(false);
    let mut stopped = trainer(config());
    let asks = |report: &StepReport| stop.store(report.step == 13, Ordering::Relaxed);
    let error = stopped
        .fit(&mut bad_from_12())
        .until(15)
        .observe(Calls(asks))
        .stop_flag(&stop)
        .run()
        .unwrap_err();
    assert!(
        matches!(error, GanError::Diverged { step: 12, .. }),
        "{error}"
    );
    assert!(is_finite(&stopped));
}

#[test]
fn an_observer_that_samples_between_two_checks_meets_the_policy() {
    let folder = tempfile::tempdir().unwrap();
    let config = || GanTrainerConfig::new().with_finite_check(FiniteCheck::Every(10));
    let run = |divergence| {
        let mean = |trainer: &Trainer| {
            let mean = trainer.sample(4, 0, &())?.mean();
            mean.try_into_scalar::<f64>().map_err(GanError::user)
        };
        let evaluation = Evaluation::new(folder.path().join("scores.csv"), 5)
            .with_score(4, Score::lowest("mean", mean));
        trainer(config())
            .fit(&mut Planted::at(&[(3, 1)]))
            .until(12)
            .observe(evaluation)
            .on_divergence(divergence)
            .run()
    };
    let outcome = run(Divergence::Skip { limit: 1 }).unwrap();
    assert_eq!((outcome.steps, outcome.skipped), (12, 1));
    let scores = read_scores(folder.path().join("scores.csv")).unwrap();
    let steps: Vec<usize> = scores.iter().map(|row| row.step).collect();
    assert_eq!(steps, [4, 9, 11]);

    let error = run(Divergence::Stop).unwrap_err();
    assert!(
        matches!(error, GanError::Diverged { step: 3, .. }),
        "{error}"
    );
}

#[test]
fn an_error_between_two_checks_leaves_a_checkpoint_of_the_last_good_state() {
    let folder = tempfile::tempdir().unwrap();
    let config = || GanTrainerConfig::new().with_finite_check(FiniteCheck::Every(10));
    let failing = Failing(|report: &StepReport| report.step == 13);
    let error = trainer(config())
        .fit(&mut bad_from_12())
        .until(15)
        .observe(failing)
        .resume(folder.path())
        .run()
        .unwrap_err();
    assert_eq!(error.to_string(), "the disk is full");
    let mut resumed = trainer(config());
    let outcome = resumed
        .fit(&mut Planted::at(&[]))
        .until(12)
        .resume(folder.path())
        .run()
        .unwrap();
    assert_eq!(outcome.resumed, Some(10));
    assert_eq!(
        parameters(resumed.generator()),
        parameters(taught(0..12).generator())
    );
}

#[test]
fn what_is_left_out_at_the_end_is_not_kept() {
    let config = GanTrainerConfig::new().with_finite_check(FiniteCheck::Every(10));
    let mut skipped = trainer(config);
    let outcome = skipped
        .fit(&mut bad_from_12())
        .until(15)
        .on_divergence(Divergence::Skip { limit: 3 })
        .run()
        .unwrap();
    assert_eq!((outcome.steps, outcome.skipped), (15, 3));
    assert!(outcome.last.is_none(), "the last steps were undone");
    assert_eq!(
        parameters(skipped.generator()),
        parameters(taught(0..10).generator())
    );
}

/// Calls a function with each report.
struct Calls<F>(F);

impl<T, F: FnMut(&StepReport)> Observer<T> for Calls<F> {
    fn observe(&mut self, report: &StepReport, _: &T) -> Result<Flow, GanError> {
        (self.0)(report);
        Ok(Flow::Continue)
    }
}

/// Fails after the steps that a function says.
struct Failing<F>(F);

impl<T, F: FnMut(&StepReport) -> bool> Observer<T> for Failing<F> {
    fn observe(&mut self, report: &StepReport, _: &T) -> Result<Flow, GanError> {
        if (self.0)(report) {
            return Err(GanError::user("the disk is full"));
        }
        Ok(Flow::Continue)
    }
}
