//! In headless Chromium the page draws what the library draws here, and its buttons and sliders do what they say.

use std::fs;
use std::io::Write;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use burn::tensor::Device;
use burn_gan::model::{DcganConfig, GeneratorCondition, MlpConfig, R3ganConfig, ResnetConfig};
use burn_gan::save_generator;
use burn_gan_browser::Painter;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};

const SEED: u64 = 7;
const CLASSES: usize = 3;
/// What the page shows first, and what the probe asks for.
const CLASS: usize = 2;

/// Ends the browser however the test ends.
struct Browser(Child);

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn chromium() -> Option<&'static str> {
    let is_there = |name: &&str| Command::new(name).arg("--version").output().is_ok();
    ["chromium", "chromium-browser", "google-chrome"]
        .into_iter()
        .find(is_there)
}

/// Generators of images, those beside the first untrained: what they draw is no picture, and the same numbers everywhere.
fn write_generators(folder: &Path) {
    let device = Device::flex();
    fs::copy(
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../data/digits-generator/generator.bpk"),
        folder.join("generator.bpk"),
    )
    .unwrap();
    let dcgan = DcganConfig::new(1, 8, 8)
        .with_filters(4)
        .with_classes(Some(CLASSES))
        .with_generator_condition(GeneratorCondition::ConditionalNorm);
    let generator = dcgan.init_generator(&device).unwrap();
    save_generator(dcgan, &generator, folder.join("classes.bpk")).unwrap();
    let resnet = ResnetConfig::new(3, 16, 16)
        .with_generator_filters(Some(8))
        .with_classes(Some(CLASSES));
    let generator = resnet.init_generator(&device).unwrap();
    save_generator(resnet, &generator, folder.join("colours.bpk")).unwrap();
    let r3gan = R3ganConfig::new(1, 8, 8);
    let generator = r3gan.init_generator(&device).unwrap();
    save_generator(r3gan, &generator, folder.join("r3gan.bpk")).unwrap();

    let points = MlpConfig::new(2);
    let generator = points.init_generator(&device).unwrap();
    save_generator(points, &generator, folder.join("points.bpk")).unwrap();
    let whole = fs::read(folder.join("classes.bpk")).unwrap();
    fs::write(folder.join("damaged.bpk"), &whole[..whole.len() / 2]).unwrap();
}

/// Latents of the probe's, and what the library makes of them here.
fn draw_here(folder: &Path, name: &str, class: Option<usize>) -> (Value, Vec<f32>) {
    let painter = Painter::load(&fs::read(folder.join(name)).unwrap()).unwrap();
    let latents = painter.latents_of(SEED, 5).unwrap();
    let class = class.or(painter.class_of(SEED).unwrap());
    let images = painter.images(&latents, class).unwrap();
    (
        json!({"file": name, "latents": latents, "class": class}),
        images,
    )
}

/// The bytes of the canvas: red, green, blue and opacity of each pixel.
fn canvas_here(folder: &Path, name: &str, class: Option<usize>) -> Vec<f64> {
    let painter = Painter::load(&fs::read(folder.join(name)).unwrap()).unwrap();
    let class = class.or(painter.class_of(SEED).unwrap());
    let image = painter
        .images(&painter.latents_of(SEED, 1).unwrap(), class)
        .unwrap();
    let area = painter.width() * painter.height();
    let byte = |value: f32| f64::from((value + 1.0) * 127.5);
    (0..area)
        .flat_map(|pixel| {
            let channel = |channel: usize| byte(image[channel % painter.channels() * area + pixel]);
            [channel(0), channel(1), channel(2), 255.0]
        })
        .collect()
}

fn numbers(value: &Value) -> Vec<f64> {
    let numbers = value.as_array().unwrap();
    numbers
        .iter()
        .map(|value| value.as_f64().unwrap())
        .collect()
}

fn farthest(one: &[f64], other: &[f64]) -> f64 {
    assert_eq!(one.len(), other.len());
    let distances = one
        .iter()
        .zip(other)
        .map(|(one, other)| (one - other).abs());
    distances.fold(0.0, f64::max)
}

#[test]
fn the_page_draws_what_the_library_draws() {
    let Some(chromium) = chromium() else {
        assert!(
            std::env::var_os("BURN_GAN_BROWSER").is_none(),
            "BURN_GAN_BROWSER is set, but there is no Chromium"
        );
        eprintln!("skipped: there is no Chromium here (Debian's package chromium)");
        return;
    };
    let scratch = tempfile::tempdir().unwrap();
    let folder = scratch.path().join("page");
    site::build(&folder).unwrap();
    let module = fs::read(folder.join("burn_gan_browser_bg.wasm")).unwrap();
    let mut compressed = GzEncoder::new(Vec::new(), Compression::best());
    compressed.write_all(&module).unwrap();
    let compressed = compressed.finish().unwrap().len();
    println!("the module: {} bytes, {compressed} with gzip", module.len());
    assert!(compressed < 1_000_000, "{compressed} bytes with gzip");

    write_generators(&folder);
    let given = [
        ("generator.bpk", None),
        ("classes.bpk", Some(0)),
        ("classes.bpk", Some(CLASS)),
        ("colours.bpk", Some(1)),
        ("r3gan.bpk", None),
    ];
    let (given, expected): (Vec<_>, Vec<_>) = given
        .map(|(name, class)| draw_here(&folder, name, class))
        .into_iter()
        .unzip();
    fs::write(folder.join("given.json"), json!(given).to_string()).unwrap();
    let page = fs::read_to_string(folder.join("index.html")).unwrap();
    let probe = r#"<script type="module" src="probe.js"></script>"#;
    let (head, rest) = page.split_once("<link").unwrap();
    fs::write(
        folder.join("probed.html"),
        format!("{head}{probe}<link{rest}"),
    )
    .unwrap();
    fs::write(folder.join("probe.js"), include_str!("probe.js")).unwrap();

    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let address = listener.local_addr().unwrap();
    let (sender, reports) = mpsc::channel();
    thread::spawn(move || site::serve(&listener, &folder, move |body| drop(sender.send(body))));

    let log = scratch.path().join("log");
    let _browser = Browser(
        Command::new(chromium)
            .args(["--headless", "--no-sandbox", "--disable-gpu"])
            .arg("--enable-logging=stderr")
            .arg(format!(
                "--user-data-dir={}",
                scratch.path().join("profile").display()
            ))
            .arg(format!("http://{address}/probed.html?seed={SEED}"))
            .stderr(fs::File::create(&log).unwrap())
            .spawn()
            .unwrap(),
    );
    // As long as no machine takes: a page that has stopped must not stop the test.
    let report = reports.recv_timeout(Duration::from_secs(300));
    let log = fs::read_to_string(&log).unwrap();
    let report = report.unwrap_or_else(|_| panic!("the page sends nothing\n{log}"));
    let report: Value = serde_json::from_slice(&report).unwrap();
    assert_eq!(report["problems"], json!([]), "{log}");
    println!("the digits: {}", report["time"]);
    assert!(!log.contains("CONSOLE"), "{log}");

    for ((given, expected), drawn) in given
        .iter()
        .zip(&expected)
        .zip(report["drawn"].as_array().unwrap())
    {
        let expected: Vec<f64> = expected.iter().copied().map(f64::from).collect();
        let distance = farthest(&numbers(drawn), &expected);
        println!("{}: within {distance:.1e}", given["file"]);
        assert!(distance < 1e-4, "{}: {distance}", given["file"]);
        // Images that differ from each other: five of nothing would be equal as well.
        let (first, others) = expected.split_at(expected.len() / 5);
        assert!(
            farthest(first, &others[..first.len()]) > 0.01,
            "{}",
            given["file"]
        );
    }

    let canvas_is = |name: &str, file: &str, class| {
        let scratch = scratch.path().join("page");
        let distance = farthest(&numbers(&report[name]), &canvas_here(&scratch, file, class));
        // Half of a step for rounding, the rest for what the pixels may differ by.
        assert!(distance < 0.52, "{name}: {distance}");
    };
    canvas_is("first", "generator.bpk", None);
    canvas_is("loaded", "classes.bpk", Some(0));
    canvas_is("clicked", "classes.bpk", Some(CLASS));
    canvas_is("coloured", "colours.bpk", Some(0));
    for changed in ["slid", "moved", "renewed"] {
        assert_eq!(report["changed"][changed], json!(true), "{changed}");
    }
    assert_eq!(
        report["stays"],
        json!(true),
        "a walk goes on after it is stopped"
    );
    assert_eq!(report["buttons"], json!([60, CLASSES]));
    assert_eq!(
        report["refused"],
        json!([
            "the file holds a generator of points, not of images from noise",
            report["refused"][1],
        ])
    );
    let damaged = report["refused"][1].as_str().unwrap();
    assert!(damaged.starts_with("bytes of a generator: "), "{damaged}");
    assert!(
        report["time"].as_str().unwrap().contains(" ms an image"),
        "{report}"
    );
    let origin = format!("http://{address}/");
    for name in report["fetched"].as_array().unwrap() {
        assert!(name.as_str().unwrap().starts_with(&origin), "{name}");
    }
}
