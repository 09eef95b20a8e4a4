//! Plots: what is drawn is where it should be, and no input makes them panic.

use std::fs;
use std::path::{Path, PathBuf};

use burn::tensor::{Device, Tensor};
use burn_gan::data::Mixture;
use burn_gan::model::MlpConfig;
use burn_gan::observe::{
    History, HistoryPlots, ObserveError, Observer, Plan, read_scores, score_chart,
};
use burn_gan::plot::{Chart, PointsPlot, logit_chart, loss_chart};
use burn_gan::random::{Purpose, Stream};
use burn_gan::{ConfigError, FileError, ShapeError};
use burn_gan::{GanError, StepReport};

use crate::common::picture::Picture;

const BLUE: [u8; 3] = [0, 114, 178];
const VERMILION: [u8; 3] = [213, 94, 0];

/// A picture, also kept where `PLOT_PICTURES` says, to be looked at.
fn picture(name: &str, save: impl FnOnce(&Path) -> Result<(), GanError>) -> Picture {
    let folder = tempfile::tempdir().unwrap();
    let kept = std::env::var_os("PLOT_PICTURES").map(PathBuf::from);
    let path = kept.unwrap_or(folder.path().to_path_buf()).join(name);
    save(&path).unwrap();
    Picture::read(&path)
}

fn chart(name: &str, chart: &Chart) -> Picture {
    picture(name, |path| chart.save(path))
}

/// Places of a colour.
fn places(picture: &Picture, colour: [u8; 3]) -> Vec<(u32, u32)> {
    picture
        .pixels()
        .filter(|(_, _, pixel)| *pixel == colour)
        .map(|(x, y, _)| (x, y))
        .collect()
}

#[test]
fn lines_are_drawn_where_their_points_are() {
    let rising: Vec<(f64, f64)> = (0..200).map(|i| (f64::from(i), f64::from(i))).collect();
    let falling: Vec<(f64, f64)> = rising.iter().map(|(x, y)| (*x, 199.0 - y)).collect();
    let drawn = chart(
        "lines.png",
        &Chart::new("Two lines")
            .with_axes("step", "value")
            .with_line("rising", &rising)
            .with_line("falling", &falling),
    );
    assert_eq!(drawn.dimensions(), (900, 540));
    let blue = places(&drawn, BLUE);
    let vermilion = places(&drawn, VERMILION);
    assert!(blue.len() > 300 && vermilion.len() > 300);
    // Below the legend, from left to right.
    let ends = |places: &[(u32, u32)]| {
        let places = places.iter().filter(|(_, y)| *y > 100);
        let leftmost = places.clone().min().unwrap();
        let rightmost = places.max().unwrap();
        i64::from(rightmost.1) - i64::from(leftmost.1)
    };
    assert!(ends(&blue) < -300, "up is towards row 0");
    assert!(ends(&vermilion) > 300);
}

#[test]
fn one_line_has_no_legend_and_another_colour_is_not_there() {
    let drawn = chart(
        "one.png",
        &Chart::new("One").with_line("only", &[(0.0, 1.0), (1.0, 2.0)]),
    );
    assert!(!places(&drawn, BLUE).is_empty());
    assert!(places(&drawn, VERMILION).is_empty());
    let legend = places(&drawn, BLUE)
        .into_iter()
        .filter(|(x, y)| *x < 60 && *y < 60);
    assert_eq!(legend.count(), 0);
}

#[test]
fn the_same_chart_is_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let bytes = |name: &str| {
        let path = folder.path().join(name);
        let points: Vec<(f64, f64)> = (0..500)
            .map(|i| (f64::from(i), (f64::from(i) * 0.1).sin()))
            .collect();
        Chart::new("Waves")
            .with_line("wave", &points)
            .with_reference("zero", 0.0)
            .save(&path)
            .unwrap();
        fs::read(&path).unwrap()
    };
    assert!(bytes("one.png") == bytes("two.png"));
    assert_eq!(
        fs::read_dir(folder.path()).unwrap().count(),
        2,
        "nothing else is left behind"
    );
}

#[test]
fn points_that_are_no_numbers_are_gaps() {
    let points = [
        (0.0, 1.0),
        (1.0, 1.0),
        (2.0, f64::NAN),
        (3.0, 1.0),
        (4.0, 1.0),
    ];
    let drawn = chart("gap.png", &Chart::new("Gap").with_line("gap", &points));
    let columns: Vec<u32> = places(&drawn, BLUE).into_iter().map(|(x, _)| x).collect();
    let (first, last) = (
        *columns.iter().min().unwrap(),
        *columns.iter().max().unwrap(),
    );
    let middle = (first + last) / 2;
    assert!(
        columns.iter().all(|column| column.abs_diff(middle) > 50),
        "{first} {last}"
    );
    // Not so without the gap.
    let whole: Vec<(f64, f64)> = points.map(|(x, _)| (x, 1.0)).to_vec();
    let drawn = chart("whole.png", &Chart::new("Whole").with_line("whole", &whole));
    assert!(places(&drawn, BLUE).into_iter().any(|(x, _)| x == middle));
}

#[test]
fn a_logarithmic_axis_makes_ratios_distances() {
    let points: Vec<(f64, f64)> = (0..5).map(|i| (f64::from(i), 10f64.powi(i))).collect();
    let straight = chart(
        "logarithmic.png",
        &Chart::new("Powers")
            .with_axes("exponent", "power")
            .with_line("power", &points)
            .with_logarithmic_y(true),
    );
    // The middle of the line is in the middle of its ends.
    let blue = places(&straight, BLUE);
    let row = |wanted: u32| {
        let rows = blue.iter().filter(|(x, _)| *x == wanted).map(|(_, y)| *y);
        rows.clone().sum::<u32>() / rows.count() as u32
    };
    let (first, last) = (
        blue.iter().min().unwrap().0 + 4,
        blue.iter().max().unwrap().0 - 4,
    );
    let middle = row((first + last) / 2);
    assert!(middle.abs_diff((row(first) + row(last)) / 2) <= 3);
}

#[test]
fn no_numbers_make_a_chart_panic() {
    let values = [
        0.0,
        -0.0,
        1.0,
        -1.0,
        1e-300,
        f64::MIN_POSITIVE,
        f64::from_bits(1),
        1e16,
        1e299,
        -1e299,
        f64::MAX,
        f64::MIN,
        f64::INFINITY,
        f64::NEG_INFINITY,
        f64::NAN,
    ];
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("chart.png");
    let small = |title: &str| Chart::new(title).with_size(300, 300);
    for (index, first) in values.into_iter().enumerate() {
        for second in [1, 4, 9].map(|next| values[(index + next) % values.len()]) {
            for logarithmic in [false, true] {
                small("Odd")
                    .with_axes("x", "y")
                    .with_line("odd", &[(first, second), (second, first), (0.5, 0.5)])
                    .with_reference("odd", first)
                    .with_logarithmic_y(logarithmic)
                    .save(&path)
                    .unwrap();
            }
        }
    }
    for empty in [
        small(""),
        small("Empty").with_line("empty", &[]),
        small("Nothing").with_line("nothing", &[(f64::NAN, 1.0), (1.0, f64::INFINITY)]),
        small("Negative")
            .with_logarithmic_y(true)
            .with_line("negative", &[(0.0, -1.0), (1.0, 0.0)]),
        small("A reference alone").with_reference("reference", 3.0),
        small(&"A long title that does not fit into the picture. ".repeat(5)),
        (0..40).fold(small("Many"), |chart, line| {
            chart.with_line(format!("line {line} of many"), &[(0.0, 1.0)])
        }),
        small("Unusual characters: Fréchet, 距離, \u{1f600}, \n\t\0").with_axes("\u{200b}", "\n"),
    ] {
        empty.save(&path).unwrap();
    }
}

#[test]
fn a_constant_line_and_an_empty_chart_are_pictures() {
    let constant = [(0.0, 0.7), (1.0, 0.7), (2.0, 0.7)];
    let drawn = chart(
        "constant.png",
        &Chart::new("Constant").with_line("constant", &constant),
    );
    assert!(places(&drawn, BLUE).len() > 500);
    let drawn = chart("empty.png", &Chart::new("Empty").with_axes("step", "loss"));
    assert!(places(&drawn, BLUE).is_empty());
}

#[test]
fn what_cannot_be_written_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let chart = Chart::new("Nowhere").with_line("line", &[(0.0, 1.0)]);
    for path in [
        folder.path().join("none/chart.png"),
        folder.path().to_path_buf(),
    ] {
        let saved = chart.save(&path);
        assert!(
            matches!(saved, Err(GanError::File(FileError { .. }))),
            "{saved:?}"
        );
    }
    for (width, height) in [(0, 500), (500, 299), (4001, 500), (500, u32::MAX)] {
        let saved = chart
            .clone()
            .with_size(width, height)
            .save(folder.path().join("chart.png"));
        assert!(
            matches!(saved, Err(GanError::Config(ConfigError { .. }))),
            "{saved:?}"
        );
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn a_chart_of_everything() {
    let noise = |seed: f64| move |i: i32| (f64::from(i) * 7.31 + seed).sin() * 43758.5453 % 1.0;
    let line = |level: f64, seed: f64| -> Vec<(f64, f64)> {
        let noise = noise(seed);
        (1..=200)
            .map(|i| {
                (
                    f64::from(i) * 100.0,
                    level * (1.0 + 8.0 / f64::from(i)) + 0.3 * noise(i),
                )
            })
            .collect()
    };
    let chart_of = |logarithmic| {
        Chart::new("Digits: Frechet distance of 1,000 samples")
            .with_axes("step", "Frechet distance")
            .with_line("DCGAN", &line(5.0, 0.1))
            .with_line("WGAN-GP", &line(7.0, 0.2))
            .with_line("R3GAN", &line(2.0, 0.3))
            .with_reference("held-out real samples", 1.2)
            .with_logarithmic_y(logarithmic)
    };
    chart("everything.png", &chart_of(false));
    chart("everything-logarithmic.png", &chart_of(true));
}

fn points(values: &[[f32; 2]]) -> Tensor<2> {
    let flat: Vec<f32> = values.iter().flatten().copied().collect();
    Tensor::<1>::from_floats(flat.as_slice(), &Device::flex()).reshape([values.len(), 2])
}

/// The first number of each point.
fn abscissa(points: Tensor<2>) -> Tensor<1> {
    points.narrow(1, 0, 1).squeeze_dim::<1>(1)
}

#[test]
fn a_surface_has_the_colours_of_its_values() {
    let plot = PointsPlot::new("x")
        .with_range([-1.0, 1.0], [-1.0, 1.0])
        .with_surface(&Device::flex(), abscissa);
    let drawn = picture("surface.png", |path| plot.save(path));
    let at = |across: u32| drawn.pixel(across, 300);
    let (left, right) = (at(80), at(620));
    assert!(left[0] > 220 && left[2] < 140, "orange: {left:?}");
    assert!(right[0] < 140 && right[2] > 200, "blue: {right:?}");
    // White in between.
    assert!((300..420).any(|column| at(column).iter().all(|&channel| channel >= 248)));
}

#[test]
fn points_and_both_axes_have_the_same_scale() {
    let real = points(&[[-2.0, 0.0], [2.0, 0.0], [0.0, 1.0], [0.0, -1.0]]);
    let plot = PointsPlot::new("Four")
        .with_real(real)
        .with_generated(points(&[[9.0, f32::NAN], [f32::INFINITY, 1.0]]));
    let drawn = picture("four.png", |path| plot.save(path));
    let real = [0, 66, 120];
    let found: Vec<_> = places(&drawn, real)
        .into_iter()
        .filter(|(_, y)| *y > 80)
        .collect();
    let span =
        |values: Vec<u32>| f64::from(values.iter().max().unwrap() - values.iter().min().unwrap());
    let width = span(found.iter().map(|(x, _)| *x).collect());
    let height = span(found.iter().map(|(_, y)| *y).collect());
    assert!((width / height - 2.0).abs() < 0.05, "{width} x {height}");
}

#[test]
fn a_discriminator_is_a_surface() {
    let device = Device::flex().autodiff();
    let networks = MlpConfig::new(2).with_hidden(vec![16, 16]);
    let discriminator = networks.init_discriminator(&device).unwrap();
    let ring = Mixture::ring().sample(500, &mut Stream::new(1, Purpose::Data, 0), &device);
    let plot = PointsPlot::new("Ring, untrained")
        .with_real(ring)
        .with_discriminator(&discriminator);
    picture("ring.png", |path| plot.save(path));
    // A network for other points.
    let other = MlpConfig::new(3).init_discriminator(&device).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let saved = PointsPlot::new("")
        .with_discriminator(&other)
        .save(folder.path().join("other.png"));
    assert!(
        matches!(saved, Err(GanError::NetworkFailed { .. })),
        "{saved:?}"
    );
}

#[test]
fn no_points_and_no_logits_make_a_plot_panic() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("points.png");
    let device = Device::flex();
    let small = || PointsPlot::new("Odd").with_size(300, 300);
    let extreme = [
        0.0,
        1.0,
        -1.0,
        f32::MAX,
        f32::MIN,
        f32::MIN_POSITIVE,
        f32::NAN,
        f32::INFINITY,
    ];
    for value in extreme {
        let odd = points(&[[value, 0.0], [1.0, value]]);
        let logits = move |points: Tensor<2>| abscissa(points) * 0.0 + value;
        small()
            .with_real(odd.clone())
            .with_generated(odd)
            .with_surface(&device, logits)
            .save(&path)
            .unwrap();
    }
    small().save(&path).unwrap();
    small()
        .with_real(Tensor::zeros([0, 2], &device))
        .save(&path)
        .unwrap();
    small()
        .with_range([-1e299, 1e299], [1.0, 1.5])
        .with_surface(&device, abscissa)
        .save(&path)
        .unwrap();

    let saved = small()
        .with_real(Tensor::zeros([4, 3], &device))
        .save(&path);
    assert!(
        matches!(saved, Err(GanError::Shape(ShapeError { .. }))),
        "{saved:?}"
    );
    let saved = small()
        .with_surface(&device, |_| Tensor::zeros([3], &Device::flex()))
        .save(&path);
    assert!(
        matches!(saved, Err(GanError::Shape(ShapeError { .. }))),
        "{saved:?}"
    );
    for range in [
        [0.0, 0.0],
        [1.0, 0.0],
        [0.0, f64::NAN],
        [f64::NEG_INFINITY, 0.0],
    ] {
        let saved = small().with_range(range, [0.0, 1.0]).save(&path);
        assert!(
            matches!(saved, Err(GanError::Config(ConfigError { .. }))),
            "{saved:?}"
        );
    }
}

#[test]
fn the_numbers_of_a_history_are_lines() {
    let number = |value: f32| Tensor::<1>::from_floats([value], &Device::flex());
    let rows: Vec<_> = (0..30)
        .map(|step| {
            let value = step as f32;
            StepReport::new(step, number(value), number(value), number(-value))
                .with_loss_generator(step.is_multiple_of(5).then(|| number(30.0 - value)))
                .read()
                .unwrap()
        })
        .collect();
    for (name, drawn) in [
        ("losses.png", loss_chart(&rows)),
        ("logits.png", logit_chart(&rows)),
    ] {
        let drawn = chart(name, &drawn);
        assert!(places(&drawn, BLUE).len() > 500 && places(&drawn, VERMILION).len() > 500);
        assert_eq!(drawn.dimensions(), (900, 540));
    }
    chart("no-rows.png", &loss_chart(&[]));
}

/// Plots a run from one step to another; which plots there are after each step.
fn plotted_run(folder: &Path, from: usize, to: usize) -> Vec<bool> {
    let csv = folder.join("losses.csv");
    let mut observers: Vec<Box<dyn Observer<()>>> = vec![
        Box::new(History::csv(&csv, 1)),
        Box::new(HistoryPlots::new(&csv, 4)),
    ];
    observers.start(Plan::new(from, to)).unwrap();
    let number = |value: f32| Tensor::<1>::from_floats([value], &Device::flex());
    let mut written = Vec::new();
    let mut last = None;
    for step in from..to {
        let value = (step as f32).sqrt();
        let report = StepReport::new(step, number(value), number(value), number(1.0 - value));
        observers.observe(&report, &()).unwrap();
        written.push(
            ["losses.png", "logits.png"]
                .iter()
                .all(|name| folder.join(name).exists()),
        );
        last = Some(report);
    }
    observers.finish(last.as_ref(), &()).unwrap();
    written
}

#[test]
fn the_plots_of_a_resumed_run_are_those_of_the_whole() {
    let (whole, parts) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    assert_eq!(
        plotted_run(whole.path(), 0, 6),
        [false, false, false, true, true, true]
    );
    plotted_run(parts.path(), 0, 3);
    plotted_run(parts.path(), 3, 6);
    for name in ["losses.png", "logits.png"] {
        let [a, b] = [&whole, &parts].map(|folder| fs::read(folder.path().join(name)).unwrap());
        assert!(a == b, "{name}");
    }
    // What is up to date is not drawn again.
    let csv = whole.path().join("losses.csv");
    let mut plots = HistoryPlots::new(&csv, 3);
    let zero = || Tensor::<1>::zeros([1], &Device::flex());
    let report = StepReport::new(5, zero(), zero(), zero());
    plots.observe(&report, &()).unwrap();
    fs::remove_file(whole.path().join("losses.png")).unwrap();
    Observer::<()>::finish(&mut plots, Some(&report), &()).unwrap();
    assert!(!whole.path().join("losses.png").exists());
    // Without the file that it shows.
    let mut alone = HistoryPlots::new(whole.path().join("none.csv"), 1);
    let finished = Observer::<()>::finish(&mut alone, Some(&report), &());
    assert!(
        matches!(
            finished,
            Err(GanError::Observe(ObserveError::File(FileError { .. })))
        ),
        "{finished:?}"
    );
}

#[test]
fn a_score_has_a_chart_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("scores.csv");
    let rows = (1..=6).map(|look| {
        format!(
            "{},distance,100,{}\n{},modes,50,inf\n",
            500 * look - 1,
            9.0 / f64::from(look),
            500 * look - 1
        )
    });
    fs::write(
        &path,
        format!("step,score,samples,value\n{}", rows.collect::<String>()),
    )
    .unwrap();
    let rows = read_scores(&path).unwrap();
    let drawn = chart(
        "distance.png",
        &score_chart(&rows, "distance").with_reference("real", 1.0),
    );
    assert!(places(&drawn, BLUE).len() > 500);
    // Infinities have no place, and there is no such score.
    for name in ["modes", "none"] {
        assert!(places(&chart("none.png", &score_chart(&rows, name)), BLUE).is_empty());
    }
}
