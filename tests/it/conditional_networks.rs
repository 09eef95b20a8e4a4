//! The library's networks with classes, every way that each of them takes a class: what depends on the label and what
//! does not, derivatives in double precision, micro-batches, what is refused.

use crate::accumulation::{assert_same, plain};
use crate::common::{Shift, alone, along, double_precision, parameters, stream, values};
use crate::models::{discriminator_derivatives, generator_gradient, grown};
use burn::module::Module;
use burn::optim::GradientsParams;
use burn::tensor::{Device, Tensor};
use burn_gan::loss::Loss;
use burn_gan::model::{
    DcganConfig, DiscriminatorCondition, GeneratorCondition, MlpConfig, Normalization, R3ganConfig,
    ResnetConfig,
};
use burn_gan::nn::class_labels;
use burn_gan::penalty::Penalty;
use burn_gan::trainer::GanTrainerConfig;
use burn_gan::{
    AdversarialTrainer, Batch, ConfigError, Discriminator, DualDiscriminator, Generator, Labels,
    NetworkError,
};

const CLASSES: usize = 3;

const CONCATENATION: GeneratorCondition = GeneratorCondition::Concatenation { embedding: 4 };
const OF_GENERATORS: [GeneratorCondition; 3] = [
    CONCATENATION,
    GeneratorCondition::ConditionalNorm,
    GeneratorCondition::Modulation,
];
const OF_DISCRIMINATORS: [DiscriminatorCondition; 3] = [
    DiscriminatorCondition::Concatenation,
    DiscriminatorCondition::Projection,
    DiscriminatorCondition::AuxiliaryClassifier,
];

fn mlp() -> MlpConfig {
    let hidden = vec![7, 5];
    MlpConfig::new(2).with_hidden(hidden).with_latent_size(4)
}

fn dcgan(normalization: Normalization) -> DcganConfig {
    DcganConfig::new(2, 8, 8)
        .with_filters(3)
        .with_latent_size(4)
        .with_base_size(2)
        .with_generator_normalization(normalization)
        .with_discriminator_normalization(Normalization::None)
}

fn resnet() -> ResnetConfig {
    ResnetConfig::new(2, 8, 8)
        .with_filters(3)
        .with_latent_size(4)
}

fn r3gan() -> R3ganConfig {
    R3ganConfig::new(2, 8, 8)
        .with_filters(3)
        .with_latent_size(4)
}

/// What is checked of every network.
trait Check {
    fn generator<const R: usize, G: Generator<R, Labels>>(&self, what: &str, generator: G);
    fn discriminator<const R: usize, D: DualDiscriminator<R, Labels>>(
        &self,
        what: &str,
        condition: DiscriminatorCondition,
        discriminator: D,
        sample: [usize; R],
    );
}

/// Checks every network with every condition, its weights so far from the start that each of them counts.
fn every(check: &impl Check, device: &Device) {
    for condition in OF_GENERATORS {
        macro_rules! generator {
            ($config:expr) => {{
                let config = $config.with_classes(Some(CLASSES));
                let config = config.with_generator_condition(condition);
                let generator = config.init_generator(device).unwrap();
                check.generator(&config.to_string(), grown(generator));
            }};
        }
        generator!(dcgan(Normalization::Batch));
        generator!(resnet());
        if condition != GeneratorCondition::ConditionalNorm {
            generator!(mlp());
            generator!(dcgan(Normalization::None));
            generator!(r3gan());
        }
    }
    for condition in OF_DISCRIMINATORS {
        macro_rules! discriminator {
            ($config:expr, $sample:expr) => {{
                let config = $config.with_classes(Some(CLASSES));
                let config = config.with_discriminator_condition(condition);
                let network = grown(config.init_discriminator(device).unwrap());
                check.discriminator(&config.to_string(), condition, network, $sample);
            }};
        }
        const IMAGE: [usize; 4] = [3, 2, 8, 8];
        for spectral_norm in [false, true] {
            discriminator!(mlp().with_spectral_norm(spectral_norm), [3, 2]);
            for seed in [1, 2, 3] {
                // With seed 0 a kink lies within the step of the finite difference: with a step of 1e-8 it agrees too.
                let config = resnet().with_seed(seed);
                discriminator!(config.clone().with_spectral_norm(spectral_norm), IMAGE);
            }
        }
        discriminator!(mlp().with_hidden(vec![]), [3, 2]);
        discriminator!(dcgan(Normalization::None), IMAGE);
        discriminator!(r3gan(), IMAGE);
    }
}

fn labels(labels: [i64; 3], device: &Device) -> Labels {
    Tensor::from_ints(labels, device)
}

/// The values of each of three samples.
fn by_sample<const R: usize>(samples: Tensor<R>) -> [Vec<f64>; 3] {
    assert_eq!(samples.dims()[0], 3);
    let values = values(samples);
    let size = values.len() / 3;
    [0, 1, 2].map(|sample| values[sample * size..][..size].to_vec())
}

/// Other labels for the first two samples change those and leave the third; a label beyond the classes gives NaN.
struct ByLabel;

impl ByLabel {
    fn check<const R: usize>(what: &str, run: impl Fn(Labels) -> Tensor<R>) {
        let device = Device::flex();
        let run = |classes| by_sample(run(labels(classes, &device)));
        let [first, other] = [run([0, 1, 2]), run([1, 2, 2])];
        assert!(first.iter().flatten().all(|x| x.is_finite()), "{what}");
        assert_ne!(first[0], other[0], "{what}");
        assert_ne!(first[1], other[1], "{what}");
        assert_eq!(first[2], other[2], "{what}");
        for beyond in [-1, CLASSES as i64] {
            let beyond = run([0, beyond, 2]);
            assert_eq!(beyond[0], first[0], "{what}");
            assert!(beyond[1].iter().any(|x| x.is_nan()), "{what}");
            assert_eq!(beyond[2], first[2], "{what}");
        }
    }

    fn conditions(what: &str, check: impl Fn(Labels) -> Result<(), NetworkError>) {
        let device = Device::flex();
        check(labels([0, 1, 2], &device)).unwrap();
        let error = check(labels([0, 3, 7], &device));
        let expected = matches!(
            error,
            Err(NetworkError::LabelOutOfRange {
                label: 3,
                classes: CLASSES
            })
        );
        assert!(expected, "{what}: {error:?}");
    }
}

impl Check for ByLabel {
    fn generator<const R: usize, G: Generator<R, Labels>>(&self, what: &str, generator: G) {
        // In evaluation samples do not depend on each other.
        let generator = generator.valid();
        assert_eq!(generator.classes(), Some(CLASSES), "{what}");
        assert_eq!(generator.latent_size(), 4, "{what}");
        let latent = stream(1).normal([3, 4], &Device::flex());
        Self::check(what, |labels| {
            let samples = generator.generate(latent.clone(), &labels);
            assert_eq!(Some(samples.dims()[1..].to_vec()), generator.sample_shape());
            samples
        });
        Self::conditions(what, |labels| generator.check_condition(&labels));
    }

    fn discriminator<const R: usize, D: DualDiscriminator<R, Labels>>(
        &self,
        what: &str,
        condition: DiscriminatorCondition,
        discriminator: D,
        sample: [usize; R],
    ) {
        let discriminator = discriminator.valid();
        assert_eq!(discriminator.classes(), Some(CLASSES), "{what}");
        assert_eq!(discriminator.sample_shape(), Some(sample[1..].to_vec()));
        let samples = stream(1).normal(sample, &Device::flex());
        let classifies = condition == DiscriminatorCondition::AuxiliaryClassifier;
        let run = |labels: Labels| {
            let outputs = discriminator.outputs(samples.clone(), &labels);
            let logits = discriminator.logits(samples.clone(), &labels);
            // A label beyond the classes gives NaN, which equals nothing.
            let bits = |logits| values::<1>(logits).into_iter().map(f64::to_bits);
            assert!(bits(logits).eq(bits(outputs.logits.clone())), "{what}");
            assert_eq!(outputs.features.unwrap().dims()[0], 3, "{what}");
            let auxiliary = outputs.auxiliary.map(|auxiliary| auxiliary.dims());
            assert_eq!(auxiliary, classifies.then_some([3, CLASSES]), "{what}");
            outputs.logits
        };
        if classifies {
            let run = |classes| values(run(labels(classes, &Device::flex())));
            assert_eq!(run([0, 1, 2]), run([2, 0, 5]), "{what}");
        } else {
            Self::check(what, run);
        }
        Self::conditions(what, |labels| discriminator.check_condition(&labels));
    }
}

#[test]
fn samples_and_logits_depend_on_their_own_label() {
    every(&ByLabel, &Device::flex().autodiff());
}

struct Derivatives;

impl Check for Derivatives {
    fn generator<const R: usize, G: Generator<R, Labels>>(&self, what: &str, generator: G) {
        println!("{what}");
        generator_gradient(generator, &labels([2, 0, 1], &double_precision()));
    }

    fn discriminator<const R: usize, D: DualDiscriminator<R, Labels>>(
        &self,
        what: &str,
        _condition: DiscriminatorCondition,
        discriminator: D,
        sample: [usize; R],
    ) {
        println!("{what}");
        let device = double_precision();
        let labels = labels([2, 0, 1], &device);
        discriminator_derivatives(discriminator.clone(), &labels, sample, false);
        let samples = stream(6).normal(sample, &device);
        let auxiliary = |network: &D| network.outputs(samples.clone(), &labels).auxiliary;
        let Some(output) = auxiliary(&discriminator) else {
            return;
        };
        let weights = stream(7).normal(output.dims(), &device);
        let objective = |output: Tensor<2>| (output * weights.clone()).sum();
        let gradients = objective(output).backward();
        let gradients = GradientsParams::from_grads(gradients, &discriminator);
        let at = |scale| {
            let moved = discriminator.clone().map(&mut Shift::by(scale));
            values(objective(auxiliary(&moved).unwrap()))[0]
        };
        const STEP: f64 = 1e-6;
        let numeric = (at(STEP) - at(-STEP)) / (2.0 * STEP);
        let error = (along(&discriminator, &gradients) - numeric).abs();
        assert!(error < 1e-4 * numeric.abs(), "{what}: {error} of {numeric}");
    }
}

#[test]
fn derivatives_under_every_condition() {
    alone(|| every(&Derivatives, &double_precision()));
}

/// The same configuration with another condition has the same weights in the layers that do not belong to it.
#[test]
fn classes_leave_the_other_weights_alone() {
    let device = Device::flex();
    macro_rules! compare {
        ($config:expr) => {{
            let config = $config;
            let conditional = |generator, discriminator| {
                let config = $config
                    .with_classes(Some(CLASSES))
                    .with_generator_condition(generator)
                    .with_discriminator_condition(discriminator);
                [
                    parameters(&config.init_generator(&device).unwrap()),
                    parameters(&config.init_discriminator(&device).unwrap()),
                ]
            };
            let unconditional = [
                parameters(&config.init_generator(&device).unwrap()),
                parameters(&config.init_discriminator(&device).unwrap()),
            ];
            for condition in &OF_DISCRIMINATORS[1..] {
                let found = conditional(GeneratorCondition::Modulation, *condition);
                for (found, expected) in found.iter().zip(&unconditional) {
                    assert!(found.len() > expected.len());
                    for (path, values) in expected {
                        assert_eq!(found.get(path), Some(values), "{config}: {path}");
                    }
                }
            }
        }};
    }
    compare!(mlp());
    compare!(dcgan(Normalization::Batch));
    compare!(resnet());
    compare!(r3gan());
}

#[test]
fn auxiliary_outputs_are_linear_in_the_features() {
    let device = Device::flex();
    macro_rules! check {
        ($config:expr, $shape:expr) => {{
            let config = $config.with_auxiliary_outputs(Some(2));
            let discriminator = config.init_discriminator(&device).unwrap();
            let outputs = |samples| discriminator.outputs(samples, &());
            // Many more samples than features, so that a linear function is not one by chance.
            let found = outputs(stream(1).normal($shape, &device));
            let plain = $config.init_discriminator(&device).unwrap();
            let logits = plain.logits(stream(1).normal($shape, &device), &());
            assert_eq!(values(found.logits), values(logits), "{config}");
            let (features, auxiliary) = (found.features.unwrap(), found.auxiliary.unwrap());
            assert_eq!(auxiliary.dims(), [$shape[0], 2]);
            // A shift of the features' mean and the outputs' mean go together: f(mean) = mean(f).
            let weight = parameters(&discriminator)["heads.auxiliary.weight"].clone();
            let width = features.dims()[1];
            let weight = Tensor::<1>::from_floats(weight.as_slice(), &device);
            let expected = features.matmul(weight.reshape([width, 2]));
            crate::common::assert_close(auxiliary, expected, 1e-5);
        }};
    }
    check!(mlp(), [20, 2]);
    check!(dcgan(Normalization::None), [20, 2, 8, 8]);
    check!(resnet(), [20, 2, 8, 8]);
    check!(r3gan(), [20, 2, 8, 8]);
}

fn batch<const R: usize>(step: u64, shape: [usize; R]) -> Batch<R, Labels> {
    let device = Device::flex();
    let classes: Vec<usize> = (0..shape[0]).map(|index| index * 7 % CLASSES).collect();
    let labels = class_labels(&classes, CLASSES, &device).unwrap();
    Batch::with_condition(stream(step).normal(shape, &device).tanh(), labels).unwrap()
}

#[test]
fn micro_batches_are_the_whole_batch() {
    let device = Device::flex().autodiff();
    let config = plain(GanTrainerConfig::new())
        .with_loss(Loss::RelativisticPaired)
        .with_penalties(vec![Penalty::R1 { gamma: 0.5 }, Penalty::R2 { gamma: 0.5 }]);
    macro_rules! check {
        ($config:expr, $shape:expr) => {
            for discriminator in OF_DISCRIMINATORS {
                for generator in [CONCATENATION, GeneratorCondition::Modulation] {
                    let networks = $config
                        .with_classes(Some(CLASSES))
                        .with_generator_condition(generator)
                        .with_discriminator_condition(discriminator);
                    let example = batch(0, $shape);
                    let build = |config: &GanTrainerConfig| {
                        let generator = networks.init_generator(&device).unwrap();
                        let discriminator = networks.init_discriminator(&device).unwrap();
                        config.init(generator, discriminator, &example).unwrap()
                    };
                    let batches = [batch(1, $shape), batch(2, $shape)];
                    assert_same(&networks.to_string(), &config, 3, build, &batches);
                }
            }
        };
    }
    check!(mlp(), [16, 2]);
    check!(dcgan(Normalization::None), [8, 2, 8, 8]);
    check!(r3gan(), [8, 2, 8, 8]);
}

/// Two classes far apart: the samples of a trained generator are where their class is.
#[test]
fn a_trained_generator_follows_its_labels() {
    let device = Device::flex();
    for condition in &OF_DISCRIMINATORS[..2] {
        let networks = MlpConfig::new(1)
            .with_hidden(vec![32, 32])
            .with_latent_size(4)
            .with_classes(Some(2))
            .with_discriminator_condition(*condition);
        let batch = |step: u64| {
            let classes: Vec<usize> = (0..64).map(|index| index % 2).collect();
            let labels = class_labels(&classes, 2, &device).unwrap();
            let centres = labels.clone().float().unsqueeze_dim::<2>(1) * 4.0 - 2.0;
            let samples = stream(step).normal::<2>([64, 1], &device) * 0.3 + centres;
            Batch::with_condition(samples, labels).unwrap()
        };
        let autodiff = device.clone().autodiff();
        let config = GanTrainerConfig::new()
            .with_loss(Loss::RelativisticPaired)
            .with_learning_rates(2e-3)
            .with_penalties(vec![Penalty::R1 { gamma: 0.1 }]);
        let generator = networks.init_generator(&autodiff).unwrap();
        let discriminator = networks.init_discriminator(&autodiff).unwrap();
        let mut trainer = config.init(generator, discriminator, &batch(0)).unwrap();
        for step in 0..400 {
            trainer.step(batch(step)).unwrap();
        }
        let latent = stream(999).normal([64, 4], &device);
        let labels = batch(0).condition;
        let samples = values(trainer.generator().valid().generate(latent, &labels));
        for (index, sample) in samples.iter().enumerate() {
            let centre = if index % 2 == 0 { -2.0 } else { 2.0 };
            assert!((sample - centre).abs() < 1.5, "{condition:?}: {samples:?}");
        }
    }
}

#[track_caller]
fn refused(error: Option<NetworkError>, expected: &str) {
    match error {
        Some(NetworkError::Config(ConfigError { field, .. })) => assert_eq!(field, expected),
        other => panic!("{expected}: {other:?}"),
    }
}

#[test]
fn what_a_network_cannot_do_is_refused() {
    let device = Device::flex();
    macro_rules! check {
        ($config:expr, $has_batch_norm:expr) => {
            let generator = |condition, classes| {
                let config = $config.with_generator_condition(condition);
                config.with_classes(classes).init_generator(&device).err()
            };
            let empty = GeneratorCondition::Concatenation { embedding: 0 };
            refused(generator(empty, Some(2)), "generator_condition.embedding");
            refused(generator(CONCATENATION, Some(0)), "classes");
            // Without classes the condition does not count.
            assert!(generator(empty, None).is_none());
            let of_norm = generator(GeneratorCondition::ConditionalNorm, Some(2));
            if $has_batch_norm {
                assert!(of_norm.is_none());
            } else {
                refused(of_norm, "generator_condition");
            }
            let discriminator = |condition, classes, outputs| {
                $config
                    .with_discriminator_condition(condition)
                    .with_classes(classes)
                    .with_auxiliary_outputs(outputs)
                    .init_discriminator(&device)
                    .err()
            };
            let [_, projection, classifier] = OF_DISCRIMINATORS;
            refused(discriminator(projection, Some(0), None), "classes");
            let outputs = "auxiliary_outputs";
            refused(discriminator(projection, None, Some(0)), outputs);
            refused(discriminator(classifier, Some(2), Some(2)), outputs);
            assert!(discriminator(classifier, None, Some(2)).is_none());
            assert!(discriminator(projection, Some(2), Some(2)).is_none());
        };
    }
    check!(mlp(), false);
    check!(dcgan(Normalization::None), false);
    check!(dcgan(Normalization::Batch), true);
    check!(resnet(), true);
    check!(r3gan(), false);
}

/// What a panic says.
fn message(panic: Box<dyn std::any::Any + Send>) -> String {
    *panic.downcast::<String>().expect("a message")
}

#[test]
fn labels_that_are_missing_or_unused_are_refused() {
    let device = Device::flex();
    macro_rules! check {
        ($config:expr, $shape:expr) => {
            let config = $config.with_classes(Some(CLASSES));
            let generator = config.init_generator(&device).unwrap();
            let discriminator = config.init_discriminator(&device).unwrap();
            for error in [
                generator.check_condition(&()),
                discriminator.check_condition(&()),
            ] {
                let expected =
                    matches!(error, Err(NetworkError::LabelsMissing { classes: CLASSES }));
                assert!(expected, "{config}: {error:?}");
            }
            let without = std::panic::AssertUnwindSafe(|| {
                discriminator.logits(Tensor::zeros($shape, &device), &())
            });
            let panic = std::panic::catch_unwind(without).unwrap_err();
            let expected = NetworkError::LabelsMissing { classes: CLASSES }.to_string();
            assert_eq!(message(panic), expected);
            let without = std::panic::AssertUnwindSafe(|| {
                generator.generate(Tensor::zeros([3, 4], &device), &())
            });
            let panic = std::panic::catch_unwind(without).unwrap_err();
            assert_eq!(message(panic), expected);

            let generator = $config.init_generator(&device).unwrap();
            let discriminator = $config.init_discriminator(&device).unwrap();
            generator.check_condition(&()).unwrap();
            discriminator.check_condition(&()).unwrap();
            let labels = labels([0, 1, 2], &device);
            for error in [
                generator.check_condition(&labels),
                discriminator.check_condition(&labels),
            ] {
                let expected = matches!(error, Err(NetworkError::LabelsUnused));
                assert!(expected, "{config}: {error:?}");
            }
        };
    }
    check!(mlp(), [3, 2]);
    check!(dcgan(Normalization::Batch), [3, 2, 8, 8]);
    check!(resnet(), [3, 2, 8, 8]);
    check!(r3gan(), [3, 2, 8, 8]);
}

#[test]
fn identities_say_how_a_class_is_taken() {
    let device = Device::flex();
    macro_rules! check {
        ($config:expr, $generator:literal, $discriminator:literal) => {
            let config = $config;
            let generator = Generator::<_, ()>::identity(&config.init_generator(&device).unwrap());
            let discriminator =
                Discriminator::<_, ()>::identity(&config.init_discriminator(&device).unwrap());
            assert_eq!(
                [generator.name, discriminator.name],
                [$generator, $discriminator]
            );
            for settings in [generator.settings, discriminator.settings] {
                assert!(
                    !settings.contains_key("condition"),
                    "as it was before there were classes"
                );
            }
            let config = $config
                .with_classes(Some(2))
                .with_generator_condition(GeneratorCondition::Modulation);
            let generator =
                Generator::<_, Labels>::identity(&config.init_generator(&device).unwrap());
            let discriminator =
                Discriminator::<_, Labels>::identity(&config.init_discriminator(&device).unwrap());
            assert_eq!(generator.settings["condition"], "Modulation");
            assert_eq!(discriminator.settings["condition"], "Projection");
        };
    }
    check!(mlp(), "mlp-generator", "mlp-discriminator");
    check!(
        dcgan(Normalization::Batch),
        "DcganGenerator",
        "DcganDiscriminator"
    );
    check!(resnet(), "ResnetGenerator", "resnet-discriminator");
    check!(r3gan(), "R3ganGenerator", "R3ganDiscriminator");
}

/// A file of a version without classes, and one with them.
#[test]
fn configurations_with_and_without_these_fields_are_read() {
    const NEW: [&str; 4] = [
        "classes",
        "generator_condition",
        "discriminator_condition",
        "auxiliary_outputs",
    ];
    macro_rules! check {
        ($config:expr, $kind:ty) => {
            let mut old: serde_json::Value = serde_json::from_str(&$config.to_string()).unwrap();
            for field in NEW {
                assert!(old.as_object_mut().unwrap().remove(field).is_some());
            }
            let old: $kind = serde_json::from_str(&old.to_string()).unwrap();
            assert_eq!(old.classes, None);
            assert_eq!(old.auxiliary_outputs, None);
            assert_eq!(old.generator_condition, GeneratorCondition::default());
            assert_eq!(
                old.discriminator_condition,
                DiscriminatorCondition::default()
            );
            for condition in OF_GENERATORS {
                for of_discriminator in OF_DISCRIMINATORS {
                    let config = $config
                        .with_classes(Some(5))
                        .with_generator_condition(condition)
                        .with_discriminator_condition(of_discriminator)
                        .with_auxiliary_outputs(Some(3));
                    let again: $kind = serde_json::from_str(&config.to_string()).unwrap();
                    assert_eq!(again.to_string(), config.to_string());
                    assert_eq!(again.generator_condition, condition);
                    assert_eq!(again.discriminator_condition, of_discriminator);
                }
            }
            let unknown = $config.to_string().replace("Projection", "Projections");
            assert!(serde_json::from_str::<$kind>(&unknown).is_err());
        };
    }
    check!(mlp(), MlpConfig);
    check!(dcgan(Normalization::Batch), DcganConfig);
    check!(resnet(), ResnetConfig);
    check!(r3gan(), R3ganConfig);
}
