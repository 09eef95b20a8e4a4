//! Gradient norms, the bound on them, and what a step says that did not stay finite.

use crate::common::{gradients, parameters, stream};
use burn::module::Module;
use burn::optim::{GradientsParams, SgdConfig};
use burn::tensor::activation::softplus;
use burn::tensor::{Device, Tensor};
use burn_gan::ConfigError;
use burn_gan::loss::{AdversarialLoss, NonSaturating};
use burn_gan::model::{MlpConfig, MlpDiscriminator, MlpGenerator};
use burn_gan::penalty::GradientPenalty;
use burn_gan::random::{Purpose, Stream};
use burn_gan::trainer::{GanTrainer, GanTrainerConfig, OptimizerConfig};
use burn_gan::{
    AdversarialTrainer, Batch, Discriminator, GanError, Generator, NonFinite, StepValues,
};

type Trainer = GanTrainer<2, MlpGenerator, MlpDiscriminator>;

const RATE: f64 = 0.1;

fn device() -> Device {
    Device::flex().autodiff()
}

fn points(step: u64) -> Batch<2> {
    Batch::new(stream(step).normal([16, 2], &Device::flex()))
}

fn networks() -> (MlpGenerator, MlpDiscriminator) {
    let networks = MlpConfig::new(2).with_hidden(vec![16]);
    (
        networks.init_generator(&device()).unwrap(),
        networks.init_discriminator(&device()).unwrap(),
    )
}

/// Stochastic gradient descent, whose steps are the gradients.
fn config() -> GanTrainerConfig {
    let sgd = || OptimizerConfig::Sgd(SgdConfig::new());
    GanTrainerConfig::new()
        .with_generator_optimizer(sgd())
        .with_discriminator_optimizer(sgd())
        .with_learning_rates(RATE)
}

fn trainer(config: &GanTrainerConfig) -> Trainer {
    let (generator, discriminator) = networks();
    config.init(generator, discriminator, &points(0)).unwrap()
}

/// The norm of a loss's gradient in a module, and where a bounded step of [`RATE`] leads, both on the host.
fn expected<M: Module>(module: &M, loss: Tensor<1>, bound: f64) -> (f64, Vec<f64>) {
    let found = GradientsParams::from_grads(loss.mean().backward(), module);
    let found = gradients(module, &found);
    let norm = found.values().flatten().map(|x| x * x).sum::<f64>().sqrt();
    let factor = (bound / norm).min(1.0);
    let weights = parameters(module).into_iter();
    let moved = weights.flat_map(|(path, weights)| {
        let gradient = found[&path].clone();
        let pairs = weights.into_iter().zip(gradient);
        pairs.map(move |(weight, gradient)| weight - RATE * factor * gradient)
    });
    (norm, moved.collect())
}

fn flat(module: &impl Module) -> Vec<f64> {
    parameters(module).into_values().flatten().collect()
}

#[test]
fn clipping_bounds_the_norm_over_all_parameters() {
    for bound in [0.05, 1e6] {
        let mut trainer = trainer(&config().with_gradient_clip(Some(bound)));
        let (generator, discriminator) = networks();
        let values = trainer.step(points(0)).unwrap().read().unwrap();

        let latent = Stream::new(0, Purpose::Latent, 0).normal([16, 16], &device());
        let fake = generator.generate(latent, &());
        let real = discriminator.logits(points(0).samples.autodiff(), &());
        let wrong = discriminator.logits(fake.clone().detach(), &());
        let loss = softplus(-real, 1.0) + softplus(wrong, 1.0);
        let (norm, moved) = expected(&discriminator, loss, bound);
        assert!((norm > bound) == (bound < 1.0), "{norm}");
        let found = values.gradient_norm_discriminator.unwrap();
        assert!(
            (f64::from(found) / norm - 1.0).abs() < 1e-5,
            "{found} {norm}"
        );
        let error = crate::common::relative_error(&flat(trainer.discriminator()), &moved);
        assert!(error < 1e-6, "{error:e}");

        let frozen = trainer.discriminator().clone().no_grad();
        let loss = softplus(-frozen.logits(fake, &()), 1.0);
        let (norm, moved) = expected(&generator, loss, bound);
        assert!((norm > bound) == (bound < 1.0), "{norm}");
        let found = values.gradient_norm_generator.unwrap();
        assert!(
            (f64::from(found) / norm - 1.0).abs() < 1e-5,
            "{found} {norm}"
        );
        let error = crate::common::relative_error(&flat(trainer.generator()), &moved);
        assert!(error < 1e-6, "{error:e}");
    }
}

#[test]
fn a_bound_that_is_not_reached_changes_no_bit() {
    let run = |config: GanTrainerConfig| {
        let mut trainer = trainer(&config);
        for step in 0..3 {
            trainer.step(points(step)).unwrap();
        }
        (flat(trainer.generator()), flat(trainer.discriminator()))
    };
    assert_eq!(run(config()), run(config().with_gradient_clip(Some(1e6))));
}

#[test]
fn norms_are_reported_for_the_players_that_took_a_step() {
    let mut trainer = trainer(&config().with_critic_steps(2));
    for turn in [false, true] {
        let values = trainer.step(points(0)).unwrap().read().unwrap();
        assert!(values.gradient_norm_discriminator.unwrap() > 0.0);
        assert_eq!(values.gradient_norm_generator.is_some(), turn);
    }
}

#[test]
fn reports_from_before_there_were_norms_and_logits_are_read() {
    let old = "step,loss_discriminator,loss_generator,penalty,probability_real,probability_fake\n\
               3,1.5,0.5,,0.75,0.25\n";
    let mut reader = csv::Reader::from_reader(old.as_bytes());
    let row: StepValues = reader.deserialize().next().unwrap().unwrap();
    assert_eq!((row.step, row.probability_fake), (3, Some(0.25)));
    assert_eq!(row.gradient_norm_discriminator, None);
    assert_eq!(row.gradient_norm_generator, None);
    assert_eq!((row.logit_real, row.logit_fake), (None, None));
}

#[test]
fn bounds_and_counts_are_checked() {
    let refused = |config: GanTrainerConfig, expected: &str| {
        let (generator, discriminator) = networks();
        match config.init(generator, discriminator, &points(0)).err() {
            Some(GanError::Config(ConfigError { field, .. })) => assert_eq!(field, expected),
            other => panic!("{expected}: {other:?}"),
        }
    };
    for bound in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        refused(config().with_gradient_clip(Some(bound)), "gradient_clip");
    }
    refused(config().with_micro_batches(0), "micro_batches");
}

// Causes.

/// The loss of the 2014 paper, changed for each player.
#[derive(Debug)]
struct Changed {
    discriminator: fn(Tensor<1>) -> Tensor<1>,
    generator: fn(Tensor<1>) -> Tensor<1>,
}

impl AdversarialLoss for Changed {
    fn discriminator(&self, real: Tensor<1>, fake: Tensor<1>) -> Tensor<1> {
        let base = NonSaturating { real_label: 1.0 };
        (self.discriminator)(base.discriminator(real, fake))
    }
    fn generator(&self, fake: Tensor<1>, real: &dyn Fn() -> Tensor<1>) -> Tensor<1> {
        let base = NonSaturating { real_label: 1.0 };
        (self.generator)(base.generator(fake, real))
    }
}

fn same(loss: Tensor<1>) -> Tensor<1> {
    loss
}

fn nan(loss: Tensor<1>) -> Tensor<1> {
    loss * f32::NAN
}

/// Finite, with a gradient that is not: that of a root at 0 is infinite.
fn steep(loss: Tensor<1>) -> Tensor<1> {
    (loss * 0.0).sqrt()
}

/// Finite, with a finite gradient whose square is not.
fn huge(loss: Tensor<1>) -> Tensor<1> {
    loss * 1e25
}

/// Finite, with a finite gradient and norm; a step of 1e30 is not.
fn large(loss: Tensor<1>) -> Tensor<1> {
    loss * 1e12
}

/// A penalty that is no number.
#[derive(Debug)]
struct NoNumber;

impl<const D: usize> GradientPenalty<D> for NoNumber {
    fn points(&self, real: &Tensor<D>, _: &Tensor<D>, _: &mut Stream) -> Tensor<D> {
        real.clone()
    }
    fn cost(&self, gradient: Tensor<D>) -> Tensor<1> {
        burn_gan::penalty::gradient_norm(gradient) * f32::NAN
    }
}

/// Takes a step that ends for this cause, and checks that nothing of it stays.
#[track_caller]
fn assert_cause(
    config: GanTrainerConfig,
    build: impl Fn(Trainer) -> Trainer,
    batch: Batch<2>,
    expected: NonFinite,
) {
    let mut trainer = build(trainer(&config));
    let before = (flat(trainer.generator()), flat(trainer.discriminator()));
    match trainer.step(batch) {
        Err(GanError::NonFiniteStep {
            step: 0,
            restored: 0,
            cause,
            ..
        }) => assert_eq!(cause, expected),
        other => panic!("{expected:?}: {other:?}"),
    }
    assert_eq!(trainer.steps(), 0);
    let after = (flat(trainer.generator()), flat(trainer.discriminator()));
    assert_eq!(after, before);
}

fn assert_loss_cause(
    config: GanTrainerConfig,
    discriminator: fn(Tensor<1>) -> Tensor<1>,
    generator: fn(Tensor<1>) -> Tensor<1>,
    expected: NonFinite,
) {
    for parts in [1, 3] {
        let config = config.clone().with_micro_batches(parts);
        let build = |trainer: Trainer| {
            trainer.with_loss(Changed {
                discriminator,
                generator,
            })
        };
        assert_cause(config, build, points(0), expected);
    }
}

#[test]
fn each_cause_is_named() {
    let poison = Batch::new(points(0).samples * f32::NAN);
    let as_it_is = |trainer| trainer;
    assert_cause(config(), as_it_is, poison, NonFinite::DiscriminatorLoss);
    let penalized = |trainer: Trainer| trainer.with_penalty(NoNumber).unwrap();
    assert_cause(config(), penalized, points(0), NonFinite::Penalty);

    assert_loss_cause(config(), nan, same, NonFinite::DiscriminatorLoss);
    assert_loss_cause(config(), steep, same, NonFinite::DiscriminatorGradient);
    assert_loss_cause(config(), same, nan, NonFinite::GeneratorLoss);
    assert_loss_cause(config(), same, steep, NonFinite::GeneratorGradient);

    let blow_up = config().with_discriminator_learning_rate(1e30);
    assert_loss_cause(blow_up, large, same, NonFinite::DiscriminatorWeights);
    let blow_up = config().with_generator_learning_rate(1e30);
    assert_loss_cause(blow_up, same, large, NonFinite::GeneratorWeights);
}

#[test]
fn clipping_hides_no_overflow() {
    let clipped = config().with_gradient_clip(Some(1.0));
    for change in [steep, huge] {
        assert_loss_cause(
            clipped.clone(),
            change,
            same,
            NonFinite::DiscriminatorGradient,
        );
        assert_loss_cause(clipped.clone(), same, change, NonFinite::GeneratorGradient);
    }
    // Nor where the step itself is not checked: the weights do not stand still.
    let unchecked = clipped.with_finite_check(burn_gan::trainer::FiniteCheck::Every(2));
    let mut trainer = trainer(&unchecked).with_loss(Changed {
        discriminator: huge,
        generator: same,
    });
    trainer.step(points(0)).unwrap();
    assert!(flat(trainer.discriminator()).iter().any(|x| x.is_nan()));
    assert!(trainer.step(points(1)).is_err());
    assert_eq!(trainer.steps(), 0);
}

#[test]
fn the_error_says_it_in_words() {
    let mut trainer = trainer(&config()).with_loss(Changed {
        discriminator: same,
        generator: nan,
    });
    let message = trainer.step(points(0)).unwrap_err().to_string();
    assert!(
        message.starts_with("step 0: the generator's loss is not finite; discriminator loss "),
        "{message}"
    );
    assert!(
        message.ends_with("training state restored to step 0"),
        "{message}"
    );
}
