//! What a [`StepReport`] says on the host.

use burn::tensor::activation::sigmoid;
use burn::tensor::{FloatDType, Tensor};

#[cfg(test)]
use super::tests;
use super::{StepReport, StepValues};
use crate::errors::DeviceError;
use crate::kernel;
use crate::unwind::caught;

impl StepReport {
    /// The numbers on the host: one transfer from the device the first time, none after it.
    ///
    /// # Errors
    /// [`DeviceError`] where the device fails, or a loss, a penalty or a norm is not a single number.
    pub fn read(&self) -> Result<StepValues, DeviceError> {
        let (mut values, _) = Self::read_together(&[self], Vec::new())?;
        values
            .pop()
            .ok_or_else(|| DeviceError::new("it gave no numbers"))
    }

    /// The numbers of several reports, and more, each `[1]`, in one transfer at most.
    pub(crate) fn read_together(
        reports: &[&Self],
        more: Vec<Tensor<1>>,
    ) -> Result<(Vec<StepValues>, Vec<f32>), DeviceError> {
        let kept: Vec<Option<StepValues>> = reports
            .iter()
            .map(|report| report.values.get().cloned())
            .collect();
        // Burn panics where a device fails to compute, or where the tensors are on several.
        let numbers = caught(|| {
            let unread = reports.iter().zip(&kept).filter(|(_, kept)| kept.is_none());
            let unread = unread.map(|(report, _)| report);
            let at_hand = unread.clone().map(|report| report.numbers_at_hand());
            match at_hand.collect::<Option<Vec<_>>>() {
                Some(numbers) if more.is_empty() => {
                    let numbers: Vec<f32> = numbers.into_iter().flatten().collect();
                    #[cfg(test)]
                    tests::count_transfer(&numbers);
                    Ok(numbers)
                }
                _ => transfer(
                    unread
                        .flat_map(|report| report.numbers())
                        .chain(more)
                        .collect(),
                ),
            }
        });
        let mut numbers = numbers.map_err(DeviceError::new)??.into_iter();
        let values = reports.iter().zip(kept).map(|(report, kept)| {
            let values = kept.unwrap_or_else(|| report.values_from(&mut numbers));
            // Another thread may have read a clone meanwhile, and found the same.
            report.values.get_or_init(|| values.clone());
            StepValues {
                step: report.step,
                ..values
            }
        });
        let values = values.collect();
        Ok((values, numbers.collect()))
    }

    /// What is read, in the order of [`StepReport::values_from`].
    fn numbers(&self) -> Vec<Tensor<1>> {
        let mut numbers = vec![
            self.loss_discriminator.clone(),
            self.logits_real.clone().mean(),
            self.logits_fake.clone().mean(),
        ];
        if self.logits_are_log_odds {
            numbers.push(sigmoid(self.logits_real.clone()).mean());
            numbers.push(sigmoid(self.logits_fake.clone()).mean());
        }
        numbers.extend(self.optional().into_iter().flatten().cloned());
        numbers.extend(self.terms.values().cloned());
        numbers
    }

    /// The same where the host can read the tensors as they are: it takes no operation of tensors.
    fn numbers_at_hand(&self) -> Option<Vec<f32>> {
        let number = |tensor: &Tensor<1>| {
            let values = kernel::values(tensor)?;
            let [number] = values[..] else { return None };
            Some(number)
        };
        let logits = [&self.logits_real, &self.logits_fake].map(kernel::values);
        let [real, fake] = logits;
        let logits = [real?, fake?];
        let mean = |function: fn(f64) -> f64| {
            logits.each_ref().map(|logits| {
                let sum: f64 = logits.iter().map(|x| function(f64::from(*x))).sum();
                (sum / logits.len() as f64) as f32
            })
        };
        let mut numbers = vec![number(&self.loss_discriminator)?];
        numbers.extend(mean(|x| x));
        if self.logits_are_log_odds {
            numbers.extend(mean(|x| 1.0 / (1.0 + (-x).exp())));
        }
        let optional = self.optional().into_iter().flatten();
        for tensor in optional.chain(self.terms.values()) {
            numbers.push(number(tensor)?);
        }
        Some(numbers)
    }

    fn optional(&self) -> [&Option<Tensor<1>>; 4] {
        [
            &self.loss_generator,
            &self.penalty,
            &self.gradient_norm_discriminator,
            &self.gradient_norm_generator,
        ]
    }

    /// The next numbers, as many as [`StepReport::numbers`] asked for: [`transfer`] brings one for each tensor.
    fn values_from(&self, numbers: &mut impl Iterator<Item = f32>) -> StepValues {
        let mut next = || numbers.next().unwrap_or(f32::NAN);
        let loss_discriminator = next();
        let (logit_real, logit_fake) = (Some(next()), Some(next()));
        let probabilities = [(); 2].map(|()| self.logits_are_log_odds.then(&mut next));
        let optional = self
            .optional()
            .map(|number| number.is_some().then(&mut next));
        let names = self.terms.keys();
        let terms = names.map(|name| (name.clone(), next())).collect();
        let [probability_real, probability_fake] = probabilities;
        let [
            loss_generator,
            penalty,
            gradient_norm_discriminator,
            gradient_norm_generator,
        ] = optional;
        StepValues {
            step: self.step,
            loss_discriminator,
            loss_generator,
            penalty,
            probability_real,
            probability_fake,
            logit_real,
            logit_fake,
            gradient_norm_discriminator,
            gradient_norm_generator,
            terms,
        }
    }
}

/// Numbers `[1]` of one device on the host, in one transfer.
fn transfer(numbers: Vec<Tensor<1>>) -> Result<Vec<f32>, DeviceError> {
    if numbers.is_empty() {
        return Ok(Vec::new());
    }
    if let Some(other) = numbers.iter().find(|number| number.dims() != [1]) {
        let shape = other.dims();
        return Err(DeviceError::new(format!(
            "a number of a step has shape {shape:?}, not [1]"
        )));
    }
    #[cfg(test)]
    tests::count_transfer(&numbers);
    // One type for the one tensor: networks may be of several.
    let numbers = numbers
        .into_iter()
        .map(|number| number.cast(FloatDType::F32));
    Tensor::cat(numbers.collect(), 0)
        .try_into_vec_as::<f32>()
        .map_err(DeviceError::new)
}
