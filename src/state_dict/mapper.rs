//! [`StateMapper`]: goes through a module's tensors, to list them or to replace them.

use std::collections::{BTreeMap, BTreeSet};

use burn::tensor::{DType, Tensor, TensorData};

use super::{PytorchModule, StateDict, StateDictError, UnfitTensors, UnusableValue, WrongShape};
use crate::errors::{DeviceError, ShapeError};

/// PyTorch's counter of a batch normalisation, which only matters there without a momentum.
const COUNTER: &str = "num_batches_tracked";
/// The name of a tensor that cannot be negative.
const VARIANCE: &str = "running_var";

/// What [`PytorchModule::map_state`] hands a module's tensors to.
pub struct StateMapper {
    /// The names of the modules that it is in.
    path: Vec<String>,
    task: Task,
    failure: Option<DeviceError>,
}

enum Task {
    List(StateDict),
    Load(Load),
}

struct Load {
    given: BTreeMap<String, TensorData>,
    asked: BTreeSet<String>,
    unfit: UnfitTensors,
}

impl StateMapper {
    /// One that lists all tensors and changes none.
    pub(super) fn listing() -> Self {
        Self::new(Task::List(StateDict::new()))
    }

    /// One that replaces all tensors.
    pub(super) fn loading(state: &StateDict) -> Self {
        Self::new(Task::Load(Load {
            given: with_parametrization_names(state),
            asked: BTreeSet::new(),
            unfit: UnfitTensors::default(),
        }))
    }

    fn new(task: Task) -> Self {
        Self {
            path: Vec::new(),
            task,
            failure: None,
        }
    }

    /// What was listed, or nothing after loading.
    pub(super) fn finish(self) -> Result<StateDict, StateDictError> {
        if let Some(failure) = self.failure {
            return Err(failure.into());
        }
        match self.task {
            Task::List(state) => Ok(state),
            Task::Load(load) => load.finish().map(|()| StateDict::new()),
        }
    }

    /// A module inside this one.
    pub fn module<M: PytorchModule>(&mut self, name: &str, module: M) -> M {
        self.inside(name, |mapper| module.map_state(mapper))
    }

    /// What is called `name` and something more.
    pub fn inside<T>(&mut self, name: &str, map: impl FnOnce(&mut Self) -> T) -> T {
        self.path.push(name.to_string());
        let mapped = map(self);
        self.path.pop();
        mapped
    }

    /// A tensor: `value` is what the module has, in PyTorch's layout, `replaced` the module with another of the same shape and
    /// element type, or an error where it takes none of that shape.
    pub fn tensor<const D: usize, M: Clone>(
        &mut self,
        name: &str,
        module: M,
        value: impl FnOnce(&M) -> Tensor<D>,
        replaced: impl FnOnce(M, Tensor<D>) -> Result<M, ShapeError>,
    ) -> M {
        let name = self.name(name);
        let value = value(&module);
        match &mut self.task {
            Task::List(state) => {
                match value.try_into_data() {
                    Ok(data) => drop(state.insert(name, data)),
                    Err(error) => self.failure = Some(DeviceError::new(error)),
                }
                module
            }
            Task::Load(load) => {
                let Some(data) = load.take(name.clone(), &value.dims(), value.dtype()) else {
                    return module;
                };
                let device = value.device().without_autodiff();
                let actual = data.shape().to_vec();
                // The copy is cheap: tensors are shared.
                match replaced(
                    module.clone(),
                    Tensor::from_data(data, (&device, value.dtype())),
                ) {
                    Ok(module) => module,
                    Err(error) => {
                        load.unfit.misshapen.push(WrongShape {
                            name,
                            expected: error.expected,
                            actual,
                        });
                        module
                    }
                }
            }
        }
    }

    /// A tensor that PyTorch has and the module computes: it is listed, and passed over when others are loaded.
    pub fn derived<const D: usize>(&mut self, name: &str, value: impl FnOnce() -> Tensor<D>) {
        let name = self.name(name);
        match &mut self.task {
            Task::List(state) => match value().try_into_data() {
                Ok(data) => drop(state.insert(name, data)),
                Err(error) => self.failure = Some(DeviceError::new(error)),
            },
            Task::Load(load) => drop(load.asked.insert(name)),
        }
    }

    fn name(&self, name: &str) -> String {
        let parts = self.path.iter().map(String::as_str);
        let parts: Vec<&str> = parts.chain([name]).collect();
        parts.join(".")
    }
}

/// The tensors, those of `torch.nn.utils.spectral_norm` under the names of its successor in `parametrizations`.
fn with_parametrization_names(state: &StateDict) -> BTreeMap<String, TensorData> {
    let is_layer = |layer: &str| state.get(&format!("{layer}.weight_orig")).is_some();
    let renamed = |name: &String| {
        let (layer, tensor) = name.rsplit_once('.')?;
        let new = match tensor {
            "weight_orig" => "original",
            "weight_u" => "0._u",
            "weight_v" => "0._v",
            _ => return None,
        };
        is_layer(layer).then(|| format!("{layer}.parametrizations.weight.{new}"))
    };
    let tensors = state.tensors().iter();
    tensors
        .map(|(name, data)| (renamed(name).unwrap_or_else(|| name.clone()), data.clone()))
        .collect()
}

impl Load {
    /// The tensor of this name in the network's element type, where it fits; otherwise says what is wrong.
    fn take(&mut self, name: String, expected: &[usize], dtype: DType) -> Option<TensorData> {
        self.asked.insert(name.clone());
        let Some(data) = self.given.get(&name) else {
            self.unfit.missing.push(name);
            return None;
        };
        if data.shape()[..] != *expected {
            self.unfit.misshapen.push(WrongShape {
                name,
                expected: expected.to_vec(),
                actual: data.shape().to_vec(),
            });
            return None;
        }
        match usable(&name, data, dtype) {
            Ok(data) => Some(data),
            Err(value) => {
                self.unfit.unusable.push(value);
                None
            }
        }
    }

    fn finish(mut self) -> Result<(), StateDictError> {
        let names = self.given.keys();
        let unknown = names
            .filter(|name| !self.asked.contains(*name) && name.rsplit('.').next() != Some(COUNTER));
        self.unfit.unknown = unknown.cloned().collect();
        if self.unfit.is_empty() {
            return Ok(());
        }
        Err(StateDictError::Unfit(Box::new(self.unfit)))
    }
}

/// The values in another element type, or the first that no weight can be.
fn usable(name: &str, data: &TensorData, dtype: DType) -> Result<TensorData, UnusableValue> {
    let unusable = |index, value| UnusableValue {
        name: name.to_string(),
        index,
        value,
    };
    if !data.dtype().is_float() {
        return Err(unusable(0, format!("of the type {:?}", data.dtype())));
    }
    let cast = |error: &dyn std::fmt::Display| unusable(0, error.to_string());
    let data = data.clone().try_cast(dtype).map_err(|error| cast(&error))?;
    let is_variance = name.rsplit('.').next() == Some(VARIANCE);
    let wrong = data
        .iter::<f64>()
        .enumerate()
        .find(|(_, value)| !value.is_finite() || (is_variance && *value < 0.0));
    match wrong {
        Some((index, value)) => Err(unusable(index, value.to_string())),
        None => Ok(data),
    }
}
