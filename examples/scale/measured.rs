//! Steps on workers, measured: each a process of this machine with one thread.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use burn::tensor::Device;
use burn_gan::random::{Purpose, Stream};
use burn_gan::trainer::{GanTrainerConfig, connect_worker};
use burn_gan::{AdversarialTrainer, Batch, GanError};
use serde_json::{Value, json};

use crate::common::worker::serve;
use crate::{Arguments, Model};

/// Steps before the measured ones.
const WARM_UP: usize = 2;
const LIMIT: Duration = Duration::from_secs(600);

/// The process of a worker.
pub fn worker() -> Result<(), GanError> {
    serve(Device::flex(), ([127, 0, 0, 1], 0).into(), None)
}

/// A worker, ended when it is dropped.
struct Worker {
    process: Child,
    device: Device,
}

impl Worker {
    fn start() -> Result<Self, GanError> {
        let mut process = Command::new(std::env::current_exe().map_err(GanError::user)?)
            .arg("--worker")
            .env("RAYON_NUM_THREADS", "1")
            .env("RUST_LOG", "error")
            .stdout(Stdio::piped())
            .spawn()
            .map_err(GanError::user)?;
        let lines = process
            .stdout
            .take()
            .map(|lines| BufReader::new(lines).lines());
        let mut lines = lines.ok_or_else(|| GanError::user("a worker without output"))?;
        let line = lines.next().and_then(Result::ok).unwrap_or_default();
        let address = line.trim_start_matches("listening at ").to_string();
        // It must not wait for somebody to read what it prints.
        std::thread::spawn(move || lines.for_each(drop));
        let device = connect_worker(&address, None, LIMIT)?;
        Ok(Self { process, device })
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Milliseconds and megabytes of a step on this process's device and on one and two workers.
pub fn measure(arguments: &Arguments, models: &[Model]) -> Result<Value, GanError> {
    println!(
        "\n| pixels | one device, all threads | 1 worker | 2 workers | MB a step, 1 worker | 2 | of 2 N (\\|G\\| + \\|D\\|) 4 |"
    );
    println!("|---|---|---|---|---|---|---|");
    let mut rows = Vec::new();
    for model in models {
        let here = step(arguments, model, &[])?;
        let workers = [Worker::start()?, Worker::start()?];
        let devices: Vec<Device> = workers.iter().map(|worker| worker.device.clone()).collect();
        let one = step(arguments, model, &devices[..1])?;
        let two = step(arguments, model, &devices)?;
        println!(
            "| {} | {:.0} ms | {:.0} ms | {:.0} ms | {:.1} | {:.1} | {:.2} |",
            model.size,
            here.milliseconds,
            one.milliseconds,
            two.milliseconds,
            one.megabytes,
            two.megabytes,
            two.megabytes * 1e6 / model.bytes(2),
        );
        rows.push(json!({
            "size": model.size,
            "milliseconds": [here.milliseconds, one.milliseconds, two.milliseconds],
            "megabytes": [one.megabytes, two.megabytes],
        }));
    }
    Ok(json!(rows))
}

/// What a step takes.
struct Cost {
    /// The median.
    milliseconds: f64,
    /// The mean over the loopback interface, other programs' included.
    megabytes: f64,
}

fn step(arguments: &Arguments, model: &Model, replicas: &[Device]) -> Result<Cost, GanError> {
    let device = Device::flex().autodiff();
    let shape = [arguments.batch_size, 3, model.size, model.size];
    let noise = Stream::new(1, Purpose::Data, 0).normal(shape, &Device::flex());
    let batch = Batch::new(noise.tanh());
    let mut trainer = GanTrainerConfig::new().init(
        model.networks.init_generator(&device)?,
        model.networks.init_discriminator(&device)?,
        &batch,
    )?;
    if !replicas.is_empty() {
        trainer = trainer.with_replicas(replicas.to_vec())?;
    }
    for _ in 0..WARM_UP {
        trainer.step(batch.clone())?;
    }
    let before = sent()?;
    let steps = arguments.steps.max(1);
    let mut times = Vec::new();
    for _ in 0..steps {
        let start = Instant::now();
        trainer.step(batch.clone())?;
        times.push(start.elapsed().as_secs_f64() * 1e3);
    }
    times.sort_by(f64::total_cmp);
    Ok(Cost {
        milliseconds: times[steps / 2],
        megabytes: (sent()? - before) / steps as f64 / 1e6,
    })
}

/// Bytes that this machine has sent to itself; NaN where the system does not say.
fn sent() -> Result<f64, GanError> {
    let Ok(text) = std::fs::read_to_string("/proc/net/dev") else {
        return Ok(f64::NAN);
    };
    let line = text
        .lines()
        .find_map(|line| line.trim().strip_prefix("lo:"));
    let column = line.and_then(|line| line.split_whitespace().nth(8));
    let bytes = column.and_then(|bytes| bytes.parse().ok());
    bytes.ok_or_else(|| GanError::user("/proc/net/dev has no line of the loopback interface"))
}
