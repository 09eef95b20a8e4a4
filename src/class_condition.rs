//! [`ClassCondition`]: what the library's networks are conditioned on, nothing or a class.

use crate::batch::{Condition, Labels};
use crate::errors::DeviceError;
use crate::network_error::NetworkError;

/// The conditions of the networks in [`model`](crate::model): nothing, `()`, or class [`Labels`].
///
/// A network of this crate implements [`Generator`](crate::Generator) or [`Discriminator`](crate::Discriminator) for
/// both. Which of the two it takes is its configuration; it refuses the other before training.
pub trait ClassCondition: Condition + sealed::Sealed {}

impl ClassCondition for () {}
impl ClassCondition for Labels {}

mod sealed {
    pub trait Sealed {}
    impl Sealed for () {}
    impl Sealed for super::Labels {}
}

/// Refuses a condition that a network of `classes` classes (`None`: that takes no labels) has no use for.
///
/// # Errors
/// [`NetworkError::LabelsMissing`], [`NetworkError::LabelsUnused`], [`NetworkError::LabelOutOfRange`] with the first
/// label that has no class, [`NetworkError::Device`] where the labels cannot be read.
pub(crate) fn check_classes(
    condition: &impl ClassCondition,
    classes: Option<usize>,
) -> Result<(), NetworkError> {
    match (condition.labels(), classes) {
        (None, None) => Ok(()),
        (None, Some(classes)) => Err(NetworkError::LabelsMissing { classes }),
        (Some(_), None) => Err(NetworkError::LabelsUnused),
        (Some(labels), Some(classes)) => check_labels(&labels, classes),
    }
}

/// Reads labels and checks that there is a class for each.
///
/// # Errors
/// [`NetworkError::LabelOutOfRange`] with the first that has none, [`NetworkError::Device`] where they cannot be read.
pub(crate) fn check_labels(labels: &Labels, classes: usize) -> Result<(), NetworkError> {
    let labels = labels.clone().try_into_vec_as::<i64>();
    let labels = labels.map_err(DeviceError::new)?;
    labels
        .into_iter()
        .try_for_each(|label| check_label(label, classes))
}

/// # Errors
/// [`NetworkError::LabelOutOfRange`] for a label that is not in `0..classes`.
pub(crate) fn check_label(label: i64, classes: usize) -> Result<(), NetworkError> {
    if usize::try_from(label).is_ok_and(|label| label < classes) {
        Ok(())
    } else {
        Err(NetworkError::LabelOutOfRange { label, classes })
    }
}
