//! Images kept as bytes: their order, their values, their classes, and what they are to a checkpoint.

use burn::tensor::Device;
use burn_gan::data::{ByteImages, DataError, IdxImages, Samples, idx};
use burn_gan::{BatchError, Identity};

use crate::common::places::DIGITS_8X8;

/// Two images `[2, 2, 3]`, channels first, each byte another.
const FIRST: [u8; 24] = [
    0, 1, 2, 3, 4, 5, 100, 101, 102, 103, 104, 105, 10, 11, 12, 13, 14, 15, 200, 201, 202, 203,
    204, 255,
];
/// The same images `[2, 3, 2]`, channels last.
const LAST: [u8; 24] = [
    0, 100, 1, 101, 2, 102, 3, 103, 4, 104, 5, 105, 10, 200, 11, 201, 12, 202, 13, 203, 14, 204,
    15, 255,
];

fn images() -> ByteImages {
    ByteImages::channels_first(FIRST.to_vec(), 2, 2, 3).unwrap()
}

fn values(images: &ByteImages, indices: &[usize]) -> Vec<f32> {
    let batch = images.select(indices, &Device::flex().autodiff()).unwrap();
    assert_eq!(batch.samples.device(), Device::flex());
    assert_eq!(batch.samples.dims(), [indices.len(), 2, 2, 3]);
    batch.samples.into_data().try_to_vec().unwrap()
}

#[test]
fn both_orders_are_the_same_images() {
    let last = ByteImages::channels_last(LAST.to_vec(), 2, 3, 2).unwrap();
    for images in [images(), last] {
        assert_eq!((images.len(), images.shape()), (2, [2, 2, 3]));
        let shape = (images.channels(), images.height(), images.width());
        assert_eq!(shape, (2, 2, 3));
        assert_eq!(images.bytes(1).unwrap(), FIRST[12..]);
        // In double precision, rounded once: what a byte stands for.
        let expected = [&FIRST[12..], &FIRST[..12], &FIRST[12..]].concat();
        for (value, byte) in values(&images, &[1, 0, 1]).into_iter().zip(expected) {
            let exact = f64::from(byte) * 2.0 / 255.0 - 1.0;
            assert!((f64::from(value) - exact).abs() < 1.2e-7, "{byte}: {value}");
        }
    }
}

#[test]
fn all_bytes_have_the_values_that_idx_images_have() {
    let bytes: Vec<u8> = (0..=255).collect();
    let header = [0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0, 16, 0, 0, 0, 16];
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    std::fs::write(&path, [header.as_slice(), &bytes].concat()).unwrap();
    let idx: IdxImages = idx::read_images(&path).unwrap();
    let plain = ByteImages::channels_first(bytes, 1, 16, 16).unwrap();
    let device = Device::flex();
    let expected = idx.select(&[0], &device).unwrap().samples.into_data();
    for images in [plain, ByteImages::from(idx)] {
        let found = images.select(&[0], &device).unwrap().samples.into_data();
        assert_eq!(found, expected);
    }
    let ends = expected.try_to_vec::<f32>().unwrap();
    assert_eq!((ends[0], ends[51], ends[255]), (-1.0, -0.6, 1.0));
}

/// Checkpoints of older versions hold these: to change them would refuse their data.
#[test]
fn idx_images_are_what_they_were_to_a_checkpoint() {
    let digits = idx::read_labelled_folder(DIGITS_8X8).unwrap();
    let images = Identity::new("images", 1)
        .with("shape", vec![1797, 8, 8])
        .with(
            "sha256",
            "b41ca9fd335466eee997366c2e6f6bbe0a1b4582afe091fc4eba35f4a254182f",
        );
    assert_eq!(digits.images().identity().unwrap(), images);
    let labelled = images.with(
        "labels_sha256",
        "8ba4f891220f5e4c9c819638d1602d74b83618f167043c6da52a2a247841ddf0",
    );
    assert_eq!(digits.identity().unwrap(), labelled);
}

#[test]
fn the_identity_is_of_bytes_shape_and_classes() {
    let one = images().identity().unwrap();
    let same = ByteImages::channels_last(LAST.to_vec(), 2, 3, 2).unwrap();
    assert_eq!(one, same.identity().unwrap());
    let shaped = ByteImages::channels_first(FIRST.to_vec(), 2, 3, 2).unwrap();
    assert_ne!(one, shaped.identity().unwrap());
    let mut bytes = FIRST.to_vec();
    bytes[7] += 1;
    let changed = ByteImages::channels_first(bytes, 2, 2, 3).unwrap();
    assert_ne!(one, changed.identity().unwrap());

    let labelled = |labels: [usize; 2]| images().with_labels(labels.to_vec()).unwrap();
    let first = labelled([0, 1]).identity().unwrap();
    assert_ne!(first, labelled([1, 0]).identity().unwrap());
    let names = vec!["a".to_string(), "b".to_string()];
    let named = labelled([0, 1]).with_class_names(names).unwrap();
    assert_ne!(first, named.identity().unwrap());
}

#[test]
fn refuses_what_is_not_a_whole_number_of_images() {
    for (bytes, [channels, height, width]) in [
        (13, [2, 2, 3]),
        (12, [0, 2, 3]),
        (0, [1, 0, 3]),
        (12, [usize::MAX, 2, 3]),
    ] {
        for images in [
            ByteImages::channels_first(vec![0; bytes], channels, height, width),
            ByteImages::channels_last(vec![0; bytes], height, width, channels),
        ] {
            match images {
                Err(DataError::ByteCount {
                    bytes: found,
                    shape,
                }) => {
                    assert_eq!((found, shape), (bytes, [channels, height, width]));
                }
                other => panic!("{other:?}"),
            }
        }
    }
    let nothing = ByteImages::channels_first(Vec::new(), 1, 2, 3);
    assert!(matches!(nothing, Err(DataError::EmptyDataset)));
}

#[test]
fn refuses_bad_indices_and_labels() {
    let device = Device::flex();
    assert!(matches!(
        images().select(&[0, 2], &device),
        Err(DataError::IndexOutOfRange {
            index: 2,
            samples: 2
        })
    ));
    assert!(matches!(
        images().bytes(2),
        Err(DataError::IndexOutOfRange { .. })
    ));
    assert!(matches!(
        images().select(&[], &device),
        Err(DataError::Batch(BatchError::Empty))
    ));
    assert!(matches!(
        images().with_labels(vec![0]),
        Err(DataError::LabelCount {
            images: 2,
            labels: 1
        })
    ));
    assert!(matches!(
        images().with_labels(vec![0, usize::MAX]),
        Err(DataError::LabelOutOfRange { .. })
    ));
    let labelled = images().with_labels(vec![0, 2]).unwrap();
    assert!(matches!(
        labelled.with_class_names(vec!["a".into(), "b".into()]),
        Err(DataError::LabelOutOfRange {
            label: 2,
            classes: 2
        })
    ));
}

#[test]
fn classes_are_the_condition_of_a_batch() {
    let labelled = images().with_labels(vec![3, 1]).unwrap();
    assert_eq!(
        (labelled.classes(), labelled.labels()),
        (4, [3, 1].as_slice())
    );
    assert_eq!(labelled.class_names(), ["0", "1", "2", "3"]);
    let device = Device::flex();
    let batch = labelled
        .select(&[1, 0, 1], &device.clone().autodiff())
        .unwrap();
    assert_eq!(batch.condition.device(), device);
    let labels = |labels: burn_gan::Labels| labels.into_data().iter::<i64>().collect::<Vec<_>>();
    assert_eq!(labels(batch.condition), [1, 3, 1]);
    assert_eq!(batch.samples.dims(), [3, 2, 2, 3]);
    let all = labelled.all_conditions(&device).unwrap().unwrap();
    assert_eq!(labels(all), [3, 1]);
    assert_eq!(labels(labelled.conditions(&[0], &device).unwrap()), [3]);
    assert_eq!(labelled.into_images().len(), 2);
}
