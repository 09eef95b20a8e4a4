//! [`Dual`]: a value and, where asked for, its directional derivative, carried through a network together.
//!
//! A discriminator of ordinary `burn::nn` layers carries a tangent by the functions of this module in place of
//! the layers' own `forward`:
//!
//! ```
//! use burn::{nn, prelude::*};
//! use burn_gan::{Discriminator, Dual, DualDiscriminator, TangentRule, dual};
//!
//! #[derive(Module, Debug)]
//! struct Critic {
//!     hidden: nn::Linear,
//!     output: nn::Linear,
//! }
//!
//! impl DualDiscriminator<2> for Critic {
//!     fn logits_dual(&self, samples: Dual<2>, _: &()) -> Dual<1> {
//!         let hidden = dual::leaky_relu(dual::linear(&self.hidden, samples), 0.2);
//!         dual::linear(&self.output, hidden).linear(|x| x.squeeze_dim(1))
//!     }
//! }
//!
//! impl Discriminator<2> for Critic {
//!     fn logits(&self, samples: Tensor<2>, condition: &()) -> Tensor<1> {
//!         self.logits_dual(Dual::constant(samples), condition).value
//!     }
//!     fn tangent_rule(&self) -> Option<TangentRule<Self, 2, ()>> {
//!         Some(Self::logits_dual)
//!     }
//! }
//!
//! let device = Device::flex();
//! let critic = Critic {
//!     hidden: nn::LinearConfig::new(2, 8).init(&device),
//!     output: nn::LinearConfig::new(8, 1).init(&device),
//! };
//! let (x, dx) = (Tensor::ones([1, 2], &device), Tensor::full([1, 2], 1e-3, &device));
//! let moving = critic.logits_dual(Dual::with_tangent(x.clone(), dx.clone())?, &());
//! let ahead = critic.logits(x + dx, &());
//! // Within a piece of a piecewise linear network the tangent is the whole difference.
//! let error = (ahead - moving.value - moving.tangent.unwrap()).abs().into_scalar::<f32>();
//! assert!(error < 1e-5);
//! # Ok::<(), burn_gan::GanError>(())
//! ```

mod activation;
mod layers;
mod normalization;
mod number;

pub(crate) use activation::activate;
pub use activation::{leaky_relu, relu, sigmoid, silu, softmax, softplus, tanh};
pub use layers::{
    adaptive_avg_pool2d, avg_pool2d, conv_transpose2d, conv1d, conv2d, group_norm, instance_norm,
    interpolate2d, layer_norm, linear,
};
pub(crate) use normalization::scale_and_shift;
pub use normalization::standardize;
pub(crate) use normalization::standardized;
pub use number::Dual;
