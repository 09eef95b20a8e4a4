//! [`Section`]: a part of a page, and the files that it is made of.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use maud::{Markup, html};
use serde_json::Value;

use crate::gan_error::GanError;
use crate::observe::evaluation::{Evaluated, read_scores};
use crate::observe::grid_files::grid_files;
use crate::observe::watch::read_findings;

/// The most sample grids on a page: each is some ten to hundred kilobytes.
const MOST_GRIDS: usize = 40;

#[derive(Debug, Clone)]
pub(super) enum Section {
    Text {
        title: String,
        lines: Vec<String>,
    },
    /// Names and values.
    Settings(Vec<(String, String)>),
    Picture {
        title: String,
        path: PathBuf,
        caption: String,
    },
    SampleGrids(PathBuf),
    Scores {
        path: PathBuf,
        references: Vec<(String, f64)>,
    },
    Findings(PathBuf),
}

impl Section {
    /// The section as HTML; nothing where its files are not there yet.
    pub fn render(&self) -> Result<Markup, GanError> {
        match self {
            Self::Text { title, lines } => Ok(html! {
                section {
                    h2 { (title) }
                    @for line in lines { p { (line) } }
                }
            }),
            Self::Settings(rows) => Ok(html! {
                details {
                    summary { h2 { "Settings" } }
                    table { @for (name, value) in rows { tr { th scope="row" { (name) } td { (value) } } } }
                }
            }),
            Self::Picture {
                title,
                path,
                caption,
            } => Ok(match picture(path)? {
                Some(source) => html! {
                    section {
                        h2 { (title) }
                        figure { img src=(source) alt=(title); figcaption { (caption) } }
                    }
                },
                None => Markup::default(),
            }),
            Self::SampleGrids(folder) => sample_grids(folder),
            Self::Scores { path, references } => Ok(if path.exists() {
                scores(&read_scores(path)?, references)
            } else {
                Markup::default()
            }),
            Self::Findings(path) => Ok(if path.exists() {
                let findings = read_findings(path)?;
                html! {
                    section {
                        h2 { "What the watch has found" }
                        @if findings.is_empty() { p { "Nothing." } }
                        ul { @for finding in &findings { li { (finding.message) } } }
                    }
                }
            } else {
                Markup::default()
            }),
        }
    }
}

/// An object's fields as rows, those of objects inside it as `outer.inner`.
pub(super) fn settings(values: &Value) -> Vec<(String, String)> {
    let mut rows = Vec::new();
    flatten("", values, &mut rows);
    rows
}

fn flatten(name: &str, value: &Value, rows: &mut Vec<(String, String)>) {
    match value {
        Value::Object(fields) => {
            for (field, value) in fields {
                let name = match name {
                    "" => field.clone(),
                    outer => format!("{outer}.{field}"),
                };
                flatten(&name, value, rows);
            }
        }
        Value::String(text) => rows.push((name.to_string(), text.clone())),
        other => rows.push((name.to_string(), other.to_string())),
    }
}

/// A PNG file as the source of a picture that is in the page itself; `None` where there is no file.
fn picture(path: &Path) -> Result<Option<String>, GanError> {
    match std::fs::read(path) {
        Ok(bytes) => Ok(Some(format!(
            "data:image/png;base64,{}",
            STANDARD.encode(bytes)
        ))),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(GanError::io(path, error)),
    }
}

fn sample_grids(folder: &Path) -> Result<Markup, GanError> {
    let mut grids = Vec::new();
    for (step, path) in shown(grid_files(folder)?) {
        if let Some(source) = picture(&path)? {
            grids.push((format!("step {step}"), source));
        }
    }
    let Some(last) = grids.len().checked_sub(1) else {
        return Ok(Markup::default());
    };
    Ok(html! {
        section {
            h2 { "Samples over the steps" }
            figure.steps {
                label {
                    output { (grids[last].0) }
                    input type="range" min="0" max=(last) value=(last) aria-label="step";
                }
                @for (index, (step, source)) in grids.iter().enumerate() {
                    img.pixels src=(source) alt=(step) hidden[index != last];
                }
            }
        }
    })
}

/// At most [`MOST_GRIDS`] of them, at about equal distances, the first and the last included.
fn shown<T>(grids: Vec<T>) -> Vec<T> {
    let count = grids.len();
    if count <= MOST_GRIDS {
        return grids;
    }
    let mut places = (0..MOST_GRIDS).map(|place| place * (count - 1) / (MOST_GRIDS - 1));
    let mut next = places.next();
    let of_place = |(index, grid)| {
        let is_shown = next == Some(index);
        if is_shown {
            next = places.next();
        }
        is_shown.then_some(grid)
    };
    grids.into_iter().enumerate().filter_map(of_place).collect()
}

/// The last value of each score, in the order of the file.
fn scores(rows: &[Evaluated], references: &[(String, f64)]) -> Markup {
    let mut last: Vec<&Evaluated> = Vec::new();
    for row in rows {
        match last.iter_mut().find(|earlier| earlier.score == row.score) {
            Some(earlier) => *earlier = row,
            None => last.push(row),
        }
    }
    if last.is_empty() {
        return Markup::default();
    }
    let reference = |score: &str| references.iter().find(|(name, _)| name == score);
    html! {
        section {
            h2 { "Scores" }
            table {
                tr {
                    th scope="col" { "score" }
                    th scope="col" { "generated" }
                    th scope="col" { "held-out real" }
                    th scope="col" { "samples" }
                    th scope="col" { "step" }
                }
                @for row in last {
                    tr {
                        th scope="row" { (row.score) }
                        td { (rounded(row.value)) }
                        td { @if let Some((_, value)) = reference(&row.score) { (rounded(*value)) } }
                        td { (row.samples) }
                        td { (row.step + 1) }
                    }
                }
            }
        }
    }
}

/// Four digits are all that a score of some thousand samples can tell.
fn rounded(value: f64) -> String {
    if value == 0.0 || !value.is_finite() {
        return value.to_string();
    }
    let digits = 3 - value.abs().log10().floor() as i32;
    format!("{value:.*}", digits.clamp(0, 12) as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_and_the_last_of_many_grids_are_shown() {
        for count in [1, 39, 40, 41, 79, 80, 1000] {
            let shown = shown((0..count).collect());
            assert_eq!(shown.len(), count.min(MOST_GRIDS));
            assert_eq!((shown[0], shown[shown.len() - 1]), (0, count - 1));
            assert!(shown.is_sorted());
        }
    }

    #[test]
    fn numbers_have_four_digits() {
        let numbers = [0.0, 13.3333, 0.123456, -2.0, 1234.56, 98765.4, 1e-30];
        let expected = [
            "0",
            "13.33",
            "0.1235",
            "-2.000",
            "1235",
            "98765",
            "0.000000000000",
        ];
        assert_eq!(numbers.map(rounded), expected);
        assert_eq!(rounded(f64::INFINITY), "inf");
    }
}
