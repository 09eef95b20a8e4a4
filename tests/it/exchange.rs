//! Weights by PyTorch's names: every network beside PyTorch's, and what does not fit.

use std::fs;

use burn::tensor::{Device, Tensor, TensorData};
use burn_gan::data::{Memory, ShuffleConfig, Source};
use burn_gan::exchange::{
    PortableGenerator, PytorchModule, StateDict, StateDictError, UnfitTensors, read_safetensors,
    write_safetensors,
};
use burn_gan::model::{CodedGenerator, Codes, DcganDiscriminator, DcganGenerator, MlpConfig};
use burn_gan::trainer::GanTrainerConfig;
use burn_gan::{AdversarialTrainer, Generator, SamplerConfig};

use crate::common::exchange::{
    Case, Part, assert_same, below, cases, difference, golden, joined, moved, put_below,
    small_dcgan,
};
use crate::common::places::in_repository;

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

/// A file for `tests/golden/exchange.py`: each network with weights of this library, and what it makes of some inputs.
#[test]
#[ignore = "writes into out/exchange"]
fn write_for_pytorch() {
    let device = Device::flex();
    let folder = in_repository("out/exchange");
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
