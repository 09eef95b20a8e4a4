//! Objectives: each term is its formula, and a trainer does with a sum of them what it does with a loss.

use std::cell::RefCell;
use std::path::Path;

use burn::tensor::{Device, Tensor};
use burn_gan::data::{Memory, ShuffleConfig, Source};
use burn_gan::loss::{NonSaturating, RelativisticPaired};
use burn_gan::model::{
    CodedGenerator, Codes, DiscriminatorCondition, MlpConfig, MlpDiscriminator, MlpGenerator,
};
use burn_gan::objective::{
    Adversarial, AuxiliaryClassifier, CodeReconstruction, FeatureMatching, L1, Networks, Objective,
    ObjectiveError, RealClassifier, Round, Terms, Weighted,
};
use burn_gan::observe::{History, read_history};
use burn_gan::penalty::Penalty;
use burn_gan::random::{Purpose, Stream};
use burn_gan::run::{CheckpointConfig, Fit};
use burn_gan::trainer::{GanTrainer, GanTrainerConfig};
use burn_gan::{AdversarialTrainer, Batch, Discriminator, GanError, Generator, Labels};

use crate::common::{assert_close, parameters, relative_error, stream, values};

const CLASSES: usize = 3;

fn device() -> Device {
    Device::flex().autodiff()
}

fn networks() -> MlpConfig {
    MlpConfig::new(2)
        .with_latent_size(6)
        .with_hidden(vec![16, 16])
        .with_classes(Some(CLASSES))
        .with_discriminator_condition(DiscriminatorCondition::AuxiliaryClassifier)
}

fn labelled(count: usize) -> Batch<2, Labels> {
    let samples = stream(0).normal([count, 2], &Device::flex());
    let labels: Vec<i64> = (0..count).map(|index| (index % CLASSES) as i64).collect();
    let labels = Tensor::from_ints(labels.as_slice(), &Device::flex());
    Batch::with_condition(samples, labels).unwrap()
}

type Conditional = GanTrainer<2, MlpGenerator, MlpDiscriminator, Labels>;

fn trainer(config: &GanTrainerConfig, batch: &Batch<2, Labels>) -> Conditional {
    config
        .init(
            networks().init_generator(&device()).unwrap(),
            networks().init_discriminator(&device()).unwrap(),
            batch,
        )
        .unwrap()
}

/// Draws a point a sample, and wants the generated sample near it.
#[derive(Debug)]
struct NearRandom;

impl<G: Generator<2, Labels>, N: Discriminator<2, Labels>> Objective<2, G, N, Labels>
    for NearRandom
{
    fn generator(&self, round: &Round<2, G, N, Labels>) -> Result<Terms, GanError> {
        let shape = round.generated.dims();
        let device = round.generated.device();
        let points: Tensor<2> = round.draw(|stream| stream.normal(shape, &device));
        let squares = (round.generated.clone() - points).square();
        Ok(Terms::of("near_random", squares.sum_dim(1).squeeze_dim(1)))
    }
}

#[test]
fn each_term_is_its_formula() {
    let (generator, discriminator) = (
        networks().init_generator(&device()).unwrap(),
        networks().init_discriminator(&device()).unwrap(),
    );
    let Batch {
        samples: real,
        condition: labels,
    } = labelled(7);
    let latent = stream(1).normal([7, 6], &Device::flex());
    let generated = generator.generate(latent.clone(), &labels);
    let random = RefCell::new(Stream::new(0, Purpose::Objective, 0));
    let both = Networks {
        generator: &generator,
        discriminator: &discriminator,
    };
    let round = Round::new(
        both,
        real.clone(),
        generated.clone(),
        latent,
        labels.clone(),
        &random,
    );
    let term = |terms: Terms, name: &str| {
        let found = terms
            .iter()
            .find(|term| term.name == name)
            .map(|term| term.loss.clone());
        values(found.unwrap_or_else(|| panic!("no term {name}")))[0]
    };

    let of_real = discriminator.outputs(real.clone(), &labels);
    let of_generated = discriminator.outputs(generated.clone(), &labels);
    let classes = values(labels.clone().float());
    let cross_entropy = |logits: Tensor<2>| {
        let rows = values(logits);
        let losses = rows.chunks(CLASSES).zip(&classes).map(|(row, class)| {
            let sum: f64 = row.iter().map(|logit| logit.exp()).sum();
            sum.ln() - row[*class as usize]
        });
        losses.sum::<f64>() / 7.0
    };
    let close = |actual: f64, expected: f64| {
        assert!((actual - expected).abs() < 1e-5, "{actual} {expected}")
    };
    let terms = AuxiliaryClassifier.discriminator(&round).unwrap();
    close(
        term(terms.clone(), "classes_real"),
        cross_entropy(of_real.auxiliary.clone().unwrap()),
    );
    let expected = cross_entropy(of_generated.auxiliary.clone().unwrap());
    close(term(terms, "classes_generated"), expected);
    close(
        term(
            AuxiliaryClassifier.generator(&round).unwrap(),
            "classes_generated",
        ),
        expected,
    );
    let terms = RealClassifier.discriminator(&round).unwrap();
    let names: Vec<_> = terms.iter().map(|term| term.name.as_ref()).collect();
    assert_eq!(names, ["classes_real"]);
    close(
        term(terms, "classes_real"),
        cross_entropy(of_real.auxiliary.clone().unwrap()),
    );
    close(
        term(
            RealClassifier.generator(&round).unwrap(),
            "classes_generated",
        ),
        expected,
    );

    let (real, generated) = (values(real), values(generated));
    let l1 = real
        .iter()
        .zip(&generated)
        .map(|(a, b)| (a - b).abs())
        .sum::<f64>()
        / 14.0;
    close(term(L1.generator(&round).unwrap(), "l1"), l1);

    let mean = |features: Tensor<2>| values(features.mean_dim(0));
    let (a, b) = (
        mean(of_real.features.unwrap()),
        mean(of_generated.features.unwrap()),
    );
    assert_eq!(a.len(), 16);
    let distance: f64 = a.iter().zip(&b).map(|(a, b)| (a - b).powi(2)).sum();
    close(
        term(
            FeatureMatching.generator(&round).unwrap(),
            "feature_matching",
        ),
        distance,
    );

    let softplus = |x: f64| x.exp().ln_1p();
    let adversarial = Adversarial(NonSaturating::default());
    let (real, fake) = (values(of_real.logits), values(of_generated.logits));
    let expected = real
        .iter()
        .map(|x| softplus(-x))
        .chain(fake.iter().map(|x| softplus(*x)));
    close(
        term(adversarial.discriminator(&round).unwrap(), "adversarial"),
        expected.sum::<f64>() / 7.0,
    );
    let expected = fake.iter().map(|x| softplus(-x)).sum::<f64>() / 7.0;
    close(
        term(adversarial.generator(&round).unwrap(), "adversarial"),
        expected,
    );
}

#[test]
fn codes_are_read_from_the_latent_vectors_that_the_generator_was_given() {
    let codes = Codes::new(4, 2);
    let networks = MlpConfig::new(2).with_latent_size(9).with_hidden(vec![8]);
    let generator = CodedGenerator::new(networks.init_generator(&device()).unwrap(), codes);
    let discriminator = networks.with_auxiliary_outputs(Some(codes.width()));
    let discriminator = discriminator.init_discriminator(&device()).unwrap();
    let latent = stream(2).normal([5, 9], &Device::flex());
    let generated = Generator::<2>::generate(&generator, latent.clone(), &());
    // The generator sees the categorical code as a 1 among zeros.
    let again = Generator::<2>::generate(&generator, codes.apply(latent.clone()), &());
    assert_close(again, generated.clone(), 0.0);

    let random = RefCell::new(Stream::new(0, Purpose::Objective, 0));
    let both = Networks {
        generator: &generator,
        discriminator: &discriminator,
    };
    let real = generated.clone();
    let round = Round::new(both, real, generated.clone(), latent.clone(), (), &random);
    let terms = CodeReconstruction::new(codes).generator(&round).unwrap();
    let found: Vec<(&str, f64)> = terms
        .iter()
        .map(|term| (term.name.as_ref(), values(term.loss.clone())[0]))
        .collect();

    let estimates = values(discriminator.outputs(generated, &()).auxiliary.unwrap());
    let (mut categorical, mut continuous) = (0.0, 0.0);
    for (latent, estimate) in values(latent).chunks(9).zip(estimates.chunks(6)) {
        let category = (0..4)
            .max_by(|a, b| latent[*a].total_cmp(&latent[*b]))
            .unwrap();
        let sum: f64 = estimate[..4].iter().map(|logit| logit.exp()).sum();
        categorical += (sum.ln() - estimate[category]) / 5.0;
        let errors = latent[4..6].iter().zip(&estimate[4..]);
        continuous += errors.map(|(a, b)| (a - b).powi(2) / 2.0).sum::<f64>() / 5.0;
    }
    assert_eq!(found[0].0, "categorical_code");
    assert!(
        (found[0].1 - categorical).abs() < 1e-5,
        "{found:?} {categorical}"
    );
    assert_eq!(found[1].0, "continuous_code");
    assert!(
        (found[1].1 - continuous).abs() < 1e-5,
        "{found:?} {continuous}"
    );
    let total = values(terms.total().unwrap())[0];
    assert!((total - categorical - 0.1 * continuous).abs() < 1e-5);

    let chosen = codes
        .with_category(stream(3).normal([6, 9], &Device::flex()), 2)
        .unwrap();
    let category = codes.category(codes.apply(chosen));
    assert_eq!(values(category.float()), [2.0; 6]);
}

#[test]
fn a_category_stays_chosen_whatever_the_noise_is() {
    let codes = Codes::new(5, 0);
    let latent = stream(4).normal([500, 7], &Device::flex());
    for category in 0..5 {
        let chosen = codes.with_category(latent.clone(), category).unwrap();
        assert_eq!(
            values(codes.category(chosen).float()),
            [category as f64; 500]
        );
    }
    assert!(codes.with_category(latent, 5).is_err());
}

#[test]
fn terms_are_reported_by_name_and_add_up_to_the_loss() {
    let batch = labelled(8);
    let objective = Adversarial(RelativisticPaired) + AuxiliaryClassifier * 0.5 + L1 * 10.0;
    let mut trainer = trainer(&GanTrainerConfig::new(), &batch).with_objective(objective);
    let report = trainer.step(batch).unwrap().read().unwrap();
    let term = |name: &str| report.terms[name];
    let names: Vec<&str> = report.terms.keys().map(String::as_str).collect();
    let expected = [
        "discriminator.adversarial",
        "discriminator.classes_generated",
        "discriminator.classes_real",
        "generator.adversarial",
        "generator.classes_generated",
        "generator.l1",
    ];
    assert_eq!(names, expected);
    let sum = term("discriminator.adversarial")
        + 0.5 * (term("discriminator.classes_generated") + term("discriminator.classes_real"));
    assert!((report.loss_discriminator - sum).abs() < 1e-5);
    let sum = term("generator.adversarial")
        + 0.5 * term("generator.classes_generated")
        + 10.0 * term("generator.l1");
    assert!((report.loss_generator.unwrap() - sum).abs() < 1e-4);
}

#[test]
fn a_step_in_parts_is_the_step_of_the_whole_batch() {
    let batch = labelled(10);
    let step = |parts| {
        let config = GanTrainerConfig::new()
            .with_penalties(vec![Penalty::R1 { gamma: 0.5 }])
            .with_generator_optimizer(burn_gan::trainer::OptimizerConfig::Sgd(
                burn::optim::SgdConfig::new(),
            ))
            .with_discriminator_optimizer(burn_gan::trainer::OptimizerConfig::Sgd(
                burn::optim::SgdConfig::new(),
            ))
            .with_learning_rates(0.05)
            .with_micro_batches(parts);
        let objective =
            Adversarial(RelativisticPaired) + AuxiliaryClassifier + Weighted(NearRandom, 0.3);
        let mut trainer = trainer(&config, &batch).with_objective(objective);
        let report = trainer.step(batch.clone()).unwrap().read().unwrap();
        (
            report,
            parameters(trainer.generator()),
            parameters(trainer.discriminator()),
        )
    };
    let whole = step(1);
    let parts = step(3);
    for (name, value) in &whole.0.terms {
        let other = parts.0.terms[name];
        assert!(
            (value - other).abs() < 1e-5 * value.abs().max(1.0),
            "{name}: {value} {other}"
        );
    }
    for (whole, parts) in [(&whole.1, &parts.1), (&whole.2, &parts.2)] {
        for (path, weights) in whole {
            let error = relative_error(&parts[path], weights);
            assert!(error < 1e-5, "{path}: {error:e}");
        }
    }
}

#[test]
fn a_run_that_is_resumed_has_the_same_bits() {
    let data = labelled(24);
    let run = |folder: &Path, steps| {
        let memory = Memory::with_condition(data.samples.clone(), data.condition.clone()).unwrap();
        let mut source = ShuffleConfig::new(8).init(memory).unwrap();
        let first = source.batch(0, &device()).unwrap();
        let objective =
            Adversarial(RelativisticPaired) + AuxiliaryClassifier + Weighted(NearRandom, 0.3);
        let config = GanTrainerConfig::new().with_critic_steps(2);
        let mut trainer = trainer(&config, &first).with_objective(objective);
        let outcome = trainer
            .fit(&mut source)
            .until(steps)
            .observe(History::csv(folder.join("history.csv"), 1))
            .observe(History::json_lines(folder.join("history.jsonl"), 1))
            .checkpoints(CheckpointConfig::new(folder.join("run")).with_every(4))
            .resume(folder.join("run"))
            .run()
            .unwrap();
        let rows = read_history(folder.join("history.csv")).unwrap();
        assert_eq!(rows, read_history(folder.join("history.jsonl")).unwrap());
        (
            outcome.resumed,
            rows,
            parameters(trainer.generator()),
            parameters(trainer.discriminator()),
        )
    };
    let (whole, parted) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let expected = run(whole.path(), 12);
    assert_eq!(run(parted.path(), 7).0, None);
    let resumed = run(parted.path(), 12);
    assert_eq!(resumed.0, Some(7));
    assert_eq!(
        (&resumed.1, &resumed.2, &resumed.3),
        (&expected.1, &expected.2, &expected.3)
    );

    // Of a step that only the discriminator took there are only its terms.
    assert_eq!(expected.1.len(), 12);
    for row in &expected.1 {
        let of_generator = row.terms.keys().any(|name| name.starts_with("generator."));
        assert_eq!(of_generator, row.step % 2 == 1, "{row:?}");
        assert!(row.terms.contains_key("discriminator.classes_real"));
    }
    let text = std::fs::read_to_string(whole.path().join("history.csv")).unwrap();
    let header = text.lines().next().unwrap();
    assert!(
        header.starts_with("step,")
            && header.ends_with("generator.classes_generated,generator.near_random"),
        "{header}"
    );
}

#[test]
fn a_run_does_not_go_on_with_another_objective() {
    let folder = tempfile::tempdir().unwrap();
    let data = labelled(16);
    let run = |weight: f64| {
        let memory = Memory::with_condition(data.samples.clone(), data.condition.clone()).unwrap();
        let mut source = ShuffleConfig::new(8).init(memory).unwrap();
        let first = source.batch(0, &device()).unwrap();
        let objective = Adversarial(RelativisticPaired) + AuxiliaryClassifier * weight;
        let mut trainer = trainer(&GanTrainerConfig::new(), &first).with_objective(objective);
        let run = trainer.fit(&mut source).until(2).resume(folder.path());
        run.run()
    };
    run(1.0).unwrap();
    run(1.0).unwrap();
    let error = run(0.5).unwrap_err().to_string();
    assert!(error.contains("loss"), "{error}");
}

#[test]
fn a_player_without_terms_learns_nothing() {
    let batch = labelled(8);
    let mut trainer = trainer(&GanTrainerConfig::new(), &batch).with_objective(L1);
    let before = (
        parameters(trainer.generator()),
        parameters(trainer.discriminator()),
    );
    let mut losses = Vec::new();
    for _ in 0..30 {
        let report = trainer.step(batch.clone()).unwrap().read().unwrap();
        assert_eq!((report.loss_discriminator, report.terms.len()), (0.0, 0));
        losses.push(report.loss_generator.unwrap());
    }
    assert!(losses[29] < losses[0], "{losses:?}");
    assert_eq!(parameters(trainer.discriminator()), before.1);
    assert_ne!(parameters(trainer.generator()), before.0);
}

#[test]
fn what_an_objective_lacks_is_an_error_and_nothing_is_lost() {
    let networks = MlpConfig::new(2).with_hidden(vec![8]);
    let batch = Batch::new(stream(5).normal([4, 2], &Device::flex()));
    let trainer = || {
        GanTrainerConfig::new()
            .init(
                networks.init_generator(&device()).unwrap(),
                networks.init_discriminator(&device()).unwrap(),
                &batch,
            )
            .unwrap()
    };
    let mut without_labels =
        trainer().with_objective(Adversarial(RelativisticPaired) + AuxiliaryClassifier);
    let before = parameters(without_labels.discriminator());
    let error = without_labels.step(batch.clone()).unwrap_err();
    assert!(
        matches!(error, GanError::Objective(ObjectiveError::NoLabels { .. })),
        "{error}"
    );
    assert_eq!(parameters(without_labels.discriminator()), before);
    assert_eq!(without_labels.steps(), 0);

    let mut without_outputs = trainer().with_objective(CodeReconstruction::new(Codes::new(2, 0)));
    let error = without_outputs.step(batch.clone()).unwrap_err();
    let expected = ObjectiveError::NoAuxiliaryOutputs {
        objective: "the reconstruction of codes",
    };
    assert!(
        matches!(&error, GanError::Objective(found) if *found == expected),
        "{error}"
    );
}
