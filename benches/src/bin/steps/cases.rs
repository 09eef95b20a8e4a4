//! The networks, losses and batches of the cases.

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{Device, Tensor};
use burn_gan::loss::Loss;
use burn_gan::model::{DcganConfig, MlpConfig, Normalization, R3ganConfig, ResnetConfig};
use burn_gan::optimizer::OptimizerConfig;
use burn_gan::penalty::Penalty;
use burn_gan::random::{Purpose, Stream};
use burn_gan::trainer::GanTrainerConfig;
use burn_gan::{AdversarialTrainer, Batch, Discriminator, GanError, Generator, SamplerConfig};

/// One case, ready to run.
pub struct Case {
    pub step: Box<dyn FnMut() -> Result<(), GanError>>,
    /// Trained numbers of the generator and of the discriminator.
    pub parameters: [usize; 2],
}

pub const CASES: [&str; 10] = [
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

/// How much a step of a case computes; the images keep their sides.
struct Size {
    batch: usize,
    /// Of R3GAN's and SNGAN's networks, which compute most.
    residual_batch: usize,
    /// Of the DCGAN and of SNGAN's networks.
    filters: usize,
    /// Of the DCGAN for digits.
    digit_filters: usize,
    /// In a batch of the ring.
    points: usize,
    generated: usize,
}

/// For comparisons.
const FULL: Size = Size {
    batch: 64,
    residual_batch: 64,
    filters: 64,
    digit_filters: 32,
    points: 256,
    generated: 256,
};
/// For programs that run fifty times slower under Valgrind. Filters are multiples of 16 still, so that the same kernels
/// compute them.
const SMALL: Size = Size {
    batch: 16,
    residual_batch: 2,
    filters: 16,
    digit_filters: 16,
    points: 64,
    generated: 16,
};

pub fn case(name: &str) -> Result<Option<Case>, GanError> {
    let (name, size) = match name.strip_prefix("small:") {
        Some(name) => (name, SMALL),
        None => (name, FULL),
    };
    let device = Device::flex().autodiff();
    let plain = trainer();
    let wgan_gp = trainer().with_penalties(vec![Penalty::WassersteinGp { weight: 10.0 }]);
    let r1_r2 = trainer()
        .with_loss(Loss::RelativisticPaired)
        .with_penalties(vec![Penalty::R1 { gamma: 1.0 }, Penalty::R2 { gamma: 1.0 }]);
    let dcgan = DcganConfig::new(1, 32, 32).with_filters(size.filters);
    let digits = DcganConfig::new(1, 28, 28).with_filters(size.digit_filters);
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
            let points =
                Stream::new(1, Purpose::Data, 0).normal::<2>([size.points, 2], &Device::flex());
            training(
                plain,
                networks.init_generator(&device)?,
                networks.init_discriminator(&device)?,
                Batch::new(points),
            )?
        }
        "dcgan32" => of_dcgan(plain, dcgan, size.batch, &device)?,
        "dcgan32_plain" => of_dcgan(plain, bare(dcgan), size.batch, &device)?,
        "dcgan32_wgan_gp" => of_dcgan(wgan_gp, bare(dcgan), size.batch, &device)?,
        "dcgan32_r1_r2" => of_dcgan(r1_r2, bare(dcgan), size.batch, &device)?,
        "digits28" => of_dcgan(plain, digits, size.batch, &device)?,
        "digits28_r1_r2" => {
            let networks = digits.with_discriminator_normalization(unpenalized);
            of_dcgan(r1_r2, networks, size.batch, &device)?
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
                images([size.residual_batch, 1, 32, 32]),
            )?
        }
        "resnet32" => {
            let networks = ResnetConfig::new(3, 32, 32)
                .with_filters(size.filters)
                .with_spectral_norm(true);
            training(
                plain.with_loss(Loss::Hinge),
                networks.init_generator(&device)?,
                networks.init_discriminator(&device)?,
                images([size.residual_batch, 3, 32, 32]),
            )?
        }
        "generate256" => {
            let generator = dcgan.init_generator(&Device::flex())?;
            let parameters = [
                count(&dcgan.init_generator(&device)?),
                count(&dcgan.init_discriminator(&device)?),
            ];
            let sampler = SamplerConfig::new().with_chunk(size.generated);
            let step = move || {
                sampler.sample(&generator, size.generated, &())?.into_data();
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
    let mut sizes = [32, FULL.filters, FULL.batch];
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
    batch: usize,
    device: &Device,
) -> Result<Case, GanError> {
    training(
        config,
        networks.init_generator(device)?,
        networks.init_discriminator(device)?,
        images([batch, networks.channels, networks.height, networks.width]),
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
