//! Every file of the fuzzing corpus, the damaged ones among them, through its reader: an error or a value,
//! never a panic.

#[path = "../../fuzz/readers.rs"]
mod readers;

#[cfg(feature = "pytorch")]
#[path = "../../fuzz/pytorch_reader.rs"]
mod pytorch_reader;

use std::collections::BTreeMap;
use std::fs;

use burn::optim::AdamConfig;
use burn::tensor::Device;
use burn_gan::checkpoint::{Checkpoints, Manifest, ScoreRecord};
use burn_gan::exchange::PortableGenerator;
use burn_gan::optimizer::OptimizerConfig;
use burn_gan::save_weights;
use serde_json::json;

use crate::common::places::in_repository;

fn run_corpus(target: &str, reader: fn(&[u8])) {
    let folder = in_repository("fuzz/corpus").join(target);
    let mut count = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        // Printed where the test fails: which file it was.
        println!("{}", path.display());
        reader(&fs::read(&path).unwrap());
        count += 1;
    }
    assert!(count > 0, "no corpus of {target}");
}

#[test]
fn idx() {
    run_corpus("idx", readers::idx);
}

#[test]
fn cifar() {
    run_corpus("cifar", readers::cifar);
}

#[test]
fn numpy() {
    run_corpus("numpy", readers::numpy);
}

#[test]
fn picture() {
    run_corpus("picture", readers::picture);
}

#[test]
fn image_cache() {
    run_corpus("image_cache", readers::image_cache);
}

#[test]
fn weights() {
    run_corpus("weights", readers::weights);
}

#[test]
fn safetensors() {
    run_corpus("safetensors", readers::safetensors);
}

#[test]
#[cfg(feature = "pytorch")]
fn pytorch() {
    run_corpus("pytorch", pytorch_reader::pytorch);
}

#[test]
fn optimizer() {
    run_corpus("optimizer", readers::optimizer);
}

#[test]
fn manifest() {
    run_corpus("manifest", readers::manifest);
}

#[test]
fn history() {
    run_corpus("history", readers::history);
}

/// The seeds that this library writes; run by hand, with `--ignored`, when a format changes.
#[test]
#[ignore = "writes into fuzz/corpus"]
fn write_seeds() {
    let seed = |target: &str| {
        let folder = in_repository("fuzz/corpus").join(target);
        fs::create_dir_all(&folder).unwrap();
        folder.join("seed")
    };
    let (folder, cache) = readers::folder_with_cache();
    folder.init().unwrap();
    fs::copy(cache, seed("image_cache")).unwrap();

    let generator = readers::generator(&Device::flex().autodiff());
    save_weights(&generator, seed("weights")).unwrap();

    let portable = PortableGenerator::new(readers::config(), &generator).unwrap();
    portable.write_safetensors(seed("safetensors")).unwrap();

    let mut optimizer = OptimizerConfig::Adam(AdamConfig::new()).init().unwrap();
    optimizer.step(0.1, generator.clone(), readers::gradients(&generator));
    fs::write(seed("optimizer"), optimizer.to_bytes().unwrap()).unwrap();

    let mut manifest = Manifest::new(1, 2);
    manifest.configuration =
        json!({ "trainer": { "critic_steps": 5, "rate": 2e-4 }, "list": [1, null] });
    manifest.state = json!({ "step": 1 });
    manifest.score = Some(ScoreRecord::new("score", 0.5));
    let folder = tempfile::tempdir().unwrap();
    let files = BTreeMap::from([("file".to_string(), b"content".to_vec())]);
    let path = Checkpoints::open(&folder)
        .and_then(|checkpoints| checkpoints.write(manifest, &files))
        .unwrap();
    fs::copy(path.join("manifest.json"), seed("manifest")).unwrap();
}
