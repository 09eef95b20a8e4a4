//! [`LabelledByteImages`]: images kept as bytes, with a class each.

use burn::tensor::Device;

use super::{
    ByteImages, DataError, MOST_CLASSES, Samples, check_indices, check_label_count, label_tensor,
};
use crate::batch::{Batch, Labels};
use crate::identity::{Identity, sha256};

/// [`ByteImages`] with a class each, which is the condition of a batch.
///
/// ```
/// use burn::tensor::Device;
/// use burn_gan::data::{ByteImages, Samples};
///
/// let images = ByteImages::channels_first(vec![0, 50, 100, 150], 1, 1, 2)?;
/// let labelled = images.with_labels(vec![1, 0])?.with_class_names(vec!["cat".into(), "dog".into()])?;
/// assert_eq!((labelled.classes(), labelled.class_names()[1].as_str()), (2, "dog"));
/// let batch = labelled.select(&[0, 0, 1], &Device::flex())?;
/// assert_eq!((batch.samples.dims(), batch.condition.dims()), ([3, 1, 1, 2], [3]));
/// # Ok::<(), burn_gan::GanError>(())
/// ```
#[derive(Debug, Clone)]
pub struct LabelledByteImages {
    images: ByteImages,
    /// One an image, each below the number of names.
    labels: Vec<usize>,
    names: Vec<String>,
}

impl LabelledByteImages {
    pub(super) fn new(images: ByteImages, labels: Vec<usize>) -> Result<Self, DataError> {
        check_label_count(images.len(), labels.len())?;
        // A name a class: more classes than images is more than can be right, and than memory should be taken for.
        let classes = labels
            .iter()
            .max()
            .map_or(0, |label| label.saturating_add(1));
        if let Some(&label) = labels.iter().find(|&&label| label > MOST_CLASSES) {
            return Err(DataError::LabelOutOfRange {
                label: i64::try_from(label).unwrap_or(i64::MAX),
                classes: MOST_CLASSES,
            });
        }
        Ok(Self {
            images,
            labels,
            names: (0..classes).map(|class| class.to_string()).collect(),
        })
    }

    /// The same with names for the classes, in their order; there may be more names than classes that occur.
    ///
    /// # Errors
    /// [`DataError::LabelOutOfRange`] with the first label that has no name.
    pub fn with_class_names(mut self, names: Vec<String>) -> Result<Self, DataError> {
        if let Some(&label) = self.labels.iter().find(|&&label| label >= names.len()) {
            return Err(DataError::LabelOutOfRange {
                label: label as i64,
                classes: names.len(),
            });
        }
        self.names = names;
        Ok(self)
    }

    /// The images.
    pub fn images(&self) -> &ByteImages {
        &self.images
    }

    /// The images without their classes.
    pub fn into_images(self) -> ByteImages {
        self.images
    }

    /// The class of each image, counted from 0.
    pub fn labels(&self) -> &[usize] {
        &self.labels
    }

    /// Number of classes: that of the names, otherwise one more than the largest label.
    pub fn classes(&self) -> usize {
        self.names.len()
    }

    /// The name of each class; its number where it was given none.
    pub fn class_names(&self) -> &[String] {
        &self.names
    }
}

impl Samples<4, Labels> for LabelledByteImages {
    fn len(&self) -> usize {
        self.labels.len()
    }

    fn select(&self, indices: &[usize], device: &Device) -> Result<Batch<4, Labels>, DataError> {
        let images = self.images.select(indices, device)?.samples;
        let labels = self.conditions(indices, device)?;
        Ok(Batch::with_condition(images, labels)?)
    }

    fn conditions(&self, indices: &[usize], device: &Device) -> Result<Labels, DataError> {
        check_indices(indices, self.labels.len())?;
        let labels: Vec<usize> = indices.iter().map(|&index| self.labels[index]).collect();
        Ok(label_tensor(&labels, device))
    }

    fn all_conditions(&self, device: &Device) -> Result<Option<Labels>, DataError> {
        Ok(Some(label_tensor(&self.labels, device)))
    }

    /// The images, their labels and the classes' names count.
    fn identity(&self) -> Result<Identity, DataError> {
        let labels: Vec<u8> = self
            .labels
            .iter()
            .flat_map(|&label| (label as u64).to_le_bytes())
            .collect();
        let names = serde_json::json!(self.names).to_string();
        Ok(self
            .images
            .identity()?
            .with("labels_sha256", sha256(&labels))
            .with("class_names_sha256", sha256(names.as_bytes())))
    }
}
