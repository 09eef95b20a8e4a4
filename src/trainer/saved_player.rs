//! A [`Player`] written down and put back.

use std::collections::BTreeMap;

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{Bool, Int, Tensor};
use serde_json::{Value, json};

use super::finite::Sums;
use super::part::{Part, sealed};
use super::player::{Player, fork};
use crate::ema::Ema;
use crate::gan_error::GanError;
use crate::identity::Identity;
use crate::module_tree::{ModulePath, follow_path};
use crate::saved_state::SavedState;
use crate::weights::{weights_to_bytes, with_weights};

/// The number of updates of the average, among a part's numbers.
pub(super) const AVERAGE_UPDATES: &str = "average_updates";

/// The file of a part's average.
pub(super) fn average_file(name: &str) -> String {
    format!("{name}-average.bpk")
}

fn network_file(name: &str) -> String {
    format!("{name}.bpk")
}

fn optimizer_file(name: &str) -> String {
    format!("{name}-optimizer.bpk")
}

impl<M: Module> Part for Player<M> {}

impl<M: Module> sealed::Part for Player<M> {
    fn fork(&mut self) {
        self.network = fork(&self.network);
    }

    fn describe(&self) -> Value {
        json!({
            "network": network(&self.identity, &self.network),
            "optimizer": values(self.optimizer.identities()),
        })
    }

    fn save(&self, name: &str, state: &mut SavedState) -> Result<Value, GanError> {
        let mut put = |file: String, content| state.files.insert(file, content);
        let file = network_file(name);
        let weights = weights_to_bytes(&self.network, &file)?;
        put(file, weights);
        put(optimizer_file(name), self.optimizer.to_bytes()?);
        if let Some(average) = &self.average {
            let file = average_file(name);
            let weights = weights_to_bytes(average.shadow(), &file)?;
            put(file, weights);
        }
        Ok(json!({ AVERAGE_UPDATES: self.average.as_ref().map(Ema::updates) }))
    }

    fn load(&mut self, name: &str, numbers: &Value, state: &SavedState) -> Result<(), GanError> {
        let content = |file: &str| {
            let content = state.files.get(file);
            content.ok_or_else(|| GanError::state(file, "there is no such file"))
        };
        let file = network_file(name);
        let network = with_weights(&self.network, content(&file)?, &file)?.train();
        let average = match &self.average {
            Some(average) => {
                let file = average_file(name);
                let shadow = with_weights(average.shadow(), content(&file)?, &file)?;
                let updates = numbers[AVERAGE_UPDATES].as_u64();
                let updates = updates.and_then(|updates| usize::try_from(updates).ok());
                let updates = updates
                    .ok_or_else(|| GanError::state(AVERAGE_UPDATES, "there is no such counter"))?;
                Some(average.resumed(shadow, updates))
            }
            None => None,
        };
        let optimizer = self.optimizer.clone();
        let remembered = content(&optimizer_file(name))?.clone();
        self.optimizer = optimizer.with_bytes(remembered, &network)?;
        self.replace(network);
        self.average = average;
        Ok(())
    }

    fn sums(&self) -> Sums {
        Sums::of(&self.network)
    }
}

pub(super) fn values(identities: Vec<Identity>) -> Value {
    identities.iter().map(Identity::to_value).collect()
}

/// A network's identity and the shapes of its parameters.
fn network(identity: &Identity, module: &impl Module) -> Value {
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
