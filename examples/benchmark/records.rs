//! Finished runs as files: those that are kept in the repository, which the tables of docs/results.md are made of, and those of
//! an interrupted benchmark.

use std::path::{Path, PathBuf};
use std::process::Command;

use burn_gan::GanError;

use crate::common;
use crate::common::places::in_repository;
use crate::suite::Run;

/// Where they are, a folder for each suite.
const FOLDER: &str = in_repository!("docs/runs");

/// The file of a run.
fn file(suite: &str, run: &Run) -> PathBuf {
    let name = format!("{}-{}-{}.json", run.data, run.recipe, run.seed);
    Path::new(FOLDER).join(suite).join(name)
}

/// The record of a run that was made as `planned`, where there is one.
///
/// # Errors
/// A record of other settings: the table would mix two recipes under one name.
pub fn find(suite: &str, planned: &Run) -> Result<Option<Run>, GanError> {
    let path = file(suite, planned);
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(GanError::io(path, error)),
    };
    let invalid = |what: &str| GanError::user(format!("{}: {what}", path.display()));
    let run: Run = serde_json::from_str(&text).map_err(|error| invalid(&error.to_string()))?;
    if run.settings != planned.settings || run.steps != planned.steps {
        return Err(invalid(
            "the run was made with other settings: remove it to make it anew",
        ));
    }
    Ok(Some(run))
}

/// All records of a suite, by the names of their files.
pub fn of_suite(suite: &str) -> Result<Vec<PathBuf>, GanError> {
    let folder = Path::new(FOLDER).join(suite);
    let failed = |error| GanError::io(&folder, error);
    let mut files = Vec::new();
    for entry in std::fs::read_dir(&folder).map_err(failed)? {
        files.push(entry.map_err(failed)?.path());
    }
    files.sort();
    Ok(files)
}

/// Keeps a finished run.
pub fn keep(suite: &str, run: &Run) -> Result<(), GanError> {
    let path = file(suite, run);
    common::create_folder(&Path::new(FOLDER).join(suite))?;
    let text = serde_json::to_string_pretty(run).map_err(GanError::user)?;
    std::fs::write(&path, text + "\n").map_err(|error| GanError::io(path, error))
}

/// The commit of the checkout that this program was built from; empty where git does not know.
pub fn commit() -> String {
    let git = Command::new("git")
        .args(["-C", env!("CARGO_MANIFEST_DIR")])
        .args(["describe", "--always", "--dirty", "--abbrev=12"])
        .output();
    let text = git.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_string());
    text.unwrap_or_default()
}

/// When this program was built, and its size: other code makes other runs.
pub fn program() -> Result<String, GanError> {
    let path = std::env::current_exe().map_err(GanError::user)?;
    let file = std::fs::metadata(path).map_err(GanError::user)?;
    let built = file.modified().map_err(GanError::user)?;
    let built = built
        .duration_since(std::time::UNIX_EPOCH)
        .map_err(GanError::user)?;
    Ok(format!("{} s, {} bytes", built.as_secs(), file.len()))
}

/// The run in a file, if it was made as `planned`.
pub fn finished(path: &Path, planned: &Run) -> Option<Run> {
    let run: Run = serde_json::from_slice(&std::fs::read(path).ok()?).ok()?;
    let same = run.settings == planned.settings
        && run.steps == planned.steps
        && run.device == planned.device
        && run.program == planned.program;
    same.then_some(run)
}
