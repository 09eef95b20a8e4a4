//! [`ClassFrequencies`]: how often each class occurs in a data set, and labels that occur as often.

use burn::tensor::Device;
use serde::{Deserialize, Serialize};

use super::{DataError, label_tensor};
use crate::batch::Labels;
use crate::errors::{ConfigError, DeviceError};
use crate::random::{Purpose, Stream};

/// The key of the labels' stream, beside 0, that of the latent vectors of samples.
const LABELS: u64 = 1;

/// How many samples of each class a data set has; makes labels for generated samples with the same frequencies.
///
/// Scores that compare generated with real samples need them: with other frequencies a perfect generator would be
/// found to differ from the data.
///
/// ```
/// use burn::tensor::{Device, Tensor};
/// use burn_gan::Labels;
/// use burn_gan::data::ClassFrequencies;
///
/// let device = Device::flex();
/// let labels: Labels = Tensor::from_ints([0, 2, 1, 2, 2, 0], &device);
/// let frequencies = ClassFrequencies::of(&labels, 3)?;
/// assert_eq!(frequencies.counts(), [2, 1, 3]);
///
/// let drawn = frequencies.draw(100, 7, &device);
/// assert_eq!(drawn.dims(), [100]);
/// let exact = frequencies.proportional(4, &device);
/// assert_eq!(exact.into_data().to_vec::<i32>().unwrap(), [0, 1, 2, 2]);
/// # Ok::<(), burn_gan::GanError>(())
/// ```
/// In JSON it is the list of the counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<usize>", into = "Vec<usize>")]
pub struct ClassFrequencies {
    counts: Vec<usize>,
    /// The sum of the counts, at least 1.
    total: usize,
}

impl ClassFrequencies {
    /// With so many samples of each class; classes without samples are allowed.
    ///
    /// # Errors
    /// [`DataError::EmptyDataset`] for no samples, [`DataError::Config`] where their number has no `usize`.
    pub fn new(counts: Vec<usize>) -> Result<Self, DataError> {
        let total = counts
            .iter()
            .try_fold(0, |sum: usize, &count| sum.checked_add(count));
        match total {
            Some(0) => Err(DataError::EmptyDataset),
            Some(total) => Ok(Self { counts, total }),
            None => Err(ConfigError::new("counts", counts, "the sum is too large").into()),
        }
    }

    /// Those of the labels `[N]` of a data set with this number of classes.
    ///
    /// # Errors
    /// [`DataError::EmptyDataset`] for no labels, [`DataError::LabelOutOfRange`] with the first label outside
    /// `0..classes`, [`DataError::Device`] where the labels cannot be read.
    pub fn of(labels: &Labels, classes: usize) -> Result<Self, DataError> {
        let labels = labels.clone().try_into_vec_as::<i64>();
        let labels = labels.map_err(DeviceError::new)?;
        let mut counts = vec![0; classes];
        for label in labels {
            let count = usize::try_from(label)
                .ok()
                .and_then(|class| counts.get_mut(class))
                .ok_or(DataError::LabelOutOfRange { label, classes })?;
            *count += 1;
        }
        Self::new(counts)
    }

    /// Number of samples of each class.
    pub fn counts(&self) -> &[usize] {
        &self.counts
    }

    /// Number of classes.
    pub fn classes(&self) -> usize {
        self.counts.len()
    }

    /// Refuses classes without samples.
    ///
    /// # Errors
    /// [`DataError::EmptyClass`] with the first of them.
    pub fn check_every_class(&self) -> Result<(), DataError> {
        match self.counts.iter().position(|&count| count == 0) {
            Some(class) => Err(DataError::EmptyClass {
                class,
                counts: self.counts.clone(),
            }),
            None => Ok(()),
        }
    }

    /// `count` independent labels, each class with the probability of its share of the data, on `device`.
    ///
    /// They depend on the seed alone: the first labels are the same whatever the count. Samples drawn with the same seed
    /// have the latent vectors that they have without labels.
    pub fn draw(&self, count: usize, seed: u64, device: &Device) -> Labels {
        let mut stream = Stream::new(seed, Purpose::Sampling, LABELS);
        let ends = self.ends();
        let labels: Vec<usize> = (0..count)
            .map(|_| {
                let sample = stream.index(self.total);
                ends.partition_point(|&end| end <= sample)
            })
            .collect();
        label_tensor(&labels, device)
    }

    /// `count` labels in ascending order, each class as often as its share of the data, rounded up or down.
    ///
    /// The classes with the largest remainders are rounded up, the first ones among equals (Hamilton's method). With
    /// the data's own number of samples they are the labels of the data.
    pub fn proportional(&self, count: usize, device: &Device) -> Labels {
        let share = |samples: usize| {
            let product = samples as u128 * count as u128;
            let total = self.total as u128;
            ((product / total) as usize, product % total)
        };
        let (mut shares, remainders): (Vec<usize>, Vec<u128>) =
            self.counts.iter().map(|&samples| share(samples)).unzip();
        let missing = count - shares.iter().sum::<usize>();
        let mut classes: Vec<usize> = (0..self.classes()).collect();
        // A stable sort keeps the order of classes with equal remainders.
        classes.sort_by_key(|&class| std::cmp::Reverse(remainders[class]));
        for &class in classes.iter().take(missing) {
            shares[class] += 1;
        }
        let labels: Vec<usize> = shares
            .iter()
            .enumerate()
            .flat_map(|(class, &share)| std::iter::repeat_n(class, share))
            .collect();
        label_tensor(&labels, device)
    }

    /// The sum of the counts of each class and those before it.
    fn ends(&self) -> Vec<usize> {
        let sums = self.counts.iter().scan(0, |sum, &count| {
            *sum += count;
            Some(*sum)
        });
        sums.collect()
    }
}

impl TryFrom<Vec<usize>> for ClassFrequencies {
    type Error = DataError;

    fn try_from(counts: Vec<usize>) -> Result<Self, DataError> {
        Self::new(counts)
    }
}

impl From<ClassFrequencies> for Vec<usize> {
    fn from(frequencies: ClassFrequencies) -> Self {
        frequencies.counts
    }
}
