//! [`NetworkOptimizer`]: an optimiser for all parameters of a network.

use std::collections::BTreeMap;
use std::sync::Arc;

use burn::grad_clipping::{GradientClipping, GradientClippingConfig};
use burn::module::{Module, ModuleMapper, ModuleVisitor, Param, ParamGroup};
use burn::optim::{
    DynOptimizer, DynState, GradientsParams, LearningRate, Optimizer, StateSink, StateSource,
};
use burn::tensor::{Bytes, Device, Tensor, TensorData};
use burn_pack::{Reader, Scalar, Writer};

use crate::gan_error::GanError;
use crate::identity::Identity;
use crate::module_tree::{ModulePath, follow_path};
use crate::unwind::caught;

/// Under which a parameter's rank is written, beside what its optimiser remembers.
const RANK: &str = "__rank";

/// An optimiser for all parameters of a network, with what it remembers of each.
///
/// In place of Burn's own `ModuleOptimizer`, whose states are keyed by identities that are new in each process
/// and are read back onto the default device, which in a program with GPU support and no GPU there is none of.
/// Here they are keyed by the parameter's path in the network and live where the parameter does.
///
/// ```
/// use burn::optim::{AdamConfig, SgdConfig};
/// use burn_gan::optimizer::NetworkOptimizer;
///
/// let adam = NetworkOptimizer::from(AdamConfig::new().build());
/// // Biases with another rule than weights:
/// use burn::module::ParamGroup;
/// let mixed = adam.with_group(ParamGroup::from_predicate("bias"), SgdConfig::new().build());
/// ```
#[derive(Clone)]
pub struct NetworkOptimizer {
    groups: Vec<Group>,
    clipping: Option<GradientClipping>,
    states: BTreeMap<String, DynState>,
}

/// The parameters that a rule is for.
#[derive(Clone)]
struct Group {
    parameters: ParamGroup,
    rule: Arc<dyn DynOptimizer>,
    identity: Identity,
}

impl<O: Optimizer> From<O> for NetworkOptimizer {
    fn from(rule: O) -> Self {
        Self {
            groups: Vec::new(),
            clipping: None,
            states: BTreeMap::new(),
        }
        .with_group(ParamGroup::all(), rule)
    }
}

impl std::fmt::Debug for NetworkOptimizer {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("NetworkOptimizer")
            .field("groups", &self.groups.len())
            .field("parameters", &self.states.len())
            .finish_non_exhaustive()
    }
}

impl NetworkOptimizer {
    /// Another rule for some parameters; where several groups match, the last counts. What was remembered of
    /// any parameter is forgotten.
    pub fn with_group<O: Optimizer>(mut self, parameters: ParamGroup, rule: O) -> Self {
        self.groups.push(Group {
            parameters,
            rule: Arc::new(rule),
            identity: Identity::of::<O>(),
        });
        self.states.clear();
        self
    }

    /// Clips each parameter's gradient on its own, as Burn's optimiser configurations can.
    pub fn with_clipping(mut self, clipping: Option<&GradientClippingConfig>) -> Self {
        self.clipping = clipping.map(GradientClippingConfig::init);
        self
    }

    /// The types of its rules, for checkpoints; their settings are those of whoever built them.
    pub fn identities(&self) -> Vec<Identity> {
        self.groups
            .iter()
            .map(|group| group.identity.clone())
            .collect()
    }

    /// The network after one step along its gradients; parameters without a gradient stay as they are.
    pub fn step<M: Module>(
        &mut self,
        learning_rate: LearningRate,
        network: M,
        gradients: GradientsParams,
    ) -> M {
        network.map(&mut Step {
            optimizer: self,
            learning_rate,
            gradients,
            path: ModulePath::default(),
        })
    }

    /// What it remembers, in the burnpack format, by the parameters' paths.
    ///
    /// # Errors
    /// [`GanError::State`] where it cannot be written down.
    pub fn to_bytes(&self) -> Result<Vec<u8>, GanError> {
        let mut tensors = Vec::new();
        let mut scalars = BTreeMap::new();
        for (path, state) in &self.states {
            let mut sink = StateSink::default();
            if let Some(rule) = self.rule(path) {
                rule.state_flatten(path, state, &mut sink);
            }
            scalars.extend(sink.scalars);
            scalars.insert(format!("{path}.{RANK}"), Scalar::from(state.rank()));
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
        let bytes = writer.into_bytes().map_err(state_error)?;
        Ok(bytes.to_vec())
    }

    /// The same rules with what [`NetworkOptimizer::to_bytes`] wrote down of a network with these parameters.
    ///
    /// # Errors
    /// [`GanError::State`] for damaged bytes, or those of another network or optimiser.
    pub fn with_bytes<M: Module>(mut self, bytes: Vec<u8>, network: &M) -> Result<Self, GanError> {
        let reader = Reader::from_bytes(Bytes::from_bytes_vec(bytes)).map_err(state_error)?;
        let scalars = reader.scalars().clone();
        let ranks: BTreeMap<String, Scalar> = scalars
            .iter()
            .filter_map(|(name, rank)| Some((name.strip_suffix(RANK)?.strip_suffix('.')?, rank)))
            .map(|(path, rank)| (path.to_string(), *rank))
            .collect();
        let mut source = StateSource::new(scalars);
        for tensor in reader.into_tensors().map_err(state_error)? {
            let (name, dtype, shape, _, bytes) = tensor.into_parts().map_err(state_error)?;
            source.insert_tensor(name, TensorData::from_bytes(bytes, shape, dtype));
        }

        let mut places = Places::default();
        network.visit(&mut places);
        self.states.clear();
        for (path, rank) in ranks {
            let Some((expected, device)) = places.found.get(&path) else {
                return Err(state_error(format!("the network has no `{path}`")));
            };
            if usize::try_from(rank) != Ok(*expected) {
                return Err(state_error(format!("`{path}` has rank {expected}")));
            }
            let state = self
                .rule(&path)
                .and_then(|rule| rule.state_unflatten(*expected, &path, &mut source, device))
                .ok_or_else(|| state_error(format!("`{path}` is of another optimiser")))?;
            self.states.insert(path, state);
        }
        self.try_step(network)?;
        Ok(self)
    }

    /// Refuses states that the next step would panic on, such as those of other shapes: what shape a state has is
    /// the rule's own affair, so that only a step can tell.
    fn try_step<M: Module>(&self, network: &M) -> Result<(), GanError> {
        let mut trial = Trial {
            optimizer: self,
            path: ModulePath::default(),
            failure: None,
        };
        network.visit(&mut trial);
        trial.failure.map_or(Ok(()), Err)
    }

    fn rule(&self, path: &str) -> Option<&Arc<dyn DynOptimizer>> {
        // Identities differ from process to process, so that paths alone tell the groups apart.
        let unknown = burn::module::ParamId::from(0);
        self.groups
            .iter()
            .rev()
            .find(|group| group.parameters.matches(&unknown, Some(path)))
            .map(|group| &group.rule)
    }
}

struct Step<'a> {
    optimizer: &'a mut NetworkOptimizer,
    learning_rate: LearningRate,
    gradients: GradientsParams,
    path: ModulePath,
}

impl ModuleMapper for Step<'_> {
    follow_path!();

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let Some(gradient) = self.gradients.remove::<D>(param.id) else {
            return param;
        };
        let path = self.path.key();
        let Some(rule) = self.optimizer.rule(&path).cloned() else {
            return param;
        };
        let gradient = match &self.optimizer.clipping {
            Some(clipping) => clipping.clip_gradient(gradient),
            None => gradient,
        };
        let state = self.optimizer.states.remove(&path);
        let learning_rate = self.learning_rate;
        let states = &mut self.optimizer.states;
        param.map(|weight| {
            let strategy = weight.gradient_checkpointing_strategy();
            let (updated, state) = rule.step_dyn(
                D,
                learning_rate,
                weight.inner().into_bridge(),
                gradient.into_bridge(),
                state,
            );
            if let Some(state) = state {
                states.insert(path, state);
            }
            let updated = Tensor::from_inner(Tensor::<D>::from_bridge(updated));
            match strategy {
                Some(strategy) => updated.with_gradient_checkpointing_strategy(strategy),
                None => updated,
            }
            .require_grad()
        })
    }
}

/// The rank and the device of each parameter by path.
#[derive(Default)]
struct Places {
    path: ModulePath,
    found: BTreeMap<String, (usize, Device)>,
}

impl ModuleVisitor for Places {
    follow_path!();

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let device = param.lazy_device().without_autodiff();
        self.found.insert(self.path.key(), (D, device));
    }
}

/// A step with zeros for weights and gradients, which nobody sees.
struct Trial<'a> {
    optimizer: &'a NetworkOptimizer,
    path: ModulePath,
    failure: Option<GanError>,
}

impl ModuleVisitor for Trial<'_> {
    follow_path!();

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let path = self.path.key();
        let (Some(rule), Some(state)) =
            (self.optimizer.rule(&path), self.optimizer.states.get(&path))
        else {
            return;
        };
        let shape = param.lazy_shape();
        let device = param.lazy_device().without_autodiff();
        let stepped = caught(|| {
            let zeros = || Tensor::<D>::zeros(shape.clone(), &device).into_bridge();
            let (updated, _) = rule.step_dyn(D, 0.0, zeros(), zeros(), Some(state.clone()));
            Tensor::<D>::from_bridge(updated).shape()
        });
        if stepped.as_ref() != Ok(&shape) {
            let message = format!("`{path}` has shape {shape:?}, its state does not fit");
            self.failure.get_or_insert_with(|| state_error(message));
        }
    }
}

fn state_error(message: impl std::fmt::Display) -> GanError {
    GanError::state("optimizer", message)
}
