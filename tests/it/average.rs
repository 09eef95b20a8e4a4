//! The moving average: its half-life, half precision, and its memory.

use crate::common::{stream, values};
use burn::module::{Module, ModuleMapper, Param};
use burn::nn;
use burn::tensor::{DType, Device, FloatDType, Tensor};
use burn_gan::ema::{EmaConfig, EmaDecay};
use burn_gan::model::{MlpConfig, MlpDiscriminator};
use burn_gan::trainer::{GanTrainer, GanTrainerConfig};
use burn_gan::{AdversarialTrainer, Batch, Generator, Persistent, Schedule, load_weights};

fn device() -> Device {
    Device::flex().autodiff()
}

fn layer(value: f64) -> nn::Linear {
    nn::LinearConfig::new(1, 1)
        .with_bias(false)
        .with_initializer(nn::Initializer::Constant { value })
        .init(&device())
}

#[test]
fn an_average_by_half_life_forgets_half_in_that_many_updates() {
    let start = layer(1.0);
    let half_life = |schedule| EmaConfig::new().with_decay(EmaDecay::HalfLife(schedule));
    let mut average = half_life(Schedule::Constant(5.0)).init(&start).unwrap();
    // The same layer by path, all its weights now 0.
    for _ in 0..5 {
        average.blend(&layer(0.0));
    }
    let left = values(average.model().weight.val())[0];
    assert!((left - 0.5).abs() < 1e-6, "{left}");
    let mut forgetful = half_life(Schedule::Constant(0.0)).init(&start).unwrap();
    forgetful.blend(&layer(0.25));
    assert_eq!(values(forgetful.model().weight.val()), [0.25]);
    assert!(half_life(Schedule::Constant(-1.0)).init(&start).is_err());
}

/// Brings all weights to half precision.
struct Half;

impl ModuleMapper for Half {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        param.map(|weight| {
            let half = weight.without_autodiff().cast(FloatDType::BF16);
            half.autodiff().require_grad()
        })
    }
}

#[test]
fn an_average_in_half_precision_does_not_stop_half_way() {
    let constant = EmaConfig::new().with_decay(EmaDecay::Constant(0.999));
    let mut average = constant.init(&layer(0.0).map(&mut Half)).unwrap();
    let live = layer(1.0).map(&mut Half);
    for _ in 0..3000 {
        average.blend(&live);
    }
    let weight = average.model().weight.val();
    // What is given out has the live model's type.
    assert_eq!(weight.dtype(), DType::BF16);
    let expected = 1.0 - 0.999_f64.powi(3000);
    assert!((values(weight)[0] - expected).abs() < 4e-3);
}

/// Weights in half precision, samples in single.
#[derive(Module, Debug)]
struct HalfGenerator {
    layer: nn::Linear,
}

impl Generator<2> for HalfGenerator {
    fn latent_size(&self) -> usize {
        2
    }
    fn generate(&self, latent: Tensor<2>, _: &()) -> Tensor<2> {
        let half = self.layer.forward(latent.cast(FloatDType::BF16));
        half.cast(FloatDType::F32)
    }
}

fn batch() -> Batch<2> {
    Batch::new(stream(0).normal([4, 2], &Device::flex()))
}

fn half_precision_trainer() -> GanTrainer<2, HalfGenerator, MlpDiscriminator> {
    let discriminator = MlpConfig::new(2).with_hidden(vec![4]);
    let generator = HalfGenerator {
        layer: nn::LinearConfig::new(2, 2).init(&device()),
    };
    GanTrainerConfig::new()
        .with_ema(Some(EmaConfig::new()))
        .init(
            generator.map(&mut Half),
            discriminator.init_discriminator(&device()).unwrap(),
            &batch(),
        )
        .unwrap()
}

/// What is saved is the average in the precision that it is kept in: 32 bits a weight.
#[test]
fn an_average_in_half_precision_is_saved_to_the_bit() {
    let mut trainer = half_precision_trainer();
    for _ in 0..3 {
        trainer.step(batch()).unwrap();
    }
    let saved = trainer.save_state().unwrap();
    let mut resumed = half_precision_trainer();
    resumed.load_state(&saved).unwrap();
    assert_eq!(resumed.save_state().unwrap(), saved);
    for trainer in [&mut trainer, &mut resumed] {
        trainer.step(batch()).unwrap();
    }
    assert_eq!(
        trainer.save_state().unwrap().files["average.bpk"],
        resumed.save_state().unwrap().files["average.bpk"]
    );
    // Half precision has 16 bits of a single's 32: the average has more in it than a half can hold.
    let average = trainer.sampling_generator();
    assert_eq!(average.layer.weight.val().dtype(), DType::BF16);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("average.bpk");
    std::fs::write(&path, &saved.files["average.bpk"]).unwrap();
    let single = nn::LinearConfig::new(2, 2).init(&Device::flex());
    let single = load_weights(HalfGenerator { layer: single }, path).unwrap();
    let fine = values(single.layer.weight.val());
    let coarse = values(single.layer.weight.val().cast(FloatDType::BF16));
    assert_ne!(fine, coarse);
}
