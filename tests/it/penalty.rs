//! Gradient penalties: points, costs, refusals and what the trainer makes of them.

use crate::common::{gradients, parameters, relative_error, stream, values};
use burn::module::Module;
use burn::nn;
use burn::optim::GradientsParams;
use burn::tensor::{Device, Int, Tensor};
use burn_gan::loss::Loss;
use burn_gan::model::{
    DcganConfig, MlpConfig, MlpDiscriminator, MlpGenerator, Normalization, R3ganConfig,
    ResnetConfig,
};
use burn_gan::penalty::{
    CentralDifference, Dragan, Exact, GradientPenalty, Penalty, PenaltyError, PenaltyMethod, R1,
    R2, WassersteinGp, gradient_norm,
};
use burn_gan::random::{Purpose, Stream};
use burn_gan::trainer::{GanTrainer, GanTrainerConfig};
use burn_gan::{
    AdversarialTrainer, Batch, Discriminator, Dual, DualDiscriminator, GanError, Generator,
    TangentRule, dual,
};
use burn_gan::{ConfigError, ShapeError};

fn device() -> Device {
    Device::flex().autodiff()
}

fn plain(step: u64, shape: [usize; 2]) -> Tensor<2> {
    stream(step).normal(shape, &Device::flex())
}

fn networks() -> (MlpGenerator, MlpDiscriminator) {
    let config = MlpConfig::new(2)
        .with_hidden(vec![8, 8])
        .with_latent_size(3);
    (
        config.init_generator(&device()).unwrap(),
        config.init_discriminator(&device()).unwrap(),
    )
}

fn trainer(config: GanTrainerConfig) -> GanTrainer<2, MlpGenerator, MlpDiscriminator> {
    let (generator, discriminator) = networks();
    let example = Batch::new(plain(1, [4, 2]));
    config.init(generator, discriminator, &example).unwrap()
}

#[test]
fn each_penalty_takes_its_points() {
    let (real, fake) = (plain(1, [5, 2]), plain(2, [5, 2]));
    let mut random = Stream::new(0, Purpose::Penalty, 0);
    let r1 = R1 { gamma: 1.0 }.points(&real, &fake, &mut random);
    assert_eq!(values(r1), values(real.clone()));
    let r2 = R2 { gamma: 1.0 }.points(&real, &fake, &mut random);
    assert_eq!(values(r2), values(fake.clone()));

    // On the segment between the two, at one place a sample for all of its values.
    let gp = WassersteinGp::new(10.0).points(&real, &fake, &mut random);
    let place = values((gp - fake.clone()) / (real.clone() - fake.clone()));
    let places: Vec<f64> = place.chunks(2).map(|pair| pair[0]).collect();
    for pair in place.chunks(2) {
        assert!((0.0..1.0).contains(&pair[0]) && (pair[0] - pair[1]).abs() < 1e-4);
    }
    assert!(places.windows(2).all(|two| (two[0] - two[1]).abs() > 1e-3));

    // Forward from the real samples by at most half a deviation.
    let dragan = Dragan::new(10.0).points(&real, &fake, &mut random);
    let all = values(real.clone());
    let mean = all.iter().sum::<f64>() / all.len() as f64;
    let deviation = (all.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / all.len() as f64).sqrt();
    for moved in values(dragan - real) {
        assert!((-1e-6..=0.5 * deviation + 1e-6).contains(&moved));
    }
}

#[test]
fn costs_are_the_papers() {
    let gradient = || Tensor::<3>::from_floats([[[3.0], [4.0]], [[0.0], [0.5]]], &Device::flex());
    let cost = |penalty: &dyn GradientPenalty<3>| values(penalty.cost(gradient()));
    assert_eq!(cost(&R1 { gamma: 2.0 }), [25.0, 0.25]);
    assert_eq!(cost(&R2 { gamma: 4.0 }), [50.0, 0.5]);
    assert_eq!(cost(&WassersteinGp::new(10.0)), [160.0, 2.5]);
    assert_eq!(cost(&WassersteinGp::one_sided(10.0)), [160.0, 0.0]);
    assert_eq!(cost(&Dragan::new(1.0)), [16.0, 0.25]);
}

#[test]
fn the_norm_has_gradient_0_at_0() {
    let gradient = Tensor::<2>::from_floats([[0.0, 0.0], [3.0, 4.0]], &device()).require_grad();
    let norm = gradient_norm(gradient.clone());
    assert_eq!(values(norm.clone()), [0.0, 5.0]);
    let of_norm = gradient.grad(&norm.sum().backward()).unwrap();
    assert!(relative_error(&values(of_norm), &[0.0, 0.0, 0.6, 0.8]) < 1e-6);
}

#[test]
fn the_surrogate_is_not_the_cost() {
    let (_, discriminator) = networks();
    let points = plain(3, [6, 2]);
    let exact = Exact::new(&discriminator, points.clone(), &()).unwrap();
    let r1 = R1 { gamma: 2.0 };
    let cost = |gradient: Tensor<2>| r1.cost(gradient);
    let term = exact.term(&discriminator, points, &(), &cost).unwrap();
    // s = <v, g> = 2 cost for a squared norm.
    let twice = values(term.cost * 2.0);
    assert!(relative_error(&values(term.surrogate), &twice) < 1e-5);
}

#[test]
fn one_doubled_pass_equals_two() {
    let (_, discriminator) = networks();
    let (real, fake) = (plain(3, [6, 2]), plain(4, [6, 2]));
    let step = |penalties: Vec<Penalty>| {
        let config = GanTrainerConfig::new()
            .with_loss(Loss::RelativisticPaired)
            .with_penalties(penalties);
        let mut trainer = trainer(config);
        let report = trainer.step(Batch::new(real.clone())).unwrap();
        report.read().unwrap().penalty.unwrap()
    };
    let (r1, r2) = (Penalty::R1 { gamma: 1.0 }, Penalty::R2 { gamma: 1.0 });
    let both = step(vec![r1, r2]);
    assert!((both - step(vec![r1]) - step(vec![r2])).abs() < 1e-5 * both);

    // And so do the gradients.
    let exact = Exact::new(&discriminator, real.clone(), &()).unwrap();
    let cost = |gradient: Tensor<2>| R1 { gamma: 1.0 }.cost(gradient);
    let gradient_at = |points: Tensor<2>| {
        let term = exact.term(&discriminator, points, &(), &cost).unwrap();
        let found = GradientsParams::from_grads(term.surrogate.sum().backward(), &discriminator);
        gradients(&discriminator, &found)
    };
    let (of_real, of_fake) = (gradient_at(real.clone()), gradient_at(fake.clone()));
    for (path, together) in gradient_at(Tensor::cat(vec![real, fake], 0)) {
        let apart: Vec<f64> = of_real[&path]
            .iter()
            .zip(&of_fake[&path])
            .map(|(one, two)| one + two)
            .collect();
        assert!(relative_error(&together, &apart) < 1e-5, "{path}");
    }
}

#[test]
fn central_differences_come_close() {
    let (_, discriminator) = networks();
    let points = plain(3, [16, 2]);
    let cost = |gradient: Tensor<2>| R1 { gamma: 1.0 }.cost(gradient);
    let exact = Exact::new(&discriminator, points.clone(), &()).unwrap();
    let exact = exact
        .term(&discriminator, points.clone(), &(), &cost)
        .unwrap();
    let close = CentralDifference::new(&discriminator, 1e-3, points.clone(), &()).unwrap();
    let close = close.term(&discriminator, points, &(), &cost).unwrap();
    assert_eq!(values(exact.cost), values(close.cost));
    let of = |surrogate: Tensor<1>| {
        let found = GradientsParams::from_grads(surrogate.sum().backward(), &discriminator);
        gradients(&discriminator, &found)
    };
    let (exact, close) = (of(exact.surrogate), of(close.surrogate));
    for (path, expected) in exact {
        assert!(relative_error(&close[&path], &expected) < 2e-2, "{path}");
    }
}

#[test]
fn a_flat_discriminator_costs_what_it_must_and_stays_finite() {
    let (_, discriminator) = networks();
    // All weights 0: no slope anywhere.
    let discriminator = discriminator.map(&mut Zero);
    let points = plain(3, [4, 2]);
    let exact = Exact::new(&discriminator, points.clone(), &()).unwrap();
    let gp = WassersteinGp::new(10.0);
    let cost = |gradient: Tensor<2>| gp.cost(gradient);
    let term = exact.term(&discriminator, points, &(), &cost).unwrap();
    assert_eq!(values(term.cost), [10.0; 4]);
    let found = GradientsParams::from_grads(term.surrogate.sum().backward(), &discriminator);
    for (path, gradient) in gradients(&discriminator, &found) {
        assert!(gradient.iter().all(|value| value.is_finite()), "{path}");
    }
}

struct Zero;

impl burn::module::ModuleMapper for Zero {
    fn map_float<const D: usize>(
        &mut self,
        param: burn::module::Param<Tensor<D>>,
    ) -> burn::module::Param<Tensor<D>> {
        param.map(|weight| weight.inner().zeros_like().autodiff().require_grad())
    }
}

/// Without a tangent rule.
#[derive(Module, Debug)]
struct Plain {
    layer: nn::Linear,
    norm: Option<Nested>,
}

#[derive(Module, Debug)]
struct Nested {
    norms: Vec<nn::BatchNorm>,
}

impl Discriminator<2> for Plain {
    fn logits(&self, samples: Tensor<2>, _: &()) -> Tensor<1> {
        self.layer.forward(samples).squeeze_dim(1)
    }
}

fn plain_discriminator(normalized: bool) -> Plain {
    Plain {
        layer: nn::LinearConfig::new(2, 1).init(&device()),
        norm: normalized.then(|| Nested {
            norms: vec![nn::BatchNormConfig::new(1).init(&device())],
        }),
    }
}

fn penalized() -> GanTrainerConfig {
    GanTrainerConfig::new().with_penalties(vec![Penalty::R1 { gamma: 1.0 }])
}

#[test]
fn exact_without_a_tangent_rule_is_refused() {
    let (generator, _) = networks();
    let example = Batch::new(plain(1, [4, 2]));
    let error = penalized()
        .init(generator.clone(), plain_discriminator(false), &example)
        .err()
        .unwrap();
    assert!(
        matches!(error, GanError::Penalty(PenaltyError::NoTangentRule)),
        "{error}"
    );
    assert!(error.to_string().contains("implement DualDiscriminator"));
    // By name, the approximation works.
    let mut trainer = penalized()
        .with_penalty_method(PenaltyMethod::CentralDifference { step: 1e-3 })
        .init(generator, plain_discriminator(false), &example)
        .unwrap();
    let values = trainer.step(example).unwrap().read().unwrap();
    assert!(values.penalty.unwrap() > 0.0);
}

#[test]
fn batch_norm_is_refused_wherever_it_sits() {
    let (generator, _) = networks();
    let example = Batch::new(plain(1, [4, 2]));
    for method in [
        PenaltyMethod::Exact,
        PenaltyMethod::CentralDifference { step: 1e-3 },
    ] {
        let error = penalized()
            .with_penalty_method(method)
            .init(generator.clone(), plain_discriminator(true), &example)
            .err()
            .unwrap();
        match error {
            GanError::Penalty(PenaltyError::BatchNorm { path }) => assert_eq!(path, "norm.norms.0"),
            other => panic!("{other}"),
        }
    }
    let dcgan = DcganConfig::new(1, 16, 16).with_filters(2);
    let discriminator = dcgan.init_discriminator(&device()).unwrap();
    let example = Batch::new(stream(1).normal([2, 1, 16, 16], &device()));
    let error = penalized()
        .init(
            dcgan.init_generator(&device()).unwrap(),
            discriminator,
            &example,
        )
        .err();
    assert!(matches!(
        error,
        Some(GanError::Penalty(PenaltyError::BatchNorm { .. }))
    ));
}

/// Two layers, with a fault that a test chooses.
#[derive(Module, Debug)]
struct Faulty {
    hidden: nn::Linear,
    dropout: nn::Dropout,
    output: nn::Linear,
    #[module(skip)]
    fault: Fault,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Fault {
    None,
    /// The rule's value is not the logit.
    Value,
    /// The rule sends the tangent through the layer with its bias.
    Bias,
    /// The rule forgets the derivative of the activation.
    Activation,
    /// The rule gives each sample the tangent of its neighbour.
    Order,
}

fn faulty(dropout: f64, fault: Fault) -> Faulty {
    let linear = |inputs, outputs| {
        let weights = stream(7).normal([inputs, outputs], &device());
        let deviation = 1.0 / (inputs as f64).sqrt();
        nn::Linear {
            weight: burn::module::Param::from_tensor(weights * deviation),
            // As fresh networks have it: a bias of 0 does not show that a rule adds it.
            bias: Some(nn::Initializer::Zeros.init([outputs], &device())),
        }
    };
    Faulty {
        hidden: linear(2, 16),
        dropout: nn::DropoutConfig::new(dropout).init(),
        output: linear(16, 1),
        fault,
    }
}

impl Discriminator<2> for Faulty {
    fn logits(&self, samples: Tensor<2>, _: &()) -> Tensor<1> {
        let hidden = self.hidden.forward(samples).tanh();
        self.output
            .forward(self.dropout.forward(hidden))
            .squeeze_dim(1)
    }
    fn tangent_rule(&self) -> Option<TangentRule<Self, 2, ()>> {
        Some(Self::logits_dual)
    }
}

impl DualDiscriminator<2> for Faulty {
    fn logits_dual(&self, samples: Dual<2>, _: &()) -> Dual<1> {
        let hidden = match self.fault {
            Fault::Bias => samples.linear(|x| self.hidden.forward(x)),
            _ => dual::linear(&self.hidden, samples),
        };
        let hidden = match self.fault {
            Fault::Activation => hidden.map(Tensor::tanh, |_, dx| dx),
            _ => dual::tanh(hidden),
        };
        let hidden = hidden.linear(|x| self.dropout.forward(x));
        let logits = dual::linear(&self.output, hidden).linear(|x| x.squeeze_dim(1));
        match self.fault {
            Fault::Value => logits.map(|x| x * 1.1, |_, dx| dx * 1.1),
            Fault::Order => logits.map(|x| x, |_, dx| dx.flip([0])),
            _ => logits,
        }
    }
}

/// What is wrong with a discriminator, by the example and by the trainer.
fn penalized_by(method: PenaltyMethod, discriminator: Faulty) -> Option<PenaltyError> {
    let (generator, _) = networks();
    let before = parameters(&discriminator);
    let result = penalized().with_penalty_method(method).init(
        generator,
        discriminator.clone(),
        &Batch::new(plain(1, [4, 2])),
    );
    assert_eq!(parameters(&discriminator), before);
    match result.err() {
        None => None,
        Some(GanError::Penalty(error)) => Some(error),
        Some(other) => panic!("{other}"),
    }
}

#[test]
fn a_random_discriminator_is_refused() {
    let difference = PenaltyMethod::CentralDifference { step: 1e-3 };
    for method in [PenaltyMethod::Exact, difference] {
        for dropout in [0.05, 0.5] {
            let error = penalized_by(method, faulty(dropout, Fault::None));
            let Some(PenaltyError::RandomDiscriminator { first, second, .. }) = error else {
                panic!("{error:?}")
            };
            assert_ne!(first, second);
        }
        // Without a chance to drop anything it is a function like any other.
        assert_eq!(penalized_by(method, faulty(0.0, Fault::None)), None);
    }
    // One sample is enough, and a last layer of 0 hides nothing.
    let mut silent = faulty(0.5, Fault::None);
    silent.output.weight = nn::Initializer::Zeros.init([16, 1], &device());
    let error = Exact::new(&silent, plain(1, [1, 2]), &()).unwrap_err();
    assert!(
        matches!(error, PenaltyError::RandomDiscriminator { .. }),
        "{error}"
    );
    // A penalty that joins a trainer later finds it too.
    let (generator, _) = networks();
    let example = Batch::new(plain(1, [4, 2]));
    let error = GanTrainerConfig::new()
        .init(generator, faulty(0.5, Fault::None), &example)
        .unwrap()
        .with_penalty(R1 { gamma: 1.0 })
        .err();
    assert!(matches!(
        error,
        Some(GanError::Penalty(PenaltyError::RandomDiscriminator { .. }))
    ));
}

#[test]
fn a_tangent_rule_that_disagrees_with_the_logits_is_refused() {
    let refused = |fault| penalized_by(PenaltyMethod::Exact, faulty(0.0, fault));
    let error = refused(Fault::Value);
    assert!(
        matches!(error, Some(PenaltyError::TangentRuleValue { .. })),
        "{error:?}"
    );
    for fault in [Fault::Bias, Fault::Activation, Fault::Order] {
        let error = refused(fault);
        assert!(
            matches!(error, Some(PenaltyError::TangentRuleSlope { .. })),
            "{fault:?}: {error:?}"
        );
    }
}

/// No disagreement where there is none: the networks of this crate, fresh, on noise and on images with flat areas.
#[test]
fn networks_of_this_crate_are_not_refused() {
    let images = |step| stream(step).normal([8, 1, 16, 16], &Device::flex()).tanh();
    let flat = || images(9).zeros_like() - 1.0;
    fn accepted<const D: usize>(discriminator: impl Discriminator<D>, samples: Tensor<D>) {
        Exact::new(&discriminator, samples.clone(), &()).unwrap();
        CentralDifference::new(&discriminator, 1e-3, samples, &()).unwrap();
    }
    for seed in 0..3 {
        let device = device();
        for samples in [images(seed), flat()] {
            let dcgan = DcganConfig::new(1, 16, 16)
                .with_filters(8)
                .with_discriminator_normalization(Normalization::None)
                .with_seed(seed);
            accepted(dcgan.init_discriminator(&device).unwrap(), samples.clone());
            for spectral_norm in [false, true] {
                let resnet = ResnetConfig::new(1, 16, 16)
                    .with_filters(8)
                    .with_spectral_norm(spectral_norm)
                    .with_seed(seed);
                accepted(resnet.init_discriminator(&device).unwrap(), samples.clone());
            }
            let r3gan = R3ganConfig::new(1, 16, 16).with_filters(8).with_seed(seed);
            accepted(r3gan.init_discriminator(&device).unwrap(), samples);
        }
        let mlp = MlpConfig::new(2)
            .with_hidden(vec![128, 128, 128])
            .with_seed(seed);
        accepted(
            mlp.init_discriminator(&device).unwrap(),
            plain(seed, [8, 2]),
        );
    }
}

/// Brings all weights to half precision.
struct Half;

impl burn::module::ModuleMapper for Half {
    fn map_float<const D: usize>(
        &mut self,
        param: burn::module::Param<Tensor<D>>,
    ) -> burn::module::Param<Tensor<D>> {
        param.map(|weight| {
            let half = weight.inner().cast(burn::tensor::FloatDType::BF16);
            half.autodiff().require_grad()
        })
    }
}

#[test]
fn half_precision_is_no_disagreement() {
    let half = |fault, step| {
        let samples = plain(step, [8, 2]).cast(burn::tensor::FloatDType::BF16);
        Exact::new(&faulty(0.0, fault).map(&mut Half), samples, &())
    };
    for step in 0..10 {
        half(Fault::None, step).unwrap();
        let error = half(Fault::Activation, step).unwrap_err();
        assert!(
            matches!(error, PenaltyError::TangentRuleSlope { .. }),
            "{error}"
        );
    }
}

#[test]
fn bad_values_are_refused() {
    let (generator, discriminator) = networks();
    let example = Batch::new(plain(1, [4, 2]));
    let refused = |config: GanTrainerConfig| {
        let error = config
            .init(generator.clone(), discriminator.clone(), &example)
            .err();
        assert!(matches!(error, Some(GanError::Config(ConfigError { .. }))));
    };
    refused(GanTrainerConfig::new().with_penalties(vec![Penalty::R1 { gamma: -1.0 }]));
    refused(GanTrainerConfig::new().with_penalties(vec![Penalty::Dragan { weight: f64::NAN }]));
    refused(penalized().with_penalty_interval(0));
    refused(penalized().with_penalty_method(PenaltyMethod::CentralDifference { step: 0.0 }));
    refused(penalized().with_penalty_schedule(burn_gan::Schedule::Constant(-1.0)));
}

#[test]
fn lazy_penalties_come_every_so_many_steps_and_as_much_stronger() {
    let step = |interval: usize, gamma: f64| {
        let config = GanTrainerConfig::new()
            .with_penalties(vec![Penalty::R1 { gamma }])
            .with_penalty_interval(interval);
        let mut trainer = trainer(config);
        let penalties: Vec<bool> = (0..4)
            .map(|seed| {
                let report = trainer.step(Batch::new(plain(seed, [4, 2]))).unwrap();
                report.penalty().is_some()
            })
            .collect();
        (penalties, parameters(trainer.discriminator()))
    };
    assert_eq!(step(1, 1.0).0, [true; 4]);
    assert_eq!(step(2, 1.0).0, [true, false, true, false]);
    // One step of interval 4 weighs as much as one of interval 1 with four times the weight.
    let first = |interval, gamma| {
        let config = GanTrainerConfig::new()
            .with_penalties(vec![Penalty::R1 { gamma }])
            .with_penalty_interval(interval);
        let mut trainer = trainer(config);
        trainer.step(Batch::new(plain(0, [4, 2]))).unwrap();
        parameters(trainer.discriminator())
    };
    for (path, lazy) in first(4, 1.0) {
        assert!(relative_error(&lazy, &first(1, 4.0)[&path]) < 1e-6);
    }
}

/// A penalty of the user's own.
#[derive(Debug)]
struct AtOrigin(usize);

impl GradientPenalty<2> for AtOrigin {
    fn points(&self, real: &Tensor<2>, _: &Tensor<2>, _: &mut Stream) -> Tensor<2> {
        real.zeros_like().narrow(0, 0, self.0)
    }
    fn cost(&self, gradient: Tensor<2>) -> Tensor<1> {
        gradient_norm(gradient) * 3.0
    }
}

#[test]
fn a_penalty_of_ones_own_trains() {
    let config = || GanTrainerConfig::new().with_learning_rates(1e-2);
    let batch = || Batch::new(plain(1, [4, 2]));
    let slope_after_training = |mut trainer: GanTrainer<2, _, MlpDiscriminator>| {
        for _ in 0..200 {
            trainer.step(batch()).unwrap();
        }
        let origin = Tensor::<2>::zeros([1, 2], &trainer.device()).require_grad();
        let logits = trainer.discriminator().logits(origin.clone(), &());
        let gradient = origin.grad(&logits.sum().backward()).unwrap();
        values(gradient).iter().map(|x| x * x).sum::<f64>().sqrt()
    };
    let with = slope_after_training(trainer(config()).with_penalty(AtOrigin(4)).unwrap());
    let without = slope_after_training(trainer(config()));
    assert!(with < without / 10.0, "{with} with it, {without} without");

    // Points that are not one a sample are an error, and the trainer is as it was.
    let mut wrong = trainer(GanTrainerConfig::new())
        .with_penalty(AtOrigin(3))
        .unwrap();
    let before = parameters(wrong.discriminator());
    let error = wrong.step(batch()).err().unwrap();
    assert!(
        matches!(error, GanError::Shape(ShapeError { .. })),
        "{error}"
    );
    assert_eq!(wrong.steps(), 0);
    assert_eq!(parameters(wrong.discriminator()), before);
}

/// Conditioned on labels: a slope of its own for each.
#[derive(Module, Debug)]
struct Labelled {
    slopes: burn::module::Param<Tensor<2>>,
}

#[derive(Module, Debug)]
struct LabelledGenerator {
    layer: nn::Linear,
}

impl Generator<2, Tensor<1, Int>> for LabelledGenerator {
    fn latent_size(&self) -> usize {
        2
    }
    fn generate(&self, latent: Tensor<2>, _: &Tensor<1, Int>) -> Tensor<2> {
        self.layer.forward(latent)
    }
}

impl Discriminator<2, Tensor<1, Int>> for Labelled {
    fn logits(&self, samples: Tensor<2>, labels: &Tensor<1, Int>) -> Tensor<1> {
        self.logits_dual(Dual::constant(samples), labels).value
    }
    fn tangent_rule(&self) -> Option<TangentRule<Self, 2, Tensor<1, Int>>> {
        Some(Self::logits_dual)
    }
}

impl DualDiscriminator<2, Tensor<1, Int>> for Labelled {
    fn logits_dual(&self, samples: Dual<2>, labels: &Tensor<1, Int>) -> Dual<1> {
        samples.weighted(self.slopes.val().select(0, labels.clone()), |x, slopes| {
            (x * slopes).sum_dim(1).squeeze_dim(1)
        })
    }
}

#[test]
fn conditions_stay_with_their_samples() {
    let slopes = Tensor::<2>::from_floats([[1.0, 0.0], [0.0, 3.0]], &device());
    let discriminator = Labelled {
        slopes: burn::module::Param::from_tensor(slopes),
    };
    let generator = LabelledGenerator {
        layer: nn::LinearConfig::new(2, 2).init(&device()),
    };
    let labels = Tensor::<1, Int>::from_ints([0, 0, 1], &Device::flex());
    let batch = Batch::with_condition(plain(1, [3, 2]), labels).unwrap();
    let mut trainer = GanTrainerConfig::new()
        .with_penalties(vec![Penalty::R1 { gamma: 2.0 }, Penalty::R2 { gamma: 2.0 }])
        .init(generator, discriminator, &batch)
        .unwrap();
    let values = trainer.step(batch).unwrap().read().unwrap();
    // Two samples of squared slope 1, one of 9, real and generated.
    assert!((values.penalty.unwrap() - 2.0 * 11.0 / 3.0).abs() < 1e-5);
}

#[test]
fn a_penalised_run_repeats_to_the_bit() {
    let run = || {
        let config = GanTrainerConfig::wgan_gp().with_seed(7);
        let mut trainer = trainer(config);
        for step in 0..6 {
            trainer.step(Batch::new(plain(step, [4, 2]))).unwrap();
        }
        parameters(trainer.discriminator())
    };
    assert_eq!(run(), run());
}
