//! Consistency regularisation: what the terms are, with networks whose logits are known.

use burn::tensor::{Device, Tensor};
use burn_gan::augment::{AdaConfig, Augmentation, DiffAugmentConfig, Strength};
use burn_gan::loss::NonSaturating;
use burn_gan::model::{DcganConfig, DcganGenerator, Normalization};
use burn_gan::nn::LinearConfig;
use burn_gan::objective::{Adversarial, Consistency};
use burn_gan::random::{Purpose, Stream};
use burn_gan::trainer::{GanTrainer, GanTrainerConfig};
use burn_gan::{AdversarialTrainer, Batch, Dual, Generator, Schedule};

use crate::augment::Product;
use crate::common::{parameters, stream, values};

const COUNT: usize = 5;
const SEED: u64 = 3;

fn cutout() -> DiffAugmentConfig {
    DiffAugmentConfig::new()
        .with_color(false)
        .with_translation(0.0)
}

fn moved() -> DiffAugmentConfig {
    DiffAugmentConfig::new().with_color(false).with_cutout(0.0)
}

fn real() -> Tensor<4> {
    let noise: Tensor<4> = stream(1).normal([COUNT, 1, 8, 8], &Device::flex());
    noise.tanh()
}

fn trainer(config: &GanTrainerConfig) -> GanTrainer<4, DcganGenerator, Product> {
    let device = Device::flex().autodiff();
    let generator = DcganConfig::new(1, 8, 8)
        .with_filters(4)
        .with_latent_size(6)
        .with_generator_normalization(Normalization::None)
        .init_generator(&device)
        .unwrap();
    let discriminator = Product {
        linear: LinearConfig::new(64, 1)
            .init(&mut stream(5), &device)
            .unwrap(),
    };
    config
        .clone()
        .with_seed(SEED)
        .init(generator, discriminator, &Batch::new(real()))
        .unwrap()
}

fn config() -> GanTrainerConfig {
    crate::accumulation::plain(GanTrainerConfig::new())
}

/// The mean squared product of the weights with what a change does to the images.
fn distance(
    config: &DiffAugmentConfig,
    images: &Tensor<4>,
    weights: &[f64],
    random: &mut Stream,
) -> f64 {
    let change = config.draw(images.dims(), random, &Device::flex());
    let changed = change.apply(Dual::constant(images.clone())).value;
    let squares = values(images.clone() - changed)
        .chunks(64)
        .map(|row| {
            let products = row.iter().zip(weights).map(|(x, w)| x * w);
            products.sum::<f64>().powi(2)
        })
        .collect::<Vec<_>>();
    squares.iter().sum::<f64>() / squares.len() as f64
}

#[test]
fn a_term_is_the_squared_difference_that_the_changes_make() {
    let consistency = Consistency::balanced(Augmentation::DiffAugment(moved()))
        .unwrap()
        .with_weights(10.0, 3.0)
        .unwrap();
    // With an augmentation of the game, the changes come on top of it.
    for augmentation in [None, Some(cutout())] {
        let config =
            config().with_augmentation(augmentation.clone().map(Augmentation::DiffAugment));
        let mut trainer = trainer(&config)
            .with_objective(Adversarial(NonSaturating::default()) + consistency.clone());
        let weights = parameters(trainer.discriminator())["linear.weight"].clone();
        let latent = Stream::new(SEED, Purpose::Latent, 0).normal([COUNT, 6], &Device::flex());
        let generated = trainer.generator().generate(latent, &()).without_autodiff();
        let seen = |images: Tensor<4>, random: &mut Stream| match &augmentation {
            Some(cutout) => {
                let change = cutout.draw(images.dims(), random, &Device::flex());
                change.apply(Dual::constant(images)).value
            }
            None => images,
        };
        let mut random = Stream::new(SEED, Purpose::Augmentation, 0);
        let (real, generated) = (seen(real(), &mut random), seen(generated, &mut random));
        let mut random = Stream::new(SEED, Purpose::Objective, 0);
        let expected =
            [&real, &generated].map(|images| distance(&moved(), images, &weights, &mut random));

        let report = trainer
            .step(Batch::new(self::real()))
            .unwrap()
            .read()
            .unwrap();
        let term = |name: &str| f64::from(report.terms[name]);
        let found = [
            term("discriminator.consistency_real"),
            term("discriminator.consistency_generated"),
        ];
        for (found, expected) in found.into_iter().zip(expected) {
            assert!(
                (found - expected).abs() < 1e-3 * expected,
                "{found} {expected}"
            );
            assert!(expected > 0.0);
        }
        let whole = term("discriminator.adversarial") + 10.0 * found[0] + 3.0 * found[1];
        assert!((f64::from(report.loss_discriminator) - whole).abs() < 1e-4);
        assert!(
            report
                .terms
                .keys()
                .all(|name| !name.starts_with("generator."))
        );
    }
}

/// A step of gradient descent on the term alone brings the logits of images and changed images together.
#[test]
fn the_discriminator_learns_from_it() {
    let consistency = Consistency::of_real(Augmentation::DiffAugment(moved())).unwrap();
    let mut trainer =
        trainer(&config().with_discriminator_learning_rate(2e-3)).with_objective(consistency);
    let mut losses = Vec::new();
    for _ in 0..60 {
        let report = trainer.step(Batch::new(real())).unwrap().read().unwrap();
        losses.push(report.loss_discriminator);
    }
    let mean = |losses: &[f32]| losses.iter().sum::<f32>() / losses.len() as f32;
    assert!(
        mean(&losses[50..]) < 0.5 * mean(&losses[..10]),
        "{losses:?}"
    );
}

#[test]
fn changes_that_leave_an_image_cost_nothing() {
    let never = AdaConfig::new().with_strength(Strength::fixed(0.0));
    let consistency = Consistency::of_real(Augmentation::Ada(never)).unwrap();
    let mut trainer =
        trainer(&config()).with_objective(Adversarial(NonSaturating::default()) + consistency);
    let report = trainer.step(Batch::new(real())).unwrap().read().unwrap();
    assert_eq!(report.terms["discriminator.consistency_real"], 0.0);
    assert!(
        !report
            .terms
            .contains_key("discriminator.consistency_generated")
    );
}

#[test]
fn what_has_no_meaning_is_refused() {
    let adaptive = Augmentation::Ada(AdaConfig::new());
    let error = Consistency::of_real(adaptive).unwrap_err();
    assert!(error.to_string().contains("Strength::fixed"), "{error}");
    let schedule = Schedule::Linear {
        from: 0.0,
        to: 1.0,
        steps: 9,
    };
    let scheduled = AdaConfig::new().with_strength(Strength::Scheduled(schedule));
    assert!(Consistency::balanced(Augmentation::Ada(scheduled)).is_err());
    let wrong = Augmentation::DiffAugment(cutout().with_cutout(2.0));
    assert!(Consistency::of_real(wrong).is_err());
    let right = || Consistency::of_real(Augmentation::DiffAugment(cutout())).unwrap();
    for weights in [(-1.0, 0.0), (0.0, f64::NAN), (f64::INFINITY, 1.0)] {
        assert!(right().with_weights(weights.0, weights.1).is_err());
    }
}
