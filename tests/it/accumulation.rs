//! Gradient accumulation: a step in parts is the step of the whole batch.

use std::collections::BTreeMap;

use crate::common::{parameters, relative_error, stream, values};
use burn::module::Module;
use burn::optim::SgdConfig;
use burn::tensor::{Device, Int, Tensor};
use burn_gan::ema::EmaConfig;
use burn_gan::loss::Loss;
use burn_gan::model::{
    DcganConfig, MlpConfig, MlpDiscriminator, MlpGenerator, Normalization, ResnetConfig,
};
use burn_gan::nn::{Linear, LinearConfig};
use burn_gan::penalty::{Penalty, PenaltyMethod};
use burn_gan::random::{Purpose, Stream};
use burn_gan::trainer::{GanTrainer, GanTrainerConfig, OptimizerConfig};
use burn_gan::{AdversarialTrainer, Batch, Condition, Discriminator, Dual, Generator, StepReport};

const TOLERANCE: f64 = 1e-5;

fn device() -> Device {
    Device::flex().autodiff()
}

pub fn points(step: u64, count: usize) -> Batch<2> {
    Batch::new(stream(step).normal([count, 2], &Device::flex()))
}

pub fn images(step: u64, count: usize) -> Batch<4> {
    let noise = stream(step).normal([count, 1, 8, 8], &Device::flex());
    Batch::new(noise.tanh())
}

/// Steps that show a gradient as it is: Adam divides it by its size.
pub fn plain(config: GanTrainerConfig) -> GanTrainerConfig {
    let sgd = || OptimizerConfig::Sgd(SgdConfig::new());
    config
        .with_generator_optimizer(sgd())
        .with_discriminator_optimizer(sgd())
        .with_learning_rates(0.05)
}

pub fn mlp(config: &GanTrainerConfig) -> GanTrainer<2, MlpGenerator, MlpDiscriminator> {
    let networks = MlpConfig::new(2).with_hidden(vec![32, 32]);
    config
        .init(
            networks.init_generator(&device()).unwrap(),
            networks.init_discriminator(&device()).unwrap(),
            &points(0, 1),
        )
        .unwrap()
}

pub fn without_batch_norm() -> DcganConfig {
    DcganConfig::new(1, 8, 8)
        .with_filters(4)
        .with_latent_size(6)
        .with_base_size(2)
        .with_generator_normalization(Normalization::None)
        .with_discriminator_normalization(Normalization::None)
}

pub fn numbers(report: &StepReport) -> Vec<f64> {
    let optional = [
        report.loss_generator(),
        report.penalty(),
        report.gradient_norm_discriminator(),
        report.gradient_norm_generator(),
    ];
    let mut all = values(report.loss_discriminator().clone());
    all.extend(optional.into_iter().flatten().cloned().flat_map(values));
    all.extend(values(report.logits_real().clone()));
    all.extend(values(report.logits_fake().clone()));
    all
}

/// How far the weights moved.
fn change(after: BTreeMap<String, Vec<f64>>, before: &BTreeMap<String, Vec<f64>>) -> Vec<f64> {
    let pairs = after
        .into_iter()
        .map(|(path, after)| (after, &before[&path]));
    pairs
        .flat_map(|(after, before)| after.into_iter().zip(before).map(|(a, b)| a - b))
        .collect()
}

/// That a step in `parts` parts is one of the whole batch.
#[track_caller]
pub fn assert_same<const D: usize, C: Condition, G: Generator<D, C>, N: Discriminator<D, C>>(
    name: &str,
    config: &GanTrainerConfig,
    parts: usize,
    build: impl Fn(&GanTrainerConfig) -> GanTrainer<D, G, N, C>,
    batches: &[Batch<D, C>],
) {
    let accumulated = build(&config.clone().with_micro_batches(parts));
    assert_near(name, build(config), accumulated, batches);
}

/// The largest relative error of the steps of one trainer against those of another: of every report, and of the way
/// that the weights of each network and of the average went.
#[track_caller]
pub fn assert_near<const D: usize, C: Condition, G: Generator<D, C>, N: Discriminator<D, C>>(
    name: &str,
    mut whole: GanTrainer<D, G, N, C>,
    mut accumulated: GanTrainer<D, G, N, C>,
    batches: &[Batch<D, C>],
) {
    let start = [
        parameters(whole.generator()),
        parameters(whole.discriminator()),
        parameters(&whole.sampling_generator()),
    ];
    let mut worst = 0.0_f64;
    for batch in batches {
        let expected = numbers(&whole.step(batch.clone()).unwrap());
        let actual = numbers(&accumulated.step(batch.clone()).unwrap());
        worst = worst.max(relative_error(&actual, &expected));
    }
    let changes = |trainer: &GanTrainer<D, G, N, C>| {
        [
            change(parameters(trainer.generator()), &start[0]),
            change(parameters(trainer.discriminator()), &start[1]),
            change(parameters(&trainer.sampling_generator()), &start[2]),
        ]
    };
    for (actual, expected) in changes(&accumulated).iter().zip(&changes(&whole)) {
        assert!(
            expected.iter().any(|change| *change != 0.0),
            "{name} learns"
        );
        worst = worst.max(relative_error(actual, expected));
    }
    println!("{name}: {worst:.1e}");
    assert!(worst <= TOLERANCE, "{name}: {worst:e}");
}

#[test]
fn relativistic_pairs_with_r1_and_r2() {
    let config = plain(GanTrainerConfig::new())
        .with_loss(Loss::RelativisticPaired)
        .with_penalties(vec![Penalty::R1 { gamma: 0.5 }, Penalty::R2 { gamma: 0.5 }])
        .with_ema(Some(EmaConfig::new()));
    let batches: Vec<_> = (0..3).map(|step| points(step, 64)).collect();
    assert_same("pairs, R1, R2", &config, 4, mlp, &batches);
    let clipped = config
        .with_gradient_clip(Some(0.05))
        .with_learning_rates(0.5);
    assert_same("the same, clipped", &clipped, 4, mlp, &batches);
}

#[test]
fn wgan_gp_with_two_critic_steps() {
    let config = plain(GanTrainerConfig::wgan_gp().with_critic_steps(2)).with_learning_rates(5e-3);
    let batches: Vec<_> = (0..4).map(|step| points(step, 64)).collect();
    assert_same("WGAN-GP", &config, 4, mlp, &batches);
}

#[test]
fn adam_ends_at_the_same_weights() {
    // The weights themselves, not the way they went: a Wasserstein loss does not see the critic's last bias, and
    // Adam takes whole steps by the rounding that is its gradient.
    let config = GanTrainerConfig::wgan_gp().with_critic_steps(2);
    let run = |parts| {
        let mut trainer = mlp(&config.clone().with_micro_batches(parts));
        for step in 0..4 {
            trainer.step(points(step, 64)).unwrap();
        }
        let all = [
            parameters(trainer.generator()),
            parameters(trainer.discriminator()),
        ];
        all.map(|weights| weights.into_values().flatten().collect::<Vec<_>>())
    };
    for (actual, expected) in run(4).iter().zip(&run(1)) {
        let error = relative_error(actual, expected);
        println!("WGAN-GP, Adam: {error:.1e}");
        assert!(error <= TOLERANCE, "{error:e}");
    }
}

#[test]
fn convolutions_with_dragan_and_parts_of_unequal_size() {
    let networks = without_batch_norm();
    let config = plain(GanTrainerConfig::new())
        .with_penalties(vec![Penalty::Dragan { weight: 1.0 }])
        .with_penalty_interval(2);
    let build = |config: &GanTrainerConfig| {
        let generator = networks.init_generator(&device()).unwrap();
        let discriminator = networks.init_discriminator(&device()).unwrap();
        config
            .init(generator, discriminator, &images(0, 1))
            .unwrap()
    };
    let batches: Vec<_> = (0..3).map(|step| images(step, 18)).collect();
    assert_same("DCGAN, DRAGAN", &config, 4, build, &batches);
}

#[test]
fn spectral_normalisation_moves_once_a_step() {
    let spectral = ResnetConfig::new(1, 8, 8)
        .with_filters(4)
        .with_spectral_norm(true);
    let config = plain(GanTrainerConfig::new()).with_loss(Loss::Hinge);
    let build = |config: &GanTrainerConfig| {
        let generator = without_batch_norm().init_generator(&device()).unwrap();
        let discriminator = spectral.init_discriminator(&device()).unwrap();
        config
            .init(generator, discriminator, &images(0, 1))
            .unwrap()
    };
    let batches: Vec<_> = (0..2).map(|step| images(step, 16)).collect();
    assert_same("residual, spectral", &config, 4, build, &batches);
}

#[test]
fn more_parts_than_samples() {
    let config = plain(GanTrainerConfig::new());
    assert_same(
        "one by one",
        &config,
        100,
        mlp,
        &[points(0, 3), points(1, 1)],
    );
}

/// A network that reads its condition beside its input.
#[derive(Module, Debug)]
pub struct Conditional {
    hidden: Linear,
    output: Linear,
}

impl Conditional {
    pub fn new(inputs: usize, outputs: usize) -> Self {
        let linear = |inputs, outputs, seed| {
            LinearConfig::new(inputs, outputs)
                .init(&mut stream(seed), &device())
                .unwrap()
        };
        Self {
            hidden: linear(inputs + 1, 16, 40),
            output: linear(16, outputs, 41),
        }
    }

    fn run(&self, x: Tensor<2>, labels: &Tensor<1, Int>) -> Tensor<2> {
        let x = Tensor::cat(vec![x, labels.clone().float().unsqueeze_dim(1)], 1);
        let hidden = self.hidden.propagate(Dual::constant(x)).value.tanh();
        self.output.propagate(Dual::constant(hidden)).value
    }
}

impl Generator<2, Tensor<1, Int>> for Conditional {
    fn latent_size(&self) -> usize {
        4
    }
    fn generate(&self, latent: Tensor<2>, labels: &Tensor<1, Int>) -> Tensor<2> {
        self.run(latent, labels)
    }
}

impl Discriminator<2, Tensor<1, Int>> for Conditional {
    fn logits(&self, samples: Tensor<2>, labels: &Tensor<1, Int>) -> Tensor<1> {
        self.run(samples, labels).squeeze_dim(1)
    }
}

#[test]
fn conditions_go_with_their_samples() {
    let labels: Vec<i64> = (0..16).map(|index| index % 5).collect();
    let labels = Tensor::<1, Int>::from_data(labels.as_slice(), &Device::flex());
    let batch = Batch::with_condition(points(7, 16).samples, labels).unwrap();
    // A wide step: rounding of a difference is the larger the smaller the step.
    let config = plain(GanTrainerConfig::new())
        .with_penalties(vec![Penalty::R1 { gamma: 0.1 }])
        .with_penalty_method(PenaltyMethod::CentralDifference { step: 0.5 });
    let build = |config: &GanTrainerConfig| {
        config
            .init(Conditional::new(4, 2), Conditional::new(2, 1), &batch)
            .unwrap()
    };
    assert_same("labels", &config, 4, build, &[batch.clone(), batch.clone()]);
}

#[test]
fn a_part_is_one_training_pass_of_the_generator() {
    let networks = DcganConfig::new(1, 8, 8)
        .with_filters(4)
        .with_latent_size(6)
        .with_base_size(2);
    let config = GanTrainerConfig::new()
        .with_generator_learning_rate(1e-30)
        .with_critic_steps(2)
        .with_micro_batches(2);
    let mut trainer = config
        .init(
            networks.init_generator(&device()).unwrap(),
            networks.init_discriminator(&device()).unwrap(),
            &images(0, 1),
        )
        .unwrap();
    let generator = networks.init_generator(&device()).unwrap();
    trainer.step(images(0, 8)).unwrap();
    assert_eq!(parameters(trainer.generator()), parameters(&generator));

    trainer.step(images(1, 8)).unwrap();
    let latent = Stream::new(0, Purpose::Latent, 1).normal([8, 6], &device());
    for start in [0, 4] {
        generator.generate(latent.clone().narrow(0, start, 4), &());
    }
    let statistics = |module| {
        let mut found = parameters(module);
        found.retain(|path, _| path.contains("running"));
        assert!(!found.is_empty());
        found
    };
    assert_eq!(statistics(trainer.generator()), statistics(&generator));
}
