//! What a gradient penalty adds to a step: a DCGAN for 32x32 grey images without batch normalisation, 64
//! filters, batch 64, one critic and one generator step on flex.
//!
//! cargo bench --bench penalty
//!
//! The same steps in PyTorch, under the same names: benches/peer/step.py.

use burn::tensor::Device;
use burn_gan::model::{DcganConfig, DcganDiscriminator, DcganGenerator, Normalization};
use burn_gan::penalty::{Penalty, PenaltyMethod};
use burn_gan::random::{Purpose, Stream};
use burn_gan::trainer::{GanTrainer, GanTrainerConfig};
use burn_gan::{AdversarialTrainer, Batch};
use criterion::{Criterion, SamplingMode, criterion_group, criterion_main};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const BATCH: usize = 64;
const SIDE: usize = 32;

fn trainer(
    penalties: Vec<Penalty>,
    method: PenaltyMethod,
    batch: &Batch<4>,
) -> GanTrainer<4, DcganGenerator, DcganDiscriminator> {
    let device = Device::flex().autodiff();
    let networks = DcganConfig::new(1, SIDE, SIDE)
        .with_generator_normalization(Normalization::None)
        .with_discriminator_normalization(Normalization::None);
    GanTrainerConfig::dcgan()
        .with_penalties(penalties)
        .with_penalty_method(method)
        .init(
            networks
                .init_generator(&device)
                .expect("a size that halves"),
            networks
                .init_discriminator(&device)
                .expect("a size that halves"),
            batch,
        )
        .expect("the networks fit the batch")
}

fn penalties(criterion: &mut Criterion) {
    let images = Stream::new(1, Purpose::Data, 0).normal([BATCH, 1, SIDE, SIDE], &Device::flex());
    let batch = Batch::new(images.tanh());
    let gp = Penalty::WassersteinGp { weight: 10.0 };
    let (r1, r2) = (Penalty::R1 { gamma: 10.0 }, Penalty::R2 { gamma: 10.0 });
    let differences = PenaltyMethod::CentralDifference { step: 1e-2 };
    let mut group = criterion.benchmark_group("dcgan32_penalty_flex");
    group
        .sample_size(15)
        .sampling_mode(SamplingMode::Flat)
        .warm_up_time(std::time::Duration::from_secs(2));
    for (name, penalties, method) in [
        ("plain", vec![], PenaltyMethod::Exact),
        ("wgan_gp", vec![gp], PenaltyMethod::Exact),
        ("r1_r2", vec![r1, r2], PenaltyMethod::Exact),
        ("r1", vec![r1], PenaltyMethod::Exact),
        ("wgan_gp_central_difference", vec![gp], differences),
    ] {
        let mut trainer = trainer(penalties, method, &batch);
        group.bench_function(name, |bencher| {
            bencher.iter(|| trainer.step(batch.clone()).expect("a finite step"));
        });
    }
    group.finish();
}

criterion_group!(benches, penalties);
criterion_main!(benches);
