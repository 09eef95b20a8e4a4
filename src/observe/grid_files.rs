//! The pictures that a `SampleGrid` leaves in its folder: their names, and those that are there.

#[cfg(feature = "html")]
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

#[cfg(feature = "html")]
use crate::gan_error::GanError;

/// The grid after so many steps: `step-000500.png`.
#[cfg(any(feature = "image", feature = "tensorboard"))]
pub(super) fn grid_file(folder: &Path, steps: usize) -> PathBuf {
    folder.join(format!("step-{steps:06}.png"))
}

/// The files `step-000500.png` of a folder in the order of their steps; none where there is no folder.
#[cfg(feature = "html")]
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

#[cfg(feature = "html")]
fn step_of(path: &Path) -> Option<u64> {
    let name = path.file_name()?.to_str()?;
    name.strip_prefix("step-")?
        .strip_suffix(".png")?
        .parse()
        .ok()
}

#[cfg(all(test, feature = "html"))]
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
