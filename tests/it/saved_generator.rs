//! Generators in files: what is loaded draws what was saved, and what cannot be loaded says why.

use std::path::Path;

use burn::config::Config;
use burn::module::Module;
use burn::tensor::{Device, Tensor};
use burn_gan::data::ClassFrequencies;
use burn_gan::exchange::PortableGenerator;
use burn_gan::model::{
    CodedGenerator, Codes, DcganConfig, GeneratorCondition, MlpConfig, R3ganConfig, ResnetConfig,
    TranslatorConfig, UnetConfig,
};
use burn_gan::nn::class_labels;
use burn_gan::{
    Generator, GeneratorConfig, Labels, SamplerConfig, SavedGenerator, WeightsError,
    save_coded_generator, save_conditional_generator, save_generator, save_weights,
};

fn device() -> Device {
    Device::flex()
}

fn values<const D: usize>(samples: Tensor<D>) -> Vec<f32> {
    samples.into_data().iter().collect()
}

/// Six samples, two of each of three classes where there are classes.
fn drawn<const D: usize, G>(generator: &G) -> Vec<f32>
where
    G: Generator<D> + Generator<D, Labels>,
{
    let sampler = SamplerConfig::new().with_seed(3);
    values(match Generator::<D>::classes(generator) {
        Some(classes) => {
            let labels = class_labels(&[0, 0, 1, 1, 2, 2], classes, &device()).unwrap();
            sampler.sample(generator, 6, &labels).unwrap()
        }
        None => sampler.sample(generator, 6, &()).unwrap(),
    })
}

/// Saves and loads images of noise, and compares what both draw.
fn images_return<G>(config: impl Into<GeneratorConfig>, generator: &G, name: &str)
where
    G: Module + Generator<4> + Generator<4, Labels>,
{
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("generator.bpk");
    save_generator(config, generator, &path).unwrap();
    assert_eq!(SavedGenerator::config(&path).unwrap().name(), name);
    let loaded = SavedGenerator::load(&path, &device())
        .unwrap()
        .images()
        .unwrap();
    assert_eq!(drawn(&loaded), drawn(generator), "{name}");
    let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().collect();
    assert_eq!(left.len(), 1, "{left:?}");
}

#[test]
fn every_network_of_images_returns() {
    let device = device();
    let dcgan = DcganConfig::new(1, 8, 8).with_filters(4).with_seed(5);
    images_return(
        dcgan.clone(),
        &dcgan.init_generator(&device).unwrap(),
        "dcgan",
    );
    let conditional = dcgan
        .with_classes(Some(3))
        .with_generator_condition(GeneratorCondition::ConditionalNorm);
    let generator = conditional.init_generator(&device).unwrap();
    images_return(conditional, &generator, "dcgan");
    let resnet = ResnetConfig::new(3, 16, 16)
        .with_generator_filters(Some(8))
        .with_classes(Some(3));
    let generator = resnet.init_generator(&device).unwrap();
    images_return(resnet, &generator, "resnet");
    let r3gan = R3ganConfig::new(1, 8, 8).with_classes(Some(3));
    let generator = r3gan.init_generator(&device).unwrap();
    images_return(r3gan, &generator, "r3gan");
}

#[test]
fn points_return_with_their_codes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("generator.bpk");
    let config = MlpConfig::new(2).with_latent_size(8).with_seed(1);
    let generator = config.init_generator(&device()).unwrap();
    let coded = CodedGenerator::new(generator, Codes::new(4, 1));
    save_coded_generator(config, &coded, &path).unwrap();
    let loaded = SavedGenerator::load(&path, &device())
        .unwrap()
        .points()
        .unwrap();
    assert_eq!(loaded.codes(), coded.codes());
    assert_eq!(drawn(&loaded), drawn(&coded));
}

#[test]
fn translations_return() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("generator.bpk");
    let source = Tensor::<4>::random(
        [2, 1, 16, 16],
        burn::tensor::Distribution::Uniform(-1.0, 1.0),
        &device(),
    );
    let translated = |path: &Path| {
        let generator = SavedGenerator::load(path, &device())
            .unwrap()
            .translation()
            .unwrap();
        values(SamplerConfig::new().sample(&generator, 2, &source).unwrap())
    };

    let unet = UnetConfig::new(1, 1, 16, 16).with_filters(4);
    let generator = unet.init(&device()).unwrap();
    save_generator(unet, &generator, &path).unwrap();
    let expected = values(SamplerConfig::new().sample(&generator, 2, &source).unwrap());
    assert_eq!(translated(&path), expected);

    // Over the file of the other network.
    let translator = TranslatorConfig::new(1, 1, 16, 16).with_filters(4);
    let generator = translator.init(&device()).unwrap();
    save_generator(translator, &generator, &path).unwrap();
    let expected = values(SamplerConfig::new().sample(&generator, 2, &source).unwrap());
    assert_eq!(translated(&path), expected);
}

#[test]
fn how_often_classes_occur_is_saved_too() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("generator.bpk");
    let config = DcganConfig::new(1, 8, 8)
        .with_filters(4)
        .with_classes(Some(3));
    let generator = config.init_generator(&device()).unwrap();
    let frequencies = ClassFrequencies::new(vec![5, 0, 7]).unwrap();
    save_conditional_generator(config.clone(), &generator, &frequencies, &path).unwrap();
    let saved = || SavedGenerator::class_frequencies(&path).unwrap();
    assert_eq!(saved(), Some(frequencies.clone()));
    let bytes = std::fs::read(&path).unwrap();
    let of_bytes = SavedGenerator::class_frequencies_from_bytes(&bytes).unwrap();
    assert_eq!(of_bytes, Some(frequencies.clone()));

    // Through another library's format and back.
    let portable = PortableGenerator::load(&path, &device()).unwrap();
    let elsewhere = folder.path().join("generator.safetensors");
    portable.write_safetensors(&elsewhere).unwrap();
    let back = PortableGenerator::read_safetensors(&elsewhere).unwrap();
    back.save(&path, &device()).unwrap();
    assert_eq!(saved(), Some(frequencies));

    // Two classes for a network of three, and classes for one of none.
    let two = ClassFrequencies::new(vec![5, 7]).unwrap();
    let error = save_conditional_generator(config.clone(), &generator, &two, &path).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("frequencies of 2 classes for a network of 3 classes"),
        "{error}"
    );
    let none = config.with_classes(None);
    let generator = none.init_generator(&device()).unwrap();
    let error = save_conditional_generator(none.clone(), &generator, &two, &path).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("frequencies of 2 classes for a network without classes"),
        "{error}"
    );
    // A refusal leaves the file as it was.
    assert_eq!(saved().unwrap().counts(), [5, 0, 7]);

    save_generator(none, &generator, &path).unwrap();
    assert_eq!(saved(), None);
}

#[test]
fn weights_load_with_a_configuration_beside_them() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("generator.bpk");
    let config = DcganConfig::new(1, 8, 8).with_filters(4);
    let generator = config.init_generator(&device()).unwrap();
    save_weights(&generator, &path).unwrap();
    config.save(path.with_extension("json")).unwrap();
    let loaded = SavedGenerator::load(&path, &device()).unwrap();
    assert_eq!(drawn(&loaded.images().unwrap()), drawn(&generator));
}

#[test]
fn weights_of_another_network_do_not_replace_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("generator.bpk");
    let config = DcganConfig::new(1, 8, 8).with_filters(4);
    let generator = config.init_generator(&device()).unwrap();
    save_generator(config.clone(), &generator, &path).unwrap();
    let before = std::fs::read(&path).unwrap();

    let wider = config.with_filters(8);
    let error = save_generator(wider, &generator, &path).unwrap_err();
    assert!(matches!(error, WeightsError::Invalid { .. }), "{error}");
    assert_eq!(std::fs::read(&path).unwrap(), before);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn what_is_no_saved_generator_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("generator.bpk");
    let load = || SavedGenerator::load(&path, &device());
    assert!(matches!(load().unwrap_err(), WeightsError::File(_)));

    std::fs::write(&path, b"no weights").unwrap();
    assert!(matches!(load().unwrap_err(), WeightsError::Invalid { .. }));

    let config = MlpConfig::new(2);
    let generator = config.init_generator(&device()).unwrap();
    save_weights(&generator, &path).unwrap();
    let error = load().unwrap_err();
    assert!(
        matches!(error, WeightsError::NetworkUnknown { .. }),
        "{error}"
    );

    std::fs::write(folder.path().join("generator.json"), "{}").unwrap();
    let error = load().unwrap_err();
    assert!(
        matches!(error, WeightsError::NetworkConfig { .. }),
        "{error}"
    );

    save_generator(config, &generator, &path).unwrap();
    let error = load().unwrap().images().unwrap_err();
    assert_eq!(
        error.to_string(),
        "the file holds a generator of points, not of images from noise"
    );
}

#[test]
fn bytes_that_a_program_carries_are_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("generator.bpk");
    let config = MlpConfig::new(2).with_hidden(vec![3]).with_latent_size(2);
    let generator = config.init_generator(&device()).unwrap();
    save_generator(config, &generator, &path).unwrap();
    let bytes = std::fs::read(&path).unwrap();
    let loaded = SavedGenerator::from_bytes(&bytes, &device()).unwrap();
    assert_eq!(drawn(&loaded.points().unwrap()), drawn(&generator));

    for length in [0, 1, 8, bytes.len() / 2, bytes.len() - 1] {
        let cut = SavedGenerator::from_bytes(&bytes[..length], &device());
        assert!(matches!(cut, Err(WeightsError::Invalid { .. })), "{length}");
    }
    save_weights(&generator, &path).unwrap();
    let error = SavedGenerator::from_bytes(&std::fs::read(&path).unwrap(), &device()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "bytes of a generator: the configuration of the network: there is none"
    );
}

/// A weights file cut anywhere, or with a byte changed in its header, is an error or the generator; never a panic.
#[test]
fn damaged_files_do_not_panic() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("generator.bpk");
    let config = MlpConfig::new(2).with_hidden(vec![3]).with_latent_size(2);
    let generator = config.init_generator(&device()).unwrap();
    save_generator(config, &generator, &path).unwrap();
    let whole = std::fs::read(&path).unwrap();
    for length in (0..whole.len()).step_by(7) {
        std::fs::write(&path, &whole[..length]).unwrap();
        assert!(SavedGenerator::load(&path, &device()).is_err(), "{length}");
    }
    for position in 0..whole.len().min(1500) {
        let mut bytes = whole.clone();
        bytes[position] ^= 0x41;
        std::fs::write(&path, &bytes).unwrap();
        let _ = SavedGenerator::load(&path, &device());
    }
}
