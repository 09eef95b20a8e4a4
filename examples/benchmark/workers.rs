//! Runs in processes of their own: side by side, each with its share of the cores, none taking others down.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::thread;

use burn_gan::GanError;

use crate::suite::Run;

/// A run for a process of its own.
pub struct Task {
    /// The run as it is before it is made: no scores yet.
    pub run: Run,
    /// The command line of this program that makes it and ends with it as JSON.
    pub arguments: Vec<OsString>,
    /// Where the finished run is kept.
    pub result: PathBuf,
}

/// Makes all runs, `at_once` side by side, each with `threads` threads; in the order of the tasks.
pub fn run_all(
    tasks: Vec<Task>,
    at_once: usize,
    threads: Option<usize>,
) -> Result<Vec<Run>, GanError> {
    let program = std::env::current_exe().map_err(GanError::user)?;
    let total = tasks.len();
    let runs: Mutex<Vec<Option<Run>>> = Mutex::new(vec![None; total]);
    let queue = Mutex::new(tasks.into_iter().enumerate());
    thread::scope(|scope| {
        for _ in 0..at_once.min(total) {
            scope.spawn(|| {
                loop {
                    let Some((index, task)) = lock(&queue).next() else {
                        break;
                    };
                    let run = run_one(&program, &task, threads);
                    let mut runs = lock(&runs);
                    runs[index] = Some(run);
                    let done = runs.iter().flatten().count();
                    eprintln!("{done}/{total} {}", describe(runs[index].as_ref()));
                }
            });
        }
    });
    Ok(lock(&runs).iter().flatten().cloned().collect())
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}

fn run_one(program: &Path, task: &Task, threads: Option<usize>) -> Run {
    let failed = |reason: String| Run {
        failure: Some(reason),
        ..task.run.clone()
    };
    let mut command = Command::new(program);
    command.args(&task.arguments).stderr(Stdio::inherit());
    if let Some(threads) = threads {
        command.env("RAYON_NUM_THREADS", threads.to_string());
    }
    // A run that fails must not leave the result of an earlier one behind.
    let _ = std::fs::remove_file(&task.result);
    let output = match command.stdin(Stdio::null()).output() {
        Ok(output) => output,
        Err(error) => return failed(error.to_string()),
    };
    let text = String::from_utf8_lossy(&output.stdout);
    let last = text.lines().last().unwrap_or_default();
    if !output.status.success() {
        return failed(format!("the run ended with {}", output.status));
    }
    match serde_json::from_str::<Run>(last) {
        Ok(run) if run.failure.is_some() => run,
        Ok(run) => match std::fs::write(&task.result, last) {
            Ok(()) => run,
            Err(error) => failed(format!("{}: {error}", task.result.display())),
        },
        Err(error) => failed(format!("the run's last line: {error}")),
    }
}

/// A finished run in a line.
fn describe(run: Option<&Run>) -> String {
    let Some(run) = run else {
        return String::new();
    };
    let scores = match &run.failure {
        Some(failure) => format!("failed: {failure}"),
        None => run
            .scores
            .iter()
            .map(|(name, value)| format!("{name} {value:.4}"))
            .collect::<Vec<_>>()
            .join(", "),
    };
    format!(
        "{} {} seed {}: {scores} ({:.0} s)",
        run.data, run.recipe, run.seed, run.seconds
    )
}
