//! Runs as Markdown tables and as one JSON object.

use std::fmt::Write;

use serde_json::{Value, json};

use crate::suite::{Case, Column, Reference, Run, Suite};

/// The column behind those of the scores.
const SECONDS: Column = Column::new("seconds", "seconds", 0);

/// Mean and standard error of the mean; no error of a single value.
#[derive(Debug, Clone, Copy)]
pub struct Mean {
    pub mean: f64,
    pub standard_error: Option<f64>,
}

impl Mean {
    /// `None` of no values.
    pub fn of(values: &[f64]) -> Option<Self> {
        let count = values.len() as f64;
        let mean = values.iter().sum::<f64>() / count;
        let squares = values
            .iter()
            .map(|value| (value - mean).powi(2))
            .sum::<f64>();
        (!values.is_empty()).then_some(Self {
            mean,
            standard_error: (values.len() > 1).then(|| (squares / (count - 1.0) / count).sqrt()),
        })
    }

    fn cell(self, column: &Column) -> String {
        let mean = column.cell(self.mean);
        match self.standard_error {
            Some(error) => format!("{mean} ± {}", column.cell(error)),
            None => mean,
        }
    }
}

/// The table of a data set, and one of its single runs.
pub fn markdown(
    suite: &str,
    columns: &[Column],
    cases: &[&Case],
    runs: &[Run],
    references: &[Reference],
) -> String {
    let mut text = String::new();
    let titles = columns.iter().map(|column| column.title);
    let header: Vec<&str> = ["recipe", "runs"]
        .into_iter()
        .chain(titles.clone())
        .chain([SECONDS.title])
        .collect();
    row(&mut text, &header);
    row(&mut text, &vec!["---"; header.len()]);
    for case in cases {
        let of_case = of(case, runs);
        let good: Vec<&&Run> = of_case.iter().filter(|run| run.failure.is_none()).collect();
        let count = match of_case.len() - good.len() {
            0 => good.len().to_string(),
            failed => format!("{} and {failed} failed", good.len()),
        };
        let scores = columns.iter().map(|column| {
            mean(&good, column.score).map_or_else(String::new, |mean| mean.cell(column))
        });
        let seconds = seconds_alone(&good);
        let seconds = Mean::of(&seconds).map_or_else(String::new, |mean| mean.cell(&SECONDS));
        let cells: Vec<String> = [case.label.clone(), count]
            .into_iter()
            .chain(scores)
            .chain([seconds])
            .collect();
        row(&mut text, &cells);
    }
    for reference in references {
        let mut cells = vec![reference.label.clone(), String::new()];
        cells.extend(reference.cells.iter().cloned());
        cells.resize(header.len(), String::new());
        row(&mut text, &cells);
    }

    let _ = writeln!(
        text,
        "\nMean ± standard error of the mean over the runs that finished. Every run:\n"
    );
    let header: Vec<&str> = ["recipe", "seed"]
        .into_iter()
        .chain(titles)
        .chain([SECONDS.title])
        .collect();
    row(&mut text, &header);
    row(&mut text, &vec!["---"; header.len()]);
    for case in cases {
        for run in of(case, runs) {
            let scores = columns.iter().enumerate().map(|(index, column)| {
                match (run.scores.get(column.score), &run.failure) {
                    (Some(value), _) => column.cell(*value),
                    (None, Some(failure)) if index == 0 => failure.clone(),
                    _ => String::new(),
                }
            });
            let cells: Vec<String> = [case.label.clone(), run.seed.to_string()]
                .into_iter()
                .chain(scores)
                .chain([seconds_of(run)])
                .collect();
            row(&mut text, &cells);
        }
    }

    for case in cases {
        if let Some(spread) = columns
            .first()
            .and_then(|first| spread(first, &of(case, runs)))
        {
            let _ = writeln!(text, "\n{}: {spread}", case.label);
        }
    }

    let _ = writeln!(
        text,
        "\nThe main settings; all of them are in the last line of output:\n"
    );
    for case in cases {
        let runs = of(case, runs);
        let first = runs.iter().map(|run| run.seed).min().unwrap_or_default();
        let _ = writeln!(
            text,
            "- {}: {} (`--suite {suite} --data {} --recipe {} --steps {} --seed {first} --seeds {}`)",
            case.label,
            case.summary,
            case.data,
            case.recipe,
            case.steps,
            runs.len()
        );
    }
    text
}

/// How far runs are from their median, where there are enough to have one.
fn spread(column: &Column, runs: &[&Run]) -> Option<String> {
    const ENOUGH: usize = 10;
    let scores = runs.iter().map(|run| run.scores.get(column.score).copied());
    let mut scores: Vec<f64> = scores.map(|score| score.unwrap_or(f64::INFINITY)).collect();
    if scores.len() < ENOUGH {
        return None;
    }
    scores.sort_by(f64::total_cmp);
    let middle = scores.len() / 2;
    let median = (scores[middle] + scores[(scores.len() - 1) / 2]) / 2.0;
    let near = |share: f64| {
        let is_near = |score: &&f64| (*score - median).abs() <= share * median;
        scores.iter().filter(is_near).count()
    };
    Some(format!(
        "median {}, from {} to {}; {} of {} runs are within 20% of the median, {} within 50%.",
        column.cell(median),
        column.cell(scores[0]),
        column.cell(scores[scores.len() - 1]),
        near(0.2),
        scores.len(),
        near(0.5),
    ))
}

/// The seconds of the runs that had the machine to themselves.
fn seconds_alone(runs: &[&&Run]) -> Vec<f64> {
    let alone = runs.iter().filter(|run| !run.beside_other_work);
    alone.map(|run| run.seconds).collect()
}

/// The seconds of a run in a cell.
fn seconds_of(run: &Run) -> String {
    if run.beside_other_work {
        "beside other work".to_string()
    } else {
        SECONDS.cell(run.seconds)
    }
}

/// One object a row: means, standard errors, settings and the runs.
pub fn rows(suite: &dyn Suite, cases: &[Case], runs: &[Run]) -> Vec<Value> {
    cases
        .iter()
        .map(|case| {
            let of_case = of(case, runs);
            let good: Vec<&&Run> = of_case.iter().filter(|run| run.failure.is_none()).collect();
            let scores: serde_json::Map<String, Value> = suite
                .columns(case.data)
                .iter()
                .filter_map(|column| {
                    Some((
                        column.score.to_string(),
                        mean_value(mean(&good, column.score)?),
                    ))
                })
                .collect();
            let seconds = seconds_alone(&good);
            json!({
                "data": case.data,
                "recipe": case.recipe,
                "label": case.label,
                "steps": case.steps,
                "settings": case.settings,
                "runs": good.len(),
                "failed": of_case.len() - good.len(),
                "scores": scores,
                "seconds": Mean::of(&seconds).map(mean_value),
                "seeds": of_case.iter().map(|run| json!({
                    "seed": run.seed,
                    "scores": run.scores,
                    "seconds": run.seconds,
                    "failure": run.failure,
                })).collect::<Vec<_>>(),
            })
        })
        .collect()
}

fn of<'a>(case: &Case, runs: &'a [Run]) -> Vec<&'a Run> {
    runs.iter()
        .filter(|run| run.data == case.data && run.recipe == case.recipe)
        .collect()
}

fn mean(runs: &[&&Run], score: &str) -> Option<Mean> {
    let values: Vec<f64> = runs
        .iter()
        .filter_map(|run| run.scores.get(score).copied())
        .collect();
    Mean::of(&values)
}

fn mean_value(mean: Mean) -> Value {
    json!({"mean": mean.mean, "standard_error": mean.standard_error})
}

fn row(text: &mut String, cells: &[impl AsRef<str>]) {
    let cells: Vec<&str> = cells.iter().map(AsRef::as_ref).collect();
    let _ = writeln!(text, "| {} |", cells.join(" | "));
}
