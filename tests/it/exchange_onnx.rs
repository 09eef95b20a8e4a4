//! Generators as ONNX files.

use std::fs;

use burn::tensor::{Device, Tensor, TensorData};
use burn_gan::exchange::{PortableGenerator, StateDict};
use burn_gan::model::{CodedGenerator, Codes, MlpConfig};
use burn_gan::{Generator, SamplerConfig};

use crate::common::exchange::{Part, cases, difference, moved};
use crate::common::onnx::Model;

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
