//! The losses: golden values, extreme logits, labels, configuration, and what the generator's half costs.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::common::{stream, values};
use burn::module::Module;
use burn::tensor::{Device, Tensor};
use burn_gan::loss::{AdversarialLoss, LabelledLoss, Loss};
use burn_gan::model::{MlpConfig, MlpDiscriminator};
use burn_gan::trainer::GanTrainerConfig;
use burn_gan::{AdversarialTrainer, Batch, Discriminator};
use serde::Deserialize;

const LABELLED: [(Loss, LabelledLoss); 3] = [
    (Loss::Minimax, LabelledLoss::Minimax),
    (Loss::NonSaturating, LabelledLoss::NonSaturating),
    (Loss::LeastSquares, LabelledLoss::LeastSquares),
];
const UNLABELLED: [Loss; 4] = [
    Loss::Hinge,
    Loss::Wasserstein,
    Loss::RelativisticPaired,
    Loss::RelativisticAverage,
];

/// Every loss with every label that it is tested with.
fn losses() -> Vec<(Loss, f64)> {
    let labelled = LABELLED
        .into_iter()
        .flat_map(|(loss, _)| [(loss, 1.0), (loss, 0.9)]);
    labelled
        .chain(UNLABELLED.into_iter().map(|loss| (loss, 1.0)))
        .collect()
}

/// A loss with another label of real samples; as it is for a label of 1.
fn smoothed(loss: Loss, real_label: f64) -> Loss {
    let labelled = LABELLED.into_iter().find(|(plain, _)| *plain == loss);
    match labelled {
        Some((_, loss)) if real_label != 1.0 => Loss::Smoothed { loss, real_label },
        _ => loss,
    }
}

fn build(loss: Loss, real_label: f64) -> Box<dyn AdversarialLoss> {
    smoothed(loss, real_label)
        .build()
        .expect("a label in range")
}

fn logits(values: &[f32]) -> Tensor<1> {
    Tensor::from_floats(values, &Device::flex())
}

/// One line of `tests/golden/losses.json`, which `losses.py` beside it writes.
#[derive(Deserialize)]
struct Golden {
    loss: Loss,
    real_label: f64,
    logits: String,
    real: Vec<f32>,
    fake: Vec<f32>,
    discriminator: Vec<f64>,
    generator: Vec<f64>,
}

#[test]
fn golden_values() {
    let cases: Vec<Golden> = serde_json::from_str(include_str!("../golden/losses.json")).unwrap();
    for (loss, real_label) in losses() {
        let found = cases
            .iter()
            .any(|case| case.loss == loss && case.real_label == real_label);
        assert!(found, "no golden value of {loss:?} with label {real_label}");
    }
    for case in cases {
        let loss = build(case.loss, case.real_label);
        let (real, fake) = (logits(&case.real), logits(&case.fake));
        let discriminator = loss.discriminator(real.clone(), fake.clone());
        let generator = loss.generator(fake, &|| real.clone());
        for (network, actual, expected) in [
            ("discriminator", discriminator, case.discriminator),
            ("generator", generator, case.generator),
        ] {
            let actual = values(actual);
            assert_eq!(actual.len(), expected.len());
            for (index, (actual, expected)) in actual.iter().zip(&expected).enumerate() {
                // Relative to each value alone: the smallest here is 4e-18.
                assert!(
                    (actual - expected).abs() <= 1e-6 * expected.abs(),
                    "{loss:?}, {network}, sample {index} of {:?}: {actual:e} against {expected:e}",
                    case.logits,
                );
            }
        }
    }
}

/// The values of a loss and the gradients of their sum in the real and the fake logits.
struct Slopes {
    values: Vec<f64>,
    real: Vec<f64>,
    fake: Vec<f64>,
}

fn slopes(
    real: &[f32],
    fake: &[f32],
    loss: impl FnOnce(Tensor<1>, Tensor<1>) -> Tensor<1>,
) -> Slopes {
    let device = Device::flex().autodiff();
    let leaf = |values: &[f32]| Tensor::<1>::from_floats(values, &device).require_grad();
    let (real, fake) = (leaf(real), leaf(fake));
    let loss = loss(real.clone(), fake.clone());
    let gradients = loss.clone().sum().backward();
    let gradient = |logits: Tensor<1>| match logits.grad(&gradients) {
        Some(gradient) => values(gradient),
        // The loss does not look at these logits.
        None => vec![0.0; logits.dims()[0]],
    };
    Slopes {
        values: values(loss),
        real: gradient(real),
        fake: gradient(fake),
    }
}

fn discriminator_slopes(loss: &dyn AdversarialLoss, real: &[f32], fake: &[f32]) -> Slopes {
    slopes(real, fake, |real, fake| loss.discriminator(real, fake))
}

fn generator_slopes(loss: &dyn AdversarialLoss, real: &[f32], fake: &[f32]) -> Slopes {
    slopes(real, fake, |real, fake| {
        loss.generator(fake, &|| real.clone())
    })
}

#[test]
fn extreme_logits_stay_finite() {
    const EXTREMES: [f32; 5] = [1e4, -1e4, 100.0, -100.0, 0.0];
    for (loss, real_label) in losses() {
        let loss = build(loss, real_label);
        for real in EXTREMES {
            for fake in EXTREMES {
                // One alone, and with others beside it: an average could be what overflows.
                for (real, fake) in [
                    (vec![real], vec![fake]),
                    (vec![real, 0.5], vec![fake, -0.5]),
                ] {
                    for found in [
                        discriminator_slopes(loss.as_ref(), &real, &fake),
                        generator_slopes(loss.as_ref(), &real, &fake),
                    ] {
                        let all = [found.values, found.real, found.fake].concat();
                        assert!(
                            all.iter().all(|value| value.is_finite()),
                            "{loss:?} of real {real:?} and fake {fake:?}: {all:?}"
                        );
                    }
                }
            }
        }
    }
}

#[test]
fn a_confident_error_is_heavily_punished() {
    for loss in [Loss::Minimax, Loss::NonSaturating] {
        let loss = build(loss, 1.0);
        // Sure that the generated sample is real.
        let fooled = discriminator_slopes(loss.as_ref(), &[1e4], &[1e4]);
        assert_eq!(fooled.values, [1e4]);
        assert_eq!((fooled.real[0], fooled.fake[0]), (0.0, 1.0));
        // Sure that the real sample is generated.
        let blind = discriminator_slopes(loss.as_ref(), &[-1e4], &[-1e4]);
        assert_eq!(blind.values, [1e4]);
        assert_eq!((blind.real[0], blind.fake[0]), (-1.0, 0.0));
    }
}

#[test]
fn a_smoothed_label_punishes_certainty() {
    for loss in [Loss::Minimax, Loss::NonSaturating] {
        // The cross-entropy of a label of 0.9 grows by 0.1 a logit on the right side too.
        let sure = discriminator_slopes(build(loss, 0.9).as_ref(), &[100.0, -100.0], &[-1e4, -1e4]);
        let [right, wrong] = sure.values[..] else {
            panic!("two samples, two values")
        };
        assert!((right - 10.0).abs() < 1e-5 && (wrong - 90.0).abs() < 1e-5);
        assert!((sure.real[0] - 0.1).abs() < 1e-6 && (sure.real[1] + 0.9).abs() < 1e-6);
    }
}

#[test]
fn the_minimax_generator_saturates() {
    let at = |loss, fake: f32| generator_slopes(build(loss, 1.0).as_ref(), &[0.0], &[fake]).fake[0];
    // The discriminator has seen through it: no gradient there, a full one here.
    assert_eq!(at(Loss::Minimax, -1e4), 0.0);
    assert_eq!(at(Loss::NonSaturating, -1e4), -1.0);
    // D(G(z)) = sigmoid(-10): the minimax gradient is -D(G(z)), the other one -(1 - D(G(z))).
    let probability = 1.0 / (1.0 + 10f64.exp());
    assert!((at(Loss::Minimax, -10.0) / -probability - 1.0).abs() < 1e-5);
    assert!((at(Loss::NonSaturating, -10.0) + 1.0 - probability).abs() < 1e-6);
    // Undecided, they are the same.
    assert_eq!(at(Loss::Minimax, 0.0), -0.5);
    assert_eq!(at(Loss::NonSaturating, 0.0), -0.5);
}

#[test]
fn labels_out_of_range_are_refused() {
    for (_, loss) in LABELLED {
        for real_label in [
            0.5,
            0.0,
            -1.0,
            1.0 + f64::EPSILON,
            2.0,
            f64::NAN,
            f64::INFINITY,
        ] {
            let error = Loss::Smoothed { loss, real_label }.build().unwrap_err();
            assert_eq!(
                (error.field, error.requirement),
                ("real_label", "must be in (1/2, 1]")
            );
        }
        for real_label in [0.5 + f64::EPSILON, 1.0] {
            assert!(Loss::Smoothed { loss, real_label }.build().is_ok());
        }
    }
}

#[test]
fn losses_go_through_serde() {
    for (loss, _) in losses() {
        let text = serde_json::to_string(&loss).unwrap();
        assert_eq!(text, format!("\"{loss:?}\""));
        assert_eq!(serde_json::from_str::<Loss>(&text).unwrap(), loss);
    }
    for (_, loss) in LABELLED {
        let loss = Loss::Smoothed {
            loss,
            real_label: 0.9,
        };
        let text = serde_json::to_string(&loss).unwrap();
        assert_eq!(serde_json::from_str::<Loss>(&text).unwrap(), loss);
    }
    assert!(serde_json::from_str::<Loss>("\"Quadratic\"").is_err());
    let unlabelled = r#"{"Smoothed":{"loss":"Hinge","real_label":0.9}}"#;
    assert!(serde_json::from_str::<Loss>(unlabelled).is_err());
}

#[test]
fn only_the_cross_entropies_have_log_odds() {
    for (loss, real_label) in losses() {
        let expected = matches!(loss, Loss::Minimax | Loss::NonSaturating);
        assert_eq!(
            build(loss, real_label).logits_are_log_odds(),
            expected,
            "{loss:?}"
        );
    }
}

/// A user's loss that looks at no real logits in the generator's half.
#[derive(Debug)]
struct Linear;

impl AdversarialLoss for Linear {
    fn discriminator(&self, real: Tensor<1>, fake: Tensor<1>) -> Tensor<1> {
        fake - real
    }
    fn generator(&self, fake: Tensor<1>, _real: &dyn Fn() -> Tensor<1>) -> Tensor<1> {
        -fake
    }
}

#[test]
fn only_relativistic_generators_ask_for_real_logits() {
    let asked = |loss: &dyn AdversarialLoss| {
        let calls = AtomicUsize::new(0);
        loss.generator(logits(&[1.0, 2.0]), &|| {
            calls.fetch_add(1, Ordering::Relaxed);
            logits(&[0.5, -1.0])
        });
        calls.into_inner()
    };
    assert_eq!(asked(&Linear), 0);
    for (loss, real_label) in losses() {
        let relativistic = matches!(loss, Loss::RelativisticPaired | Loss::RelativisticAverage);
        let expected = usize::from(relativistic);
        assert_eq!(
            asked(build(loss, real_label).as_ref()),
            expected,
            "{loss:?}"
        );
    }
}

/// A discriminator that counts its forward passes.
#[derive(Module, Debug)]
struct Counting {
    network: MlpDiscriminator,
    #[module(skip)]
    passes: Arc<AtomicUsize>,
}

impl Discriminator<2> for Counting {
    fn logits(&self, samples: Tensor<2>, condition: &()) -> Tensor<1> {
        self.passes.fetch_add(1, Ordering::Relaxed);
        self.network.logits(samples, condition)
    }
}

#[test]
fn a_step_runs_the_discriminator_on_real_samples_twice_only_where_the_loss_asks() {
    let device = Device::flex().autodiff();
    let networks = MlpConfig::new(2).with_hidden(vec![4]);
    let batch = Batch::new(stream(1).normal([3, 2], &device));
    let passes_of_a_step = |loss: Option<Loss>| {
        let passes = Arc::new(AtomicUsize::new(0));
        let discriminator = Counting {
            network: networks.init_discriminator(&device).unwrap(),
            passes: passes.clone(),
        };
        let generator = networks.init_generator(&device).unwrap();
        let config = GanTrainerConfig::new().with_loss(loss.unwrap_or_default());
        let mut trainer = config.init(generator, discriminator, &batch).unwrap();
        if loss.is_none() {
            trainer = trainer.with_loss(Linear);
        }
        let before = passes.load(Ordering::Relaxed);
        trainer.step(batch.clone()).unwrap();
        passes.load(Ordering::Relaxed) - before
    };
    // Real and generated samples in the discriminator's half, generated ones again in the generator's.
    assert_eq!(passes_of_a_step(None), 3);
    assert_eq!(passes_of_a_step(Some(Loss::NonSaturating)), 3);
    assert_eq!(passes_of_a_step(Some(Loss::RelativisticPaired)), 4);
}
