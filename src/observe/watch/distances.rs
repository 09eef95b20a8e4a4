//! Distances between feature vectors: how much samples differ, and how far they moved.

use crate::feature::Features;

/// The mean Euclidean distance of two different samples of a set; 0 where there is only one.
pub(super) fn mean_pair_distance(features: &Features) -> f64 {
    let mut sum = 0.0;
    for (index, a) in features.rows().enumerate() {
        sum += features
            .rows()
            .take(index)
            .map(|b| distance(a, b))
            .sum::<f64>();
    }
    let count = features.count();
    let pairs = count * (count - 1) / 2;
    sum / pairs.max(1) as f64
}

/// The mean Euclidean distance of each sample from the earlier one of its place.
pub(super) fn mean_movement(now: &Features, earlier: &Features) -> f64 {
    let pairs = now.rows().zip(earlier.rows());
    let count = pairs.len();
    let sum: f64 = pairs.map(|(a, b)| distance(a, b)).sum();
    sum / count as f64
}

fn distance(a: &[f64], b: &[f64]) -> f64 {
    let squares = a.iter().zip(b).map(|(a, b)| (a - b).powi(2));
    squares.sum::<f64>().sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_are_those_of_the_rows() {
        let features = Features::from_rows(&[[0.0, 0.0], [3.0, 0.0], [0.0, 4.0]]).unwrap();
        // 3, 4 and 5.
        assert_eq!(mean_pair_distance(&features), 4.0);
        let one = features.select(&[1]).unwrap();
        assert_eq!(mean_pair_distance(&one), 0.0);
        let origin = Features::from_rows(&[[0.0; 2]; 3]).unwrap();
        assert_eq!(mean_movement(&features, &origin), 7.0 / 3.0);
    }
}
