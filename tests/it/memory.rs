//! Gradient accumulation takes less memory.

use burn::tensor::Device;
use burn_gan::model::{DcganConfig, Normalization};
use burn_gan::penalty::Penalty;
use burn_gan::random::{Purpose, Stream};
use burn_gan::trainer::GanTrainerConfig;
use burn_gan::{AdversarialTrainer, Batch};

use crate::common::{alone, counting::peak_of};

/// The most that a step of batch 64 holds at once beyond what is held before it, in bytes.
fn peak_of_a_step(penalties: Vec<Penalty>, parts: usize) -> usize {
    let device = Device::flex().autodiff();
    let networks = DcganConfig::new(1, 32, 32)
        .with_filters(16)
        .with_generator_normalization(Normalization::None)
        .with_discriminator_normalization(Normalization::None);
    let batch = |step| {
        let noise = Stream::new(0, Purpose::Data, step).normal([64, 1, 32, 32], &Device::flex());
        Batch::new(noise.tanh())
    };
    let mut trainer = GanTrainerConfig::new()
        .with_penalties(penalties)
        .with_micro_batches(parts)
        .init(
            networks.init_generator(&device).unwrap(),
            networks.init_discriminator(&device).unwrap(),
            &batch(0),
        )
        .unwrap();
    // The first step also takes what the optimisers remember.
    trainer.step(batch(0)).unwrap();
    let batch = batch(1);
    peak_of(|| {
        trainer.step(batch).unwrap();
    })
}

#[test]
fn parts_take_less_memory() {
    alone(|| {
        for penalties in [vec![], vec![Penalty::R1 { gamma: 1.0 }]] {
            let peaks = [1, 2, 4, 8].map(|parts| peak_of_a_step(penalties.clone(), parts));
            let megabytes = peaks.map(|peak| format!("{:.1}", peak as f64 / 1e6));
            println!("{penalties:?}: 1, 2, 4, 8 parts: {megabytes:?} MB");
            assert!(2 * peaks[2] < peaks[0], "{peaks:?}");
        }
    });
}
