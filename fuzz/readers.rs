//! The readers under test, as the fuzz targets and `tests/it/corpus.rs` of the library call them.
//!
//! Each takes the bytes of a file. Whatever they are, the reader answers with a value or an error.

use std::fs;
use std::path::{Path, PathBuf};

use burn::optim::{AdamConfig, GradientsParams};
use burn::prelude::*;
use burn_gan::checkpoint::{Checkpoint, Checkpoints, Manifest, differences};
use burn_gan::data::idx;
use burn_gan::model::{MlpConfig, MlpGenerator};
use burn_gan::observe::{History, Observer, Plan, read_history};
use burn_gan::optimizer::OptimizerConfig;
use burn_gan::{Generator, load_weights};
use sha2::{Digest, Sha256};
use tempfile::TempDir;

/// IDX files of images and of labels, plain or gzip.
pub fn idx(bytes: &[u8]) {
    let path = file(bytes);
    let _ = idx::read_images(&path);
    let _ = idx::read_labels(&path);
}

/// Weights for a small generator; what loads also has to generate.
pub fn weights(bytes: &[u8]) {
    if let Ok(generator) = load_weights(generator(&Device::flex()), file(bytes)) {
        let latent = Tensor::ones([1, generator.latent_size()], &Device::flex());
        let samples = generator.generate(latent, &());
        assert_eq!(samples.dims(), [1, 2]);
        assert!(samples.try_into_vec_as::<f32>().is_ok());
    }
}

/// What an optimiser remembers of a small generator; what loads also has to take a step.
pub fn optimizer(bytes: &[u8]) {
    let generator = generator(&Device::flex().autodiff());
    let optimizer = OptimizerConfig::Adam(AdamConfig::new())
        .init()
        .expect("plain Adam");
    if let Ok(mut optimizer) = optimizer.with_bytes(bytes.to_vec(), &generator) {
        optimizer.step(0.1, generator.clone(), gradients(&generator));
    }
}

/// The manifest of a checkpoint with the right hash, so that all of it is read, and the file it may name.
pub fn manifest(bytes: &[u8]) {
    let parent = folder().join("checkpoints");
    let checkpoint = parent.join("step-000000001");
    fs::create_dir_all(&checkpoint).expect("the folder for temporary files is writable");
    write(&checkpoint.join("manifest.json"), bytes);
    let hash = format!("{:x}  manifest.json\n", Sha256::digest(bytes));
    write(&checkpoint.join("manifest.sha256"), hash.as_bytes());
    write(&checkpoint.join("file"), b"content");

    if let Ok(manifest) = Manifest::read(&checkpoint) {
        let found = differences(&manifest.configuration, &manifest.state);
        let _ = found.iter().map(ToString::to_string).count();
    }
    if let Ok(checkpoint) = Checkpoint::read(&checkpoint) {
        for (name, content) in checkpoint.files {
            assert!(name == "manifest.json" || name == "manifest.sha256" || content == b"content");
        }
    }
    let _ = Checkpoints::latest(&parent);
    let _ = Checkpoints::best(&parent, "score", |new, old| new > old);
}

/// A history, and one that a run goes on with; what is read is in the order of the steps.
pub fn history(bytes: &[u8]) {
    let path = file(bytes);
    let Ok(rows) = read_history(&path) else {
        return;
    };
    assert!(rows.is_sorted_by(|row, next| row.step < next.step));
    let mut history = History::json_lines(&path, 1);
    let started = Observer::<()>::start(&mut history, Plan::new(5, 6));
    if started.is_ok() {
        let kept = read_history(&path).expect("the library reads what it has written");
        assert!(kept.iter().eq(rows.iter().filter(|row| row.step < 5)));
    }
}

/// The network that weights and optimisers' states are for.
pub fn generator(device: &Device) -> MlpGenerator {
    MlpConfig::new(2)
        .with_latent_size(3)
        .with_hidden(vec![4])
        .init_generator(device)
        .expect("the configuration is valid")
}

/// A gradient for each of its parameters.
pub fn gradients(generator: &MlpGenerator) -> GradientsParams {
    let latent = Tensor::ones([1, 3], &Device::flex().autodiff());
    let gradients = generator.generate(latent, &()).sum().backward();
    GradientsParams::from_grads(gradients, generator)
}

/// A file of these bytes; the next one of the same thread overwrites it.
fn file(bytes: &[u8]) -> PathBuf {
    let path = folder().join("file");
    write(&path, bytes);
    path
}

/// A folder of this thread, which is removed with it; in memory where the system has a place for that.
fn folder() -> PathBuf {
    thread_local! {
        static FOLDER: TempDir = {
            let memory = Path::new("/dev/shm");
            match memory.is_dir() {
                true => TempDir::new_in(memory),
                false => TempDir::new(),
            }
            .expect("the folder for temporary files is writable")
        };
    }
    FOLDER.with(|folder| folder.path().to_path_buf())
}

fn write(path: &Path, bytes: &[u8]) {
    fs::write(path, bytes).expect("the temporary file is writable");
}
