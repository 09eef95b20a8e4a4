//! [`NetworkOptimizer`]: an optimiser for all parameters of a network.

use std::collections::BTreeMap;

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param, ParamGroup, ParamId};
use burn::optim::{DynState, GradientsParams, LearningRate};
use burn::tensor::Tensor;

use super::UpdateRule;
use crate::identity::Identity;
use crate::module_tree::{ModulePath, follow_path};

/// An optimiser for all parameters of a network, with what it remembers of each.
///
/// In place of Burn's own `ModuleOptimizer`, whose states are keyed by identities that are new in each process
/// and are read back onto the default device, which in a program with GPU support and no GPU there is none of.
/// Here they are keyed by the parameter's path in the network and live where the parameter does.
///
/// ```
/// use burn::module::ParamGroup;
/// use burn::optim::{AdamConfig, SgdConfig};
/// use burn_gan::optimizer::OptimizerConfig;
///
/// let adam = OptimizerConfig::Adam(AdamConfig::new()).init()?;
/// // Biases with another rule than weights:
/// let sgd = OptimizerConfig::Sgd(SgdConfig::new()).rule()?;
/// let mixed = adam.with_group(ParamGroup::from_predicate("bias"), sgd);
/// # Ok::<(), burn_gan::GanError>(())
/// ```
#[derive(Clone)]
pub struct NetworkOptimizer {
    pub(super) groups: Vec<Group>,
    pub(super) states: BTreeMap<String, Remembered>,
}

/// Some parameters and the rule that is for them.
#[derive(Clone)]
pub(super) struct Group {
    parameters: ParamGroup,
    pub rule: UpdateRule,
}

/// What the rule of one of the groups remembers of a parameter.
#[derive(Clone)]
pub(super) struct Remembered {
    pub group: usize,
    pub state: DynState,
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

impl From<UpdateRule> for NetworkOptimizer {
    fn from(rule: UpdateRule) -> Self {
        Self::new(rule)
    }
}

impl NetworkOptimizer {
    /// One rule for all parameters.
    pub fn new(rule: UpdateRule) -> Self {
        Self {
            groups: Vec::new(),
            states: BTreeMap::new(),
        }
        .with_group(ParamGroup::all(), rule)
    }

    /// Another rule for some parameters, by path or by identity; where several groups match, the last counts. What
    /// was remembered of any parameter is forgotten.
    ///
    /// A group by identity (`ParamGroup::ids_from_module`) is one of the network that it was made from, and of its
    /// copies: in each process it is made anew from the network that is built there. A group that matches no parameter
    /// of the network is named in a warning at the first step.
    pub fn with_group(mut self, parameters: ParamGroup, rule: UpdateRule) -> Self {
        self.groups.push(Group { parameters, rule });
        self.states.clear();
        self
    }

    /// What its rules are, for checkpoints.
    pub fn identities(&self) -> Vec<Identity> {
        self.groups
            .iter()
            .map(|group| group.rule.identity.clone())
            .collect()
    }

    /// The network after one step along its gradients; parameters without a gradient stay as they are.
    pub fn step<M: Module>(
        &mut self,
        learning_rate: LearningRate,
        network: M,
        gradients: GradientsParams,
    ) -> M {
        if self.states.is_empty() {
            for group in self.groups_without_parameters(&network) {
                log::warn!("no parameter of the network is in {group:?}");
            }
        }
        network.map(&mut Step {
            optimizer: self,
            learning_rate,
            gradients,
            path: ModulePath::default(),
        })
    }

    /// The groups that match no parameter of a network, or none that another group does not take.
    pub fn groups_without_parameters<M: Module>(&self, network: &M) -> Vec<&ParamGroup> {
        let mut used = UsedGroups {
            optimizer: self,
            path: ModulePath::default(),
            used: vec![false; self.groups.len()],
        };
        network.visit(&mut used);
        let unused = self.groups.iter().zip(used.used);
        unused
            .filter(|(_, used)| !used)
            .map(|(group, _)| &group.parameters)
            .collect()
    }

    /// The group that a parameter belongs to, by its place in the list.
    pub(super) fn group_of(&self, id: ParamId, path: &str) -> Option<usize> {
        self.groups
            .iter()
            .rposition(|group| group.parameters.matches(&id, Some(path)))
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
        let Some(group) = self.optimizer.group_of(param.id, &path) else {
            return param;
        };
        let rule = self.optimizer.groups[group].rule.clone();
        let gradient = match &rule.clipping {
            Some(clipping) => clipping.clip_gradient(gradient),
            None => gradient,
        };
        let states = &mut self.optimizer.states;
        let state = states.remove(&path).map(|remembered| remembered.state);
        let learning_rate = self.learning_rate;
        param.map(|weight| {
            let strategy = weight.gradient_checkpointing_strategy();
            let (updated, state) = rule.optimizer.step_dyn(
                D,
                learning_rate,
                weight.inner().into_bridge(),
                gradient.into_bridge(),
                state,
            );
            if let Some(state) = state {
                states.insert(path, Remembered { group, state });
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

/// Which groups have a parameter of their own.
struct UsedGroups<'a> {
    optimizer: &'a NetworkOptimizer,
    path: ModulePath,
    used: Vec<bool>,
}

impl ModuleVisitor for UsedGroups<'_> {
    follow_path!();

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if let Some(group) = self.optimizer.group_of(param.id, &self.path.key()) {
            self.used[group] = true;
        }
    }
}
