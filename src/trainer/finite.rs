//! What of some steps is not finite, from a few numbers that are read together.

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{FloatDType, Tensor};

use super::part::Parts;
use super::players::{DISCRIMINATOR, GENERATOR};
use crate::errors::DeviceError;
use crate::kernel;
use crate::non_finite::NonFinite;
use crate::report::{StepReport, StepValues};
use crate::unwind::caught;

/// What was not finite, and the numbers of the step that it was found in.
pub(super) struct Found {
    pub cause: NonFinite,
    pub values: StepValues,
}

/// What of these steps was not finite first, in their order and in that of a step; one transfer from the device.
///
/// `parts` are those after the last of the steps. A sum is NaN or infinite as soon as one term is. The weights count as
/// well as the gradients: what an optimiser makes of a huge gradient is found too. The gradients of every step count, not
/// only the last one's: a bound on the weights, or an optimiser that divides by what it remembers, can make finite
/// weights of an infinite gradient.
pub(super) fn first_non_finite(
    steps: &[StepReport],
    parts: &impl Parts,
) -> Result<Option<Found>, DeviceError> {
    let steps: Vec<&StepReport> = steps.iter().collect();
    let (values, sums) = read(&steps, || sums_of(parts))?;
    let last = values.len().saturating_sub(1);
    let found = values.into_iter().enumerate().find_map(|(step, values)| {
        use NonFinite::*;
        let sums = if step == last { &sums[..] } else { &[] };
        let of_discriminator = |cause: &NonFinite| *cause == DiscriminatorWeights;
        let first = sums.iter().filter(|(cause, _)| of_discriminator(cause));
        let others = sums.iter().filter(|(cause, _)| !of_discriminator(cause));
        let of_loss = [
            (DiscriminatorLoss, Some(values.loss_discriminator)),
            (Penalty, values.penalty),
            (DiscriminatorGradient, values.gradient_norm_discriminator),
        ];
        let of_generator = [
            (GeneratorLoss, values.loss_generator),
            (GeneratorGradient, values.gradient_norm_generator),
        ];
        let (cause, _) = of_loss
            .into_iter()
            .chain(first.map(|(cause, sum)| (*cause, Some(*sum))))
            .chain(of_generator)
            .chain(others.map(|(cause, sum)| (*cause, Some(*sum))))
            .find(|(_, number)| number.is_some_and(|number| !number.is_finite()))?;
        Some(Found { cause, values })
    });
    Ok(found)
}

/// Which part's weights are not finite, if any are; one transfer from the device.
pub(super) fn non_finite_parts(parts: &impl Parts) -> Result<Option<NonFinite>, DeviceError> {
    non_finite_weights(|| sums_of(parts))
}

/// Which of these weights are not finite, if any are; one transfer from the device.
pub(super) fn non_finite_weights(
    sums: impl FnOnce() -> Vec<(NonFinite, Sums)>,
) -> Result<Option<NonFinite>, DeviceError> {
    let (_, sums) = read(&[], sums)?;
    let found = sums.into_iter().find(|(_, sum)| !sum.is_finite());
    Ok(found.map(|(cause, _)| cause))
}

/// The sum over a part's weights, under the name that a sum which is not finite has.
type WeightSums = Vec<(NonFinite, f32)>;

/// What the weights of the part of this name are called where they are not finite.
fn weights_of(part: &'static str) -> NonFinite {
    match part {
        DISCRIMINATOR => NonFinite::DiscriminatorWeights,
        GENERATOR => NonFinite::GeneratorWeights,
        part => NonFinite::Weights { part },
    }
}

fn sums_of(parts: &impl Parts) -> Vec<(NonFinite, Sums)> {
    let parts = parts.parts().into_iter();
    parts
        .map(|(name, part)| (weights_of(name), part.sums()))
        .collect()
}

/// The numbers of these steps and the sum over each part's weights.
fn read(
    steps: &[&StepReport],
    sums: impl FnOnce() -> Vec<(NonFinite, Sums)>,
) -> Result<(Vec<StepValues>, WeightSums), DeviceError> {
    // Burn panics where a device fails to compute.
    let sums = caught(sums).map_err(DeviceError::new)?;
    let on_device = sums.iter().filter_map(|(_, sums)| sums.on_device());
    let (values, on_device) = StepReport::read_together(steps, on_device.collect())?;
    let mut on_device = on_device.into_iter();
    let sums = sums.iter().map(|(of, sums)| {
        let rest = if sums.on_device.is_empty() {
            0.0
        } else {
            on_device.next().unwrap_or(f32::NAN)
        };
        (*of, if sums.on_host_finite { rest } else { f32::NAN })
    });
    let sums = sums.collect();
    Ok((values, sums))
}

/// What tells whether all floats of a module, running statistics included, are finite.
pub struct Sums {
    /// Of the tensors that a kernel looks through.
    on_host_finite: bool,
    /// The sum of each of the others.
    on_device: Vec<Tensor<1>>,
}

impl Sums {
    /// Of nothing, which is finite.
    pub(super) fn none() -> Self {
        Self {
            on_host_finite: true,
            on_device: Vec::new(),
        }
    }

    pub(super) fn of_numbers(numbers: Vec<Tensor<1>>) -> Self {
        let mut sums = Self::none();
        for number in numbers {
            sums.add(number);
        }
        sums
    }

    pub(super) fn of(module: &impl Module) -> Self {
        let mut sums = Self::none();
        module.visit(&mut sums);
        sums
    }

    fn add<const D: usize>(&mut self, values: Tensor<D>) {
        match kernel::all_finite(&values) {
            Some(finite) => self.on_host_finite &= finite,
            // A network may hold weights of several types.
            None => self.on_device.push(values.sum().cast(FloatDType::F32)),
        }
    }

    /// The sum on the device, `[1]`; `None` where nothing is left to it.
    fn on_device(&self) -> Option<Tensor<1>> {
        let sums = self.on_device.clone();
        (!sums.is_empty()).then(|| Tensor::cat(sums, 0).sum())
    }
}

impl ModuleVisitor for Sums {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        self.add(param.val().without_autodiff());
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Device, Tensor};

    use crate::adversarial::AdversarialTrainer;
    use crate::augment::{AdaConfig, Augmentation};
    use crate::batch::Batch;
    use crate::model::{DcganConfig, MlpConfig};
    use crate::report::tests::TRANSFERS;
    use crate::trainer::{FiniteCheck, GanTrainerConfig};

    /// Its mean sign is among the numbers that the check reads.
    #[test]
    fn an_adaptive_augmentation_takes_no_transfer_of_its_own() {
        let device = Device::flex().autodiff();
        let networks = DcganConfig::new(1, 8, 8).with_filters(2);
        let batch = Batch::new(Tensor::<4>::ones([4, 1, 8, 8], &device));
        for (check, transfers) in [(FiniteCheck::EveryStep, 10), (FiniteCheck::Every(10), 3)] {
            let mut trainer = GanTrainerConfig::new()
                .with_finite_check(check)
                .with_augmentation(Some(Augmentation::Ada(AdaConfig::new())))
                .init(
                    networks.init_generator(&device).unwrap(),
                    networks.init_discriminator(&device).unwrap(),
                    &batch,
                )
                .unwrap();
            TRANSFERS.set(0);
            for _ in 0..10 {
                trainer.step(batch.clone()).unwrap();
            }
            // Unchecked steps are read for the adjustments before the fifth and the ninth, and all in the end.
            assert_eq!(TRANSFERS.get(), transfers);
        }
    }

    #[test]
    fn a_checked_step_and_all_readings_of_its_report_are_one_transfer() {
        let device = Device::flex().autodiff();
        let networks = MlpConfig::new(2).with_hidden(vec![4]);
        let batch = Batch::new(Tensor::<2>::ones([4, 2], &device));
        for (check, transfers) in [(FiniteCheck::EveryStep, 3), (FiniteCheck::Every(3), 1)] {
            let mut trainer = GanTrainerConfig::new()
                .with_finite_check(check)
                .init(
                    networks.init_generator(&device).unwrap(),
                    networks.init_discriminator(&device).unwrap(),
                    &batch,
                )
                .unwrap();
            TRANSFERS.set(0);
            let reports = [(); 3].map(|()| trainer.step(batch.clone()).unwrap());
            assert_eq!(TRANSFERS.get(), transfers);
            for report in reports.iter().chain(&reports) {
                report.read().unwrap();
            }
            assert_eq!(TRANSFERS.get(), transfers, "reading them takes no more");
        }
    }
}
