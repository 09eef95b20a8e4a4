//! `Stream`: golden values, which must never change, and what makes the numbers random.

use burn_gan::random::{Purpose, Stream};

const PURPOSES: [Purpose; 11] = [
    Purpose::GeneratorWeights,
    Purpose::DiscriminatorWeights,
    Purpose::Latent,
    Purpose::Shuffle,
    Purpose::Data,
    Purpose::Sampling,
    Purpose::Weights,
    Purpose::Penalty,
    Purpose::Features,
    Purpose::Metric,
    Purpose::HeldOut,
];

fn latent(step: u64) -> Stream {
    Stream::new(42, Purpose::Latent, step)
}

fn mean(values: &[f32]) -> f64 {
    values.iter().map(|&value| f64::from(value)).sum::<f64>() / values.len() as f64
}

fn variance(values: &[f32]) -> f64 {
    let mean = mean(values);
    let squares = values
        .iter()
        .map(|&value| (f64::from(value) - mean).powi(2));
    squares.sum::<f64>() / values.len() as f64
}

/// Runs, checkpoints and published figures rest on these numbers.
///
/// The uniform values agree with an implementation of ChaCha8 written from its description: 24 high bits of
/// each output word, divided by 2^24.
#[test]
fn golden_values() {
    assert_eq!(
        latent(7).normal_values(4),
        [0.19382972, 0.97146463, 0.7346137, -0.800121]
    );
    assert_eq!(
        latent(7).uniform_values(4),
        [0.74336433, 0.59901845, 0.6732074, 0.74309313]
    );
    assert_eq!(latent(7).permutation(8), [1, 7, 6, 4, 2, 3, 5, 0]);
    assert_eq!(latent(7).index(1000), 743);
}

#[test]
fn the_key_alone_decides() {
    assert_eq!(latent(3).normal_values(100), latent(3).normal_values(100));

    let first = latent(3).normal_values(4);
    let others = [
        Stream::new(43, Purpose::Latent, 3),
        Stream::new(42, Purpose::Sampling, 3),
        latent(4),
    ];
    for mut other in others {
        assert_ne!(first, other.normal_values(4), "{other:?}");
    }
}

#[test]
fn a_draw_in_parts_is_the_draw_in_one() {
    let mut stream = latent(0);
    let mut parts = stream.normal_values(5);
    parts.extend(stream.normal_values(6));
    assert_eq!(parts, latent(0).normal_values(11));
}

#[test]
fn streams_of_different_keys_do_not_correlate() {
    let count = 20_000;
    let mut draws: Vec<Vec<f32>> = PURPOSES
        .into_iter()
        .map(|purpose| Stream::new(1, purpose, 0).normal_values(count))
        .collect();
    draws.extend((1..4).map(|step| Stream::new(1, Purpose::Latent, step).normal_values(count)));
    draws.extend((2..5).map(|seed| Stream::new(seed, Purpose::Latent, 0).normal_values(count)));

    for (index, a) in draws.iter().enumerate() {
        for b in &draws[..index] {
            let products: Vec<f32> = a.iter().zip(b).map(|(a, b)| a * b).collect();
            // The standard error is 1 / sqrt(count), about 0.007.
            assert!(mean(&products).abs() < 0.035, "{}", mean(&products));
        }
    }
}

#[test]
fn normal_values_are_standard_normal() {
    let values = latent(0).normal_values(100_000);
    assert!(mean(&values).abs() < 0.015, "{}", mean(&values));
    assert!((variance(&values) - 1.0).abs() < 0.02);
    let within_one = values.iter().filter(|value| value.abs() < 1.0).count() as f64;
    assert!((within_one / 100_000.0 - 0.6827).abs() < 0.008);
}

#[test]
fn uniform_values_fill_the_unit_interval() {
    let values = latent(0).uniform_values(100_000);
    assert!(values.iter().all(|value| (0.0..1.0).contains(value)));
    assert!((mean(&values) - 0.5).abs() < 0.005);
    assert!((variance(&values) - 1.0 / 12.0).abs() < 0.001);
}

#[test]
fn indices_are_below_their_bound_and_all_occur() {
    let mut stream = latent(0);
    let mut counts = [0; 5];
    for _ in 0..5_000 {
        counts[stream.index(5)] += 1;
    }
    assert!(
        counts.iter().all(|count| (850..1150).contains(count)),
        "{counts:?}"
    );
    assert_eq!(stream.index(1), 0);
    assert_eq!(stream.index(0), 0);
}

#[test]
fn a_permutation_holds_every_index_once() {
    let mut order = latent(0).permutation(1000);
    assert_ne!(order[..10], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    order.sort_unstable();
    assert!(order.into_iter().eq(0..1000));
    assert!(latent(0).permutation(0).is_empty());
}

#[test]
fn tensors_hold_the_values_on_every_backend() {
    for device in crate::common::processors() {
        let normal = latent(0).normal([2, 3], &device);
        assert_eq!(normal.dims(), [2, 3]);
        let values = normal.into_data().try_to_vec::<f32>().unwrap();
        assert_eq!(values, latent(0).normal_values(6));

        let uniform = latent(0).uniform([4], &device).into_data();
        assert_eq!(
            uniform.try_to_vec::<f32>().unwrap(),
            latent(0).uniform_values(4)
        );
    }
}
