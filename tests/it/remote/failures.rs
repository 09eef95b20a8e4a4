//! Workers that are none, of another version, slow, or without memory.

use std::net::TcpListener;
use std::thread;
use std::time::{Duration, Instant};

use burn::tensor::Device;
use burn_gan::model::MlpConfig;
use burn_gan::trainer::{GanTrainerConfig, ReplicaError, ReplicasConfig, connect_worker};
use burn_gan::{AdversarialTrainer, GanError, Kernels};

use super::{dcgan, device, workers};
use crate::accumulation::{images, numbers, points};
use crate::common::proxy::Proxy;
use crate::common::worker_process::{LIMIT, SECRET, Worker};
use crate::replicas::state;

#[test]
fn the_secret_and_the_address_must_be_right() {
    let worker = Worker::start();
    for secret in [Some("sesame"), None] {
        match connect_worker(&worker.address, secret, LIMIT) {
            Err(ReplicaError::Refused { address }) => assert_eq!(address, worker.address),
            other => panic!("{other:?}"),
        }
    }
    for address in [
        "",
        "ws://",
        "ws://host",
        "http://host:80",
        "ws://host:0",
        "ws://a b:3000",
    ] {
        match connect_worker(address, None, LIMIT) {
            Err(ReplicaError::Address { address: found }) => assert_eq!(found, address),
            other => panic!("{other:?}"),
        }
    }
}

/// Waits at most so long for an error; a test that hangs says less than one that fails.
pub fn unreachable(address: &str, limit: Duration) -> String {
    let start = Instant::now();
    match connect_worker(address, Some(SECRET), limit) {
        Err(ReplicaError::Unreachable { message, .. }) => {
            assert!(start.elapsed() < limit + LIMIT);
            message
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_worker_that_is_none_is_an_error() {
    // Nobody listens there.
    let free = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let limit = Duration::from_millis(400);
    assert!(unreachable(&format!("ws://{free}"), limit).contains("0.4 seconds"));
    // Somebody does, and says nothing.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("ws://{}", silent.local_addr().unwrap());
    assert!(unreachable(&address, limit).contains("0.4 seconds"));
    // Somebody hangs up.
    let rude = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("ws://{}", rude.local_addr().unwrap());
    std::thread::spawn(move || rude.incoming().for_each(drop));
    unreachable(&address, LIMIT);
}

/// The protocol of Burn 0.22.1, and of its next version.
const VERSIONS: [u8; 2] = [2, 3];

/// The place of the version in a worker's answer, `[{"Init": [version, ..]}, 0]` in MessagePack.
fn version(answer: &mut [u8]) -> &mut u8 {
    let start = b"\x92\x81\xa4Init\x94";
    assert!(answer.starts_with(start), "{answer:?}");
    &mut answer[start.len()]
}

#[test]
fn a_worker_of_another_version_is_an_error() {
    let worker = Worker::start();
    // It does not say so and answers as if it understood.
    let answers = Proxy::answering(&worker, |mut answer| {
        assert_eq!(*version(&mut answer), VERSIONS[0]);
        *version(&mut answer) = VERSIONS[1];
        Some(answer)
    });
    // It refuses, in the words that Burn keeps the same for all versions.
    let refuses = Proxy::answering(&worker, |_| {
        let refusal = b"\x92\x81\xabInitRefused\x81\xb4IncompatibleProtocol\x91";
        Some([&refusal[..], &[VERSIONS[1], 0]].concat())
    });
    for proxy in [answers, refuses] {
        match proxy.connect() {
            Err(ReplicaError::Incompatible { address, message }) => {
                assert_eq!(address, proxy.address);
                assert!(message.contains("version 3"), "{message}");
                assert!(message.contains("version 2"), "{message}");
            }
            other => panic!("{other:?}"),
        }
    }
    // It answers with what cannot be read; it hangs up, as older versions do.
    let babbles = Proxy::answering(&worker, |_| Some(b"\xc1?".to_vec()));
    let hangs_up = Proxy::answering(&worker, |_| None);
    for proxy in [babbles, hangs_up] {
        match proxy.connect() {
            Err(ReplicaError::Incompatible { message, .. }) => {
                assert!(message.contains("handshake"), "{message}");
            }
            other => panic!("{other:?}"),
        }
    }
    // The worker itself is well.
    Proxy::to(&worker).connect().unwrap();
}

#[test]
fn a_slow_worker_has_the_same_bits() {
    let (_worker, [quick]) = one(workers());
    let worker = Worker::start();
    let proxy = Proxy::to(&worker);
    let replicas = ReplicasConfig::new(vec![proxy.connect().unwrap()]).with_time_limit(LIMIT);
    let mut slow = dcgan(Kernels::Off).with_replicas(replicas).unwrap();
    let mut quick = dcgan(Kernels::Off).with_replicas(vec![quick]).unwrap();
    for step in 0..2 {
        let held = proxy.hold();
        let late = thread::spawn(move || {
            thread::sleep(Duration::from_millis(300));
            drop(held);
        });
        let actual = numbers(&slow.step(images(step, 9)).unwrap());
        late.join().unwrap();
        let expected = numbers(&quick.step(images(step, 9)).unwrap());
        assert_eq!(actual, expected, "step {step}");
        assert_eq!(state(&slow), state(&quick), "step {step}");
    }
}

fn one((workers, devices): ([Worker; 1], Vec<Device>)) -> ([Worker; 1], [Device; 1]) {
    (workers, devices.try_into().unwrap())
}

#[test]
fn a_worker_slower_than_the_limit_is_an_error_and_nothing_of_the_step_stays() {
    let worker = Worker::start();
    let proxy = Proxy::to(&worker);
    let replicas = ReplicasConfig::new(vec![proxy.connect().unwrap()])
        // Enough for the first step on a busy machine.
        .with_time_limit(Duration::from_secs(10));
    let mut trainer = dcgan(Kernels::Off).with_replicas(replicas).unwrap();
    trainer.step(images(0, 8)).unwrap();
    let before = state(&trainer);
    let held = proxy.hold();
    match trainer.step(images(1, 8)) {
        Err(GanError::Replica(ReplicaError::TimedOut {
            rank: 0,
            during,
            seconds: 10.0,
            ..
        })) => assert_eq!(during, "the discriminator's half of step 1"),
        other => panic!("{other:?}"),
    }
    assert_eq!((state(&trainer), trainer.steps()), (before.clone(), 1));
    // What comes later is not taken for the answer of another step.
    drop(held);
    match trainer.step(images(1, 8)) {
        Err(GanError::Replica(ReplicaError::Lost { rank: 0, .. })) => {}
        other => panic!("{other:?}"),
    }
    assert_eq!(state(&trainer), before);
}

#[test]
#[cfg(target_os = "linux")]
fn a_worker_without_memory_is_an_error_and_nothing_of_the_step_stays() {
    let worker = Worker::start_with_memory(2_000_000_000);
    let replicas = ReplicasConfig::new(vec![worker.connect().unwrap()]).with_time_limit(LIMIT);
    // Few weights; the hidden layer of the second batch takes 8.6 GB, at once.
    let networks = MlpConfig::new(2).with_hidden(vec![32_768]);
    let mut trainer = GanTrainerConfig::new()
        .init(
            networks.init_generator(&device()).unwrap(),
            networks.init_discriminator(&device()).unwrap(),
            &points(0, 1),
        )
        .unwrap()
        .with_replicas(replicas)
        .unwrap();
    trainer.step(points(0, 8)).unwrap();
    let before = state(&trainer);
    match trainer.step(points(1, 65_536)) {
        Err(GanError::Replica(ReplicaError::Failed { rank: 0, .. })) => {}
        other => panic!("{other:?}"),
    }
    assert_eq!((state(&trainer), trainer.steps()), (before, 1));
}
