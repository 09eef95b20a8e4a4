//! Whether losses and weights are finite, in one number.

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::Tensor;

use crate::contract::{StepReport, read_scalar};
use crate::error::GanError;

/// Whether the losses of a step and every float of both networks are finite; one read from the device.
///
/// A sum is NaN or infinite as soon as one term is. The weights count, not the gradients: what an optimiser
/// makes of a huge gradient is found as well.
pub(super) fn is_finite(
    report: &StepReport,
    generator: &impl Module,
    discriminator: &impl Module,
) -> Result<bool, GanError> {
    let mut sums = Sums(vec![report.loss_discriminator.clone()]);
    sums.0.extend(report.loss_generator.clone());
    sums.0.extend(report.penalty.clone());
    generator.visit(&mut sums);
    discriminator.visit(&mut sums);
    read_scalar(Tensor::cat(sums.0, 0).sum()).map(f32::is_finite)
}

struct Sums(Vec<Tensor<1>>);

impl ModuleVisitor for Sums {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        self.0.push(param.val().without_autodiff().sum());
    }
}
