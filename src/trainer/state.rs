//! What training changes, as one value that can be put back.

use burn::module::Module;

use crate::ema::Ema;
use crate::optimizer::NetworkOptimizer;

/// Both networks, both optimisers, the average and the number of steps behind them.
#[derive(Clone)]
pub(super) struct State<G, N> {
    pub generator: G,
    pub discriminator: N,
    pub generator_optimizer: NetworkOptimizer,
    pub discriminator_optimizer: NetworkOptimizer,
    pub ema: Option<Ema<G>>,
    pub steps: usize,
    /// On both learning rates; roll backs lower it.
    pub learning_rate_factor: f64,
}

impl<G: Module, N: Module> State<G, N> {
    /// A copy that later steps cannot reach.
    pub fn snapshot(&self) -> Self {
        Self {
            generator: fork(&self.generator),
            discriminator: fork(&self.discriminator),
            ..self.clone()
        }
    }
}

/// A copy of a module with running statistics of its own.
///
/// A plain clone shares the buffers of batch normalisation with the original, and a forward pass of the
/// clone writes into them.
pub(super) fn fork<M: Module>(module: &M) -> M {
    module.valid().train()
}
