//! The break-even bandwidth by the size of the networks, as a chart.

use std::path::Path;

use burn_gan::GanError;
use burn_gan::plot::Chart;

use crate::{MILLISECONDS, Model, break_even_bandwidth};

const REPLICAS: usize = 2;
/// Points of a line: it is bent, since the axis upwards is logarithmic.
const POINTS: usize = 100;
/// Bandwidths to compare with, in bytes a second.
const LINKS: [(&str, f64); 3] = [
    ("1 Gbit/s = 0.125 GB/s", 0.125e9),
    ("10 Gbit/s = 1.25 GB/s", 1.25e9),
    ("100 Gbit/s = 12.5 GB/s", 12.5e9),
];

/// From the smallest of the models to the largest, a line for each time of a step.
pub fn save(models: &[Model], path: &Path) -> Result<(), GanError> {
    let sizes = models.iter().map(|model| model.parameters() as f64);
    let smallest = sizes.clone().fold(f64::INFINITY, f64::min);
    let largest = sizes.fold(0.0, f64::max);
    let names = models.iter();
    let names = names.map(|model| {
        format!(
            "{} pixels: {:.1}",
            model.size,
            model.parameters() as f64 / 1e6
        )
    });
    let names: Vec<String> = names.collect();
    let mut chart = Chart::new(format!(
        "Bandwidth from which on {REPLICAS} replicas are faster"
    ))
    .with_axes(
        format!(
            "parameters of both networks, millions ({})",
            names.join(", ")
        ),
        "GB/s",
    )
    .with_logarithmic_y(true);
    for time in MILLISECONDS {
        let points = (0..=POINTS).map(|point| {
            let share = point as f64 / POINTS as f64;
            let parameters = smallest + share * (largest - smallest);
            let bandwidth = break_even_bandwidth(parameters, REPLICAS, time / 1e3);
            (parameters / 1e6, bandwidth / 1e9)
        });
        let points: Vec<_> = points.collect();
        chart = chart.with_line(format!("a step of {time} ms"), &points);
    }
    for (name, bandwidth) in LINKS {
        chart = chart.with_reference(name, bandwidth / 1e9);
    }
    chart.save(path)?;
    Ok(())
}
