//! Training steps on request, for comparisons with another program that takes turns with this one.
//!
//! Reads lines from standard input and answers each with one line: `run NAME COUNT` takes so many steps of a case, which
//! the first request sets up, and answers with their milliseconds; `memory` answers with the most memory that the process
//! has had, in kB; `names` with the cases. `benches/compare.sh` is what calls it.

use std::collections::BTreeMap;
use std::io::BufRead;
use std::time::Instant;

use burn::optim::AdamConfig;
use burn::tensor::Device;
use burn_gan::loss::Loss;
use burn_gan::model::{DcganConfig, MlpConfig, Normalization, R3ganConfig, ResnetConfig};
use burn_gan::optimizer::OptimizerConfig;
use burn_gan::penalty::Penalty;
use burn_gan::random::{Purpose, Stream};
use burn_gan::trainer::GanTrainerConfig;
use burn_gan::{AdversarialTrainer, Batch, Discriminator, GanError, Generator, SamplerConfig};

#[cfg(not(feature = "system-allocator"))]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// One step of a case.
type Step = Box<dyn FnMut() -> Result<(), GanError>>;

const CASES: [&str; 9] = [
    "ring",
    "dcgan32",
    "dcgan32_wgan_gp",
    "dcgan32_r1_r2",
    "digits28",
    "digits28_r1_r2",
    "r3gan32_r1_r2",
    "resnet32",
    "generate256",
];
const BATCH: usize = 64;

fn case(name: &str) -> Result<Option<Step>, GanError> {
    let device = Device::flex().autodiff();
    let plain = trainer();
    let wgan_gp = trainer().with_penalties(vec![Penalty::WassersteinGp { weight: 10.0 }]);
    let r1_r2 = trainer()
        .with_loss(Loss::RelativisticPaired)
        .with_penalties(vec![Penalty::R1 { gamma: 1.0 }, Penalty::R2 { gamma: 1.0 }]);
    let dcgan = DcganConfig::new(1, 32, 32);
    let digits = DcganConfig::new(1, 28, 28).with_filters(32);
    let bare = |networks: DcganConfig| {
        networks
            .with_generator_normalization(Normalization::None)
            .with_discriminator_normalization(Normalization::None)
    };
    let unpenalized = Normalization::None;
    let step = match name {
        "ring" => {
            let networks = MlpConfig::new(2)
                .with_latent_size(2)
                .with_hidden(vec![128, 128]);
            let points = Stream::new(1, Purpose::Data, 0).normal::<2>([256, 2], &Device::flex());
            steps(
                plain,
                networks.init_generator(&device)?,
                networks.init_discriminator(&device)?,
                Batch::new(points),
            )?
        }
        "dcgan32" => of_dcgan(plain, dcgan, &device)?,
        "dcgan32_wgan_gp" => of_dcgan(wgan_gp, bare(dcgan), &device)?,
        "dcgan32_r1_r2" => of_dcgan(r1_r2, bare(dcgan), &device)?,
        "digits28" => of_dcgan(plain, digits, &device)?,
        "digits28_r1_r2" => {
            let networks = digits.with_discriminator_normalization(unpenalized);
            of_dcgan(r1_r2, networks, &device)?
        }
        "r3gan32_r1_r2" => {
            let networks = R3ganConfig::new(1, 32, 32)
                .with_filters(8)
                .with_max_filters(32)
                .with_group_width(Some(8));
            steps(
                r1_r2,
                networks.init_generator(&device)?,
                networks.init_discriminator(&device)?,
                images([BATCH, 1, 32, 32]),
            )?
        }
        "resnet32" => {
            let networks = ResnetConfig::new(3, 32, 32)
                .with_filters(64)
                .with_spectral_norm(true);
            steps(
                plain.with_loss(Loss::Hinge),
                networks.init_generator(&device)?,
                networks.init_discriminator(&device)?,
                images([BATCH, 3, 32, 32]),
            )?
        }
        "generate256" => {
            let generator = dcgan.init_generator(&Device::flex())?;
            let sampler = SamplerConfig::new().with_chunk(256);
            Box::new(move || {
                sampler.sample(&generator, 256, &())?.into_data();
                Ok(())
            })
        }
        _ => return Ok(None),
    };
    Ok(Some(step))
}

/// The DCGAN's optimiser and loss; nothing else but the step is measured.
fn trainer() -> GanTrainerConfig {
    let adam = OptimizerConfig::Adam(
        AdamConfig::new()
            .with_beta_1(0.5)
            .with_beta_2(0.999)
            .with_epsilon(1e-8),
    );
    GanTrainerConfig::new()
        .with_generator_optimizer(adam.clone())
        .with_discriminator_optimizer(adam)
}

fn images(shape: [usize; 4]) -> Batch<4> {
    let values = Stream::new(1, Purpose::Data, 0).normal::<4>(shape, &Device::flex());
    Batch::new(values.tanh())
}

fn of_dcgan(
    config: GanTrainerConfig,
    networks: DcganConfig,
    device: &Device,
) -> Result<Step, GanError> {
    steps(
        config,
        networks.init_generator(device)?,
        networks.init_discriminator(device)?,
        images([BATCH, networks.channels, networks.height, networks.width]),
    )
}

fn steps<const D: usize, G, N>(
    config: GanTrainerConfig,
    generator: G,
    discriminator: N,
    batch: Batch<D>,
) -> Result<Step, GanError>
where
    G: Generator<D> + 'static,
    N: Discriminator<D> + 'static,
{
    let mut trainer = config.init(generator, discriminator, &batch)?;
    Ok(Box::new(move || {
        trainer.step(batch.clone())?;
        Ok(())
    }))
}

/// The most memory that this process has had, in kB.
fn memory() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    peak.unwrap_or("unknown")
        .trim()
        .trim_end_matches(" kB")
        .into()
}

fn main() -> Result<(), GanError> {
    let mut cases = BTreeMap::new();
    for line in std::io::stdin().lock().lines().map_while(Result::ok) {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words[..] {
            ["names"] => println!("{}", CASES.join(" ")),
            ["memory"] => println!("{}", memory()),
            ["run", name, count] => {
                if !cases.contains_key(name)
                    && let Some(step) = case(name)?
                {
                    cases.insert(name.to_string(), step);
                }
                let Some(step) = cases.get_mut(name) else {
                    println!("unknown");
                    continue;
                };
                let start = Instant::now();
                for _ in 0..count.parse().unwrap_or(1) {
                    step()?;
                }
                println!("{}", start.elapsed().as_secs_f64() * 1e3);
            }
            _ => println!("unknown"),
        }
    }
    Ok(())
}
