//! Classes by name.

use std::collections::{BTreeSet, HashMap};

/// The names that occur, in their order: that of whole numbers where all are, otherwise that of the text.
pub(super) fn in_order<'a>(names: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let distinct: BTreeSet<&str> = names.into_iter().collect();
    let mut names: Vec<String> = distinct.into_iter().map(str::to_string).collect();
    let numbers: Option<Vec<i64>> = names.iter().map(|name| name.parse().ok()).collect();
    if numbers.is_some() {
        // Each is a number: none becomes 0 here.
        names.sort_by_key(|name| name.parse::<i64>().unwrap_or(0));
    }
    names
}

/// The place of each class in `names`; 0 for a class that is not among them, which its callers rule out.
pub(super) fn numbered<'a>(
    classes: impl IntoIterator<Item = &'a str>,
    names: &[String],
) -> Vec<usize> {
    let places: HashMap<&str, usize> = names
        .iter()
        .enumerate()
        .map(|(place, name)| (name.as_str(), place))
        .collect();
    let places = |class| places.get(class).copied().unwrap_or(0);
    classes.into_iter().map(places).collect()
}
