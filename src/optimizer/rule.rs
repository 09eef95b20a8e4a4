//! [`UpdateRule`]: how one parameter steps along its gradient.

use std::sync::Arc;

use burn::grad_clipping::{GradientClipping, GradientClippingConfig};
use burn::optim::{DynOptimizer, Optimizer};

use crate::identity::Identity;

/// How one parameter steps along its gradient, and what that is for checkpoints: a run goes on only with rules of
/// the same identities.
///
/// Those of Burn come from an [`OptimizerConfig`](super::OptimizerConfig), whose settings are their identity. An
/// optimiser that is built keeps its settings to itself, so that its identity is given:
///
/// ```
/// use burn::optim::MuonConfig;
/// use burn_gan::Identity;
/// use burn_gan::optimizer::{NetworkOptimizer, UpdateRule};
///
/// let identity = Identity::new("Muon", 1).with("weight_decay", 0.0);
/// let optimizer = NetworkOptimizer::new(UpdateRule::new(identity, MuonConfig::new().build()));
/// ```
#[derive(Clone)]
pub struct UpdateRule {
    pub(super) optimizer: Arc<dyn DynOptimizer>,
    pub(super) clipping: Option<GradientClipping>,
    pub(super) identity: Identity,
}

impl UpdateRule {
    /// Any optimiser of Burn's, or one of your own.
    pub fn new(identity: Identity, optimizer: impl Optimizer) -> Self {
        Self {
            optimizer: Arc::new(optimizer),
            clipping: None,
            identity,
        }
    }

    /// The same on clipped gradients, each parameter's on its own.
    pub fn with_clipping(mut self, clipping: &GradientClippingConfig) -> Self {
        self.clipping = Some(clipping.init());
        self.identity = self.identity.with("clipping", format!("{clipping:?}"));
        self
    }

    /// The same by its name alone, where its settings are recorded elsewhere.
    pub(crate) fn without_settings(mut self) -> Self {
        self.identity.settings.clear();
        self
    }
}

impl std::fmt::Debug for UpdateRule {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "UpdateRule({})", self.identity)
    }
}
