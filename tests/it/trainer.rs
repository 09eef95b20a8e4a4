//! The trainer: what a step changes, what it refuses, and that the same seed gives the same bits.

use std::cell::Cell;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::common::{parameters, stream, values};
use burn::module::Module;
use burn::optim::{AdamConfig, SgdConfig};
use burn::tensor::{Device, Int, Tensor};
use burn_gan::data::{Mixture, MixtureSourceConfig, Source};
use burn_gan::ema::{EmaConfig, EmaDecay};
use burn_gan::loss::{AdversarialLoss, LabelledLoss, Loss};
use burn_gan::model::{DcganConfig, DcganDiscriminator, DcganGenerator, MlpConfig};
use burn_gan::nn::{Linear, LinearConfig};
use burn_gan::observe::{Flow, Observer};
use burn_gan::run::Fit;
use burn_gan::trainer::{FiniteCheck, GanTrainer, GanTrainerConfig, OptimizerConfig};
use burn_gan::{
    AdversarialTrainer, Batch, Discriminator, GanError, Generator, SamplerConfig, StepReport,
};
use burn_gan::{BatchError, ConfigError, NetworkError, ShapeError};

fn device() -> Device {
    Device::flex().autodiff()
}

fn images(step: u64, count: usize) -> Batch<4> {
    Batch::new(
        stream(step)
            .normal([count, 1, 8, 8], &Device::flex())
            .tanh(),
    )
}

fn dcgan() -> DcganConfig {
    DcganConfig::new(1, 8, 8)
        .with_filters(4)
        .with_latent_size(6)
        .with_base_size(2)
}

fn dcgan_trainer(config: GanTrainerConfig) -> GanTrainer<4, DcganGenerator, DcganDiscriminator> {
    let networks = dcgan();
    config
        .init(
            networks.init_generator(&device()).unwrap(),
            networks.init_discriminator(&device()).unwrap(),
            &images(0, 1),
        )
        .unwrap()
}

#[test]
fn the_same_seed_gives_the_same_bits() {
    let run = || {
        let mut trainer = dcgan_trainer(
            GanTrainerConfig::new()
                .with_ema(Some(EmaConfig::new()))
                .with_seed(3),
        );
        for step in 0..4 {
            trainer.step(images(step, 8)).unwrap();
        }
        let samples = values(trainer.sample(5, 1, &()).unwrap());
        (
            parameters(trainer.generator()),
            parameters(trainer.discriminator()),
            samples,
        )
    };
    assert_eq!(run(), run());
}

#[test]
fn both_networks_learn_and_the_report_says_how() {
    let mut trainer = dcgan_trainer(GanTrainerConfig::new());
    let before = (
        parameters(trainer.generator()),
        parameters(trainer.discriminator()),
    );
    let report = trainer.step(images(0, 8)).unwrap();
    assert_ne!(parameters(trainer.generator()), before.0);
    assert_ne!(parameters(trainer.discriminator()), before.1);
    assert_eq!(trainer.steps(), 1);
    assert_eq!(report.logits_real().dims(), [8]);
    let values = report.read().unwrap();
    assert!(values.loss_discriminator.is_finite() && values.loss_generator.unwrap().is_finite());
    assert!((0.0..=1.0).contains(&values.probability_real.unwrap()));
    assert!((0.0..=1.0).contains(&values.probability_fake.unwrap()));
}

#[test]
fn probabilities_are_reported_only_where_the_loss_defines_them() {
    for loss in [
        Loss::Hinge,
        Loss::LeastSquares,
        Loss::Wasserstein,
        Loss::RelativisticPaired,
    ] {
        let mut trainer = dcgan_trainer(GanTrainerConfig::new().with_loss(loss));
        let values = trainer.step(images(0, 4)).unwrap().read().unwrap();
        assert_eq!(
            (values.probability_real, values.probability_fake),
            (None, None)
        );
    }
}

#[test]
fn every_loss_trains() {
    for loss in [
        Loss::Minimax,
        Loss::NonSaturating,
        Loss::LeastSquares,
        Loss::Hinge,
        Loss::Wasserstein,
        Loss::RelativisticPaired,
        Loss::RelativisticAverage,
    ] {
        let mut trainer = dcgan_trainer(GanTrainerConfig::new().with_loss(loss));
        let before = parameters(trainer.generator());
        for step in 0..3 {
            trainer.step(images(step, 4)).unwrap();
        }
        assert_ne!(parameters(trainer.generator()), before, "{loss:?}");
    }
}

#[test]
fn critic_steps_come_before_a_generator_step() {
    let mut trainer = dcgan_trainer(GanTrainerConfig::new().with_critic_steps(3));
    for step in 0..6 {
        let before = parameters(trainer.generator());
        let report = trainer.step(images(step, 4)).unwrap();
        let turn = step % 3 == 2;
        assert_eq!(report.loss_generator().is_some(), turn);
        // Between its turns nothing of the generator changes, not even running statistics.
        assert_eq!(
            parameters(trainer.generator()) != before,
            turn,
            "step {step}"
        );
    }
}

#[test]
fn the_generator_half_leaves_the_discriminators_statistics_alone() {
    // With a discriminator that does not learn, its running statistics are those of exactly two passes.
    let frozen = GanTrainerConfig::new().with_discriminator_learning_rate(1e-30);
    let mut trainer = dcgan_trainer(frozen.clone());
    let networks = dcgan();
    let generator = networks.init_generator(&device()).unwrap();
    let discriminator = networks.init_discriminator(&device()).unwrap();
    trainer.step(images(0, 8)).unwrap();

    let latent = burn_gan::random::Stream::new(0, burn_gan::random::Purpose::Latent, 0)
        .normal([8, 6], &device());
    discriminator.logits(images(0, 8).samples.autodiff(), &());
    discriminator.logits(generator.generate(latent, &()).detach(), &());
    let statistics = |module: &DcganDiscriminator| {
        let mut found = parameters(module);
        found.retain(|path, _| path.contains("running"));
        assert!(!found.is_empty());
        found
    };
    assert_eq!(
        statistics(trainer.discriminator()),
        statistics(&discriminator)
    );
}

#[test]
fn weight_clipping_bounds_every_weight() {
    let bound = 0.01;
    let mut trainer = dcgan_trainer(
        GanTrainerConfig::new()
            .with_loss(Loss::Wasserstein)
            .with_weight_clip(Some(bound)),
    );
    for step in 0..3 {
        trainer.step(images(step, 4)).unwrap();
    }
    for (path, weights) in parameters(trainer.discriminator()) {
        let largest = weights.iter().fold(0.0_f64, |a, b| a.max(b.abs()));
        if path.contains("running_variance") {
            assert!(
                largest > bound,
                "{path} is no weight and must not be clipped"
            );
        } else if !path.contains("running") {
            assert!(largest <= bound + 1e-9, "{path}: {largest}");
        }
    }
}

/// How far each trainable weight moved, without those that stood still.
fn moves(after: &impl Module, before: &Parameters) -> Vec<f64> {
    let after = parameters(after).into_iter();
    let moves = after.filter(|(path, _)| !path.contains("running"));
    let moves = moves.flat_map(|(path, after)| {
        let before = before[&path].clone();
        after
            .into_iter()
            .zip(before)
            .map(|(after, before)| after - before)
    });
    let moves: Vec<f64> = moves.filter(|change| *change != 0.0).collect();
    assert!(moves.len() > 100, "the network learns");
    moves
}

type Parameters = std::collections::BTreeMap<String, Vec<f64>>;

/// Fails unless every weight that moved went as far as this, up or down.
#[track_caller]
fn assert_each_moved_by(moves: &[f64], expected: f64) {
    for change in moves {
        assert!(
            (change.abs() / expected - 1.0).abs() < 1e-2,
            "{change} {expected}"
        );
    }
}

#[test]
fn optimizers_of_the_configuration_take_their_own_steps() {
    let rate = 1e-3;
    let rms = burn::optim::RmsPropConfig::new()
        .with_momentum(0.0)
        .with_epsilon(1e-12);
    let config = GanTrainerConfig::new()
        .with_generator_optimizer(OptimizerConfig::Sgd(SgdConfig::new()))
        .with_discriminator_optimizer(OptimizerConfig::RmsProp(rms))
        .with_learning_rates(rate);
    let mut trainer = dcgan_trainer(config);
    let before = [
        parameters(trainer.generator()),
        parameters(trainer.discriminator()),
    ];
    let values = trainer.step(images(0, 4)).unwrap().read().unwrap();
    // Gradient descent goes along the gradient, by the rate times its norm.
    let moved = moves(trainer.generator(), &before[0]);
    let length = moved
        .iter()
        .map(|change| change * change)
        .sum::<f64>()
        .sqrt();
    let expected = rate * f64::from(values.gradient_norm_generator.unwrap());
    assert!(
        (length / expected - 1.0).abs() < 1e-2,
        "{length} {expected}"
    );
    // The first step of RMSProp divides each gradient by sqrt(1 - 0.99) of its own size.
    assert_each_moved_by(&moves(trainer.discriminator(), &before[1]), 10.0 * rate);
}

#[test]
fn any_burn_optimizer_goes_in() {
    let rate = 1e-3;
    let lion = OptimizerConfig::Lion(burn::optim::LionConfig::new());
    let adam = OptimizerConfig::Adam(AdamConfig::new().with_epsilon(1e-12));
    let mut trainer = dcgan_trainer(GanTrainerConfig::new().with_learning_rates(rate))
        .with_optimizers(lion.init().unwrap(), adam.init().unwrap());
    for step in 0..2 {
        let before = [
            parameters(trainer.generator()),
            parameters(trainer.discriminator()),
        ];
        trainer.step(images(step, 4)).unwrap();
        // Lion moves every weight by the rate, in each step.
        assert_each_moved_by(&moves(trainer.generator(), &before[0]), rate);
        let moved = moves(trainer.discriminator(), &before[1]);
        // Adam does so in the first step only.
        let is_equal = |change: &f64| (change.abs() / rate - 1.0).abs() < 1e-2;
        assert_eq!(moved.iter().all(is_equal), step == 0, "step {step}");
    }
}

#[test]
fn the_average_follows_the_live_generator() {
    let generator = dcgan().init_generator(&device()).unwrap();
    let constant = EmaConfig::new().with_decay(EmaDecay::Constant(0.75));
    let mut ema = constant.init(&generator).unwrap();
    let start = parameters(&generator);
    let moved = generator.clone().map(&mut crate::common::Shift::by(1.0));
    // Statistics of the live model move on; the average takes them as they are.
    moved.generate(stream(5).normal([16, 6], &device()), &());
    let live = parameters(&moved);
    ema.blend(&moved);
    for (path, average) in parameters(ema.model()) {
        for (index, average) in average.iter().enumerate() {
            let expected = if path.contains("running") {
                live[&path][index]
            } else {
                0.75 * start[&path][index] + 0.25 * live[&path][index]
            };
            assert!((average - expected).abs() < 1e-6, "{path}[{index}]");
        }
    }
    assert_eq!(parameters(&moved), live, "the live model stays as it is");

    // Warm-up: the first update keeps min(0.999, 1/10) of the start.
    let mut ema = EmaConfig::new().init(&generator).unwrap();
    ema.blend(&moved);
    let path = start.keys().find(|path| path.ends_with("weight")).unwrap();
    let average = parameters(ema.model())[path][0];
    assert!((average - (0.1 * start[path][0] + 0.9 * live[path][0])).abs() < 1e-6);
}

#[test]
fn sampling_uses_the_average_and_does_not_depend_on_the_chunk() {
    let config = GanTrainerConfig::new().with_ema(Some(EmaConfig::new().with_decay(0.9)));
    let mut trainer = dcgan_trainer(config);
    trainer.step(images(0, 8)).unwrap();
    let average = trainer.sampling_generator();
    let samples = values(trainer.sample(7, 2, &()).unwrap());
    let sample = |chunk| {
        let sampler = SamplerConfig::new().with_seed(2).with_chunk(chunk);
        values(sampler.sample(&average, 7, &()).unwrap())
    };
    assert!(crate::common::relative_error(&sample(2), &samples) < 1e-6);
    assert!(crate::common::relative_error(&sample(100), &samples) < 1e-6);
    let live = trainer.generator().valid();
    let of_live = SamplerConfig::new()
        .with_seed(2)
        .sample(&live, 7, &())
        .unwrap();
    assert!(crate::common::relative_error(&values(of_live), &samples) > 1e-3);
}

#[test]
fn networks_without_autodiff_are_moved_onto_it() {
    let networks = MlpConfig::new(2).with_hidden(vec![8]);
    let batch = Batch::new(Tensor::<2>::ones([4, 2], &Device::flex()));
    let mut trainer = GanTrainerConfig::new()
        .init(
            networks.init_generator(&Device::flex()).unwrap(),
            networks.init_discriminator(&Device::flex()).unwrap(),
            &batch,
        )
        .unwrap();
    let before = parameters(trainer.generator());
    trainer.step(batch).unwrap();
    assert_ne!(parameters(trainer.generator()), before);
    assert!(trainer.device().is_autodiff());
}

// Errors.

#[test]
fn non_finite_data_is_an_error_and_loses_nothing() {
    for check in [FiniteCheck::EveryStep, FiniteCheck::Every(2)] {
        let mut trainer = dcgan_trainer(
            GanTrainerConfig::new()
                .with_ema(Some(EmaConfig::new()))
                .with_finite_check(check.clone()),
        );
        for step in 0..2 {
            trainer.step(images(step, 4)).unwrap();
        }
        let state = |trainer: &GanTrainer<4, DcganGenerator, DcganDiscriminator>| {
            let samples = values(trainer.sample(3, 1, &()).unwrap());
            (
                parameters(trainer.generator()),
                parameters(trainer.discriminator()),
                samples,
            )
        };
        let before = state(&trainer);
        let poison = Batch::new(images(2, 4).samples * f32::NAN);
        let mut result = trainer.step(poison.clone());
        if check != FiniteCheck::EveryStep {
            assert!(result.is_ok(), "not checked before the second step");
            result = trainer.step(poison);
        }
        match result {
            Err(GanError::NonFiniteStep {
                restored: 2,
                loss_discriminator,
                ..
            }) => {
                assert!(loss_discriminator.is_nan());
            }
            other => panic!("{other:?}"),
        }
        assert_eq!(trainer.steps(), 2);
        assert_eq!(state(&trainer), before);
        // It goes on as if the bad batch had never been.
        let mut other = dcgan_trainer(GanTrainerConfig::new().with_ema(Some(EmaConfig::new())));
        for step in 0..3 {
            other.step(images(step, 4)).unwrap();
        }
        trainer.step(images(2, 4)).unwrap();
        assert_eq!(state(&trainer), state(&other));
    }
}

#[test]
fn weights_that_overflow_are_found_in_the_step_that_did_it() {
    let sgd = || OptimizerConfig::Sgd(SgdConfig::new());
    let mut trainer = dcgan_trainer(
        GanTrainerConfig::new()
            .with_discriminator_optimizer(sgd())
            .with_discriminator_learning_rate(1e38),
    );
    let before = parameters(trainer.discriminator());
    // The losses of this step are finite until the generator's half runs the new discriminator.
    let error = trainer.step(images(0, 4)).unwrap_err();
    assert!(
        matches!(
            error,
            GanError::NonFiniteStep {
                step: 0,
                restored: 0,
                ..
            }
        ),
        "{error}"
    );
    assert_eq!(parameters(trainer.discriminator()), before);
}

#[test]
fn batches_that_do_not_fit_are_refused() {
    let mut trainer = dcgan_trainer(GanTrainerConfig::new());
    let empty = Batch::new(Tensor::<4>::zeros([0, 1, 8, 8], &Device::flex()));
    assert!(matches!(
        trainer.step(empty),
        Err(GanError::Batch(BatchError::Empty))
    ));
    let wide = Batch::new(Tensor::<4>::zeros([2, 1, 8, 9], &Device::flex()));
    match trainer.step(wide) {
        Err(GanError::Shape(ShapeError {
            expected, actual, ..
        })) => {
            assert_eq!((expected, actual), (vec![2, 1, 8, 8], vec![2, 1, 8, 9]));
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(trainer.steps(), 0);
}

#[test]
fn configurations_are_checked_once() {
    let networks = MlpConfig::new(2).with_hidden(vec![4]);
    let example = Batch::new(Tensor::<2>::ones([1, 2], &Device::flex()));
    let refused = |config: GanTrainerConfig, field: &str| {
        let result = config.init(
            networks.init_generator(&device()).unwrap(),
            networks.init_discriminator(&device()).unwrap(),
            &example,
        );
        match result.err() {
            Some(GanError::Config(ConfigError { field: found, .. })) => assert_eq!(found, field),
            other => panic!("{field}: {other:?}"),
        }
    };
    let new = GanTrainerConfig::new;
    refused(
        new().with_generator_learning_rate(0.0),
        "generator_learning_rate",
    );
    refused(
        new().with_discriminator_learning_rate(f64::NAN),
        "discriminator_learning_rate",
    );
    refused(new().with_critic_steps(0), "critic_steps");
    refused(new().with_weight_clip(Some(-1.0)), "weight_clip");
    refused(
        new().with_finite_check(FiniteCheck::Every(0)),
        "finite_check",
    );
    refused(new().with_sample_chunk(0), "sample_chunk");
    let smoothed = Loss::Smoothed {
        loss: LabelledLoss::NonSaturating,
        real_label: 0.3,
    };
    refused(new().with_loss(smoothed), "real_label");
    refused(
        new().with_ema(Some(EmaConfig::new().with_decay(1.0))),
        "ema.decay",
    );
}

#[test]
fn configurations_survive_a_file() {
    use burn::config::Config;
    let config = GanTrainerConfig::new()
        .with_loss(Loss::RelativisticAverage)
        .with_weight_clip(Some(0.01))
        .with_ema(Some(EmaConfig::new()))
        .with_finite_check(FiniteCheck::Every(10))
        .with_seed(5);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("trainer.json");
    config.save(&path).unwrap();
    let loaded = GanTrainerConfig::load(&path).unwrap();
    assert_eq!(loaded.to_string(), config.to_string());
}

/// A user's generator whose layers do not fit together.
#[derive(Module, Debug)]
struct Misfit {
    first: burn::nn::Linear,
    second: burn::nn::Linear,
    outputs: usize,
}

impl Misfit {
    fn new(middle: usize, outputs: usize) -> Self {
        let linear = |i, o| burn::nn::LinearConfig::new(i, o).init(&device());
        Self {
            first: linear(3, 5),
            second: linear(middle, outputs),
            outputs,
        }
    }
}

impl Generator<2> for Misfit {
    fn latent_size(&self) -> usize {
        3
    }
    fn generate(&self, latent: Tensor<2>, _: &()) -> Tensor<2> {
        self.second.forward(self.first.forward(latent))
    }
}

/// A user's discriminator that drops its logits.
impl Discriminator<2> for Misfit {
    fn logits(&self, samples: Tensor<2>, _: &()) -> Tensor<1> {
        Tensor::zeros([0], &samples.device())
    }
}

#[test]
fn networks_that_do_not_fit_are_refused_before_training() {
    let example = Batch::new(Tensor::<2>::ones([2, 3], &Device::flex()));
    let discriminator = || MlpConfig::new(3).init_discriminator(&device()).unwrap();
    let generator = || MlpConfig::new(3).init_generator(&device()).unwrap();
    let new = GanTrainerConfig::new;

    match new()
        .init(Misfit::new(4, 3), discriminator(), &example)
        .err()
    {
        Some(GanError::NetworkFailed {
            network: "generator",
            shape,
            ..
        }) => {
            assert_eq!(shape, [1, 3]);
        }
        other => panic!("{other:?}"),
    }
    match new()
        .init(Misfit::new(5, 2), discriminator(), &example)
        .err()
    {
        Some(GanError::Shape(ShapeError {
            expected, actual, ..
        })) => {
            assert_eq!((expected, actual), (vec![3], vec![2]));
        }
        other => panic!("{other:?}"),
    }
    match new().init(generator(), Misfit::new(5, 2), &example).err() {
        Some(GanError::Shape(ShapeError {
            what,
            expected,
            actual,
        })) => {
            assert_eq!(what, "logits of the discriminator");
            assert_eq!((expected, actual), (vec![1], vec![0]));
        }
        other => panic!("{other:?}"),
    }
    // The library's own networks know their shapes and never get as far as a panic.
    let narrow = MlpConfig::new(2).init_discriminator(&device()).unwrap();
    match new().init(generator(), narrow, &example).err() {
        Some(GanError::Shape(ShapeError {
            what,
            expected,
            actual,
        })) => {
            assert_eq!(what, "input of the discriminator");
            assert_eq!((expected, actual), (vec![3], vec![2]));
        }
        other => panic!("{other:?}"),
    }
    let none = Batch::new(Tensor::<2>::ones([0, 3], &Device::flex()));
    let result = new().init(generator(), discriminator(), &none);
    assert!(matches!(
        result.err(),
        Some(GanError::Batch(BatchError::Empty))
    ));
}

#[test]
fn sampling_refuses_what_it_cannot_do() {
    let generator = MlpConfig::new(2)
        .with_latent_size(5)
        .init_generator(&device())
        .unwrap();
    let sampler = SamplerConfig::new();
    let latent = Tensor::<2>::zeros([3, 4], &Device::flex());
    assert!(matches!(
        sampler.decode(&generator, latent, &()),
        Err(GanError::Network(NetworkError::LatentSize {
            expected: 5,
            actual: 4
        }))
    ));
    assert!(matches!(
        sampler.sample(&generator, 0, &()),
        Err(GanError::Batch(BatchError::Empty))
    ));
    assert!(matches!(
        sampler.with_chunk(0).sample(&generator, 3, &()),
        Err(GanError::Config(ConfigError { field: "chunk", .. }))
    ));
}

// Conditions: class labels go through the trainer with the samples.

#[derive(Module, Debug)]
struct Conditional {
    input: Linear,
    embedding: burn::nn::Embedding,
    output: Linear,
}

impl Conditional {
    fn new(inputs: usize, outputs: usize) -> Self {
        let device = device();
        let linear = |i, o, s| {
            LinearConfig::new(i, o)
                .init(&mut stream(s), &device)
                .unwrap()
        };
        Self {
            input: linear(inputs, 8, 20),
            embedding: burn::nn::EmbeddingConfig::new(3, 8).init(&device),
            output: linear(8, outputs, 21),
        }
    }

    fn run(&self, x: Tensor<2>, labels: &Tensor<1, Int>) -> Tensor<2> {
        let embedded = self
            .embedding
            .forward(labels.clone().unsqueeze_dim(1))
            .squeeze_dim(1);
        let hidden = self.input.propagate(burn_gan::Dual::constant(x)).value + embedded;
        self.output
            .propagate(burn_gan::Dual::constant(hidden.tanh()))
            .value
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
fn labels_are_a_condition() {
    let plain = Device::flex();
    let labels = Tensor::<1, Int>::from_ints([0, 1, 2, 0], &plain);
    let samples = stream(30).normal([4, 2], &plain);
    let batch = Batch::with_condition(samples.clone(), labels.clone()).unwrap();
    let mut trainer = GanTrainerConfig::new()
        .init(Conditional::new(4, 2), Conditional::new(2, 1), &batch)
        .unwrap();
    let before = parameters(trainer.generator());
    trainer.step(batch.clone()).unwrap();
    let after = parameters(trainer.generator());
    assert_ne!(before["embedding.weight"], after["embedding.weight"]);
    assert_eq!(trainer.sample(4, 0, &labels).unwrap().dims(), [4, 2]);

    let short = labels.clone().narrow(0, 0, 3);
    assert!(matches!(
        Batch::with_condition(samples.clone(), short.clone()),
        Err(BatchError::ConditionLength {
            samples: 4,
            conditions: 3
        })
    ));
    let unchecked = Batch {
        samples,
        condition: short.clone(),
    };
    assert!(matches!(
        trainer.step(unchecked),
        Err(GanError::Batch(BatchError::ConditionLength { .. }))
    ));
    assert!(matches!(
        trainer.sample(4, 0, &short),
        Err(GanError::Batch(BatchError::ConditionLength { .. }))
    ));
}

// A user's loss, and fit with observers.

#[derive(Debug)]
struct Counting(&'static AtomicUsize);

impl AdversarialLoss for Counting {
    fn discriminator(&self, real: Tensor<1>, fake: Tensor<1>) -> Tensor<1> {
        self.0.fetch_add(1, Ordering::Relaxed);
        fake.square() + (real - 1.0).square()
    }
    fn generator(&self, fake: Tensor<1>, _: &dyn Fn() -> Tensor<1>) -> Tensor<1> {
        (fake - 1.0).square()
    }
}

#[test]
fn a_loss_of_the_users_own_goes_in() {
    static CALLS: AtomicUsize = AtomicUsize::new(0);
    let mut trainer = dcgan_trainer(GanTrainerConfig::new()).with_loss(Counting(&CALLS));
    trainer.step(images(0, 4)).unwrap();
    assert_eq!(CALLS.load(Ordering::Relaxed), 1);
}

/// Stops after a number of steps, or fails there.
struct Until<'a> {
    step: usize,
    fails: bool,
    seen: &'a Cell<usize>,
}

impl<T> Observer<T> for Until<'_> {
    fn observe(&mut self, report: &StepReport, _: &T) -> Result<Flow, GanError> {
        self.seen.set(self.seen.get() + 1);
        if report.step + 1 < self.step {
            return Ok(Flow::Continue);
        }
        if self.fails {
            return Err(GanError::user("the disk is full"));
        }
        Ok(Flow::Stop)
    }
}

#[test]
fn fit_goes_on_where_the_trainer_is_and_stops_when_asked() {
    let networks = MlpConfig::new(2).with_hidden(vec![8]);
    let mut source = MixtureSourceConfig::new(Mixture::ring(), 16)
        .init()
        .unwrap();
    let example = source.batch(0, &device()).unwrap();
    let trainer = || {
        GanTrainerConfig::new()
            .init(
                networks.init_generator(&device()).unwrap(),
                networks.init_discriminator(&device()).unwrap(),
                &example,
            )
            .unwrap()
    };
    let mut whole = trainer();
    whole.fit(&mut source).until(6).run().unwrap();

    let mut parts = trainer();
    let seen = Cell::new(0);
    let outcome = parts
        .fit(&mut source)
        .until(6)
        .observe(&mut vec![Until {
            step: 2,
            fails: false,
            seen: &seen,
        }])
        .run()
        .unwrap();
    assert_eq!((outcome.steps, outcome.stopped, seen.get()), (2, true, 2));
    let failing = &mut Until {
        step: 4,
        fails: true,
        seen: &seen,
    };
    let failed = parts
        .fit(&mut source)
        .until(6)
        .observe(failing)
        .run()
        .unwrap_err();
    assert_eq!(failed.to_string(), "the disk is full");
    assert_eq!(
        parts.steps(),
        4,
        "what was learnt before the observer failed stays"
    );
    let outcome = parts.fit(&mut source).until(6).run().unwrap();
    assert_eq!((outcome.steps, outcome.stopped), (6, false));
    assert_eq!(parameters(parts.generator()), parameters(whole.generator()));
    assert!(
        parts
            .fit(&mut source)
            .until(6)
            .run()
            .unwrap()
            .last
            .is_none()
    );
}
