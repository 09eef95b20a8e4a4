//! Charts of the numbers of a run's steps, as `read_history` gives them.

use std::collections::BTreeSet;

use super::chart::Chart;
use crate::report::StepValues;

/// The mean losses of both players over the steps of a history, and the terms of their objectives, where there are
/// several.
///
/// The number of a step counts those taken, as in the names of sample grids: the first is 1.
///
/// ```
/// use burn_gan::plot::loss_chart;
/// # use burn::tensor::{Device, Tensor};
/// # let one = || Tensor::<1>::ones([1], &Device::flex());
/// # let rows = vec![burn_gan::StepReport::new(0, one(), one(), one()).read()?];
///
/// // let rows = burn_gan::observe::read_history("out/run/losses.csv")?;
/// let folder = tempfile::tempdir()?;
/// loss_chart(&rows).save(folder.path().join("losses.png"))?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn loss_chart(rows: &[StepValues]) -> Chart {
    let chart = Chart::new("Losses")
        .with_axes("step", "mean loss")
        .with_line("generator", &line(rows, |row| row.loss_generator))
        .with_line(
            "discriminator",
            &line(rows, |row| Some(row.loss_discriminator)),
        );
    let is_loss = |name: &&String| {
        let players = ["generator.", "discriminator."];
        players.iter().any(|player| name.starts_with(player))
    };
    let names = rows.iter().flat_map(|row| row.terms.keys());
    let terms: BTreeSet<&String> = names.filter(is_loss).collect();
    terms.into_iter().fold(chart, |chart, name| {
        chart.with_line(
            name.as_str(),
            &line(rows, |row| row.terms.get(name).copied()),
        )
    })
}

/// The discriminator's mean logits of real and of generated samples over the steps of a history; and those of training and
/// held-out samples after the steps, where they were evaluated.
///
/// Rows of files that are older than these numbers have no points. Steps are counted as in [`loss_chart`].
pub fn logit_chart(rows: &[StepValues]) -> Chart {
    let chart = Chart::new("Logits of the discriminator")
        .with_axes("step", "mean logit")
        .with_line("real samples", &line(rows, |row| row.logit_real))
        .with_line("generated samples", &line(rows, |row| row.logit_fake));
    let evaluated = [
        ("training samples, evaluated", "evaluation.logit_training"),
        ("held-out samples, evaluated", "evaluation.logit_held_out"),
    ];
    evaluated.into_iter().fold(chart, |chart, (label, name)| {
        let points = line(rows, |row| row.terms.get(name).copied());
        if points.is_empty() {
            chart
        } else {
            chart.with_line(label, &points)
        }
    })
}

/// The probability of an augmentation's changes and the mean sign that an adaptive one goes by, over the steps of a history;
/// `None` where no row has any.
///
/// Steps are counted as in [`loss_chart`].
pub fn augmentation_chart(rows: &[StepValues]) -> Option<Chart> {
    let of = |name: &str| line(rows, |row| row.terms.get(name).copied());
    let (probability, sign) = (
        of("augmentation.probability"),
        of("augmentation.logit_sign"),
    );
    if probability.is_empty() {
        return None;
    }
    let chart = Chart::new("Augmentation")
        .with_axes("step", "probability and mean sign")
        .with_line("probability", &probability);
    Some(if sign.is_empty() {
        chart
    } else {
        chart.with_line("mean sign of logits", &sign)
    })
}

/// A number of the rows that have it; a step in which a player took no part is no gap.
fn line(rows: &[StepValues], number: impl Fn(&StepValues) -> Option<f32>) -> Vec<(f64, f64)> {
    let points = rows.iter().filter_map(|row| Some((row.step, number(row)?)));
    points
        .map(|(step, value)| ((step + 1) as f64, value.into()))
        .collect()
}
