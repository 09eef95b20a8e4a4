//! Weights to and from other libraries: every network beside PyTorch's, files, and what does not fit.

use std::fs;
use std::path::{Path, PathBuf};

use burn::tensor::{Device, Tensor, TensorData, f16};
use burn_gan::data::{Memory, ShuffleConfig, Source};
use burn_gan::exchange::{
    ExchangeError, PortableGenerator, PytorchModule, Renaming, StateDict, StateDictError,
    UnfitTensors, read_safetensors, write_safetensors,
};
use burn_gan::model::{
    CodedGenerator, Codes, DcganConfig, DcganDiscriminator, DcganGenerator, MlpConfig, ResnetConfig,
};
use burn_gan::trainer::GanTrainerConfig;
use burn_gan::{
    AdversarialTrainer, Discriminator, Generator, SamplerConfig, SavedGenerator,
    save_coded_generator, save_generator,
};

use crate::common::exchange::{Case, Part, below, cases, difference, joined, moved, put_below};
use crate::common::onnx::Model;
use crate::common::values;

fn golden() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/exchange")
}

/// Under which key a file says what network its weights are of.
const CASE: &str = "case";

/// Weights that PyTorch has made give PyTorch's samples and logits (tests/golden/exchange.py).
#[test]
fn weights_of_pytorch_give_its_outputs() {
    let device = Device::flex();
    let mut files = 0;
    for entry in fs::read_dir(golden()).unwrap() {
        let path = entry.unwrap().path();
        if path
            .extension()
            .is_none_or(|ending| ending != "safetensors")
        {
            continue;
        }
        let file = read_safetensors(&path).unwrap();
        let Some(case) = file.metadata().get(CASE) else {
            continue;
        };
        let case: Case = serde_json::from_str(case).unwrap();
        let network = case.build(&device);
        let initial = network.outputs(&below(&file, "inputs"));
        let network = network.loaded(&below(&file, "weights")).unwrap();
        let outputs = network.outputs(&below(&file, "inputs"));
        let expected: Vec<f32> = file.get("outputs").unwrap().iter().collect();
        let error = difference(&outputs, &expected);
        println!("{error:9.1e} {}", path.display());
        assert!(error <= 1e-5, "{}: {error:e}", path.display());
        // The weights matter: with those before the result is another.
        assert!(difference(&initial, &expected) > 1e-2, "{}", path.display());
        files += 1;
    }
    assert_eq!(files, cases().len(), "there is a file for each network");
}

/// The tensors of both are the same, but for vectors of spectral normalisation that follow from the weights.
#[track_caller]
fn assert_same(actual: &StateDict, expected: &StateDict, name: &str) {
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

/// What a network lists and takes back leaves it as it was; any other weights go in and come out.
#[test]
fn every_network_takes_back_what_it_lists() {
    let device = Device::flex();
    for (name, case) in cases() {
        let network = case.build(&device);
        let inputs = network.inputs();
        let (state, outputs) = (network.state(), network.outputs(&inputs));
        let network = network.loaded(&state).unwrap();
        assert!(
            difference(&network.outputs(&inputs), &outputs) < 1e-5,
            "{name}"
        );
        assert_same(&network.state(), &state, name);

        let other = network.loaded(&moved(&state)).unwrap().state();
        let network = case.build(&device).loaded(&other).unwrap();
        assert!(
            difference(&network.outputs(&inputs), &outputs) > 1e-3,
            "{name}"
        );
        assert_same(&network.state(), &other, name);
        // The form that trains is loaded as well.
        let training = case.build(&device.clone().autodiff());
        let training = training.loaded(&other).unwrap();
        assert_same(&training.state(), &other, name);
    }
}

/// A state dict with something wrong of each kind is refused with all of it, and the network stays as it was.
#[test]
fn what_does_not_fit_is_listed_and_nothing_is_loaded() {
    let device = Device::flex();
    let generator = small_dcgan().init_generator(&device).unwrap();
    let state = generator.state_dict().unwrap();
    let mut other = moved(&state);
    other.remove("stem.weight").unwrap();
    other.remove("last.bias").unwrap();
    other.insert("stem.wieght", TensorData::zeros::<f32, _>([1]));
    other.insert(
        "stem_norm.num_batches_tracked",
        TensorData::new(vec![7_i64], [1]),
    );
    other.insert("last.weight", TensorData::zeros::<f32, _>([4, 2, 4, 5]));
    other.insert("stem_norm.bias", TensorData::new(vec![1_i64; 8], [8]));
    other.insert(
        "stem_norm.weight",
        TensorData::new(vec![0.0, f32::NAN, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0], [8]),
    );
    other.insert(
        "stem_norm.running_var",
        TensorData::new(vec![-1.0_f32; 8], [8]),
    );
    let error = generator.clone().with_state_dict(&other).unwrap_err();
    let StateDictError::Unfit(unfit) = &error else {
        panic!("{error}");
    };
    let UnfitTensors {
        missing,
        unknown,
        misshapen,
        unusable,
        ..
    } = &**unfit;
    assert_eq!(missing, &["stem.weight", "last.bias"]);
    assert_eq!(unknown, &["stem.wieght"]);
    assert_eq!(misshapen.len(), 1);
    assert_eq!(
        (
            misshapen[0].expected.as_slice(),
            misshapen[0].actual.as_slice()
        ),
        (&[4, 2, 4, 4][..], &[4, 2, 4, 5][..])
    );
    assert_eq!(
        error.to_string(),
        "the tensors are not the network's: 2 missing: `stem.weight`, `last.bias`; 1 unknown to the network: `stem.wieght`; \
         1 of another shape: `last.weight` has shape [4, 2, 4, 5], the network needs [4, 2, 4, 4]; \
         3 unusable: value 1 of `stem_norm.weight` is NaN, value 0 of `stem_norm.bias` is of the type I64, \
         value 0 of `stem_norm.running_var` is -1"
    );
    assert_eq!(unusable.len(), 3);
    // The copy shares its running statistics with the generator until one of them is loaded.
    assert_same(&generator.state_dict().unwrap(), &state, "after a refusal");
    let copy = generator.clone().with_state_dict(&moved(&state)).unwrap();
    assert_same(
        &generator.state_dict().unwrap(),
        &state,
        "beside a loaded copy",
    );
    assert_same(&copy.state_dict().unwrap(), &moved(&state), "the copy");
}

fn small_dcgan() -> DcganConfig {
    DcganConfig::new(2, 8, 8)
        .with_latent_size(3)
        .with_filters(4)
        .with_base_size(2)
}

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
    let bytes = fs::read(golden().join("pytorch-examples-discriminator.pth")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("weights.pth");
    let error = read_pytorch(&path, None).unwrap_err();
    assert!(matches!(error, ExchangeError::File(_)), "{error}");
    let seed = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus/pytorch/seed-checkpoint");
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

/// From the same weights the same steps follow, whether they were drawn here or came in a file.
#[test]
fn training_goes_on_from_imported_weights() {
    let device = Device::flex().autodiff();
    let config = small_dcgan();
    let samples =
        crate::common::stream(5).uniform([16, 2, 8, 8], &device.clone().without_autodiff());
    let mut source = ShuffleConfig::new(4)
        .init(Memory::new(samples).unwrap())
        .unwrap();
    let example = source.batch(0, &device).unwrap();
    let generator = config.init_generator(&device).unwrap();
    let discriminator = config.init_discriminator(&device).unwrap();
    let generator = generator
        .clone()
        .with_state_dict(&moved(&generator.state_dict().unwrap()))
        .unwrap();
    let states = [
        generator.state_dict().unwrap(),
        discriminator.state_dict().unwrap(),
    ];
    let mut trained = |generator: DcganGenerator, discriminator: DcganDiscriminator| {
        let mut trainer = GanTrainerConfig::new()
            .init(generator, discriminator, &example)
            .unwrap();
        for step in 0..3 {
            trainer.step(source.batch(step, &device).unwrap()).unwrap();
        }
        [
            trainer.generator().state_dict().unwrap(),
            trainer.discriminator().state_dict().unwrap(),
        ]
    };
    let expected = trained(generator, discriminator);
    let other = config.with_seed(9);
    let generator = other
        .init_generator(&device)
        .unwrap()
        .with_state_dict(&states[0])
        .unwrap();
    let discriminator = other
        .init_discriminator(&device)
        .unwrap()
        .with_state_dict(&states[1])
        .unwrap();
    let actual = trained(generator, discriminator);
    assert_eq!(actual, expected);
    for (before, after) in states.iter().zip(&actual) {
        for (name, data) in after.tensors() {
            assert_ne!(&before.tensors()[name], data, "{name} was not trained");
        }
    }
}

/// Every generator's ONNX file, computed by plain loops after ONNX's specification, gives the generator's samples, for a whole
/// batch and for one sample. (`tests/golden/exchange.py` runs the same in ONNX Runtime.)
#[test]
fn onnx_files_give_the_generators_samples() {
    let device = Device::flex();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("generator.onnx");
    let mut written = 0;
    for (name, case) in cases() {
        if case.part != Part::Generator {
            continue;
        }
        let network = case.build(&device);
        let other = moved(&network.state());
        let network = network.loaded(&other).unwrap();
        let generator = PortableGenerator::of_state(case.generator(), network.state());
        generator.write_onnx(&path, &device).unwrap();
        let model = Model::read(&fs::read(&path).unwrap());
        let inputs = network.inputs();
        for batch in [3, 1] {
            let inputs = first(&inputs, batch);
            let output = model.run(&inputs);
            assert_eq!(output.shape[0], batch, "{name}");
            let actual: Vec<f32> = output.values.iter().map(|&value| value as f32).collect();
            let error = difference(&actual, &network.outputs(&inputs));
            assert!(error <= 1e-5, "{name}: {error:e}");
        }
        written += 1;
    }
    assert!(written >= 16);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn onnx_files_have_the_codes_of_a_latent_vector() {
    let device = Device::flex();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("generator.onnx");
    for (codes, width) in [
        (Codes::new(3, 1), 5),
        (Codes::new(4, 0), 4),
        (Codes::new(0, 2), 4),
    ] {
        let config = MlpConfig::new(2)
            .with_latent_size(width)
            .with_hidden(vec![6]);
        let generator = CodedGenerator::new(config.init_generator(&device).unwrap(), codes);
        let portable = PortableGenerator::new(config, &generator).unwrap();
        portable
            .with_codes(codes)
            .write_onnx(&path, &device)
            .unwrap();
        let model = Model::read(&fs::read(&path).unwrap());
        assert_eq!(model.inputs(), ["latent"]);
        let latent = SamplerConfig::new().latents(7, width, &device).unwrap();
        let expected: Tensor<2> = generator.generate(latent.clone(), &());
        let inputs = [("latent".to_string(), latent.into_data())]
            .into_iter()
            .collect();
        let actual: Vec<f32> = model
            .run(&inputs)
            .values
            .iter()
            .map(|&value| value as f32)
            .collect();
        let expected: Vec<f32> = expected.into_data().iter().collect();
        assert!(difference(&actual, &expected) <= 1e-5, "{codes:?}");
    }
}

/// The first samples of each input.
fn first(inputs: &StateDict, count: usize) -> StateDict {
    let of = |(name, data): (&String, &TensorData)| {
        let mut shape = data.shape().to_vec();
        let size: usize = shape[1..].iter().product();
        shape[0] = count;
        let data = if name == "labels" {
            TensorData::new(data.iter::<i64>().take(count).collect::<Vec<_>>(), shape)
        } else {
            TensorData::new(
                data.iter::<f32>().take(count * size).collect::<Vec<_>>(),
                shape,
            )
        };
        (name.clone(), data)
    };
    inputs.tensors().iter().map(of).collect()
}

/// A file for `tests/golden/exchange.py`: each network with weights of this library, and what it makes of some inputs.
#[test]
#[ignore = "writes into out/exchange"]
fn write_for_pytorch() {
    let device = Device::flex();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("out/exchange");
    fs::create_dir_all(&folder).unwrap();
    for (name, case) in cases() {
        let network = case.build(&device);
        let network = {
            let other = moved(&network.state());
            network.loaded(&other).unwrap()
        };
        let inputs = network.inputs();
        let outputs = network.outputs(&inputs);
        let file = joined(
            put_below(&network.state(), "weights"),
            put_below(&inputs, "inputs"),
        );
        let mut file = file.with_metadata(CASE, serde_json::to_string(&case).unwrap());
        let length = outputs.len();
        file.insert("outputs", TensorData::new(outputs, [length]));
        write_safetensors(&file, folder.join(format!("{name}.safetensors"))).unwrap();
        if case.part == Part::Generator {
            let generator = PortableGenerator::of_state(case.generator(), network.state());
            let path = folder.join(format!("{name}.onnx"));
            generator.write_onnx(path, &device).unwrap();
        }
    }
    // One whose latent vectors begin with codes, as `export` writes it.
    let config = MlpConfig::new(2).with_latent_size(5).with_hidden(vec![6]);
    let codes = Codes::new(3, 1);
    let generator = CodedGenerator::new(config.init_generator(&device).unwrap(), codes);
    let latent = SamplerConfig::new().latents(3, 5, &device).unwrap();
    let samples: Tensor<2> = generator.generate(latent.clone(), &());
    let portable = PortableGenerator::new(config, &generator).unwrap();
    let portable = portable.with_codes(codes);
    let path = folder.join("coded");
    portable
        .write_onnx(path.with_extension("onnx"), &device)
        .unwrap();
    portable
        .write_safetensors(path.with_extension("safetensors"))
        .unwrap();
    let numbers = [
        ("latent", latent.into_data()),
        ("samples", samples.into_data()),
    ];
    let numbers: StateDict = numbers
        .map(|(name, data)| (name.to_string(), data))
        .into_iter()
        .collect();
    write_safetensors(&numbers, folder.join("coded-samples.safetensors")).unwrap();
}
