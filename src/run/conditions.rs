//! The conditions of a whole data set are checked before the first step.

use burn::tensor::Device;

use crate::adversarial::AdversarialTrainer;
use crate::batch::Condition;
use crate::data::{ClassFrequencies, Source};
use crate::gan_error::GanError;
use crate::network::{Discriminator, Generator};

/// Refuses data that the networks cannot be trained on: conditions that one of them refuses, labels without a class,
/// classes without samples.
///
/// A source that does not say what its conditions are passes.
pub(super) fn check_conditions<const D: usize, C: Condition>(
    trainer: &impl AdversarialTrainer<D, C>,
    source: &impl Source<D, C>,
    device: &Device,
) -> Result<(), GanError> {
    let Some(conditions) = source.conditions(device)? else {
        return Ok(());
    };
    let (generator, discriminator) = (trainer.generator(), trainer.discriminator());
    generator.check_condition(&conditions)?;
    discriminator.check_condition(&conditions)?;
    let classes = [generator.classes(), discriminator.classes()];
    if let Some(labels) = conditions.labels() {
        for classes in classes.into_iter().flatten() {
            ClassFrequencies::of(&labels, classes)?.check_every_class()?;
        }
    }
    Ok(())
}
