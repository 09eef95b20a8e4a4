//! What a gradient penalty adds to a step: a DCGAN for 32x32 grey images without batch normalisation, 64
//! filters, batch 64, one critic and one generator step on flex.
//!
//! cargo bench -p burn-gan-benches --bench penalty
//!
//! The variants take turns, step by step, so that a machine that drifts slows all of them alike; printed are
//! medians and their ratio to the plain step. Steps like these beside PyTorch's: benches/compare.sh, the cases
//! `dcgan32_plain`, `dcgan32_wgan_gp` and `dcgan32_r1_r2`.

use std::time::Instant;

use burn::tensor::Device;
use burn_gan::model::{DcganConfig, Normalization};
use burn_gan::penalty::{Penalty, PenaltyMethod};
use burn_gan::random::{Purpose, Stream};
use burn_gan::trainer::GanTrainerConfig;
use burn_gan::{AdversarialTrainer, Batch, GanError};

#[cfg(not(feature = "system-allocator"))]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const BATCH: usize = 64;
const SIDE: usize = 32;
const WARM_UP: usize = 3;
const ROUNDS: usize = 15;

fn main() -> Result<(), GanError> {
    let device = Device::flex().autodiff();
    let images = Stream::new(1, Purpose::Data, 0).normal([BATCH, 1, SIDE, SIDE], &Device::flex());
    let batch = Batch::new(images.tanh());
    let networks = DcganConfig::new(1, SIDE, SIDE)
        .with_generator_normalization(Normalization::None)
        .with_discriminator_normalization(Normalization::None);
    let gp = Penalty::WassersteinGp { weight: 10.0 };
    let (r1, r2) = (Penalty::R1 { gamma: 10.0 }, Penalty::R2 { gamma: 10.0 });
    let differences = PenaltyMethod::CentralDifference { step: 1e-2 };
    let variants = [
        ("plain", vec![], PenaltyMethod::Exact),
        ("wgan_gp", vec![gp], PenaltyMethod::Exact),
        ("r1_r2", vec![r1, r2], PenaltyMethod::Exact),
        ("wgan_gp_central_difference", vec![gp], differences),
    ];
    let mut trainers = Vec::new();
    for (name, penalties, method) in variants {
        let trainer = GanTrainerConfig::dcgan()
            .with_penalties(penalties)
            .with_penalty_method(method)
            .init(
                networks.init_generator(&device)?,
                networks.init_discriminator(&device)?,
                &batch,
            )?;
        trainers.push((name, trainer, Vec::new()));
    }
    for round in 0..WARM_UP + ROUNDS {
        for (_, trainer, times) in &mut trainers {
            let start = Instant::now();
            trainer.step(batch.clone())?;
            if round >= WARM_UP {
                times.push(start.elapsed().as_secs_f64() * 1e3);
            }
        }
    }
    let mut plain = None;
    for (name, _, times) in &mut trainers {
        times.sort_by(f64::total_cmp);
        let (least, median) = (times[0], times[ROUNDS / 2]);
        let (plain_least, plain_median) = *plain.get_or_insert((least, median));
        println!(
            "{name:28} median {median:6.0} ms  ratio {:.2}   least {least:6.0} ms  ratio {:.2}",
            median / plain_median,
            least / plain_least,
        );
    }
    Ok(())
}
