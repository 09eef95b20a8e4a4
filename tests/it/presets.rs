//! The papers' presets, and Adam with a scheduled second moment.

use crate::common::{parameters, relative_error, stream, values};
use burn::nn;
use burn::optim::{AdamConfig, GradientsParams};
use burn::tensor::{Device, Tensor};
use burn_gan::ema::{EmaConfig, EmaDecay};
use burn_gan::loss::Loss;
use burn_gan::model::{DcganConfig, MlpConfig, Normalization, R3ganConfig, ResnetConfig};
use burn_gan::optimizer::{NetworkOptimizer, OptimizerConfig, ScheduledAdamConfig};
use burn_gan::penalty::{Penalty, PenaltyMethod};
use burn_gan::trainer::GanTrainerConfig;
use burn_gan::{AdversarialTrainer, Batch, Schedule};

fn device() -> Device {
    Device::flex().autodiff()
}

/// Some steps of an optimiser on one layer.
fn optimized(mut optimizer: NetworkOptimizer, steps: u64) -> Vec<f64> {
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
        .with_epsilon(1e-8);
    let burns = OptimizerConfig::Adam(burns).init().unwrap();
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
    let config = || ScheduledAdamConfig::new(schedule.clone());
    let run = |steps| optimized(config().init().unwrap(), steps);
    for (before, after) in run(2).iter().zip(run(3)) {
        assert!(((before - after).abs() - 1e-2).abs() < 1e-5);
    }
    for config in [
        ScheduledAdamConfig::new(Schedule::Constant(1.0)),
        config().with_beta_1(-0.1),
        config().with_epsilon(0.0),
    ] {
        assert!(config.init().is_err());
    }
}

/// The settings of an Adam as its configuration has them.
fn adam(optimizer: &OptimizerConfig) -> [f64; 3] {
    let config = serde_json::to_value(optimizer).unwrap();
    ["beta_1", "beta_2", "epsilon"].map(|field| config["Adam"][field].as_f64().unwrap())
}

fn assert_adam(config: &GanTrainerConfig, beta_1: f32, beta_2: f32) {
    for optimizer in [&config.generator_optimizer, &config.discriminator_optimizer] {
        let expected = [beta_1, beta_2, 1e-8].map(f64::from);
        assert_eq!(adam(optimizer), expected);
    }
}

/// What every preset leaves as it is but where a test says otherwise.
fn assert_plain(config: &GanTrainerConfig) {
    assert_eq!(config.penalty_method, PenaltyMethod::Exact);
    assert_eq!((config.penalty_interval, config.micro_batches), (1, 1));
    assert_eq!((config.weight_clip, config.gradient_clip), (None, None));
}

#[test]
fn presets_are_the_papers() {
    let constant = Schedule::Constant(1.0);
    let rates = |config: &GanTrainerConfig| {
        [
            config.generator_learning_rate,
            config.discriminator_learning_rate,
        ]
    };

    let dcgan = GanTrainerConfig::dcgan();
    assert_eq!((dcgan.loss, dcgan.critic_steps), (Loss::NonSaturating, 1));
    assert_eq!(rates(&dcgan), [2e-4; 2]);
    assert_adam(&dcgan, 0.5, 0.999);
    assert!(dcgan.penalties.is_empty() && dcgan.ema.is_none());
    assert_eq!(dcgan.to_string(), GanTrainerConfig::new().to_string());

    let wgan = GanTrainerConfig::wgan_gp();
    assert_eq!((wgan.loss, wgan.critic_steps), (Loss::Wasserstein, 5));
    assert_eq!(wgan.penalties, [Penalty::WassersteinGp { weight: 10.0 }]);
    assert_eq!(rates(&wgan), [1e-4; 2]);
    assert_adam(&wgan, 0.0, 0.9);
    assert!(wgan.ema.is_none());

    let sngan = GanTrainerConfig::sngan();
    assert_eq!((sngan.loss, sngan.critic_steps), (Loss::Hinge, 5));
    assert_eq!(rates(&sngan), [2e-4; 2]);
    assert_adam(&sngan, 0.0, 0.9);
    assert!(sngan.penalties.is_empty() && sngan.ema.is_none());

    for config in [&dcgan, &wgan, &sngan] {
        assert_plain(config);
        assert_eq!(config.learning_rate_schedule, constant);
        assert_eq!(config.penalty_schedule, constant);
    }

    // Over 20 million images in batches of 256.
    let steps = 78_125;
    let cosine = |from, to| Schedule::CosineBurnIn { from, to, steps };
    let r3gan = GanTrainerConfig::r3gan();
    assert_plain(&r3gan);
    let (r1, r2) = (Penalty::R1 { gamma: 2.0 }, Penalty::R2 { gamma: 2.0 });
    assert_eq!(
        (r3gan.loss, r3gan.critic_steps),
        (Loss::RelativisticPaired, 1)
    );
    assert_eq!(r3gan.penalties, [r1, r2]);
    assert_eq!(r3gan.penalty_schedule, cosine(1.0, 0.1));
    assert_eq!(rates(&r3gan), [2e-4; 2]);
    assert_eq!(r3gan.learning_rate_schedule, cosine(1.0, 0.25));
    for optimizer in [&r3gan.generator_optimizer, &r3gan.discriminator_optimizer] {
        let OptimizerConfig::ScheduledAdam(adam) = optimizer else {
            panic!("{optimizer:?}");
        };
        assert_eq!((adam.beta_1, adam.epsilon), (0.0, 1e-8));
        assert_eq!(adam.beta_2, cosine(0.9, 0.99));
    }
    // Half a million images.
    let half_life = EmaDecay::HalfLife(cosine(0.0, 1953.125));
    assert_eq!(r3gan.ema, Some(EmaConfig::new().with_decay(half_life)));

    // Configurations are values that go into files and come back.
    for config in [dcgan, wgan, sngan, r3gan] {
        let text = serde_json::to_string(&config).unwrap();
        let back: GanTrainerConfig = serde_json::from_str(&text).unwrap();
        assert_eq!(serde_json::to_string(&back).unwrap(), text);
    }
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

/// The example `digits` and its recorded runs (docs/runs/digits28) have these values.
#[test]
fn small_images_is_what_was_measured() {
    let config = GanTrainerConfig::small_images(4000);
    let gamma = 1.0;
    assert_eq!(config.loss, Loss::RelativisticPaired);
    assert_eq!(
        config.penalties,
        [Penalty::R1 { gamma }, Penalty::R2 { gamma }]
    );
    assert_eq!((config.penalty_interval, config.critic_steps), (2, 1));
    assert_eq!(config.generator_learning_rate, 4e-3);
    assert_eq!(config.discriminator_learning_rate, 2e-3);
    assert_adam(&config, 0.0, 0.99);
    let schedule = Schedule::Linear {
        from: 1.0,
        to: 0.05,
        steps: 4000,
    };
    assert_eq!(config.learning_rate_schedule, schedule);
    let ema = config.ema.unwrap();
    assert_eq!(ema.decay, EmaDecay::WarmUp(0.999));
}
