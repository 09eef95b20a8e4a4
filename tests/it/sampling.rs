//! Drawing samples in chunks: the latents of a seed, and what cannot be drawn.

use burn::module::Module;
use burn::tensor::{Device, Int, Tensor};
use burn_gan::random::{Purpose, Stream};
use burn_gan::{ConfigError, GanError, Generator, SamplerConfig, ShapeError};

use crate::common::values;

/// Returns its latents; fails on more than `limit` of them, and gives one row too few where `short` is set.
#[derive(Module, Debug)]
struct Echo {
    limit: usize,
    short: bool,
}

impl Generator<2> for Echo {
    fn latent_size(&self) -> usize {
        3
    }
    fn generate(&self, latent: Tensor<2>, _: &()) -> Tensor<2> {
        let [count, _] = latent.dims();
        assert!(count <= self.limit, "{count} are too many");
        latent.narrow(0, 0, count - usize::from(self.short))
    }
}

impl Generator<2, Tensor<1, Int>> for Echo {
    fn latent_size(&self) -> usize {
        3
    }
    fn generate(&self, latent: Tensor<2>, labels: &Tensor<1, Int>) -> Tensor<2> {
        let [count] = labels.dims();
        latent + labels.clone().float().reshape([count, 1])
    }
}

const ECHO: Echo = Echo {
    limit: usize::MAX,
    short: false,
};

#[test]
fn latents_are_those_of_one_draw_whatever_the_chunk() {
    let drawn = Stream::new(7, Purpose::Sampling, 0).normal_values(3 * 100);
    let drawn: Vec<f64> = drawn.into_iter().map(f64::from).collect();
    for chunk in [1, 7, 64, 100, usize::MAX] {
        let sampler = SamplerConfig::new().with_seed(7).with_chunk(chunk);
        let samples: Tensor<2> = sampler.sample(&ECHO, 100, &()).unwrap();
        assert_eq!(values(samples), drawn, "chunks of {chunk}");
        let first: Tensor<2> = sampler.sample(&ECHO, 11, &()).unwrap();
        assert_eq!(values(first), drawn[..33]);
    }
}

#[test]
fn each_sample_keeps_its_condition_across_chunks() {
    let labels = Tensor::<1, Int>::arange(0..10, &Device::flex()) * 100;
    let sampler = SamplerConfig::new().with_chunk(3);
    let plain: Tensor<2> = sampler.sample(&ECHO, 10, &()).unwrap();
    let labelled: Tensor<2> = sampler.sample(&ECHO, 10, &labels).unwrap();
    let shifts = values((labelled - plain).mean_dim(1));
    for (index, shift) in shifts.into_iter().enumerate() {
        assert!((shift - 100.0 * index as f64).abs() < 1e-3, "{index}");
    }
}

#[test]
fn more_samples_than_memory_can_hold_are_refused() {
    let field = |sampler: SamplerConfig, count| -> &'static str {
        match sampler.sample::<2, (), _>(&ECHO, count, &()) {
            Err(GanError::Config(ConfigError { field, .. })) => field,
            other => panic!("{other:?}"),
        }
    };
    let sampler = SamplerConfig::new();
    for count in [usize::MAX, usize::MAX / 8] {
        assert_eq!(field(sampler.clone(), count), "count");
        assert_eq!(field(sampler.clone().with_chunk(count), count), "chunk");
    }
}

#[test]
fn a_generator_that_panics_is_an_error() {
    let limited = Echo { limit: 5, ..ECHO };
    match SamplerConfig::new().sample::<2, (), _>(&limited, 6, &()) {
        Err(GanError::NetworkFailed {
            network: "generator",
            shape,
            message,
        }) => {
            assert_eq!(shape, [6, 3]);
            assert_eq!(message, "6 are too many");
        }
        other => panic!("{other:?}"),
    }
    let in_chunks = SamplerConfig::new().with_chunk(5);
    assert!(in_chunks.sample::<2, (), _>(&limited, 6, &()).is_ok());
}

#[test]
fn a_generator_that_loses_samples_is_an_error() {
    let short = Echo {
        short: true,
        ..ECHO
    };
    match SamplerConfig::new().sample::<2, (), _>(&short, 6, &()) {
        Err(GanError::Shape(ShapeError {
            expected, actual, ..
        })) => assert_eq!((expected, actual), (vec![6, 3], vec![5, 3])),
        other => panic!("{other:?}"),
    }
}
