//! The latent space of a trained generator: paths, truncation, and the latents of a seed.

use std::f64::consts::PI;

use burn::tensor::{Device, Tensor, TensorData};
use burn_gan::latent::{Interpolation, Truncation, closed_walk};
use burn_gan::model::DcganConfig;
use burn_gan::{BatchError, ConfigError, GanError, SamplerConfig, ShapeError};

use crate::common::{assert_close, processors, relative_error, stream, values};

fn latents<const N: usize, const Z: usize>(rows: [[f64; Z]; N]) -> Tensor<2> {
    Tensor::from_data(TensorData::from(rows), &Device::flex())
}

fn field<T: std::fmt::Debug>(result: Result<T, GanError>) -> &'static str {
    match result {
        Err(GanError::Config(ConfigError { field, .. })) => field,
        other => panic!("{other:?}"),
    }
}

fn norms(latent: Tensor<2>) -> Vec<f64> {
    values(latent.square().sum_dim(1).sqrt())
}

/// White's formula, for two of one length.
fn reference(from: &[f64], to: &[f64], t: f64) -> Vec<f64> {
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let omega = (dot(from, to) / (dot(from, from) * dot(to, to)).sqrt()).acos();
    let [a, b] = [((1.0 - t) * omega).sin(), (t * omega).sin()].map(|sine| sine / omega.sin());
    from.iter().zip(to).map(|(x, y)| a * x + b * y).collect()
}

#[test]
fn a_linear_path_is_the_line_between_its_ends() {
    let from = latents([[0.0, 2.0], [1.0, 1.0]]);
    let to = latents([[4.0, -2.0], [1.0, 3.0]]);
    for device in processors() {
        let ends = [from.clone(), to.clone()].map(|end| end.to_device(&device));
        let [from, to] = ends;
        let path = Interpolation::Linear.path(from, to, 5).unwrap();
        assert_eq!(path.dims(), [10, 2]);
        let expected = [
            [0.0, 2.0],
            [1.0, 1.0],
            [2.0, 0.0],
            [3.0, -1.0],
            [4.0, -2.0],
            [1.0, 1.0],
            [1.0, 1.5],
            [1.0, 2.0],
            [1.0, 2.5],
            [1.0, 3.0],
        ];
        assert_eq!(values(path), expected.concat());
    }
}

#[test]
fn a_spherical_path_is_an_arc_of_even_speed() {
    let from = latents([[3.0, 0.0, 0.0]]);
    let to = latents([[0.0, 3.0, 0.0]]);
    let path = Interpolation::Spherical.path(from, to, 4).unwrap();
    let expected: Vec<f64> = (0..4)
        .flat_map(|place| {
            let angle = f64::from(place) * PI / 6.0;
            [3.0 * angle.cos(), 3.0 * angle.sin(), 0.0]
        })
        .collect();
    assert!(relative_error(&values(path), &expected) < 1e-6);
}

#[test]
fn a_spherical_path_is_whites_formula_for_ends_of_one_length() {
    let [from, to] = [0, 1].map(|step| {
        let latent: Tensor<2> = stream(step).normal([4, 64], &Device::flex());
        let length = latent.clone().square().sum_dim(1).sqrt();
        latent / length * 8.0
    });
    let fractions = [0.0, 0.1, 0.5, 0.9, 1.0];
    let path = Interpolation::Spherical.between(from.clone(), to.clone(), &fractions);
    let path = path.unwrap();
    let (from, to) = (values(from), values(to));
    let expected: Vec<f64> = from
        .chunks(64)
        .zip(to.chunks(64))
        .flat_map(|(from, to)| fractions.map(|t| reference(from, to, t)).concat())
        .collect();
    assert!(relative_error(&values(path.clone()), &expected) < 1e-6);
    assert!(norms(path).iter().all(|norm| (norm - 8.0).abs() < 1e-4));
}

#[test]
fn a_spherical_path_begins_and_ends_at_its_ends_and_its_length_changes_evenly() {
    let from = stream(2).normal([3, 16], &Device::flex());
    let to = stream(3).normal([3, 16], &Device::flex()) * 5.0;
    let path = Interpolation::Spherical
        .path(from.clone(), to.clone(), 3)
        .unwrap();
    let [start, middle, end] = [0, 1, 2].map(|place| {
        let rows: Vec<_> = (0..3)
            .map(|row| path.clone().narrow(0, 3 * row + place, 1))
            .collect();
        Tensor::cat(rows, 0)
    });
    assert_close(start, from.clone(), 1e-7);
    assert_close(end, to.clone(), 1e-7);
    for ((middle, from), to) in norms(middle).into_iter().zip(norms(from)).zip(norms(to)) {
        assert!((middle - (from + to) / 2.0).abs() < 1e-5);
    }
}

#[test]
fn parallel_ends_are_joined_by_a_line_and_so_is_the_origin() {
    for (from, to) in [
        ([1.0, 2.0], [1.0, 2.0]),
        ([1.0, 2.0], [3.0, 6.0]),
        ([0.0, 0.0], [1.0, -1.0]),
        ([1.0, -1.0], [0.0, 0.0]),
        ([0.0, 0.0], [0.0, 0.0]),
    ] {
        let ends = || (latents([from]), latents([to]));
        let (a, b) = ends();
        let sphere = Interpolation::Spherical.path(a, b, 5).unwrap();
        let (a, b) = ends();
        let line = Interpolation::Linear.path(a, b, 5).unwrap();
        assert_close(sphere, line, 1e-7);
    }
    // In one dimension there is no sphere to go along.
    let path = Interpolation::Spherical.path(latents([[1.0]]), latents([[-3.0]]), 3);
    assert_eq!(values(path.unwrap()), [1.0, -1.0, -3.0]);
}

#[test]
fn between_opposite_ends_lies_half_a_circle() {
    let from: Tensor<2> = stream(4).normal([1, 32], &Device::flex());
    let path = |to| Interpolation::Spherical.path(from.clone(), to, 9).unwrap();
    let half = path(from.clone().neg());
    let radius = norms(from.clone())[0];
    assert!(
        norms(half.clone())
            .iter()
            .all(|norm| (norm - radius).abs() < 1e-4)
    );
    let steps = half.clone().narrow(0, 1, 8) - half.clone().narrow(0, 0, 8);
    let chord = 2.0 * radius * (PI / 16.0).sin();
    assert!(norms(steps).iter().all(|step| (step - chord).abs() < 1e-4));
    assert_close(half.clone().narrow(0, 8, 1), from.clone().neg(), 1e-6);
    assert_eq!(
        values(path(from.clone().neg())),
        values(half),
        "always the same"
    );
    // Nearly opposite ends of different lengths: White's formula would have no bound here.
    let nearly = from.clone().neg() * 2.0 + 1e-6;
    let longest = norms(path(nearly)).into_iter().fold(0.0, f64::max);
    assert!(longest < 2.001 * radius, "{longest} beside {radius}");
}

#[test]
fn what_has_no_path_is_refused() {
    let one = || latents([[1.0, 2.0]]);
    let path = Interpolation::Spherical;
    match path.path(one(), latents([[1.0, 2.0, 3.0]]), 2) {
        Err(GanError::Shape(ShapeError {
            expected, actual, ..
        })) => {
            assert_eq!((expected, actual), (vec![1, 2], vec![1, 3]));
        }
        other => panic!("{other:?}"),
    }
    let none = || Tensor::<2>::zeros([0, 2], &Device::flex());
    assert!(matches!(
        path.path(none(), none(), 2),
        Err(GanError::Batch(BatchError::Empty))
    ));
    let empty = || Tensor::<2>::zeros([1, 0], &Device::flex());
    assert_eq!(field(path.path(empty(), empty(), 2)), "latent_size");
    assert_eq!(field(path.path(one(), latents([[1.0, f64::NAN]]), 2)), "to");
    assert_eq!(
        field(path.path(latents([[f64::INFINITY, 1.0]]), one(), 2)),
        "from"
    );
    for places in [1, usize::MAX, usize::MAX / 64] {
        assert_eq!(field(path.path(one(), one(), places)), "places");
    }
    for fractions in [&[][..], &[0.5, 1.5], &[-0.1], &[f64::NAN]] {
        assert_eq!(field(path.between(one(), one(), fractions)), "fractions");
    }
}

#[test]
fn interpolations_have_names_in_files() {
    let names = serde_json::to_string(&[Interpolation::Linear, Interpolation::Spherical]);
    assert_eq!(names.unwrap(), r#"["linear","spherical"]"#);
    let truncation = Truncation::Resample {
        threshold: 0.5,
        seed: 3,
    };
    let text = serde_json::to_string(&truncation).unwrap();
    assert_eq!(text, r#"{"resample":{"threshold":0.5,"seed":3}}"#);
    assert_eq!(
        serde_json::from_str::<Truncation>(&text).unwrap(),
        truncation
    );
}

#[test]
fn a_walk_goes_through_its_points() {
    for (count, steps) in [(2, 3), (3, 1), (4, 5), (5, 8)] {
        let points: Tensor<2> = stream(count as u64).normal([count, 6], &Device::flex());
        let walk = closed_walk(points.clone(), steps).unwrap();
        assert_eq!(walk.dims(), [count * steps, 6]);
        let rows = (0..count).map(|point| walk.clone().narrow(0, point * steps, 1));
        assert_eq!(values(Tensor::cat(rows.collect(), 0)), values(points));
    }
}

/// Sums of cosines: the interpolation by its frequencies, of which the code has the closed form.
#[test]
fn a_walk_is_the_trigonometric_interpolation_of_its_points() {
    let (count, steps) = (5, 7);
    let points = values(stream(9).normal([count, 1], &Device::flex()));
    let walk = closed_walk(
        Tensor::from_data(TensorData::new(points.clone(), [count, 1]), &Device::flex()),
        steps,
    );
    let expected: Vec<f64> = (0..count * steps)
        .map(|frame| {
            let place = frame as f64 / steps as f64;
            let of_point = |(point, value): (usize, &f64)| {
                let angle = 2.0 * PI * (place - point as f64) / count as f64;
                let frequencies = 1..=count / 2;
                let sum = frequencies.map(|m| (m as f64 * angle).cos()).sum::<f64>();
                value * (1.0 + 2.0 * sum) / count as f64
            };
            points.iter().enumerate().map(of_point).sum()
        })
        .collect();
    assert!(relative_error(&values(walk.unwrap()), &expected) < 1e-6);
}

/// The rows of the walk through the unit vectors are the points' weights.
#[test]
fn latents_of_a_walk_are_standard_normal_where_its_points_are() {
    for count in [2, 3, 4, 9] {
        let walk = closed_walk(Tensor::eye(count, &Device::flex()), 10).unwrap();
        assert!(
            norms(walk).iter().all(|norm| (norm - 1.0).abs() < 1e-6),
            "{count} points"
        );
    }
}

/// Second differences of a path without corners fall with the square of the step; at a corner they fall with the step.
#[test]
fn a_walk_is_closed_and_has_no_corners() {
    for count in [3, 4, 7] {
        let points: Tensor<2> = stream(20).normal([count, 8], &Device::flex());
        let largest = |steps: usize| {
            let walk = closed_walk(points.clone(), steps).unwrap();
            let total = count * steps;
            // Turned by one and by two, over its end.
            let turned = |by: usize| {
                let parts = [(by, total - by), (0, by)];
                let parts = parts.map(|(start, length)| walk.clone().narrow(0, start, length));
                Tensor::cat(parts.to_vec(), 0)
            };
            let second = turned(2) - turned(1) * 2.0 + walk.clone();
            norms(second).into_iter().fold(0.0, f64::max)
        };
        let [coarse, fine] = [20, 40].map(largest);
        assert!(
            coarse > 3.5 * fine && coarse < 4.5 * fine,
            "{coarse} and {fine}"
        );
    }
}

#[test]
fn a_walk_that_cannot_be_is_refused() {
    let points = || latents([[1.0, 2.0], [3.0, 4.0]]);
    assert_eq!(field(closed_walk(latents([[1.0, 2.0]]), 5)), "points");
    assert_eq!(
        field(closed_walk(latents([[1.0, 2.0], [f64::NAN, 0.0]]), 5)),
        "points"
    );
    assert_eq!(field(closed_walk(points(), 0)), "steps");
    assert_eq!(field(closed_walk(points(), usize::MAX / 2)), "steps");
    assert_eq!(field(closed_walk(points(), usize::MAX / 64)), "steps");
}

/// The variance of the normal distribution cut off at `t` on both sides, `1 - 2 t phi(t) / (2 Phi(t) - 1)`, in print for
/// t = 0.5, 1 and 2.
#[test]
fn resampled_latents_are_of_the_truncated_normal_distribution() {
    for (threshold, variance) in [(0.5, 0.080593), (1.0, 0.291125), (2.0, 0.773741)] {
        let latent: Tensor<2> = stream(30).normal([200, 200], &Device::flex());
        let truncation = Truncation::Resample { threshold, seed: 8 };
        let before = values(latent.clone());
        let after = values(truncation.apply(latent).unwrap());
        assert!(after.iter().all(|value| value.abs() <= threshold));
        for (before, after) in before.iter().zip(&after) {
            assert!(
                before.abs() > threshold || before == after,
                "inside stays inside"
            );
        }
        let count = after.len() as f64;
        let mean = after.iter().sum::<f64>() / count;
        let found = after.iter().map(|x| x * x).sum::<f64>() / count;
        // Four standard errors, and a little: the fourth moment is at most 3.
        let error = 4.0 * (2.0 * variance * variance / count).sqrt();
        assert!(
            (found - variance).abs() < error,
            "{found} beside {variance}"
        );
        assert!(mean.abs() < 4.0 * (variance / count).sqrt(), "{mean}");
    }
}

#[test]
fn what_is_drawn_again_depends_on_the_seed_and_the_row() {
    let latent: Tensor<2> = stream(31).normal([6, 10], &Device::flex());
    let apply = |seed, rows| {
        let truncation = Truncation::Resample {
            threshold: 0.3,
            seed,
        };
        values(truncation.apply(latent.clone().narrow(0, 0, rows)).unwrap())
    };
    assert_eq!(apply(1, 6), apply(1, 6));
    assert_eq!(apply(1, 6)[..20], apply(1, 2));
    assert_ne!(apply(1, 6), apply(2, 6));
    // A threshold that hardly a normal value is within ends too.
    let tiny = Truncation::Resample {
        threshold: 1e-12,
        seed: 1,
    };
    let largest = values(tiny.apply(latent.clone()).unwrap().abs().max())[0];
    assert!(largest <= 1e-12 && largest > 0.0);
}

#[test]
fn shrunk_latents_are_a_multiple() {
    let latent = latents([[2.0, -4.0], [0.0, 1.0]]);
    let shrink = |psi| Truncation::Shrink { psi }.apply(latent.clone()).unwrap();
    assert_eq!(values(shrink(0.5)), [1.0, -2.0, 0.0, 0.5]);
    assert_eq!(values(shrink(1.0)), values(latent.clone()));
    assert_eq!(
        values(shrink(0.0)).into_iter().map(f64::abs).sum::<f64>(),
        0.0
    );
}

#[test]
fn a_truncation_out_of_range_is_refused() {
    let one = || latents([[1.0, 2.0]]);
    for threshold in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        let truncation = Truncation::Resample { threshold, seed: 0 };
        assert_eq!(field(truncation.apply(one())), "threshold");
    }
    for psi in [-0.1, 1.1, f64::NAN] {
        assert_eq!(field(Truncation::Shrink { psi }.apply(one())), "psi");
    }
    let shrink = Truncation::Shrink { psi: 0.5 };
    assert_eq!(field(shrink.apply(latents([[f64::NAN]]))), "latent");
}

#[test]
fn the_latents_of_a_seed_are_those_of_its_samples() {
    let generator = DcganConfig::new(1, 16, 16)
        .with_filters(4)
        .with_latent_size(7);
    let generator = generator.init_generator(&Device::flex()).unwrap();
    let sampler = SamplerConfig::new().with_seed(3).with_chunk(2);
    let latent = sampler.latents(5, 7, &Device::flex().autodiff()).unwrap();
    assert!(!latent.is_autodiff());
    let decoded = sampler.decode(&generator, latent, &()).unwrap();
    assert_eq!(
        values(decoded),
        values(sampler.sample(&generator, 5, &()).unwrap())
    );
    assert_eq!(
        field(sampler.latents(usize::MAX, 7, &Device::flex())),
        "count"
    );
    let none = sampler.latents(0, 7, &Device::flex());
    assert!(matches!(none, Err(GanError::Batch(BatchError::Empty))));
}
