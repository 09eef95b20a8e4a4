//! The look at a data set before training.

use burn::tensor::{Device, Int, Tensor};
use burn_gan::data::{ByteImages, DataError, DataSummary, Duplicate, Memory, Samples, idx};

use crate::common::places::DIGITS_8X8;

#[test]
fn the_digits_are_what_is_known_of_them() {
    let digits = idx::read_labelled_folder(DIGITS_8X8).unwrap();
    let summary = DataSummary::of(&digits, &Device::flex()).unwrap();
    assert_eq!(
        (summary.samples, summary.shape.as_slice()),
        (1797, [1, 8, 8].as_slice())
    );
    assert_eq!((summary.lowest, summary.highest), (-1.0, 1.0));
    let mut counts = vec![0; 10];
    digits
        .labels()
        .iter()
        .for_each(|&label| counts[usize::from(label)] += 1);
    assert_eq!(summary.classes, Some(counts));
    let images = digits.images();
    let pixels = (0..1797).flat_map(|index| images.pixels(index).unwrap());
    let mean = pixels
        .map(|&byte| f64::from(byte) / 127.5 - 1.0)
        .sum::<f64>()
        / (1797.0 * 64.0);
    assert!((summary.mean - mean).abs() < 1e-6);
    // By comparing all pairs.
    let expected = (1..1797).filter_map(|again| {
        let first = (0..again).find(|&first| images.pixels(first) == images.pixels(again))?;
        Some(Duplicate { first, again })
    });
    assert_eq!(summary.duplicates, expected.collect::<Vec<_>>());
}

#[test]
fn samples_that_are_there_again_are_found_across_batches() {
    // 700 images of 40 x 40, more than go through at once; image 650 is image 3, and so is image 699.
    let image = |number: usize| {
        let number = if number == 650 || number == 699 {
            3
        } else {
            number
        };
        (0..1600).map(move |place| (number * 31 + place * (number % 7 + 1)) as u8)
    };
    let bytes: Vec<u8> = (0..700).flat_map(image).collect();
    let images = ByteImages::channels_first(bytes, 1, 40, 40).unwrap();
    let by_pairs: Vec<Duplicate> = (1..700)
        .filter_map(|again| {
            let of = |index| images.bytes(index).unwrap();
            let first = (0..again).find(|&first| of(first) == of(again))?;
            Some(Duplicate { first, again })
        })
        .collect();
    assert!(by_pairs.contains(&Duplicate {
        first: 3,
        again: 699
    }));
    let summary = DataSummary::of(&images, &Device::flex()).unwrap();
    assert_eq!(summary.duplicates, by_pairs);
    assert_eq!(summary.classes, None);
}

#[test]
fn any_rank_and_any_range_is_looked_at() {
    let device = Device::flex();
    let table = Tensor::<2>::from_floats([[0.0, 5.0], [-2.5, 1.0], [0.0, 5.0]], &device);
    let classes = Tensor::<1, Int>::from_ints([0, 3, 0], &device);
    let summary =
        DataSummary::of(&Memory::with_condition(table, classes).unwrap(), &device).unwrap();
    assert_eq!(
        (summary.shape.as_slice(), summary.lowest, summary.highest),
        ([2].as_slice(), -2.5, 5.0)
    );
    assert_eq!(summary.classes, Some(vec![2, 0, 0, 1]));
    assert_eq!(summary.duplicates, [Duplicate { first: 0, again: 2 }]);
    assert!((summary.mean - 8.5 / 6.0).abs() < 1e-12);
    let one = Memory::new(Tensor::<2>::ones([1, 1], &device)).unwrap();
    let text = DataSummary::of(&one, &device).unwrap().to_string();
    assert_eq!(
        text,
        "1 samples of [1], values from 1 to 1, mean 1; no sample is there twice"
    );
}

#[test]
fn refuses_what_is_no_data() {
    let device = Device::flex();
    let negative = Tensor::<1, Int>::from_ints([0, -1], &device);
    let memory = Memory::with_condition(Tensor::<2>::ones([2, 1], &device), negative).unwrap();
    assert!(matches!(
        DataSummary::of(&memory, &device),
        Err(DataError::LabelOutOfRange { label: -1, .. })
    ));

    /// Samples that are not finite from the second on.
    struct Broken;
    impl Samples<2> for Broken {
        fn len(&self) -> usize {
            3
        }
        fn select(
            &self,
            indices: &[usize],
            device: &Device,
        ) -> Result<burn_gan::Batch<2>, DataError> {
            let values: Vec<f32> = indices
                .iter()
                .flat_map(|&i| [0.0, 1.0 / (1.0 - i as f32)])
                .collect();
            let values = Tensor::<1>::from_floats(values.as_slice(), device);
            Ok(burn_gan::Batch::new(values.reshape([indices.len(), 2])))
        }
    }
    match DataSummary::of(&Broken, &device) {
        Err(DataError::NonFinite { index: 3, value }) => assert_eq!(value, f32::INFINITY),
        other => panic!("{other:?}"),
    }
}
