//! LeCam regularisation, and the moving averages that it asks the trainer for.

use burn::tensor::{Device, Tensor};
use burn_gan::loss::{Hinge, NonSaturating};
use burn_gan::model::{MlpConfig, MlpDiscriminator, MlpGenerator};
use burn_gan::objective::{Adversarial, LeCam, Objective, Round, Terms, Weighted};
use burn_gan::trainer::{FiniteCheck, GanTrainer, GanTrainerConfig};
use burn_gan::{
    AdversarialTrainer, Batch, Discriminator, GanError, Generator, NonFinite, Persistent,
    StepReport,
};

use crate::common::{parameters, relative_error, stream, values};

type Trainer = GanTrainer<2, MlpGenerator, MlpDiscriminator>;

fn points(step: u64) -> Batch<2> {
    let count = 6 + (step % 3) as usize;
    Batch::new(stream(step).normal([count, 2], &Device::flex()) + 1.0)
}

fn config() -> GanTrainerConfig {
    crate::accumulation::plain(GanTrainerConfig::new())
}

fn plain(config: &GanTrainerConfig) -> Trainer {
    let device = Device::flex().autodiff();
    let networks = MlpConfig::new(2).with_hidden(vec![16]);
    config
        .init(
            networks.init_generator(&device).unwrap(),
            networks.init_discriminator(&device).unwrap(),
            &points(0),
        )
        .unwrap()
}

fn trainer(config: &GanTrainerConfig) -> Trainer {
    let lecam = LeCam::new(0.75).unwrap();
    plain(config).with_objective(Adversarial(NonSaturating::default()) + lecam * 0.3)
}

fn steps(trainer: &mut Trainer, from: u64, to: u64) -> Vec<StepReport> {
    (from..to)
        .map(|step| trainer.step(points(step)).unwrap())
        .collect()
}

fn lecam(reports: &[StepReport]) -> Vec<f64> {
    let term = |report: &StepReport| report.read().unwrap().terms["discriminator.lecam"].into();
    reports.iter().map(term).collect()
}

fn weights(trainer: &Trainer) -> Vec<f64> {
    let both = [
        parameters(trainer.generator()),
        parameters(trainer.discriminator()),
    ];
    both.into_iter()
        .flat_map(|found| found.into_values().flatten())
        .collect()
}

/// Equation 7 of the paper, of the logits that the reports hold.
#[test]
fn the_term_is_the_distance_to_the_averages_of_the_other_kind() {
    for check in [FiniteCheck::EveryStep, FiniteCheck::Every(4)] {
        let reports = steps(&mut trainer(&config().with_finite_check(check)), 0, 12);
        let mut averages: Option<[f64; 2]> = None;
        for (report, found) in reports.iter().zip(lecam(&reports)) {
            let logits = [report.logits_real(), report.logits_fake()];
            let logits = logits.map(|logits| values(logits.clone()));
            let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
            let means = [mean(&logits[0]), mean(&logits[1])];
            let [a_r, a_f] = averages.unwrap_or(means);
            let square = |logits: &[f64], a: f64| {
                mean(&logits.iter().map(|d| (d - a).powi(2)).collect::<Vec<_>>())
            };
            let expected = square(&logits[0], a_f) + square(&logits[1], a_r);
            assert!(
                (found - expected).abs() < 1e-5,
                "{found}, expected {expected}"
            );
            let blend = |a: f64, x: f64| 0.75 * a + 0.25 * x;
            averages = Some([blend(a_r, means[0]), blend(a_f, means[1])]);
            let terms = report.read().unwrap().terms;
            let loss = terms["discriminator.adversarial"] + 0.3 * terms["discriminator.lecam"];
            let whole = report.read().unwrap().loss_discriminator;
            assert!((loss - whole).abs() < 1e-5);
        }
    }
}

#[test]
fn it_holds_the_discriminator_back() {
    let gap = |trainer: &mut Trainer| {
        let values = steps(trainer, 0, 200).last().unwrap().read().unwrap();
        values.logit_real.unwrap() - values.logit_fake.unwrap()
    };
    // A generator that stands still is easily told.
    let config = config()
        .with_generator_learning_rate(1e-9)
        .with_discriminator_learning_rate(0.05);
    let alone = gap(&mut plain(&config).with_objective(Adversarial(Hinge)));
    let held = gap(&mut plain(&config).with_objective(Adversarial(Hinge) + LeCam::default()));
    assert!(held < 0.7 * alone, "{held} with, {alone} without");
}

#[test]
fn a_state_that_is_put_back_goes_on_with_the_same_bits() {
    let mut whole = trainer(&config());
    let expected = lecam(&steps(&mut whole, 0, 9));
    let mut first = trainer(&config());
    steps(&mut first, 0, 4);
    let saved = first.save_state().unwrap();
    // The numbers as a file has them.
    let text = serde_json::to_string(&saved.numbers).unwrap();
    let mut read = saved.clone();
    read.numbers = serde_json::from_str(&text).unwrap();
    let mut second = trainer(&config());
    second.load_state(&read).unwrap();
    assert_eq!(second.save_state().unwrap(), saved);
    assert_eq!(lecam(&steps(&mut second, 4, 9)), expected[4..]);
    assert_eq!(weights(&second), weights(&whole));
    // Without the averages they would start anew.
    read.numbers.as_object_mut().unwrap().remove("averages");
    second.load_state(&read).unwrap();
    assert_ne!(lecam(&steps(&mut second, 4, 9)), expected[4..]);

    // A trainer whose objective remembers nothing saves what it did before.
    let saved = plain(&config()).save_state().unwrap();
    assert!(saved.numbers.get("averages").is_none());
    read.numbers["averages"] = "x".into();
    assert!(matches!(second.load_state(&read), Err(GanError::State(_))));
}

#[test]
fn a_step_that_fails_leaves_the_averages() {
    for check in [FiniteCheck::EveryStep, FiniteCheck::Every(2)] {
        let config = config().with_finite_check(check);
        let mut undisturbed = trainer(&config);
        let expected = lecam(&steps(&mut undisturbed, 0, 8));
        let mut disturbed = trainer(&config);
        let mut found = Vec::new();
        for step in 0..8 {
            if step % 4 == 2 {
                let poison = Batch::new(points(step).samples * f32::NAN);
                let failed = disturbed
                    .step(poison)
                    .and_then(|_| disturbed.check_finite());
                assert!(matches!(failed, Err(GanError::NonFiniteStep { .. })));
            }
            found.extend(steps(&mut disturbed, step, step + 1));
        }
        assert_eq!(lecam(&found), expected);
        assert_eq!(weights(&disturbed), weights(&undisturbed));
    }
}

/// In the first step each part is its own average; from the second on a step in parts is that of the whole batch.
#[test]
fn the_parts_of_a_batch_make_one_average() {
    let mut start = trainer(&config());
    steps(&mut start, 0, 1);
    let saved = start.save_state().unwrap();
    let after = |parts| {
        let mut trainer = trainer(&config().with_micro_batches(parts));
        trainer.load_state(&saved).unwrap();
        let terms = lecam(&steps(&mut trainer, 1, 5));
        (weights(&trainer), terms)
    };
    let (whole, parts) = (after(1), after(3));
    assert!(relative_error(&parts.0, &whole.0) < 1e-5);
    assert!(relative_error(&parts.1, &whole.1) < 1e-5);
}

/// Remembers an infinite number that no loss shows.
#[derive(Debug)]
struct Unbounded;

impl<G: Generator<2>, N: Discriminator<2>> Objective<2, G, N> for Unbounded {
    fn generator(&self, round: &Round<2, G, N, ()>) -> Result<Terms, GanError> {
        let infinite = Tensor::<1>::full([1], f32::INFINITY, &round.generated.device());
        round.moving_average("unbounded", infinite, 0.5);
        Ok(Terms::none())
    }
}

#[test]
fn an_average_that_is_not_finite_is_found() {
    let objective = Weighted(Unbounded, 1.0) + Adversarial(Hinge);
    let error = plain(&config())
        .with_objective(objective)
        .step(points(0))
        .unwrap_err();
    match error {
        GanError::NonFiniteStep {
            cause: NonFinite::Weights { part },
            ..
        } => {
            assert_eq!(part, "averages")
        }
        other => panic!("{other}"),
    }
}

#[test]
fn a_decay_out_of_range_is_refused() {
    for decay in [-0.1, 1.0, f64::NAN] {
        assert!(LeCam::new(decay).is_err());
    }
}
