//! Kernels of this crate for the CPU: operations of Burn's tensors that are computed on flat slices, with a backward pass
//! of their own.
//!
//! They serve tensors of `f32` on the flex backend, in a build with the feature `flex`. Each function here says `None`, or
//! gives its input back, where a tensor is not that or kernels are switched off ([`Kernels`]); the caller then takes the
//! portable operations, which are also what the tests compare the kernels with.

#[cfg(all(feature = "flex", feature = "training"))]
mod adam;
#[cfg(feature = "training")]
mod adam_step;
#[cfg(all(feature = "flex", feature = "training"))]
mod blend;
#[cfg(feature = "flex")]
mod blocks;
#[cfg(feature = "flex")]
mod bridge;
#[cfg(feature = "flex")]
mod buffers;
#[cfg(feature = "flex")]
mod convolution;
#[cfg(all(feature = "flex", feature = "training"))]
mod cross_entropy;
#[cfg(feature = "flex")]
mod filtering;
#[cfg(feature = "flex")]
mod linear;
#[cfg(feature = "flex")]
mod operations;
#[cfg(feature = "flex")]
mod patches;
#[cfg(all(feature = "flex", feature = "training"))]
mod reduction;
mod switch;
#[cfg(feature = "flex")]
mod tiles;
#[cfg(all(feature = "flex", feature = "training"))]
mod training;
#[cfg(feature = "flex")]
mod wide;
mod window;
#[cfg(feature = "flex")]
mod winograd;
#[cfg(not(feature = "flex"))]
mod without;
#[cfg(all(not(feature = "flex"), feature = "training"))]
mod without_training;

#[cfg(feature = "training")]
pub use adam_step::{AdamInputs, AdamStep};
#[cfg(feature = "flex")]
pub use operations::*;
pub use switch::Kernels;
#[cfg(all(feature = "flex", feature = "training"))]
pub use training::*;
pub use window::Window;
#[cfg(not(feature = "flex"))]
pub use without::*;
#[cfg(all(not(feature = "flex"), feature = "training"))]
pub use without_training::*;
