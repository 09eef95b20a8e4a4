//! Schedules: closed forms, Burn's schedulers, functions, files, and when they end in a trainer.

use crate::common::{parameters, stream};
use burn::lr_scheduler::LrSchedulerConfig;
use burn::lr_scheduler::composed::ComposedLrSchedulerConfig;
use burn::lr_scheduler::cosine::CosineAnnealingLrSchedulerConfig;
use burn::lr_scheduler::exponential::ExponentialLrSchedulerConfig;
use burn::lr_scheduler::linear::LinearLrSchedulerConfig;
use burn::lr_scheduler::module_lr_scheduler::ModuleLrSchedulerConfig;
use burn::lr_scheduler::noam::NoamLrSchedulerConfig;
use burn::lr_scheduler::sequential::SequentialLrSchedulerConfig;
use burn::lr_scheduler::step::StepLrSchedulerConfig;
use burn::tensor::Device;
use burn_gan::ema::{EmaConfig, EmaDecay};
use burn_gan::model::MlpConfig;
use burn_gan::optimizer::{OptimizerConfig, ScheduledAdamConfig};
use burn_gan::trainer::GanTrainerConfig;
use burn_gan::{AdversarialTrainer, Batch, GanError, Schedule};

#[test]
fn schedules_start_end_and_stay() {
    let linear = Schedule::Linear {
        from: 1.0,
        to: 3.0,
        steps: 4,
    };
    let cosine = Schedule::CosineBurnIn {
        from: 1.0,
        to: 3.0,
        steps: 4,
    };
    let at = |schedule: &Schedule| [0, 1, 2, 4, 9].map(|step| schedule.at(step));
    assert_eq!(at(&Schedule::Constant(2.0)), [2.0; 5]);
    assert_eq!(at(&linear), [1.0, 1.5, 2.0, 3.0, 3.0]);
    let [start, quarter, half, end, after] = at(&cosine);
    assert_eq!([start, end, after], [1.0, 3.0, 3.0]);
    assert!((half - 2.0).abs() < 1e-12 && (1.0..1.5).contains(&quarter));
    assert_eq!(linear.over(0).at(0), 3.0);
    assert_eq!(cosine.over(8).at(4), half);

    let decay = Schedule::StepDecay {
        from: 8.0,
        factor: 0.5,
        every: 2,
    };
    assert_eq!(at(&decay), [8.0, 8.0, 4.0, 2.0, 0.5]);
    assert_eq!(decay.clone().over(100), decay);
}

#[test]
fn a_warm_up_rises_to_what_follows() {
    let linear = Schedule::Linear {
        from: 2.0,
        to: 0.0,
        steps: 4,
    };
    let warm = Schedule::WarmUp {
        steps: 3,
        then: Box::new(linear),
    };
    let at: Vec<f64> = (0..9).map(|step| warm.at(step)).collect();
    assert_eq!(at, [0.5, 1.0, 1.5, 2.0, 1.5, 1.0, 0.5, 0.0, 0.0]);
    // Stretched, both parts keep their shares of the whole.
    let long = warm.over(70);
    assert_eq!([long.at(30), long.at(50), long.at(70)], [2.0, 1.0, 0.0]);
    assert!(long.at(29) < 2.0 && long.at(69) > 0.0);
}

/// Every one of Burn's schedulers.
fn burns() -> Vec<LrSchedulerConfig> {
    let cosine = CosineAnnealingLrSchedulerConfig::new(1.0, 20);
    let linear = LinearLrSchedulerConfig::new(0.1, 1.0, 5);
    vec![
        LrSchedulerConfig::Constant(0.5),
        linear.clone().into(),
        cosine.clone().into(),
        ExponentialLrSchedulerConfig::new(1.0, 0.9).into(),
        NoamLrSchedulerConfig::new(1.0).with_warmup_steps(7).into(),
        StepLrSchedulerConfig::new(1.0, 4).into(),
        ComposedLrSchedulerConfig::new()
            .linear(linear.clone())
            .cosine(cosine.clone())
            .into(),
        SequentialLrSchedulerConfig::new(vec![linear.into(), cosine.into()], vec![5]).into(),
    ]
}

#[test]
fn burns_schedulers_are_functions_of_the_step() {
    for config in burns() {
        let mut burns = ModuleLrSchedulerConfig::new(config.clone()).init().unwrap();
        let expected: Vec<f64> = (0..30).map(|_| burns.step().base()).collect();
        let schedule = Schedule::burn(config).unwrap();
        let forward: Vec<f64> = (0..30).map(|step| schedule.at(step)).collect();
        assert_eq!(forward, expected);
        // In any order, after a resume, and from a file: the same bits.
        let text = serde_json::to_string(&schedule).unwrap();
        let from_file: Schedule = serde_json::from_str(&text).unwrap();
        assert_eq!(from_file, schedule);
        for step in [29, 3, 3, 17, 0, 28] {
            assert_eq!(schedule.at(step), expected[step]);
            assert_eq!(from_file.at(step), expected[step]);
        }
    }
    let refused = Schedule::burn(ExponentialLrSchedulerConfig::new(1.0, 2.0)).unwrap_err();
    assert!(refused.to_string().contains("Gamma"), "{refused}");
    let text = r#"{"Burn":{"Exponential":{"initial_lr":1.0,"gamma":2.0}}}"#;
    let refused = serde_json::from_str::<Schedule>(text).unwrap_err();
    assert!(refused.to_string().contains("Gamma"), "{refused}");
}

#[test]
fn a_function_counts_by_its_name() {
    let double = || Schedule::function("double", |step| 2.0 * step as f64);
    assert_eq!(double().at(21), 42.0);
    assert_eq!(double(), double());
    assert_ne!(
        double(),
        Schedule::function("triple", |step| 2.0 * step as f64)
    );
    let text = serde_json::to_string(&double()).unwrap();
    assert_eq!(text, r#"{"Function":{"name":"double"}}"#);
    let refused = serde_json::from_str::<Schedule>(&text).unwrap_err();
    assert!(refused.to_string().contains("`double` is a function"));
}

fn device() -> Device {
    Device::flex().autodiff()
}

fn batch() -> Batch<2> {
    Batch::new(stream(1).normal([8, 2], &Device::flex()))
}

type Trainer = burn_gan::trainer::GanTrainer<
    2,
    burn_gan::model::MlpGenerator,
    burn_gan::model::MlpDiscriminator,
>;

fn trainer(config: &GanTrainerConfig) -> Result<Trainer, GanError> {
    let networks = MlpConfig::new(2).with_hidden(vec![8]);
    config.init(
        networks.init_generator(&device())?,
        networks.init_discriminator(&device())?,
        &batch(),
    )
}

#[test]
fn schedules_out_of_range_are_refused() {
    let refused = |schedule: Schedule| {
        let config = GanTrainerConfig::new().with_learning_rate_schedule(schedule);
        match trainer(&config).err() {
            Some(GanError::Config(error)) => assert_eq!(error.field, "learning_rate_schedule"),
            other => panic!("{other:?}"),
        }
    };
    let decay = |factor, every| Schedule::StepDecay {
        from: 1.0,
        factor,
        every,
    };
    refused(decay(0.5, 0));
    refused(decay(-0.5, 1));
    refused(decay(2.0, 1));
    refused(Schedule::WarmUp {
        steps: 3,
        then: Box::new(decay(0.5, 0)),
    });
    refused(Schedule::WarmUp {
        steps: 3,
        then: Box::new(Schedule::Constant(-1.0)),
    });
    refused(Schedule::function("nan", |step| {
        if step < 100 { 1.0 } else { f64::NAN }
    }));
    refused(Schedule::burn(LrSchedulerConfig::Constant(-1.0)).unwrap());
}

#[test]
fn a_resumed_run_goes_on_with_burns_scheduler() {
    use burn_gan::Persistent;
    let schedule = Schedule::burn(NoamLrSchedulerConfig::new(10.0).with_warmup_steps(3)).unwrap();
    let config = GanTrainerConfig::new().with_learning_rate_schedule(schedule);
    let mut whole = trainer(&config).unwrap();
    for _ in 0..4 {
        whole.step(batch()).unwrap();
    }
    let text = serde_json::to_string(&config).unwrap();
    let mut resumed = trainer(&serde_json::from_str(&text).unwrap()).unwrap();
    resumed.load_state(&whole.save_state().unwrap()).unwrap();
    for trainer in [&mut whole, &mut resumed] {
        for _ in 0..3 {
            trainer.step(batch()).unwrap();
        }
    }
    assert_eq!(
        parameters(whole.generator()),
        parameters(resumed.generator())
    );
}

/// With a beta_2 of 0 and a beta_1 of 0 a weight moves by the learning rate, whatever its gradient; with a half-life of 0
/// the average is the generator itself.
#[test]
fn all_schedules_end_at_the_same_step() {
    let falling = |from| Schedule::Linear {
        from,
        to: 0.0,
        steps: 100,
    };
    let adam = OptimizerConfig::ScheduledAdam(ScheduledAdamConfig::new(falling(0.9)));
    let half_life = EmaDecay::HalfLife(falling(50.0));
    let rate = 1e-3;
    for critic_steps in [1, 2, 3] {
        let config = GanTrainerConfig::new()
            .with_critic_steps(critic_steps)
            .with_generator_optimizer(adam.clone())
            .with_discriminator_optimizer(adam.clone())
            .with_learning_rates(rate)
            .with_ema(Some(EmaConfig::new().with_decay(half_life.clone())))
            .with_burn_in(6);
        let mut trainer = trainer(&config).unwrap();
        let moved = |before: &[f64], after: &[f64]| {
            let moves = before.iter().zip(after).map(|(one, two)| (one - two).abs());
            // A weight without a gradient stays.
            let off = |step: f64| step.min((step - rate).abs());
            moves.map(off).fold(0.0, f64::max)
        };
        let flat = |found: std::collections::BTreeMap<String, Vec<f64>>| {
            found.into_values().flatten().collect::<Vec<f64>>()
        };
        for step in 0..9 {
            let generator = flat(parameters(trainer.generator()));
            let discriminator = flat(parameters(trainer.discriminator()));
            trainer.step(batch()).unwrap();
            let is_over = step >= 6;
            let moved_discriminator =
                moved(&discriminator, &flat(parameters(trainer.discriminator())));
            let now = flat(parameters(trainer.generator()));
            let average = flat(parameters(&trainer.sampling_generator()));
            let takes_a_step = (step + 1) % critic_steps == 0;
            if is_over {
                assert!(moved_discriminator < 2e-6, "{moved_discriminator}");
                if takes_a_step {
                    let moved_generator = moved(&generator, &now);
                    assert!(moved_generator < 2e-6, "{moved_generator}");
                    assert_eq!(average, now);
                }
            } else if takes_a_step {
                assert_ne!(average, now, "critic steps {critic_steps}, step {step}");
            }
        }
    }
}
