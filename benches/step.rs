//! One step of a DCGAN, discriminator and generator, with this crate's layers and with Burn's own.
//!
//! 32x32 grey images, 64 filters, batch 64; the same architecture and allocator. `burn_layers` is Burn's layers
//! in this crate's trainer; `burn_plain` is Burn's layers in the step that one writes first: fresh samples for each
//! half, and gradients of the generator's loss in the discriminator that nobody uses.
//!
//! cargo bench -p burn-gan-benches --bench step --features ndarray

use burn::module::Module;
use burn::nn::conv::{Conv2d, Conv2dConfig, ConvTranspose2d, ConvTranspose2dConfig};
use burn::nn::{BatchNorm, BatchNormConfig, PaddingConfig2d};
use burn::optim::{AdamConfig, GradientsParams, ModuleOptimizer};
use burn::tensor::activation::{leaky_relu, relu, softplus};
use burn::tensor::{Device, Distribution, Tensor};
use burn_gan::model::DcganConfig;
use burn_gan::random::{Purpose, Stream};
use burn_gan::trainer::{FiniteCheck, GanTrainer, GanTrainerConfig};
use burn_gan::{AdversarialTrainer, Batch, Discriminator, Generator};
use criterion::{Criterion, SamplingMode, criterion_group, criterion_main};

#[cfg(not(feature = "system-allocator"))]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const BATCH: usize = 64;
const SIDE: usize = 32;
const FILTERS: usize = 64;
const LATENT: usize = 100;

#[derive(Module, Debug)]
struct BurnGenerator {
    ups: Vec<ConvTranspose2d>,
    norms: Vec<BatchNorm>,
}

#[derive(Module, Debug)]
struct BurnDiscriminator {
    downs: Vec<Conv2d>,
    norms: Vec<BatchNorm>,
}

fn burn_generator(device: &Device) -> BurnGenerator {
    let up = |channels: [usize; 2], stride, padding| {
        ConvTranspose2dConfig::new(channels, [4, 4])
            .with_stride([stride; 2])
            .with_padding([padding; 2])
            .with_bias(false)
            .init(device)
    };
    BurnGenerator {
        ups: vec![
            up([LATENT, 4 * FILTERS], 1, 0),
            up([4 * FILTERS, 2 * FILTERS], 2, 1),
            up([2 * FILTERS, FILTERS], 2, 1),
            up([FILTERS, 1], 2, 1),
        ],
        norms: [4, 2, 1]
            .map(|width| BatchNormConfig::new(width * FILTERS).init(device))
            .to_vec(),
    }
}

fn burn_discriminator(device: &Device) -> BurnDiscriminator {
    let down = |channels: [usize; 2], stride, padding| {
        Conv2dConfig::new(channels, [4, 4])
            .with_stride([stride; 2])
            .with_padding(PaddingConfig2d::Explicit(
                padding, padding, padding, padding,
            ))
            .with_bias(false)
            .init(device)
    };
    BurnDiscriminator {
        downs: vec![
            down([1, FILTERS], 2, 1),
            down([FILTERS, 2 * FILTERS], 2, 1),
            down([2 * FILTERS, 4 * FILTERS], 2, 1),
            down([4 * FILTERS, 1], 1, 0),
        ],
        norms: [2, 4]
            .map(|width| BatchNormConfig::new(width * FILTERS).init(device))
            .to_vec(),
    }
}

impl Generator<4> for BurnGenerator {
    fn latent_size(&self) -> usize {
        LATENT
    }

    fn generate(&self, latent: Tensor<2>, _: &()) -> Tensor<4> {
        let [n, width] = latent.dims();
        let mut x = latent.reshape([n, width, 1, 1]);
        for (up, norm) in self.ups.iter().zip(&self.norms) {
            x = relu(norm.forward(up.forward(x)));
        }
        self.ups[3].forward(x).tanh()
    }
}

impl Discriminator<4> for BurnDiscriminator {
    fn logits(&self, samples: Tensor<4>, _: &()) -> Tensor<1> {
        let mut x = leaky_relu(self.downs[0].forward(samples), 0.2);
        for (down, norm) in self.downs[1..].iter().zip(&self.norms) {
            x = leaky_relu(norm.forward(down.forward(x)), 0.2);
        }
        let n = x.dims()[0];
        self.downs[3].forward(x).reshape([n])
    }
}

fn trainer<G: Generator<4>, N: Discriminator<4>>(
    generator: G,
    discriminator: N,
    batch: &Batch<4>,
    finite_check: FiniteCheck,
) -> GanTrainer<4, G, N> {
    GanTrainerConfig::new()
        .with_finite_check(finite_check)
        .init(generator, discriminator, batch)
        .expect("the networks fit the batch")
}

fn step_benchmark(criterion: &mut Criterion, name: &str, device: Device) {
    let device = device.autodiff();
    let images = Stream::new(1, Purpose::Data, 0).normal([BATCH, 1, SIDE, SIDE], &device);
    let batch = Batch::new(images.tanh());
    let networks = DcganConfig::new(1, SIDE, SIDE).with_filters(FILTERS);
    let ours = |check| {
        trainer(
            networks
                .init_generator(&device)
                .expect("a size that halves"),
            networks
                .init_discriminator(&device)
                .expect("a size that halves"),
            &batch,
            check,
        )
    };
    let mut group = criterion.benchmark_group(format!("dcgan32_step_{name}"));
    group
        .sample_size(10)
        .sampling_mode(SamplingMode::Flat)
        .warm_up_time(std::time::Duration::from_secs(2));
    let mut checked = ours(FiniteCheck::EveryStep);
    group.bench_function("burn_gan", |bencher| {
        bencher.iter(|| checked.step(batch.clone()).expect("a finite step"));
    });
    let mut burns = trainer(
        burn_generator(&device),
        burn_discriminator(&device),
        &batch,
        FiniteCheck::EveryStep,
    );
    group.bench_function("burn_layers", |bencher| {
        bencher.iter(|| burns.step(batch.clone()).expect("a finite step"));
    });
    if name == "ndarray" {
        // A step of Burn's layers takes many seconds there; one form of it is enough.
        return group.finish();
    }
    let mut rarely_checked = ours(FiniteCheck::Every(1000));
    group.bench_function("burn_gan_unchecked", |bencher| {
        bencher.iter(|| rarely_checked.step(batch.clone()).expect("a finite step"));
    });
    let mut plain = PlainStep::new(&device);
    group.bench_function("burn_plain", |bencher| {
        bencher.iter(|| plain.step(batch.samples.clone()));
    });
    group.finish();
}

/// A step in Burn alone.
struct PlainStep {
    generator: BurnGenerator,
    discriminator: BurnDiscriminator,
    generator_optimizer: ModuleOptimizer,
    discriminator_optimizer: ModuleOptimizer,
    device: Device,
}

impl PlainStep {
    fn new(device: &Device) -> Self {
        let adam = || AdamConfig::new().with_beta_1(0.5).init();
        Self {
            generator: burn_generator(device),
            discriminator: burn_discriminator(device),
            generator_optimizer: adam(),
            discriminator_optimizer: adam(),
            device: device.clone(),
        }
    }

    fn noise(&self) -> Tensor<2> {
        Tensor::random(
            [BATCH, LATENT],
            Distribution::Normal(0.0, 1.0),
            &self.device,
        )
    }

    fn step(&mut self, real: Tensor<4>) -> (f32, f32) {
        let fake = self.generator.generate(self.noise(), &()).detach();
        let of_real = self.discriminator.logits(real.autodiff(), &());
        let of_fake = self.discriminator.logits(fake, &());
        let loss_d = (softplus(-of_real, 1.0) + softplus(of_fake, 1.0)).mean();
        let gradients = GradientsParams::from_grads(loss_d.backward(), &self.discriminator);
        self.discriminator =
            self.discriminator_optimizer
                .step(2e-4, self.discriminator.clone(), gradients);

        let fake = self.generator.generate(self.noise(), &());
        let loss_g = softplus(-self.discriminator.logits(fake, &()), 1.0).mean();
        let gradients = GradientsParams::from_grads(loss_g.backward(), &self.generator);
        self.generator = self
            .generator_optimizer
            .step(2e-4, self.generator.clone(), gradients);
        (loss_d.into_scalar(), loss_g.into_scalar())
    }
}

fn on_flex(criterion: &mut Criterion) {
    step_benchmark(criterion, "flex", Device::flex());
}

fn on_ndarray(_criterion: &mut Criterion) {
    #[cfg(feature = "ndarray")]
    #[allow(deprecated)]
    step_benchmark(_criterion, "ndarray", Device::ndarray());
}

criterion_group!(benches, on_flex, on_ndarray);
criterion_main!(benches);
