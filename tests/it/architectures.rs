//! Networks layer by layer: those of the papers, their widths, and configurations from files of older versions.

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{Device, Tensor};
use burn_gan::model::{DcganConfig, MlpConfig, Normalization, Pooling, R3ganConfig, ResnetConfig};
use burn_gan::nn::Initialization;
use burn_gan::{Discriminator, Generator};

use crate::common::{parameters, stream, values};

/// The shapes of the weights in the order of the module, by their paths.
fn weights<M: Module>(module: &M) -> Vec<(String, Vec<usize>)> {
    let mut shapes = Shapes::default();
    module.visit(&mut shapes);
    shapes.found
}

#[derive(Default)]
struct Shapes {
    path: Vec<String>,
    found: Vec<(String, Vec<usize>)>,
}

impl ModuleVisitor for Shapes {
    fn enter_module(&mut self, name: &str, _: &str) {
        self.path.push(name.to_string());
    }
    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.pop();
    }
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if self.path.last().is_some_and(|name| name == "weight") {
            self.found
                .push((self.path.join("."), param.dims().to_vec()));
        }
    }
}

#[track_caller]
fn assert_weights<M: Module>(module: &M, expected: &[(&str, [usize; 2])]) {
    let expected: Vec<_> = expected
        .iter()
        .map(|(path, shape)| (path.to_string(), shape.to_vec()))
        .collect();
    assert_eq!(weights(module), expected);
}

/// Standard deviation of the values at a path.
fn deviation<M: Module>(module: &M, path: &str) -> f64 {
    let values = &parameters(module)[path];
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    (values.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / count).sqrt()
}

#[track_caller]
fn assert_deviation<M: Module>(module: &M, path: &str, expected: f64) {
    let found = deviation(module, path);
    assert!(
        (found / expected - 1.0).abs() < 0.05,
        "{path}: {found}, not {expected}"
    );
}

/// Radford et al. 2016, figure 1 and section 3, at an eighth of the width: 1024, 512, 256 and 128 channels there.
#[test]
fn dcgan_is_the_papers() {
    let config = DcganConfig::new(3, 64, 64);
    assert_eq!((config.latent_size, config.base_size), (100, 4));
    assert_eq!(config.max_filters, Some(1024));
    assert_eq!(config.generator_normalization, Normalization::Batch);
    assert_eq!(config.discriminator_normalization, Normalization::Batch);
    let config = config.with_filters(16);
    let device = Device::flex();
    let generator = config.init_generator(&device).unwrap();
    assert_weights(
        &generator,
        &[
            ("stem.weight", [100, 4 * 4 * 128]),
            ("hidden.0.convolution.weight", [128, 16 * 64]),
            ("hidden.1.convolution.weight", [64, 16 * 32]),
            ("hidden.2.convolution.weight", [32, 16 * 16]),
            ("last.weight", [16, 16 * 3]),
        ],
    );
    let discriminator = config.init_discriminator(&device).unwrap();
    assert_weights(
        &discriminator,
        &[
            ("first.weight", [16 * 3, 16]),
            ("hidden.0.convolution.weight", [16 * 16, 32]),
            ("hidden.1.convolution.weight", [16 * 32, 64]),
            ("hidden.2.convolution.weight", [16 * 64, 128]),
            ("head.weight", [4 * 4 * 128, 1]),
        ],
    );
    // Section 4: Normal(0, 0.02). Section 3: normalisation everywhere but at the output of the generator and the
    // input of the discriminator; a tanh at the end.
    assert_deviation(&generator, "hidden.0.convolution.weight", 0.02);
    assert_deviation(&discriminator, "hidden.2.convolution.weight", 0.02);
    let normalized = |parameters: Vec<String>| {
        let gammas = parameters.iter().filter(|path| path.ends_with("gamma"));
        gammas.map(|path| path.replace(".gamma", "")).collect()
    };
    let paths = |map: std::collections::BTreeMap<String, Vec<f64>>| map.into_keys().collect();
    let found: Vec<String> = normalized(paths(parameters(&generator)));
    assert_eq!(
        found,
        [
            "hidden.0.norm",
            "hidden.1.norm",
            "hidden.2.norm",
            "stem_norm"
        ]
    );
    let found: Vec<String> = normalized(paths(parameters(&discriminator)));
    assert_eq!(found, ["hidden.0.norm", "hidden.1.norm", "hidden.2.norm"]);
    let latent = stream(1).normal([4, 100], &device) * 1e4;
    let images = values(generator.generate(latent, &()));
    assert!(images.iter().all(|pixel| pixel.abs() <= 1.0));
}

#[test]
fn dcgan_widens_up_to_max_filters() {
    let device = Device::flex();
    let config = DcganConfig::new(1, 128, 128).with_filters(2);
    let widths = |max| {
        let config = config.clone().with_max_filters(max);
        let discriminator = weights(&config.init_discriminator(&device).unwrap());
        let generator = weights(&config.init_generator(&device).unwrap());
        // The generator's layers are the discriminator's, backwards.
        let outputs: Vec<usize> = discriminator[..5]
            .iter()
            .map(|(_, shape)| shape[1])
            .collect();
        let inputs: Vec<usize> = generator[1..]
            .iter()
            .rev()
            .map(|(_, shape)| shape[0])
            .collect();
        assert_eq!(outputs, inputs);
        outputs
    };
    assert_eq!(widths(None), [2, 4, 8, 16, 32]);
    assert_eq!(widths(Some(1024)), [2, 4, 8, 16, 32]);
    assert_eq!(widths(Some(8)), [2, 4, 8, 8, 8]);
    assert_eq!(widths(Some(1)), [1, 1, 1, 1, 1]);
    // Images so large that doubling would run out of numbers.
    let wide = config
        .with_filters(usize::MAX / 2)
        .with_max_filters(Some(3));
    assert_eq!(
        weights(&wide.init_discriminator(&device).unwrap())[1].1,
        [16 * 3, 3]
    );
    let none = DcganConfig::new(1, 8, 8).with_max_filters(Some(0));
    assert!(none.init_generator(&device).is_err());
}

/// The first block, the others and the last layer of a residual discriminator of `channels` images and this width.
fn resnet_discriminator(channels: usize, width: usize) -> Vec<(String, Vec<usize>)> {
    let mut expected = Vec::new();
    let mut layer = |path: String, inputs: usize, outputs: usize| {
        expected.push((format!("{path}.weight"), vec![inputs, outputs]));
    };
    for (block, inputs, halves) in [
        ("first", channels, true),
        ("down.0", width, true),
        ("unscaled.0", width, false),
        ("unscaled.1", width, false),
    ] {
        layer(format!("{block}.first"), 9 * inputs, width);
        layer(format!("{block}.second"), 9 * width, width);
        if halves {
            layer(format!("{block}.shortcut"), inputs, width);
        }
    }
    layer("linear".to_string(), width, 1);
    expected
}

/// The generator of 32x32 images: from 4x4, doubled three times.
fn resnet_generator(channels: usize, width: usize) -> Vec<(String, Vec<usize>)> {
    let mut expected = vec![("stem.weight".to_string(), vec![128, 4 * 4 * width])];
    for block in 0..3 {
        for (layer, kernel) in [("first", 9), ("second", 9), ("shortcut", 1)] {
            let path = format!("blocks.{block}.{layer}.weight");
            expected.push((path, vec![kernel * width, width]));
        }
    }
    expected.push(("last.weight".to_string(), vec![9 * width, channels]));
    expected
}

/// Miyato et al. 2018, table 4: 256 channels in the generator and 128 in the discriminator, a global sum, and
/// spectral normalisation of the discriminator alone.
#[test]
fn sngan_is_the_papers() {
    let device = Device::flex();
    let config = ResnetConfig::sngan(3, 32, 32);
    assert_eq!(config.pooling, Pooling::Sum);
    let generator = config.init_generator(&device).unwrap();
    assert_eq!(generator.latent_size(), 128);
    assert_eq!(weights(&generator), resnet_generator(3, 256));
    let discriminator = config.init_discriminator(&device).unwrap();
    assert_eq!(weights(&discriminator), resnet_discriminator(3, 128));
    let normalized = |names: Vec<String>| {
        let vectors = names.iter().filter(|path| path.contains("spectral_norm"));
        vectors.count()
    };
    assert_eq!(normalized(parameters(&generator).into_keys().collect()), 0);
    let names: Vec<String> = parameters(&discriminator).into_keys().collect();
    assert_eq!(normalized(names), weights(&discriminator).len());
}

/// Gulrajani et al. 2017, appendix F: 128 channels in both, a global mean, no normalisation in the critic.
#[test]
fn wgan_gp_is_the_papers() {
    let device = Device::flex();
    let config = ResnetConfig::wgan_gp(3, 32, 32);
    assert_eq!(config.pooling, Pooling::Mean);
    let generator = config.init_generator(&device).unwrap();
    assert_eq!(weights(&generator), resnet_generator(3, 128));
    let discriminator = config.init_discriminator(&device).unwrap();
    assert_eq!(weights(&discriminator), resnet_discriminator(3, 128));
    let names: Vec<String> = parameters(&discriminator).into_keys().collect();
    assert!(names.iter().all(|name| !name.contains("norm")), "{names:?}");
    // Appendix F: the initial weights of He et al. 2015.
    assert_deviation(
        &discriminator,
        "unscaled.0.first.weight",
        (2.0 / (9.0 * 128f64)).sqrt(),
    );
}

#[test]
fn pooling_sums_or_averages() {
    let device = Device::flex();
    let config = ResnetConfig::new(1, 16, 16).with_filters(4);
    let x = stream(2).normal([3, 1, 16, 16], &device);
    let logits = |pooling| {
        let config = config.clone().with_pooling(pooling);
        let discriminator = config.init_discriminator(&device).unwrap();
        values(discriminator.logits(x.clone(), &()))
    };
    // The last image is 4x4; the biases start at 0.
    for (sum, mean) in logits(Pooling::Sum).iter().zip(logits(Pooling::Mean)) {
        assert!((sum / 16.0 - mean).abs() < 1e-5 * mean.abs().max(1e-3));
    }
}

/// Huang et al. 2024, section 3 and the released code, at an eighth of the width.
#[test]
fn r3gan_is_the_papers() {
    let device = Device::flex();
    let config = R3ganConfig::new(3, 16, 16)
        .with_filters(96)
        .with_max_filters(96)
        .with_blocks(2)
        .with_group_width(Some(16));
    assert_eq!((config.latent_size, config.expansion), (64, 2));
    let discriminator = config.init_discriminator(&device).unwrap();
    let mut expected = vec![("first.weight".to_string(), vec![3, 96])];
    for blocks in ["stages.0.blocks", "stages.1.blocks", "last"] {
        for block in 0..2 {
            let layers = [
                ("first", 96, 192),
                ("second", 9 * 16, 192),
                ("third", 192, 96),
            ];
            for (layer, inputs, outputs) in layers {
                let path = format!("{blocks}.{block}.{layer}.weight");
                expected.push((path, vec![inputs, outputs]));
            }
        }
    }
    expected.push(("linear.weight".to_string(), vec![96, 1]));
    assert_eq!(weights(&discriminator), expected);
    // Fix-up: the last layer of a block starts at 0, the two before it have the gain of their slope and the fourth
    // root of the number of blocks.
    let gain = (2.0 / (1.0 + 0.2f64.powi(2))).sqrt() * 6f64.powf(-0.25);
    assert_deviation(&discriminator, "last.0.first.weight", gain / 96f64.sqrt());
    assert_deviation(&discriminator, "last.0.second.weight", gain / 144f64.sqrt());
    assert_eq!(deviation(&discriminator, "last.0.third.weight"), 0.0);
}

#[test]
fn a_perceptron_has_the_widths_that_it_is_given() {
    let device = Device::flex();
    let config = MlpConfig::new(2)
        .with_latent_size(3)
        .with_hidden(vec![5, 7]);
    let layers = |inputs, outputs| [[inputs, 5], [5, 7], [7, outputs]];
    let expected = |inputs, outputs| -> Vec<(String, Vec<usize>)> {
        let layers = layers(inputs, outputs).into_iter().enumerate();
        layers
            .map(|(index, shape)| (format!("layers.{index}.weight"), shape.to_vec()))
            .collect()
    };
    let generator = config.init_generator(&device).unwrap();
    assert_eq!(weights(&generator), expected(3, 2));
    let discriminator = config.init_discriminator(&device).unwrap();
    assert_eq!(weights(&discriminator), expected(2, 1));
}

/// Configurations as version 0.1.0 wrote them: the fields that it did not have change nothing.
#[test]
fn configurations_of_version_0_1_0_mean_the_same_networks() {
    let device = Device::flex();
    let old = r#"{"channels": 1, "height": 32, "width": 32, "latent_size": 128, "filters": 6, "base_size": 4,
        "discriminator_halvings": 2, "unscaled_blocks": 2, "spectral_norm": false, "pooling": "Sum",
        "algorithm": "Matmul", "seed": 0}"#;
    let config: ResnetConfig = serde_json::from_str(old).unwrap();
    let generator = config.init_generator(&device).unwrap();
    assert_eq!(weights(&generator), resnet_generator(1, 6));
    let discriminator = config.init_discriminator(&device).unwrap();
    assert_eq!(weights(&discriminator), resnet_discriminator(1, 6));

    let old = r#"{"channels": 1, "height": 256, "width": 256, "latent_size": 10, "filters": 1, "base_size": 4,
        "generator_normalization": "Batch", "discriminator_normalization": "Batch", "algorithm": "Matmul",
        "seed": 1}"#;
    let config: DcganConfig = serde_json::from_str(old).unwrap();
    assert_eq!(config.max_filters, None, "no limit, as it was");
    let again: DcganConfig = serde_json::from_str(&config.to_string()).unwrap();
    assert_eq!(again.max_filters, None);
    let discriminator = weights(&config.init_discriminator(&device).unwrap());
    assert_eq!(discriminator[5].1, [16 * 16, 32]);
}

#[test]
fn initial_distributions_are_what_they_say() {
    let device = Device::flex();
    let mut draw = stream(3);
    let mut std = |initialization: Initialization| {
        let drawn = initialization.parameter([200, 100], 50, &mut draw, &device);
        let values = values(drawn.val());
        let mean = values.iter().sum::<f64>() / 20_000.0;
        let squares = values.iter().map(|x| (x - mean).powi(2)).sum::<f64>();
        (mean, (squares / 20_000.0).sqrt())
    };
    let cases = [
        (Initialization::DCGAN, 0.0, 0.02),
        (Initialization::LINEAR, 0.0, 50f64.powf(-0.5)),
        (Initialization::He { slope: 0.0 }, 0.0, (2.0 / 50f64).sqrt()),
        (
            Initialization::He { slope: 0.2 },
            0.0,
            (2.0 / (1.04 * 50.0f64)).sqrt(),
        ),
        (
            Initialization::Normal {
                mean: 3.0,
                std: 0.5,
            },
            3.0,
            0.5,
        ),
        (Initialization::Constant { value: 0.25 }, 0.25, 0.0),
    ];
    for (initialization, mean, deviation) in cases {
        let (found_mean, found) = std(initialization);
        assert!(
            (found_mean - mean).abs() <= 0.03 * deviation.max(1e-6),
            "{initialization:?}: mean {found_mean}"
        );
        assert!(
            (found - deviation).abs() <= 0.03 * deviation,
            "{initialization:?}: standard deviation {found}"
        );
    }
}
