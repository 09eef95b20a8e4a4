//! Workers on loopback, each a process of its own: the bits of devices of this process, and every way to fail.

mod bytes;
mod failures;

use std::fs;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use burn::tensor::Device;
use burn_gan::ema::EmaConfig;
use burn_gan::model::{
    DcganConfig, DcganDiscriminator, DcganGenerator, R3ganConfig, R3ganDiscriminator,
    R3ganGenerator,
};
use burn_gan::penalty::Penalty;
use burn_gan::random::{Purpose, Stream};
use burn_gan::trainer::{
    GanTrainer, GanTrainerConfig, OnReplicaFailure, ReplicaError, ReplicasConfig, connect_worker,
};
use burn_gan::{AdversarialTrainer, GanError, Kernels};

use crate::accumulation::{assert_near, images, numbers, plain, without_batch_norm};
use crate::common::survivor::{Everything, Keep, Setup, train_on};
use crate::common::worker_process::{self, LIMIT, SECRET, Worker};
use crate::replicas::state;
use failures::unreachable;

#[test]
#[ignore = "run by the other tests as a process of its own"]
fn the_worker() {
    worker_process::serve();
}

fn device() -> Device {
    Device::flex().autodiff()
}

fn workers<const N: usize>() -> ([Worker; N], Vec<Device>) {
    let workers = [(); N].map(|()| Worker::start());
    let devices = workers.iter().map(|worker| worker.connect().unwrap());
    let devices = devices.collect();
    (workers, devices)
}

/// With batch normalisation and an average.
fn dcgan(kernels: Kernels) -> GanTrainer<4, DcganGenerator, DcganDiscriminator> {
    let networks = DcganConfig::new(1, 8, 8)
        .with_filters(4)
        .with_latent_size(6);
    GanTrainerConfig::new()
        .with_ema(Some(EmaConfig::new()))
        .with_kernels(kernels)
        .init(
            networks.init_generator(&device()).unwrap(),
            networks.init_discriminator(&device()).unwrap(),
            &images(0, 1),
        )
        .unwrap()
}

fn r3gan(config: GanTrainerConfig) -> GanTrainer<4, R3ganGenerator, R3ganDiscriminator> {
    let networks = R3ganConfig::new(1, 8, 8)
        .with_filters(4)
        .with_latent_size(6);
    config
        .with_penalties(vec![Penalty::R1 { gamma: 0.5 }, Penalty::R2 { gamma: 0.5 }])
        .init(
            networks.init_generator(&device()).unwrap(),
            networks.init_discriminator(&device()).unwrap(),
            &images(0, 1),
        )
        .unwrap()
}

macro_rules! assert_same_bits {
    ($one:expr, $other:expr) => {
        let (mut one, mut other) = ($one, $other);
        for step in 0..4 {
            let expected = numbers(&one.step(images(step, 9)).unwrap());
            let actual = numbers(&other.step(images(step, 9)).unwrap());
            assert_eq!(actual, expected, "step {step}");
            assert_eq!(state(&other), state(&one), "step {step}");
        }
    };
}

#[test]
fn two_workers_have_the_bits_of_two_devices_of_this_process() {
    let (_workers, devices) = workers::<2>();
    let local = || vec![Device::flex(); 2];
    assert_same_bits!(
        dcgan(Kernels::Off).with_replicas(local()).unwrap(),
        dcgan(Kernels::Off).with_replicas(devices.clone()).unwrap()
    );
    let config = || {
        GanTrainerConfig::r3gan()
            .with_burn_in(10)
            .with_kernels(Kernels::Off)
    };
    assert_same_bits!(
        r3gan(config()).with_replicas(local()).unwrap(),
        r3gan(config()).with_replicas(devices.clone()).unwrap()
    );
    // With the kernels of this process, which do not run there.
    let config = || plain(GanTrainerConfig::new());
    assert_near(
        "R3GAN, workers",
        r3gan(config()).with_replicas(local()).unwrap(),
        r3gan(config()).with_replicas(devices.clone()).unwrap(),
        &[images(0, 9), images(1, 9)],
    );
    // A mix of both repeats itself.
    let mixed = || dcgan(Kernels::Fast).with_replicas(vec![Device::flex(), devices[0].clone()]);
    assert_same_bits!(mixed().unwrap(), mixed().unwrap());
}

#[test]
fn the_whole_batch_on_one_worker_and_on_two() {
    let (_workers, devices) = workers::<2>();
    let networks = without_batch_norm();
    let build = || {
        let generator = networks.init_generator(&device()).unwrap();
        let discriminator = networks.init_discriminator(&device()).unwrap();
        let config = plain(GanTrainerConfig::new());
        config
            .init(generator, discriminator, &images(0, 1))
            .unwrap()
    };
    let batches = [images(0, 12), images(1, 13)];
    for count in [1, 2] {
        let replicas = build().with_replicas(devices[..count].to_vec()).unwrap();
        assert_near("DCGAN, workers", build(), replicas, &batches);
    }
}

#[test]
fn a_worker_that_dies_is_an_error_and_nothing_of_the_step_stays() {
    let ([_first, mut second], devices) = workers::<2>();
    let replicas = ReplicasConfig::new(devices).with_time_limit(LIMIT);
    let mut trainer = dcgan(Kernels::Fast).with_replicas(replicas).unwrap();
    trainer.step(images(0, 8)).unwrap();
    let before = state(&trainer);
    second.kill();
    match trainer.step(images(1, 8)) {
        Err(GanError::Replica(ReplicaError::Failed { rank: 1, .. })) => {}
        other => panic!("{other:?}"),
    }
    assert_eq!((state(&trainer), trainer.steps()), (before.clone(), 1));
    // Another at the same address is not the one that was lost.
    let _third = Worker::start_at(second.socket());
    match trainer.step(images(1, 8)) {
        Err(GanError::Replica(ReplicaError::Lost { rank: 1, .. })) => {}
        other => panic!("{other:?}"),
    }
    assert_eq!(state(&trainer), before);
}

#[test]
fn a_run_goes_on_with_the_workers_that_are_left() {
    let ([_first, mut second], devices) = workers::<2>();
    let only = devices[..1].to_vec();
    let replicas = ReplicasConfig::new(devices).with_on_failure(OnReplicaFailure::GoOn);
    let mut trainer = dcgan(Kernels::Off).with_replicas(replicas).unwrap();
    let mut alone = dcgan(Kernels::Off).with_replicas(only).unwrap();
    second.kill();
    for step in 0..2 {
        let report = trainer.step(images(step, 8)).unwrap();
        assert_eq!(report.read().unwrap().terms["replicas.count"], 1.0);
        alone.step(images(step, 8)).unwrap();
    }
    assert_eq!(state(&trainer), state(&alone));
}

#[test]
#[cfg(unix)]
fn a_worker_that_stops_answering_is_an_error_in_time() {
    let ([_first, second], devices) = workers::<2>();
    let replicas = ReplicasConfig::new(devices)
        // What works has to be done by then, on a busy machine too.
        .with_time_limit(Duration::from_secs(15))
        .with_on_failure(OnReplicaFailure::GoOn);
    // Wide enough that what is sent fills all buffers on the way.
    let networks = DcganConfig::new(1, 16, 16).with_filters(96);
    let mut trainer = GanTrainerConfig::new()
        .init(
            networks.init_generator(&device()).unwrap(),
            networks.init_discriminator(&device()).unwrap(),
            &wide(0, 1),
        )
        .unwrap()
        .with_replicas(replicas)
        .unwrap();
    trainer.step(wide(0, 4)).unwrap();
    second.signal("-STOP");
    let report = trainer.step(wide(1, 4)).unwrap();
    assert_eq!(report.read().unwrap().terms["replicas.count"], 1.0);
    // A new connection to one that is stopped: another name is another worker to Burn.
    let address = second.address.replace("127.0.0.1", "localhost");
    unreachable(&address, Duration::from_secs(1));
    second.signal("-CONT");
}

fn wide(step: u64, count: usize) -> burn_gan::Batch<4> {
    let noise = crate::common::stream(step).normal([count, 1, 16, 16], &Device::flex());
    burn_gan::Batch::new(noise.tanh())
}

/// Environment variable that makes this binary a driver: folder, steps, addresses.
const DRIVER: &str = "BURN_GAN_TEST_DRIVER";

const KEEP: Keep = Keep {
    steps: 40,
    every: 2,
    keep: 2,
};

fn run(devices: Vec<Device>, folder: &Path) -> Result<Everything, GanError> {
    train_on(Setup::Images, &device(), devices, folder, KEEP).map(|(_, everything)| everything)
}

#[test]
#[ignore = "run by the other tests as a process of its own"]
fn the_driver() {
    let given = std::env::var(DRIVER).expect("this test is started by another");
    let mut given = given.split(' ');
    let folder = given.next().unwrap();
    let devices = given.map(|address| connect_worker(address, Some(SECRET), LIMIT));
    let devices = devices.collect::<Result<_, _>>().unwrap();
    run(devices, Path::new(folder)).unwrap();
}

fn driver(folder: &Path, workers: &[Worker]) -> Child {
    let addresses = workers.iter().map(|worker| worker.address.as_str());
    let given: Vec<&str> = addresses.collect();
    Command::new(std::env::current_exe().unwrap())
        .args(["remote::the_driver", "--exact", "--ignored", "--nocapture"])
        .env(DRIVER, format!("{} {}", folder.display(), given.join(" ")))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// The steps behind the run: the lines of its history.
fn steps(folder: &Path) -> usize {
    let lines = fs::read_to_string(folder.join("history.jsonl")).unwrap_or_default();
    lines.lines().count()
}

/// Kills the driver and its workers in turn, at random moments, and compares what the run comes to.
fn kill_and_compare(kills: usize, seed: u64) {
    let folder = tempfile::tempdir().unwrap();
    // Kernels run in no worker; without them the bits are those of this process.
    let whole = run(vec![Device::flex(); 2], folder.path()).unwrap();
    let mut random = Stream::new(seed, Purpose::Data, 0);
    let folder = tempfile::tempdir().unwrap();
    let mut workers = [Worker::start(), Worker::start()];
    for kill in 0..kills {
        let mut process = driver(folder.path(), &workers);
        // In this kill's share of the run, and a random moment after a step.
        let until = kill * (KEEP.steps - 4) / kills;
        let start = Instant::now();
        while steps(folder.path()) <= until && start.elapsed() < LIMIT {
            assert!(process.try_wait().unwrap().is_none(), "kill {kill}");
            std::thread::sleep(Duration::from_millis(1));
        }
        std::thread::sleep(Duration::from_micros(random.index(60_000) as u64));
        if kill % 2 == 0 {
            process.kill().unwrap();
            process.wait().unwrap();
        } else {
            let rank = random.index(2);
            workers[rank].kill();
            // The driver finds out by itself, in time, and ends with an error.
            let status = wait(&mut process);
            assert!(!status.success() || steps(folder.path()) == KEEP.steps);
            workers[rank] = Worker::start();
        }
    }
    assert!(wait(&mut driver(folder.path(), &workers)).success());
    let everything = run(vec![Device::flex(); 2], folder.path()).unwrap();
    assert_eq!(everything, whole);
}

fn wait(process: &mut Child) -> ExitStatus {
    let start = Instant::now();
    loop {
        if let Some(status) = process.try_wait().unwrap() {
            return status;
        }
        assert!(start.elapsed() < 2 * LIMIT, "it hangs");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn a_run_whose_driver_or_worker_is_killed_ends_where_it_would_have() {
    kill_and_compare(20, 1);
}
