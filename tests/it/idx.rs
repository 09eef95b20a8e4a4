//! IDX files: what is read, and every way in which a file can be wrong.

use std::fs;
use std::io::Write;

use burn::tensor::{Device, Int, Tensor};
use burn_gan::data::{DataError, IdxImages, LabelledImages, Samples, idx};
use burn_gan::{BatchError, FileError};
use flate2::{Compression, write::GzEncoder};
use tempfile::TempDir;

use crate::common::places::DIGITS_8X8;

/// Two images of 1x3 pixels.
const IMAGES: [u8; 22] = [
    0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 3, 0, 51, 255, 1, 2, 3,
];
/// Two labels.
const LABELS: [u8; 10] = [0, 0, 8, 1, 0, 0, 0, 2, 7, 4];

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn folder(files: &[(&str, &[u8])]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        fs::write(folder.path().join(name), bytes).unwrap();
    }
    folder
}

fn images(bytes: &[u8]) -> Result<IdxImages, DataError> {
    let folder = folder(&[("file", bytes)]);
    idx::read_images(folder.path().join("file"))
}

fn labels(bytes: &[u8]) -> Result<Vec<u8>, DataError> {
    let folder = folder(&[("file", bytes)]);
    idx::read_labels(folder.path().join("file"))
}

/// The images file with `bytes` in its place from `offset` on.
fn images_with(offset: usize, bytes: &[u8]) -> Vec<u8> {
    let mut file = IMAGES.to_vec();
    file[offset..offset + bytes.len()].copy_from_slice(bytes);
    file
}

#[test]
fn reads_a_file_written_by_hand() {
    let images = images(&IMAGES).unwrap();
    assert_eq!((images.len(), images.height(), images.width()), (2, 1, 3));
    assert_eq!(images.pixels(0), Some([0, 51, 255].as_slice()));
    assert_eq!(images.pixels(1), Some([1, 2, 3].as_slice()));
    assert_eq!(images.pixels(2), None);
    assert_eq!(labels(&LABELS).unwrap(), [7, 4]);

    let batch = images.select(&[0], &Device::flex().autodiff()).unwrap();
    assert_eq!(batch.samples.device(), Device::flex());
    assert_eq!(batch.samples.dims(), [1, 1, 1, 3]);
    let values = batch.samples.into_data().try_to_vec::<f32>().unwrap();
    assert_eq!(values, [-1.0, -0.6, 1.0]);
}

#[test]
fn compression_is_told_from_the_content() {
    assert_eq!(images(&gzip(&IMAGES)).unwrap(), images(&IMAGES).unwrap());

    // Two gzip members one after the other are one file.
    let (start, end) = IMAGES.split_at(9);
    let members = [gzip(start), gzip(end)].concat();
    assert_eq!(images(&members).unwrap(), images(&IMAGES).unwrap());

    let misnamed = folder(&[("images-idx3-ubyte.gz", &IMAGES)]);
    assert!(idx::read_folder(misnamed.path()).is_ok());
}

#[test]
fn finds_the_usual_names() {
    let compressed = gzip(&IMAGES);
    for prefix in ["", "train-"] {
        for separator in ["-", "."] {
            let plain = format!("{prefix}images{separator}idx3-ubyte");
            let folder_plain = folder(&[(&plain, &IMAGES)]);
            let folder_gzip = folder(&[(&format!("{plain}.gz"), &compressed)]);
            for folder in [folder_plain, folder_gzip] {
                assert_eq!(idx::read_folder(folder.path()).unwrap().len(), 2);
            }
        }
    }
}

#[test]
fn labels_come_from_beside_their_images() {
    let pair = folder(&[
        ("train-images-idx3-ubyte", &IMAGES),
        ("train-labels.idx1-ubyte", &LABELS),
    ]);
    let labelled = idx::read_labelled_folder(pair.path()).unwrap();
    assert_eq!(labelled.labels(), [7, 4]);
    assert_eq!(labelled.classes(), 8);
    assert_eq!(labelled.images().len(), 2);

    let other_labels = folder(&[
        ("images-idx3-ubyte", &IMAGES),
        ("train-labels-idx1-ubyte", &LABELS),
    ]);
    match idx::read_labelled_folder(other_labels.path()) {
        Err(DataError::MissingFile { wanted, .. }) => {
            assert!(wanted.starts_with("labels-idx1-ubyte, "), "{wanted}");
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn reads_the_real_digits() {
    let device = Device::flex();
    let digits: LabelledImages = idx::read_labelled_folder(DIGITS_8X8).unwrap();
    assert_eq!((digits.len(), digits.classes()), (1797, 10));

    let all: Vec<usize> = (0..digits.len()).collect();
    let batch = digits.select(&all, &device).unwrap();
    assert_eq!(batch.samples.dims(), [1797, 1, 8, 8]);
    let values = batch.samples.into_data().try_to_vec::<f32>().unwrap();
    let lowest = values.iter().copied().fold(f32::INFINITY, f32::min);
    let highest = values.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    assert_eq!((lowest, highest), (-1.0, 1.0));

    let picked: Tensor<1, Int> = digits.select(&[5, 0], &device).unwrap().condition;
    let expected = [digits.labels()[5], digits.labels()[0]].map(i64::from);
    assert_eq!(
        picked.into_data().try_into_vec_as::<i64>().unwrap(),
        expected
    );
}

#[test]
fn refuses_bad_indices() {
    let images = images(&IMAGES).unwrap();
    let device = Device::flex();
    assert!(matches!(
        images.select(&[1, 2], &device),
        Err(DataError::IndexOutOfRange {
            index: 2,
            samples: 2
        })
    ));
    let labelled = images.with_labels(vec![0, 1]).unwrap();
    assert!(matches!(
        labelled.select(&[2], &device),
        Err(DataError::IndexOutOfRange { .. })
    ));
    assert!(matches!(
        labelled.select(&[], &device),
        Err(DataError::Batch(BatchError::Empty))
    ));
}

#[test]
fn refuses_labels_of_another_number() {
    assert!(matches!(
        images(&IMAGES).unwrap().with_labels(vec![0]),
        Err(DataError::LabelCount {
            images: 2,
            labels: 1
        })
    ));
}

#[test]
fn refuses_a_file_of_another_length() {
    let short = &IMAGES[..20];
    let long = [IMAGES.as_slice(), &[9, 9, 9]].concat();
    for (file, found) in [(short, 20), (&long, 25)] {
        for file in [file.to_vec(), gzip(file)] {
            match images(&file) {
                Err(DataError::IdxLength {
                    expected: 22,
                    actual,
                    ..
                }) => assert_eq!(actual, found),
                other => panic!("{other:?}"),
            }
        }
    }
}

#[test]
fn refuses_a_file_that_ends_within_its_header() {
    for (length, needed) in [(0, 4), (3, 4), (4, 8), (11, 12), (15, 16)] {
        match images(&IMAGES[..length]) {
            Err(DataError::IdxHeader {
                expected, actual, ..
            }) => assert_eq!((expected, actual), (needed, length as u64)),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn refuses_what_is_no_idx_file() {
    assert!(matches!(
        images(b"\x89PNG\r\n\x1a\n"),
        Err(DataError::IdxMagic {
            magic: [0x89, b'P', b'N', b'G'],
            ..
        })
    ));
}

#[test]
fn refuses_another_type_or_rank() {
    assert!(matches!(
        images(&images_with(2, &[0x0d])),
        Err(DataError::IdxLayout {
            type_code: 0x0d,
            rank: 3,
            expected_rank: 3,
            ..
        })
    ));
    assert!(matches!(
        images(&LABELS),
        Err(DataError::IdxLayout {
            type_code: 8,
            rank: 1,
            expected_rank: 3,
            ..
        })
    ));
    assert!(matches!(
        labels(&IMAGES),
        Err(DataError::IdxLayout {
            rank: 3,
            expected_rank: 1,
            ..
        })
    ));
}

#[test]
fn refuses_files_without_content() {
    let no_images = &images_with(4, &[0; 4])[..16];
    assert!(matches!(images(no_images), Err(DataError::EmptyDataset)));
    let no_labels = &[0, 0, 8, 1, 0, 0, 0, 0];
    assert!(matches!(labels(no_labels), Err(DataError::EmptyDataset)));

    let no_height = &images_with(8, &[0; 4])[..16];
    assert!(matches!(
        images(no_height),
        Err(DataError::EmptyImages {
            height: 0,
            width: 3,
            ..
        })
    ));
    let no_width = &images_with(12, &[0; 4])[..16];
    assert!(matches!(
        images(no_width),
        Err(DataError::EmptyImages {
            height: 1,
            width: 0,
            ..
        })
    ));
}

#[test]
fn never_believes_a_header_larger_than_the_file() {
    // 2^96 pixels: more than 64 bits can count.
    match images(&images_with(4, &[0xff; 12])) {
        Err(DataError::IdxLength {
            expected, actual, ..
        }) => assert_eq!((expected, actual), (u64::MAX, 22)),
        other => panic!("{other:?}"),
    }
    // 2^40 pixels: more than memory holds.
    let large = [0, 0, 1, 0, 0, 1, 0, 0, 0, 1, 0, 0];
    match images(&images_with(4, &large)) {
        Err(DataError::IdxLength {
            expected, actual, ..
        }) => assert_eq!((expected, actual), ((1 << 40) + 16, 22)),
        other => panic!("{other:?}"),
    }
}

#[test]
fn refuses_damaged_gzip() {
    let whole = gzip(&IMAGES);
    let cut = whole[..whole.len() - 9].to_vec();
    let mut flipped = whole.clone();
    let checksum = whole.len() - 8;
    flipped[checksum] ^= 1;
    let trailing = [whole.as_slice(), b"more"].concat();
    for damaged in [cut, flipped, trailing] {
        match images(&damaged) {
            Err(DataError::File(FileError { path, .. })) => assert!(path.ends_with("file")),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn missing_files_are_named() {
    let empty = folder(&[]);
    match idx::read_images(empty.path().join("nothing")) {
        Err(DataError::File(FileError { path, source })) => {
            assert!(path.ends_with("nothing"));
            assert_eq!(source.kind(), std::io::ErrorKind::NotFound);
        }
        other => panic!("{other:?}"),
    }
    assert!(matches!(
        idx::read_images(empty.path()),
        Err(DataError::File(FileError { .. }))
    ));
    match idx::read_folder(empty.path()) {
        Err(DataError::MissingFile { folder, wanted }) => {
            assert_eq!(folder, empty.path());
            assert!(wanted.contains("train-images.idx3-ubyte.gz"), "{wanted}");
        }
        other => panic!("{other:?}"),
    }
    let unlabelled = folder(&[("images-idx3-ubyte", &IMAGES)]);
    assert!(matches!(
        idx::read_labelled_folder(unlabelled.path()),
        Err(DataError::MissingFile { .. })
    ));
}
