//! The moving average: its half-life, half precision, and its memory.

use crate::common::{alone, stream, values};
use burn::module::{Module, ModuleMapper, Param};
use burn::nn;
use burn::tensor::{DType, Device, FloatDType, Tensor};
use burn_gan::ema::{EmaConfig, EmaDecay};
use burn_gan::model::{MlpConfig, MlpDiscriminator, MlpGenerator};
use burn_gan::penalty::Penalty;
use burn_gan::trainer::{GanTrainer, GanTrainerConfig};
use burn_gan::{AdversarialTrainer, Batch, Persistent, Schedule};

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

/// A trainer all of whose numbers are in half precision, with a penalty.
fn half_precision_trainer() -> GanTrainer<2, MlpGenerator, MlpDiscriminator> {
    let networks = MlpConfig::new(2).with_hidden(vec![8]).with_latent_size(2);
    GanTrainerConfig::new()
        .with_penalties(vec![Penalty::R1 { gamma: 1.0 }])
        .with_ema(Some(EmaConfig::new()))
        .init(
            networks.init_generator(&device()).unwrap(),
            networks.init_discriminator(&device()).unwrap(),
            &batch(),
        )
        .unwrap()
}

fn batch() -> Batch<2> {
    Batch::new(stream(0).normal([4, 2], &Device::flex()))
}

#[test]
fn an_average_in_half_precision_is_saved_to_the_bit() {
    alone(|| {
        Device::flex().configure(FloatDType::BF16).unwrap();
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
        let after = trainer.save_state().unwrap();
        assert_eq!(resumed.save_state().unwrap().files, after.files);

        // Samples are drawn in half precision; what is saved is longer.
        assert_eq!(trainer.sample(2, 0, &()).unwrap().dtype(), DType::BF16);
        let bytes = |name: &str| saved.files[name].len();
        assert!(bytes("average.bpk") > bytes("generator.bpk"));
    });
}
