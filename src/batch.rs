//! [`Batch`]: real samples, and the [`Condition`] that each of them comes under.

use burn::tensor::{Device, Int, Tensor};

/// A batch that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BatchError {
    /// A batch without samples.
    #[error("the batch has no samples")]
    Empty,

    /// As many conditions as samples are needed.
    #[error("{samples} samples came with {conditions} conditions")]
    ConditionLength {
        /// Number of samples.
        samples: usize,
        /// Number of conditions.
        conditions: usize,
    },
}

/// Class labels `[N]`, counted from 0: the condition of a network that knows its classes.
pub type Labels = Tensor<1, Int>;

/// What a batch's samples are conditioned on, one condition a sample.
///
/// Implemented for `()` (nothing), class labels `Tensor<1, Int>`, float tensors of any rank whose first axis is the
/// batch, and pairs of conditions. Labels count from 0; how many classes there are the networks know
/// ([`Generator::check_condition`](crate::Generator::check_condition)).
pub trait Condition: Clone + Send + 'static {
    /// How many samples it is for; `None` where it fits any number.
    fn len(&self) -> Option<usize>;

    /// The number of samples that each of its parts is for, where it has several.
    fn lengths(&self) -> Vec<usize> {
        self.len().into_iter().collect()
    }

    /// The class labels `[N]` among it, where there are any.
    fn labels(&self) -> Option<Labels> {
        None
    }

    /// Whether it is for no sample at all.
    fn is_empty(&self) -> bool {
        self.len() == Some(0)
    }

    /// The conditions `start..start + length`, a range within [`Condition::len`].
    fn narrow(&self, start: usize, length: usize) -> Self;

    /// The conditions at these indices, each below [`Condition::len`].
    fn select(&self, indices: &[usize]) -> Self;

    /// The conditions of `parts` one after the other; `parts` holds at least one.
    fn cat(parts: Vec<Self>) -> Self;

    /// The shape of one sample's condition; empty where it is a single value or nothing.
    fn sample_shape(&self) -> Vec<usize> {
        Vec::new()
    }

    /// The same conditions on another device, as plain values without autodiff.
    fn to_device(self, device: &Device) -> Self;
}

impl Condition for () {
    fn len(&self) -> Option<usize> {
        None
    }
    fn narrow(&self, _start: usize, _length: usize) -> Self {}
    fn select(&self, _indices: &[usize]) -> Self {}
    fn cat(_parts: Vec<Self>) -> Self {}
    fn to_device(self, _device: &Device) -> Self {}
}

/// Both of a pair, a class label and an image for example; a triple is a pair of a pair.
impl<A: Condition, B: Condition> Condition for (A, B) {
    fn len(&self) -> Option<usize> {
        self.0.len().or_else(|| self.1.len())
    }
    fn lengths(&self) -> Vec<usize> {
        [self.0.lengths(), self.1.lengths()].concat()
    }
    fn labels(&self) -> Option<Labels> {
        self.0.labels().or_else(|| self.1.labels())
    }
    fn narrow(&self, start: usize, length: usize) -> Self {
        (self.0.narrow(start, length), self.1.narrow(start, length))
    }
    fn select(&self, indices: &[usize]) -> Self {
        (self.0.select(indices), self.1.select(indices))
    }
    fn cat(parts: Vec<Self>) -> Self {
        let (first, second) = parts.into_iter().unzip();
        (A::cat(first), B::cat(second))
    }
    fn sample_shape(&self) -> Vec<usize> {
        [self.0.sample_shape(), self.1.sample_shape()].concat()
    }
    fn to_device(self, device: &Device) -> Self {
        (self.0.to_device(device), self.1.to_device(device))
    }
}

macro_rules! tensor_condition {
    ([$($rank:tt)*], $kind:ty, $labels:expr) => {
        impl<$($rank)*> Condition for $kind {
            fn len(&self) -> Option<usize> {
                self.dims().first().copied()
            }
            fn labels(&self) -> Option<Labels> {
                let labels: fn(&Self) -> Option<Labels> = $labels;
                labels(self)
            }
            fn narrow(&self, start: usize, length: usize) -> Self {
                self.clone().narrow(0, start, length)
            }
            fn select(&self, indices: &[usize]) -> Self {
                let indices = index_tensor(indices, &self.device());
                self.clone().select(0, indices)
            }
            fn cat(parts: Vec<Self>) -> Self {
                Tensor::cat(parts, 0)
            }
            fn sample_shape(&self) -> Vec<usize> {
                self.dims().into_iter().skip(1).collect()
            }
            fn to_device(self, device: &Device) -> Self {
                self.without_autodiff().to_device(device)
            }
        }
    };
}
tensor_condition!([const R: usize], Tensor<R>, |_| None);
tensor_condition!([], Labels, |labels| Some(labels.clone()));

/// Host indices as a tensor, for `Tensor::select`.
pub(crate) fn index_tensor(indices: &[usize], device: &Device) -> Tensor<1, Int> {
    let indices: Vec<i64> = indices.iter().map(|&index| index as i64).collect();
    Tensor::from_data(indices.as_slice(), device)
}

/// Real samples `[N, ...]` and what they are conditioned on.
#[derive(Debug, Clone)]
pub struct Batch<const D: usize, C = ()> {
    /// The samples; the first axis counts them.
    pub samples: Tensor<D>,
    /// One condition a sample.
    pub condition: C,
}

impl<const D: usize> Batch<D> {
    /// Samples under no condition.
    pub fn new(samples: Tensor<D>) -> Self {
        Self {
            samples,
            condition: (),
        }
    }
}

impl<const D: usize, C: Condition> Batch<D, C> {
    /// Samples with one condition each.
    ///
    /// # Errors
    /// [`BatchError::ConditionLength`] where there are not as many conditions as samples.
    pub fn with_condition(samples: Tensor<D>, condition: C) -> Result<Self, BatchError> {
        let batch = Self { samples, condition };
        check_condition(batch.len(), &batch.condition)?;
        Ok(batch)
    }

    /// Number of samples.
    pub fn len(&self) -> usize {
        self.samples.dims().first().copied().unwrap_or(0)
    }

    /// Whether there are no samples.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Refuses a condition for another number of samples.
pub(crate) fn check_condition<C: Condition>(
    samples: usize,
    condition: &C,
) -> Result<(), BatchError> {
    let lengths = condition.lengths();
    match lengths.into_iter().find(|&length| length != samples) {
        Some(conditions) => Err(BatchError::ConditionLength {
            samples,
            conditions,
        }),
        None => Ok(()),
    }
}
