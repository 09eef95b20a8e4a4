//! The pictures that a [`SampleGrid`](super::SampleGrid) leaves in its folder.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::gan_error::GanError;

/// The files `step-000500.png` of a folder in the order of their steps; none where there is no folder.
pub(super) fn grid_files(folder: &Path) -> Result<Vec<(u64, PathBuf)>, GanError> {
    let mut files = Vec::new();
    let io = |error| GanError::io(folder, error);
    match folder.read_dir() {
        Ok(entries) => {
            for entry in entries {
                let path = entry.map_err(io)?.path();
                if let Some(step) = step_of(&path) {
                    files.push((step, path));
                }
            }
        }
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => return Err(io(error)),
    }
    files.sort();
    Ok(files)
}

fn step_of(path: &Path) -> Option<u64> {
    let name = path.file_name()?.to_str()?;
    name.strip_prefix("step-")?
        .strip_suffix(".png")?
        .parse()
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_other_files_are_no_steps() {
        let step = |name: &str| step_of(Path::new(name));
        assert_eq!(step("a/step-000500.png"), Some(500));
        for name in [
            "step-.png",
            "step-1.jpg",
            "step-1.png.partial",
            "losses.png",
        ] {
            assert_eq!(step(name), None, "{name}");
        }
    }
}
