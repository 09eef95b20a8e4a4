//! The trainer of the example `cycle`: one of a user's own, made of the library's parts. It is killed and resumed to the
//! bit, and a step that fails leaves all four networks as they were.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use burn::tensor::{Device, Tensor};
use burn_gan::data::{Memory, ShuffleConfig, Source};
use burn_gan::random::{Purpose, Stream};
use burn_gan::run::{CheckpointConfig, Fit};
use burn_gan::{AdversarialTrainer, Batch, GanError, NonFinite, Persistent};

use crate::common::stream;
use crate::watch_runs::examples::cycle::{Cycle, CycleConfig, Unpaired};

/// Environment variable that makes this binary a child: the folder.
const CHILD: &str = "BURN_GAN_TEST_CYCLE";
const STEPS: usize = 24;

fn images(step: u64) -> Tensor<4> {
    stream(step).normal([12, 1, 12, 12], &Device::flex()).tanh()
}

fn trainer() -> Cycle {
    let config = CycleConfig {
        size: [12, 12],
        filters: 2,
        blocks: 1,
        learning_rate: 1e-3,
        seed: 3,
    };
    config.init(&Device::flex().autodiff()).unwrap()
}

fn source() -> Unpaired<Memory<4>, Memory<4>> {
    let shuffled = |step| {
        ShuffleConfig::new(4)
            .with_seed(step)
            .init(Memory::new(images(step)).unwrap())
    };
    Unpaired {
        x: shuffled(1).unwrap(),
        y: shuffled(2).unwrap(),
    }
}

/// Trains to the end from the newest checkpoint in a folder; every weight and moment.
fn train(folder: &Path, steps: usize) -> (Option<usize>, BTreeMap<String, Vec<u8>>) {
    let (mut trainer, mut source) = (trainer(), source());
    let outcome = trainer
        .fit(&mut source)
        .until(steps)
        .checkpoints(CheckpointConfig::new(folder.join("run")).with_every(3))
        .resume(folder.join("run"))
        .run()
        .unwrap();
    (outcome.resumed, trainer.save_state().unwrap().files)
}

#[test]
fn a_run_in_two_parts_is_a_run_in_one() {
    let (whole, parted) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (_, expected) = train(whole.path(), 10);
    assert_eq!(train(parted.path(), 5).0, None);
    let (resumed, files) = train(parted.path(), 10);
    assert_eq!(resumed, Some(5));
    assert_eq!(files, expected);
    let names: Vec<&str> = files.keys().map(String::as_str).collect();
    for part in ["to-y", "to-x", "judge-x", "judge-y"] {
        for file in [format!("{part}.bpk"), format!("{part}-optimizer.bpk")] {
            assert!(names.contains(&file.as_str()), "{names:?}");
        }
    }
}

#[test]
#[ignore = "run by the next test as a process of its own"]
fn the_child() {
    let folder = std::env::var(CHILD).expect("this test is started by another");
    train(Path::new(&folder), STEPS);
}

#[test]
fn a_killed_run_ends_where_it_would_have() {
    let whole = tempfile::tempdir().unwrap();
    let (_, expected) = train(whole.path(), STEPS);
    let folder = tempfile::tempdir().unwrap();
    let mut random = Stream::new(5, Purpose::Data, 0);
    let mut kills = 0;
    loop {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["cycle::the_child", "--exact", "--ignored", "--nocapture"])
            .env(CHILD, folder.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        if kills < 4 {
            // Not before there is something to resume.
            std::thread::sleep(Duration::from_millis(20 + random.index(300) as u64));
            child.kill().unwrap();
            child.wait().unwrap();
            kills += 1;
        } else {
            assert!(child.wait().unwrap().success());
            break;
        }
    }
    let (resumed, files) = train(folder.path(), STEPS);
    assert_eq!(resumed, Some(STEPS));
    assert_eq!(files, expected);
}

#[test]
fn a_step_that_is_not_finite_leaves_all_four_as_they_were() {
    let mut trainer = trainer();
    let batch = source().batch(0, &Device::flex()).unwrap();
    trainer.step(batch.clone()).unwrap();
    let before = trainer.save_state().unwrap();
    let bad = Batch::with_condition(batch.samples.clone(), batch.condition * f32::NAN).unwrap();
    let error = trainer.step(bad).unwrap_err();
    let cause = match error {
        GanError::NonFiniteStep {
            step: 1,
            cause,
            restored: 1,
            ..
        } => cause,
        error => panic!("{error}"),
    };
    assert_eq!(cause, NonFinite::DiscriminatorLoss);
    assert_eq!(trainer.save_state().unwrap(), before);

    let mut other = before.clone();
    other.files.remove("judge-x.bpk");
    let error = trainer.load_state(&other).unwrap_err();
    assert!(error.to_string().contains("judge-x.bpk"), "{error}");
    assert_eq!(trainer.save_state().unwrap(), before);
}

#[test]
fn another_rate_is_another_run() {
    let description = |rate| {
        let config = CycleConfig {
            size: [12, 12],
            filters: 2,
            blocks: 1,
            learning_rate: rate,
            seed: 3,
        };
        config
            .init(&Device::flex().autodiff())
            .unwrap()
            .description()
            .unwrap()
    };
    assert_eq!(description(0.1), description(0.1));
    assert_ne!(description(0.1), description(0.2));
}
