//! Whatever becomes of the files, a checkpoint is loaded whole, or the one before it is, or an error says why.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::common::survivor::{Keep, Setup, device, train};
use burn_gan::FileError;
use burn_gan::GanError;
use burn_gan::checkpoint::{Checkpoint, CheckpointError, Checkpoints, FORMAT, Manifest};
use burn_gan::random::{Purpose, Stream};

/// A run with checkpoints at steps 2, 4 and 6.
const KEEP: Keep = Keep {
    steps: 6,
    every: 2,
    keep: 3,
};

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &to.join(entry.file_name()));
        } else {
            fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
        }
    }
}

/// The folder of checkpoints and the files of the newest.
fn run(folder: &Path) -> (PathBuf, Vec<PathBuf>) {
    train(Setup::Images, &device("flex"), folder, KEEP).unwrap();
    let run = folder.join("run");
    let newest = run.join("step-000000006");
    let mut files: Vec<PathBuf> = fs::read_dir(newest)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    assert_eq!(files.len(), 8);
    (run, files)
}

/// Fails unless the newest checkpoint is found damaged and the one before it is taken.
#[track_caller]
fn assert_passed_over(run: &Path) {
    let found = Checkpoints::latest(run).unwrap();
    assert_eq!(found.checkpoint.unwrap().manifest.step, 4);
    let [damaged] = &found.damaged[..] else {
        panic!("{:?}", found.damaged)
    };
    assert!(damaged.to_string().contains("step-000000006"), "{damaged}");
}

#[test]
fn a_damaged_checkpoint_is_named_and_the_one_before_it_is_taken() {
    let folder = tempfile::tempdir().unwrap();
    let (run, files) = run(folder.path());
    let step_of = |run: &Path| {
        let found = Checkpoints::latest(run).unwrap();
        found.checkpoint.map(|checkpoint| checkpoint.manifest.step)
    };
    assert_eq!(step_of(&run), Some(6));
    for file in &files {
        let content = fs::read(file).unwrap();
        fs::remove_file(file).unwrap();
        assert_passed_over(&run);
        for part in 0..20 {
            fs::write(file, &content[..content.len() * part / 20]).unwrap();
            assert_passed_over(&run);
        }
        fs::write(file, [&content[..], b"\0"].concat()).unwrap();
        assert_passed_over(&run);
        fs::write(file, &content).unwrap();
    }
    let mut random = Stream::new(4, Purpose::Data, 0);
    for flip in 0..200 {
        // Each file gets its share, the small ones too.
        let file = &files[flip % files.len()];
        let content = fs::read(file).unwrap();
        let mut flipped = content.clone();
        flipped[random.index(content.len())] ^= 1 << random.index(8);
        fs::write(file, flipped).unwrap();
        assert_passed_over(&run);
        fs::write(file, content).unwrap();
    }
    assert_eq!(step_of(&run), Some(6));
    // A whole checkpoint under another step's name is not that step's.
    fs::rename(run.join("step-000000006"), run.join("step-000000009")).unwrap();
    let found = Checkpoints::latest(&run).unwrap();
    assert_eq!(found.checkpoint.unwrap().manifest.step, 4);
    assert!(found.damaged[0].to_string().ends_with("it is of step 6"));
}

#[test]
fn a_run_goes_on_from_the_one_before() {
    let folder = tempfile::tempdir().unwrap();
    let (_, whole) = train(Setup::Images, &device("flex"), folder.path(), KEEP).unwrap();
    let weights = folder.path().join("run/step-000000006/generator.bpk");
    let mut content = fs::read(&weights).unwrap();
    let middle = content.len() / 2;
    content[middle] ^= 1;
    fs::write(&weights, content).unwrap();
    let (outcome, everything) = train(Setup::Images, &device("flex"), folder.path(), KEEP).unwrap();
    assert_eq!(outcome.resumed, Some(4));
    let [damaged] = &outcome.damaged[..] else {
        panic!("{:?}", outcome.damaged)
    };
    assert!(damaged.ends_with("step-000000006: generator.bpk fails its hash"));
    assert_eq!(everything, whole);
    // The damaged one was replaced.
    let found = Checkpoints::latest(folder.path().join("run")).unwrap();
    assert_eq!(found.checkpoint.unwrap().manifest.step, 6);
    assert!(found.damaged.is_empty());
}

#[test]
fn a_damaged_checkpoint_takes_no_place_among_those_kept() {
    let folder = tempfile::tempdir().unwrap();
    let (run, _) = run(folder.path());
    fs::remove_file(run.join("step-000000006/average.bpk")).unwrap();
    // From step 4 to 5, before the damaged one.
    let keep = Keep {
        steps: 5,
        every: 2,
        keep: 1,
    };
    train(Setup::Images, &device("flex"), folder.path(), keep).unwrap();
    let found = Checkpoints::latest(&run).unwrap();
    assert_eq!(found.checkpoint.unwrap().manifest.step, 5);
    let steps: Vec<usize> = Checkpoints::list(&run).unwrap().into_keys().collect();
    // One of these is the best.
    assert!(steps.len() <= 3 && steps.ends_with(&[5, 6]), "{steps:?}");
}

#[test]
fn where_all_are_damaged_nothing_begins_anew() {
    let folder = tempfile::tempdir().unwrap();
    let (run, _) = run(folder.path());
    for step in [2, 4, 6] {
        fs::remove_file(run.join(format!("step-00000000{step}/average.bpk"))).unwrap();
    }
    let error = train(Setup::Images, &device("flex"), folder.path(), KEEP).unwrap_err();
    let GanError::Checkpoint(CheckpointError::NoneWhole { damaged, .. }) = &error else {
        panic!("{error}")
    };
    assert_eq!(damaged.len(), 3);
    assert!(damaged[0].contains("average.bpk"), "{error}");
}

#[test]
fn a_later_format_is_refused_and_not_passed_over() {
    let folder = tempfile::tempdir().unwrap();
    let (run, _) = run(folder.path());
    let checkpoints = Checkpoints::open(&run).unwrap();
    let whole = Checkpoint::read(run.join("step-000000006")).unwrap();
    let later = Manifest {
        format: FORMAT + 1,
        ..whole.manifest
    };
    checkpoints.write(later, &whole.files).unwrap();
    let error = Checkpoints::latest(&run).unwrap_err();
    assert!(matches!(error, CheckpointError::Format { found, .. } if found == FORMAT + 1));
    let text = error.to_string();
    assert!(text.contains(&format!("format {}", FORMAT + 1)), "{text}");
    assert!(text.ends_with(&format!("reads up to {FORMAT}")), "{text}");
}

#[test]
fn files_outside_the_folder_are_never_read() {
    let folder = tempfile::tempdir().unwrap();
    let (run, _) = run(folder.path());
    let path = run.join("step-000000006");
    let whole = Checkpoint::read(&path).unwrap();
    for name in ["../step-000000004/generator.bpk", "/etc/hostname", "..", ""] {
        let mut manifest = whole.manifest.clone();
        let record = manifest.files["generator.bpk"].clone();
        manifest.files.insert(name.to_string(), record);
        let text = serde_json::to_vec(&manifest).unwrap();
        // Right in every other way.
        use sha2::{Digest, Sha256};
        let hash = format!("{:x}  manifest.json\n", Sha256::digest(&text));
        fs::write(path.join("manifest.json"), text).unwrap();
        fs::write(path.join("manifest.sha256"), hash).unwrap();
        assert_passed_over(&run);
    }
}

#[test]
fn one_run_at_a_time_writes_to_a_folder() {
    let folder = tempfile::tempdir().unwrap();
    let run = folder.path().join("run");
    let first = Checkpoints::open(&run).unwrap();
    let error = train(Setup::Images, &device("flex"), folder.path(), KEEP).unwrap_err();
    assert!(
        matches!(error, GanError::Checkpoint(CheckpointError::InUse { .. })),
        "{error}"
    );
    drop(first);
    train(Setup::Images, &device("flex"), folder.path(), KEEP).unwrap();
}

#[test]
fn a_folder_that_cannot_be_written_is_an_error_before_training() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("file"), "").unwrap();
    // A file where a folder should be, and a file system that is read-only for everybody.
    for base in [folder.path().join("file"), PathBuf::from("/proc/self")] {
        let error = train(Setup::Images, &device("flex"), &base, KEEP).unwrap_err();
        let GanError::Checkpoint(CheckpointError::File(FileError { path, .. })) = &error else {
            panic!("{error}")
        };
        assert!(path.starts_with(&base));
    }
}

/// Environment variable that makes this binary a child that trains in this folder.
const CHILD: &str = "BURN_GAN_TEST_CHILD";

#[test]
#[ignore = "run by the other tests as a process of its own"]
fn the_child() {
    let folder = std::env::var(CHILD).expect("this test is started by another");
    let keep = Keep { steps: 12, ..KEEP };
    match train(Setup::Images, &device("flex"), Path::new(&folder), keep) {
        Err(GanError::Checkpoint(CheckpointError::File(FileError { path, source }))) => {
            println!("typed: {} {source}", path.display())
        }
        other => println!("not typed: {other:?}"),
    }
}

/// Trains a child from step 6 towards 12 under `limit`, a shell command: it has to end in a typed error and leave a
/// whole checkpoint. Returns that one's step.
#[cfg(unix)]
fn under_limit(folder: &Path, limit: &str) -> usize {
    let output = Command::new("bash")
        .args(["-c", &format!("{limit}; exec \"$0\" \"$@\"")])
        .arg(std::env::current_exe().unwrap())
        .args(["damage::the_child", "--exact", "--ignored", "--nocapture"])
        .env(CHILD, folder)
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.contains("\ntyped: "), "{text}");
    let found = Checkpoints::latest(folder.join("run")).unwrap();
    assert!(found.damaged.is_empty());
    found.checkpoint.unwrap().manifest.step
}

#[test]
#[cfg(unix)]
fn a_checkpoint_that_cannot_be_finished_leaves_those_before_it() {
    let folder = tempfile::tempdir().unwrap();
    run(folder.path());
    // A file may have at most 4 kB: writing more fails, as it does on a full disk.
    assert_eq!(under_limit(folder.path(), "trap '' XFSZ; ulimit -f 4"), 6);
    let keep = Keep { steps: 12, ..KEEP };
    let (outcome, everything) = train(Setup::Images, &device("flex"), folder.path(), keep).unwrap();
    assert_eq!(outcome.resumed, Some(6));
    let other = tempfile::tempdir().unwrap();
    let whole = train(Setup::Images, &device("flex"), other.path(), keep)
        .unwrap()
        .1;
    assert_eq!(everything.generator, whole.generator);
    assert_eq!(everything.files, whole.files);
}

#[test]
#[cfg(target_os = "linux")]
#[ignore = "mounts a small file system, which takes a superuser"]
fn a_full_disk_leaves_the_checkpoints_before_it() {
    let folder = tempfile::tempdir().unwrap();
    let (source, small) = (folder.path().join("source"), folder.path().join("small"));
    fs::create_dir_all(&small).unwrap();
    run(&source);
    let size = 1024 * (60 + size_of_tree(&source) / 1024);
    let shell = |command: String| {
        let status = Command::new("bash").args(["-c", &command]).status();
        assert!(status.unwrap().success(), "{command}");
    };
    shell(format!(
        "mount -t tmpfs -o size={size} none {}",
        small.display()
    ));
    let checked = std::panic::catch_unwind(|| {
        copy(&source, &small);
        let step = under_limit(&small, "true");
        assert!((6..12).contains(&step), "{step}");
    });
    shell(format!("umount {}", small.display()));
    checked.unwrap();
}

#[cfg(target_os = "linux")]
fn size_of_tree(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).unwrap().map(Result::unwrap);
    entries
        .map(|entry| {
            if entry.file_type().unwrap().is_dir() {
                size_of_tree(&entry.path())
            } else {
                // A file system counts in pages.
                entry.metadata().unwrap().len().next_multiple_of(4096)
            }
        })
        .sum()
}

/// A run of two steps in one folder, with a checkpoint after each; its second checkpoint, and the same of another run.
fn two_versions(folder: &Path) -> (PathBuf, Checkpoint, Checkpoint) {
    let keep = Keep {
        steps: 2,
        every: 1,
        keep: 3,
    };
    train(Setup::Points, &device("flex"), folder, keep).unwrap();
    let run = folder.join("run");
    let older = Checkpoint::read(run.join("step-000000002")).unwrap();
    let mut newer = older.clone();
    newer.manifest.state["steps"] = 7.into();
    (run, older, newer)
}

#[test]
fn a_crash_at_any_moment_of_replacing_leaves_a_whole_checkpoint() {
    let folder = tempfile::tempdir().unwrap();
    let (run, older, newer) = two_versions(folder.path());
    // A folder of the newer one, as it is before it gets its name.
    let other = tempfile::tempdir().unwrap();
    let written = Checkpoints::open(other.path())
        .unwrap()
        .write(newer.manifest.clone(), &newer.files)
        .unwrap();
    let name = "step-000000002";
    let [path, writing, replaced, removed] = ["", ".writing-", ".replaced-", ".removed-"]
        .map(|prefix| run.join(format!("{prefix}{name}")));
    let older_files = folder.path().join("older");
    copy(&path, &older_files);
    let half = |to: &Path| {
        copy(&written, to);
        fs::remove_file(to.join("manifest.sha256")).unwrap();
    };

    /// A moment of a crash: what there is then, and whether the newer one is what remains.
    type Moment<'a> = (&'static str, &'a dyn Fn(), Option<bool>);
    let moments: [Moment; 7] = [
        (
            "half written",
            &|| {
                copy(&older_files, &path);
                half(&writing);
            },
            Some(false),
        ),
        (
            "written",
            &|| {
                copy(&older_files, &path);
                copy(&written, &writing);
            },
            Some(false),
        ),
        (
            "the older one has made way",
            &|| {
                copy(&older_files, &replaced);
                copy(&written, &writing);
            },
            Some(true),
        ),
        (
            "the older one has made way, and the newer one was lost",
            &|| {
                copy(&older_files, &replaced);
                half(&writing);
            },
            Some(false),
        ),
        (
            "the newer one has its name",
            &|| {
                copy(&older_files, &replaced);
                copy(&written, &path);
            },
            Some(true),
        ),
        (
            "half of the older one is gone",
            &|| {
                half(&replaced);
                copy(&written, &path);
            },
            Some(true),
        ),
        ("half of it is removed", &|| half(&removed), None),
    ];
    for (moment, crash, expected) in moments {
        for folder in [&path, &writing, &replaced, &removed] {
            fs::remove_dir_all(folder).ok();
        }
        crash();
        drop(Checkpoints::open(&run).unwrap());
        let found = Checkpoints::latest(&run).unwrap();
        assert!(found.damaged.is_empty(), "{moment}");
        let checkpoint = found.checkpoint.unwrap();
        match expected {
            Some(newest) => {
                let whole = if newest { &newer } else { &older };
                assert_eq!(checkpoint.manifest.state, whole.manifest.state, "{moment}");
                assert_eq!(checkpoint.files, whole.files, "{moment}");
            }
            None => assert_eq!(checkpoint.manifest.step, 1, "{moment}"),
        }
        let mut left: Vec<String> = fs::read_dir(&run)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        left.sort();
        let expected = [".lock", "step-000000001", name];
        assert_eq!(left, expected[..left.len()], "{moment}");
    }
}

#[test]
fn a_checkpoint_that_is_replaced_is_the_newer_one() {
    let folder = tempfile::tempdir().unwrap();
    let (run, _, newer) = two_versions(folder.path());
    let checkpoints = Checkpoints::open(&run).unwrap();
    let path = checkpoints
        .write(newer.manifest.clone(), &newer.files)
        .unwrap();
    let whole = Checkpoint::read(&path).unwrap();
    assert_eq!(whole.manifest.state, newer.manifest.state);
    // Two checkpoints and the lock.
    assert_eq!(fs::read_dir(&run).unwrap().count(), 3);
}
