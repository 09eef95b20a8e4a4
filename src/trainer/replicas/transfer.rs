//! Many tensors to another device at once: one transfer takes less time than one for each.

use burn::tensor::{Device, Tensor};

use super::work::Learned;
use crate::errors::DeviceError;
use crate::trainer::discriminator::FoundByDiscriminator;
use crate::trainer::found::Found;

/// What holds tensors that can go to another device, flat.
pub(super) trait Transferable: Sized {
    /// Puts other tensors in the place of its own, one after the other, always in the same order.
    fn each(self, replace: &mut dyn FnMut(Tensor<1>) -> Tensor<1>) -> Self;

    /// The same on another device, without autodiff.
    ///
    /// # Errors
    /// Where the device that it is on fails.
    fn brought(self, from: &Device, to: &Device) -> Result<Self, DeviceError> {
        let mut tensors = Vec::new();
        let transferable = self.each(&mut |tensor| {
            tensors.push(tensor.clone().without_autodiff());
            tensor
        });
        let mut moved = transfer(tensors, from, to)?.into_iter();
        // As many as there are.
        Ok(transferable.each(&mut |tensor| moved.next().unwrap_or(tensor)))
    }
}

fn transfer(
    tensors: Vec<Tensor<1>>,
    from: &Device,
    to: &Device,
) -> Result<Vec<Tensor<1>>, DeviceError> {
    let Some(dtype) = tensors.first().map(Tensor::dtype) else {
        return Ok(tensors);
    };
    if from == to {
        return Ok(tensors);
    }
    // Burn panics in a transfer from a device that has failed; here it says so.
    from.sync().map_err(DeviceError::new)?;
    if tensors.iter().any(|tensor| tensor.dtype() != dtype) {
        let moved = tensors.into_iter().map(|tensor| tensor.to_device(to));
        return Ok(moved.collect());
    }
    let lengths: Vec<usize> = tensors.iter().map(|tensor| tensor.dims()[0]).collect();
    let all = Tensor::cat(tensors, 0).to_device(to);
    let mut start = 0;
    let parts = lengths.into_iter().map(|length| {
        start += length;
        all.clone().narrow(0, start - length, length)
    });
    Ok(parts.collect())
}

/// One tensor.
pub(super) struct Flat(pub Tensor<1>);

impl Transferable for Flat {
    fn each(self, replace: &mut dyn FnMut(Tensor<1>) -> Tensor<1>) -> Self {
        Self(replace(self.0))
    }
}

impl Transferable for Found {
    fn each(self, replace: &mut dyn FnMut(Tensor<1>) -> Tensor<1>) -> Self {
        let tracked = self.tracked.into_iter();
        Self {
            terms: self.terms.each(replace),
            loss: self.loss.map(&mut *replace),
            tracked: tracked
                .map(|tracked| tracked.share(&mut *replace))
                .collect(),
            gradients: self.gradients,
        }
    }
}

impl Transferable for FoundByDiscriminator {
    fn each(self, replace: &mut dyn FnMut(Tensor<1>) -> Tensor<1>) -> Self {
        Self {
            logits_real: replace(self.logits_real),
            logits_fake: replace(self.logits_fake),
            cost: self.cost.map(&mut *replace),
            found: self.found.each(replace),
        }
    }
}

impl<T: Transferable> Transferable for Learned<T> {
    fn each(self, replace: &mut dyn FnMut(Tensor<1>) -> Tensor<1>) -> Self {
        let found = self.found.each(replace);
        let gradients = self.gradients.map(|gradients| {
            let gradients = gradients.into_iter();
            gradients
                .map(|gradient| gradient.map(&mut *replace))
                .collect()
        });
        let buffers = self.buffers.into_iter();
        Self {
            found,
            gradients,
            buffers: buffers
                .map(|(path, buffer)| (path, replace(buffer)))
                .collect(),
        }
    }
}
