//! What is done with the latent space of a trained generator: paths through it, truncation, inversion.
//!
//! A latent tensor is `[N, latent_size]`, usually of standard normal values. What is here makes such tensors, or changes them;
//! [`SamplerConfig::decode`](crate::SamplerConfig::decode) turns them into samples, in chunks and under any conditions.
//!
//! | | |
//! |---|---|
//! | [`SamplerConfig::latents`](crate::SamplerConfig::latents) | the latents of the samples of a seed |
//! | [`Interpolation`] | a path from one latent to another, straight or on a sphere |
//! | [`closed_walk`] | a smooth path through several latents and back to the first |
//! | [`Truncation`] | fewer extreme samples: more quality, less variety |
//! | [`InversionConfig`] (feature `training`) | the latent whose sample is nearest to a given one |
//!
//! ```
//! use burn::tensor::Device;
//! use burn_gan::latent::{Interpolation, Truncation};
//! use burn_gan::{SamplerConfig, model::DcganConfig};
//!
//! let device = Device::flex();
//! let generator = DcganConfig::new(1, 16, 16).with_filters(8).init_generator(&device)?;
//! let sampler = SamplerConfig::new().with_seed(7);
//! let ends = sampler.latents(2, 100, &device)?;
//! let ends = Truncation::Shrink { psi: 0.7 }.apply(ends)?;
//! let [from, to] = [0, 1].map(|row| ends.clone().narrow(0, row, 1));
//! let path = Interpolation::Spherical.path(from, to, 8)?;
//! let images = sampler.decode(&generator, path, &())?;
//! assert_eq!(images.dims(), [8, 1, 16, 16]);
//! # Ok::<(), burn_gan::GanError>(())
//! ```

mod interpolation;
#[cfg(feature = "training")]
mod inversion;
mod rows;
mod truncation;
mod walk;

pub use interpolation::Interpolation;
#[cfg(feature = "training")]
pub use inversion::{Inversion, InversionConfig};
pub use truncation::Truncation;
pub use walk::closed_walk;
