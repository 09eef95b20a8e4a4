//! Every file of the fuzzing corpus, the damaged ones among them, through its reader: an error or a value,
//! never a panic.

#[path = "../fuzz/readers.rs"]
mod readers;

use std::fs;
use std::path::Path;

use burn_gan::save_weights;

fn run_corpus(target: &str, reader: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fuzz/corpus")
        .join(target);
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
fn weights() {
    run_corpus("weights", readers::weights);
}

/// The seed of the target `weights`; run by hand, with `--ignored`, when the format changes.
#[test]
#[ignore = "writes into fuzz/corpus"]
fn write_weights_seed() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus/weights");
    fs::create_dir_all(&folder).unwrap();
    save_weights(&readers::generator(), folder.join("seed")).unwrap();
}
