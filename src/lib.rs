#![warn(missing_docs)]
#![forbid(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]
//! Generative adversarial networks on the [Burn](burn) framework, in pure Rust.
//!
//! A *generator* turns random noise into samples; a *discriminator* learns to distinguish them from real ones; each
//! learns from the other. This crate has the networks, the losses and the training, over Burn
//! tensors, for points and tables `[N, features]` and images `[N, C, H, W]`. The device that a tensor lives on
//! picks the backend at run time: the same code runs on a CPU (flex, ndarray) and on a GPU (wgpu and others).
//!
//! # A first run
//!
//! ```
//! use burn::tensor::Device;
//! use burn_gan::data::{Mixture, MixtureSourceConfig, Source};
//! use burn_gan::model::MlpConfig;
//! use burn_gan::run::Fit;
//! use burn_gan::trainer::GanTrainerConfig;
//! use burn_gan::AdversarialTrainer;
//!
//! let device = Device::flex().autodiff();
//! let mut source = MixtureSourceConfig::new(Mixture::ring(), 128).init()?;
//!
//! let networks = MlpConfig::new(2).with_hidden(vec![64, 64]);
//! let mut trainer = GanTrainerConfig::new().init(
//!     networks.init_generator(&device)?,
//!     networks.init_discriminator(&device)?,
//!     &source.batch(0, &device)?,
//! )?;
//!
//! trainer.fit(&mut source).until(20).run()?;
//! let points = trainer.sample(1000, 0, &())?;
//! assert_eq!(points.dims(), [1000, 2]);
//! # Ok::<(), burn_gan::GanError>(())
//! ```
//!
//! # Where things are
//!
//! - The contracts: [`Generator`], [`Discriminator`], [`AdversarialTrainer`]; implement the first two for
//!   networks of your own.
//! - Networks: [`model`] ([`MlpConfig`](model::MlpConfig), [`DcganConfig`](model::DcganConfig),
//!   [`ResnetConfig`](model::ResnetConfig), [`R3ganConfig`](model::R3ganConfig); from image to image
//!   [`UnetConfig`](model::UnetConfig), [`TranslatorConfig`](model::TranslatorConfig) and
//!   [`PatchganConfig`](model::PatchganConfig)), of the layers in [`nn`].
//! - Real samples: [`data`] (tensors, bytes, IDX, CIFAR and NumPy files, folders and sheets of pictures, toy mixtures,
//!   Burn's datasets; a look at them before training).
//! - Training: [`loss`], [`objective`] (several terms: AC-GAN, InfoGAN, pix2pix), [`penalty`] (with [`dual`], tangent rules
//!   for networks of `burn::nn` layers), [`augment`] (little data), [`optimizer`], [`ema`], [`Schedule`], [`trainer`] (one
//!   step, the papers' presets, the parts for a trainer of your own).
//! - A whole run: [`run`] (checkpoints, resuming, divergence), [`observe`] (history, sample grids, scores, early
//!   stopping, warnings of a collapse), [`checkpoint`] (what is on disk).
//! - Afterwards: [`save_generator`], [`SavedGenerator`], [`save_weights`], [`load_weights`], [`SamplerConfig`], [`latent`]
//!   (interpolation, walks, truncation, inversion), [`picture`], [`plot`], [`metric`] on features from [`feature`].
//! - To and from other libraries: [`exchange`] (PyTorch's names and layouts, safetensors, `.pth`, ONNX).
//! - Why, how well and how fast: the [`guide`].
//!
//! # Features
//!
//! On by default: `std`, `simd`, `rayon` and `x86-v4` (Burn's, for the speed of the flex backend; the last is AVX-512,
//! where the CPU has it), `metrics`, `safetensors` (files of weights for PyTorch and others) and `training`.
//! Without `training` the crate still loads a generator and samples from it, with no autodiff and no optimiser in
//! the build. Optional: `image` (sample grids as PNG), `plot` (charts and plots of points as PNG), `progress` (a
//! progress bar), `html` (a run as a page for a browser), `tensorboard` (a run as event files for TensorBoard), `dataset`
//! (Burn's datasets), `image-folder` (folders and sheets of PNG, JPEG, WebP, GIF and BMP pictures), `train` (Burn's metrics
//! renderers and loggers as observers), `tui` (its terminal dashboard), `onnx` (generators as ONNX files), `pytorch` (weights
//! from `.pth` files), `remote` (workers on other machines as devices), `inception` (the network of the Frechet inception
//! distance, from a weights file).
//! A backend is the binary's choice: `flex` (with the CPU kernels of this crate, see [`Kernels`]), `ndarray`, `wgpu`, `vulkan`, `metal`, `webgpu`,
//! `cuda`, `rocm` or `cpu`.
//!
//! # Errors and randomness
//!
//! What a user, a file or a device can cause comes back as a [`GanError`] with the numbers in it, and a step that fails
//! leaves the trainer in its last state that was checked and found finite. All randomness is drawn on the host from
//! [`random`] streams keyed by (seed, purpose, step): the same seed gives the same weights, noise and batches on every
//! backend.

mod adversarial;
#[cfg(feature = "training")]
pub mod augment;
mod batch;
#[cfg(feature = "training")]
pub mod checkpoint;
mod class_condition;
pub mod data;
pub mod dual;
#[cfg(feature = "training")]
pub mod ema;
mod errors;
pub mod exchange;
pub mod feature;
mod files;
mod gan_error;
pub mod guide;
mod identity;
mod image_condition;
mod kernel;
pub mod latent;
#[cfg(feature = "training")]
pub mod loss;
#[cfg(feature = "metrics")]
pub mod metric;
pub mod model;
mod module_tree;
mod network;
mod network_error;
pub mod nn;
mod non_finite;
#[cfg(feature = "training")]
mod number;
#[cfg(feature = "training")]
pub mod objective;
#[cfg(feature = "training")]
mod objective_error;
#[cfg(feature = "training")]
pub mod observe;
#[cfg(feature = "training")]
mod observe_error;
#[cfg(feature = "training")]
mod observer;
#[cfg(feature = "training")]
pub mod optimizer;
#[cfg(feature = "training")]
pub mod penalty;
#[cfg(feature = "training")]
mod persistent;
#[cfg(feature = "image")]
pub mod picture;
#[cfg(feature = "plot")]
pub mod plot;
#[cfg(feature = "image")]
mod png_file;
pub mod random;
#[cfg(feature = "training")]
mod replica_error;
mod report;
#[cfg(feature = "training")]
pub mod run;
mod sampling;
mod saved_generator;
#[cfg(feature = "training")]
mod saved_state;
mod schedule;
#[cfg(feature = "training")]
mod score;
mod state_dict;
#[cfg(feature = "training")]
pub mod trainer;
mod unwind;
mod weights;

pub use adversarial::AdversarialTrainer;
pub use batch::{Batch, BatchError, Condition, Labels};
pub use class_condition::ClassCondition;
pub use dual::Dual;
pub use errors::{ConfigError, DeviceError, FileError, ShapeError, StateError};
pub use gan_error::GanError;
pub use identity::Identity;
pub use image_condition::ImageCondition;
pub use kernel::Kernels;
pub use network::{Discriminator, DualDiscriminator, Generator, Outputs, TangentRule};
pub use network_error::NetworkError;
pub use non_finite::NonFinite;
#[cfg(feature = "training")]
pub use persistent::Persistent;
pub use report::{StepReport, StepValues};
pub use sampling::SamplerConfig;
pub use saved_generator::{
    GeneratorConfig, ImageGenerator, SavedGenerator, TranslationGenerator, save_coded_generator,
    save_conditional_generator, save_generator,
};
#[cfg(feature = "training")]
pub use saved_state::SavedState;
#[cfg(all(feature = "training", feature = "std"))]
pub use schedule::BurnSchedule;
pub use schedule::{NamedFunction, Schedule};
pub use weights::{WeightsError, load_weights, save_weights};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
