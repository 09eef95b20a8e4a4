//! What a step sends: the networks out and the gradients back, the batch, and no tensor besides.

use burn::module::Module;
use burn::tensor::Device;
use burn_gan::model::{DcganConfig, R3ganConfig, ResnetConfig};
use burn_gan::penalty::Penalty;
use burn_gan::trainer::{GanTrainer, GanTrainerConfig};
use burn_gan::{AdversarialTrainer, Batch, Discriminator, Generator};

use super::device;
use crate::common::proxy::Proxy;
use crate::common::stream;
use crate::common::worker_process::Worker;

const SIZE: usize = 16;
const LATENT: usize = 100;
/// Bytes of an image of three channels.
const IMAGE: usize = 4 * 3 * SIZE * SIZE;

fn images(step: u64, count: usize) -> Batch<4> {
    let shape = [count, 3, SIZE, SIZE];
    Batch::new(stream(step).normal(shape, &Device::flex()).tanh())
}

fn trainer<G: Generator<4>, N: Discriminator<4>>(
    config: GanTrainerConfig,
    generator: G,
    discriminator: N,
) -> GanTrainer<4, G, N> {
    config
        .init(generator, discriminator, &images(0, 1))
        .unwrap()
}

/// Bytes of a step with so many samples on one worker, on the mean of two; what comes late of one counts in the next.
fn bytes<G, N>(trainer: GanTrainer<4, G, N>, proxy: &Proxy, count: usize) -> f64
where
    G: Generator<4> + 'static,
    N: Discriminator<4> + 'static,
{
    let replica = proxy.connect().unwrap();
    let mut trainer = trainer.with_replicas(vec![replica]).unwrap();
    trainer.step(images(0, count)).unwrap();
    let before = proxy.bytes();
    for step in 1..3 {
        trainer.step(images(step, count)).unwrap();
    }
    (proxy.bytes() - before) as f64 / 2.0
}

fn dcgan(config: GanTrainerConfig) -> GanTrainer<4, impl Generator<4>, impl Discriminator<4>> {
    let networks = DcganConfig::new(3, SIZE, SIZE)
        .with_filters(64)
        .with_latent_size(LATENT);
    trainer(
        config,
        networks.init_generator(&device()).unwrap(),
        networks.init_discriminator(&device()).unwrap(),
    )
}

fn r3gan() -> GanTrainer<4, impl Generator<4>, impl Discriminator<4>> {
    let networks = R3ganConfig::new(3, SIZE, SIZE)
        .with_filters(16)
        .with_latent_size(LATENT);
    let penalties = vec![Penalty::R1 { gamma: 0.5 }, Penalty::R2 { gamma: 0.5 }];
    trainer(
        GanTrainerConfig::r3gan()
            .with_burn_in(10)
            .with_penalties(penalties),
        networks.init_generator(&device()).unwrap(),
        networks.init_discriminator(&device()).unwrap(),
    )
}

fn resnet() -> GanTrainer<4, impl Generator<4>, impl Discriminator<4>> {
    let networks = ResnetConfig::new(3, SIZE, SIZE)
        .with_filters(16)
        .with_latent_size(LATENT);
    trainer(
        GanTrainerConfig::new(),
        networks.init_generator(&device()).unwrap(),
        networks.init_discriminator(&device()).unwrap(),
    )
}

#[test]
fn networks_and_gradients_go_over_once_each() {
    const COUNT: usize = 64;
    let worker = Worker::start();
    let trainer = dcgan(GanTrainerConfig::new());
    let parameters = trainer.generator().num_params() + trainer.discriminator().num_params();
    let batch = COUNT * (IMAGE + 4 * LATENT);
    let expected = (2 * 4 * parameters + batch) as f64;
    let sent = bytes(trainer, &Proxy::to(&worker), COUNT);
    println!("{sent} of {expected}");
    assert!(sent >= 0.95 * expected, "the proxy sees everything");
    assert!(sent <= 1.1 * expected, "{sent} of {expected}");
}

/// Messages, networks and gradients do not depend on the number of samples: what each sample adds is what is sent of it.
#[test]
fn of_a_sample_nothing_goes_over_but_itself() {
    #[track_caller]
    fn check<G, N>(name: &str, build: impl Fn() -> GanTrainer<4, G, N>, images_of_each: usize)
    where
        G: Generator<4> + 'static,
        N: Discriminator<4> + 'static,
    {
        let worker = Worker::start();
        let of = |count| bytes(build(), &Proxy::to(&worker), count);
        let each = (of(24) - of(8)) / 16.0;
        // Logits and losses come back.
        let expected = (images_of_each * IMAGE + 4 * LATENT + 4 * 8) as f64;
        println!("{name}: {each} of {expected}");
        assert!(each <= 1.05 * expected, "{name}: {each} of {expected}");
    }
    check("DCGAN", || dcgan(GanTrainerConfig::new()), 1);
    // The real ones, the generated ones back, and the points of both penalties.
    check("R3GAN, R1 and R2", r3gan, 4);
    check("residual networks", resnet, 1);
}
