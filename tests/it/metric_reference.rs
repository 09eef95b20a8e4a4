//! The metrics against numpy, scipy and scikit-learn, to 1e-6 relative. `tests/golden/metrics.py` writes the numbers.

use std::collections::BTreeMap;

use burn_gan::metric::{
    Bandwidth, Features, Gaussian, KernelDistanceConfig, density_coverage, frechet_distance,
    inception_score, kernel_distance, mean_discrepancy, median_distance, modes,
    polynomial_discrepancy, precision_recall, reverse_kl, sliced_wasserstein_along,
};
use serde::Deserialize;

const TOLERANCE: f64 = 1e-6;

/// `tests/golden/metrics.json`.
#[derive(Deserialize)]
struct Golden {
    sets: Vec<Set>,
    pairs: Vec<Pair>,
    inception_score: Vec<Score>,
    modes: Vec<Mixture>,
    gaussians: Vec<Gaussians>,
    reverse_kl: ReverseKl,
}

/// A set of features; the numbers are in `tests/golden/metrics.bin`, one set after another.
#[derive(Deserialize)]
struct Set {
    name: String,
    count: usize,
    dimensions: usize,
}

#[derive(Deserialize)]
struct Pair {
    name: String,
    frechet: f64,
    polynomial: f64,
    median: f64,
    gaussian_median: f64,
    sigma: f64,
    gaussian_sigma: f64,
    manifolds: Vec<Manifolds>,
    sliced_wasserstein: f64,
}

#[derive(Deserialize)]
struct Manifolds {
    k: usize,
    precision: f64,
    recall: f64,
    density: f64,
    coverage: f64,
}

#[derive(Deserialize)]
struct Score {
    splits: usize,
    value: f64,
    deviation: f64,
}

#[derive(Deserialize)]
struct Mixture {
    name: String,
    centres: Vec<Vec<f32>>,
    sigma: f32,
    modes: usize,
    high_quality: f64,
    reverse_kl: f64,
    assigned: Vec<usize>,
    hits: Vec<usize>,
}

#[derive(Deserialize)]
struct Gaussians {
    means: [Vec<f64>; 2],
    covariances: [Vec<f64>; 2],
    frechet: f64,
}

#[derive(Deserialize)]
struct ReverseKl {
    generated: Vec<usize>,
    real: Vec<f64>,
    value: f64,
}

struct Reference {
    golden: Golden,
    sets: BTreeMap<String, Features>,
}

impl Reference {
    fn read() -> Self {
        let golden: Golden = serde_json::from_str(include_str!("../golden/metrics.json")).unwrap();
        let mut values = include_bytes!("../golden/metrics.bin")
            .as_chunks::<4>()
            .0
            .iter()
            .map(|bytes| f64::from(f32::from_le_bytes(*bytes)));
        let sets = golden
            .sets
            .iter()
            .map(|set| {
                let values = values.by_ref().take(set.count * set.dimensions).collect();
                let features = Features::new(values, set.dimensions).unwrap();
                assert_eq!(features.count(), set.count);
                (set.name.clone(), features)
            })
            .collect();
        assert_eq!(values.next(), None);
        Self { golden, sets }
    }

    fn pairs(&self) -> impl Iterator<Item = (&Pair, &Features, &Features)> {
        self.golden.pairs.iter().map(|pair| {
            let [real, generated] = ["real", "generated"].map(|set| self.set(&pair.name, set));
            (pair, real, generated)
        })
    }

    fn set(&self, case: &str, set: &str) -> &Features {
        &self.sets[&format!("{case}/{set}")]
    }
}

/// The largest relative error so far, printed at the end: `cargo test -- --nocapture`.
struct Errors {
    metric: &'static str,
    largest: f64,
}

impl Errors {
    fn of(metric: &'static str) -> Self {
        Self {
            metric,
            largest: 0.0,
        }
    }

    #[track_caller]
    fn check(&mut self, case: &str, actual: f64, expected: f64) {
        let error = match actual == expected {
            true => 0.0,
            false => (actual - expected).abs() / expected.abs(),
        };
        assert!(
            error <= TOLERANCE,
            "{}, {case}: {actual:e} against {expected:e}",
            self.metric
        );
        self.largest = self.largest.max(error);
    }
}

impl Drop for Errors {
    fn drop(&mut self) {
        println!("{}: relative error up to {:.1e}", self.metric, self.largest);
    }
}

#[test]
fn frechet_distances() {
    let reference = Reference::read();
    let mut errors = Errors::of("Frechet distance");
    for (pair, real, generated) in reference.pairs() {
        let distance = frechet_distance(real, generated).unwrap();
        errors.check(&pair.name, distance, pair.frechet);
        let swapped = frechet_distance(generated, real).unwrap();
        errors.check(&pair.name, swapped, pair.frechet);
    }
    for case in reference.golden.gaussians {
        let [mean_a, mean_b] = case.means;
        let [covariance_a, covariance_b] = case.covariances;
        let a = Gaussian::new(mean_a, covariance_a).unwrap();
        let b = Gaussian::new(mean_b, covariance_b).unwrap();
        errors.check(
            "given Gaussians",
            a.frechet_distance(&b).unwrap(),
            case.frechet,
        );
    }
}

#[test]
fn kernel_distances() {
    let mut errors = Errors::of("kernel distance");
    for (pair, real, generated) in Reference::read().pairs() {
        let distance = polynomial_discrepancy(real, generated).unwrap();
        errors.check(&pair.name, distance, pair.polynomial);
        // Subsets that hold all samples.
        let count = real.count().min(generated.count());
        let all: Vec<usize> = (0..count).collect();
        let [real, generated] = [real, generated].map(|set| set.select(&all).unwrap());
        let config = KernelDistanceConfig::new()
            .with_subset_size(count)
            .with_subsets(3);
        let over_subsets = kernel_distance(&real, &generated, &config).unwrap();
        let at_once = polynomial_discrepancy(&real, &generated).unwrap();
        errors.check(&pair.name, over_subsets.value, at_once);
        assert!(over_subsets.deviation <= 1e-9 * at_once.abs().max(1.0));
    }
}

#[test]
fn mean_discrepancies() {
    let mut errors = Errors::of("maximum mean discrepancy");
    for (pair, real, generated) in Reference::read().pairs() {
        let median = median_distance(real, generated).unwrap();
        errors.check(&pair.name, median, pair.median);
        for (bandwidth, expected) in [
            (Bandwidth::Median, pair.gaussian_median),
            (Bandwidth::Given(pair.sigma), pair.gaussian_sigma),
        ] {
            let discrepancy = mean_discrepancy(real, generated, bandwidth).unwrap();
            errors.check(&pair.name, discrepancy, expected);
        }
    }
}

#[test]
fn manifolds() {
    let mut precision_errors = Errors::of("precision and recall");
    let mut density_errors = Errors::of("density and coverage");
    for (pair, real, generated) in Reference::read().pairs() {
        for expected in &pair.manifolds {
            let case = format!("{}, k = {}", pair.name, expected.k);
            let found = precision_recall(real, generated, expected.k).unwrap();
            precision_errors.check(&case, found.precision, expected.precision);
            precision_errors.check(&case, found.recall, expected.recall);
            let found = density_coverage(real, generated, expected.k).unwrap();
            density_errors.check(&case, found.density, expected.density);
            density_errors.check(&case, found.coverage, expected.coverage);
        }
    }
}

#[test]
fn sliced_wasserstein_distances() {
    let mut errors = Errors::of("sliced Wasserstein distance");
    let reference = Reference::read();
    for (pair, real, generated) in reference.pairs() {
        let directions = reference.set(&pair.name, "directions");
        let distance = sliced_wasserstein_along(real, generated, directions).unwrap();
        errors.check(&pair.name, distance, pair.sliced_wasserstein);
    }
}

#[test]
fn inception_scores() {
    let mut errors = Errors::of("Inception score");
    let reference = Reference::read();
    for expected in &reference.golden.inception_score {
        let case = format!("{} splits", expected.splits);
        let score = inception_score(&reference.sets["probabilities"], expected.splits).unwrap();
        errors.check(&case, score.value, expected.value);
        // Of one split there is none, up to rounding.
        assert!((score.deviation - expected.deviation).abs() <= TOLERANCE * expected.deviation);
    }
}

#[test]
fn known_mixtures() {
    let mut errors = Errors::of("modes and reverse KL");
    let reference = Reference::read();
    for case in &reference.golden.modes {
        let samples = reference.set(&case.name, "samples");
        let found = match samples.dimensions() {
            2 => modes(samples, &centres::<2>(case), case.sigma),
            _ => modes(samples, &centres::<3>(case), case.sigma),
        }
        .unwrap();
        assert_eq!(
            (found.modes, found.total),
            (case.modes, case.centres.len()),
            "{}",
            case.name
        );
        assert_eq!(
            (&found.assigned, &found.hits),
            (&case.assigned, &case.hits),
            "{}",
            case.name
        );
        errors.check(&case.name, found.high_quality, case.high_quality);
        errors.check(&case.name, found.reverse_kl, case.reverse_kl);
    }
    let ReverseKl {
        generated,
        real,
        value,
    } = &reference.golden.reverse_kl;
    errors.check(
        "given histograms",
        reverse_kl(generated, real).unwrap(),
        *value,
    );
}

fn centres<const D: usize>(case: &Mixture) -> Vec<[f32; D]> {
    let centres = case.centres.iter();
    centres
        .map(|centre| centre.as_slice().try_into().unwrap())
        .collect()
}
