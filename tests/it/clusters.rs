//! Clusters: k-means against its definition, and the set of samples that it labels.

use burn::tensor::{Device, Tensor, TensorData};
use burn_gan::ConfigError;
use burn_gan::Labels;
use burn_gan::data::{Clusters, ClustersConfig, DataError, Memory, Samples};
use burn_gan::random::{Purpose, Stream};

fn memory(values: Vec<f32>, width: usize) -> Memory<2> {
    let count = values.len() / width;
    let points = TensorData::new(values, [count, width]);
    Memory::new(Tensor::from_data(points, &Device::flex())).unwrap()
}

/// Normal points around centres far from each other, one centre after the other in turn.
fn around(centers: usize, count: usize, width: usize, seed: u64) -> Memory<2> {
    let mut stream = Stream::new(seed, Purpose::Data, 0);
    let values = (0..count).flat_map(|index| {
        let center = 100.0 * (index % centers) as f32;
        let noise = stream.normal_values(width);
        noise.into_iter().map(move |value| center + value)
    });
    memory(values.collect(), width)
}

fn fit(config: &ClustersConfig, samples: &Memory<2>) -> Clusters {
    config.fit(samples, &Device::flex()).unwrap()
}

fn labels_of(clusters: &Clusters, samples: &Memory<2>) -> Vec<usize> {
    let labelled = clusters.label(samples, &Device::flex()).unwrap();
    labelled.labels().to_vec()
}

#[test]
fn groups_far_apart_are_found_from_any_seed() {
    for seed in 0..20 {
        let points = around(5, 60, 3, seed);
        let labels = labels_of(
            &fit(&ClustersConfig::new(5).with_seed(seed), &points),
            &points,
        );
        for (index, label) in labels.iter().enumerate() {
            assert_eq!(label, &labels[index % 5], "seed {seed}, sample {index}");
        }
        let mut first = labels[..5].to_vec();
        first.sort_unstable();
        assert_eq!(first, [0, 1, 2, 3, 4], "seed {seed}");
    }
}

/// What defines an end of Lloyd's algorithm, in double precision: each sample is with its nearest centre, each centre is the
/// mean of its samples.
#[test]
fn the_end_is_a_fixed_point() {
    let mut shapes = Stream::new(3, Purpose::Data, 1);
    for case in 0..20 {
        let [width, count] = [1 + shapes.index(7), 30 + shapes.index(60)];
        let clusters = 1 + shapes.index(8);
        let mut stream = Stream::new(case, Purpose::Data, 0);
        let points = memory(stream.normal_values(count * width), width);
        let found = fit(&ClustersConfig::new(clusters).with_seed(case), &points);
        let labelled = found.label(&points, &Device::flex()).unwrap();

        let rows = |tensor: &Tensor<2>| -> Vec<Vec<f64>> {
            let values: Vec<f64> = tensor.clone().into_data().iter::<f64>().collect();
            values.chunks(width).map(<[f64]>::to_vec).collect()
        };
        let (samples, centers) = (rows(points.samples()), rows(found.centers()));
        let squared =
            |a: &[f64], b: &[f64]| -> f64 { a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum() };
        for (sample, &label) in samples.iter().zip(labelled.labels()) {
            let nearest = centers.iter().map(|center| squared(sample, center));
            let nearest = nearest.fold(f64::INFINITY, f64::min);
            assert!(
                squared(sample, &centers[label]) <= nearest + 1e-4,
                "case {case}"
            );
        }
        for (label, center) in centers.iter().enumerate() {
            let members = samples.iter().zip(labelled.labels());
            let members: Vec<&Vec<f64>> = members
                .filter(|(_, of)| **of == label)
                .map(|(sample, _)| sample)
                .collect();
            assert_eq!(members.len(), labelled.frequencies().counts()[label]);
            for (axis, value) in center.iter().enumerate() {
                let sum: f64 = members.iter().map(|member| member[axis]).sum();
                assert!(
                    (sum / members.len() as f64 - value).abs() < 1e-5,
                    "case {case}"
                );
            }
        }
    }
}

#[test]
fn the_centres_of_a_large_set_are_those_of_some_samples() {
    let points = around(3, 3000, 2, 1);
    let config = ClustersConfig::new(3).with_samples(90);
    let clusters = fit(&config, &points);
    let labels = labels_of(&clusters, &points);
    assert!((3..3000).all(|index| labels[index] == labels[index % 3]));
    let values = |clusters: &Clusters| clusters.centers().clone().into_data();
    // The same seed gives the same bits, another one other samples.
    assert_eq!(values(&clusters), values(&fit(&config, &points)));
    let other = fit(&config.clone().with_seed(1), &points);
    assert_ne!(values(&clusters), values(&other));
    // Means of 30 samples: not those of all.
    let of_all = fit(&ClustersConfig::new(3).with_samples(3000), &points);
    assert_ne!(values(&clusters), values(&of_all));
}

#[test]
fn samples_that_are_all_the_same_are_one_cluster() {
    let points = memory(vec![0.5; 40], 4);
    let clusters = fit(&ClustersConfig::new(3), &points);
    let labelled = clusters.label(&points, &Device::flex()).unwrap();
    let mut sizes = labelled.frequencies().counts().to_vec();
    sizes.sort_unstable();
    assert_eq!(sizes, [0, 0, 10]);
    // No label is drawn that no sample has.
    let drawn = labelled.frequencies().draw(50, 0, &Device::flex());
    let drawn: Vec<i64> = drawn.into_data().iter::<i64>().collect();
    assert!(
        drawn
            .iter()
            .all(|label| *label == labelled.labels()[0] as i64)
    );
}

#[test]
fn labels_go_with_their_samples() {
    let device = Device::flex();
    let points = around(4, 12, 2, 7);
    let clusters = fit(&ClustersConfig::new(4), &points);
    let labelled = clusters.label(points.clone(), &device).unwrap();
    assert_eq!(labelled.len(), 12);
    let ints = |labels: Labels| -> Vec<usize> {
        let labels: Vec<i64> = labels.into_data().iter::<i64>().collect();
        labels.into_iter().map(|label| label as usize).collect()
    };
    let expected = |indices: &[usize]| -> Vec<usize> {
        indices
            .iter()
            .map(|&index| labelled.labels()[index])
            .collect()
    };
    let batch = labelled.select(&[7, 0, 7], &device).unwrap();
    let same = points.select(&[7, 0, 7], &device).unwrap();
    assert_eq!(batch.samples.into_data(), same.samples.into_data());
    assert_eq!(ints(batch.condition), expected(&[7, 0, 7]));
    assert_eq!(
        ints(labelled.conditions(&[3], &device).unwrap()),
        expected(&[3])
    );
    let all = labelled.all_conditions(&device).unwrap().unwrap();
    assert_eq!(ints(all), labelled.labels());
    assert!(matches!(
        labelled.conditions(&[12], &device),
        Err(DataError::IndexOutOfRange {
            index: 12,
            samples: 12
        })
    ));

    // A run goes on with the same clusters only.
    let identity = |config: ClustersConfig| {
        let labelled = fit(&config, &points).label(&points, &device).unwrap();
        Samples::<2, Labels>::identity(&labelled).unwrap()
    };
    let usual = ClustersConfig::new(4);
    assert_eq!(identity(usual.clone()), identity(usual.clone()));
    for other in [
        ClustersConfig::new(3),
        usual.clone().with_seed(1),
        usual.with_samples(10),
    ] {
        assert_ne!(identity(ClustersConfig::new(4)), identity(other));
    }
}

#[test]
fn what_cannot_be_clustered_is_refused() {
    let device = Device::flex();
    let points = around(2, 10, 3, 0);
    let refused = |config: ClustersConfig, wrong: &str| match config.fit(&points, &device) {
        Err(DataError::Config(ConfigError { field, .. })) => assert_eq!(field, wrong),
        other => panic!("{other:?}"),
    };
    refused(ClustersConfig::new(0), "clusters.count");
    refused(ClustersConfig::new(11), "clusters.count");
    refused(ClustersConfig::new(5).with_samples(4), "clusters.count");
    refused(ClustersConfig::new(2).with_samples(0), "clusters.samples");
    refused(
        ClustersConfig::new(2).with_iterations(0),
        "clusters.iterations",
    );

    let clusters = fit(&ClustersConfig::new(2), &points);
    let error = clusters.label(around(2, 4, 2, 0), &device).unwrap_err();
    assert_eq!(
        error.to_string(),
        "samples to cluster: expected shape [3], got [2]"
    );

    /// A set that does not look at its values.
    struct Unchecked;
    impl Samples<2> for Unchecked {
        fn len(&self) -> usize {
            2
        }
        fn select(
            &self,
            indices: &[usize],
            device: &Device,
        ) -> Result<burn_gan::Batch<2>, DataError> {
            let rows = Tensor::<2>::from_floats([[0.0, 1.0], [2.0, f32::NAN]], device);
            let indices: Vec<i64> = indices.iter().map(|&index| index as i64).collect();
            let indices = Tensor::from_data(indices.as_slice(), device);
            Ok(burn_gan::Batch::new(rows.select(0, indices)))
        }
    }
    match ClustersConfig::new(1).fit(&Unchecked, &device) {
        Err(DataError::NonFinite { index: 3, value }) => assert!(value.is_nan()),
        other => panic!("{other:?}"),
    }
}
