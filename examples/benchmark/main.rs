//! How good the library's recipes are, by the literature's protocols, over several seeds: docs/results.md.
//!
//! cargo run --example benchmark -- --suite mixtures

mod arguments;
#[path = "../common/mod.rs"]
mod common;
mod conditional;
mod digit_scores;
mod digits28;
mod face_scores;
mod faces;
mod fashion;
mod image_runs;
mod little_data;
mod mixtures;
mod peer;
mod records;
mod report;
mod stacked_digits;
mod stacked_mnist;
mod suite;
mod tuning;
mod workers;

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;
use std::thread::available_parallelism;

use burn_gan::GanError;
use clap::{Parser, ValueEnum};
use serde_json::{Value, json};

use arguments::Arguments;
use suite::{Case, Job, Run, Scores, Suite, run_folder};
use workers::{Task, run_all};

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    common::run(|| {
        let suite = arguments.suite()?;
        if arguments.single {
            single(&*suite, &arguments)
        } else {
            all(&*suite, &arguments)
        }
    })
}

/// Makes the one run that the arguments name.
fn single(suite: &dyn Suite, arguments: &Arguments) -> Result<Value, GanError> {
    let mut cases = cases(suite, arguments)?;
    if cases.len() != 1 {
        return Err(GanError::user("--single needs --data and --recipe"));
    }
    let case = cases.remove(0);
    let seed = arguments.common.seed;
    let folder = run_folder(&folder(suite, arguments)?, case.data, &case.recipe, seed);
    common::create_folder(&folder)?;
    let mut run = planned(&case, seed, arguments)?;
    let job = Job {
        device: arguments.common.device()?,
        device_name: arguments.common.device_name(),
        case,
        seed,
        folder,
    };
    match suite.run(&job) {
        Ok((seconds, scores)) => (run.seconds, run.scores) = (seconds, scores),
        Err(error) => run.failure = Some(error.to_string()),
    }
    serde_json::to_value(run).map_err(GanError::user)
}

/// Makes all runs and prints the tables.
fn all(suite: &dyn Suite, arguments: &Arguments) -> Result<Value, GanError> {
    let cases = cases(suite, arguments)?;
    let folder = folder(suite, arguments)?;
    let mut kept = Vec::new();
    let mut tasks = Vec::new();
    for case in &cases {
        for offset in 0..arguments.seeds.unwrap_or(case.seeds) {
            let run = planned(case, arguments.common.seed + offset as u64, arguments)?;
            let recorded = arguments.keep || arguments.tables;
            if recorded && let Some(run) = records::find(suite.name(), &run)? {
                kept.push(run);
                continue;
            }
            if arguments.tables {
                continue;
            }
            if let Some(missing) = suite.missing(case) {
                eprintln!("left out {} {}: {missing}", case.data, case.recipe);
                break;
            }
            let result =
                run_folder(&folder, case.data, &case.recipe, run.seed).with_extension("json");
            let earlier = if arguments.resume {
                records::finished(&result, &run)
            } else {
                None
            };
            match earlier {
                Some(run) => kept.push(run),
                None => tasks.push(task(run, result, arguments)),
            }
        }
    }
    let cores = available_parallelism().map_or(1, usize::from);
    let one_thread = suite.one_thread_each();
    let at_once = arguments.jobs.unwrap_or(if one_thread { cores } else { 1 });
    let mut runs = run_all(tasks, at_once.max(1), one_thread.then_some(1))?;
    runs.extend(kept);
    if arguments.keep {
        let mut finished = runs.iter().filter(|run| run.failure.is_none());
        finished.try_for_each(|run| records::keep(suite.name(), run))?;
    }
    runs.sort_by_key(|run| run.seed);

    println!("{}", suite.protocol());
    let mut data: Vec<&str> = cases.iter().map(|case| case.data).collect();
    data.dedup();
    for data in data {
        let of_data: Vec<&Case> = cases.iter().filter(|case| case.data == data).collect();
        println!("### {data}\n");
        let references = suite.references(data)?;
        println!(
            "{}",
            report::markdown(
                suite.name(),
                suite.columns(data),
                &of_data,
                &runs,
                &references
            )
        );
    }
    if !arguments.tables {
        suite.plot(&runs, &folder)?;
    }
    let summary = json!({
        "suite": suite.name(),
        "device": arguments.common.device_name(),
        "at_once": at_once,
        "rows": report::rows(suite, &cases, &runs),
    });
    let failed = runs.iter().filter(|run| run.failure.is_some()).count();
    if failed > 0 {
        println!("{summary}");
        return Err(GanError::user(format!(
            "{failed} of {} runs failed",
            runs.len()
        )));
    }
    Ok(summary)
}

/// The cases that the arguments ask for.
fn cases(suite: &dyn Suite, arguments: &Arguments) -> Result<Vec<Case>, GanError> {
    let all = suite.cases(arguments.steps);
    let is =
        |wanted: &Option<String>, name: &str| wanted.as_deref().is_none_or(|wanted| wanted == name);
    let names: Vec<String> = all
        .iter()
        .map(|case| format!("--data {} --recipe {}", case.data, case.recipe))
        .collect();
    let cases: Vec<Case> = all
        .into_iter()
        .filter(|case| is(&arguments.data, case.data) && is(&arguments.recipe, &case.recipe))
        .collect();
    if cases.is_empty() {
        return Err(GanError::user(format!(
            "the suite {} has only {}",
            suite.name(),
            names.join(", ")
        )));
    }
    Ok(cases)
}

fn folder(suite: &dyn Suite, arguments: &Arguments) -> Result<PathBuf, GanError> {
    arguments
        .common
        .folder(&format!("benchmark/{}", suite.name()))
}

/// A run that is still to be made.
fn planned(case: &Case, seed: u64, arguments: &Arguments) -> Result<Run, GanError> {
    Ok(Run {
        data: case.data.to_string(),
        recipe: case.recipe.clone(),
        seed,
        steps: case.steps,
        settings: case.settings.clone(),
        device: arguments.common.device_name().to_string(),
        program: records::program()?,
        commit: records::commit(),
        beside_other_work: arguments.beside_other_work,
        seconds: 0.0,
        scores: Scores::new(),
        failure: None,
    })
}

fn task(run: Run, result: PathBuf, arguments: &Arguments) -> Task {
    let common = &arguments.common;
    let mut words: Vec<OsString> = Vec::new();
    let mut flag = |name: &str, value: OsString| words.extend([format!("--{name}").into(), value]);
    let suite = arguments.suite.to_possible_value();
    flag(
        "suite",
        suite.map_or_else(OsString::new, |value| value.get_name().into()),
    );
    flag("data", run.data.clone().into());
    flag("recipe", run.recipe.clone().into());
    flag("steps", run.steps.to_string().into());
    flag("seed", run.seed.to_string().into());
    flag("device", common.device_name().into());
    flag("out", common.out.clone().into());
    if let Some(folder) = &arguments.fashion_mnist {
        flag("fashion-mnist", folder.clone().into());
    }
    if let Some(python) = &arguments.python {
        flag("python", python.clone().into());
    }
    for file in &arguments.settings {
        flag("settings", file.clone().into());
    }
    if arguments.beside_other_work {
        words.push("--beside-other-work".into());
    }
    words.push("--single".into());
    Task {
        run,
        arguments: words,
        result,
    }
}
