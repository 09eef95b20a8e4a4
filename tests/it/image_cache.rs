//! The cache file of a folder of pictures: when it is used, when it is made anew, and what damage does.

use std::fs::{self, File};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use burn_gan::data::{
    CacheError, DataError, FolderError, ImageFolder, ImageFolderConfig, PictureChannels,
    PictureStore, Resize, Samples,
};
use tempfile::TempDir;

use crate::common::pictures::write_grey;

/// Three grey pictures of one pixel, of the values 10, 20 and 30.
struct Pictures {
    _all: TempDir,
    folder: PathBuf,
    cache: PathBuf,
}

impl Pictures {
    fn new() -> Self {
        let all = tempfile::tempdir().unwrap();
        let folder = all.path().join("pictures");
        for (name, value) in [("a.png", 10), ("b.png", 20), ("c.png", 30)] {
            write_grey(&folder.join(name), [1, 1], value);
        }
        let cache = all.path().join("pictures.images");
        Self {
            _all: all,
            folder,
            cache,
        }
    }

    fn config(&self) -> ImageFolderConfig {
        ImageFolderConfig::new(self.folder.clone()).with_channels(PictureChannels::Grey)
    }

    /// Writes another value into `a.png` and gives the file this time.
    fn change_first(&self, value: u8, time: SystemTime) {
        let path = self.folder.join("a.png");
        write_grey(&path, [1, 1], value);
        File::options()
            .write(true)
            .open(path)
            .unwrap()
            .set_modified(time)
            .unwrap();
    }
}

fn values(images: &ImageFolder) -> Vec<u8> {
    (0..images.len())
        .flat_map(|index| images.images().bytes(index).unwrap())
        .collect()
}

fn modified(path: &Path) -> SystemTime {
    fs::metadata(path).unwrap().modified().unwrap()
}

#[test]
fn pictures_are_decoded_once() {
    let pictures = Pictures::new();
    let time = modified(&pictures.folder.join("a.png"));
    let mut reports = Vec::new();
    let mut watch = |progress: burn_gan::data::FolderProgress| {
        reports.push((progress.done, progress.pictures, progress.undecodable));
        ControlFlow::Continue(())
    };
    let first = pictures.config().init_watched(&mut watch).unwrap();
    assert_eq!(reports.last(), Some(&(3, 3, 0)));
    reports.clear();
    assert_eq!(values(&first), [10, 20, 30]);
    let in_memory = pictures
        .config()
        .with_store(PictureStore::Memory)
        .init()
        .unwrap();
    // What a checkpoint knows of the data does not depend on where it is kept.
    assert_eq!(first.identity().unwrap(), in_memory.identity().unwrap());

    // The same name, size and time: what is in the file is not looked at.
    pictures.change_first(11, time);
    let mut watch = |_| -> ControlFlow<()> { panic!("nothing is decoded") };
    let second = pictures.config().init_watched(&mut watch).unwrap();
    assert_eq!(values(&second), [10, 20, 30]);
    assert_eq!(first.identity().unwrap(), second.identity().unwrap());
}

#[test]
fn a_cache_of_other_inputs_is_made_anew() {
    let pictures = Pictures::new();
    let time = modified(&pictures.folder.join("a.png"));
    let before = pictures.config().init().unwrap();
    pictures.change_first(11, time + Duration::from_secs(1));
    assert_eq!(values(&pictures.config().init().unwrap()), [11, 20, 30]);
    // What was opened before still reads what it was opened on.
    assert_eq!(values(&before), [10, 20, 30]);

    write_grey(&pictures.folder.join("d.png"), [1, 1], 40);
    assert_eq!(values(&pictures.config().init().unwrap()), [11, 20, 30, 40]);
    fs::rename(pictures.folder.join("d.png"), pictures.folder.join("0.png")).unwrap();
    assert_eq!(values(&pictures.config().init().unwrap()), [40, 11, 20, 30]);
    fs::remove_file(pictures.folder.join("a.png")).unwrap();
    assert_eq!(values(&pictures.config().init().unwrap()), [40, 20, 30]);

    // How they are decoded counts too.
    let wide = Resize::Stretch {
        height: 1,
        width: 2,
    };
    let images = pictures.config().with_resize(wide).init().unwrap();
    assert_eq!(values(&images), [40, 40, 20, 20, 30, 30]);
    assert_eq!(values(&pictures.config().init().unwrap()), [40, 20, 30]);
}

#[test]
fn a_damaged_cache_is_made_anew_or_refused() {
    let pictures = Pictures::new();
    pictures.config().init().unwrap();
    let whole = fs::read(&pictures.cache).unwrap();
    let again = |bytes: &[u8]| {
        fs::write(&pictures.cache, bytes).unwrap();
        pictures.config().init()
    };
    // Cut anywhere behind its name, longer, and bytes that are no image's changed.
    for length in (8..whole.len()).step_by(7) {
        assert_eq!(
            values(&again(&whole[..length]).unwrap()),
            [10, 20, 30],
            "{length}"
        );
    }
    assert_eq!(
        values(&again(&[&whole, b"more".as_slice()].concat()).unwrap()),
        [10, 20, 30]
    );
    for at in (8..64).step_by(3).chain((67..whole.len()).step_by(5)) {
        let mut changed = whole.clone();
        changed[at] ^= 0x41;
        assert_eq!(values(&again(&changed).unwrap()), [10, 20, 30], "{at}");
    }
    assert_eq!(fs::read(&pictures.cache).unwrap().len(), whole.len());

    // An image's own byte is found when it is read; the others can be used.
    let mut changed = whole.clone();
    changed[65] ^= 1;
    let images = again(&changed).unwrap();
    assert_eq!(images.images().bytes(0).unwrap(), [10]);
    match images.images().bytes(1) {
        Err(DataError::Cache(CacheError::Damaged { path, index: 1 })) => {
            assert_eq!(path, pictures.cache.canonicalize().unwrap())
        }
        other => panic!("{other:?}"),
    }
    // A file that became shorter behind the program's back.
    let images = again(&whole).unwrap();
    File::options()
        .write(true)
        .open(&pictures.cache)
        .unwrap()
        .set_len(66)
        .unwrap();
    assert_eq!(images.images().bytes(1).unwrap(), [20]);
    assert!(matches!(
        images.images().bytes(2),
        Err(DataError::Cache(CacheError::Damaged { index: 2, .. }))
    ));
}

#[test]
fn what_is_not_a_cache_is_left_alone() {
    let pictures = Pictures::new();
    for content in ["my notes", "BGIMAGE", ""] {
        fs::write(&pictures.cache, content).unwrap();
        match pictures.config().init() {
            Err(DataError::Cache(CacheError::NotACache { path })) => {
                assert!(path.ends_with("pictures.images"))
            }
            other => panic!("{other:?}"),
        }
        assert_eq!(fs::read_to_string(&pictures.cache).unwrap(), content);
    }
    fs::remove_file(&pictures.cache).unwrap();
    fs::create_dir(&pictures.cache).unwrap();
    match pictures.config().init() {
        Err(DataError::File(error)) => assert!(error.path.ends_with("pictures.images")),
        other => panic!("{other:?}"),
    }
    let nowhere = PictureStore::File(pictures.folder.join("no/folder/cache"));
    match pictures.config().with_store(nowhere).init() {
        Err(DataError::File(error)) => assert!(error.path.starts_with(pictures.folder.join("no"))),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_run_that_is_cancelled_leaves_nothing() {
    let pictures = Pictures::new();
    match pictures.config().init_watched(|_| ControlFlow::Break(())) {
        Err(DataError::Folder(FolderError::Cancelled { done, pictures: 3 })) => assert!(done > 0),
        other => panic!("{other:?}"),
    }
    assert_eq!(
        fs::read_dir(pictures.folder.parent().unwrap())
            .unwrap()
            .count(),
        1
    );
    assert_eq!(values(&pictures.config().init().unwrap()), [10, 20, 30]);

    // An older cache stays.
    let whole = fs::read(&pictures.cache).unwrap();
    write_grey(&pictures.folder.join("d.png"), [1, 1], 40);
    assert!(
        pictures
            .config()
            .init_watched(|_| ControlFlow::Break(()))
            .is_err()
    );
    assert_eq!(fs::read(&pictures.cache).unwrap(), whole);
}

/// Writing into `/dev/full` fails as it does on a full disk.
#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_is_an_error_and_leaves_nothing() {
    let pictures = Pictures::new();
    let partial = pictures.cache.with_file_name("pictures.images.partial");
    std::os::unix::fs::symlink("/dev/full", &partial).unwrap();
    match pictures.config().init() {
        Err(DataError::File(error)) => {
            assert_eq!(error.source.kind(), std::io::ErrorKind::StorageFull);
            assert_eq!(
                error.path,
                partial
                    .parent()
                    .unwrap()
                    .canonicalize()
                    .unwrap()
                    .join("pictures.images.partial")
            );
        }
        other => panic!("{other:?}"),
    }
    assert!(!partial.is_symlink() && !pictures.cache.exists());
}
