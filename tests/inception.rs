//! The Inception network: its weights files, whole and broken, and its features beside pytorch-fid's.
//!
//! `tests/golden/inception.py` writes the files. Those beside it are small; what the comparison with pytorch-fid needs
//! takes 90 MB and is not in git:
//!
//!     cargo test --features inception --test inception -- --ignored --nocapture

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Instant;

use burn::tensor::{Device, Tensor, TensorData};
use burn_gan::feature::{FeatureError, FeatureExtractor, Features, Inception};
use burn_gan::metric::frechet_distance;
use burn_gan::{BatchError, FileError, ShapeError, WeightsError};
use flate2::read::GzDecoder;
use serde::Deserialize;
use tempfile::TempDir;

/// A folder that goes away with the test.
fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

/// The bytes of one of the small weights files.
fn small(name: &str) -> Vec<u8> {
    let path = format!(
        "{}/golden/inception-{name}.pth.gz",
        env!("CARGO_MANIFEST_DIR")
    );
    let mut bytes = Vec::new();
    GzDecoder::new(fs::File::open(path).unwrap())
        .read_to_end(&mut bytes)
        .unwrap();
    bytes
}

fn write(folder: &TempDir, bytes: &[u8]) -> PathBuf {
    let path = folder.path().join("weights.pth");
    fs::write(&path, bytes).unwrap();
    path
}

fn load(bytes: &[u8]) -> Result<Inception, WeightsError> {
    let folder = folder();
    Inception::load(write(&folder, bytes), &Device::flex())
}

/// Images `[N, C, H, W]` in [-1, 1] that are not constant.
fn images(shape: [usize; 4]) -> Tensor<4> {
    let values = (0..shape.iter().product()).map(|i| ((i * i) as f32 * 0.37).sin());
    Tensor::from_data(TensorData::new(values.collect(), shape), &Device::flex())
}

#[test]
fn a_missing_file_is_an_error_with_its_name() {
    let folder = folder();
    let path = folder.path().join("nowhere.pth");
    match Inception::load(&path, &Device::flex()) {
        Err(WeightsError::File(FileError {
            path: named,
            source,
        })) => {
            assert_eq!(named, path);
            assert_eq!(source.kind(), std::io::ErrorKind::NotFound);
        }
        other => panic!("{other:?}"),
    }
    // Nothing was put there.
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    assert!(Inception::load(folder.path(), &Device::flex()).is_err());
}

#[test]
fn missing_tensors_are_counted_and_named() {
    let error = load(&small("lacking")).unwrap_err();
    match &error {
        WeightsError::Incomplete {
            missing,
            needed,
            first,
            ..
        } => {
            assert_eq!((*missing, *needed), (1, 470));
            assert_eq!(first, "Mixed_7c.branch_pool.bn.running_mean");
        }
        other => panic!("{other:?}"),
    }
    assert!(error.to_string().contains("weights.pth: 1 of the 470"));

    match load(&small("one-tensor")).unwrap_err() {
        WeightsError::Incomplete {
            missing,
            needed,
            first,
            ..
        } => {
            assert_eq!((missing, needed), (469, 470));
            assert_eq!(first, "Conv2d_1a_3x3.bn.bias");
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_tensor_of_another_shape_is_an_error_with_both() {
    match load(&small("misshapen")).unwrap_err() {
        WeightsError::TensorShape {
            tensor,
            expected,
            actual,
            ..
        } => {
            assert_eq!(tensor, "Mixed_6e.branch7x7_2.conv.weight");
            assert_eq!(expected, [192, 192, 1, 7]);
            assert_eq!(actual, [192, 192, 7, 1]);
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn damaged_files_are_errors_with_their_name() {
    let whole = small("complete");
    let old = small("half");
    for whole in [whole, old] {
        for length in [0, 1, 3, 10, 1000, whole.len() / 2, whole.len() - 1] {
            match load(&whole[..length]) {
                Err(WeightsError::Invalid { path, .. }) => {
                    assert_eq!(path.file_name().unwrap(), "weights.pth");
                }
                other => panic!("{length} bytes: {other:?}"),
            }
        }
    }
    for rubbish in [b"not weights at all".as_slice(), &[0x80; 4096], &[0; 4096]] {
        assert!(matches!(load(rubbish), Err(WeightsError::Invalid { .. })));
    }
}

#[test]
fn a_changed_byte_never_panics_and_in_the_values_it_is_found() {
    let whole = small("one-tensor");
    // 32 x 3 x 3 x 3 times the same number.
    let values = (1.0 / 27.0_f32).to_le_bytes().repeat(864);
    let start = whole
        .windows(values.len())
        .position(|bytes| bytes == values);
    let start = start.expect("the numbers");
    for position in (0..whole.len()).step_by(7) {
        let mut damaged = whole.clone();
        damaged[position] ^= 0x55;
        let error = load(&damaged).unwrap_err();
        if (start..start + values.len()).contains(&position) {
            assert!(matches!(error, WeightsError::Invalid { .. }), "{error}");
        }
    }
}

#[test]
fn what_cannot_be_a_weight_is_refused() {
    let whole = small("complete");
    // The numbers that the tensors share, at the only place where 0.01 follows 1 / 27 and 1.
    let start: Vec<u8> = [1.0 / 27.0, 1.0, 0.01_f32]
        .iter()
        .flat_map(|number| number.to_le_bytes())
        .collect();
    let found = whole.windows(start.len()).position(|bytes| bytes == start);
    let found = found.expect("the numbers");
    for (index, number) in [(0, f32::NAN), (1, f32::INFINITY), (4, -1.0)] {
        let place = found + 4 * index;
        let mut damaged = whole.clone();
        damaged[place..place + 4].copy_from_slice(&number.to_le_bytes());
        let error = load(&damaged).unwrap_err();
        assert!(matches!(error, WeightsError::Invalid { .. }), "{error}");
        println!("{error}");
    }
}

#[test]
fn a_whole_file_gives_features_of_grey_and_coloured_images() {
    let device = Device::flex();
    let folder = folder();
    let path = write(&folder, &small("complete"));
    let inception = Inception::load(&path, &device).unwrap();
    // All of it has been read.
    fs::remove_file(&path).unwrap();

    let grey = images([2, 1, 20, 30]);
    let rows = inception.extract(grey.clone(), 1).unwrap();
    assert_eq!((rows.count(), rows.dimensions()), (2, 2048));
    assert!(rows.rows().flatten().all(|value| value.is_finite()));
    assert!(rows.row(0) != rows.row(1));
    let coloured = inception.extract(grey.clone().repeat_dim(1, 3), 2);
    let apart = largest_difference(&rows, &coloured.unwrap());
    assert!(apart < 1e-5, "{apart}");

    // On a device with autodiff it is the same, and leaves no graph.
    let tracked = inception.features(Tensor::from_inner(grey)).unwrap();
    assert!(!tracked.device().is_autodiff());

    let identity = inception.identity().unwrap();
    assert_eq!(
        (identity.name.as_str(), identity.version),
        ("inception-fid", 1)
    );
    assert_eq!(
        identity.settings["weights_sha256"].as_str().unwrap().len(),
        64
    );
}

#[test]
fn half_precision_is_converted_and_the_old_format_read() {
    let half = load(&small("half")).unwrap();
    let single = load(&small("complete")).unwrap();
    assert!(half.identity().unwrap() != single.identity().unwrap());
    let images = images([1, 3, 32, 32]);
    let [half, single] = [half, single].map(|network| network.extract(images.clone(), 1).unwrap());
    let apart = largest_difference(&half, &single);
    assert!(apart > 0.0 && apart < 0.05, "{apart}");
}

#[test]
fn images_that_it_does_not_take_are_errors() {
    let inception = load(&small("complete")).unwrap();
    for shape in [[2, 2, 8, 8], [2, 4, 8, 8], [2, 3, 0, 8], [2, 3, 8, 0]] {
        let images = Tensor::zeros(shape, &Device::flex());
        match inception.features(images) {
            Err(FeatureError::Shape(ShapeError { actual, .. })) => assert_eq!(actual, shape),
            other => panic!("{other:?}"),
        }
    }
    let none = Tensor::zeros([0, 3, 8, 8], &Device::flex());
    assert!(matches!(
        inception.features(none),
        Err(FeatureError::Batch(BatchError::Empty))
    ));
}

/// `inception.json`: what is in `images.bin` and, 2048 numbers an image, in `features.bin` and `exact.bin`.
#[derive(Deserialize)]
struct Reference {
    shapes: Vec<[usize; 3]>,
}

/// Where `tests/golden/inception.py` wrote to.
fn reference_folder() -> PathBuf {
    std::env::var_os("BURN_GAN_INCEPTION").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../out/inception"),
        PathBuf::from,
    )
}

#[test]
#[ignore = "needs the files of tests/golden/inception.py"]
fn features_agree_with_pytorch_fid() {
    let folder = reference_folder();
    let text =
        fs::read(folder.join("inception.json")).expect("run tests/golden/inception.py first");
    let reference: Reference = serde_json::from_slice(&text).unwrap();
    let mut pixels = fs::read(folder.join("images.bin")).unwrap().into_iter();
    let [theirs, exact] = ["features.bin", "exact.bin"].map(|name| {
        let bytes = fs::read(folder.join(name)).unwrap();
        assert_eq!(bytes.len(), 4 * 2048 * reference.shapes.len());
        let numbers = bytes.chunks_exact(4);
        numbers
            .map(|bytes| f64::from(f32::from_le_bytes(bytes.try_into().unwrap())))
            .collect::<Vec<_>>()
    });

    let start = Instant::now();
    let weights = folder.join("random-inception.pth");
    let inception = Inception::load(weights, &Device::flex()).unwrap();
    println!(
        "loaded in {:.2} s: {}",
        start.elapsed().as_secs_f64(),
        inception.identity().unwrap()
    );

    let rows = theirs.chunks_exact(2048).zip(exact.chunks_exact(2048));
    for (shape, (theirs, exact)) in reference.shapes.iter().zip(rows) {
        let [channels, height, width] = *shape;
        let values: Vec<f32> = pixels
            .by_ref()
            .take(channels * height * width)
            .map(|byte| f32::from(byte) / 127.5 - 1.0)
            .collect();
        let data = TensorData::new(values, [1, channels, height, width]);
        let image = Tensor::<4>::from_data(data, &Device::flex());
        let start = Instant::now();
        let rows = inception.extract(image, 1).unwrap();
        let seconds = start.elapsed().as_secs_f64();
        let size = (theirs.iter().map(|x| x * x).sum::<f64>() / 2048.0).sqrt();
        let [theirs, exact] = [theirs, exact]
            .map(|row| largest_difference(&rows, &Features::new(row.to_vec(), 2048).unwrap()));
        println!(
            "{shape:?}: largest difference {theirs:.2e}, {:.2e} of the features' root mean square {size:.3}; \
             from exactly resized images {exact:.2e}, {:.2e}; {seconds:.2} s",
            theirs / size,
            exact / size
        );
        assert!(theirs < 1e-3 && theirs / size < 1e-3);
        assert!(exact / size < 3e-4);
    }
    assert_eq!(pixels.count(), 0);
}

#[test]
#[ignore = "a measurement, of the files of tests/golden/inception.py"]
fn what_an_image_costs() {
    let weights = reference_folder().join("random-inception.pth");
    let inception = Inception::load(weights, &Device::flex()).unwrap();
    for chunk in [1, 8, 16, 32] {
        let images = images([32, 3, 32, 32]);
        let start = Instant::now();
        let rows = inception.extract(images, chunk).unwrap();
        println!(
            "chunks of {chunk}: {:.3} s an image",
            start.elapsed().as_secs_f64() / 32.0
        );

        assert!(frechet_distance(&rows, &rows).unwrap().abs() < 1e-3);
    }
}

fn largest_difference(left: &Features, right: &Features) -> f64 {
    assert_eq!(left.count(), right.count());
    let pairs = left.rows().flatten().zip(right.rows().flatten());
    pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f64::max)
}
