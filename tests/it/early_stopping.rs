//! Early stopping: when a run ends, and that a resumed one ends at the same step.

use std::cell::Cell;

use burn::tensor::{Device, Tensor};
use burn_gan::ConfigError;
use burn_gan::data::{Mixture, MixtureSourceConfig, Source};
use burn_gan::model::MlpConfig;
use burn_gan::observe::{
    EarlyStopping, EarlyStoppingConfig, Flow, ObserveError, Observer, Plan, Score,
};
use burn_gan::run::Fit;
use burn_gan::trainer::GanTrainerConfig;
use burn_gan::{GanError, StepReport};
use serde_json::{Value, json};

fn report(step: usize) -> StepReport {
    let one = || Tensor::<1>::ones([1], &Device::flex());
    StepReport::new(step, one(), one(), one())
}

/// A score that is its trainer.
fn lowest<'a>() -> Score<'a, f64> {
    Score::lowest("distance", |&value: &f64| Ok(value))
}

fn stopping<'a>(patience: usize, minimum: f64, score: Score<'a, f64>) -> EarlyStopping<'a, f64> {
    EarlyStoppingConfig::new()
        .with_interval(1)
        .with_patience(patience)
        .with_minimum_improvement(minimum)
        .init(score)
        .unwrap()
}

/// The index of the value that the run ends at.
fn end(stopping: &mut EarlyStopping<f64>, values: &[f64]) -> Option<usize> {
    stopping.start(Plan::new(0, values.len())).unwrap();
    values
        .iter()
        .enumerate()
        .position(|(step, value)| stopping.observe(&report(step), value).unwrap() == Flow::Stop)
}

#[test]
fn it_stops_after_so_many_evaluations_without_improvement() {
    let mut early = stopping(2, 0.0, lowest());
    assert_eq!(
        end(&mut early, &[5.0, 4.0, 4.5, 3.0, 3.0, 3.5, 1.0]),
        Some(5)
    );
    assert_eq!(
        (early.best_step(), early.best_value()),
        (Some(3), Some(3.0))
    );
    // A new run starts afresh.
    assert_eq!(end(&mut early, &[9.0, 8.0]), None);
    assert_eq!(
        (early.best_step(), early.best_value()),
        (Some(1), Some(8.0))
    );

    let mut early = stopping(1, 0.0, Score::highest("modes", |&value: &f64| Ok(value)));
    assert_eq!(end(&mut early, &[5.0, 6.0, 6.0, 7.0]), Some(2));
    assert_eq!(early.best_value(), Some(6.0));
}

#[test]
fn an_improvement_has_a_minimum() {
    let mut early = stopping(2, 0.5, lowest());
    assert_eq!(
        end(&mut early, &[4.0, 3.75, 3.5, 3.25, 3.125, 1.0]),
        Some(4)
    );
    assert_eq!(
        (early.best_step(), early.best_value()),
        (Some(2), Some(3.5))
    );
    // From infinitely bad to bad is one.
    let mut early = stopping(1, 0.5, lowest());
    assert_eq!(
        end(&mut early, &[f64::INFINITY, 4.0, f64::INFINITY]),
        Some(2)
    );
    assert_eq!(early.best_value(), Some(4.0));
}

#[test]
fn it_evaluates_every_interval_of_a_real_run_and_ends_it() {
    let device = Device::flex().autodiff();
    let networks = MlpConfig::new(2).with_hidden(vec![4]);
    let mut source = MixtureSourceConfig::new(Mixture::ring(), 8).init().unwrap();
    let mut trainer = GanTrainerConfig::new()
        .init(
            networks.init_generator(&device).unwrap(),
            networks.init_discriminator(&device).unwrap(),
            &source.batch(0, &device).unwrap(),
        )
        .unwrap();
    let looks = Cell::new(0.0);
    let mut early = EarlyStoppingConfig::new()
        .with_interval(3)
        .with_patience(2)
        .init(Score::lowest("looks", |_: &_| {
            looks.set(looks.get() + 1.0);
            Ok(looks.get())
        }))
        .unwrap();
    let outcome = trainer
        .fit(&mut source)
        .until(50)
        .observe(&mut early)
        .run()
        .unwrap();
    assert_eq!((outcome.steps, outcome.stopped), (9, true));
    assert_eq!(
        (early.best_step(), early.best_value()),
        (Some(2), Some(1.0))
    );
    assert_eq!(looks.get(), 3.0);
}

#[test]
fn a_resumed_run_ends_at_the_same_step() {
    let values = [
        0.1 + 0.2,
        0.25,
        0.26,
        0.24999999999999997,
        0.3,
        0.3,
        0.3,
        0.1,
    ];
    let mut whole = stopping(3, 0.0, lowest());
    let stop = end(&mut whole, &values);
    assert_eq!(stop, Some(6));
    for pause in 1..6 {
        let mut first = stopping(3, 0.0, lowest());
        assert_eq!(end(&mut first, &values[..pause]), None);
        // As a checkpoint does: through text.
        let text = first.memory().unwrap().to_string();
        let mut second = stopping(3, 0.0, lowest());
        second
            .recall(&serde_json::from_str::<Value>(&text).unwrap())
            .unwrap();
        second.start(Plan::new(pause, values.len())).unwrap();
        assert_eq!(
            second.best_value().map(f64::to_bits),
            first.best_value().map(f64::to_bits)
        );
        assert_eq!(second.memory().unwrap(), first.memory().unwrap());
        let resumed = (pause..values.len())
            .find(|&step| second.observe(&report(step), &values[step]).unwrap() == Flow::Stop);
        assert_eq!(resumed, stop, "paused at {pause}");
        assert_eq!(second.best_step(), whole.best_step());
    }
}

#[test]
fn every_value_is_remembered_to_the_bit() {
    let mut state = 1_u64;
    for _ in 0..2000 {
        // A linear congruential generator (Knuth) reaches all exponents.
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let value = f64::from_bits(state);
        if value.is_nan() {
            continue;
        }
        let mut first = stopping(1, 0.0, lowest());
        first.observe(&report(0), &value).unwrap();
        let text = first.memory().unwrap().to_string();
        let mut second = stopping(1, 0.0, lowest());
        second
            .recall(&serde_json::from_str(&text).unwrap())
            .unwrap();
        assert_eq!(second.best_value().map(f64::to_bits), Some(value.to_bits()));
    }
}

#[test]
fn what_version_0_1_0_remembered_is_read() {
    let mut early = stopping(2, 0.0, lowest());
    for (text, value) in [("0.30000000000000004", 0.1 + 0.2), ("inf", f64::INFINITY)] {
        let memory = json!({"score": "distance", "best_step": 4, "best_value": text, "waited": 1});
        early.recall(&memory).unwrap();
        assert_eq!(
            (early.best_step(), early.best_value()),
            (Some(4), Some(value))
        );
    }
}

#[test]
fn what_does_not_fit_is_refused() {
    let config = EarlyStoppingConfig::new;
    for (bad, name) in [
        (config().with_interval(0), "interval"),
        (config().with_patience(0), "patience"),
        (
            config().with_minimum_improvement(-1.0),
            "minimum_improvement",
        ),
        (
            config().with_minimum_improvement(f64::NAN),
            "minimum_improvement",
        ),
    ] {
        match bad.init(lowest()) {
            Err(GanError::Config(ConfigError { field, .. })) => assert_eq!(field, name),
            other => panic!("{other:?}"),
        }
    }
    let mut early = stopping(1, 0.0, lowest());
    let error = early.observe(&report(0), &f64::NAN);
    assert!(matches!(
        error,
        Err(GanError::Observe(ObserveError::ScoreNotANumber { .. }))
    ));
    for memory in [
        json!(null),
        json!({"score": "other", "best_step": null, "best_value": null, "waited": 0}),
        json!({"score": "distance", "best_step": 1, "best_value": null, "waited": 0}),
        json!({"score": "distance", "best_step": 1, "best_value": "x", "waited": 0}),
        json!({"score": "distance", "best_step": 1, "best_value": "NaN", "waited": 0}),
        json!({"score": "distance", "best_step": 1, "best_value": "1", "waited": -1}),
    ] {
        let error = early.recall(&memory);
        assert!(matches!(error, Err(GanError::State { .. })), "{memory}");
    }
}
