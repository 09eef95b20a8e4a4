//! The packages of the workspace, which build the library once for all of them.

use std::collections::BTreeSet;
use std::fs;

use crate::common::places::in_repository;

/// The names in quotes between the square brackets of the line of a file that begins so.
fn names(file: &str, beginning: &str) -> BTreeSet<String> {
    let text = fs::read_to_string(in_repository(file)).unwrap();
    let line = text.lines().find(|line| line.starts_with(beginning));
    let line = line.unwrap_or_else(|| panic!("{file}: no line begins with `{beginning}`"));
    let (_, list) = line.split_once('[').unwrap();
    let (list, _) = list.split_once(']').unwrap();
    list.split(',')
        .map(|name| name.trim().trim_matches('"').to_string())
        .collect()
}

/// With other features in one of them, the library and much below it would be built twice.
#[test]
fn all_packages_build_the_library_with_the_same_features() {
    let library = names("Cargo.toml", "burn-gan = { path");
    assert!(library.contains("flex"), "the features are found at all");
    for (file, beginning) in [
        ("examples/Cargo.toml", "burn-gan = { path"),
        ("tests/Cargo.toml", "burn-gan = { path"),
        ("benches/guard", "LIBRARY = "),
    ] {
        assert_eq!(names(file, beginning), library, "{file}");
    }
}
