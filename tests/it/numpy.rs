//! NumPy's files, as NumPy wrote them (tests/data/numpy/make.py), and every way in which one can be wrong.

use std::fs;
use std::path::PathBuf;

use burn::tensor::{Device, Tensor};
use burn_gan::ShapeError;
use burn_gan::data::numpy::{self, Array, ChannelAxis, NumpyError, Values};
use burn_gan::data::{DataError, Samples};

use crate::common::places::in_repository;

fn file(name: &str) -> PathBuf {
    in_repository("tests/data/numpy").join(name)
}

fn read(name: &str) -> Array {
    numpy::read(file(name)).unwrap()
}

fn error(name: &str) -> NumpyError {
    match numpy::read(file(name)) {
        Err(DataError::Numpy(error)) => error,
        other => panic!("{other:?}"),
    }
}

/// What reading a file of these bytes gives.
fn read_bytes(bytes: &[u8]) -> Result<Array, DataError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file.npy");
    fs::write(&path, bytes).unwrap();
    numpy::read(path)
}

#[test]
fn every_element_type_has_its_values() {
    let floats: Vec<f32> = (0..24).map(|i| 0.5 * i as f32 - 3.0).collect();
    for name in [
        "f4-little",
        "f4-big",
        "f8-little",
        "f8-big",
        "version-2",
        "fortran",
    ] {
        let array = read(&format!("{name}.npy"));
        assert_eq!(array.shape(), [2, 3, 4], "{name}");
        assert_eq!(array.values(), &Values::Floats(floats.clone()), "{name}");
    }
    for name in ["i1", "i2", "i4", "i8"] {
        let array = read(&format!("{name}.npy"));
        assert_eq!(
            array.values(),
            &Values::Integers((-3..21).collect()),
            "{name}"
        );
    }
    for name in ["u2", "u4", "u8"] {
        let array = read(&format!("{name}.npy"));
        assert_eq!(
            array.values(),
            &Values::Integers((0..24).collect()),
            "{name}"
        );
    }
    for name in ["u1", "fortran-u1"] {
        let array = read(&format!("{name}.npy"));
        assert_eq!(array.values(), &Values::Bytes((0..24).collect()), "{name}");
    }
    let booleans = (0..24).map(|i| i % 2).collect();
    assert_eq!(read("b1.npy").values(), &Values::Bytes(booleans));
    let scalar = read("scalar.npy");
    assert_eq!(
        (scalar.shape(), scalar.values()),
        ([].as_slice(), &Values::Floats(vec![7.5]))
    );
}

#[test]
fn an_array_of_any_rank_is_a_set_of_samples() {
    let device = Device::flex();
    let array = read("i2.npy");
    let samples = array.to_samples::<3>(&device).unwrap();
    let batch = samples.select(&[1], &device).unwrap().samples;
    assert_eq!(batch.dims(), [1, 3, 4]);
    let values = batch.into_data().try_to_vec::<f32>().unwrap();
    assert_eq!(values, (9..21).map(|i| i as f32).collect::<Vec<_>>());

    let bytes: Tensor<3> = read("u1.npy")
        .to_tensor(&device.clone().autodiff())
        .unwrap();
    assert_eq!(bytes.device(), device);
    assert_eq!(bytes.sum().into_scalar::<f32>(), 276.0);
    match array.to_tensor::<2>(&device) {
        Err(DataError::Numpy(NumpyError::Rank { shape, .. })) => assert_eq!(shape, [2, 3, 4]),
        other => panic!("{other:?}"),
    }
    let rank: Result<Tensor<1>, _> = read("scalar.npy").to_tensor(&device);
    assert!(matches!(
        rank,
        Err(DataError::Numpy(NumpyError::Rank { .. }))
    ));
    // A check of Memory's own.
    let nan = [HEADER_OF_ONE, &f32::NAN.to_le_bytes()].concat();
    let samples = read_bytes(&nan).unwrap().to_samples::<1>(&device);
    assert!(matches!(
        samples,
        Err(DataError::NonFinite { index: 0, .. })
    ));
    let _: fn(ShapeError) -> DataError = DataError::from;
}

#[test]
fn archives_are_read_stored_and_compressed() {
    for name in ["stored.npz", "deflated.npz"] {
        let path = file(name);
        assert_eq!(numpy::names(&path).unwrap(), ["images", "labels", "a/b"]);
        let array = numpy::read_named(&path, "a/b").unwrap();
        let expected = Values::Floats(vec![-3.0, -2.5, -2.0, -1.5]);
        assert_eq!((array.shape(), array.values()), ([4].as_slice(), &expected));

        let images = numpy::read_named(&path, "images").unwrap();
        let labels = numpy::read_named(&path, "labels")
            .unwrap()
            .to_labels()
            .unwrap();
        assert_eq!(labels, [1, 0]);
        let last = images.clone().into_images(ChannelAxis::Last).unwrap();
        assert_eq!(last.shape(), [3, 2, 3]);
        assert_eq!(last.bytes(1).unwrap()[..6], [18, 21, 24, 27, 30, 33]);
        let first = images.clone().into_images(ChannelAxis::First).unwrap();
        assert_eq!(first.shape(), [2, 3, 3]);
        assert_eq!(first.bytes(1).unwrap()[..6], [18, 19, 20, 21, 22, 23]);
        assert_eq!(last.with_labels(labels).unwrap().classes(), 2);
        match images.into_images(ChannelAxis::None) {
            Err(DataError::Numpy(NumpyError::Rank { wanted: "3", .. })) => {}
            other => panic!("{other:?}"),
        }
        match numpy::read_named(&path, "masks") {
            Err(DataError::Numpy(NumpyError::NoSuchArray { names, .. })) => {
                assert_eq!(names.len(), 3)
            }
            other => panic!("{other:?}"),
        }
    }
    let grey = read("u1.npy").into_images(ChannelAxis::None).unwrap();
    assert_eq!((grey.len(), grey.shape()), (2, [1, 3, 4]));
}

#[test]
fn values_of_the_wrong_kind_are_refused() {
    match read("i2.npy").into_images(ChannelAxis::None) {
        Err(DataError::Numpy(NumpyError::Kind { .. })) => {}
        other => panic!("{other:?}"),
    }
    for (name, rank) in [("u1.npy", true), ("f4-little.npy", true)] {
        let labels = read(name).to_labels();
        assert_eq!(
            matches!(labels, Err(DataError::Numpy(NumpyError::Rank { .. }))),
            rank
        );
    }
    let floats = [HEADER_OF_ONE, &1_f32.to_le_bytes()].concat();
    let labels = read_bytes(&floats).unwrap().to_labels();
    assert!(matches!(
        labels,
        Err(DataError::Numpy(NumpyError::Kind { .. }))
    ));
    let mut negative = [HEADER_OF_ONE, &(-2_i32).to_le_bytes()].concat();
    let kind = negative.iter().position(|&byte| byte == b'f').unwrap();
    negative[kind] = b'i';
    match read_bytes(&negative).unwrap().to_labels() {
        Err(DataError::Numpy(NumpyError::Label {
            index: 0,
            label: -2,
        })) => {}
        other => panic!("{other:?}"),
    }
}

/// The header of one 32-bit float.
const HEADER_OF_ONE: &[u8] =
    b"\x93NUMPY\x01\x00\x3c\x00{'descr':'<f4', 'fortran_order': False, 'shape': (1,), }   \n";

#[test]
fn types_that_are_not_read_are_named() {
    for (name, expected) in [
        ("structured.npy", "[('a', '<f4'), ('b', '<i4', (2,))]"),
        ("objects.npy", "|O"),
        ("complex.npy", "<c8"),
    ] {
        match error(name) {
            NumpyError::ElementType { descr, .. } => assert_eq!(descr, expected),
            other => panic!("{other:?}"),
        }
    }
    match error("large.npy") {
        NumpyError::TooLarge {
            index: 1, value, ..
        } => assert_eq!(value, 1 << 63),
        other => panic!("{other:?}"),
    }
}

#[test]
fn damaged_files_are_refused() {
    let whole = fs::read(file("f4-little.npy")).unwrap();
    for length in 0..whole.len() {
        match read_bytes(&whole[..length]) {
            Err(DataError::Numpy(NumpyError::Magic { magic, .. })) => {
                assert_eq!(magic.len(), length.min(8))
            }
            Err(DataError::Numpy(NumpyError::Header { .. })) => assert!((8..128).contains(&length)),
            Err(DataError::Numpy(NumpyError::Length {
                expected: 96,
                actual,
                ..
            })) => {
                assert_eq!(actual, length as u64 - 128);
            }
            other => panic!("{length}: {other:?}"),
        }
    }
    let long = [whole.as_slice(), b"123"].concat();
    assert!(matches!(
        read_bytes(&long),
        Err(DataError::Numpy(NumpyError::Length {
            expected: 96,
            actual: 99,
            ..
        }))
    ));
    // A header larger than memory, and than can be counted.
    for shape in ["(9999999999,)", "(999999999999, 999999999999)"] {
        let text = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}}}");
        let length = (text.len() as u16).to_le_bytes();
        let bytes = [
            b"\x93NUMPY\x01\x00".as_slice(),
            &length,
            text.as_bytes(),
            &[0; 8],
        ]
        .concat();
        match read_bytes(&bytes) {
            Err(DataError::Numpy(NumpyError::Length {
                expected,
                actual: 8,
                ..
            })) => {
                assert!(expected > 1 << 34);
            }
            other => panic!("{other:?}"),
        }
    }
    let long_header = b"\x93NUMPY\x02\x00\xff\xff\xff\xff{'descr'";
    assert!(matches!(
        read_bytes(long_header),
        Err(DataError::Numpy(NumpyError::Header { .. }))
    ));
    assert!(matches!(
        numpy::read(file("nowhere.npy")),
        Err(DataError::File(_))
    ));
    assert!(matches!(
        numpy::names(file("nowhere.npz")),
        Err(DataError::File(_))
    ));
}

#[test]
fn damaged_archives_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file.npz");
    let whole = fs::read(file("deflated.npz")).unwrap();
    for length in (0..whole.len()).step_by(7) {
        fs::write(&path, &whole[..length]).unwrap();
        match numpy::names(&path) {
            Err(DataError::Numpy(NumpyError::Archive { .. })) => {}
            other => panic!("{length}: {other:?}"),
        }
    }
    // Any byte of the archive changed: the same array or an error, for the values have a checksum.
    let expected = numpy::read_named(file("deflated.npz"), "images").unwrap();
    for at in 0..whole.len() {
        let mut changed = whole.clone();
        changed[at] ^= 0x10;
        fs::write(&path, &changed).unwrap();
        if let Ok(found) = numpy::read_named(&path, "images") {
            assert_eq!(found, expected, "{at}");
        }
    }
}
