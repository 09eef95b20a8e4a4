//! The moving average: its half-life, half precision, and its memory.

use crate::common::{stream, values};
use burn::module::{Module, ModuleMapper, Param};
use burn::nn;
use burn::tensor::{DType, Device, FloatDType, Tensor};
use burn_gan::ema::{EmaConfig, EmaDecay};
use burn_gan::model::{MlpConfig, MlpDiscriminator, MlpGenerator};
use burn_gan::trainer::{GanTrainer, GanTrainerConfig};
use burn_gan::{Batch, Persistent, Schedule};

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

type Trainer = GanTrainer<2, MlpGenerator, MlpDiscriminator>;

fn half_precision_trainer() -> Trainer {
    let networks = MlpConfig::new(2).with_hidden(vec![4]).with_latent_size(2);
    let batch = Batch::new(stream(0).normal([4, 2], &Device::flex()));
    GanTrainerConfig::new()
        .with_ema(Some(EmaConfig::new()))
        .init(
            networks.init_generator(&device()).unwrap().map(&mut Half),
            networks
                .init_discriminator(&device())
                .unwrap()
                .map(&mut Half),
            &batch,
        )
        .unwrap()
}

/// What is saved is the average in the precision that it is kept in: 32 bits a weight.
#[test]
fn an_average_in_half_precision_is_saved_to_the_bit() {
    let saved = half_precision_trainer().save_state().unwrap();
    let mut other = half_precision_trainer();
    other.load_state(&saved).unwrap();
    assert_eq!(other.save_state().unwrap(), saved);
    let bytes = |name: &str| saved.files[name].len();
    // Both files have the same names and shapes in them.
    let weights = 2 * 4 + 4 + 4 * 2 + 2;
    assert!(bytes("average.bpk") >= bytes("generator.bpk") + weights * 2 - 64);
}
