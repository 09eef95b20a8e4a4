//! One step on every backend from the same weights and latents: losses, gradients and a step of plain
//! gradient descent agree. (Adam is no test: it turns the sign of a tiny gradient into a whole step.)

use std::collections::BTreeMap;

use crate::common::{gradients, parameters, processors, relative_error, stream, values};
use burn::optim::{GradientsParams, SgdConfig};
use burn::tensor::Device;
use burn_gan::loss::Loss;
use burn_gan::model::{DcganConfig, Normalization};
use burn_gan::nn::Algorithm;
use burn_gan::random::{Purpose, Stream};
use burn_gan::trainer::{GanTrainerConfig, OptimizerConfig};
use burn_gan::{AdversarialTrainer, Batch, Discriminator, Generator};

type Trace = BTreeMap<String, Vec<f64>>;

fn networks(normalization: Normalization) -> DcganConfig {
    DcganConfig::new(2, 8, 12)
        .with_filters(4)
        .with_latent_size(5)
        .with_base_size(2)
        .with_generator_normalization(normalization)
        .with_discriminator_normalization(normalization)
}

/// Logits, losses and both gradients before a step, and the weights after it.
fn trace(device: &Device, loss: Loss, normalization: Normalization) -> Trace {
    let networks = networks(normalization);
    let plain = device.clone().inner();
    let batch = Batch::new(stream(1).normal([6, 2, 8, 12], &plain).tanh());
    let mut trace = Trace::new();

    let generator = networks.init_generator(device).unwrap();
    let discriminator = networks.init_discriminator(device).unwrap();
    let latent = Stream::new(0, Purpose::Latent, 0).normal([6, 5], device);
    let fake = generator.generate(latent, &());
    let logits_real = discriminator.logits(batch.samples.clone().autodiff(), &());
    let logits_fake = discriminator.logits(fake.clone().detach(), &());
    let formulas = loss.build().unwrap();
    let loss_d = formulas.discriminator(logits_real.clone(), logits_fake.clone());
    let loss_g = formulas.generator(discriminator.logits(fake, &()), &|| {
        logits_real.clone().detach()
    });
    trace.insert("logits_real".into(), values(logits_real.clone()));
    trace.insert("logits_fake".into(), values(logits_fake));
    trace.insert("loss_d".into(), values(loss_d.clone()));
    trace.insert("loss_g".into(), values(loss_g.clone()));
    let of_d = GradientsParams::from_grads(loss_d.mean().backward(), &discriminator);
    let of_g = GradientsParams::from_grads(loss_g.mean().backward(), &generator);
    for (name, found) in [
        ("d", gradients(&discriminator, &of_d)),
        ("g", gradients(&generator, &of_g)),
    ] {
        trace.extend(
            found
                .into_iter()
                .map(|(path, value)| (format!("grad {name}.{path}"), value)),
        );
    }

    let sgd = || OptimizerConfig::Sgd(SgdConfig::new());
    let mut trainer = GanTrainerConfig::new()
        .with_loss(loss)
        .with_generator_optimizer(sgd())
        .with_discriminator_optimizer(sgd())
        .with_generator_learning_rate(0.1)
        .with_discriminator_learning_rate(0.1)
        .init(
            networks.init_generator(device).unwrap(),
            networks.init_discriminator(device).unwrap(),
            &batch,
        )
        .unwrap();
    trainer.step(batch).unwrap();
    for (name, found) in [
        ("d", parameters(trainer.discriminator())),
        ("g", parameters(trainer.generator())),
    ] {
        trace.extend(
            found
                .into_iter()
                .map(|(path, value)| (format!("after {name}.{path}"), value)),
        );
    }
    trace
}

#[cfg_attr(not(any(feature = "ndarray", feature = "wgpu")), allow(dead_code))]
fn assert_agree(device: Device, tolerance: f64) {
    let flex = Device::flex().autodiff();
    for loss in [Loss::NonSaturating, Loss::RelativisticPaired, Loss::Hinge] {
        for normalization in [Normalization::None, Normalization::Batch] {
            let expected = trace(&flex, loss, normalization);
            let actual = trace(&device, loss, normalization);
            assert_eq!(
                expected.keys().collect::<Vec<_>>(),
                actual.keys().collect::<Vec<_>>()
            );
            for (path, expected) in &expected {
                let error = relative_error(&actual[path], expected);
                // A gradient that is 0 but for rounding has no relative error to speak of.
                let size = expected.iter().map(|x| x * x).sum::<f64>().sqrt();
                assert!(
                    error <= tolerance || size < 1e-6,
                    "{loss:?}, {normalization:?}, {path}: {error:e} of {size:e}"
                );
            }
        }
    }
}

#[test]
#[cfg(feature = "ndarray")]
#[allow(deprecated)]
fn ndarray_agrees_with_flex() {
    assert_agree(Device::ndarray().autodiff(), 1e-4);
}

#[test]
#[cfg(feature = "wgpu")]
fn wgpu_agrees_with_flex() {
    let device = Device::wgpu(burn::tensor::DeviceKind::DefaultDevice);
    assert_agree(device.autodiff(), 1e-3);
}

/// Logits of a DCGAN's discriminator for samples of its generator, by products of matrices and by the backend's own
/// convolutions.
fn assert_algorithms_agree(device: &Device) {
    for normalization in [Normalization::None, Normalization::Batch] {
        let [matmul, direct] = [Algorithm::Matmul, Algorithm::Direct].map(|algorithm| {
            let networks = networks(normalization).with_algorithm(algorithm);
            let generator = networks.init_generator(device).unwrap();
            let discriminator = networks.init_discriminator(device).unwrap();
            let latent = Stream::new(0, Purpose::Latent, 0).normal([6, 5], device);
            values(discriminator.logits(generator.generate(latent, &()), &()))
        });
        // Fresh weights are small, and logits of 1e-8 would agree to any absolute tolerance.
        assert!(matmul.iter().all(|logit| *logit != 0.0), "{matmul:?}");
        let error = relative_error(&matmul, &direct);
        assert!(error <= 1e-4, "{normalization:?}: {error:e}");
    }
}

#[test]
fn matmul_and_direct_give_a_dcgan_the_same_logits() {
    for device in processors() {
        assert_algorithms_agree(&device.autodiff());
    }
}

#[test]
#[cfg(feature = "wgpu")]
fn wgpu_agrees_between_matmul_and_direct() {
    let device = Device::wgpu(burn::tensor::DeviceKind::DefaultDevice);
    assert_algorithms_agree(&device.autodiff());
}

#[test]
fn the_same_seed_gives_the_same_weights_everywhere() {
    let networks = networks(Normalization::Batch);
    let on = |device: &Device| {
        (
            parameters(&networks.init_generator(device).unwrap()),
            parameters(&networks.init_discriminator(device).unwrap()),
        )
    };
    let here = on(&Device::flex());
    for device in processors() {
        assert_eq!(here, on(&device.autodiff()));
    }
}
