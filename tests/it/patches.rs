//! Several logits a sample, `[N * k]`: losses of each, penalties of their sum, parts of a batch, reports.

use burn::module::Module;
use burn::optim::{GradientsParams, SgdConfig};
use burn::tensor::{Device, Tensor};
use burn_gan::loss::Loss;
use burn_gan::model::MlpConfig;
use burn_gan::nn::{Linear, LinearConfig};
use burn_gan::penalty::{
    CentralDifference, Exact, GradientPenalty, Penalty, PenaltyError, PenaltyMethod, R1, Term,
    WassersteinGp,
};
use burn_gan::trainer::{GanTrainer, GanTrainerConfig, OptimizerConfig};
use burn_gan::{
    AdversarialTrainer, Batch, Discriminator, Dual, DualDiscriminator, GanError, ShapeError,
    TangentRule, dual,
};

use crate::common::{gradients, parameters, relative_error, stream, values};

/// Logits a sample.
const PATCHES: usize = 4;
/// Values of a patch.
const WIDTH: usize = 3;

fn device() -> Device {
    Device::flex().autodiff()
}

fn samples(step: u64, count: usize) -> Tensor<2> {
    stream(step).normal([count, PATCHES * WIDTH], &Device::flex())
}

/// Judges the patches of a sample one by one.
#[derive(Module, Debug)]
struct Patches {
    first: Linear,
    last: Linear,
    /// What it gives: the logits of the patches, or one that is their sum.
    summed: bool,
}

impl Patches {
    fn new(summed: bool) -> Self {
        let linear = |inputs, outputs, step| {
            let config = LinearConfig::new(inputs, outputs);
            config.init(&mut stream(step), &device()).unwrap()
        };
        Self {
            first: linear(WIDTH, 16, 1),
            last: linear(16, 1, 2),
            summed,
        }
    }
}

impl Discriminator<2> for Patches {
    fn logits(&self, samples: Tensor<2>, condition: &()) -> Tensor<1> {
        self.logits_dual(Dual::constant(samples), condition).value
    }
    fn tangent_rule(&self) -> Option<TangentRule<Self, 2, ()>> {
        Some(Self::logits_dual)
    }
}

impl DualDiscriminator<2> for Patches {
    fn logits_dual(&self, samples: Dual<2>, _: &()) -> Dual<1> {
        let [count, _] = samples.value.dims();
        let patches = samples.linear(|x| x.reshape([count * PATCHES, WIDTH]));
        let hidden = dual::tanh(self.first.propagate(patches));
        let logits = self.last.propagate(hidden);
        if self.summed {
            logits.linear(|x| x.reshape([count, PATCHES]).sum_dim(1).squeeze_dim(1))
        } else {
            logits.linear(|x| x.squeeze_dim(1))
        }
    }
}

/// The penalty's numbers a sample, and its gradient in the weights.
fn numbers(term: Term, discriminator: &Patches) -> [Vec<f64>; 3] {
    let cost = values(term.cost);
    let surrogate = values(term.surrogate.clone());
    let found = GradientsParams::from_grads(term.surrogate.sum().backward(), discriminator);
    let found = gradients(discriminator, &found);
    [cost, surrogate, found.into_values().flatten().collect()]
}

#[test]
fn a_penalty_of_patches_is_that_of_their_sum() {
    let points = samples(3, 5);
    let penalties: [&dyn GradientPenalty<2>; 2] = [&R1 { gamma: 3.0 }, &WassersteinGp::new(2.0)];
    for penalty in penalties {
        let cost = |gradient: Tensor<2>| penalty.cost(gradient);
        let exact = |summed| {
            let network = Patches::new(summed);
            let method = Exact::new(&network, samples(4, 8), &()).unwrap();
            let term = method.term(&network, points.clone(), &(), &cost).unwrap();
            assert_eq!(term.surrogate.dims(), [5], "one a point");
            numbers(term, &network)
        };
        let difference = |summed| {
            let network = Patches::new(summed);
            let method = CentralDifference::new(&network, 0.1, samples(4, 8), &()).unwrap();
            let term = method.term(&network, points.clone(), &(), &cost).unwrap();
            assert_eq!(term.surrogate.dims(), [5], "one a point");
            numbers(term, &network)
        };
        for (patches, sum) in exact(false).iter().zip(&exact(true)) {
            assert!(sum.iter().any(|x| x.abs() > 1e-3));
            assert!(relative_error(patches, sum) < 1e-5);
        }
        // A difference of nearly equal numbers has fewer digits.
        for (patches, sum) in difference(false).iter().zip(&difference(true)) {
            assert!(relative_error(patches, sum) < 1e-3);
        }
    }
}

/// Its logits are those of [`Patches`], its tangent rule or its passes are not right.
#[derive(Module, Debug)]
struct Faulty {
    inner: Patches,
    #[module(skip)]
    fault: Fault,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Fault {
    /// The tangent is twice the derivative.
    Slope,
    /// The value is not the logit, in the last sample.
    Value,
    /// Noise on the last logit.
    Noise,
    /// A logit too few.
    Missing,
}

impl Faulty {
    fn change_last(&self, logits: Tensor<1>, change: Tensor<1>) -> Tensor<1> {
        let [count] = logits.dims();
        let last = logits.clone().narrow(0, count - 1, 1) + change;
        Tensor::cat(vec![logits.narrow(0, 0, count - 1), last], 0)
    }
}

impl Discriminator<2> for Faulty {
    fn logits(&self, samples: Tensor<2>, condition: &()) -> Tensor<1> {
        let logits = self.inner.logits(samples, condition);
        let [count] = logits.dims();
        match self.fault {
            Fault::Noise => {
                let noise = Tensor::random(
                    [1],
                    burn::tensor::Distribution::Uniform(10.0, 20.0),
                    &logits.device(),
                );
                self.change_last(logits, noise)
            }
            Fault::Missing => logits.narrow(0, 0, count - 1),
            _ => logits,
        }
    }
    fn tangent_rule(&self) -> Option<TangentRule<Self, 2, ()>> {
        Some(Self::logits_dual)
    }
}

impl DualDiscriminator<2> for Faulty {
    fn logits_dual(&self, samples: Dual<2>, condition: &()) -> Dual<1> {
        let mut logits = self.inner.logits_dual(samples, condition);
        let [count] = logits.value.dims();
        match self.fault {
            Fault::Slope => logits.tangent = logits.tangent.map(|tangent| tangent * 2.0),
            Fault::Value => {
                let more = Tensor::ones([1], &logits.value.device()) * 10.0;
                logits.value = self.change_last(logits.value, more);
            }
            Fault::Missing => return logits.linear(|x| x.narrow(0, 0, count - 1)),
            Fault::Noise => {}
        }
        logits
    }
}

#[test]
fn faults_are_found_in_the_sample_that_has_them() {
    let check = |fault| {
        let inner = Patches::new(false);
        Exact::new(&Faulty { inner, fault }, samples(4, 8), &()).err()
    };
    match check(Fault::Slope) {
        Some(PenaltyError::TangentRuleSlope {
            derivative,
            tangent,
            ..
        }) => assert!((tangent - 2.0 * derivative).abs() < 0.1 * derivative.abs()),
        other => panic!("{other:?}"),
    }
    match check(Fault::Value) {
        Some(PenaltyError::TangentRuleValue { sample, .. }) => assert_eq!(sample, 7),
        other => panic!("{other:?}"),
    }
    match check(Fault::Noise) {
        Some(PenaltyError::RandomDiscriminator { sample, .. }) => assert_eq!(sample, 7),
        other => panic!("{other:?}"),
    }
    match check(Fault::Missing) {
        Some(PenaltyError::Shape(ShapeError {
            expected, actual, ..
        })) => assert_eq!((expected, actual), (vec![8], vec![8 * PATCHES - 1])),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_relativistic_average_is_that_of_all_logits() {
    let logits = |step| stream(step).normal([3 * PATCHES], &Device::flex());
    let (real, fake) = (logits(5), logits(6));
    let loss = Loss::RelativisticAverage.build().unwrap();
    let found = values(loss.discriminator(real.clone(), fake.clone()));
    let mean = |of: &[f64]| of.iter().sum::<f64>() / of.len() as f64;
    let softplus = |x: f64| x.exp().ln_1p();
    let (real, fake) = (values(real), values(fake));
    let (mean_real, mean_fake) = (mean(&real), mean(&fake));
    let expected: Vec<f64> = real
        .iter()
        .zip(&fake)
        .map(|(r, f)| softplus(mean_fake - r) + softplus(f - mean_real))
        .collect();
    assert!(relative_error(&found, &expected) < 1e-6);
}

type Trainer = GanTrainer<2, burn_gan::model::MlpGenerator, Patches>;

fn trainer(config: &GanTrainerConfig) -> Trainer {
    let networks = MlpConfig::new(PATCHES * WIDTH).with_hidden(vec![8]);
    let example = Batch::new(samples(7, 6));
    let generator = networks.init_generator(&device()).unwrap();
    config
        .init(generator, Patches::new(false), &example)
        .unwrap()
}

/// Steps that show a gradient as it is: Adam divides it by its size.
fn config() -> GanTrainerConfig {
    let sgd = || OptimizerConfig::Sgd(SgdConfig::new());
    GanTrainerConfig::new()
        .with_generator_optimizer(sgd())
        .with_discriminator_optimizer(sgd())
        .with_learning_rates(0.05)
        .with_penalties(vec![Penalty::R1 { gamma: 1.0 }, Penalty::R2 { gamma: 0.5 }])
}

#[test]
fn a_discriminator_of_patches_is_taken_before_training() {
    trainer(&config());
    let faulty = Faulty {
        inner: Patches::new(false),
        fault: Fault::Missing,
    };
    let generator = MlpConfig::new(PATCHES * WIDTH).init_generator(&device());
    let example = Batch::new(samples(7, 6));
    match config().init(generator.unwrap(), faulty, &example).err() {
        Some(GanError::Penalty(PenaltyError::Shape(_))) => {}
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_step_of_patches_reports_means_over_all_logits() {
    let mut trainer = trainer(&config());
    let before = Patches::clone(trainer.discriminator());
    let real = samples(8, 6);
    let report = trainer.step(Batch::new(real.clone())).unwrap();
    assert_eq!(report.logits_real().dims(), [6 * PATCHES]);
    let logits = values(before.valid().logits(real, &()));
    assert!(relative_error(&values(report.logits_real().clone()), &logits) < 1e-5);
    let fake = values(report.logits_fake().clone());
    let mean = |of: Vec<f64>| of.iter().sum::<f64>() / of.len() as f64;
    let read = report.read().unwrap();
    let softplus = |x: f64| x.exp().ln_1p();
    let loss = mean(logits.iter().map(|x| softplus(-x)).collect())
        + mean(fake.iter().map(|&x| softplus(x)).collect());
    assert!((f64::from(read.loss_discriminator) - loss).abs() < 1e-4);
    assert!((f64::from(read.logit_real.unwrap()) - mean(logits)).abs() < 1e-4);
    assert!((f64::from(read.logit_fake.unwrap()) - mean(fake)).abs() < 1e-4);
}

#[test]
fn a_step_of_patches_in_parts_is_that_of_the_whole_batch() {
    let difference = PenaltyMethod::CentralDifference { step: 0.5 };
    for config in [
        config(),
        config().with_loss(Loss::RelativisticPaired),
        config()
            .with_loss(Loss::Hinge)
            .with_penalty_method(difference),
    ] {
        let mut whole = trainer(&config);
        let mut parts = trainer(&config.clone().with_micro_batches(4));
        let before = parameters(whole.discriminator());
        for step in 0..3 {
            let batch = Batch::new(samples(10 + step, 6));
            let expected = whole.step(batch.clone()).unwrap().read().unwrap();
            let actual = parts.step(batch).unwrap().read().unwrap();
            let numbers = |read: &burn_gan::StepValues| {
                let optional = [read.penalty, read.loss_generator, read.logit_real];
                let all = [Some(read.loss_discriminator)].into_iter().chain(optional);
                all.map(|x| f64::from(x.unwrap())).collect::<Vec<_>>()
            };
            assert!(relative_error(&numbers(&actual), &numbers(&expected)) < 1e-4);
        }
        let [found, expected] = [&parts, &whole].map(|trainer| {
            let networks = [
                parameters(trainer.discriminator()),
                parameters(trainer.generator()),
            ];
            let all = networks
                .into_iter()
                .flat_map(|network| network.into_values());
            all.flatten().collect::<Vec<_>>()
        });
        assert_ne!(parameters(whole.discriminator()), before);
        assert!(relative_error(&found, &expected) < 1e-4);
    }
}
