//! Every network of the library at a small size, as `tests/golden/exchange.py` sees it: a configuration, inputs and
//! outputs.

use std::path::PathBuf;

use burn::tensor::{Device, Tensor, TensorData};
use burn_gan::exchange::{PytorchModule, Renaming, StateDict, StateDictError};
use burn_gan::model::{
    ClassifierConfig, DcganConfig, DiscriminatorCondition, GeneratorCondition, MlpConfig,
    Normalization, Padding, PatchganConfig, R3ganConfig, ResnetConfig, TranslatorConfig,
    UnetConfig,
};
use burn_gan::nn::{Activation, class_labels};
use burn_gan::random::{Purpose, Stream};
use burn_gan::{Discriminator, Generator, GeneratorConfig, Labels, Outputs};
use serde::{Deserialize, Serialize};

use super::places::in_repository;

/// Samples a case has.
const SAMPLES: usize = 3;

/// Which of a configuration's networks it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Part {
    Generator,
    Discriminator,
    Classifier,
}

/// The configuration of any network.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "network", rename_all = "kebab-case")]
pub enum NetworkConfig {
    Mlp(MlpConfig),
    Dcgan(DcganConfig),
    Resnet(ResnetConfig),
    R3gan(R3ganConfig),
    Unet(UnetConfig),
    Translator(TranslatorConfig),
    Patchgan(PatchganConfig),
    Classifier(ClassifierConfig),
}

/// What a file says of its network.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Case {
    pub part: Part,
    pub config: NetworkConfig,
}

/// A network with its inputs.
pub trait Network {
    fn state(&self) -> StateDict;
    fn loaded(self: Box<Self>, state: &StateDict) -> Result<Box<dyn Network>, StateDictError>;
    fn inputs(&self) -> StateDict;
    /// All outputs of a pass, one after the other.
    fn outputs(&self, inputs: &StateDict) -> Vec<f32>;
}

struct Wrapped<N, R, S> {
    network: N,
    run: R,
    shapes: S,
}

impl<N, R, S> Network for Wrapped<N, R, S>
where
    N: PytorchModule + 'static,
    R: Fn(&N, &StateDict) -> Vec<f32> + 'static,
    S: Fn(&N) -> StateDict + 'static,
{
    fn state(&self) -> StateDict {
        self.network.state_dict().unwrap()
    }

    fn loaded(self: Box<Self>, state: &StateDict) -> Result<Box<dyn Network>, StateDictError> {
        let network = self.network.with_state_dict(state)?;
        let Wrapped { run, shapes, .. } = *self;
        Ok(Box::new(Wrapped {
            network,
            run,
            shapes,
        }))
    }

    fn inputs(&self) -> StateDict {
        (self.shapes)(&self.network)
    }

    fn outputs(&self, inputs: &StateDict) -> Vec<f32> {
        (self.run)(&self.network, inputs)
    }
}

impl Case {
    /// The configuration as that of a generator.
    pub fn generator(&self) -> GeneratorConfig {
        serde_json::from_value(serde_json::to_value(&self.config).unwrap()).unwrap()
    }

    /// The network with initial weights.
    pub fn build(&self, device: &Device) -> Box<dyn Network> {
        use NetworkConfig::{Classifier, Dcgan, Mlp, Patchgan, R3gan, Resnet, Translator, Unet};
        macro_rules! by_class {
            ($config:expr, $rank:literal) => {
                match self.part {
                    Part::Generator => {
                        by_class_generator::<$rank, _>($config.init_generator(device).unwrap())
                    }
                    _ => by_class_discriminator::<$rank, _>(
                        $config.init_discriminator(device).unwrap(),
                    ),
                }
            };
        }
        match &self.config {
            Mlp(config) => by_class!(config, 2),
            Dcgan(config) => by_class!(config, 4),
            Resnet(config) => by_class!(config, 4),
            R3gan(config) => by_class!(config, 4),
            Unet(config) => {
                let source = [config.source_channels, config.height, config.width];
                translation(config.init(device).unwrap(), source)
            }
            Translator(config) => {
                let source = [config.source_channels, config.height, config.width];
                translation(config.init(device).unwrap(), source)
            }
            Patchgan(config) => {
                let channels = config.condition_channels;
                let [height, width] = [config.height, config.width];
                let samples = [SAMPLES, config.channels, height, width];
                boxed(
                    config.init(device).unwrap(),
                    move |network, inputs| match channels {
                        0 => values(network.logits(get(inputs, "samples"), &())),
                        _ => {
                            let source: Tensor<4> = get(inputs, "source");
                            values(network.logits(get(inputs, "samples"), &source))
                        }
                    },
                    move |_| {
                        let source = [SAMPLES, channels, height, width];
                        let shapes: [(&str, &[usize]); 2] =
                            [("samples", &samples), ("source", &source)];
                        drawn(&shapes[..if channels == 0 { 1 } else { 2 }])
                    },
                )
            }
            Classifier(config) => boxed(
                config.init(device).unwrap(),
                |network, inputs| values(network.logits(get(inputs, "samples"))),
                |network| {
                    let [channels, height, width] = network.sample_shape();
                    drawn(&[("samples", &[SAMPLES, channels, height, width])])
                },
            ),
        }
    }
}

fn boxed<N>(
    network: N,
    run: impl Fn(&N, &StateDict) -> Vec<f32> + 'static,
    shapes: impl Fn(&N) -> StateDict + 'static,
) -> Box<dyn Network>
where
    N: PytorchModule + 'static,
{
    Box::new(Wrapped {
        network,
        run,
        shapes,
    })
}

fn by_class_generator<const D: usize, G>(generator: G) -> Box<dyn Network>
where
    G: PytorchModule + Generator<D> + Generator<D, Labels> + 'static,
{
    boxed(
        generator,
        |generator: &G, inputs| {
            let latent = get(inputs, "latent");
            match Generator::<D>::classes(generator) {
                None => values(generator.generate(latent, &())),
                Some(classes) => values(generator.generate(latent, &labels(inputs, classes))),
            }
        },
        |generator| {
            let width = Generator::<D>::latent_size(generator);
            let inputs = drawn(&[("latent", &[SAMPLES, width])]);
            with_labels(inputs, Generator::<D>::classes(generator))
        },
    )
}

fn by_class_discriminator<const D: usize, N>(network: N) -> Box<dyn Network>
where
    N: PytorchModule + Discriminator<D> + Discriminator<D, Labels> + 'static,
{
    boxed(
        network,
        |network: &N, inputs| {
            let samples = get(inputs, "samples");
            outputs(match Discriminator::<D>::classes(network) {
                None => network.outputs(samples, &()),
                Some(classes) => network.outputs(samples, &labels(inputs, classes)),
            })
        },
        |network| {
            let mut shape = vec![SAMPLES];
            shape.extend(Discriminator::<D>::sample_shape(network).unwrap());
            let inputs = drawn(&[("samples", &shape)]);
            with_labels(inputs, Discriminator::<D>::classes(network))
        },
    )
}

fn translation<G>(generator: G, source: [usize; 3]) -> Box<dyn Network>
where
    G: PytorchModule + Generator<4, Tensor<4>> + 'static,
{
    let [channels, height, width] = source;
    boxed(
        generator,
        |generator: &G, inputs| {
            let source = get(inputs, "source");
            values(generator.generate(get(inputs, "latent"), &source))
        },
        move |generator| {
            drawn(&[
                ("latent", &[SAMPLES, generator.latent_size()]),
                ("source", &[SAMPLES, channels, height, width]),
            ])
        },
    )
}

fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().iter().collect()
}

/// Logits, then the auxiliary outputs.
fn outputs(outputs: Outputs) -> Vec<f32> {
    let mut all = values(outputs.logits);
    all.extend(outputs.auxiliary.map(values).unwrap_or_default());
    all
}

fn get<const D: usize>(inputs: &StateDict, name: &str) -> Tensor<D> {
    Tensor::from_data(inputs.get(name).unwrap().clone(), &Device::flex())
}

fn labels(inputs: &StateDict, classes: usize) -> Labels {
    let labels: Vec<usize> = inputs
        .get("labels")
        .unwrap()
        .iter::<i64>()
        .map(|label| label as usize)
        .collect();
    class_labels(&labels, classes, &Device::flex()).unwrap()
}

/// Standard normal numbers of these shapes.
fn drawn(shapes: &[(&str, &[usize])]) -> StateDict {
    let mut stream = Stream::new(7, Purpose::Data, 0);
    let of = |&(name, shape): &(&str, &[usize])| {
        let length = shape.iter().product();
        let values = stream.normal_values(length);
        (name.to_string(), TensorData::new(values, shape.to_vec()))
    };
    shapes.iter().map(of).collect()
}

fn with_labels(mut inputs: StateDict, classes: Option<usize>) -> StateDict {
    if let Some(classes) = classes {
        let labels: Vec<i64> = (0..SAMPLES).rev().map(|i| (i % classes) as i64).collect();
        inputs.insert("labels", TensorData::new(labels, [SAMPLES]));
    }
    inputs
}

/// The same tensors with something added that makes each count: zeros and ones are initial values.
pub fn moved(state: &StateDict) -> StateDict {
    let mut stream = Stream::new(9, Purpose::Data, 0);
    let moved = |(name, tensor): (&String, &TensorData)| {
        let values: Vec<f32> = tensor.iter::<f32>().collect();
        let is_vector = name.ends_with("._u") || name.ends_with("._v");
        let is_constant = values.iter().all(|value| *value == values[0]);
        let scale = match (is_vector, is_constant) {
            (true, _) => 0.0,
            (_, true) => 0.2,
            (_, false) => 0.1,
        };
        let noise = stream.normal_values(values.len());
        let moved = values.iter().zip(noise).map(|(value, noise)| {
            if name.ends_with("running_var") {
                value * (scale * noise).exp()
            } else {
                value + scale * noise
            }
        });
        let moved: Vec<f32> = moved.collect();
        (
            name.clone(),
            TensorData::new(moved, tensor.shape().to_vec()),
        )
    };
    state.tensors().iter().map(moved).collect()
}

/// All tensors of both.
pub fn joined(mut into: StateDict, from: StateDict) -> StateDict {
    for (name, tensor) in from.tensors() {
        into.insert(name.clone(), tensor.clone());
    }
    into
}

/// The tensors below a name, without it.
pub fn below(state: &StateDict, name: &str) -> StateDict {
    let renaming = Renaming::new([(name, "")]);
    let inside = state.tensors().iter();
    let inside = inside.filter(|(full, _)| full.starts_with(&format!("{name}.")));
    inside
        .map(|(full, tensor)| (renaming.apply(full), tensor.clone()))
        .collect()
}

/// The same tensors below a name.
pub fn put_below(state: &StateDict, name: &str) -> StateDict {
    state.clone().renamed(&Renaming::new([("", name)])).unwrap()
}

/// The largest difference, over the largest magnitude of the second or 1.
pub fn difference(actual: &[f32], expected: &[f32]) -> f32 {
    assert_eq!(actual.len(), expected.len());
    let largest = |values: &mut dyn Iterator<Item = f32>| {
        values.fold(0.0, |largest: f32, value| {
            if value.is_nan() {
                f32::INFINITY
            } else {
                largest.max(value.abs())
            }
        })
    };
    let scale = largest(&mut expected.iter().copied()).max(1.0);
    largest(&mut actual.iter().zip(expected).map(|(a, e)| a - e)) / scale
}

/// Every network in every form that has tensors of its own.
pub fn cases() -> Vec<(&'static str, Case)> {
    use GeneratorCondition::{Concatenation, ConditionalNorm, Modulation};
    let generator = |config| Case {
        part: Part::Generator,
        config,
    };
    let discriminator = |config| Case {
        part: Part::Discriminator,
        config,
    };
    let mlp = MlpConfig::new(3)
        .with_latent_size(4)
        .with_hidden(vec![6, 5])
        .with_output(Activation::Tanh);
    // Not square, so that height and width cannot be mistaken for each other.
    let dcgan = DcganConfig::new(2, 8, 12)
        .with_latent_size(5)
        .with_filters(4)
        .with_base_size(2);
    let resnet = ResnetConfig::new(2, 8, 12)
        .with_latent_size(5)
        .with_filters(8)
        .with_generator_filters(Some(9))
        .with_base_size(2);
    let r3gan = R3ganConfig::new(2, 8, 12)
        .with_latent_size(5)
        .with_filters(4)
        .with_max_filters(8)
        .with_base_size(2)
        .with_group_width(Some(4));
    let unet = UnetConfig::new(1, 2, 8, 12).with_filters(4);
    let translator = TranslatorConfig::new(1, 2, 8, 12)
        .with_filters(3)
        .with_blocks(Some(2));
    let patchgan = PatchganConfig::new(2, 16, 24)
        .with_filters(4)
        .with_layers(2);
    let concatenation = Concatenation { embedding: 3 };
    let beside = DiscriminatorCondition::Concatenation;
    let auxiliary = DiscriminatorCondition::AuxiliaryClassifier;
    let classes = Some(3);
    use NetworkConfig::{Classifier, Dcgan, Mlp, Patchgan, R3gan, Resnet, Translator, Unet};
    vec![
        ("mlp-generator", generator(Mlp(mlp.clone()))),
        (
            "mlp-generator-concatenation",
            generator(Mlp(mlp
                .clone()
                .with_classes(classes)
                .with_generator_condition(concatenation))),
        ),
        (
            "mlp-generator-modulation",
            generator(Mlp(mlp
                .clone()
                .with_classes(classes)
                .with_generator_condition(Modulation))),
        ),
        ("dcgan-generator", generator(Dcgan(dcgan.clone()))),
        (
            "dcgan-generator-concatenation",
            generator(Dcgan(
                dcgan
                    .clone()
                    .with_classes(classes)
                    .with_generator_condition(concatenation),
            )),
        ),
        (
            "dcgan-generator-conditional-norm",
            generator(Dcgan(
                dcgan
                    .clone()
                    .with_classes(classes)
                    .with_generator_condition(ConditionalNorm),
            )),
        ),
        (
            "dcgan-generator-modulation",
            generator(Dcgan(
                dcgan
                    .clone()
                    .with_classes(classes)
                    .with_generator_normalization(Normalization::None)
                    .with_generator_condition(Modulation),
            )),
        ),
        (
            "resnet-generator-attention",
            generator(Resnet(resnet.clone().with_attention(Some(4)))),
        ),
        (
            "resnet-generator-conditional-norm",
            generator(Resnet(resnet.clone().with_classes(classes))),
        ),
        ("r3gan-generator", generator(R3gan(r3gan.clone()))),
        (
            "r3gan-generator-concatenation",
            generator(R3gan(
                r3gan
                    .clone()
                    .with_classes(classes)
                    .with_generator_condition(concatenation),
            )),
        ),
        (
            "r3gan-generator-modulation",
            generator(R3gan(
                r3gan
                    .clone()
                    .with_classes(classes)
                    .with_generator_condition(Modulation),
            )),
        ),
        ("unet-generator", generator(Unet(unet.clone()))),
        (
            "unet-generator-latent-instance",
            generator(Unet(
                unet.with_latent_size(2)
                    .with_normalization(Normalization::Instance),
            )),
        ),
        (
            "translator-generator",
            generator(Translator(translator.clone())),
        ),
        (
            "translator-generator-zeros-batch",
            generator(Translator(
                translator
                    .with_padding(Padding::Zeros)
                    .with_normalization(Normalization::Batch),
            )),
        ),
        ("mlp-discriminator", discriminator(Mlp(mlp.clone()))),
        (
            "mlp-discriminator-projection-spectral",
            discriminator(Mlp(mlp
                .clone()
                .with_classes(classes)
                .with_spectral_norm(true))),
        ),
        (
            "mlp-discriminator-concatenation",
            discriminator(Mlp(mlp
                .with_classes(classes)
                .with_discriminator_condition(beside)
                .with_auxiliary_outputs(Some(2)))),
        ),
        ("dcgan-discriminator", discriminator(Dcgan(dcgan.clone()))),
        (
            "dcgan-discriminator-projection",
            discriminator(Dcgan(dcgan.clone().with_classes(classes))),
        ),
        (
            "dcgan-discriminator-concatenation",
            discriminator(Dcgan(
                dcgan
                    .clone()
                    .with_classes(classes)
                    .with_discriminator_normalization(Normalization::None)
                    .with_discriminator_condition(beside),
            )),
        ),
        (
            "dcgan-discriminator-auxiliary-classifier",
            discriminator(Dcgan(
                dcgan
                    .with_classes(classes)
                    .with_discriminator_condition(auxiliary),
            )),
        ),
        (
            "resnet-discriminator-spectral-attention",
            discriminator(Resnet(
                resnet
                    .clone()
                    .with_spectral_norm(true)
                    .with_attention(Some(4)),
            )),
        ),
        (
            "resnet-discriminator-projection",
            discriminator(Resnet(resnet.clone().with_classes(classes))),
        ),
        (
            "resnet-discriminator-concatenation-spectral",
            discriminator(Resnet(
                resnet
                    .with_classes(classes)
                    .with_spectral_norm(true)
                    .with_discriminator_condition(beside),
            )),
        ),
        ("r3gan-discriminator", discriminator(R3gan(r3gan.clone()))),
        (
            "r3gan-discriminator-projection",
            discriminator(R3gan(r3gan.with_classes(classes))),
        ),
        (
            "patchgan-discriminator",
            discriminator(Patchgan(patchgan.clone().with_condition_channels(1))),
        ),
        (
            "patchgan-discriminator-spectral-instance",
            discriminator(Patchgan(
                patchgan
                    .clone()
                    .with_spectral_norm(true)
                    .with_normalization(Normalization::Instance),
            )),
        ),
        (
            "patchgan-discriminator-pixels",
            discriminator(Patchgan(patchgan.with_layers(0))),
        ),
        (
            "classifier",
            Case {
                part: Part::Classifier,
                config: Classifier(
                    ClassifierConfig::new(2, 12, 8, 3)
                        .with_filters(4)
                        .with_features(5),
                ),
            },
        ),
    ]
}

pub fn golden() -> PathBuf {
    in_repository("tests/golden/exchange")
}

/// The tensors of both are the same, but for vectors of spectral normalisation that follow from the weights.
#[track_caller]
pub fn assert_same(actual: &StateDict, expected: &StateDict, name: &str) {
    let names = |state: &StateDict| state.tensors().keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(actual), names(expected), "{name}");
    for (tensor, expected) in expected.tensors() {
        let actual = &actual.tensors()[tensor];
        assert_eq!(actual.shape(), expected.shape(), "{name}: {tensor}");
        let same = if tensor.ends_with("._u") || tensor.ends_with("._v") {
            let values = |data: &TensorData| data.iter().collect::<Vec<f32>>();
            difference(&values(actual), &values(expected)) < 1e-3
        } else {
            actual == expected
        };
        assert!(same, "{name}: {tensor}");
    }
}

pub fn small_dcgan() -> DcganConfig {
    DcganConfig::new(2, 8, 8)
        .with_latent_size(3)
        .with_filters(4)
        .with_base_size(2)
}
