//! Micro-batches: the parts of a batch whose gradients are added up to those of the whole.

use burn::tensor::Tensor;

use crate::augment::Transformation;
use crate::batch::Condition;
use crate::objective::Tracked;

/// What one step works on: as many latent vectors as real samples, on the training device.
pub(super) struct TrainingBatch<const D: usize, C> {
    pub real: Tensor<D>,
    pub latent: Tensor<2>,
    pub condition: C,
    /// How probable the changes of an augmentation are, where it has probabilities.
    pub augmentation_probability: Option<f64>,
    pub parts: Vec<Part>,
}

/// Neighbouring samples of a batch.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Part {
    start: usize,
    length: usize,
    batch: usize,
}

impl Part {
    /// Cuts a batch into `count` parts that differ in size by at most one; into fewer where there are fewer
    /// samples.
    pub fn split(batch: usize, count: usize) -> Vec<Self> {
        let count = count.min(batch).max(1);
        let start = |index: usize| index * (batch / count) + index.min(batch % count);
        (0..count)
            .map(|index| Self {
                start: start(index),
                length: start(index + 1) - start(index),
                batch,
            })
            .collect()
    }

    /// Its share of the batch: the mean over the batch is the sum of the parts' means times their weights.
    pub fn weight(&self) -> f64 {
        self.length as f64 / self.batch as f64
    }

    /// Its samples, of those of a batch without a graph.
    pub fn of<const D: usize>(&self, samples: &Tensor<D>) -> Tensor<D> {
        if self.is_whole() {
            return samples.clone();
        }
        let plain = samples.clone().without_autodiff();
        let cut = plain.narrow(0, self.start, self.length);
        // A cut that autodiff saw would stand a step deeper in its graph than samples that come from another device, and
        // the depth decides in which order gradients are added up.
        if samples.device().is_autodiff() {
            cut.autodiff()
        } else {
            cut
        }
    }

    /// Its conditions.
    pub fn condition<C: Condition>(&self, condition: &C) -> C {
        if self.is_whole() {
            condition.clone()
        } else {
            condition.narrow(self.start, self.length)
        }
    }

    /// The changes of its samples.
    pub fn of_changes(&self, changes: &Transformation) -> Transformation {
        if self.is_whole() {
            changes.clone()
        } else {
            changes.narrow(self.start, self.length)
        }
    }

    /// Its share of the numbers that averages take in.
    pub fn of_tracked(&self, tracked: Vec<Tracked>) -> impl Iterator<Item = Tracked> {
        let share = |mean| self.share(mean);
        tracked.into_iter().map(move |tracked| tracked.share(share))
    }

    /// Its share of a mean over the batch, from the mean over the part.
    pub fn share(&self, mean: Tensor<1>) -> Tensor<1> {
        if self.is_whole() {
            mean
        } else {
            mean * self.weight()
        }
    }

    fn is_whole(&self) -> bool {
        self.length == self.batch
    }
}

/// One part after the other along the first axis.
pub(super) fn joined<const D: usize>(parts: Vec<Tensor<D>>) -> Tensor<D> {
    match <[_; 1]>::try_from(parts) {
        Ok([part]) => part,
        Err(parts) => Tensor::cat(parts, 0),
    }
}

/// The mean over the batch, `[1]`, from the means of its parts.
pub(super) fn mean_of_parts(means: Vec<Tensor<1>>, parts: &[Part]) -> Tensor<1> {
    let means = match <[_; 1]>::try_from(means) {
        Ok([mean]) => return mean,
        Err(means) => means,
    };
    let weighted = means
        .into_iter()
        .zip(parts)
        .map(|(mean, part)| part.share(mean));
    Tensor::cat(weighted.collect(), 0).sum()
}

#[cfg(test)]
mod tests {
    use super::Part;

    #[test]
    fn parts_follow_each_other_and_differ_by_at_most_one() {
        let sizes = |batch, count| -> Vec<usize> {
            let parts = Part::split(batch, count);
            let mut next = 0;
            for part in &parts {
                assert_eq!(part.start, next);
                next += part.length;
            }
            assert_eq!(next, batch);
            let weight: f64 = parts.iter().map(Part::weight).sum();
            assert!((weight - 1.0).abs() < 1e-12);
            parts.iter().map(|part| part.length).collect()
        };
        assert_eq!(sizes(64, 4), [16; 4]);
        assert_eq!(sizes(11, 4), [3, 3, 3, 2]);
        assert_eq!(sizes(3, 8), [1; 3]);
        assert_eq!(sizes(7, 1), [7]);
    }
}
