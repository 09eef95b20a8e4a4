//! The page of a run: what is on it, and that a browser shows it.

use std::path::Path;
use std::process::Command;

use burn::tensor::{Device, Tensor};
use burn_gan::data::{Memory, ShuffleConfig, Source};
use burn_gan::model::{DcganConfig, Normalization};
use burn_gan::observe::{
    Evaluation, History, HistoryPlots, HtmlReport, ObserveError, SampleGrid, Score, WatchConfig,
    read_findings,
};
use burn_gan::random::{Purpose, Stream};
use burn_gan::run::Fit;
use burn_gan::trainer::GanTrainerConfig;
use burn_gan::{AdversarialTrainer, GanError};
use serde_json::{Value, json};

/// A page whose title and settings would break out of it, were they not escaped.
fn page(folder: &Path) -> HtmlReport {
    HtmlReport::new(folder.join("report.html"), 2)
        .with_title("Faces <b>&</b> \"more\"")
        .with_text(
            "Choices",
            &["</script><script>document.title = 'taken'</script>"],
        )
        .with_settings(&json!({"outer": {"inner": 3, "path": "a<b"}, "list": [1, 2]}))
        .with_sample_grids(folder)
        .with_scores(folder.join("scores.csv"), &[("mean", 0.25)])
        .with_picture("Losses", folder.join("losses.png"), "Mean losses.")
        .with_picture("Missing", folder.join("missing.png"), "It is not there.")
        .with_findings(folder.join("findings.json"))
}

/// A run of four steps with everything that is on a page.
fn run(folder: &Path) {
    let device = Device::flex().autodiff();
    let images: Tensor<4> = Stream::new(1, Purpose::Data, 0).uniform([8, 1, 8, 8], &Device::flex());
    let networks = DcganConfig::new(1, 8, 8)
        .with_filters(4)
        .with_discriminator_normalization(Normalization::None);
    let mut source = ShuffleConfig::new(4)
        .init(Memory::new(images).unwrap())
        .unwrap();
    let example = source.batch(0, &device).unwrap();
    let mut trainer = GanTrainerConfig::new()
        .init(
            networks.init_generator(&device).unwrap(),
            networks.init_discriminator(&device).unwrap(),
            &example,
        )
        .unwrap();
    let losses = folder.join("losses.csv");
    // Any two samples are nearer to each other than that: a finding in each window.
    let watch = WatchConfig::new()
        .with_window(2)
        .with_minimum_diversity(Some(1e6))
        .init(&example)
        .unwrap()
        .with_file(folder.join("findings.json"));
    trainer
        .fit(&mut source)
        .until(4)
        .observe(History::csv(&losses, 1))
        .observe(HistoryPlots::new(&losses, 2))
        .observe(SampleGrid::create(folder, 1, 4).unwrap())
        .observe(
            Evaluation::new(folder.join("scores.csv"), 2)
                .with_score(4, Score::lowest("mean", |trainer: &_| mean(trainer))),
        )
        .observe(watch)
        .observe(page(folder))
        .run()
        .unwrap();
}

fn mean(trainer: &impl AdversarialTrainer<4>) -> Result<f64, GanError> {
    let mean = trainer.sample(4, 0, &())?.mean().abs();
    mean.try_into_scalar::<f64>().map_err(GanError::user)
}

#[test]
fn the_page_of_a_run_has_its_parts_and_fetches_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    run(folder);
    let page = std::fs::read_to_string(folder.join("report.html")).unwrap();
    for part in [
        "<h1>Faces &lt;b&gt;&amp;&lt;/b&gt; &quot;more&quot;</h1>",
        "Ended after 4 of 4 steps",
        "<p>&lt;/script&gt;&lt;script&gt;document.title = 'taken'&lt;/script&gt;</p>",
        "<th scope=\"row\">outer.inner</th><td>3</td>",
        "<th scope=\"row\">outer.path</th><td>a&lt;b</td>",
        "<th scope=\"row\">list</th><td>[1,2]</td>",
        "alt=\"step 1\"",
        "alt=\"step 4\"",
        "<td>0.2500</td><td>4</td><td>4</td>",
        "<figcaption>Mean losses.</figcaption>",
        "<li>mode collapse: after steps 0..1",
        "<li>mode collapse: after steps 2..3",
    ] {
        assert!(page.contains(part), "{part}");
    }
    // Four grids and the losses, but no picture that is missing.
    assert_eq!(page.matches("src=\"data:image/png;base64,").count(), 5);
    assert_eq!(page.matches("src=").count(), 5);
    assert!(!page.contains("Missing") && !page.contains("href="));
}

#[test]
fn what_is_not_there_yet_is_left_out_and_what_is_damaged_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let report = page(folder);
    report.write().unwrap();
    let path = folder.join("report.html");
    let empty = std::fs::read_to_string(&path).unwrap();
    assert!(empty.contains("Under way: 0 of 0 steps") && !empty.contains("<img"));

    std::fs::write(folder.join("findings.json"), "{}").unwrap();
    match report.write() {
        Err(GanError::Observe(ObserveError::Findings { path, .. })) => {
            assert_eq!(path, folder.join("findings.json"));
        }
        other => panic!("{other:?}"),
    }
    std::fs::remove_file(folder.join("findings.json")).unwrap();
    std::fs::write(
        folder.join("scores.csv"),
        "step,score,samples,value\n1,mean,x,2\n",
    )
    .unwrap();
    let error = report.write().unwrap_err();
    assert!(
        matches!(
            &error,
            GanError::Observe(ObserveError::History { line: 2, .. })
        ),
        "{error}"
    );
    // The page of before stands.
    assert_eq!(std::fs::read_to_string(&path).unwrap(), empty);
    let nowhere = HtmlReport::new(folder.join("missing/report.html"), 1);
    assert!(matches!(nowhere.write(), Err(GanError::File(_))));
}

#[test]
fn findings_are_in_their_file_from_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("findings.json");
    std::fs::write(&path, "of an earlier run").unwrap();
    run(folder.path());
    let findings = read_findings(&path).unwrap();
    let windows: Vec<_> = findings.iter().map(|it| (it.first, it.last)).collect();
    assert_eq!(windows, [(0, 1), (2, 3)]);
}

/// Runs in the page: moves the slider and leaves what it sees in an attribute of the body.
const PROBE: &str = r#"<script>
const problems = [];
window.addEventListener('error', event => problems.push(String(event.message)), true);
document.addEventListener('securitypolicyviolation', event => problems.push(event.violatedDirective));
window.addEventListener('load', () => {
  const grids = [...document.querySelectorAll('figure.steps img')];
  const slider = document.querySelector('figure.steps input');
  const seen = () => ({
    shown: grids.filter(grid => getComputedStyle(grid).display !== 'none').map(grid => grid.alt),
    label: document.querySelector('figure.steps output').value,
  });
  const atEnd = seen();
  slider.value = 1;
  slider.dispatchEvent(new Event('input'));
  document.body.dataset.probe = JSON.stringify({
    title: document.title,
    sizes: [...document.images].map(image => [image.naturalWidth, image.naturalHeight]),
    atEnd,
    moved: seen(),
    fetched: performance.getEntriesByType('resource').map(entry => entry.name)
      .filter(name => !name.startsWith('data:')),
    problems,
  });
});
</script>"#;

fn chromium() -> Option<&'static str> {
    let is_there = |name: &&str| Command::new(name).arg("--version").output().is_ok();
    ["chromium", "chromium-browser", "google-chrome"]
        .into_iter()
        .find(is_there)
}

#[test]
fn a_browser_shows_the_pictures_and_the_slider_moves_them() {
    let Some(chromium) = chromium() else {
        assert!(
            std::env::var_os("BURN_GAN_BROWSER").is_none(),
            "BURN_GAN_BROWSER is set, but there is no Chromium"
        );
        eprintln!("skipped: there is no Chromium here (Debian's package chromium)");
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    run(folder.path());
    let page = std::fs::read_to_string(folder.path().join("report.html")).unwrap();
    let (head, rest) = page.split_once("<style>").unwrap();
    let probed = folder.path().join("probed.html");
    std::fs::write(&probed, format!("{head}{PROBE}<style>{rest}")).unwrap();
    let output = Command::new(chromium)
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--dump-dom"])
        .arg("--enable-logging=stderr")
        .arg(format!(
            "--user-data-dir={}",
            folder.path().join("profile").display()
        ))
        .arg(format!("file://{}", probed.display()))
        .output()
        .unwrap();
    let (dom, log) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    let probe = dom
        .split_once("data-probe=\"")
        .and_then(|(_, rest)| rest.split_once('"'))
        .unwrap_or_else(|| panic!("{dom}\n{log}"));
    // As attributes are written out.
    let entities = [
        ("&quot;", "\""),
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&amp;", "&"),
    ];
    let probe = entities
        .iter()
        .fold(probe.0.to_string(), |text, (entity, character)| {
            text.replace(entity, character)
        });
    let probe: Value = serde_json::from_str(&probe).unwrap();
    // Grids of 2x2 images of 8x8 with gaps of 2, then the chart.
    assert_eq!(
        probe["sizes"],
        json!([[18, 18], [18, 18], [18, 18], [18, 18], [900, 540]])
    );
    assert_eq!(
        probe["atEnd"],
        json!({"shown": ["step 4"], "label": "step 4"})
    );
    assert_eq!(
        probe["moved"],
        json!({"shown": ["step 2"], "label": "step 2"})
    );
    assert_eq!(probe["fetched"], json!([]));
    assert_eq!(probe["problems"], json!([]));
    assert_eq!(probe["title"], "Faces <b>&</b> \"more\"");
    assert!(!log.contains("CONSOLE"), "{log}");
}
