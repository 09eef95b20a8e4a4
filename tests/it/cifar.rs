//! CIFAR's binary files: what is read, and every way in which a file can be wrong.

use std::fs;

use burn::tensor::Device;
use burn_gan::data::cifar::{self, CifarError, Part, Version};
use burn_gan::data::{DataError, Samples};
use tempfile::TempDir;

/// A record with these labels: red counts up from `first`, green is 100, blue is 200 but for its last byte, 255.
fn record(labels: &[u8], first: u8) -> Vec<u8> {
    let mut bytes = labels.to_vec();
    bytes.extend((0..1024).map(|i| first.wrapping_add((i % 256) as u8)));
    bytes.extend([100; 1024]);
    bytes.extend([200; 1023]);
    bytes.push(255);
    bytes
}

fn folder(files: &[(&str, &[u8])]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        fs::write(folder.path().join(name), bytes).unwrap();
    }
    folder
}

#[test]
fn reads_cifar_10_with_names() {
    let batches: Vec<(String, Vec<u8>)> = (1..=5)
        .map(|batch| {
            let bytes = [record(&[batch], batch), record(&[9], 50 + batch)].concat();
            (format!("data_batch_{batch}.bin"), bytes)
        })
        .collect();
    let names = "airplane\nautomobile\nbird\ncat\ndeer\ndog\nfrog\nhorse\nship\ntruck\n\n";
    let mut files: Vec<(&str, &[u8])> = batches
        .iter()
        .map(|(name, bytes)| (name.as_str(), bytes.as_slice()))
        .collect();
    files.push(("batches.meta.txt", names.as_bytes()));
    let test = record(&[3], 7);
    files.push(("test_batch.bin", &test));
    let folder = folder(&files);

    let images = cifar::read_folder(folder.path(), Version::Ten, Part::Training).unwrap();
    assert_eq!(images.images().shape(), [3, 32, 32]);
    assert_eq!(images.labels(), [1, 9, 2, 9, 3, 9, 4, 9, 5, 9]);
    assert_eq!(
        (images.classes(), images.class_names()[9].as_str()),
        (10, "truck")
    );
    let bytes = images.images().bytes(3).unwrap();
    assert_eq!(
        (bytes[0], bytes[33], bytes[1024], bytes[3071]),
        (52, 85, 100, 255)
    );
    let batch = images.select(&[3], &Device::flex()).unwrap().samples;
    let corner = batch.slice([0..1, 2..3, 31..32, 31..32]);
    assert_eq!(corner.into_scalar::<f32>(), 1.0);

    let test = cifar::read_folder(folder.path(), Version::Ten, Part::Test).unwrap();
    assert_eq!(test.labels(), [3]);
}

#[test]
fn reads_cifar_100_by_either_label() {
    let bytes = [record(&[19, 99], 0), record(&[0, 7], 1)].concat();
    let folder = folder(&[("train.bin", &bytes), ("test.bin", &bytes[3074..])]);
    for (version, classes, labels) in [
        (Version::HundredCoarse, 20, [19, 0]),
        (Version::HundredFine, 100, [99, 7]),
    ] {
        let images = cifar::read_folder(folder.path(), version, Part::Training).unwrap();
        assert_eq!(
            (images.classes(), images.labels()),
            (classes, labels.as_slice())
        );
        assert_eq!(images.class_names()[7], "7");
        assert_eq!(images.images().bytes(1).unwrap(), record(&[], 1));
        let test = cifar::read_folder(folder.path(), version, Part::Test).unwrap();
        assert_eq!(test.labels(), [labels[1]]);
    }
}

#[test]
fn refuses_what_is_no_such_file() {
    let folder = folder(&[
        ("long.bin", &[0; 3074]),
        ("empty.bin", &[]),
        ("label.bin", &[record(&[9], 0), record(&[10], 0)].concat()),
        ("coarse.bin", &record(&[20, 0], 0)),
    ]);
    let read = |name: &str, version| cifar::read_files(&[folder.path().join(name)], version);
    match read("long.bin", Version::Ten) {
        Err(DataError::Cifar(CifarError::Length {
            path,
            bytes: 3074,
            record: 3073,
        })) => assert!(path.ends_with("long.bin")),
        other => panic!("{other:?}"),
    }
    assert!(matches!(
        read("empty.bin", Version::Ten),
        Err(DataError::EmptyDataset)
    ));
    assert!(matches!(
        read("label.bin", Version::Ten),
        Err(DataError::Cifar(CifarError::Label {
            record: 1,
            label: 10,
            classes: 10,
            ..
        }))
    ));
    assert!(matches!(
        read("coarse.bin", Version::HundredCoarse),
        Err(DataError::Cifar(CifarError::Label {
            label: 20,
            classes: 20,
            ..
        }))
    ));
    match cifar::read_folder(folder.path(), Version::HundredFine, Part::Test) {
        Err(DataError::File(error)) => assert!(error.path.ends_with("test.bin")),
        other => panic!("{other:?}"),
    }
    fs::write(folder.path().join("test.bin"), record(&[0, 0], 0)).unwrap();
    fs::write(folder.path().join("fine_label_names.txt"), "apple\npear\n").unwrap();
    assert!(matches!(
        cifar::read_folder(folder.path(), Version::HundredFine, Part::Test),
        Err(DataError::Cifar(CifarError::Names {
            names: 2,
            classes: 100,
            ..
        }))
    ));
}
