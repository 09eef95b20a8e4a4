//! The three distributions of a conditional GAN, with densities that are known: P(x|y), P(x, y), P(y|x).

use burn::tensor::{Device, Tensor};
use burn_gan::data::{ClassFrequencies, DataError, Source};
use burn_gan::ema::EmaConfig;
use burn_gan::loss::{Loss, RelativisticPaired};
use burn_gan::model::{DiscriminatorCondition, MlpConfig, MlpDiscriminator, MlpGenerator};
use burn_gan::nn::class_labels;
use burn_gan::objective::{Adversarial, AuxiliaryClassifier};
use burn_gan::penalty::Penalty;
use burn_gan::random::{Purpose, Stream};
use burn_gan::run::Fit;
use burn_gan::trainer::{GanTrainer, GanTrainerConfig};
use burn_gan::{AdversarialTrainer, Batch, Discriminator, Labels};

use crate::common::values;

const CLASSES: usize = 3;
/// P(y).
const PRIORS: [f64; CLASSES] = [0.5, 0.3, 0.2];
/// P(x|y) is normal with this mean and standard deviation.
const NORMALS: [(f64, f64); CLASSES] = [(-1.0, 0.6), (0.6, 0.4), (1.6, 0.5)];
const BATCH: usize = 128;

fn density(class: usize, x: f64) -> f64 {
    let (mean, deviation) = NORMALS[class];
    let z = (x - mean) / deviation;
    (-0.5 * z * z).exp() / (deviation * (2.0 * std::f64::consts::PI).sqrt())
}

/// P(y|x) = P(x|y) P(y) / P(x).
fn posterior(x: f64) -> [f64; CLASSES] {
    let joint = [0, 1, 2].map(|class| PRIORS[class] * density(class, x));
    let sum: f64 = joint.iter().sum();
    joint.map(|joint| joint / sum)
}

/// The mean entropy of P(y|x) over samples: how uncertain their classes are.
fn uncertainty(samples: &[f64]) -> f64 {
    let entropy = |x: &f64| -> f64 {
        let terms = posterior(*x).map(|p| if p > 0.0 { -p * p.ln() } else { 0.0 });
        terms.iter().sum()
    };
    samples.iter().map(entropy).sum::<f64>() / samples.len() as f64
}

/// Exact samples of these classes.
fn exact(labels: &[usize], stream: &mut Stream) -> Vec<f64> {
    let noise = stream.normal_values(labels.len());
    let pairs = labels.iter().zip(noise);
    pairs
        .map(|(&class, noise)| NORMALS[class].0 + NORMALS[class].1 * f64::from(noise))
        .collect()
}

fn frequencies() -> ClassFrequencies {
    ClassFrequencies::new(PRIORS.map(|prior| (prior * 1000.0) as usize).to_vec()).unwrap()
}

fn numbers(labels: &Labels) -> Vec<usize> {
    values(labels.clone().float())
        .iter()
        .map(|label| *label as usize)
        .collect()
}

/// Labels of the data's frequencies, and a sample under each.
struct Joint;

impl Source<2, Labels> for Joint {
    fn batch(&mut self, step: usize, device: &Device) -> Result<Batch<2, Labels>, DataError> {
        let labels = frequencies().draw(BATCH, 1000 + step as u64, device);
        let samples = exact(
            &numbers(&labels),
            &mut Stream::new(7, Purpose::Data, step as u64),
        );
        let samples: Vec<f32> = samples.into_iter().map(|x| x as f32).collect();
        let samples = Tensor::<1>::from_floats(samples.as_slice(), device).unsqueeze_dim(1);
        Ok(Batch::with_condition(samples, labels)?)
    }
}

type Trainer = GanTrainer<2, MlpGenerator, MlpDiscriminator, Labels>;

fn trained(condition: DiscriminatorCondition, steps: usize) -> Trainer {
    let device = Device::flex().autodiff();
    let networks = MlpConfig::new(1)
        .with_latent_size(4)
        .with_hidden(vec![64, 64])
        .with_classes(Some(CLASSES))
        .with_discriminator_condition(condition)
        .with_seed(11);
    let penalties = vec![Penalty::R1 { gamma: 0.1 }, Penalty::R2 { gamma: 0.1 }];
    let trainer: Trainer = GanTrainerConfig::new()
        .with_loss(Loss::RelativisticPaired)
        .with_penalties(penalties)
        .with_learning_rates(1e-3)
        .with_ema(Some(EmaConfig::new().with_decay(0.995)))
        .with_seed(11)
        .init(
            networks.init_generator(&device).unwrap(),
            networks.init_discriminator(&device).unwrap(),
            &Joint.batch(0, &device).unwrap(),
        )
        .unwrap();
    let mut trainer = match condition {
        DiscriminatorCondition::AuxiliaryClassifier => {
            trainer.with_objective(Adversarial(RelativisticPaired) + AuxiliaryClassifier)
        }
        _ => trainer,
    };
    trainer.fit(&mut Joint).until(steps).run().unwrap();
    trainer
}

/// The mean distance between the sorted values: Wasserstein's, of two sets of the same size.
fn wasserstein(mut one: Vec<f64>, mut two: Vec<f64>) -> f64 {
    one.sort_by(f64::total_cmp);
    two.sort_by(f64::total_cmp);
    let distances = one.iter().zip(&two).map(|(a, b)| (a - b).abs());
    distances.sum::<f64>() / one.len() as f64
}

const BINS: usize = 20;

/// The share of each class and bin of [-3, 3].
fn histogram(labels: &[usize], samples: &[f64]) -> Vec<f64> {
    let mut shares = vec![0.0; CLASSES * BINS];
    for (class, x) in labels.iter().zip(samples) {
        let bin = ((x + 3.0) / 6.0 * BINS as f64).clamp(0.0, BINS as f64 - 1.0) as usize;
        shares[class * BINS + bin] += 1.0 / labels.len() as f64;
    }
    shares
}

/// What a histogram of very many exact samples is.
fn true_histogram() -> Vec<f64> {
    let width = 6.0 / BINS as f64;
    let mut shares = vec![0.0; CLASSES * BINS];
    for class in 0..CLASSES {
        // What lies beyond is in the outer bins.
        for step in -4000..4000 {
            let x = (f64::from(step) + 0.5) / 1000.0;
            let bin = ((x + 3.0) / width).clamp(0.0, BINS as f64 - 1.0) as usize;
            shares[class * BINS + bin] += PRIORS[class] * density(class, x) / 1000.0;
        }
    }
    shares
}

fn total_variation(one: &[f64], two: &[f64]) -> f64 {
    0.5 * one.iter().zip(two).map(|(a, b)| (a - b).abs()).sum::<f64>()
}

#[test]
fn samples_under_a_label_are_those_of_its_class_and_pairs_those_of_the_joint() {
    let trainer = trained(DiscriminatorCondition::Projection, 4000);
    const COUNT: usize = 4000;
    let device = Device::flex();
    for class in 0..CLASSES {
        let labels = [class; COUNT];
        let condition = class_labels(&labels, CLASSES, &device).unwrap();
        let generated = values(trainer.sample(COUNT, 1, &condition).unwrap());
        let real = exact(&labels, &mut Stream::new(8, Purpose::Data, 0));
        let distance = wasserstein(generated, real);
        println!("class {class}: Wasserstein distance {distance:.3}");
        // The distance of two neighbouring classes is above 1.
        assert!(distance < 0.1, "class {class}: {distance}");
    }

    let condition = frequencies().draw(COUNT, 1, &device);
    let labels = numbers(&condition);
    let generated = values(trainer.sample(COUNT, 1, &condition).unwrap());
    let real = exact(&labels, &mut Stream::new(9, Purpose::Data, 0));
    let [of_generated, of_real] = [&generated, &real].map(|samples| uncertainty(samples));
    println!("uncertainty {of_generated:.3}, of exact samples {of_real:.3}");
    assert!((of_generated / of_real - 1.0).abs() < 0.1);
    let [of_generated, of_real] = [generated, real]
        .map(|samples| total_variation(&histogram(&labels, &samples), &true_histogram()));
    println!("total variation {of_generated:.3}, of exact samples {of_real:.3}");
    assert!(of_generated < of_real + 0.05, "{of_generated} {of_real}");
}

#[test]
fn an_auxiliary_classifier_finds_the_posterior_and_makes_samples_too_certain() {
    let trainer = trained(DiscriminatorCondition::AuxiliaryClassifier, 4000);
    const COUNT: usize = 2000;
    let device = Device::flex();
    let labels = frequencies().draw(COUNT, 2, &device);
    let samples = exact(&numbers(&labels), &mut Stream::new(10, Purpose::Data, 0));
    let inputs: Vec<f32> = samples.iter().map(|x| *x as f32).collect();
    let inputs = Tensor::<1>::from_floats(inputs.as_slice(), &device).unsqueeze_dim(1);
    let discriminator = burn::module::Module::valid(trainer.discriminator());
    let logits = discriminator.outputs(inputs, &labels).auxiliary.unwrap();
    let found = values(burn::tensor::activation::softmax(logits, 1));
    let errors = samples
        .iter()
        .zip(found.chunks(CLASSES))
        .flat_map(|(x, found)| {
            let exact = posterior(*x);
            found
                .iter()
                .zip(exact)
                .map(|(found, exact)| (found - exact).abs())
                .collect::<Vec<_>>()
        });
    let error = errors.sum::<f64>() / (COUNT * CLASSES) as f64;
    println!("mean absolute error of P(y|x): {error:.4}");
    assert!(error < 0.03, "{error}");

    // The bias of AC-GAN: fewer samples that could be of several classes than the data has.
    let generated = values(trainer.sample(COUNT, 2, &labels).unwrap());
    let [of_generated, of_real] = [&generated, &samples].map(|samples| uncertainty(samples));
    println!("uncertainty {of_generated:.3}, of exact samples {of_real:.3}");
    assert!(of_generated < 0.9 * of_real);
}
