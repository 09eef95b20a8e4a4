//! Latent vectors on the host.

use burn::tensor::{Device, Tensor, TensorData};

use crate::batch::BatchError;
use crate::errors::{ConfigError, DeviceError, at_least_1};
use crate::gan_error::GanError;

/// The values of latents `[N, latent_size]`, row by row: at least one row of at least one value, all finite.
pub(super) fn finite_values(what: &'static str, latent: Tensor<2>) -> Result<Vec<f64>, GanError> {
    let [count, latent_size] = latent.dims();
    if count == 0 {
        return Err(BatchError::Empty.into());
    }
    at_least_1("latent_size", latent_size)?;
    let values = latent.try_into_vec_as::<f64>().map_err(DeviceError::new)?;
    match values.iter().find(|value| !value.is_finite()) {
        Some(value) => Err(ConfigError::new(what, value, "must be finite").into()),
        None => Ok(values),
    }
}

/// Latents of values row by row, plain (without autodiff).
pub(super) fn latents(values: Vec<f64>, latent_size: usize, device: &Device) -> Tensor<2> {
    let count = values.len() / latent_size.max(1);
    let data = TensorData::new(values, [count, latent_size]);
    Tensor::from_data(data, &device.clone().without_autodiff())
}
