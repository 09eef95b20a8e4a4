//! Putting new values into parameters.

use burn::module::Param;
use burn::tensor::Tensor;

/// Puts a new value into a parameter: its device, identity and training state stay.
pub(crate) fn replace<const D: usize>(
    param: Param<Tensor<D>>,
    value: Tensor<D>,
) -> Param<Tensor<D>> {
    let (id, device) = (param.id, param.lazy_device());
    let value = value.without_autodiff().to_device(&device);
    // Devices compare equal with and without autodiff, so that Burn would leave a plain value plain.
    let value = if device.is_autodiff() {
        value.autodiff()
    } else {
        value
    };
    param.transform_for_load(value, id)
}
