//! Where the files of the repository are, in whatever folder a program runs.

/// A path below the root of the repository. The package that this is compiled in, examples or tests, is one folder below it.
macro_rules! in_repository {
    ($path:literal) => {
        concat!(env!("CARGO_MANIFEST_DIR"), "/../", $path)
    };
}
pub(crate) use in_repository;
