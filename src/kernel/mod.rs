//! Kernels of this crate for the CPU: operations of Burn's tensors that are computed on flat slices, with a backward pass
//! of their own.
//!
//! They serve tensors of `f32` on the flex backend, in a build with the feature `flex`. Each function here says `None`, or
//! gives its input back, where a tensor is not that or kernels are switched off ([`Kernels`]); the caller then takes the
//! portable operations, which are also what the tests compare the kernels with.

#[cfg(feature = "flex")]
mod adam;
mod adam_step;
#[cfg(feature = "flex")]
mod blend;
#[cfg(feature = "flex")]
mod bridge;
#[cfg(feature = "flex")]
mod buffers;
#[cfg(feature = "flex")]
mod convolution;
#[cfg(feature = "flex")]
mod cross_entropy;
#[cfg(feature = "flex")]
mod filtering;
#[cfg(feature = "flex")]
mod linear;
#[cfg(feature = "flex")]
mod operations;
#[cfg(feature = "flex")]
mod patches;
#[cfg(feature = "flex")]
mod reduction;
mod switch;
#[cfg(feature = "flex")]
mod tiles;
#[cfg(feature = "flex")]
mod wide;
mod window;
#[cfg(feature = "flex")]
mod winograd;
#[cfg(not(feature = "flex"))]
mod without;

pub use adam_step::{AdamInputs, AdamStep};
#[cfg(feature = "flex")]
pub use operations::*;
pub use switch::Kernels;
pub use window::Window;
#[cfg(not(feature = "flex"))]
pub use without::*;
