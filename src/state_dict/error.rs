//! [`StateDictError`]: why tensors do not fit a network.

use crate::errors::DeviceError;

/// What keeps a network from tensors, or tensors from their names.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StateDictError {
    /// A device could not hand over a tensor.
    #[error(transparent)]
    Device(#[from] DeviceError),

    /// Tensors that are not those of the network.
    #[error("{0}")]
    Unfit(Box<UnfitTensors>),

    /// Two tensors of the same name after a renaming.
    #[error("after the renaming two tensors are called `{name}`, one of them `{from}` before")]
    DuplicateName {
        /// The new name.
        name: String,
        /// The old name of the second.
        from: String,
    },
}

/// All that is wrong with the tensors that a network is to take.
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct UnfitTensors {
    /// Names of those that the network needs and that are not there.
    pub missing: Vec<String>,
    /// Names of those that are there and that the network does not have.
    pub unknown: Vec<String>,
    /// Those of another shape.
    pub misshapen: Vec<WrongShape>,
    /// The first value of each that holds what no weight can be: NaN, an infinity, a negative variance, or no number of
    /// floating point.
    pub unusable: Vec<UnusableValue>,
}

/// A tensor of another shape than the network's.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct WrongShape {
    /// Its name.
    pub name: String,
    /// The network's shape, in PyTorch's layout.
    pub expected: Vec<usize>,
    /// The shape that it has.
    pub actual: Vec<usize>,
}

/// A value that no weight can be.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct UnusableValue {
    /// The name of its tensor.
    pub name: String,
    /// Its place, row by row.
    pub index: usize,
    /// The value, or the type of all of them.
    pub value: String,
}

impl UnfitTensors {
    /// Whether nothing is wrong.
    pub fn is_empty(&self) -> bool {
        self == &Self::default()
    }
}

impl std::fmt::Display for UnfitTensors {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let quoted = |names: &[String]| -> Vec<String> {
            names.iter().map(|name| format!("`{name}`")).collect()
        };
        let misshapen = self.misshapen.iter().map(|tensor| {
            format!(
                "`{}` has shape {:?}, the network needs {:?}",
                tensor.name, tensor.actual, tensor.expected
            )
        });
        let unusable = self.unusable.iter().map(|value| {
            format!(
                "value {} of `{}` is {}",
                value.index, value.name, value.value
            )
        });
        let parts = [
            ("missing", quoted(&self.missing)),
            ("unknown to the network", quoted(&self.unknown)),
            ("of another shape", misshapen.collect()),
            ("unusable", unusable.collect()),
        ];
        let parts = parts.into_iter().filter(|(_, list)| !list.is_empty());
        let parts: Vec<String> = parts
            .map(|(what, list)| format!("{} {what}: {}", list.len(), list.join(", ")))
            .collect();
        write!(
            formatter,
            "the tensors are not the network's: {}",
            parts.join("; ")
        )
    }
}
