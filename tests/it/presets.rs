//! The papers' presets, schedules over a run, Adam with a scheduled second moment, averages by half-life.

use crate::common::{parameters, relative_error, stream, values};
use burn::nn;
use burn::optim::{AdamConfig, GradientsParams};
use burn::tensor::{Device, Tensor};
use burn_gan::ConfigError;
use burn_gan::ema::EmaConfig;
use burn_gan::loss::Loss;
use burn_gan::model::{DcganConfig, MlpConfig, Normalization, R3ganConfig, ResnetConfig};
use burn_gan::optimizer::{NetworkOptimizer, ScheduledAdamConfig};
use burn_gan::penalty::Penalty;
use burn_gan::trainer::{GanTrainerConfig, OptimizerConfig};
use burn_gan::{AdversarialTrainer, Batch, GanError, Schedule};

fn device() -> Device {
    Device::flex().autodiff()
}

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
    let at = |schedule: Schedule| [0, 1, 2, 4, 9].map(|step| schedule.at(step));
    assert_eq!(at(Schedule::Constant(2.0)), [2.0; 5]);
    assert_eq!(at(linear), [1.0, 1.5, 2.0, 3.0, 3.0]);
    let [start, quarter, half, end, after] = at(cosine);
    assert_eq!([start, end, after], [1.0, 3.0, 3.0]);
    assert!((half - 2.0).abs() < 1e-12 && (1.0..1.5).contains(&quarter));
    assert_eq!(linear.over(0).at(0), 3.0);
    assert_eq!(cosine.over(8).at(4), half);
}

/// Some steps of an optimiser on one layer.
fn optimized(optimizer: impl Into<NetworkOptimizer>, steps: u64) -> Vec<f64> {
    let mut optimizer = optimizer.into();
    let mut layer = nn::LinearConfig::new(3, 2)
        .with_initializer(nn::Initializer::Constant { value: 0.5 })
        .init(&device());
    for step in 0..steps {
        let x: Tensor<2> = stream(step).normal([4, 3], &device());
        let loss = layer.forward(x).square().mean();
        let gradients = GradientsParams::from_grads(loss.backward(), &layer);
        layer = optimizer.step(1e-2, layer, gradients);
    }
    values(layer.weight.val())
}

#[test]
fn a_constant_schedule_is_plain_adam() {
    let ours = ScheduledAdamConfig::new(Schedule::Constant(0.99))
        .with_beta_1(0.5)
        .init()
        .unwrap();
    let burns = AdamConfig::new()
        .with_beta_1(0.5)
        .with_beta_2(0.99)
        .with_epsilon(1e-8)
        .build();
    assert!(relative_error(&optimized(ours, 7), &optimized(burns, 7)) < 1e-6);
}

#[test]
fn the_second_moment_follows_its_schedule() {
    // From the third step on beta_2 is 0: the update is the sign of the gradient.
    let schedule = Schedule::Linear {
        from: 0.9,
        to: 0.0,
        steps: 2,
    };
    let run = |steps| optimized(ScheduledAdamConfig::new(schedule).init().unwrap(), steps);
    for (before, after) in run(2).iter().zip(run(3)) {
        assert!(((before - after).abs() - 1e-2).abs() < 1e-5);
    }
    for config in [
        ScheduledAdamConfig::new(Schedule::Constant(1.0)),
        ScheduledAdamConfig::new(schedule).with_beta_1(-0.1),
        ScheduledAdamConfig::new(schedule).with_epsilon(0.0),
    ] {
        assert!(matches!(
            config.init(),
            Err(GanError::Config(ConfigError { .. }))
        ));
    }
}

#[test]
fn an_average_by_half_life_forgets_half_in_that_many_updates() {
    let layer = |value: f64| {
        nn::LinearConfig::new(1, 1)
            .with_bias(false)
            .with_initializer(nn::Initializer::Constant { value })
            .init(&device())
    };
    let start = layer(1.0);
    let half_life = |schedule| EmaConfig::new().with_half_life(Some(schedule));
    let mut average = half_life(Schedule::Constant(5.0)).init(&start).unwrap();
    // The same layer by path, all its weights now 0.
    for _ in 0..5 {
        average.blend(&layer(0.0));
    }
    let left = values(average.model().weight.val())[0];
    assert!((left - 0.5).abs() < 1e-6, "{left}");
    let mut forgetful = half_life(Schedule::Constant(0.0)).init(&start).unwrap();
    forgetful.blend(&layer(0.25));
    assert_eq!(values(forgetful.model().weight.val()), [0.25]);
    assert!(half_life(Schedule::Constant(-1.0)).init(&start).is_err());
}

#[test]
fn presets_are_the_papers() {
    let wgan = GanTrainerConfig::wgan_gp();
    assert_eq!((wgan.loss, wgan.critic_steps), (Loss::Wasserstein, 5));
    assert_eq!(wgan.penalties, [Penalty::WassersteinGp { weight: 10.0 }]);
    assert_eq!(wgan.generator_learning_rate, 1e-4);
    let sngan = GanTrainerConfig::sngan();
    assert_eq!((sngan.loss, sngan.critic_steps), (Loss::Hinge, 5));
    let r3gan = GanTrainerConfig::r3gan();
    assert_eq!(r3gan.loss, Loss::RelativisticPaired);
    assert_eq!(r3gan.penalties.len(), 2);
    let OptimizerConfig::ScheduledAdam(adam) = &r3gan.generator_optimizer else {
        panic!("{:?}", r3gan.generator_optimizer);
    };
    assert_eq!(adam.beta_2.ends(), [0.9, 0.99]);
    let short = GanTrainerConfig::r3gan().with_burn_in(10);
    assert_eq!(short.penalty_schedule.at(10), 0.1);
    assert_eq!(short.learning_rate_schedule.at(10), 0.25);

    // Configurations are values that go into files and come back.
    let text = serde_json::to_string(&r3gan).unwrap();
    let back: GanTrainerConfig = serde_json::from_str(&text).unwrap();
    assert_eq!(serde_json::to_string(&back).unwrap(), text);
}

/// Some steps of a preset; every number stays finite and both networks move.
fn trains<G, N>(config: GanTrainerConfig, generator: G, discriminator: N)
where
    G: burn_gan::Generator<4>,
    N: burn_gan::Discriminator<4>,
{
    let batch = Batch::new(stream(1).normal([4, 1, 8, 8], &device()).tanh());
    let mut trainer = config.init(generator, discriminator, &batch).unwrap();
    let before = (
        parameters(trainer.generator()),
        parameters(trainer.discriminator()),
    );
    for _ in 0..5 {
        let report = trainer.step(batch.clone()).unwrap().read().unwrap();
        assert!(report.loss_discriminator.is_finite());
        assert_eq!(
            report.penalty.is_some(),
            !trainer.config().penalties.is_empty()
        );
    }
    assert_ne!(before.0, parameters(trainer.generator()));
    assert_ne!(before.1, parameters(trainer.discriminator()));
}

#[test]
fn every_preset_trains_its_network() {
    let device = device();
    let dcgan = DcganConfig::new(1, 8, 8).with_filters(4);
    trains(
        GanTrainerConfig::dcgan(),
        dcgan.init_generator(&device).unwrap(),
        dcgan.init_discriminator(&device).unwrap(),
    );
    let plain = dcgan.with_discriminator_normalization(Normalization::None);
    trains(
        GanTrainerConfig::wgan_gp(),
        plain.init_generator(&device).unwrap(),
        plain.init_discriminator(&device).unwrap(),
    );
    let resnet = ResnetConfig::new(1, 8, 8)
        .with_filters(4)
        .with_spectral_norm(true);
    trains(
        GanTrainerConfig::sngan(),
        resnet.init_generator(&device).unwrap(),
        resnet.init_discriminator(&device).unwrap(),
    );
    let r3gan = R3ganConfig::new(1, 8, 8).with_filters(4);
    trains(
        GanTrainerConfig::r3gan().with_burn_in(10),
        r3gan.init_generator(&device).unwrap(),
        r3gan.init_discriminator(&device).unwrap(),
    );
}

#[test]
fn learning_rates_follow_their_schedule() {
    let networks = MlpConfig::new(2).with_hidden(vec![4]);
    let batch = Batch::new(stream(1).normal([4, 2], &device()));
    let still = Schedule::Linear {
        from: 0.0,
        to: 1.0,
        steps: 2,
    };
    let mut trainer = GanTrainerConfig::new()
        .with_learning_rate_schedule(still)
        .init(
            networks.init_generator(&device()).unwrap(),
            networks.init_discriminator(&device()).unwrap(),
            &batch,
        )
        .unwrap();
    let start = parameters(trainer.discriminator());
    trainer.step(batch.clone()).unwrap();
    assert_eq!(start, parameters(trainer.discriminator()));
    trainer.step(batch).unwrap();
    assert_ne!(start, parameters(trainer.discriminator()));
}
