//! The floors of docs/architecture.md: a module may import from the floors below it, never from above, and
//! not from its neighbours.

use std::fs;
use std::path::{Path, PathBuf};

use crate::common::places::in_repository;

/// Each module of the crate and its floor.
const FLOORS: &[(&str, u32)] = &[
    ("batch", 0),
    ("class_condition", 0),
    ("dual", 0),
    ("errors", 0),
    ("files", 0),
    ("guide", 0),
    ("identity", 0),
    ("image_condition", 0),
    ("kernel", 0),
    ("module_tree", 0),
    ("network", 0),
    ("network_error", 0),
    ("non_finite", 0),
    ("number", 0),
    ("objective_error", 0),
    ("observe_error", 0),
    ("png_file", 0),
    ("random", 0),
    ("replica_error", 0),
    ("report", 0),
    ("saved_state", 0),
    ("schedule", 0),
    ("state_dict", 0),
    ("unwind", 0),
    ("checkpoint", 1),
    ("data", 1),
    ("nn", 1),
    ("optimizer", 1),
    ("picture", 1),
    ("plot", 1),
    ("weights", 1),
    ("model", 2),
    ("augment", 1),
    ("ema", 3),
    ("feature", 3),
    ("loss", 3),
    ("penalty", 3),
    ("saved_generator", 3),
    ("metric", 4),
    ("exchange", 4),
    ("gan_error", 5),
    ("adversarial", 6),
    ("objective", 6),
    ("observer", 6),
    ("persistent", 6),
    ("sampling", 6),
    ("score", 6),
    ("latent", 7),
    ("trainer", 7),
    ("observe", 8),
    ("run", 8),
];

fn floor(module: &str) -> u32 {
    FLOORS
        .iter()
        .find(|(name, _)| *name == module)
        .unwrap_or_else(|| panic!("`{module}` has no floor: add it to the list"))
        .1
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    fs::read_dir(folder)
        .unwrap()
        .flat_map(|entry| {
            let path = entry.unwrap().path();
            if path.is_dir() {
                sources(&path)
            } else {
                vec![path]
            }
        })
        .collect()
}

/// The module at the top of the crate that a source file belongs to.
fn module_of(source: &Path, root: &Path) -> String {
    let inside = source.strip_prefix(root).unwrap();
    let first = inside.components().next().unwrap();
    let name = first.as_os_str().to_string_lossy();
    name.trim_end_matches(".rs").to_string()
}

#[test]
fn imports_point_down() {
    let root = in_repository("src");
    let mut imports = 0;
    for source in sources(&root) {
        let module = module_of(&source, &root);
        if module == "lib" {
            continue;
        }
        let text = fs::read_to_string(&source).unwrap();
        for line in text
            .lines()
            .filter(|line| !line.trim_start().starts_with("//"))
        {
            for path in line.split("crate::").skip(1) {
                let imported: String = path
                    .chars()
                    .take_while(|c| c.is_alphanumeric() || *c == '_')
                    .collect();
                if imported == module {
                    continue;
                }
                imports += 1;
                let (from, to) = (floor(&module), floor(&imported));
                let ground = from == 0 && to == 0;
                assert!(
                    to < from || ground,
                    "{}: `{module}` (floor {from}) imports `{imported}` (floor {to}):\n{line}",
                    source.display()
                );
            }
        }
    }
    assert!(imports > 50, "the search finds imports at all");
}
