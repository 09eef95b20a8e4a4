//! What several devices are worth: bytes on the way, time of a step, and the bandwidth from which on they are.
//!
//! cargo run --features remote --example scale -- --measure

mod chart;
#[path = "../common/mod.rs"]
mod common;
#[cfg(feature = "remote")]
mod measured;

use std::path::PathBuf;
use std::process::ExitCode;

use burn::module::Module;
use burn::tensor::Device;
use burn_gan::GanError;
use burn_gan::model::DcganConfig;
use clap::Parser;
use serde_json::{Value, json};

/// Prints the tables of docs/scale.md: those that follow from the sizes of the networks, and with --measure those of steps on
/// workers, each a process with one thread.
///
/// The last line of output is a JSON object.
#[derive(Parser, Debug)]
pub struct Arguments {
    /// Height and width of the images in pixels
    #[arg(long, value_delimiter = ',', default_values_t = [32, 64, 128])]
    sizes: Vec<usize>,

    /// Channels at the largest hidden resolution; they double with each halving
    #[arg(long, default_value_t = 64)]
    filters: usize,

    /// Real samples in a step
    #[arg(long, default_value_t = 64)]
    batch_size: usize,

    /// Measure steps on workers too; add `--features remote` to the cargo command
    #[arg(long)]
    measure: bool,

    /// Measured steps
    #[arg(long, default_value_t = 5)]
    steps: usize,

    /// Draws the bandwidths from which on two replicas are faster as a PNG file
    #[arg(long, value_name = "FILE")]
    chart: Option<PathBuf>,

    /// Serves this machine's device: the process of a worker
    #[arg(long, hide = true)]
    worker: bool,
}

/// How long a step on one device takes, in the table and in the chart.
pub const MILLISECONDS: [f64; 4] = [10.0, 30.0, 100.0, 1000.0];

/// A DCGAN of a size, and its parameters.
pub struct Model {
    pub size: usize,
    pub networks: DcganConfig,
    pub generator: usize,
    pub discriminator: usize,
}

impl Model {
    fn new(size: usize, filters: usize) -> Result<Self, GanError> {
        let networks = DcganConfig::new(3, size, size).with_filters(filters);
        let device = Device::flex();
        Ok(Self {
            size,
            generator: networks.init_generator(&device)?.num_params(),
            discriminator: networks.init_discriminator(&device)?.num_params(),
            networks,
        })
    }

    /// Of both networks.
    pub fn parameters(&self) -> usize {
        self.generator + self.discriminator
    }

    /// Weights out and gradients back, in f32, in a step on so many replicas: `2 N (|G| + |D|) 4`.
    pub fn bytes(&self, replicas: usize) -> f64 {
        bytes(self.parameters() as f64, replicas)
    }
}

/// The same of so many parameters.
fn bytes(parameters: f64, replicas: usize) -> f64 {
    2.0 * replicas as f64 * parameters * 4.0
}

/// Bytes a second of the controller's link from which on replicas are faster than one device with the whole batch, whose step
/// takes so many seconds: `T / N + 2 N P 4 / W < T`.
pub fn break_even_bandwidth(parameters: f64, replicas: usize, seconds: f64) -> f64 {
    bytes(parameters, replicas) / (seconds * (1.0 - 1.0 / replicas as f64))
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if arguments.worker {
        return common::run(|| worker().map(|()| Value::Null));
    }
    common::run(|| tables(&arguments))
}

fn tables(arguments: &Arguments) -> Result<Value, GanError> {
    let models = arguments.sizes.iter();
    let models = models.map(|&size| Model::new(size, arguments.filters));
    let models = models.collect::<Result<Vec<_>, _>>()?;
    println!(
        "| pixels | \\|G\\| | \\|D\\| | MB a step, 1 replica | 2 | 4 | 8 |\n|---|---|---|---|---|---|---|"
    );
    for model in &models {
        let megabytes = [1, 2, 4, 8].map(|replicas| format!("{:.0}", model.bytes(replicas) / 1e6));
        let [generator, discriminator] = [model.generator, model.discriminator]
            .map(|count| format!("{:.2} M", count as f64 / 1e6));
        println!(
            "| {} | {generator} | {discriminator} | {} |",
            model.size,
            megabytes.join(" | ")
        );
    }
    break_even(&models);
    if let Some(path) = &arguments.chart {
        chart::save(&models, path)?;
    }
    simulate(&models);
    let measured = if arguments.measure {
        measure(arguments, &models)?
    } else {
        Value::Null
    };
    let models = models.iter();
    Ok(json!({
        "parameters": models.map(|model| (model.size.to_string(), json!([model.generator, model.discriminator]))).collect::<serde_json::Map<_, _>>(),
        "measured": measured,
    }))
}

/// The break-even bandwidths by the time of a step.
fn break_even(models: &[Model]) {
    let of_steps = MILLISECONDS.map(|time| format!("{time} ms"));
    println!(
        "\n| pixels, replicas | {} |\n|---|---|---|---|---|",
        of_steps.join(" | ")
    );
    for model in models {
        for replicas in [2, 4, 8] {
            let bandwidths = MILLISECONDS.map(|time| {
                let parameters = model.parameters() as f64;
                let bandwidth = break_even_bandwidth(parameters, replicas, time / 1e3);
                format!("{:.2} GB/s", bandwidth / 1e9)
            });
            println!(
                "| {}, {replicas} | {} |",
                model.size,
                bandwidths.join(" | ")
            );
        }
    }
}

/// The share of N devices' work that is left of a step of 30 ms a device, by arithmetic: what goes over one controller's link, and
/// what a ring all-reduce sends over every device's own.
fn simulate(models: &[Model]) {
    const SECONDS: f64 = 0.03;
    const LINKS: [(&str, f64); 3] = [
        ("10 Gbit/s", 1.25e9),
        ("100 Gbit/s", 12.5e9),
        ("450 GB/s", 450e9),
    ];
    /// A message's way, in seconds.
    const LATENCY: f64 = 20e-6;
    println!("\n| pixels, link, what | 2 | 4 | 8 | 16 | 32 | 64 |\n|---|---|---|---|---|---|---|");
    for model in models {
        for (link, bandwidth) in LINKS {
            let controller = |devices: usize| model.bytes(devices) / bandwidth + 6.0 * LATENCY;
            let ring = |devices: usize| {
                let share = (devices - 1) as f64 / devices as f64;
                let messages = 4.0 * (devices - 1) as f64;
                model.bytes(1) * share / bandwidth + messages * LATENCY
            };
            let row = |of: &dyn Fn(usize) -> f64| {
                let left = [2, 4, 8, 16, 32, 64].map(|devices| SECONDS / (SECONDS + of(devices)));
                left.map(|share| format!("{:.0}%", 100.0 * share))
                    .join(" | ")
            };
            println!(
                "| {}, {link}, controller | {} |",
                model.size,
                row(&controller)
            );
            println!("| {}, {link}, all-reduce | {} |", model.size, row(&ring));
        }
    }
}

#[cfg(feature = "remote")]
use measured::{measure, worker};

#[cfg(not(feature = "remote"))]
fn measure(_: &Arguments, _: &[Model]) -> Result<Value, GanError> {
    Err(GanError::user(
        "this binary was built without workers: add `--features remote` to the cargo command",
    ))
}

#[cfg(not(feature = "remote"))]
fn worker() -> Result<(), GanError> {
    measure(&Arguments::parse(), &[]).map(drop)
}
