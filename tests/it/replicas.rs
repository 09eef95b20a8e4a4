//! Parts of a batch on several devices: the step of micro-batches, to the bit, and that of the whole batch up to rounding.

use std::collections::BTreeMap;
use std::time::Duration;

use burn::module::Module;
use burn::optim::SgdConfig;
use burn::tensor::{Device, Int, Tensor};
use burn_gan::augment::{AdaConfig, Augmentation, DiffAugmentConfig};
use burn_gan::ema::EmaConfig;
use burn_gan::loss::{Hinge, Loss};
use burn_gan::model::{DcganConfig, MlpConfig, R3ganConfig, ResnetConfig};
use burn_gan::nn::{Linear, LinearConfig};
use burn_gan::objective::{Adversarial, LeCam};
use burn_gan::penalty::{Penalty, PenaltyMethod};
use burn_gan::random::{Purpose, Stream};
use burn_gan::trainer::{
    GanTrainer, GanTrainerConfig, OnReplicaFailure, OptimizerConfig, ReplicaError, ReplicasConfig,
};
use burn_gan::{
    AdversarialTrainer, Batch, Condition, Discriminator, Dual, GanError, Generator, Persistent,
};

use crate::accumulation::{
    Conditional, assert_near, images, mlp, numbers, plain, points, without_batch_norm,
};
use crate::common::{parameters, relative_error, stream, values};

fn device() -> Device {
    Device::flex().autodiff()
}

fn flex(count: usize) -> Vec<Device> {
    vec![Device::flex(); count]
}

pub type State = [BTreeMap<String, Vec<f64>>; 3];

pub fn state<const D: usize, C, G, N>(trainer: &GanTrainer<D, G, N, C>) -> State
where
    C: Condition,
    G: Generator<D, C>,
    N: Discriminator<D, C>,
{
    [
        parameters(trainer.generator()),
        parameters(trainer.discriminator()),
        parameters(&trainer.sampling_generator()),
    ]
}

/// Steps on two replicas are those of two micro-batches to the bit, reports and all; and where `config` lets gradients be seen as
/// they are, those of the whole batch.
#[track_caller]
fn assert_replicas<const D: usize, C, G, N>(
    name: &str,
    config: &GanTrainerConfig,
    build: impl Fn(&GanTrainerConfig) -> GanTrainer<D, G, N, C>,
    batches: &[Batch<D, C>],
) where
    C: Condition,
    G: Generator<D, C> + 'static,
    N: Discriminator<D, C> + 'static,
{
    assert_bits(name, config, &build, batches);
    let replicas = build(&plain(config.clone()))
        .with_replicas(flex(2))
        .unwrap();
    assert_near(name, build(&plain(config.clone())), replicas, batches);
}

#[track_caller]
fn assert_bits<const D: usize, C, G, N>(
    name: &str,
    config: &GanTrainerConfig,
    build: impl Fn(&GanTrainerConfig) -> GanTrainer<D, G, N, C>,
    batches: &[Batch<D, C>],
) where
    C: Condition,
    G: Generator<D, C> + 'static,
    N: Discriminator<D, C> + 'static,
{
    for count in [2, 3] {
        let mut parts = build(&config.clone().with_micro_batches(count));
        let mut replicas = build(config).with_replicas(flex(count)).unwrap();
        for (step, batch) in batches.iter().enumerate() {
            let expected = numbers(&parts.step(batch.clone()).unwrap());
            let actual = numbers(&replicas.step(batch.clone()).unwrap());
            let what = format!("{name}, {count} replicas, step {step}");
            assert_eq!(actual, expected, "{what}");
            for (actual, expected) in state(&replicas).iter().zip(&state(&parts)) {
                for (path, actual) in actual {
                    assert_eq!(actual, &expected[path], "{what}: {path}");
                }
            }
        }
    }
}

#[test]
fn a_dcgan_without_batch_normalisation() {
    let networks = without_batch_norm();
    let config = GanTrainerConfig::new()
        .with_ema(Some(EmaConfig::new()))
        .with_gradient_clip(Some(0.5));
    let build = |config: &GanTrainerConfig| {
        let generator = networks.init_generator(&device()).unwrap();
        let discriminator = networks.init_discriminator(&device()).unwrap();
        let example = images(0, 1);
        config.init(generator, discriminator, &example).unwrap()
    };
    // The second is shared out unequally.
    let batches = [images(0, 12), images(1, 13), images(2, 12)];
    assert_replicas("DCGAN", &config, build, &batches);
}

#[test]
fn r3gan_under_r1_and_r2() {
    let networks = R3ganConfig::new(1, 8, 8)
        .with_filters(4)
        .with_latent_size(6);
    let config = GanTrainerConfig::r3gan()
        .with_burn_in(10)
        .with_penalties(vec![Penalty::R1 { gamma: 0.5 }, Penalty::R2 { gamma: 0.5 }]);
    let build = |config: &GanTrainerConfig| {
        let generator = networks.init_generator(&device()).unwrap();
        let discriminator = networks.init_discriminator(&device()).unwrap();
        let example = images(0, 1);
        config.init(generator, discriminator, &example).unwrap()
    };
    let batches = [images(0, 9), images(1, 9)];
    assert_replicas("R3GAN", &config, build, &batches);
}

#[test]
fn wgan_gp_with_five_critic_steps() {
    let config = GanTrainerConfig::wgan_gp().with_critic_steps(5);
    let batches: Vec<_> = (0..11).map(|step| points(step, 30)).collect();
    assert_bits("WGAN-GP", &config, mlp, &batches);
    let sgd = || OptimizerConfig::Sgd(SgdConfig::new());
    let config = config
        .with_generator_optimizer(sgd())
        .with_discriminator_optimizer(sgd())
        .with_learning_rates(5e-3);
    let replicas = mlp(&config).with_replicas(flex(3)).unwrap();
    assert_near("WGAN-GP", mlp(&config), replicas, &batches);
}

#[test]
fn conditions_go_with_their_samples() {
    let labels: Vec<i64> = (0..16).map(|index| index % 5).collect();
    let labels = Tensor::<1, Int>::from_data(labels.as_slice(), &Device::flex());
    let batch = Batch::with_condition(points(7, 16).samples, labels).unwrap();
    let config = GanTrainerConfig::new()
        .with_penalties(vec![Penalty::R1 { gamma: 0.1 }])
        .with_penalty_method(PenaltyMethod::CentralDifference { step: 0.5 });
    let build = |config: &GanTrainerConfig| {
        let generator = Conditional::new(4, 2);
        config
            .init(generator, Conditional::new(2, 1), &batch)
            .unwrap()
    };
    assert_replicas("labels", &config, build, &[batch.clone(), batch.clone()]);
}

#[test]
fn spectral_normalisation_moves_once_a_step() {
    let spectral = ResnetConfig::new(1, 8, 8)
        .with_filters(4)
        .with_spectral_norm(true);
    let config = GanTrainerConfig::sngan().with_critic_steps(2);
    let build = |config: &GanTrainerConfig| {
        let generator = without_batch_norm().init_generator(&device()).unwrap();
        let discriminator = spectral.init_discriminator(&device()).unwrap();
        let example = images(0, 1);
        config.init(generator, discriminator, &example).unwrap()
    };
    let batches: Vec<_> = (0..4).map(|step| images(step, 8)).collect();
    assert_bits("spectral", &config, build, &batches);
}

#[test]
fn augmentations_and_averages_of_an_objective() {
    let networks = without_batch_norm();
    for augmentation in [
        Augmentation::DiffAugment(DiffAugmentConfig::new()),
        Augmentation::Ada(AdaConfig::new()),
    ] {
        let config = GanTrainerConfig::new()
            .with_loss(Loss::Hinge)
            .with_penalties(vec![Penalty::R1 { gamma: 0.5 }])
            .with_augmentation(Some(augmentation));
        let build = |config: &GanTrainerConfig| {
            let generator = networks.init_generator(&device()).unwrap();
            let discriminator = networks.init_discriminator(&device()).unwrap();
            let trainer = config
                .init(generator, discriminator, &images(0, 1))
                .unwrap();
            trainer.with_objective(Adversarial(Hinge) + LeCam::new(0.1).unwrap())
        };
        let batches: Vec<_> = (0..6).map(|step| images(step, 8)).collect();
        assert_bits("augmented", &config, build, &batches);
    }
}

#[test]
fn more_replicas_than_samples() {
    let config = GanTrainerConfig::new();
    assert_bits("one by one", &config, mlp, &[points(0, 2), points(1, 1)]);
}

#[test]
fn running_statistics_are_merged_by_the_size_of_the_parts() {
    let networks = DcganConfig::new(1, 8, 8)
        .with_filters(4)
        .with_latent_size(6)
        .with_base_size(2);
    let generator = || networks.init_generator(&device()).unwrap();
    let config = GanTrainerConfig::new().with_generator_learning_rate(1e-30);
    let discriminator = networks.init_discriminator(&device()).unwrap();
    let mut trainer = config
        .init(generator(), discriminator, &images(0, 1))
        .unwrap()
        .with_replicas(flex(2))
        .unwrap();
    // Parts of 5 and 4.
    trainer.step(images(0, 9)).unwrap();
    let latent = Stream::new(0, Purpose::Latent, 0).normal([9, 6], &device());
    let [first, second] = [(0, 5), (5, 4)].map(|(start, length)| {
        let generator = generator();
        generator.generate(latent.clone().narrow(0, start, length), &());
        parameters(&generator.valid())
    });
    let found = parameters(&trainer.generator().valid());
    let running = found.iter().filter(|(path, _)| path.contains("running"));
    let mut count = 0;
    for (path, found) in running {
        let parts = first[path].iter().zip(&second[path]);
        let expected: Vec<f64> = parts.map(|(a, b)| (5.0 * a + 4.0 * b) / 9.0).collect();
        let error = relative_error(found, &expected);
        assert!(error < 1e-5, "{path}: {error:e}");
        assert_ne!(first[path], second[path]);
        count += 1;
    }
    assert!(count > 0);
}

#[test]
fn a_saved_state_goes_on_with_the_same_bits() {
    let networks = DcganConfig::new(1, 8, 8)
        .with_filters(4)
        .with_latent_size(6);
    let build = || {
        let config = GanTrainerConfig::new().with_ema(Some(EmaConfig::new()));
        let generator = networks.init_generator(&device()).unwrap();
        let discriminator = networks.init_discriminator(&device()).unwrap();
        let trainer = config
            .init(generator, discriminator, &images(0, 1))
            .unwrap();
        trainer.with_replicas(flex(2)).unwrap()
    };
    let mut whole = build();
    let mut saved = None;
    for step in 0..6 {
        if step == 3 {
            saved = Some(whole.save_state().unwrap());
        }
        whole.step(images(step, 8)).unwrap();
    }
    let mut resumed = build();
    // What the replicas hold of these steps must not be what the next are computed with.
    resumed.step(images(9, 8)).unwrap();
    resumed.load_state(&saved.unwrap()).unwrap();
    for step in 3..6 {
        resumed.step(images(step, 8)).unwrap();
    }
    assert_eq!(state(&resumed), state(&whole));
    let files = |trainer: &GanTrainer<4, _, _>| trainer.save_state().unwrap().files;
    assert_eq!(files(&resumed), files(&whole));
}

#[test]
fn the_number_of_replicas_is_part_of_what_has_to_be_the_same() {
    let build = || mlp(&GanTrainerConfig::new());
    let description = |count| {
        let trainer = build().with_replicas(flex(count)).unwrap();
        trainer.description().unwrap()
    };
    assert_eq!(description(2), description(2));
    assert_ne!(description(2), description(3));
    assert_ne!(description(1), build().description().unwrap());
}

#[test]
fn what_cannot_be_is_refused() {
    let refused =
        |config: GanTrainerConfig, replicas: ReplicasConfig, field: &str| match mlp(&config)
            .with_replicas(replicas)
            .map(drop)
        {
            Err(GanError::Config(error)) => assert_eq!(error.field, field),
            other => panic!("{other:?}"),
        };
    let config = GanTrainerConfig::new;
    refused(config(), vec![].into(), "replicas");
    refused(
        config().with_micro_batches(2),
        flex(2).into(),
        "micro_batches",
    );
    let limit = Duration::from_micros(1);
    let short = ReplicasConfig::new(flex(2)).with_time_limit(limit);
    refused(config(), short, "time_limit");
}

/// A critic that is slow, or fails, on the replica of rank 1.
#[derive(Module, Debug)]
struct Unwell {
    layer: Linear,
    /// Milliseconds to wait; a panic where it is 0.
    wait: usize,
}

impl Unwell {
    fn new(wait: usize) -> Self {
        let layer = LinearConfig::new(2, 1)
            .init(&mut stream(5), &device())
            .unwrap();
        Self { layer, wait }
    }
}

impl Discriminator<2> for Unwell {
    fn logits(&self, samples: Tensor<2>, _: &()) -> Tensor<1> {
        if std::thread::current().name() == Some("replica-1") {
            match self.wait {
                0 => panic!("rank 1 has had enough"),
                wait => std::thread::sleep(Duration::from_millis(wait as u64)),
            }
        }
        self.layer
            .propagate(Dual::constant(samples))
            .value
            .squeeze_dim(1)
    }
}

fn unwell(wait: usize) -> GanTrainer<2, burn_gan::model::MlpGenerator, Unwell> {
    let generator = MlpConfig::new(2)
        .with_hidden(vec![8])
        .init_generator(&device());
    GanTrainerConfig::new()
        .with_ema(Some(EmaConfig::new()))
        .init(generator.unwrap(), Unwell::new(wait), &points(0, 1))
        .unwrap()
}

#[test]
fn a_replica_that_hangs_is_an_error_and_nothing_of_the_step_stays() {
    let replicas = ReplicasConfig::new(flex(3)).with_time_limit(Duration::from_millis(300));
    let mut trainer = unwell(60_000).with_replicas(replicas).unwrap();
    let before = state(&trainer);
    match trainer.step(points(0, 9)) {
        Err(GanError::Replica(ReplicaError::TimedOut {
            rank: 1,
            seconds: 0.3,
            ..
        })) => {}
        other => panic!("{other:?}"),
    }
    assert_eq!((state(&trainer), trainer.steps()), (before.clone(), 0));
    let again = trainer.step(points(0, 9));
    assert!(matches!(
        again,
        Err(GanError::Replica(ReplicaError::Lost { rank: 1, .. }))
    ));
    assert_eq!(state(&trainer), before);
}

#[test]
fn a_run_goes_on_with_the_replicas_that_are_left() {
    let replicas = ReplicasConfig::new(flex(3))
        .with_time_limit(Duration::from_millis(2000))
        .with_on_failure(OnReplicaFailure::GoOn);
    let mut trainer = unwell(60_000).with_replicas(replicas).unwrap();
    let mut expected = unwell(60_000);
    // Rank 1 is where the one that hangs is.
    let mut two = unwell(1).with_replicas(flex(2)).unwrap();
    for step in 0..2 {
        let report = trainer.step(points(step, 8)).unwrap().read().unwrap();
        assert_eq!(report.terms["replicas.count"], 2.0);
        two.step(points(step, 8)).unwrap();
        expected.step(points(step, 8)).unwrap();
    }
    assert_eq!(state(&trainer), state(&two));
    let near = |a: &GanTrainer<2, _, _>| values_of(&parameters(a.generator()));
    assert!(relative_error(&near(&trainer), &near(&expected)) < 1e-4);
}

fn values_of(parameters: &BTreeMap<String, Vec<f64>>) -> Vec<f64> {
    parameters.values().flatten().copied().collect()
}

#[test]
fn a_network_that_fails_is_no_failure_of_its_device() {
    let replicas = ReplicasConfig::new(flex(3)).with_on_failure(OnReplicaFailure::GoOn);
    let mut trainer = unwell(0).with_replicas(replicas).unwrap();
    let before = state(&trainer);
    match trainer.step(points(0, 9)) {
        Err(GanError::NetworkFailed { message, .. }) => {
            assert_eq!(message, "rank 1 has had enough");
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(state(&trainer), before);
    // Two parts: the third replica has none, the second is no longer asked.
    let report = trainer.step(points(0, 1)).unwrap();
    assert!(values(report.loss_discriminator().clone())[0].is_finite());
}
