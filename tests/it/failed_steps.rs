//! What is left of a step that fails, and which states count as good.

use std::cell::Cell;

use crate::common::{parameters, stream, values};
use burn::module::{Module, ModuleDisplay};
use burn::optim::AdamConfig;
use burn::tensor::{Device, Int, Tensor};
use burn_gan::checkpoint::CheckpointError;
use burn_gan::ema::EmaConfig;
use burn_gan::loss::{AdversarialLoss, Loss, NonSaturating};
use burn_gan::model::{
    DcganConfig, DcganDiscriminator, DcganGenerator, MlpConfig, MlpDiscriminator, MlpGenerator,
};
use burn_gan::penalty::GradientPenalty;
use burn_gan::random::Stream;
use burn_gan::trainer::{FiniteCheck, GanTrainer, GanTrainerConfig, OptimizerConfig};
use burn_gan::{
    AdversarialTrainer, Batch, Discriminator, GanError, Generator, NonFinite, Persistent,
    SavedState, ShapeError, save_weights,
};

type Trainer = GanTrainer<2, MlpGenerator, MlpDiscriminator>;

fn device() -> Device {
    Device::flex().autodiff()
}

fn points(step: u64) -> Batch<2> {
    Batch::new(stream(step).normal([8, 2], &Device::flex()))
}

fn poison() -> Batch<2> {
    Batch::new(points(0).samples * f32::NAN)
}

fn trainer(check: FiniteCheck) -> Trainer {
    let networks = MlpConfig::new(2).with_hidden(vec![8]);
    GanTrainerConfig::new()
        .with_finite_check(check)
        .init(
            networks.init_generator(&device()).unwrap(),
            networks.init_discriminator(&device()).unwrap(),
            &points(0),
        )
        .unwrap()
}

/// The same after this many good steps.
fn after(steps: u64) -> Trainer {
    let mut trainer = trainer(FiniteCheck::EveryStep);
    for step in 0..steps {
        trainer.step(points(step)).unwrap();
    }
    trainer
}

#[track_caller]
fn assert_same(actual: &Trainer, expected: &Trainer) {
    assert_eq!(
        (
            parameters(actual.generator()),
            parameters(actual.discriminator())
        ),
        (
            parameters(expected.generator()),
            parameters(expected.discriminator())
        )
    );
}

#[track_caller]
fn restored(result: Result<(), GanError>) -> usize {
    match result {
        Err(GanError::NonFiniteStep { restored, .. }) => restored,
        other => panic!("{other:?}"),
    }
}

/// Two good steps, checked, and one that is not finite and not checked.
fn unchecked() -> Trainer {
    let mut trainer = trainer(FiniteCheck::Every(10));
    trainer.step(points(0)).unwrap();
    trainer.step(points(1)).unwrap();
    trainer.check_finite().unwrap();
    trainer.step(poison()).unwrap();
    trainer
}

// No state counts as good before it was checked.

#[test]
fn the_last_steps_are_checked_on_demand() {
    let mut trainer = unchecked();
    assert_eq!(restored(trainer.check_finite()), 2);
    assert_eq!(trainer.steps(), 2);
    assert_same(&trainer, &after(2));
    trainer.check_finite().unwrap();
}

#[test]
fn other_optimizers_do_not_make_a_state_good() {
    let adam = || OptimizerConfig::Adam(AdamConfig::new()).init().unwrap();
    let mut trainer = unchecked().with_optimizers(adam(), adam());
    assert_eq!(restored(trainer.check_finite()), 2);
    assert_same(&trainer, &after(2));
    // The restored state has the new optimisers.
    trainer.step(points(2)).unwrap();
    let mut expected = after(2).with_optimizers(adam(), adam());
    expected.step(points(2)).unwrap();
    assert_same(&trainer, &expected);
}

#[test]
fn a_step_that_is_left_out_does_not_make_a_state_good() {
    let mut trainer = unchecked();
    trainer.skip_step();
    assert_eq!(trainer.steps(), 4);
    assert_eq!(restored(trainer.check_finite()), 2);
    assert_eq!(
        trainer.steps(),
        2,
        "the step that the restored state was reached by"
    );
    assert_same(&trainer, &after(2));
}

#[test]
fn a_step_that_is_left_out_puts_off_no_check() {
    let mut trainer = trainer(FiniteCheck::Every(2));
    trainer.step(poison()).unwrap();
    trainer.skip_step();
    assert_eq!(restored(trainer.step(points(2)).map(|_| ())), 0);
}

#[test]
fn a_bad_state_is_not_handed_out() {
    let mut trainer = unchecked();
    let is_bad = |error: GanError| {
        let is_bad = matches!(error, GanError::NonFiniteState { steps: 3, .. });
        assert!(is_bad, "{error}");
    };
    is_bad(trainer.sample(3, 0, &()).unwrap_err());
    is_bad(trainer.save_state().unwrap_err());
    assert_eq!(trainer.steps(), 3, "what only reads restores nothing");
    trainer.check_finite().unwrap_err();
    let samples = values(trainer.sample(3, 0, &()).unwrap());
    assert!(samples.iter().all(|value| value.is_finite()));
    assert_eq!(
        trainer.save_state().unwrap(),
        after(2).save_state().unwrap()
    );
    // An unchecked state that is finite is handed out.
    trainer.step(points(2)).unwrap();
    let expected = values(after(3).sample(3, 0, &()).unwrap());
    assert_eq!(values(trainer.sample(3, 0, &()).unwrap()), expected);
}

fn nan_generator() -> MlpGenerator {
    let networks = MlpConfig::new(2).with_hidden(vec![8]);
    let generator = networks.init_generator(&device()).unwrap();
    generator.map(&mut crate::common::Shift::by(f64::NAN))
}

#[test]
fn a_saved_state_that_is_not_finite_is_not_loaded() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("nan.bpk");
    save_weights(&nan_generator(), &path).unwrap();
    let mut trainer = after(2);
    let mut saved: SavedState = after(3).save_state().unwrap();
    let bytes = std::fs::read(path).unwrap();
    saved.files.insert("generator.bpk".to_string(), bytes);
    match trainer.load_state(&saved) {
        Err(GanError::NonFiniteState { steps: 3, cause }) => {
            assert_eq!(cause, NonFinite::GeneratorWeights);
        }
        other => panic!("{other:?}"),
    }
    assert_same(&trainer, &after(2));
}

#[test]
fn training_does_not_start_from_weights_that_are_not_finite() {
    let networks = MlpConfig::new(2).with_hidden(vec![8]);
    let discriminator = networks.init_discriminator(&device()).unwrap();
    let built = GanTrainerConfig::new().init(nan_generator(), discriminator, &points(0));
    match built.err() {
        Some(GanError::NonFiniteState { steps: 0, cause }) => {
            assert_eq!(cause, NonFinite::GeneratorWeights);
        }
        other => panic!("{other:?}"),
    }
}

/// The loss of the 2014 paper, whose discriminator part is huge in the second step.
#[derive(Debug, Default)]
struct HugeOnce(std::sync::atomic::AtomicUsize);

impl AdversarialLoss for HugeOnce {
    fn discriminator(&self, real: Tensor<1>, fake: Tensor<1>) -> Tensor<1> {
        let step = self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let loss = NonSaturating { real_label: 1.0 }.discriminator(real, fake);
        if step == 1 { loss * 1e25 } else { loss }
    }
    fn generator(&self, fake: Tensor<1>, real: &dyn Fn() -> Tensor<1>) -> Tensor<1> {
        NonSaturating { real_label: 1.0 }.generator(fake, real)
    }
}

#[test]
fn every_step_since_the_last_check_is_checked() {
    // Adam remembers the infinite square of the gradient and never moves again: the weights stay finite.
    let mut trainer = trainer(FiniteCheck::Every(3)).with_loss(HugeOnce::default());
    trainer.step(points(0)).unwrap();
    trainer.step(points(1)).unwrap();
    match trainer.step(points(2)) {
        Err(GanError::NonFiniteStep {
            step: 1,
            restored: 0,
            cause,
            ..
        }) => {
            assert_eq!(cause, NonFinite::DiscriminatorGradient);
        }
        other => panic!("{other:?}"),
    }
    assert_same(&trainer, &after(0));
}

// A step that panics is an error, and nothing of it stays.

thread_local! {
    /// Passes, losses and penalties until one panics.
    static LEFT: Cell<Option<usize>> = const { Cell::new(None) };
}

fn may_panic() {
    match LEFT.get() {
        Some(0) => panic!("it was to happen"),
        left => LEFT.set(left.map(|left| left - 1)),
    }
}

/// A network that panics when it is its turn, in the middle of its pass.
#[derive(Module, Debug)]
struct Brittle<M> {
    inner: M,
}

impl<M: Generator<4> + ModuleDisplay> Generator<4> for Brittle<M> {
    fn latent_size(&self) -> usize {
        self.inner.latent_size()
    }
    fn generate(&self, latent: Tensor<2>, condition: &()) -> Tensor<4> {
        let samples = self.inner.generate(latent, condition);
        may_panic();
        samples
    }
}

impl<M: Discriminator<4> + ModuleDisplay> Discriminator<4> for Brittle<M> {
    fn logits(&self, samples: Tensor<4>, condition: &()) -> Tensor<1> {
        let logits = self.inner.logits(samples, condition);
        may_panic();
        logits
    }
}

#[derive(Debug)]
struct BrittleLoss;

impl AdversarialLoss for BrittleLoss {
    fn discriminator(&self, real: Tensor<1>, fake: Tensor<1>) -> Tensor<1> {
        may_panic();
        NonSaturating { real_label: 1.0 }.discriminator(real, fake)
    }
    fn generator(&self, fake: Tensor<1>, real: &dyn Fn() -> Tensor<1>) -> Tensor<1> {
        may_panic();
        NonSaturating { real_label: 1.0 }.generator(fake, real)
    }
}

type BrittleTrainer = GanTrainer<4, Brittle<DcganGenerator>, Brittle<DcganDiscriminator>>;

fn images(step: u64) -> Batch<4> {
    Batch::new(stream(step).normal([4, 1, 8, 8], &Device::flex()).tanh())
}

/// Networks with batch normalisation, whose running statistics a pass moves before it panics.
fn brittle(check: FiniteCheck, parts: usize) -> BrittleTrainer {
    let networks = DcganConfig::new(1, 8, 8)
        .with_filters(2)
        .with_latent_size(3)
        .with_base_size(2);
    let generator = networks.init_generator(&device()).unwrap();
    let discriminator = networks.init_discriminator(&device()).unwrap();
    GanTrainerConfig::new()
        .with_ema(Some(EmaConfig::new()))
        .with_finite_check(check)
        .with_micro_batches(parts)
        .init(
            Brittle { inner: generator },
            Brittle {
                inner: discriminator,
            },
            &images(0),
        )
        .unwrap()
        .with_loss(BrittleLoss)
}

#[test]
fn a_step_that_panics_anywhere_leaves_the_state_as_it_was() {
    for (check, parts) in [
        (FiniteCheck::EveryStep, 1),
        (FiniteCheck::Every(10), 1),
        (FiniteCheck::EveryStep, 2),
    ] {
        let mut trainer = brittle(check.clone(), parts);
        trainer.step(images(0)).unwrap();
        trainer.step(images(1)).unwrap();
        let before = trainer.save_state().unwrap();
        let mut failures = Vec::new();
        for calls in 0.. {
            LEFT.set(Some(calls));
            let result = trainer.step(images(2));
            LEFT.set(None);
            match result {
                Err(error) => failures.push(error),
                Ok(_) => break,
            }
            assert_eq!(trainer.steps(), 2);
            assert!(
                trainer.save_state().unwrap() == before,
                "{check:?}, call {calls}"
            );
        }
        // It went on as if nothing had been.
        let mut whole = brittle(check, parts);
        for step in 0..3 {
            whole.step(images(step)).unwrap();
        }
        assert!(trainer.save_state().unwrap() == whole.save_state().unwrap());

        let named = |network: &str| {
            let of = |error: &&GanError| matches!(error, GanError::NetworkFailed { network: found, .. } if *found == network);
            failures.iter().filter(of).count()
        };
        let losses = |error: &&GanError| matches!(error, GanError::StepFailed { step: 2, .. });
        // For each part: a generator pass (two with parts), three discriminator passes, two losses.
        let passes = if parts == 1 { 1 } else { 2 * parts };
        assert_eq!(
            (named("generator"), named("discriminator")),
            (passes, 3 * parts)
        );
        assert_eq!(failures.iter().filter(losses).count(), 2 * parts);
    }
}

#[test]
fn the_error_names_the_network_and_its_input() {
    let mut trainer = brittle(FiniteCheck::EveryStep, 1);
    LEFT.set(Some(1));
    let error = trainer.step(images(0)).unwrap_err().to_string();
    let expected = "the discriminator fails on an input of shape [4, 1, 8, 8]: it was to happen";
    assert_eq!(error, expected);
    LEFT.set(Some(3));
    let error = trainer.step(images(0)).unwrap_err().to_string();
    LEFT.set(None);
    assert_eq!(
        error,
        "step 0 failed, and nothing of it stays: it was to happen"
    );
}

/// A penalty that panics when it is its turn.
#[derive(Debug)]
struct BrittlePenalty;

impl<const D: usize> GradientPenalty<D> for BrittlePenalty {
    fn points(&self, real: &Tensor<D>, _: &Tensor<D>, _: &mut Stream) -> Tensor<D> {
        real.clone()
    }
    fn cost(&self, gradient: Tensor<D>) -> Tensor<1> {
        may_panic();
        burn_gan::penalty::gradient_norm(gradient)
    }
}

#[test]
fn a_penalty_that_panics_is_an_error() {
    let mut trainer = after(1).with_penalty(BrittlePenalty).unwrap();
    let before = trainer.save_state().unwrap();
    LEFT.set(Some(0));
    let result = trainer.step(points(1));
    LEFT.set(None);
    assert!(
        matches!(result, Err(GanError::StepFailed { step: 1, .. })),
        "{result:?}"
    );
    assert!(trainer.save_state().unwrap() == before);
    trainer.step(points(1)).unwrap();
}

/// Panics on NaN, as a check in a user's network would.
#[derive(Module, Debug)]
struct Strict {
    inner: MlpDiscriminator,
}

impl Discriminator<2> for Strict {
    fn logits(&self, samples: Tensor<2>, condition: &()) -> Tensor<1> {
        let logits = self.inner.logits(samples, condition);
        assert!(values(logits.clone()).iter().all(|logit| logit.is_finite()));
        logits
    }
}

#[test]
fn a_bad_state_that_makes_a_step_fail_is_what_the_error_says() {
    let networks = MlpConfig::new(2).with_hidden(vec![8]);
    let inner = networks.init_discriminator(&device()).unwrap();
    let mut trainer = GanTrainerConfig::new()
        .with_finite_check(FiniteCheck::Every(10))
        .with_loss(Loss::Wasserstein)
        .with_generator_learning_rate(f64::MAX)
        .init(
            networks.init_generator(&device()).unwrap(),
            Strict { inner },
            &points(0),
        )
        .unwrap();
    trainer.step(points(0)).unwrap();
    let error = trainer.step(points(1)).unwrap_err();
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
    assert_eq!(trainer.steps(), 0);
    assert!(
        parameters(trainer.generator())
            .values()
            .flatten()
            .all(|weight| weight.is_finite())
    );
}

// Batches and networks that do not fit, found in a step.

/// A generator and discriminator with classes.
#[derive(Module, Debug)]
struct Conditional {
    classes: burn::nn::Embedding,
    layer: burn::nn::Linear,
}

impl Conditional {
    fn new(inputs: usize, outputs: usize) -> Self {
        Self {
            classes: burn::nn::EmbeddingConfig::new(3, inputs).init(&device()),
            layer: burn::nn::LinearConfig::new(inputs, outputs).init(&device()),
        }
    }

    fn run(&self, x: Tensor<2>, labels: &Tensor<1, Int>) -> Tensor<2> {
        let classes = self
            .classes
            .forward(labels.clone().unsqueeze_dim(1))
            .squeeze_dim(1);
        self.layer.forward(x + classes)
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
fn a_label_beyond_the_classes_in_a_later_batch_is_an_error() {
    let batch = |labels: [i32; 2]| {
        let labels = Tensor::<1, Int>::from_ints(labels, &Device::flex());
        Batch::with_condition(stream(3).normal([2, 2], &Device::flex()), labels).unwrap()
    };
    let mut trainer = GanTrainerConfig::new()
        .init(
            Conditional::new(4, 2),
            Conditional::new(2, 1),
            &batch([0, 2]),
        )
        .unwrap();
    trainer.step(batch([1, 2])).unwrap();
    let before = trainer.save_state().unwrap();
    let error = trainer.step(batch([0, 3])).unwrap_err();
    assert!(
        matches!(
            error,
            GanError::NetworkFailed {
                network: "generator",
                ..
            }
        ),
        "{error}"
    );
    assert!(trainer.save_state().unwrap() == before);
    trainer.step(batch([0, 1])).unwrap();
}

/// One logit for all of a batch, which a batch of one does not show.
#[derive(Module, Debug)]
struct Mean {
    inner: MlpDiscriminator,
}

impl Discriminator<2> for Mean {
    fn logits(&self, samples: Tensor<2>, condition: &()) -> Tensor<1> {
        self.inner.logits(samples, condition).mean()
    }
}

#[test]
fn a_logit_for_each_sample_is_needed() {
    let networks = MlpConfig::new(2).with_hidden(vec![8]);
    let inner = networks.init_discriminator(&device()).unwrap();
    let mut trainer = GanTrainerConfig::new()
        .init(
            networks.init_generator(&device()).unwrap(),
            Mean { inner },
            &points(0),
        )
        .unwrap();
    match trainer.step(points(0)) {
        Err(GanError::Shape(ShapeError {
            what,
            expected,
            actual,
        })) => {
            assert_eq!(what, "logits of the discriminator");
            assert_eq!((expected, actual), (vec![8], vec![1]));
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(trainer.steps(), 0);
}

/// A discriminator of pairs: two points side by side.
#[derive(Module, Debug)]
struct Paired {
    inner: MlpDiscriminator,
}

impl Discriminator<2, Tensor<2>> for Paired {
    fn logits(&self, samples: Tensor<2>, condition: &Tensor<2>) -> Tensor<1> {
        self.inner.logits(samples + condition.clone(), &())
    }
}

#[derive(Module, Debug)]
struct Free {
    inner: MlpGenerator,
}

impl Generator<2, Tensor<2>> for Free {
    fn latent_size(&self) -> usize {
        self.inner.latent_size()
    }
    fn generate(&self, latent: Tensor<2>, _: &Tensor<2>) -> Tensor<2> {
        self.inner.generate(latent, &())
    }
}

#[test]
fn a_condition_of_another_shape_is_refused() {
    let networks = MlpConfig::new(2).with_hidden(vec![8]);
    let batch = |width: usize| {
        let condition = stream(5).normal([8, width], &Device::flex());
        Batch::with_condition(points(0).samples, condition).unwrap()
    };
    let mut trainer = GanTrainerConfig::new()
        .init(
            Free {
                inner: networks.init_generator(&device()).unwrap(),
            },
            Paired {
                inner: networks.init_discriminator(&device()).unwrap(),
            },
            &batch(2),
        )
        .unwrap();
    trainer.step(batch(2)).unwrap();
    // It would be broadcast.
    match trainer.step(batch(1)) {
        Err(GanError::Shape(ShapeError {
            what,
            expected,
            actual,
        })) => {
            assert_eq!(what, "condition of one sample");
            assert_eq!((expected, actual), (vec![2], vec![1]));
        }
        other => panic!("{other:?}"),
    }
}

// What is no other run.

#[test]
fn how_often_is_checked_and_how_much_is_drawn_at_once_is_no_other_run() {
    use burn_gan::data::{Mixture, MixtureSourceConfig, Source};
    use burn_gan::run::Fit;
    let folder = tempfile::tempdir().unwrap();
    let fit = |config: GanTrainerConfig, steps: usize| {
        let mut source = MixtureSourceConfig::new(Mixture::ring(), 8).init().unwrap();
        let networks = MlpConfig::new(2).with_hidden(vec![8]);
        let mut trainer = config
            .init(
                networks.init_generator(&device()).unwrap(),
                networks.init_discriminator(&device()).unwrap(),
                &source.batch(0, &device()).unwrap(),
            )
            .unwrap();
        trainer
            .fit(&mut source)
            .until(steps)
            .resume(folder.path())
            .run()
    };
    let config = GanTrainerConfig::new;
    fit(config(), 2).unwrap();
    let other = config()
        .with_finite_check(FiniteCheck::Every(3))
        .with_sample_chunk(7);
    assert_eq!(fit(other, 4).unwrap().resumed, Some(2));
    let error = fit(config().with_critic_steps(2), 6).unwrap_err();
    assert!(
        matches!(
            error,
            GanError::Checkpoint(CheckpointError::Mismatch { .. })
        ),
        "{error}"
    );
}
