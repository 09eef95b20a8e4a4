//! What of a step is not finite, from a few numbers read together.

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::Tensor;

use crate::gan_error::GanError;
use crate::non_finite::NonFinite;
use crate::report::StepReport;

/// What a step found non-finite first, in the order of the step; one read from the device.
///
/// A sum is NaN or infinite as soon as one term is. The weights count as well as the gradients: what an optimiser
/// makes of a huge gradient is found too. The running statistics are among them.
pub(super) fn first_non_finite(
    report: &StepReport,
    generator: &impl Module,
    discriminator: &impl Module,
) -> Result<Option<NonFinite>, GanError> {
    let numbers = [
        (
            NonFinite::DiscriminatorLoss,
            Some(report.loss_discriminator.clone()),
        ),
        (NonFinite::Penalty, report.penalty.clone()),
        (
            NonFinite::DiscriminatorGradient,
            report.gradient_norm_discriminator.clone(),
        ),
        (NonFinite::DiscriminatorWeights, sum(discriminator)),
        (NonFinite::GeneratorLoss, report.loss_generator.clone()),
        (
            NonFinite::GeneratorGradient,
            report.gradient_norm_generator.clone(),
        ),
        (NonFinite::GeneratorWeights, sum(generator)),
    ];
    let (causes, numbers): (Vec<NonFinite>, Vec<Tensor<1>>) = numbers
        .into_iter()
        .filter_map(|(cause, number)| number.map(|number| (cause, number)))
        .unzip();
    let numbers = Tensor::cat(numbers, 0)
        .try_into_vec_as::<f32>()
        .map_err(GanError::device)?;
    let found = causes.into_iter().zip(numbers);
    Ok(found
        .filter(|(_, number)| !number.is_finite())
        .map(|(cause, _)| cause)
        .next())
}

/// The sum of all floats of a module, `[1]`; `None` where it has none.
fn sum(module: &impl Module) -> Option<Tensor<1>> {
    let mut sums = Sums(Vec::new());
    module.visit(&mut sums);
    (!sums.0.is_empty()).then(|| Tensor::cat(sums.0, 0).sum())
}

struct Sums(Vec<Tensor<1>>);

impl ModuleVisitor for Sums {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        self.0.push(param.val().without_autodiff().sum());
    }
}
