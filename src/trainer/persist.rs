//! A [`GanTrainer`]'s whole state, written down and put back.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::config::GanTrainerConfig;
use super::gan::GanTrainer;
use super::players::{AUGMENTATION, DISCRIMINATOR, GENERATOR, MOVING_AVERAGES};
use super::saved_player::{AVERAGE_UPDATES, average_file, values};
use crate::batch::Condition;
use crate::gan_error::GanError;
use crate::kernel::Kernels;
use crate::network::{Discriminator, Generator};
use crate::persistent::Persistent;
use crate::saved_state::SavedState;

/// The moving average of the generator's weights: the file's name since version 0.1.0.
const AVERAGE: &str = "average.bpk";

/// What of the state is not in a file, in the form of version 0.1.0.
#[derive(Serialize, Deserialize)]
struct Numbers {
    steps: Value,
    learning_rate_factor: Value,
    average_updates: Value,
    /// Of an objective that remembers some.
    #[serde(default)]
    averages: Value,
    /// Of an adaptive one.
    #[serde(default)]
    augmentation: Value,
}

impl<const D: usize, G, N, C> Persistent for GanTrainer<D, G, N, C>
where
    C: Condition,
    G: Generator<D, C>,
    N: Discriminator<D, C>,
{
    fn description(&self) -> Result<Value, GanError> {
        let config = deciding_fields(&self.rules.config)
            .map_err(|error| GanError::state("configuration", error))?;
        let penalties = self
            .rules
            .penalties
            .as_ref()
            .map(|penalties| values(penalties.identities()));
        let mut players = self.players.description();
        let mut part = |name: &str, what: &str| players[name][what].take();
        let mut description = json!({
            "trainer": config,
            "loss": self.rules.objective.identity().to_value(),
            "penalties": penalties,
            "generator": part(GENERATOR, "network"),
            "discriminator": part(DISCRIMINATOR, "network"),
            "generator_optimizer": part(GENERATOR, "optimizer"),
            "discriminator_optimizer": part(DISCRIMINATOR, "optimizer"),
            "sample_shape": self.rules.example.samples.dims()[1..],
            "kernels": self.kernels_in_use(),
        });
        // The number of parts decides what a run comes to, and so does what computes each.
        if let Some(replicas) = &self.replicas {
            description["replicas"] = json!(replicas.kernels);
        }
        Ok(description)
    }

    fn upgraded_description(&self, mut saved: Value) -> Value {
        if let Some(trainer) = saved.get_mut("trainer") {
            // A configuration that cannot be read is left as it is, and its fields are found to differ.
            let config = GanTrainerConfig::deserialize(&*trainer);
            if let Ok(upgraded) = config.and_then(|config| deciding_fields(&config)) {
                *trainer = upgraded;
            }
        }
        if let Some(fields) = saved.as_object_mut() {
            // There were none before they were recorded.
            fields
                .entry("kernels")
                .or_insert_with(|| json!(Kernels::Off));
        }
        saved
    }

    fn save_state(&self) -> Result<SavedState, GanError> {
        let mut state = self.players.save_state()?;
        if let Some(average) = state.files.remove(&average_file(GENERATOR)) {
            state.files.insert(AVERAGE.to_string(), average);
        }
        let mut numbers = state.numbers;
        state.numbers = json!({
            "steps": numbers["steps"].take(),
            "learning_rate_factor": numbers["learning_rate_factor"].take(),
            "average_updates": numbers["parts"][GENERATOR][AVERAGE_UPDATES].take(),
        });
        for part in [MOVING_AVERAGES, AUGMENTATION] {
            let numbers = numbers["parts"][part].take();
            if !numbers.is_null() {
                state.numbers[part] = numbers;
            }
        }
        Ok(state)
    }

    fn load_state(&mut self, saved: &SavedState) -> Result<(), GanError> {
        let numbers = Numbers::deserialize(&saved.numbers)
            .map_err(|error| GanError::state("counters", error))?;
        let mut files = saved.files.clone();
        let average = files.remove(AVERAGE);
        files.extend(average.map(|average| (average_file(GENERATOR), average)));
        let numbers = json!({
            "steps": numbers.steps,
            "learning_rate_factor": numbers.learning_rate_factor,
            "parts": {
                GENERATOR: { AVERAGE_UPDATES: numbers.average_updates },
                MOVING_AVERAGES: numbers.averages,
                AUGMENTATION: numbers.augmentation,
            },
        });
        self.players.load_state(&SavedState { numbers, files })
    }

    fn seed(&self) -> u64 {
        self.rules.config.seed
    }

    fn skip_step(&mut self) {
        self.players.skip_step();
    }

    fn scale_learning_rates(&mut self, factor: f64) {
        self.players.scale_learning_rates(factor);
    }
}

/// The fields of a configuration that decide what a run comes to: how often it is checked and how many samples are
/// drawn at once change no weight.
fn deciding_fields(config: &GanTrainerConfig) -> serde_json::Result<Value> {
    let mut fields = serde_json::to_value(config)?;
    if let Some(fields) = fields.as_object_mut() {
        fields.remove("finite_check");
        fields.remove("sample_chunk");
        // Those that are in use count, which the device and the environment decide too.
        fields.remove("kernels");
    }
    Ok(fields)
}
