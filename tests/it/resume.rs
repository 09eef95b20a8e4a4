//! A run that is killed and resumed is the run that was never interrupted, to the bit.
//!
//! The processes killed are this test's own binary, which runs `the_child` when it finds its name in the
//! environment.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::common::survivor::{DEVICES, Everything, Keep, Setup, device, train};
use burn_gan::random::{Purpose, Stream};

/// Environment variable that makes this binary a child: setup, device, folder, steps, every.
const CHILD: &str = "BURN_GAN_TEST_CHILD";

fn uninterrupted(setup: Setup, name: &str, steps: usize) -> Everything {
    let folder = tempfile::tempdir().unwrap();
    let keep = Keep {
        steps,
        every: steps,
        keep: 1,
    };
    train(setup, &device(name), folder.path(), keep).unwrap().1
}

#[test]
fn a_run_in_two_parts_is_a_run_in_one() {
    for &name in DEVICES {
        for setup in Setup::ALL {
            let whole = uninterrupted(setup, name, 16);
            let folder = tempfile::tempdir().unwrap();
            let to = |steps| {
                let keep = Keep {
                    steps,
                    every: 4,
                    keep: 2,
                };
                train(setup, &device(name), folder.path(), keep).unwrap()
            };
            let (first, _) = to(10);
            assert_eq!((first.resumed, first.steps), (None, 10));
            let (second, mut everything) = to(16);
            assert_eq!((second.resumed, second.steps), (Some(10), 16));
            // The first part had a last step of its own.
            everything.history[0] = everything.history[0]
                .lines()
                .filter(|line| !line.starts_with("9,"))
                .map(|line| format!("{line}\n"))
                .collect();
            assert_eq!(everything, whole, "{setup:?} on {name}");
        }
    }
}

#[test]
#[ignore = "run by the other tests as a process of its own"]
fn the_child() {
    let arguments = std::env::var(CHILD).expect("this test is started by another");
    let arguments: Vec<&str> = arguments.split(' ').collect();
    let [setup, name, folder, steps, every] = arguments[..] else {
        panic!("{arguments:?}");
    };
    let keep = Keep {
        steps: steps.parse().unwrap(),
        every: every.parse().unwrap(),
        keep: 2,
    };
    train(
        Setup::from_name(setup),
        &device(name),
        Path::new(folder),
        keep,
    )
    .unwrap();
}

fn child(setup: Setup, name: &str, folder: &Path, keep: Keep) -> Child {
    let folder = folder.display();
    let arguments = format!("{setup:?} {name} {folder} {} {}", keep.steps, keep.every);
    Command::new(std::env::current_exe().unwrap())
        .args(["resume::the_child", "--exact", "--ignored", "--nocapture"])
        .env(CHILD, arguments)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// Whether a checkpoint is being written.
fn is_writing(folder: &Path) -> bool {
    fs::read_dir(folder.join("run")).is_ok_and(|entries| {
        entries
            .flatten()
            .any(|entry| entry.file_name().to_string_lossy().starts_with(".writing"))
    })
}

/// Kills a run that often, every other time in the middle of writing a checkpoint, and compares what it comes to.
///
/// Returns how many kills left half a checkpoint behind.
fn kill_and_compare(setup: Setup, name: &str, kills: usize, seed: u64) -> usize {
    let keep = Keep {
        steps: 60,
        every: 2,
        keep: 2,
    };
    let whole = uninterrupted(setup, name, keep.steps);
    let mut random = Stream::new(seed, Purpose::Data, 0);
    let (mut killed, mut half_written) = (0, 0);
    while killed < kills {
        let folder = tempfile::tempdir().unwrap();
        loop {
            let mut child = child(setup, name, folder.path(), keep);
            let start = Instant::now();
            let moment = Duration::from_micros(random.index(400_000) as u64);
            let in_a_write = killed % 2 == 1;
            // What an earlier kill left is no write of this child.
            let mut left_over = is_writing(folder.path());
            let ended = loop {
                if let Some(status) = child.try_wait().unwrap() {
                    break Some(status);
                }
                let writes = is_writing(folder.path());
                left_over &= writes;
                // A slow build has not begun to write at this moment: only the write says when.
                let due = if in_a_write {
                    writes && !left_over && start.elapsed() > moment / 2
                } else {
                    start.elapsed() > moment
                };
                if killed < kills && due {
                    child.kill().unwrap();
                    child.wait().unwrap();
                    break None;
                }
                std::thread::sleep(Duration::from_micros(200));
            };
            match ended {
                None => {
                    killed += 1;
                    half_written += usize::from(!left_over && is_writing(folder.path()));
                }
                Some(status) => {
                    assert!(status.success(), "{setup:?} on {name}: {status}");
                    break;
                }
            }
        }
        let (outcome, everything) = train(setup, &device(name), folder.path(), keep).unwrap();
        assert_eq!(outcome.resumed, Some(keep.steps));
        assert_eq!(everything, whole, "{setup:?} on {name}");
        assert!(!is_writing(folder.path()), "leftovers are cleared away");
    }
    half_written
}

#[test]
fn killed_points_end_where_they_would_have() {
    let half_written = kill_and_compare(Setup::Points, "flex", 50, 1);
    println!("50 kills, {half_written} in the middle of a checkpoint");
    assert!(half_written > 0);
}

#[test]
fn killed_images_end_where_they_would_have() {
    kill_and_compare(Setup::Images, "flex", 8, 2);
    kill_and_compare(Setup::Spectral, "flex", 4, 3);
}

#[test]
#[cfg(feature = "ndarray")]
fn killed_runs_on_ndarray_end_where_they_would_have() {
    kill_and_compare(Setup::Points, "ndarray", 8, 4);
    kill_and_compare(Setup::Images, "ndarray", 4, 5);
}

#[test]
#[ignore = "takes minutes"]
fn fifty_kills_of_everything() {
    for &name in DEVICES {
        for (seed, setup) in Setup::ALL.into_iter().enumerate() {
            let start = Instant::now();
            let half_written = kill_and_compare(setup, name, 50, 10 + seed as u64);
            let seconds = start.elapsed().as_secs_f64();
            println!(
                "{setup:?} on {name}: 50 kills, {half_written} in the middle of a checkpoint, {seconds:.0} s"
            );
        }
    }
}
