//! Activations: value and tangent, element by element.

use serde::{Deserialize, Serialize};

use crate::dual::{Dual, activate};
use crate::kernel::Function;

/// An activation function, chosen by name in configurations.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Activation {
    /// `x`.
    Identity,
    /// `max(x, 0)`.
    Relu,
    /// `x` above 0, `slope * x` below; see [`dual::leaky_relu`](crate::dual::leaky_relu).
    LeakyRelu {
        /// The slope below 0, usually 0.2 in GANs.
        slope: f64,
    },
    /// `tanh(x)`, into [-1, 1].
    Tanh,
    /// `x sigmoid(x)`.
    Silu,
    /// `log(1 + exp(x))`.
    Softplus,
}

impl Activation {
    /// Applies the activation.
    pub fn propagate<const D: usize>(self, x: Dual<D>) -> Dual<D> {
        activate(x, None, self.function())
    }

    /// Whether its slope varies smoothly.
    pub(super) fn is_curved(self) -> bool {
        !matches!(self, Self::Identity | Self::Relu | Self::LeakyRelu { .. })
    }

    pub(crate) fn function(self) -> Function {
        match self {
            Self::Identity => Function::Identity,
            Self::Relu => Function::Relu,
            Self::LeakyRelu { slope } => Function::LeakyRelu { slope },
            Self::Tanh => Function::Tanh,
            Self::Silu => Function::Silu,
            Self::Softplus => Function::Softplus,
        }
    }
}
