//! The readers under test, as the fuzz targets and `tests/corpus.rs` of the library call them.
//!
//! Each takes the bytes of a file. Whatever they are, the reader answers with a value or an error.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use burn::prelude::*;
use burn_gan::data::idx;
use burn_gan::model::{MlpConfig, MlpGenerator};
use burn_gan::{Generator, load_weights};

/// IDX files of images and of labels, plain or gzip.
pub fn idx(bytes: &[u8]) {
    let path = file(bytes);
    let _ = idx::read_images(&path);
    let _ = idx::read_labels(&path);
}

/// Weights for a small generator; what loads also has to generate.
pub fn weights(bytes: &[u8]) {
    if let Ok(generator) = load_weights(generator(), file(bytes)) {
        let latent = Tensor::ones([1, generator.latent_size()], &Device::flex());
        let samples = generator.generate(latent, &());
        assert_eq!(samples.dims(), [1, 2]);
        assert!(samples.try_into_vec_as::<f32>().is_ok());
    }
}

/// The network that the weights are for.
pub fn generator() -> MlpGenerator {
    MlpConfig::new(2)
        .with_latent_size(3)
        .with_hidden(vec![4])
        .init_generator(&Device::flex())
        .expect("the configuration is valid")
}

/// A file of these bytes, in memory where the system has a place for that; the next one overwrites it.
fn file(bytes: &[u8]) -> &'static Path {
    static FOLDER: LazyLock<PathBuf> = LazyLock::new(|| {
        let memory = Path::new("/dev/shm");
        let parent = match memory.is_dir() {
            true => memory.to_path_buf(),
            false => std::env::temp_dir(),
        };
        let folder = parent.join(format!("burn-gan-fuzz-{}", std::process::id()));
        fs::create_dir_all(&folder).expect("the folder for temporary files is writable");
        folder
    });
    thread_local! {
        static FILE: &'static Path = {
            let name = format!("{:?}.bytes", std::thread::current().id());
            Box::leak(FOLDER.join(name).into_boxed_path())
        };
    }
    let path = FILE.with(|path| *path);
    fs::write(path, bytes).expect("the temporary file is writable");
    path
}
