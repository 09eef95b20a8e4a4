//! Plots: what is drawn is where it should be, and no input makes them panic.

use std::fs;
use std::path::{Path, PathBuf};

use burn::tensor::{Device, Tensor};
use burn_gan::data::Mixture;
use burn_gan::model::MlpConfig;
use burn_gan::observe::{
    History, HistoryPlots, ObserveError, Observer, Plan, read_scores, score_chart,
};
use burn_gan::plot::{Chart, PlotError, PointsPlot, logit_chart, loss_chart};
use burn_gan::random::{Purpose, Stream};
use burn_gan::{ConfigError, FileError, ShapeError};
use burn_gan::{GanError, StepReport};

use crate::common::picture::Picture;

const BLUE: [u8; 3] = [0, 114, 178];
const VERMILION: [u8; 3] = [213, 94, 0];

/// A picture, also kept where `PLOT_PICTURES` says, to be looked at.
fn picture(name: &str, save: impl FnOnce(&Path) -> Result<(), PlotError>) -> Picture {
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

/// The first and the last of some numbers by size.
fn ends(values: impl Iterator<Item = u32> + Clone) -> (u32, u32) {
    (values.clone().min().unwrap(), values.max().unwrap())
}

/// The columns and the rows between which two pictures of one size differ.
fn differing(a: &Picture, b: &Picture) -> ((u32, u32), (u32, u32)) {
    assert_eq!(a.dimensions(), b.dimensions());
    let places: Vec<_> = a
        .pixels()
        .zip(b.pixels())
        .filter(|(a, b)| a != b)
        .map(|((x, y, _), _)| (x, y))
        .collect();
    let (columns, rows) = (
        places.iter().map(|(x, _)| *x),
        places.iter().map(|(_, y)| *y),
    );
    (ends(columns), ends(rows))
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
    // From left to right.
    let climb = |places: &[(u32, u32)]| {
        let (leftmost, rightmost) = (places.iter().min().unwrap(), places.iter().max().unwrap());
        i64::from(rightmost.1) - i64::from(leftmost.1)
    };
    assert!(climb(&blue) < -300, "up is towards row 0");
    assert!(climb(&vermilion) > 300);
}

#[test]
fn a_legend_names_more_than_one_line_where_the_fewest_points_are() {
    // Points in all corners but one, and a second line that is but one point in the middle.
    for (corner, [right, top]) in [[0, 0], [1, 0], [0, 1], [1, 1]].into_iter().enumerate() {
        let corners = [(0.0, 0.0), (1.0, 0.0), (0.0, 1.0), (1.0, 1.0)];
        let others = (0..4).filter(|other| *other != corner);
        let mut points: Vec<(f64, f64)> = others.map(|other| corners[other]).collect();
        points.push((0.5, 0.5));
        let one = Chart::new("Corners").with_line("corners", &points);
        let two = one.clone().with_line("middle", &[(0.5, 0.5)]);
        let [one, two] = [one, two].map(|drawn| chart("corners.png", &drawn));
        assert!(places(&one, VERMILION).is_empty());
        let (middle, named): (Vec<_>, Vec<_>) = places(&two, VERMILION)
            .into_iter()
            .partition(|(x, y)| x.abs_diff(460) < 50 && y.abs_diff(270) < 50);
        assert!(!middle.is_empty() && named.len() > 40, "{}", named.len());
        for (x, y) in named {
            assert_eq!(
                [u32::from(x > 460), u32::from(y < 270)],
                [right, top],
                "{x} {y}"
            );
        }
        // Its text as well.
        let renamed = Chart::new("Corners").with_line("corners", &points);
        let renamed = chart("corners.png", &renamed.with_line("centre", &[(0.5, 0.5)]));
        let ((first, last), (upper, lower)) = differing(&two, &renamed);
        assert!(last - first < 90 && lower - upper < 60);
    }
}

#[test]
fn titles_and_names_of_axes_stand_in_their_places() {
    let line = [(0.0, 0.0), (1.0, 1.0)];
    let named = |title: &str, x: &str, y: &str| {
        chart(
            "names.png",
            &Chart::new(title).with_axes(x, y).with_line("line", &line),
        )
    };
    let drawn = named("Title", "step", "loss");
    let (columns, rows) = differing(&drawn, &named("Other", "step", "loss"));
    assert!(
        rows.1 < 36 && columns.0 > 400 && columns.1 < 500,
        "{columns:?} {rows:?}"
    );
    let (columns, rows) = differing(&drawn, &named("Title", "epoch", "loss"));
    assert!(
        rows.0 > 500 && columns.0 > 400 && columns.1 < 500,
        "{columns:?} {rows:?}"
    );
    // Upwards, and so higher than wide.
    let (columns, rows) = differing(&drawn, &named("Title", "step", "score"));
    assert!(
        columns.1 < 36 && rows.1 - rows.0 > columns.1 - columns.0,
        "{columns:?} {rows:?}"
    );
    // Names that are there take their room from the data.
    let bare = chart("bare.png", &Chart::new("").with_line("line", &line));
    let height = |picture: &Picture| {
        let (upper, lower) = ends(places(picture, BLUE).into_iter().map(|(_, y)| y));
        lower - upper
    };
    assert!(height(&bare) > height(&drawn) + 30);
}

#[test]
fn ticks_have_lines_and_labels() {
    let at = |low: f64, high: f64| {
        let line = [(0.0, low), (100.0, high)];
        chart(
            "ticks.png",
            &Chart::new("Ticks")
                .with_size(900, 500)
                .with_line("line", &line),
        )
    };
    // Other labels of the y axis at each tick, left of the ticks' marks.
    let (drawn, other) = (at(20.0, 30.0), at(50.0, 60.0));
    let axis = places(&drawn, BLUE).iter().min().unwrap().0;
    let labels = drawn.pixels().zip(other.pixels());
    let labels = labels.filter(|(a, b)| a != b && a.0 < axis - 8);
    let rows: std::collections::BTreeSet<u32> = labels.map(|((_, y, _), _)| y).collect();
    let starts = rows.iter().filter(|row| !rows.contains(&(*row - 1)));
    let starts: Vec<u32> = starts.copied().collect();
    assert_eq!(starts.len(), 6, "20, 22, .., 30 from row {starts:?} on");
    let distances = starts.windows(2).map(|pair| pair[1] - pair[0]);
    let (least, most) = ends(distances.collect::<Vec<_>>().into_iter());
    assert!(least > 60 && most - least <= 1, "{starts:?}");
    // Pale lines at 0, 20, .., 100 from left to right; the one at 0 lies under the axis.
    let row = drawn.dimensions().1 / 5;
    let is_pale = |x: &u32| {
        let [red, green, blue] = drawn.pixel(*x, row);
        red == green && green == blue && (200..255).contains(&red)
    };
    let pale: Vec<u32> = (axis + 5..900).filter(is_pale).collect();
    let lines: Vec<u32> = pale
        .chunk_by(|a, b| a + 1 == *b)
        .map(|line| line[0])
        .collect();
    assert_eq!(lines.len(), 5, "{lines:?}");
    for (index, line) in lines.iter().enumerate() {
        let expected = axis + (lines[4] - axis) * (index as u32 + 1) / 5;
        assert!(line.abs_diff(expected) <= 4, "{lines:?} from {axis} on");
    }
}

#[test]
fn references_are_dashes_at_their_level() {
    let drawn = chart(
        "references.png",
        &Chart::new("References")
            .with_line("line", &[(0.0, 0.0), (1.0, 1.0)])
            .with_reference("half", 0.5)
            .with_reference("nowhere", f64::NAN),
    );
    const GREY: [u8; 3] = [110, 110, 110];
    let blue = places(&drawn, BLUE);
    let (first, last) = (blue.iter().min().unwrap(), blue.iter().max().unwrap());
    let middle = (first.1 + last.1) / 2;
    let dashes = places(&drawn, GREY).into_iter();
    let dashes: Vec<_> = dashes.filter(|(_, y)| y.abs_diff(middle) <= 3).collect();
    assert!(!dashes.is_empty(), "none at {middle}");
    let columns: std::collections::BTreeSet<u32> = dashes.iter().map(|(x, _)| *x).collect();
    let gaps = (first.0..last.0).filter(|x| columns.contains(x) && !columns.contains(&(x + 1)));
    let gaps = gaps.count();
    assert!(
        (50..80).contains(&gaps),
        "{gaps} dashes of 7 and gaps of 5 pixels"
    );
}

#[test]
fn sharp_corners_have_no_spikes() {
    // From end to end within a pixel: the reference lines say where the ends are.
    let points = |count: u32| -> Vec<(f64, f64)> {
        (0..count)
            .map(|i| (f64::from(i), f64::from(i % 2)))
            .collect()
    };
    for count in [400, 3000] {
        let drawn = chart(
            "corners-of-lines.png",
            &Chart::new("")
                .with_line("noise", &points(count))
                .with_line("ends", &[(0.0, -1.0), (0.0, 2.0)]),
        );
        let (upper, lower) = ends(
            places(&drawn, VERMILION)
                .into_iter()
                .filter(|(x, _)| *x < 100)
                .map(|(_, y)| y),
        );
        let (third, height) = ((lower - upper) / 3, drawn.dimensions().1);
        let legend = |x: u32, y: u32| x > 600 && (y < 80 || y > height - 120);
        let blue = places(&drawn, BLUE)
            .into_iter()
            .filter(|(x, y)| !legend(*x, *y));
        let rows = blue.map(|(_, y)| y).collect::<Vec<_>>();
        let (first, last) = ends(rows.into_iter());
        assert!(
            first.abs_diff(upper + third) <= 5,
            "{first} {upper} {third}"
        );
        assert!(last.abs_diff(lower - third) <= 5, "{last} {lower} {third}");
    }
}

#[test]
fn one_point_of_many_is_not_lost() {
    let mut points: Vec<(f64, f64)> = (0..100_000).map(|i| (f64::from(i), 0.0)).collect();
    points[50_000].1 = 1.0;
    let drawn = chart("peak.png", &Chart::new("Peak").with_line("line", &points));
    let blue = places(&drawn, BLUE);
    let (upper, lower) = ends(blue.iter().map(|(_, y)| *y));
    assert!(lower - upper > 350);
    let (left, right) = ends(blue.iter().map(|(x, _)| *x));
    let peak = blue
        .iter()
        .filter(|(_, y)| *y < upper + 100)
        .map(|(x, _)| *x);
    let (first, last) = ends(peak);
    assert!(last - first < 6 && first.abs_diff((left + right) / 2) < 6);
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
            matches!(saved, Err(PlotError::File(FileError { .. }))),
            "{saved:?}"
        );
    }
    for (width, height) in [(0, 500), (500, 299), (4001, 500), (500, u32::MAX)] {
        let saved = chart
            .clone()
            .with_size(width, height)
            .save(folder.path().join("chart.png"));
        assert!(
            matches!(saved, Err(PlotError::Config(ConfigError { .. }))),
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
fn a_scale_says_what_the_colours_mean() {
    let surface = |factor: f64| {
        let plot = PointsPlot::new("Scale")
            .with_range([-1.0, 1.0], [-1.0, 1.0])
            .with_surface(&Device::flex(), move |points| abscissa(points) * factor);
        picture("scale.png", |path| plot.save(path))
    };
    let (drawn, other) = (surface(20.0), surface(30.0));
    // The fullest colours beside the plane, orange below blue.
    let (orange, blue) = ([240, 163, 104], [104, 171, 218]);
    let row_of = |colour: [u8; 3]| {
        let near = |pixel: [u8; 3]| (0..3).all(|c| pixel[c].abs_diff(colour[c]) < 4);
        let beside = drawn
            .pixels()
            .filter(|(x, _, pixel)| *x > 655 && near(*pixel));
        let rows: Vec<u32> = beside.map(|(_, y, _)| y).collect();
        assert!(rows.len() > 30, "{}", rows.len());
        rows.iter().sum::<u32>() / rows.len() as u32
    };
    assert!(row_of(orange) > row_of(blue) + 500);
    // Logits half as large again have the same colours, and other labels beside and below them.
    let (columns, rows) = differing(&drawn, &other);
    assert!(columns.1 > 670 && rows.1 > 680, "{columns:?} {rows:?}");
    assert!((60..600).all(|x| (60..600).all(|y| drawn.pixel(x, y) == other.pixel(x, y))));
}

#[test]
fn points_that_share_a_far_coordinate_are_not_flat() {
    for far in [1e4, -1e6] {
        let upright: Vec<[f32; 2]> = (0..=20).map(|i| [far, i as f32 / 20.0]).collect();
        let level: Vec<[f32; 2]> = upright.iter().map(|[x, y]| [*y, *x]).collect();
        let span = |values: &[[f32; 2]]| {
            let plot = PointsPlot::new("").with_real(points(values));
            let drawn = picture("far.png", |path| plot.save(path));
            let legend = |x: u32, y: u32| x > 600 && y < 60;
            let found: Vec<_> = places(&drawn, [0, 66, 120])
                .into_iter()
                .filter(|(x, y)| !legend(*x, *y))
                .collect();
            let columns = ends(found.iter().map(|(x, _)| *x));
            let rows = ends(found.iter().map(|(_, y)| *y));
            [columns.1 - columns.0, rows.1 - rows.0]
        };
        let [width, height] = span(&upright);
        assert!(width < 10 && height > 400, "{far}: {width} x {height}");
        let [width, height] = span(&level);
        assert!(height < 10 && width > 400, "{far}: {width} x {height}");
    }
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
        matches!(saved, Err(PlotError::SurfaceFailed { .. })),
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
        matches!(saved, Err(PlotError::Shape(ShapeError { .. }))),
        "{saved:?}"
    );
    let saved = small()
        .with_surface(&device, |_| Tensor::zeros([3], &Device::flex()))
        .save(&path);
    assert!(
        matches!(saved, Err(PlotError::Shape(ShapeError { .. }))),
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
            matches!(saved, Err(PlotError::Config(ConfigError { .. }))),
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
