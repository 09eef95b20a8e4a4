//! The classes of a folder of pictures: subfolders, and tables in CSV and JSON.

use std::fs;
use std::path::Path;

use burn::tensor::Device;
use burn_gan::data::{
    ClassSource, DataError, FolderError, ImageFolder, ImageFolderConfig, LabelFile, PictureStore,
    Samples, TableError, Undecodable,
};
use tempfile::TempDir;

use crate::common::pictures::write_grey;

fn pictures(names: &[&str]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for name in names {
        write_grey(&folder.path().join(name), [1, 1], 0);
    }
    folder
}

fn config(folder: &Path, classes: ClassSource) -> ImageFolderConfig {
    ImageFolderConfig::new(folder.into())
        .with_store(PictureStore::Memory)
        .with_classes(classes)
}

fn error(config: &ImageFolderConfig) -> FolderError {
    match config.init() {
        Err(DataError::Folder(error)) => error,
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn assert_classes(images: &ImageFolder, names: &[&str], labels: &[usize]) {
    assert_eq!(images.class_names(), names);
    assert_eq!(images.labels(), Some(labels));
}

#[test]
fn subfolders_are_classes() {
    let folder = pictures(&["dog/2.png", "cat/deep/er/1.png", "dog/1.png"]);
    let images = config(folder.path(), ClassSource::Subfolders)
        .init()
        .unwrap();
    assert_classes(&images, &["cat", "dog"], &[0, 1, 1]);

    let labelled = images.into_labelled().unwrap();
    assert_eq!(
        (labelled.classes(), labelled.class_names()),
        (2, ["cat".to_string(), "dog".into()].as_slice())
    );
    let batch = labelled.select(&[2, 0], &Device::flex()).unwrap();
    assert_eq!(
        batch
            .condition
            .into_data()
            .iter::<i64>()
            .collect::<Vec<_>>(),
        [1, 0]
    );
}

#[test]
fn numbers_are_in_their_own_order() {
    let folder = pictures(&["10/a.png", "2/a.png", "9/a.png"]);
    let images = config(folder.path(), ClassSource::Subfolders)
        .init()
        .unwrap();
    assert_classes(&images, &["2", "9", "10"], &[2, 0, 1]);
    let folder = pictures(&["10/a.png", "2/a.png", "x/a.png"]);
    let images = config(folder.path(), ClassSource::Subfolders)
        .init()
        .unwrap();
    assert_classes(&images, &["10", "2", "x"], &[0, 1, 2]);
}

#[test]
fn a_picture_outside_and_a_class_without_pictures_are_refused() {
    let folder = pictures(&["cat/1.png", "stray.png"]);
    match error(&config(folder.path(), ClassSource::Subfolders)) {
        FolderError::OutsideClasses { picture } => assert_eq!(picture, Path::new("stray.png")),
        other => panic!("{other:?}"),
    }
    fs::remove_file(folder.path().join("stray.png")).unwrap();
    fs::create_dir(folder.path().join("dog")).unwrap();
    fs::write(folder.path().join("dog/notes.txt"), "none yet").unwrap();
    match error(&config(folder.path(), ClassSource::Subfolders)) {
        FolderError::EmptyClass { class } => assert_eq!(class, "dog"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn skipping_all_pictures_of_a_class_is_refused() {
    let folder = pictures(&["cat/1.png", "cat/3.png", "dog/1.png"]);
    fs::write(folder.path().join("cat/2.png"), "no picture").unwrap();
    let config = config(folder.path(), ClassSource::Subfolders).with_undecodable(Undecodable::Skip);
    let images = config.init().unwrap();
    assert_classes(&images, &["cat", "dog"], &[0, 0, 1]);
    assert_eq!(images.files()[1], Path::new("cat/3.png"));

    fs::write(folder.path().join("dog/1.png"), "no picture").unwrap();
    match error(&config) {
        FolderError::EmptyClass { class } => assert_eq!(class, "dog"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_table_says_the_classes() {
    let folder = pictures(&["a.png", "sub/b.png", "c.png"]);
    for (name, text) in [
        (
            "labels.csv",
            "file,class\nc.png,red\na.png,blue\nsub/b.png,red\n",
        ),
        // Quoted, with a byte order mark, more columns, spaces, and paths as other systems write them.
        (
            "more.csv",
            "\u{feff}id, class,file\n1,red,\"./c.png\"\n2,blue , a.png\n3,red,sub\\b.png\n",
        ),
        (
            "labels.json",
            r#"{"c.png": "red", "a.png": "blue", "sub/b.png": "red"}"#,
        ),
        (
            "list.json",
            r#"[{"file": "c.png", "class": "red"}, {"file": "a.png", "class": "blue", "by": 3},
                {"file": "sub/b.png", "class": "red"}]"#,
        ),
    ] {
        fs::write(folder.path().join(name), text).unwrap();
        let classes = ClassSource::File(LabelFile::new(name));
        let images = config(folder.path(), classes).init().unwrap();
        assert_classes(&images, &["blue", "red"], &[0, 1, 1]);
    }
    // Another column, numbers, and a file outside the folder.
    let elsewhere = tempfile::tempdir().unwrap();
    let table = elsewhere.path().join("table.csv");
    fs::write(
        &table,
        "path,kind,hair\na.png,1,30\nc.png,1,4\nsub/b.png,2,4\n",
    )
    .unwrap();
    let file = LabelFile::new(table)
        .with_file_column("path")
        .with_class_column("hair");
    let images = config(folder.path(), ClassSource::File(file))
        .init()
        .unwrap();
    assert_classes(&images, &["4", "30"], &[1, 0, 0]);
}

#[test]
fn tables_that_do_not_fit_are_refused() {
    let folder = pictures(&["a.png", "b.png", "c.png"]);
    let from = |name: &str, text: &str| {
        fs::write(folder.path().join(name), text).unwrap();
        config(folder.path(), ClassSource::File(LabelFile::new(name))).init()
    };
    let refused = |name: &str, text: &str| {
        fs::write(folder.path().join(name), text).unwrap();
        error(&config(
            folder.path(),
            ClassSource::File(LabelFile::new(name)),
        ))
    };
    match refused("labels.csv", "file,class\na.png,1\n") {
        FolderError::Unlabelled {
            first,
            count: 2,
            path,
        } => {
            assert_eq!(first, Path::new("b.png"));
            assert!(path.ends_with("labels.csv"));
        }
        other => panic!("{other:?}"),
    }
    match refused(
        "labels.csv",
        "file,class\na.png,1\nb.png,1\nc.png,1\ne.png,1\nd.png,1\n",
    ) {
        FolderError::NoSuchPicture { picture, .. } => assert_eq!(picture, "d.png"),
        other => panic!("{other:?}"),
    }
    match refused("labels.csv", "file,class\na.png,1\na.png,2\n") {
        FolderError::TwoClasses {
            picture,
            first,
            second,
            ..
        } => {
            assert_eq!([picture, first, second], ["a.png", "1", "2"]);
        }
        other => panic!("{other:?}"),
    }
    match from("labels.csv", "file,kind\na.png,1\n") {
        Err(DataError::Table(TableError::MissingColumn {
            column, columns, ..
        })) => {
            assert_eq!(
                (column.as_str(), columns),
                ("class", vec!["file".to_string(), "kind".into()])
            );
        }
        other => panic!("{other:?}"),
    }
    for (name, text) in [
        ("labels.csv", "file,class\na.png\n"),
        ("broken.json", "{"),
        ("broken.json", "3"),
        ("broken.json", r#"{"a.png": ["red"]}"#),
        ("broken.json", r#"[{"file": "a.png"}]"#),
    ] {
        match from(name, text) {
            Err(DataError::Table(TableError::Malformed { path, message })) => {
                assert!(path.ends_with(name) && !message.is_empty(), "{text}");
            }
            other => panic!("{text}: {other:?}"),
        }
    }
    let missing = ClassSource::File(LabelFile::new("nowhere.csv"));
    match config(folder.path(), missing).init() {
        Err(DataError::File(error)) => assert!(error.path.ends_with("nowhere.csv")),
        other => panic!("{other:?}"),
    }
}
