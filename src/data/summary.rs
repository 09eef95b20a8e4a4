//! [`DataSummary`]: a look at a data set before training.

use std::collections::HashMap;
use std::fmt;

use burn::tensor::Device;
use sha2::{Digest, Sha256};

use super::{DataError, MOST_CLASSES, Samples};
use crate::batch::{Condition, Labels};
use crate::errors::DeviceError;

/// About so many values are on the host at once.
const VALUES: usize = 1 << 20;

/// What a data set is made of: numbers to look at, and to check, before training.
///
/// ```
/// use burn::tensor::Device;
/// use burn_gan::data::{ByteImages, DataSummary};
///
/// let images = ByteImages::channels_first(vec![0, 255, 51, 51, 0, 255], 1, 1, 2)?;
/// let summary = DataSummary::of(&images.with_labels(vec![0, 2, 2])?, &Device::flex())?;
/// assert_eq!((summary.samples, summary.shape.as_slice()), (3, [1, 1, 2].as_slice()));
/// assert_eq!((summary.lowest, summary.highest), (-1.0, 1.0));
/// assert_eq!(summary.classes, Some(vec![1, 0, 2]));
/// assert_eq!((summary.duplicates[0].first, summary.duplicates[0].again), (0, 2));
/// assert_eq!(
///     summary.to_string(),
///     "3 samples of [1, 1, 2], values from -1 to 1, mean -0.2; 3 classes of 0 to 2 samples; 1 of the samples has been \
///      there before"
/// );
/// # Ok::<(), burn_gan::GanError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct DataSummary {
    /// Number of samples.
    pub samples: usize,
    /// The shape of one sample: channels, height and width of an image.
    pub shape: Vec<usize>,
    /// The smallest value.
    pub lowest: f32,
    /// The largest value.
    pub highest: f32,
    /// The mean of all values.
    pub mean: f64,
    /// Number of samples of each class, up to the largest label; `None` where there are no labels.
    pub classes: Option<Vec<usize>>,
    /// Each sample that has the very values of an earlier one, in ascending order.
    pub duplicates: Vec<Duplicate>,
}

/// A sample that has the very values of an earlier one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Duplicate {
    /// The first sample with these values.
    pub first: usize,
    /// A later one.
    pub again: usize,
}

impl DataSummary {
    /// Goes once through all samples, on `device`, some at a time.
    ///
    /// # Errors
    /// [`DataError::EmptyDataset`] for no samples, [`DataError::NonFinite`] with the first value that is NaN or
    /// infinite, [`DataError::LabelOutOfRange`] for a negative label, [`DataError::Device`], and whatever keeps the
    /// set from its data.
    pub fn of<const D: usize, C: Condition>(
        samples: &impl Samples<D, C>,
        device: &Device,
    ) -> Result<Self, DataError> {
        let count = samples.len();
        if count == 0 {
            return Err(DataError::EmptyDataset);
        }
        let shape = samples.select(&[0], device)?.samples.dims()[1..].to_vec();
        let size = shape.iter().product::<usize>().max(1);
        let at_once = (VALUES / size).clamp(1, 256);
        let mut look = Look::default();
        for start in (0..count).step_by(at_once) {
            let indices: Vec<usize> = (start..count.min(start + at_once)).collect();
            let batch = samples.select(&indices, device)?;
            let values = batch.samples.try_into_vec_as::<f32>();
            for (index, values) in indices
                .iter()
                .zip(values.map_err(DeviceError::new)?.chunks_exact(size))
            {
                look.add(*index, values)?;
            }
            if let Some(labels) = batch.condition.labels() {
                look.add_labels(labels)?;
            }
        }
        Ok(Self {
            samples: count,
            lowest: look.lowest,
            highest: look.highest,
            mean: look.sum / (count * size) as f64,
            shape,
            classes: look.classes,
            duplicates: look.duplicates,
        })
    }
}

/// What the samples so far have shown.
struct Look {
    lowest: f32,
    highest: f32,
    sum: f64,
    classes: Option<Vec<usize>>,
    /// The first sample with values of this hash.
    seen: HashMap<[u8; 16], usize>,
    duplicates: Vec<Duplicate>,
}

impl Default for Look {
    fn default() -> Self {
        Self {
            lowest: f32::INFINITY,
            highest: f32::NEG_INFINITY,
            sum: 0.0,
            classes: None,
            seen: HashMap::new(),
            duplicates: Vec::new(),
        }
    }
}

impl Look {
    fn add(&mut self, sample: usize, values: &[f32]) -> Result<(), DataError> {
        let mut hash = Sha256::new();
        let mut bytes = Vec::with_capacity(4 * values.len());
        for (place, &value) in values.iter().enumerate() {
            if !value.is_finite() {
                let index = sample * values.len() + place;
                return Err(DataError::NonFinite { index, value });
            }
            self.lowest = self.lowest.min(value);
            self.highest = self.highest.max(value);
            self.sum += f64::from(value);
            bytes.extend(value.to_le_bytes());
        }
        hash.update(&bytes);
        let digest = hash.finalize();
        // Half of it: two samples of some millions agree in it by chance once in 10^24 data sets.
        let mut key = [0; 16];
        key.iter_mut().zip(digest).for_each(|(to, from)| *to = from);
        let first = *self.seen.entry(key).or_insert(sample);
        if first != sample {
            let again = sample;
            self.duplicates.push(Duplicate { first, again });
        }
        Ok(())
    }

    fn add_labels(&mut self, labels: Labels) -> Result<(), DataError> {
        let labels = labels.try_into_vec_as::<i64>().map_err(DeviceError::new)?;
        let classes = self.classes.get_or_insert_default();
        for label in labels {
            let class = usize::try_from(label).ok();
            let class = class.filter(|&class| class < MOST_CLASSES);
            let class = class.ok_or(DataError::LabelOutOfRange {
                label,
                classes: MOST_CLASSES,
            })?;
            if classes.len() <= class {
                classes.resize(class + 1, 0);
            }
            classes[class] += 1;
        }
        Ok(())
    }
}

impl fmt::Display for DataSummary {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            samples,
            shape,
            lowest,
            highest,
            ..
        } = self;
        let mean = (self.mean * 1e4).round() / 1e4;
        write!(
            formatter,
            "{samples} samples of {shape:?}, values from {lowest} to {highest}, mean {mean}"
        )?;
        if let Some(classes) = &self.classes {
            let fewest = classes.iter().min().unwrap_or(&0);
            let most = classes.iter().max().unwrap_or(&0);
            let number = classes.len();
            write!(
                formatter,
                "; {number} classes of {fewest} to {most} samples"
            )?;
        }
        match self.duplicates.len() {
            0 => write!(formatter, "; no sample is there twice"),
            1 => write!(formatter, "; 1 of the samples has been there before"),
            again => write!(formatter, "; {again} of the samples have been there before"),
        }
    }
}
