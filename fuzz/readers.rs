//! The readers under test, as the fuzz targets and `tests/it/corpus.rs` of the library call them.
//!
//! Each takes the bytes of a file. Whatever they are, the reader answers with a value or an error.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

use burn::optim::{AdamConfig, GradientsParams};
use burn::prelude::*;
use burn_gan::checkpoint::{Checkpoint, Checkpoints, Manifest, differences};
use burn_gan::data::cifar::{self, Version};
use burn_gan::data::numpy::{self, Array, ChannelAxis};
use burn_gan::data::{ImageFolderConfig, PictureStore, Samples, SheetConfig, idx};
use burn_gan::exchange::{PortableGenerator, PytorchModule, read_safetensors, write_safetensors};
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

/// CIFAR's binary files.
pub fn cifar(bytes: &[u8]) {
    let path = file(bytes);
    for version in [Version::Ten, Version::HundredCoarse, Version::HundredFine] {
        if let Ok(images) = cifar::read_files(&[&path], version) {
            assert!(
                images
                    .labels()
                    .iter()
                    .all(|&label| label < version.classes())
            );
        }
    }
}

/// An array of NumPy's, and an archive; what loads also becomes what it can be used as.
pub fn numpy(bytes: &[u8]) {
    let path = file(bytes);
    if let Ok(array) = numpy::read(&path) {
        use_array(array);
    }
    for name in numpy::names(&path).unwrap_or_default() {
        if let Ok(array) = numpy::read_named(&path, &name) {
            use_array(array);
        }
    }
}

fn use_array(array: Array) {
    let device = Device::flex();
    let values: usize = array.shape().iter().product();
    if let Ok(tensor) = array.to_tensor::<2>(&device) {
        assert_eq!(tensor.shape().num_elements(), values);
    }
    let _ = array.to_labels();
    for axis in [ChannelAxis::None, ChannelAxis::First, ChannelAxis::Last] {
        if let Ok(images) = array.clone().into_images(axis) {
            assert_eq!(
                images.len() * images.shape().iter().product::<usize>(),
                values
            );
        }
    }
}

/// Pictures of every format, as a sheet of one tile a pixel, of which the first is taken.
pub fn picture(bytes: &[u8]) {
    let sheet = SheetConfig::new(file(bytes), 1, 1).with_count(Some(1));
    if let Ok(images) = sheet.with_largest_picture(1 << 24).init() {
        assert_eq!((images.len(), images.shape()), (1, [3, 1, 1]));
    }
}

/// The cache file of a folder of one picture, with the right hash so that all of it is read.
pub fn image_cache(bytes: &[u8]) {
    let (config, path) = folder_with_cache();
    let mut bytes = bytes.to_vec();
    let begin = bytes.get(16..24).and_then(|begin| begin.try_into().ok());
    let begin = usize::try_from(begin.map_or(u64::MAX, u64::from_le_bytes));
    let trailer = begin.ok().and_then(|begin| bytes.get(begin..));
    if let Some(hash) = trailer.map(Sha256::digest)
        && let Some(place) = bytes.get_mut(32..64)
    {
        place.copy_from_slice(&hash);
    }
    write(&path, &bytes);
    if let Ok(images) = config.init() {
        let images = images.images();
        for index in 0..images.len().min(100) {
            let size = images.shape().iter().product::<usize>();
            assert!(images.bytes(index).is_ok_and(|bytes| bytes.len() == size) || size > 0);
        }
    }
}

/// A folder of one picture, always of the same time, and the place of its cache file.
pub fn folder_with_cache() -> (ImageFolderConfig, PathBuf) {
    let pictures = folder().join("pictures");
    fs::create_dir_all(&pictures).expect("the folder for temporary files is writable");
    let picture = pictures.join("a.png");
    write(&picture, include_bytes!("../tests/data/pictures/rgb.png"));
    fs::File::options()
        .write(true)
        .open(picture)
        .and_then(|file| file.set_modified(UNIX_EPOCH + Duration::from_secs(1 << 30)))
        .expect("the picture is writable");
    let cache = folder().join("cache");
    let store = PictureStore::File(cache.clone());
    (ImageFolderConfig::new(pictures).with_store(store), cache)
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

/// A safetensors file; what is read also has to be written and read again, and what fits the small generator to generate.
pub fn safetensors(bytes: &[u8]) {
    let path = file(bytes);
    let _ = PortableGenerator::read_safetensors(&path);
    let Ok(state) = read_safetensors(&path) else {
        return;
    };
    let copy = folder().join("copy");
    write_safetensors(&state, &copy).expect("all of its element types can be written");
    let again = read_safetensors(&copy).expect("the library reads what it has written");
    assert!(again == state);
    if let Ok(generator) = generator(&Device::flex()).with_state_dict(&state) {
        let latent = Tensor::ones([1, generator.latent_size()], &Device::flex());
        let samples = generator.generate(latent, &());
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
    config()
        .init_generator(device)
        .expect("the configuration is valid")
}

/// Its configuration.
pub fn config() -> MlpConfig {
    MlpConfig::new(2).with_latent_size(3).with_hidden(vec![4])
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
