//! The probability that follows the discriminator: adjusted as the paper says, and a part of the trainer's state.

use burn::tensor::{Device, Tensor};
use burn_gan::augment::{
    AdaConfig, AdaptiveStrengthConfig, Augmentation, DiffAugmentConfig, LogitSign, Strength,
};
use burn_gan::data::{Memory, ShuffleConfig, Source};
use burn_gan::loss::Loss;
use burn_gan::model::{DcganConfig, DcganDiscriminator, DcganGenerator, Normalization};
use burn_gan::observe::{History, HistoryPlots, read_history};
use burn_gan::penalty::Penalty;
use burn_gan::run::Fit;
use burn_gan::trainer::{FiniteCheck, GanTrainer, GanTrainerConfig, PenaltyPlace};
use burn_gan::{AdversarialTrainer, Batch, GanError, Persistent, Schedule, StepReport};

use crate::common::{parameters, relative_error, stream, values};

type Trainer = GanTrainer<4, DcganGenerator, DcganDiscriminator>;

const PROBABILITY: &str = "augmentation.probability";
const SIGN: &str = "augmentation.logit_sign";

fn networks(channels: usize) -> DcganConfig {
    DcganConfig::new(channels, 8, 8)
        .with_filters(4)
        .with_latent_size(6)
        .with_generator_normalization(Normalization::None)
        .with_discriminator_normalization(Normalization::None)
}

fn images(step: u64, count: usize) -> Batch<4> {
    let noise: Tensor<4> = stream(step).normal([count, 1, 8, 8], &Device::flex());
    Batch::new(noise.tanh())
}

/// Few images, so that the probability moves fast.
fn adaptive() -> AdaptiveStrengthConfig {
    AdaptiveStrengthConfig::new()
        .with_images(200)
        .with_target(0.3)
}

fn config(strength: AdaptiveStrengthConfig) -> GanTrainerConfig {
    with_strength(Strength::Adaptive(strength))
}

fn with_strength(strength: Strength) -> GanTrainerConfig {
    let augmentation = Augmentation::Ada(AdaConfig::new().with_strength(strength));
    GanTrainerConfig::new()
        .with_learning_rates(2e-3)
        .with_augmentation(Some(augmentation))
}

fn trainer(config: &GanTrainerConfig) -> Result<Trainer, GanError> {
    let device = Device::flex().autodiff();
    config.init(
        networks(1).init_generator(&device)?,
        networks(1).init_discriminator(&device)?,
        &images(0, 1),
    )
}

/// The reports of some steps on batches of different sizes.
fn steps(trainer: &mut Trainer, from: u64, to: u64) -> Vec<StepReport> {
    let batch = |step: u64| images(step, 5 + (step % 4) as usize);
    (from..to)
        .map(|step| trainer.step(batch(step)).unwrap())
        .collect()
}

fn number(report: &StepReport, name: &str) -> f32 {
    report.read().unwrap().terms[name]
}

fn probabilities(reports: &[StepReport]) -> Vec<f32> {
    reports
        .iter()
        .map(|report| number(report, PROBABILITY))
        .collect()
}

/// What the paper says, of the logits that the reports hold.
#[test]
fn the_probability_follows_the_signs_of_the_logits() {
    for (sign, loss) in [
        (LogitSign::Real, Loss::NonSaturating),
        (LogitSign::Relative, Loss::RelativisticPaired),
    ] {
        for (critic_steps, parts, check) in [
            (1, 1, FiniteCheck::EveryStep),
            (2, 3, FiniteCheck::Every(3)),
        ] {
            let config = config(adaptive().with_sign(sign))
                .with_loss(loss)
                .with_critic_steps(critic_steps)
                .with_micro_batches(parts)
                .with_finite_check(check);
            let reports = steps(&mut trainer(&config).unwrap(), 0, 60);
            let (mut p, mut signs) = (0.0_f64, Vec::new());
            let mut expected = Vec::new();
            for (step, report) in reports.iter().enumerate() {
                if step > 0 && step % 4 == 0 {
                    let r_t = signs.iter().sum::<f64>() / signs.len() as f64;
                    let amount = signs.len() as f64 / 200.0;
                    p = (p + if r_t > 0.3 { amount } else { -amount }).clamp(0.0, 1.0);
                    signs.clear();
                }
                expected.push(p as f32);
                let real = values(report.logits_real().clone());
                let fake = values(report.logits_fake().clone());
                let of_step: Vec<f64> = real
                    .iter()
                    .zip(&fake)
                    .map(|(real, fake)| match sign {
                        LogitSign::Relative => (real - fake).signum(),
                        _ => real.signum(),
                    })
                    .collect();
                let mean = of_step.iter().sum::<f64>() / of_step.len() as f64;
                assert!((f64::from(number(report, SIGN)) - mean).abs() < 1e-6);
                signs.extend(of_step);
            }
            assert_eq!(probabilities(&reports), expected);
            let largest = expected.iter().copied().fold(0.0, f32::max);
            assert!(largest > 0.2, "{sign:?}: it moved: {expected:?}");
        }
    }
}

#[test]
fn an_adjustment_is_a_share_of_the_images_and_stays_in_its_range() {
    let config = AdaptiveStrengthConfig::new();
    assert_eq!(config.adjusted(0.5, 0.7, 5000), 0.51);
    assert_eq!(config.adjusted(0.5, 0.5, 5000), 0.49);
    assert_eq!(config.adjusted(0.5, 0.6, 5000), 0.5);
    assert_eq!(config.adjusted(0.001, -1.0, 5000), 0.0);
    assert_eq!(config.adjusted(0.999, 1.0, 5000), 1.0);
    // What a step that is going to be undone may bring.
    assert_eq!(config.adjusted(0.5, f64::NAN, 5000), 0.5);
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

/// Stopped between two adjustments, at one, and after one; saved before anybody has read a report, too.
#[test]
fn a_state_that_is_put_back_goes_on_with_the_same_bits() {
    for check in [FiniteCheck::EveryStep, FiniteCheck::Every(100)] {
        let config = config(adaptive()).with_finite_check(check);
        let mut whole = trainer(&config).unwrap();
        let expected = probabilities(&steps(&mut whole, 0, 30));
        for stop in [6, 20, 21] {
            let mut first = trainer(&config).unwrap();
            steps(&mut first, 0, stop);
            let saved = first.save_state().unwrap();
            let mut second = trainer(&config).unwrap();
            second.load_state(&saved).unwrap();
            let found = probabilities(&steps(&mut second, stop, 30));
            assert_eq!(found, expected[stop as usize..]);
            assert_eq!(weights(&second), weights(&whole));
        }
    }
}

#[test]
fn a_run_in_two_parts_is_a_run_in_one() {
    let run = |parts: &[usize], folder: &std::path::Path| {
        let mut found = Vec::new();
        for &until in parts {
            let device = Device::flex().autodiff();
            let data = Memory::new(images(0, 24).samples).unwrap();
            let mut source = ShuffleConfig::new(6).init(data).unwrap();
            source.batch(0, &device).unwrap();
            let mut trainer = trainer(&config(adaptive())).unwrap();
            let history = folder.join("history.csv");
            trainer
                .fit(&mut source)
                .until(until)
                .observe(History::csv(&history, 1))
                .observe(HistoryPlots::new(&history, 100))
                .resume(folder)
                .run()
                .unwrap();
            assert!(folder.join("augmentation.png").is_file());
            found = weights(&trainer);
            let rows = read_history(&history).unwrap();
            found.extend(rows.iter().map(|row| f64::from(row.terms[PROBABILITY])));
            assert_eq!(rows.len(), until);
            assert!(rows.iter().all(|row| row.terms[SIGN].abs() <= 1.0));
        }
        found
    };
    let folder = tempfile::tempdir().unwrap();
    let whole = run(&[15], &folder.path().join("whole"));
    assert_eq!(run(&[6, 15], &folder.path().join("parts")), whole);
    assert!(whole.last() > Some(&0.0), "the probability moved");
}

#[test]
fn a_step_that_fails_leaves_the_probability() {
    for check in [FiniteCheck::EveryStep, FiniteCheck::Every(2)] {
        let config = config(adaptive()).with_finite_check(check);
        let mut undisturbed = trainer(&config).unwrap();
        let expected = probabilities(&steps(&mut undisturbed, 0, 24));
        let mut disturbed = trainer(&config).unwrap();
        let mut found = Vec::new();
        for step in 0..24 {
            if step % 4 == 2 {
                let poison = Batch::new(images(step, 6).samples * f32::NAN);
                let failed = disturbed
                    .step(poison)
                    .and_then(|_| disturbed.check_finite());
                assert!(matches!(failed, Err(GanError::NonFiniteStep { .. })));
            }
            found.extend(steps(&mut disturbed, step, step + 1));
        }
        assert_eq!(probabilities(&found), expected);
        assert_eq!(weights(&disturbed), weights(&undisturbed));
    }
}

#[test]
fn a_state_of_impossible_numbers_is_refused() {
    let mut trainer = trainer(&config(adaptive())).unwrap();
    steps(&mut trainer, 0, 3);
    let saved = trainer.save_state().unwrap();
    let before = trainer.save_state().unwrap();
    for (field, value) in [("probability", 1.5), ("signs", 1e9), ("images", -1.0)] {
        let mut wrong = saved.clone();
        wrong.numbers["augmentation"][field] = value.into();
        let error = trainer.load_state(&wrong).unwrap_err();
        assert!(matches!(error, GanError::State(_)), "{error}");
    }
    let mut without = saved.clone();
    without
        .numbers
        .as_object_mut()
        .unwrap()
        .remove("augmentation");
    assert!(trainer.load_state(&without).is_err());
    assert_eq!(trainer.save_state().unwrap(), before);
}

#[test]
fn a_schedule_decides_by_the_step() {
    let schedule = Schedule::Linear {
        from: 0.0,
        to: 0.5,
        steps: 4,
    };
    let config = with_strength(Strength::Scheduled(schedule));
    let reports = steps(&mut trainer(&config).unwrap(), 0, 6);
    assert_eq!(probabilities(&reports), [0.0, 0.125, 0.25, 0.375, 0.5, 0.5]);
    assert!(!reports[0].read().unwrap().terms.contains_key(SIGN));

    // Without changes the steps are those without an augmentation.
    let (mut never, mut none) = (
        trainer(&with_strength(Strength::fixed(0.0))).unwrap(),
        trainer(&with_strength(Strength::fixed(0.0)).with_augmentation(None)).unwrap(),
    );
    steps(&mut never, 0, 3);
    steps(&mut none, 0, 3);
    assert_eq!(weights(&never), weights(&none));
    // An augmentation that changes every image has no probability.
    let every = Augmentation::DiffAugment(DiffAugmentConfig::new());
    let config = GanTrainerConfig::new().with_augmentation(Some(every));
    let reports = steps(&mut trainer(&config).unwrap(), 0, 1);
    assert!(reports[0].read().unwrap().terms.is_empty());
}

#[test]
fn a_step_in_parts_changes_the_same_images() {
    for place in [PenaltyPlace::Changed, PenaltyPlace::Unchanged] {
        let config = crate::accumulation::plain(with_strength(Strength::fixed(0.7)))
            .with_loss(Loss::RelativisticPaired)
            .with_penalties(vec![Penalty::R1 { gamma: 1.0 }, Penalty::R2 { gamma: 1.0 }])
            .with_penalty_place(place);
        let after = |parts| {
            let mut trainer = trainer(&config.clone().with_micro_batches(parts)).unwrap();
            steps(&mut trainer, 0, 2);
            weights(&trainer)
        };
        let error = relative_error(&after(3), &after(1));
        assert!(error < 1e-5, "{place:?}: {error}");
    }
}

#[test]
fn what_cannot_be_done_is_refused() {
    let refused = |config: GanTrainerConfig, words: &str| {
        let error = trainer(&config).err().unwrap();
        assert!(matches!(error, GanError::Config(_)), "{error}");
        assert!(error.to_string().contains(words), "{error}");
    };
    refused(with_strength(Strength::fixed(1.5)), "from 0 to 1");
    refused(config(adaptive().with_target(1.0)), "target");
    refused(config(adaptive().with_images(0)), "images");
    refused(config(adaptive().with_interval(0)), "interval");
    for loss in [
        Loss::Wasserstein,
        Loss::RelativisticPaired,
        Loss::LeastSquares,
    ] {
        refused(config(adaptive()).with_loss(loss), "LogitSign::Relative");
        trainer(&config(adaptive().with_sign(LogitSign::Relative)).with_loss(loss)).unwrap();
    }

    let device = Device::flex().autodiff();
    let of_two_channels = |augmentation: AdaConfig| {
        let config =
            GanTrainerConfig::new().with_augmentation(Some(Augmentation::Ada(augmentation)));
        config.init(
            networks(2).init_generator(&device).unwrap(),
            networks(2).init_discriminator(&device).unwrap(),
            &Batch::new(Tensor::<4>::zeros([2, 2, 8, 8], &Device::flex())),
        )
    };
    let error = of_two_channels(AdaConfig::new()).err().unwrap();
    assert!(error.to_string().contains("without_color"), "{error}");
    of_two_channels(AdaConfig::new().without_color()).unwrap();
}
