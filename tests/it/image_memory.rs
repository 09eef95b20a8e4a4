//! Memory that reading and training from a folder of pictures takes: it does not grow with the folder.
//!
//! Each test runs in a process of its own: what is measured is the whole process.
#![cfg(target_os = "linux")]

use std::fs;
use std::path::Path;
use std::time::Instant;

use burn::tensor::Device;
use burn_gan::data::{ImageFolderConfig, Samples, ShuffleConfig, Source};
use burn_gan::model::DcganConfig;
use burn_gan::run::Fit;
use burn_gan::trainer::GanTrainerConfig;

use crate::common::pictures::write_png;
use crate::common::{alone, counting::peak_of};

/// A folder of `count` names of a few colour pictures of `side` pixels: links, so that they take no room.
fn many(folder: &Path, count: usize, side: u32) {
    let bytes = |picture: usize| -> Vec<u8> {
        let values =
            (0..side as usize * side as usize * 3).map(|i| (i * (picture + 3) / 7 % 251) as u8);
        values.collect()
    };
    // A file system allows some 60,000 names a file.
    let originals = count.div_ceil(30_000);
    for original in 0..originals {
        let path = folder.join(format!("{original:03}/original.png"));
        let (colour, depth) = (png::ColorType::Rgb, png::BitDepth::Eight);
        write_png(&path, [side, side], colour, depth, &bytes(original));
        for link in (original..count - originals).step_by(originals) {
            fs::hard_link(&path, path.with_file_name(format!("{link:07}.png"))).unwrap();
        }
    }
}

#[test]
fn memory_does_not_grow_with_the_folder() {
    alone(|| {
        let folder = tempfile::tempdir().unwrap();
        let pictures = folder.path().join("pictures");
        // 147 MB of pixels.
        many(&pictures, 3000, 128);
        let config = ImageFolderConfig::new(pictures);
        let written = peak_of(|| drop(config.init().unwrap()));
        let read = peak_of(|| {
            let images = config.init().unwrap();
            assert_eq!(images.len(), 3000);
            let mut source = ShuffleConfig::new(16).init(images).unwrap();
            for step in 0..200 {
                source.batch(step, &Device::flex()).unwrap();
            }
        });
        println!("written in {written} bytes, read in {read}");
        assert!(written < 100 << 20, "{written}");
        assert!(read < 16 << 20, "{read}");
    });
}

/// A line of `/proc/self/status` in megabytes.
fn status(name: &str) -> f64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with(name)).unwrap();
    line.split_whitespace()
        .nth(1)
        .unwrap()
        .parse::<f64>()
        .unwrap()
        / 1000.0
}

#[test]
#[ignore = "writes 4 GB and takes minutes; `cargo test --test it image_memory -- --ignored --nocapture`"]
fn a_run_over_four_gigabytes_stays_below_500_mb() {
    alone(|| {
        // 64x64 pixels of 3 bytes.
        let count = 4_100_000_000 / (64 * 64 * 3);
        let folder = tempfile::tempdir().unwrap();
        let pictures = folder.path().join("pictures");
        many(&pictures, count, 64);
        let config = ImageFolderConfig::new(pictures);
        let start = Instant::now();
        let images = config.init().unwrap();
        let decoded = start.elapsed().as_secs_f64();
        let start = Instant::now();
        drop(images);
        let images = config.init().unwrap();
        let opened = start.elapsed().as_secs_f64();
        assert_eq!(images.len(), count);
        let after_opening = status("VmRSS:");

        let device = Device::flex().autodiff();
        let mut source = ShuffleConfig::new(64).init(images).unwrap();
        let networks = DcganConfig::new(3, 64, 64).with_filters(8);
        let mut trainer = GanTrainerConfig::new()
            .init(
                networks.init_generator(&device).unwrap(),
                networks.init_discriminator(&device).unwrap(),
                &source.batch(0, &device).unwrap(),
            )
            .unwrap();
        trainer.fit(&mut source).until(20).run().unwrap();
        let start = Instant::now();
        for step in 0..100 {
            source.batch(step, &device).unwrap();
        }
        let batch = start.elapsed().as_secs_f64() / 100.0;
        println!(
            "{count} pictures: decoded in {decoded:.1} s, opened in {opened:.2} s, {after_opening:.0} MB then; a batch of \
             64 in {:.2} ms; at most {:.0} MB",
            batch * 1e3,
            status("VmHWM:")
        );
        assert!(status("VmHWM:") < 500.0);
    });
}
