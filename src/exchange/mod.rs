//! Weights to and from other libraries.
//!
//! A [`PytorchModule`] lists its tensors under PyTorch's names and in PyTorch's layouts, as a [`StateDict`], and takes such a
//! dictionary back. Files: [`write_safetensors`] and [`read_safetensors`]; `read_pytorch` for what `torch.save` has written
//! (feature `pytorch`). A [`PortableGenerator`] is a generator of the library with its configuration; it can also be written
//! as an ONNX file (feature `onnx`).
//!
//! ```
//! use burn::tensor::Device;
//! use burn_gan::exchange::{PytorchModule, read_safetensors, write_safetensors};
//! use burn_gan::model::DcganConfig;
//!
//! let device = Device::flex();
//! let config = DcganConfig::new(1, 16, 16).with_filters(8);
//! let discriminator = config.init_discriminator(&device)?;
//! let folder = tempfile::tempdir()?;
//! let path = folder.path().join("discriminator.safetensors");
//! write_safetensors(&discriminator.state_dict()?, &path)?;
//!
//! let another = config.with_seed(1).init_discriminator(&device)?;
//! let another = another.with_state_dict(&read_safetensors(&path)?)?;
//! # assert_eq!(another.state_dict()?, discriminator.state_dict()?);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! [The page on exchange](crate::guide::exchange) says what goes where, what differs, and how PyTorch reads such a file.

#[cfg(any(feature = "pytorch", feature = "safetensors"))]
mod elements;
mod error;
#[cfg(feature = "onnx")]
mod onnx;
mod portable;
#[cfg(feature = "pytorch")]
mod pytorch;
#[cfg(feature = "safetensors")]
mod safetensors;

pub use self::error::ExchangeError;
#[cfg(feature = "safetensors")]
pub use self::safetensors::{read_safetensors, write_safetensors};
pub use crate::state_dict::{
    PytorchModule, Renaming, StateDict, StateDictError, StateMapper, UnfitTensors, UnusableValue,
    WrongShape,
};
pub use portable::PortableGenerator;
#[cfg(feature = "pytorch")]
pub use pytorch::read_pytorch;
