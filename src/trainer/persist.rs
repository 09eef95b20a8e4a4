//! A [`GanTrainer`]'s whole state, written down and put back.

use std::collections::BTreeMap;

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{Bool, Int, Tensor};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::config::GanTrainerConfig;
use super::finite::non_finite_weights;
use super::gan::GanTrainer;
use super::last_good::LastGood;
use super::state::State;
use crate::batch::Condition;
use crate::ema::Ema;
use crate::gan_error::GanError;
use crate::identity::Identity;
use crate::kernel::Kernels;
use crate::module_tree::{ModulePath, follow_path};
use crate::network::{Discriminator, Generator};
use crate::optimizer::NetworkOptimizer;
use crate::persistent::Persistent;
use crate::saved_state::SavedState;
use crate::weights::{weights_to_bytes, with_weights};

const GENERATOR: &str = "generator.bpk";
const DISCRIMINATOR: &str = "discriminator.bpk";
/// The moving average of the generator's weights.
const AVERAGE: &str = "average.bpk";
const GENERATOR_OPTIMIZER: &str = "generator-optimizer.bpk";
const DISCRIMINATOR_OPTIMIZER: &str = "discriminator-optimizer.bpk";

/// What of the state is not in a file.
#[derive(Serialize, Deserialize)]
struct Numbers {
    steps: usize,
    #[serde(with = "crate::number")]
    learning_rate_factor: f64,
    average_updates: Option<usize>,
}

impl<const D: usize, G, N, C> Persistent for GanTrainer<D, G, N, C>
where
    C: Condition,
    G: Generator<D, C>,
    N: Discriminator<D, C>,
{
    fn description(&self) -> Result<Value, GanError> {
        let config = deciding_fields(&self.config)
            .map_err(|error| GanError::state("configuration", error))?;
        let penalties = self
            .penalties
            .as_ref()
            .map(|penalties| values(penalties.identities()));
        let optimizer = |optimizer: &NetworkOptimizer| values(optimizer.identities());
        Ok(json!({
            "trainer": config,
            "loss": self.loss.identity().to_value(),
            "penalties": penalties,
            "generator": network(self.state.generator.identity(), &self.state.generator),
            "discriminator": network(self.state.discriminator.identity(), &self.state.discriminator),
            "generator_optimizer": optimizer(&self.state.generator_optimizer),
            "discriminator_optimizer": optimizer(&self.state.discriminator_optimizer),
            "sample_shape": self.example.samples.dims()[1..],
            "kernels": self.kernels_in_use(),
        }))
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
        self.refuse_bad_state()?;
        let state = &self.state;
        let mut files = BTreeMap::new();
        let mut put = |name: &str, content| files.insert(name.to_string(), content);
        put(GENERATOR, weights_to_bytes(&state.generator, GENERATOR)?);
        put(
            DISCRIMINATOR,
            weights_to_bytes(&state.discriminator, DISCRIMINATOR)?,
        );
        put(GENERATOR_OPTIMIZER, state.generator_optimizer.to_bytes()?);
        put(
            DISCRIMINATOR_OPTIMIZER,
            state.discriminator_optimizer.to_bytes()?,
        );
        if let Some(ema) = &state.ema {
            put(AVERAGE, weights_to_bytes(ema.shadow(), AVERAGE)?);
        }
        let numbers = Numbers {
            steps: state.steps,
            learning_rate_factor: state.learning_rate_factor,
            average_updates: state.ema.as_ref().map(Ema::updates),
        };
        Ok(SavedState {
            numbers: serde_json::to_value(numbers)
                .map_err(|error| GanError::state("counters", error))?,
            files,
        })
    }

    fn load_state(&mut self, saved: &SavedState) -> Result<(), GanError> {
        let numbers = Numbers::deserialize(&saved.numbers)
            .map_err(|error| GanError::state("counters", error))?;
        let file = |name: &str| {
            let content = saved.files.get(name);
            content.ok_or_else(|| GanError::state(name, "there is no such file"))
        };
        let state = &self.state;
        let generator = with_weights(&state.generator, file(GENERATOR)?, GENERATOR)?.train();
        let discriminator =
            with_weights(&state.discriminator, file(DISCRIMINATOR)?, DISCRIMINATOR)?.train();
        let ema = match &state.ema {
            Some(ema) => {
                let shadow = with_weights(ema.shadow(), file(AVERAGE)?, AVERAGE)?;
                let updates = numbers.average_updates.ok_or_else(|| {
                    GanError::state("average_updates", "there is no such counter")
                })?;
                Some(ema.resumed(shadow, updates))
            }
            None => None,
        };
        let generator_optimizer = state
            .generator_optimizer
            .clone()
            .with_bytes(file(GENERATOR_OPTIMIZER)?.clone(), &generator)?;
        let discriminator_optimizer = state
            .discriminator_optimizer
            .clone()
            .with_bytes(file(DISCRIMINATOR_OPTIMIZER)?.clone(), &discriminator)?;
        if let Some(cause) = non_finite_weights(&generator, &discriminator)? {
            let steps = numbers.steps;
            return Err(GanError::NonFiniteState { steps, cause });
        }
        // Nothing of the trainer was touched so far: a state that does not fit leaves it as it was.
        self.state = State {
            generator,
            discriminator,
            generator_optimizer,
            discriminator_optimizer,
            ema,
            steps: numbers.steps,
            learning_rate_factor: numbers.learning_rate_factor,
        };
        self.last_good = LastGood {
            state: self.state.snapshot(),
            unchecked: Vec::new(),
        };
        Ok(())
    }

    fn seed(&self) -> u64 {
        self.config.seed
    }

    fn skip_step(&mut self) {
        self.state.steps += 1;
        // An older good state stays at the step that it was reached by.
        if self.last_good.unchecked.is_empty() {
            self.last_good.state.steps = self.state.steps;
        }
    }

    fn scale_learning_rates(&mut self, factor: f64) {
        self.change_both(|state| state.learning_rate_factor *= factor);
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

fn values(identities: Vec<Identity>) -> Value {
    identities.iter().map(Identity::to_value).collect()
}

/// A network's identity and the shapes of its parameters.
fn network(identity: Identity, module: &impl Module) -> Value {
    let mut shapes = Shapes::default();
    module.visit(&mut shapes);
    let mut value = identity.to_value();
    value["parameters"] = Value::from_iter(shapes.found);
    value
}

/// The shape of each parameter and buffer by path.
#[derive(Default)]
struct Shapes {
    path: ModulePath,
    found: BTreeMap<String, Vec<usize>>,
}

impl Shapes {
    fn add(&mut self, shape: Vec<usize>) {
        self.found.insert(self.path.key(), shape);
    }
}

impl ModuleVisitor for Shapes {
    follow_path!();

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        self.add(param.val().dims().to_vec());
    }

    fn visit_int<const D: usize>(&mut self, param: &Param<Tensor<D, Int>>) {
        self.add(param.val().dims().to_vec());
    }

    fn visit_bool<const D: usize>(&mut self, param: &Param<Tensor<D, Bool>>) {
        self.add(param.val().dims().to_vec());
    }
}
