//! Training steps on request, for comparisons with another program that takes turns with this one.
//!
//! Reads lines from standard input and answers each with one line: `run NAME COUNT` takes so many steps of a case, which
//! the first request sets up, and answers with their milliseconds; `parameters NAME` with how many numbers are trained in
//! the generator and in the discriminator; `memory` with the most memory that the process has had, in kB; `names` with
//! the cases. `benches/compare.sh` is what calls it.
//!
//! Beside those names, `dcgan:side=64,filters=32,batch=128` is the DCGAN `dcgan32` in other sizes; what is left out is 32,
//! 64 and 64.

use std::collections::BTreeMap;
use std::io::BufRead;
use std::time::Instant;

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{Device, Tensor};
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

/// One case, ready to run.
struct Case {
    step: Box<dyn FnMut() -> Result<(), GanError>>,
    /// Trained numbers of the generator and of the discriminator.
    parameters: [usize; 2],
}

const CASES: [&str; 10] = [
    "ring",
    "dcgan32",
    "dcgan32_plain",
    "dcgan32_wgan_gp",
    "dcgan32_r1_r2",
    "digits28",
    "digits28_r1_r2",
    "r3gan32_r1_r2",
    "resnet32",
    "generate256",
];
const BATCH: usize = 64;

fn case(name: &str) -> Result<Option<Case>, GanError> {
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
    let case = match name {
        "ring" => {
            let networks = MlpConfig::new(2)
                .with_latent_size(2)
                .with_hidden(vec![128, 128]);
            let points = Stream::new(1, Purpose::Data, 0).normal::<2>([256, 2], &Device::flex());
            training(
                plain,
                networks.init_generator(&device)?,
                networks.init_discriminator(&device)?,
                Batch::new(points),
            )?
        }
        "dcgan32" => of_dcgan(plain, dcgan, &device)?,
        "dcgan32_plain" => of_dcgan(plain, bare(dcgan), &device)?,
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
            training(
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
            training(
                plain.with_loss(Loss::Hinge),
                networks.init_generator(&device)?,
                networks.init_discriminator(&device)?,
                images([BATCH, 3, 32, 32]),
            )?
        }
        "generate256" => {
            let generator = dcgan.init_generator(&Device::flex())?;
            let parameters = [
                count(&dcgan.init_generator(&device)?),
                count(&dcgan.init_discriminator(&device)?),
            ];
            let sampler = SamplerConfig::new().with_chunk(256);
            let step = move || {
                sampler.sample(&generator, 256, &())?.into_data();
                Ok(())
            };
            Case {
                step: Box::new(step),
                parameters,
            }
        }
        _ => match sizes(name) {
            Some([side, filters, batch]) => {
                let networks = DcganConfig::new(1, side, side).with_filters(filters);
                training(
                    plain,
                    networks.init_generator(&device)?,
                    networks.init_discriminator(&device)?,
                    images([batch, 1, side, side]),
                )?
            }
            None => return Ok(None),
        },
    };
    Ok(Some(case))
}

/// Side, filters and batch of a name like `dcgan:side=64,filters=32,batch=128`.
fn sizes(name: &str) -> Option<[usize; 3]> {
    let mut sizes = [32, 64, BATCH];
    for pair in name.strip_prefix("dcgan:")?.split(',') {
        let (size, value) = pair.split_once('=')?;
        let index = ["side", "filters", "batch"]
            .iter()
            .position(|name| *name == size)?;
        sizes[index] = value.parse().ok()?;
    }
    Some(sizes)
}

/// The DCGAN's optimiser and loss; nothing else but the step is measured.
fn trainer() -> GanTrainerConfig {
    GanTrainerConfig::new()
        .with_generator_optimizer(OptimizerConfig::dcgan())
        .with_discriminator_optimizer(OptimizerConfig::dcgan())
}

fn images(shape: [usize; 4]) -> Batch<4> {
    let values = Stream::new(1, Purpose::Data, 0).normal::<4>(shape, &Device::flex());
    Batch::new(values.tanh())
}

fn of_dcgan(
    config: GanTrainerConfig,
    networks: DcganConfig,
    device: &Device,
) -> Result<Case, GanError> {
    training(
        config,
        networks.init_generator(device)?,
        networks.init_discriminator(device)?,
        images([BATCH, networks.channels, networks.height, networks.width]),
    )
}

fn training<const D: usize, G, N>(
    config: GanTrainerConfig,
    generator: G,
    discriminator: N,
    batch: Batch<D>,
) -> Result<Case, GanError>
where
    G: Generator<D> + 'static,
    N: Discriminator<D> + 'static,
{
    let parameters = [count(&generator), count(&discriminator)];
    let mut trainer = config.init(generator, discriminator, &batch)?;
    let step = move || {
        trainer.step(batch.clone())?;
        Ok(())
    };
    Ok(Case {
        step: Box::new(step),
        parameters,
    })
}

/// How many numbers of a network are trained.
fn count<M: Module>(network: &M) -> usize {
    struct Count(usize);
    impl ModuleVisitor for Count {
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            if param.is_require_grad() {
                self.0 += param.dims().iter().product::<usize>();
            }
        }
    }
    let mut count = Count(0);
    network.visit(&mut count);
    count.0
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

/// The cases that were asked for.
#[derive(Default)]
struct Cases(BTreeMap<String, Case>);

impl Cases {
    fn get(&mut self, name: &str) -> Result<Option<&mut Case>, GanError> {
        if !self.0.contains_key(name)
            && let Some(case) = case(name)?
        {
            self.0.insert(name.to_string(), case);
        }
        Ok(self.0.get_mut(name))
    }
}

fn answer(words: &[&str], cases: &mut Cases) -> Result<String, GanError> {
    let unknown = || "unknown".to_string();
    Ok(match words {
        ["names"] => CASES.join(" "),
        ["memory"] => memory(),
        ["parameters", name] => cases.get(name)?.map_or_else(unknown, |case| {
            let [generator, discriminator] = case.parameters;
            format!("{generator} {discriminator}")
        }),
        ["run", name, count] => {
            let Some(case) = cases.get(name)? else {
                return Ok(unknown());
            };
            let start = Instant::now();
            for _ in 0..count.parse().unwrap_or(1) {
                (case.step)()?;
            }
            format!("{}", start.elapsed().as_secs_f64() * 1e3)
        }
        _ => unknown(),
    })
}

fn main() -> Result<(), GanError> {
    let mut cases = Cases::default();
    for line in std::io::stdin().lock().lines().map_while(Result::ok) {
        let words: Vec<&str> = line.split_whitespace().collect();
        println!("{}", answer(&words, &mut cases)?);
    }
    Ok(())
}
