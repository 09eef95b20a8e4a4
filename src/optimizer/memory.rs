//! What a [`NetworkOptimizer`] remembers, written down and read back.

use std::collections::BTreeMap;

use burn::module::{Module, ModuleVisitor, Param};
use burn::optim::{StateSink, StateSource};
use burn::tensor::{Bytes, Device, Tensor, TensorData};
use burn_pack::{Reader, Scalar, Writer};

use super::network::{NetworkOptimizer, Remembered};
use super::{OptimizerError, UpdateRule};
use crate::module_tree::{ModulePath, follow_path};
use crate::unwind::caught;

/// Under which a parameter's rank is written, beside what its optimiser remembers.
const RANK: &str = "__rank";

impl NetworkOptimizer {
    /// What it remembers, in the burnpack format, by the parameters' paths.
    ///
    /// # Errors
    /// [`OptimizerError::Format`] where it cannot be written down.
    pub fn to_bytes(&self) -> Result<Vec<u8>, OptimizerError> {
        let mut tensors = Vec::new();
        let mut scalars = BTreeMap::new();
        for (path, remembered) in &self.states {
            let mut sink = StateSink::default();
            let rule = self.rule(remembered.group);
            rule.optimizer
                .state_flatten(path, &remembered.state, &mut sink);
            scalars.extend(sink.scalars);
            let rank = Scalar::from(remembered.state.rank());
            scalars.insert(format!("{path}.{RANK}"), rank);
            tensors.extend(sink.tensors.into_iter().map(|(name, data)| {
                let (bytes, shape, dtype) = data.into_parts();
                burn_pack::Tensor::new(name, dtype, shape, None, bytes)
            }));
        }
        let writer = scalars
            .iter()
            .fold(Writer::new(tensors), |writer, (name, value)| {
                writer.with_scalar(name, *value)
            });
        let bytes = writer.into_bytes().map_err(OptimizerError::format)?;
        Ok(bytes.to_vec())
    }

    /// The same rules with what [`NetworkOptimizer::to_bytes`] wrote down of a network with these parameters.
    ///
    /// # Errors
    /// An [`OptimizerError`] for damaged bytes, or those of another network or optimiser.
    pub fn with_bytes<M: Module>(
        mut self,
        bytes: Vec<u8>,
        network: &M,
    ) -> Result<Self, OptimizerError> {
        let reader =
            Reader::from_bytes(Bytes::from_bytes_vec(bytes)).map_err(OptimizerError::format)?;
        let scalars = reader.scalars().clone();
        let ranks: BTreeMap<String, Scalar> = scalars
            .iter()
            .filter_map(|(name, rank)| Some((name.strip_suffix(RANK)?.strip_suffix('.')?, rank)))
            .map(|(path, rank)| (path.to_string(), *rank))
            .collect();
        let mut source = StateSource::new(scalars);
        for tensor in reader.into_tensors().map_err(OptimizerError::format)? {
            let (name, dtype, shape, _, bytes) =
                tensor.into_parts().map_err(OptimizerError::format)?;
            source.insert_tensor(name, TensorData::from_bytes(bytes, shape, dtype));
        }

        let mut places = Places {
            optimizer: &self,
            path: ModulePath::default(),
            found: BTreeMap::new(),
        };
        network.visit(&mut places);
        let places = places.found;
        self.states.clear();
        for (path, rank) in ranks {
            let Some(place) = places.get(&path) else {
                return Err(OptimizerError::UnknownParameter { path });
            };
            if usize::try_from(rank) != Ok(place.rank) {
                return Err(OptimizerError::Rank {
                    path,
                    expected: place.rank,
                    actual: format!("{rank:?}"),
                });
            }
            let remembered = place.group.and_then(|group| {
                let rule = self.rule(group);
                let state = rule.optimizer.state_unflatten(
                    place.rank,
                    &path,
                    &mut source,
                    &place.device,
                )?;
                Some(Remembered { group, state })
            });
            let Some(remembered) = remembered else {
                return Err(OptimizerError::AnotherOptimizer { path });
            };
            self.states.insert(path, remembered);
        }
        self.try_step(network)?;
        Ok(self)
    }

    fn rule(&self, group: usize) -> &UpdateRule {
        &self.groups[group].rule
    }

    /// Refuses states that the next step would panic on, such as those of other shapes: what shape a state has is
    /// the rule's own affair, so that only a step can tell.
    fn try_step<M: Module>(&self, network: &M) -> Result<(), OptimizerError> {
        let mut trial = Trial {
            optimizer: self,
            path: ModulePath::default(),
            failure: None,
        };
        network.visit(&mut trial);
        trial.failure.map_or(Ok(()), Err)
    }
}

/// A parameter's rank, device and group.
struct Place {
    rank: usize,
    device: Device,
    group: Option<usize>,
}

/// The place of each parameter by path.
struct Places<'a> {
    optimizer: &'a NetworkOptimizer,
    path: ModulePath,
    found: BTreeMap<String, Place>,
}

impl ModuleVisitor for Places<'_> {
    follow_path!();

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let path = self.path.key();
        let place = Place {
            rank: D,
            device: param.lazy_device().without_autodiff(),
            group: self.optimizer.group_of(param.id, &path),
        };
        self.found.insert(path, place);
    }
}

/// A step with zeros for weights and gradients, whose result is thrown away.
struct Trial<'a> {
    optimizer: &'a NetworkOptimizer,
    path: ModulePath,
    failure: Option<OptimizerError>,
}

impl ModuleVisitor for Trial<'_> {
    follow_path!();

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let path = self.path.key();
        let Some(Remembered { group, state }) = self.optimizer.states.get(&path) else {
            return;
        };
        let rule = self.optimizer.rule(*group);
        let shape = param.lazy_shape();
        let device = param.lazy_device().without_autodiff();
        let stepped = caught(|| {
            let zeros = || Tensor::<D>::zeros(shape.clone(), &device).into_bridge();
            let state = Some(state.clone());
            let (updated, _) = rule.optimizer.step_dyn(D, 0.0, zeros(), zeros(), state);
            Tensor::<D>::from_bridge(updated).shape()
        });
        if stepped.as_ref() != Ok(&shape) {
            self.failure
                .get_or_insert(OptimizerError::Shape { path, shape });
        }
    }
}
