//! The numbers of a step as entries of Burn's metrics.

use std::collections::BTreeSet;
use std::sync::Arc;

use burn::train::metric::store::NumericMetricUpdate;
use burn::train::metric::{
    MetricDefinition, MetricEntry, MetricId, NumericAttributes, NumericEntry, SerializedEntry,
};

use crate::report::StepValues;

/// A metric's name, what it is, and its value in a step; `None` where there is none.
type Metric = (&'static str, &'static str, fn(&StepValues) -> Option<f32>);

const METRICS: [Metric; 7] = [
    ("Discriminator Loss", "Mean discriminator loss", |values| {
        Some(values.loss_discriminator)
    }),
    ("Generator Loss", "Mean generator loss", |values| {
        values.loss_generator
    }),
    ("Penalty", "Mean cost of the gradient penalties", |values| {
        values.penalty
    }),
    (
        "Probability Real",
        "Mean estimated probability that a real sample is real",
        |values| values.probability_real,
    ),
    (
        "Probability Fake",
        "Mean estimated probability that a generated sample is real",
        |values| values.probability_fake,
    ),
    (
        "Discriminator Gradient Norm",
        "Norm of the discriminator's gradient",
        |values| values.gradient_norm_discriminator,
    ),
    (
        "Generator Gradient Norm",
        "Norm of the generator's gradient",
        |values| values.gradient_norm_generator,
    ),
];

/// What Burn is told of steps: the definition of a metric before its first value, then its values.
#[derive(Debug, Default)]
pub(super) struct MetricEntries {
    defined: BTreeSet<String>,
}

impl MetricEntries {
    /// The entries of a step. `define` is called for metrics that have their first value, so that a run
    /// shows no metric that it never has.
    pub(super) fn of_step(
        &mut self,
        values: &StepValues,
        mut define: impl FnMut(MetricDefinition),
    ) -> Vec<NumericMetricUpdate> {
        let fixed = METRICS
            .into_iter()
            .filter_map(|(name, description, value)| Some((name, description, value(values)?)));
        let terms = values.terms.iter();
        let terms = terms.map(|(name, value)| (name.as_str(), description_of(name), *value));
        let mut entries = Vec::new();
        for (name, description, value) in fixed.chain(terms) {
            if self.defined.insert(name.to_string()) {
                define(definition(name, description));
            }
            entries.push(entry(name, value));
        }
        entries
    }
}

/// What a number with a name of its own is.
fn description_of(name: &str) -> &'static str {
    if name.starts_with("generator.") || name.starts_with("discriminator.") {
        "Mean of a term"
    } else {
        "Number of the step"
    }
}

fn definition(name: &str, description: &str) -> MetricDefinition {
    MetricDefinition {
        metric_id: id(name),
        name: Arc::new(name.to_string()),
        description: Some(description.to_string()),
        // Neither direction is better in a game of two; losses are lower by convention.
        attributes: NumericAttributes {
            unit: None,
            higher_is_better: false,
        }
        .into(),
    }
}

fn entry(name: &str, value: f32) -> NumericMetricUpdate {
    let number = NumericEntry::Value(value.into());
    let serialized = SerializedEntry::new(format!("{value:.4}"), number.serialize());
    // A plot has no place for what is not finite.
    let number = value.is_finite().then_some(number);
    NumericMetricUpdate::new(
        MetricEntry::new(id(name), serialized),
        number.clone(),
        number,
    )
}

fn id(name: &str) -> MetricId {
    MetricId::new(Arc::new(name.to_string()))
}
