//! [`Player`]: a network in training, with what trains it.

use std::sync::atomic::{AtomicU64, Ordering};

use burn::module::Module;
use burn::optim::GradientsParams;
use burn::tensor::{Gradients, Tensor};

use super::clip::clip_weights;
use super::gradients::bound_norm;
use crate::ema::{Ema, EmaConfig};
use crate::errors::{ConfigError, positive};
use crate::identity::Identity;
use crate::nn::{advance_spectral_norms, has_spectral_norm};
use crate::optimizer::NetworkOptimizer;

/// A network in training: its weights, its optimiser and, where there is one, the moving average of its weights.
///
/// One learns by [`Player::learn`] from a loss of its own, or by [`Player::step`] from gradients, where one backward pass
/// serves several. After each step come the bound on its weights and one power iteration of its spectral
/// normalisations, where it has them.
///
/// ```
/// use burn::tensor::{Device, Tensor};
/// use burn_gan::model::MlpConfig;
/// use burn_gan::optimizer::OptimizerConfig;
/// use burn_gan::trainer::Player;
/// use burn_gan::Discriminator;
///
/// let device = Device::flex().autodiff();
/// let critic = MlpConfig::new(2).with_hidden(vec![8]).init_discriminator(&device)?;
/// let mut critic = Player::new(critic, OptimizerConfig::dcgan().init()?);
/// let samples = Tensor::<2>::ones([4, 2], &device);
/// let loss = || critic.network().logits(samples.clone(), &()).mean();
/// let (before, norm) = (loss().into_scalar::<f32>(), loss());
/// let norm: f32 = critic.learn(norm, 1e-3).into_scalar();
/// let after: f32 = critic.network().logits(samples, &()).mean().into_scalar();
/// assert!(norm > 0.0 && after < before);
/// # Ok::<(), burn_gan::GanError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Player<M: Module> {
    pub(super) network: M,
    /// Another with every change of the network, running statistics apart: whoever holds a copy of it knows whether it is old.
    pub(super) stamp: Stamp,
    pub(super) optimizer: NetworkOptimizer,
    pub(super) average: Option<Ema<M>>,
    pub(super) identity: Identity,
    gradient_clip: Option<f64>,
    weight_clip: Option<f64>,
}

impl<M: Module> Player<M> {
    /// A network and its optimiser. For checkpoints its identity is the type's name, version 1, until
    /// [`Player::with_identity`] says otherwise.
    pub fn new(network: M, optimizer: impl Into<NetworkOptimizer>) -> Self {
        Self {
            network: network.train(),
            stamp: Stamp::new(),
            optimizer: optimizer.into(),
            average: None,
            identity: Identity::of::<M>(),
            gradient_clip: None,
            weight_clip: None,
        }
    }

    /// What the network is, for checkpoints: that of [`Generator::identity`](crate::Generator::identity), for example.
    pub fn with_identity(mut self, identity: Identity) -> Self {
        self.identity = identity;
        self
    }

    /// With a moving average of the weights, which starts at what they are now.
    ///
    /// # Errors
    /// For a decay that is out of its range.
    pub fn with_average(mut self, config: &EmaConfig) -> Result<Self, ConfigError> {
        self.average = Some(config.init(&self.network)?);
        Ok(self)
    }

    /// With a bound on the norm of the gradient over all parameters (Pascanu et al. 2013).
    ///
    /// # Errors
    /// For a bound that is not positive.
    pub fn with_gradient_clip(mut self, bound: Option<f64>) -> Result<Self, ConfigError> {
        if let Some(bound) = bound {
            positive("gradient_clip", bound)?;
        }
        self.gradient_clip = bound;
        Ok(self)
    }

    /// With a bound on the absolute value of every weight after each step (Arjovsky et al. 2017, algorithm 1).
    ///
    /// # Errors
    /// For a bound that is not positive.
    pub fn with_weight_clip(mut self, bound: Option<f64>) -> Result<Self, ConfigError> {
        if let Some(bound) = bound {
            positive("weight_clip", bound)?;
        }
        self.weight_clip = bound;
        Ok(self)
    }

    /// The network in training.
    pub fn network(&self) -> &M {
        &self.network
    }

    /// A copy with running statistics of its own, whose weights get no gradient: what another player learns through.
    pub fn frozen(&self) -> M {
        fork(&self.network).no_grad()
    }

    /// The network to use: the moving average where there is one, in evaluation form.
    pub fn sampling_network(&self) -> M {
        match &self.average {
            Some(average) => average.model().clone(),
            None => self.network.valid(),
        }
    }

    /// One step down a loss `[1]` of its own; returns the norm of the gradient before it was bounded, `[1]`.
    pub fn learn(&mut self, loss: Tensor<1>, learning_rate: f64) -> Tensor<1> {
        self.step(&mut loss.backward(), learning_rate)
    }

    /// One step along its gradients among those of a backward pass, which the other players find left; returns their
    /// norm before it was bounded, `[1]`.
    pub fn step(&mut self, gradients: &mut Gradients, learning_rate: f64) -> Tensor<1> {
        let gradients = GradientsParams::from_module(gradients, &self.network);
        self.step_by(gradients, learning_rate)
    }

    /// One step along gradients; returns their norm before it was bounded, `[1]`.
    pub fn step_by(&mut self, gradients: GradientsParams, learning_rate: f64) -> Tensor<1> {
        let bounded = bound_norm(&self.network, gradients, self.gradient_clip);
        let network = self.network.clone();
        let network = self
            .optimizer
            .step(learning_rate, network, bounded.gradients);
        let network = match self.weight_clip {
            Some(bound) => clip_weights(network, bound),
            None => network,
        };
        let network = if has_spectral_norm(&network) {
            advance_spectral_norms(network, 1)
        } else {
            network
        };
        self.replace(network);
        if let Some(average) = &mut self.average {
            average.blend(&self.network);
        }
        bounded.norm
    }

    /// Puts another state of the network in its place.
    pub(super) fn replace(&mut self, network: M) {
        self.network = network;
        self.stamp = Stamp::new();
    }
}

/// Which state of a network it is; no two in a process have the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stamp(u64);

impl Stamp {
    fn new() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Self(NEXT.fetch_add(1, Ordering::Relaxed))
    }
}

/// A copy of a module with running statistics of its own.
///
/// A plain clone shares the buffers of batch normalisation with the original, and a forward pass of the
/// clone writes into them.
pub(super) fn fork<M: Module>(module: &M) -> M {
    module.valid().train()
}
