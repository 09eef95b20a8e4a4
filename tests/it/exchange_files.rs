//! Weights in files of other libraries, under names of other libraries.

use std::fs;

use burn::tensor::{Device, Tensor, TensorData, f16};
use burn_gan::exchange::{
    ExchangeError, PortableGenerator, PytorchModule, Renaming, StateDict, StateDictError,
    read_safetensors, write_safetensors,
};
use burn_gan::model::{CodedGenerator, Codes, DcganConfig, MlpConfig, ResnetConfig};
use burn_gan::{
    Discriminator, Generator, SamplerConfig, SavedGenerator, save_coded_generator, save_generator,
};

use crate::common::exchange::{assert_same, difference, golden, moved, small_dcgan};
use crate::common::values;

/// The networks of pytorch/examples' DCGAN at 64x64 pixels take their weights as they are, but for the names and the bias
/// that those do not have.
#[test]
fn the_dcgan_of_pytorch_examples_maps_as_it_is() {
    let device = Device::flex();
    let config = DcganConfig::new(3, 64, 64)
        .with_latent_size(6)
        .with_filters(1);
    let file = read_safetensors(golden().join("pytorch-examples-generator.safetensors")).unwrap();
    let (mut state, renaming) = (file.clone(), Renaming::pytorch_examples_dcgan_generator(4));
    let inputs = state.remove("inputs").unwrap();
    let outputs: Vec<f32> = state.remove("outputs").unwrap().iter().collect();
    let renamed = state.renamed(&renaming).unwrap();
    let generator = config.init_generator(&device).unwrap();
    // Without the bias it is refused.
    assert!(generator.clone().with_state_dict(&renamed).is_err());
    let generator = generator
        .with_state_dict(&renamed.with_zeros("last.bias", &[3]))
        .unwrap();
    let images: Tensor<4> = generator.generate(Tensor::from_data(inputs, &device), &());
    assert!(difference(&images.into_data().iter().collect::<Vec<f32>>(), &outputs) <= 1e-5);

    let path = golden().join("pytorch-examples-discriminator.safetensors");
    let mut state = read_safetensors(path).unwrap();
    let inputs = state.remove("inputs").unwrap();
    let outputs: Vec<f32> = state.remove("outputs").unwrap().iter().collect();
    let state = renamed_discriminator(state);
    let discriminator = config.init_discriminator(&device).unwrap();
    let discriminator = discriminator.with_state_dict(&state).unwrap();
    let logits = discriminator.logits(Tensor::from_data(inputs, &device), &());
    assert!(difference(&logits.into_data().iter().collect::<Vec<f32>>(), &outputs) <= 1e-5);

    // As `torch.save` writes it, alone and as an entry of a checkpoint.
    #[cfg(feature = "pytorch")]
    for (name, key) in [("", None), ("-checkpoint", Some("model"))] {
        let path = golden().join(format!("pytorch-examples-discriminator{name}.pth"));
        let read = burn_gan::exchange::read_pytorch(path, key).unwrap();
        let read = discriminator
            .clone()
            .with_state_dict(&renamed_discriminator(read))
            .unwrap();
        assert_same(
            &read.state_dict().unwrap(),
            &discriminator.state_dict().unwrap(),
            name,
        );
    }
}

fn renamed_discriminator(state: StateDict) -> StateDict {
    let renaming = Renaming::pytorch_examples_dcgan_discriminator(4);
    let state = state.renamed(&renaming).unwrap();
    state.with_zeros("head.bias", &[1])
}

#[test]
#[cfg(feature = "pytorch")]
fn damaged_files_of_pytorch_are_errors() {
    use burn_gan::exchange::read_pytorch;

    use crate::common::places::in_repository;

    let bytes = fs::read(golden().join("pytorch-examples-discriminator.pth")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("weights.pth");
    let error = read_pytorch(&path, None).unwrap_err();
    assert!(matches!(error, ExchangeError::File(_)), "{error}");
    let seed = in_repository("fuzz/corpus/pytorch/seed-checkpoint");
    let seed = fs::read(seed).unwrap();
    for position in 0..seed.len() {
        let mut changed = seed.clone();
        changed[position] ^= 0x41;
        fs::write(&path, &changed).unwrap();
        // An error, or tensors: not all bytes of an archive are covered by its sums.
        let _ = read_pytorch(&path, None);
    }
    for length in (0..bytes.len()).step_by(bytes.len() / 40) {
        fs::write(&path, &bytes[..length]).unwrap();
        let error = read_pytorch(&path, None).unwrap_err();
        assert!(
            matches!(error, ExchangeError::Damaged { .. }),
            "{length}: {error}"
        );
    }
    fs::write(&path, &bytes).unwrap();
    let error = read_pytorch(&path, Some("generator")).unwrap_err();
    assert!(matches!(error, ExchangeError::Damaged { .. }), "{error}");
}

#[test]
fn a_safetensors_file_returns_what_was_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.safetensors");
    let mut state = StateDict::new()
        .with_metadata("key", "a text")
        .with_metadata("another", "");
    state.insert("double", TensorData::new(vec![1.0_f64, -2.5], [2]));
    state.insert("single", TensorData::new(vec![0.1_f32; 6], [2, 3]));
    state.insert("half", TensorData::new(vec![f16::from_f32(0.5)], [1]));
    state.insert("number", TensorData::new(vec![-3_i64], [1]));
    state.insert("none", TensorData::new(Vec::<f32>::new(), [0, 4]));
    write_safetensors(&state, &path).unwrap();
    assert_eq!(read_safetensors(&path).unwrap(), state);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);

    let whole = fs::read(&path).unwrap();
    for length in 0..whole.len() {
        fs::write(&path, &whole[..length]).unwrap();
        let error = read_safetensors(&path).unwrap_err();
        assert!(
            matches!(error, ExchangeError::Damaged { .. }),
            "{length}: {error}"
        );
    }
    let error = read_safetensors(folder.path().join("none")).unwrap_err();
    assert!(matches!(error, ExchangeError::File(_)), "{error}");

    // A byte that is changed gives an error or tensors, which may be others.
    for position in 0..whole.len() {
        let mut bytes = whole.clone();
        bytes[position] ^= 0x41;
        fs::write(&path, &bytes).unwrap();
        let _ = read_safetensors(&path);
    }

    // What cannot be written leaves the older file as it was.
    fs::write(&path, &whole).unwrap();
    let mut unwritable = StateDict::new();
    unwritable.insert("flags", TensorData::new(vec![true], [1]));
    let error = write_safetensors(&unwritable, &path).unwrap_err();
    assert!(
        matches!(error, ExchangeError::ElementType { .. }),
        "{error}"
    );
    assert_eq!(fs::read(&path).unwrap(), whole);
}

#[test]
fn weights_of_another_precision_take_the_networks() {
    let config = MlpConfig::new(2).with_hidden(vec![4]);
    let generator = config.init_generator(&Device::flex()).unwrap();
    let state = generator.state_dict().unwrap();
    let halved = |(name, data): (&String, &TensorData)| {
        let values: Vec<f16> = data.iter::<f32>().map(f16::from_f32).collect();
        (name.clone(), TensorData::new(values, data.shape().to_vec()))
    };
    let halves: StateDict = state.tensors().iter().map(halved).collect();
    let loaded = generator
        .with_state_dict(&halves)
        .unwrap()
        .state_dict()
        .unwrap();
    for (name, data) in loaded.tensors() {
        assert_eq!(data.dtype(), state.tensors()[name].dtype());
        let [actual, expected] =
            [data, &state.tensors()[name]].map(|data| data.iter().collect::<Vec<f32>>());
        assert!(difference(&actual, &expected) < 1e-3, "{name}");
    }
}

/// The names that `torch.nn.utils.spectral_norm` gives, before there were parametrizations.
#[test]
fn older_names_of_spectral_normalisation_are_taken() {
    let config = ResnetConfig::new(1, 8, 8)
        .with_filters(4)
        .with_spectral_norm(true);
    let device = Device::flex();
    let state = config
        .init_discriminator(&device)
        .unwrap()
        .state_dict()
        .unwrap();
    let old = |(name, data): (&String, &TensorData)| {
        let new = name
            .replace("parametrizations.weight.original", "weight_orig")
            .replace("parametrizations.weight.0._u", "weight_u")
            .replace("parametrizations.weight.0._v", "weight_v");
        (new, data.clone())
    };
    let older: StateDict = state.tensors().iter().map(old).collect();
    assert!(older.get("linear.weight_u").is_some());
    let other = config.with_seed(1).init_discriminator(&device).unwrap();
    let loaded = other.with_state_dict(&older).unwrap();
    assert_same(&loaded.state_dict().unwrap(), &state, "older names");
}

#[test]
fn a_renaming_that_loses_a_tensor_is_refused() {
    let state: StateDict = ["a.weight", "b.weight"]
        .map(|name| (name.to_string(), TensorData::zeros::<f32, _>([1])))
        .into_iter()
        .collect();
    let renaming = Renaming::new([("a", "b")]);
    let error = state.clone().renamed(&renaming).unwrap_err();
    assert!(
        matches!(error, StateDictError::DuplicateName { .. }),
        "{error}"
    );
    let renaming = Renaming::new([("a", "c"), ("b", "d")]);
    let there = state.clone().renamed(&renaming).unwrap();
    assert!(there.get("c.weight").is_some() && there.get("a.weight").is_none());
    assert_eq!(there.renamed(&renaming.reversed()).unwrap(), state);
}

/// A saved generator goes into a safetensors file and back, and draws the same.
#[test]
fn saved_generators_go_there_and_back() {
    let device = Device::flex();
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let config = small_dcgan();
    let generator = config.init_generator(&device).unwrap();
    let generator = generator
        .clone()
        .with_state_dict(&moved(&generator.state_dict().unwrap()))
        .unwrap();
    save_generator(config, &generator, path("generator.bpk")).unwrap();
    let portable = PortableGenerator::load(path("generator.bpk"), &device).unwrap();
    portable
        .write_safetensors(path("generator.safetensors"))
        .unwrap();
    let read = PortableGenerator::read_safetensors(path("generator.safetensors")).unwrap();
    assert_eq!(read.config.name(), "dcgan");
    read.save(path("back.bpk"), &device).unwrap();
    let drawn = |name: &str| -> Vec<f64> {
        let generator = SavedGenerator::load(path(name), &device)
            .unwrap()
            .images()
            .unwrap();
        values::<4>(SamplerConfig::new().sample(&generator, 3, &()).unwrap())
    };
    assert_eq!(drawn("back.bpk"), drawn("generator.bpk"));

    let config = MlpConfig::new(2).with_latent_size(5);
    let coded = CodedGenerator::new(config.init_generator(&device).unwrap(), Codes::new(3, 1));
    save_coded_generator(config, &coded, path("points.bpk")).unwrap();
    let portable = PortableGenerator::load(path("points.bpk"), &device).unwrap();
    portable
        .write_safetensors(path("points.safetensors"))
        .unwrap();
    let read = PortableGenerator::read_safetensors(path("points.safetensors")).unwrap();
    assert_eq!(
        read.init(&device).unwrap().points().unwrap().codes(),
        coded.codes()
    );
}

#[test]
fn a_file_without_a_network_says_so() {
    let device = Device::flex();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.safetensors");
    let state = small_dcgan()
        .init_generator(&device)
        .unwrap()
        .state_dict()
        .unwrap();
    write_safetensors(&state, &path).unwrap();
    let error = PortableGenerator::read_safetensors(&path).unwrap_err();
    assert!(
        matches!(error, ExchangeError::NoConfiguration { .. }),
        "{error}"
    );
    let told = state.clone().with_metadata("burn-gan-generator", "{}");
    write_safetensors(&told, &path).unwrap();
    let error = PortableGenerator::read_safetensors(&path).unwrap_err();
    assert!(
        matches!(error, ExchangeError::Configuration { .. }),
        "{error}"
    );
    // Of another network.
    let other = PortableGenerator::of_state(small_dcgan().with_filters(8), state);
    let error = other.init(&device).unwrap_err();
    assert!(
        matches!(error, ExchangeError::StateDict(StateDictError::Unfit(_))),
        "{error}"
    );
    assert!(
        other
            .write_onnx(folder.path().join("file.onnx"), &device)
            .is_err()
    );
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}
