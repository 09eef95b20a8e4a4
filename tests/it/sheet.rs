//! Sheets: the tiles of one picture as images, with the classes of a table.

use std::fs;
use std::path::{Path, PathBuf};

use burn_gan::ConfigError;
use burn_gan::data::{
    ByteImages, DataError, PictureChannels, Samples, SheetConfig, SheetError, TableError,
    UndecodableError,
};

use crate::common::pictures::{picture, rgb_values};

/// The picture of 4x6 pixels as two rows of three tiles.
fn six() -> SheetConfig {
    SheetConfig::new(picture("rgb.png"), 2, 2)
}

fn tile(images: &ByteImages, index: usize) -> Vec<u8> {
    images.bytes(index).unwrap()
}

#[test]
fn tiles_are_read_row_by_row() {
    let images = six().init().unwrap();
    assert_eq!((images.len(), images.shape()), (6, [3, 2, 2]));
    let colours = rgb_values();
    for number in 0..6 {
        let (top, left) = (number / 3 * 2, number % 3 * 2);
        let corners = [(0, 0), (0, 1), (1, 0), (1, 1)];
        let expected: Vec<u8> = (0..3)
            .flat_map(|channel| corners.map(|(y, x)| colours[(top + y) * 6 + left + x][channel]))
            .collect();
        assert_eq!(tile(&images, number), expected, "{number}");
    }
    // Without the empty ones at the end, in one channel, and one tile that is the whole sheet.
    let four = six().with_count(Some(4)).init().unwrap();
    assert_eq!((four.len(), tile(&four, 3)), (4, tile(&images, 3)));
    let grey = six().with_channels(PictureChannels::Grey).init().unwrap();
    assert_eq!(grey.shape(), [1, 2, 2]);
    let whole = SheetConfig::new(picture("rgb.png"), 4, 6).init().unwrap();
    assert_eq!((whole.len(), whole.shape()), (1, [3, 4, 6]));
}

#[test]
fn a_column_has_the_classes() {
    let folder = tempfile::tempdir().unwrap();
    let table = folder.path().join("labels.csv");
    fs::write(&table, "body,head\n0,10\n0,9\n1,10\n1,2\n0,9\n0,10\n").unwrap();
    let heads = six().init_with_classes(&table, "head").unwrap();
    assert_eq!(heads.labels(), [2, 1, 2, 0, 1, 2]);
    assert_eq!(heads.class_names(), ["2", "9", "10"]);
    let bodies = six().init_with_classes(&table, "body").unwrap();
    assert_eq!(
        (bodies.classes(), bodies.labels()),
        (2, [0, 0, 1, 1, 0, 0].as_slice())
    );

    match six().init_with_classes(&table, "hat") {
        Err(DataError::Table(TableError::MissingColumn { column, .. })) => {
            assert_eq!(column, "hat")
        }
        other => panic!("{other:?}"),
    }
    assert!(matches!(
        six().with_count(Some(5)).init_with_classes(&table, "head"),
        Err(DataError::LabelCount {
            images: 5,
            labels: 6
        })
    ));
    let missing = six().init_with_classes(folder.path().join("no.csv"), "head");
    assert!(matches!(missing, Err(DataError::File(_))));
}

#[test]
fn refuses_what_cannot_be_cut() {
    for (height, width) in [(3, 2), (2, 4), (8, 6)] {
        match SheetConfig::new(picture("rgb.png"), height, width).init() {
            Err(DataError::Sheet(SheetError::Uneven {
                size: [4, 6], tile, ..
            })) => assert_eq!(tile, [height, width]),
            other => panic!("{other:?}"),
        }
    }
    match six().with_count(Some(7)).init() {
        Err(DataError::Sheet(SheetError::TooFew {
            count: 7,
            tiles: 6,
            path,
        })) => assert_eq!(path, picture("rgb.png")),
        other => panic!("{other:?}"),
    }
    for (config, wrong) in [
        (SheetConfig::new(picture("rgb.png"), 0, 2), "height"),
        (SheetConfig::new(picture("rgb.png"), 2, 0), "width"),
        (six().with_count(Some(0)), "count"),
    ] {
        match config.init() {
            Err(DataError::Config(ConfigError { field, .. })) => assert_eq!(field, wrong),
            other => panic!("{other:?}"),
        }
    }
    let large = six().with_largest_picture(80).init();
    assert!(matches!(
        large,
        Err(DataError::Undecodable(UndecodableError::TooLarge { .. }))
    ));
    let text = SheetConfig::new(picture("make.py"), 2, 2).init();
    assert!(matches!(
        text,
        Err(DataError::Undecodable(UndecodableError::Damaged { .. }))
    ));
    let missing = SheetConfig::new(PathBuf::from("nowhere.png"), 2, 2).init();
    match missing {
        Err(DataError::Undecodable(UndecodableError::File(error))) => {
            assert_eq!(error.path, Path::new("nowhere.png"));
        }
        other => panic!("{other:?}"),
    }
}
