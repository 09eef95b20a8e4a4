//! Where the files of the repository are, in whatever folder a test runs.

use std::path::{Path, PathBuf};

/// Digits of 8 x 8 pixels, an IDX folder.
pub const DIGITS_8X8: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/data/digits-8x8");

/// Digits of 28 x 28 pixels, an IDX folder.
pub const MNIST_5K: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/data/mnist-5k");

/// A path below the root of the repository.
pub fn in_repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}
