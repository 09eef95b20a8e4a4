//! Toy distributions: their shapes, their noise and their repeatability.

use burn::tensor::Device;
use burn_gan::ConfigError;
use burn_gan::data::{DataError, Mixture, MixtureSourceConfig, Source};
use burn_gan::metric::{Features, modes};
use burn_gan::random::{Purpose, Stream};

const ALL: [fn() -> Mixture; 4] = [
    Mixture::ring,
    Mixture::grid,
    Mixture::two_moons,
    Mixture::swiss_roll,
];

fn points(mixture: Mixture, count: usize) -> Vec<[f64; 2]> {
    let mut stream = Stream::new(5, Purpose::Data, 0);
    let samples = mixture.sample(count, &mut stream, &Device::flex());
    assert_eq!(samples.dims(), [count, 2]);
    let values = samples.into_data().try_to_vec::<f32>().unwrap();
    values
        .chunks_exact(2)
        .map(|point| [f64::from(point[0]), f64::from(point[1])])
        .collect()
}

fn distance(a: [f64; 2], b: [f64; 2]) -> f64 {
    (a[0] - b[0]).hypot(a[1] - b[1])
}

#[test]
fn the_ring_has_eight_centres_on_its_circle() {
    let centers = Mixture::ring().centers();
    assert_eq!(centers.len(), 8);
    assert_eq!(centers[0], [2.0, 0.0]);
    for [x, y] in centers {
        assert!((x.hypot(y) - 2.0).abs() < 1e-6);
    }
    assert_eq!(Mixture::ring().sigma(), 0.02);
}

#[test]
fn the_grid_has_twenty_five_centres_two_apart() {
    let centers = Mixture::grid().centers();
    let steps = [-4.0, -2.0, 0.0, 2.0, 4.0];
    let expected: Vec<[f32; 2]> = steps.iter().flat_map(|&x| steps.map(|y| [x, y])).collect();
    assert_eq!(centers, expected);
    assert_eq!(Mixture::grid().sigma(), 0.05);
}

#[test]
fn samples_lie_round_their_centres_as_often_and_as_far_as_they_should() {
    for mixture in [Mixture::ring(), Mixture::grid()] {
        let centers: Vec<[f64; 2]> = mixture
            .centers()
            .into_iter()
            .map(|center| center.map(f64::from))
            .collect();
        let sigma = f64::from(mixture.sigma());
        let count = 2_000 * centers.len();
        let points = points(mixture, count);

        for &center in &centers {
            let near: Vec<[f64; 2]> = points
                .iter()
                .copied()
                .filter(|&point| distance(point, center) < 6.0 * sigma)
                .collect();
            assert!((1_750..2_250).contains(&near.len()), "{}", near.len());
            for axis in 0..2 {
                let mean = near.iter().map(|point| point[axis]).sum::<f64>() / near.len() as f64;
                let squares = near.iter().map(|point| (point[axis] - mean).powi(2));
                let deviation = (squares.sum::<f64>() / near.len() as f64).sqrt();
                assert!((mean - center[axis]).abs() < 0.1 * sigma);
                assert!((deviation / sigma - 1.0).abs() < 0.07);
            }
        }
    }
}

#[test]
fn a_mixture_covers_itself() {
    for mixture in [Mixture::ring(), Mixture::grid()] {
        let mut stream = Stream::new(5, Purpose::Sampling, 0);
        let samples = mixture.sample(20_000, &mut stream, &Device::flex());
        let samples = Features::from_tensor(samples).unwrap();
        let found = modes(&samples, &mixture.centers(), mixture.sigma()).unwrap();
        assert_eq!(found.modes, found.total);
        // Within three deviations in the plane: 1 - exp(-9 / 2).
        assert!((found.high_quality - 0.98889).abs() < 0.003);
    }
}

#[test]
fn the_moons_are_two_half_circles() {
    let clean = points(Mixture::TwoMoons { noise: 0.0 }, 4_000);
    let on_upper =
        |&point: &[f64; 2]| point[1] >= 0.0 && (distance(point, [0.0, 0.0]) - 1.0).abs() < 1e-5;
    let on_lower =
        |&point: &[f64; 2]| point[1] <= 0.5 && (distance(point, [1.0, 0.5]) - 1.0).abs() < 1e-5;
    assert!(clean.iter().all(|point| on_upper(point) || on_lower(point)));
    let upper = clean.iter().filter(|point| on_upper(point)).count();
    assert!((1_850..2_150).contains(&upper), "{upper}");
    assert!(Mixture::two_moons().centers().is_empty());
}

#[test]
fn the_swiss_roll_is_a_spiral() {
    let clean = points(Mixture::SwissRoll { noise: 0.0 }, 4_000);
    for [x, y] in clean {
        let radius = x.hypot(y);
        assert!((0.499..1.501).contains(&radius));
        let angle = 3.0 * std::f64::consts::PI * radius;
        assert!(distance([x, y], [radius * angle.cos(), radius * angle.sin()]) < 1e-4);
    }
    assert!(Mixture::swiss_roll().centers().is_empty());
}

#[test]
fn noise_has_the_deviation_it_says() {
    for curve in [
        |noise| Mixture::TwoMoons { noise },
        |noise| Mixture::SwissRoll { noise },
    ] {
        let clean = points(curve(0.0), 20_000);
        let noisy = points(curve(0.1), 20_000);
        let squares: f64 = clean
            .into_iter()
            .zip(noisy)
            .map(|(a, b)| distance(a, b).powi(2))
            .sum();
        assert!((squares / 40_000.0 - 0.01).abs() < 0.0003);
    }
}

#[test]
fn the_same_seed_and_step_give_the_same_bits() {
    let device = Device::flex();
    for mixture in ALL {
        let config = MixtureSourceConfig::new(mixture(), 16).with_seed(3);
        let batch = |config: &MixtureSourceConfig, step| {
            let batch = config.init().unwrap().batch(step, &device).unwrap();
            batch.samples.into_data().try_to_vec::<f32>().unwrap()
        };
        assert_eq!(batch(&config, 4), batch(&config, 4));
        assert_ne!(batch(&config, 4), batch(&config, 5));
        assert_ne!(batch(&config, 4), batch(&config.clone().with_seed(4), 4));

        let mut source = config.init().unwrap();
        let later = source.batch(9, &device).unwrap();
        let earlier = source.batch(4, &device.clone().autodiff()).unwrap();
        assert_eq!((later.len(), earlier.len()), (16, 16));
        assert_eq!(earlier.samples.device(), device);
        let earlier = earlier.samples.into_data().try_to_vec::<f32>().unwrap();
        assert_eq!(earlier, batch(&config, 4));
        assert_eq!(source.mixture(), &mixture());
    }
}

#[test]
fn a_configuration_is_checked_once() {
    let refused = |mixture, batch_size| match MixtureSourceConfig::new(mixture, batch_size).init() {
        Err(DataError::Config(ConfigError { field, .. })) => field,
        other => panic!("{other:?}"),
    };
    assert_eq!(refused(Mixture::ring(), 0), "batch_size");
    let ring = |modes, radius, sigma| Mixture::Ring {
        modes,
        radius,
        sigma,
    };
    assert_eq!(refused(ring(0, 1.0, 0.1), 8), "modes");
    assert_eq!(refused(ring(8, f32::NAN, 0.1), 8), "radius");
    assert_eq!(refused(ring(8, 1.0, -0.1), 8), "sigma");
    let grid = |side, spacing, sigma| Mixture::Grid {
        side,
        spacing,
        sigma,
    };
    assert_eq!(refused(grid(0, 1.0, 0.1), 8), "side");
    assert_eq!(refused(grid(5, 0.0, 0.1), 8), "spacing");
    assert_eq!(refused(grid(5, 1.0, f32::INFINITY), 8), "sigma");
    assert_eq!(refused(Mixture::TwoMoons { noise: f32::NAN }, 8), "noise");
    assert_eq!(refused(Mixture::SwissRoll { noise: -1.0 }, 8), "noise");
}

#[test]
fn sampling_an_unchecked_mixture_or_nothing_does_not_panic() {
    let broken = Mixture::Grid {
        side: 0,
        spacing: 1.0,
        sigma: 0.1,
    };
    assert_eq!(points(broken, 3).len(), 3);
    let many = Mixture::Grid {
        side: usize::MAX,
        spacing: 1e-9,
        sigma: 0.1,
    };
    assert_eq!(points(many, 3).len(), 3);
    for mixture in ALL {
        assert!(points(mixture(), 0).is_empty());
    }
}

#[test]
fn a_mixture_goes_through_a_file() {
    let text = serde_json::to_string(&Mixture::ring()).unwrap();
    assert_eq!(text, r#"{"Ring":{"modes":8,"radius":2.0,"sigma":0.02}}"#);
    for mixture in ALL {
        let text = serde_json::to_string(&mixture()).unwrap();
        assert_eq!(serde_json::from_str::<Mixture>(&text).unwrap(), mixture());
    }
}
