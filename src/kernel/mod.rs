//! Kernels of this crate for the CPU: operations of Burn's tensors that are computed on flat slices, with a backward pass
//! of their own.
//!
//! They serve tensors of `f32` on the flex backend, in a build with the feature `flex`. Each function here says `None`, or
//! gives its input back, where a tensor is not that or kernels are switched off ([`Kernels`]); the caller then takes the
//! portable operations, which are also what the tests compare the kernels with.

// An `Err` gives an input back to the caller, and is as large as the result.
#![allow(clippy::result_large_err)]
// Without autodiff in the build nothing calls the backward passes.
#![cfg_attr(not(feature = "training"), allow(dead_code, unused_imports))]

#[cfg(feature = "flex")]
mod activation;
#[cfg(all(feature = "flex", feature = "training"))]
mod adam;
#[cfg(feature = "training")]
mod adam_step;
#[cfg(feature = "flex")]
mod addition;
#[cfg(all(feature = "flex", feature = "training"))]
mod blend;
#[cfg(feature = "flex")]
mod blocks;
#[cfg(feature = "flex")]
mod bridge;
#[cfg(feature = "flex")]
mod buffers;
#[cfg(feature = "flex")]
mod columns;
#[cfg(feature = "flex")]
mod convolution;
#[cfg(all(feature = "flex", feature = "training"))]
mod cross_entropy;
#[cfg(feature = "flex")]
mod direct;
#[cfg(feature = "flex")]
mod elementwise;
#[cfg(feature = "flex")]
mod filtering;
mod function;
#[cfg(feature = "flex")]
mod geometry;
#[cfg(feature = "flex")]
mod memory;
#[cfg(feature = "flex")]
mod normalization;
#[cfg(feature = "flex")]
mod normalization_gradient;
#[cfg(feature = "flex")]
mod normalization_tangent;
#[cfg(all(test, feature = "flex"))]
mod normalization_tests;
#[cfg(feature = "flex")]
mod operations;
mod over;
#[cfg(feature = "flex")]
mod pass;
#[cfg(feature = "flex")]
mod passes;
#[cfg(feature = "flex")]
mod patches;
#[cfg(feature = "flex")]
mod product;
#[cfg(all(feature = "flex", feature = "training"))]
mod reduction;
#[cfg(feature = "flex")]
mod resampling;
#[cfg(feature = "flex")]
mod slices;
#[cfg(feature = "flex")]
mod smooth;
#[cfg(feature = "flex")]
mod statistics;
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
pub use function::Function;
#[cfg(feature = "flex")]
pub use memory::computing_once;
#[cfg(feature = "flex")]
pub use operations::*;
pub use over::{Over, Statistics};
pub use switch::Kernels;
#[cfg(all(feature = "flex", feature = "training"))]
pub use training::*;
pub use window::Window;
#[cfg(not(feature = "flex"))]
pub use without::*;
#[cfg(all(not(feature = "flex"), feature = "training"))]
pub use without_training::*;
