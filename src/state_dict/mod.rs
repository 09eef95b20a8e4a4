//! [`StateDict`]: tensors by PyTorch's names, and [`PytorchModule`], what lists them and takes them back.

mod error;
mod mapper;
mod module;
mod renaming;

pub use error::{StateDictError, UnfitTensors, UnusableValue, WrongShape};
pub use mapper::StateMapper;
pub use module::PytorchModule;
pub(crate) use module::map_state;
pub use renaming::Renaming;

use std::collections::BTreeMap;

use burn::tensor::TensorData;

/// Tensors by name, in the order of their names, and texts about them: what PyTorch calls a state dict.
///
/// Names and layouts are PyTorch's: `weight` and `bias`, `running_mean` and `running_var`; convolutions
/// `[out, in / groups, height, width]`, transposed ones `[in, out / groups, height, width]`, linear layers `[out, in]`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct StateDict {
    tensors: BTreeMap<String, TensorData>,
    metadata: BTreeMap<String, String>,
}

impl StateDict {
    /// One without tensors.
    pub fn new() -> Self {
        Self::default()
    }

    /// Number of tensors.
    pub fn len(&self) -> usize {
        self.tensors.len()
    }

    /// Whether there is no tensor.
    pub fn is_empty(&self) -> bool {
        self.tensors.is_empty()
    }

    /// The tensors by name, in the order of their names.
    pub fn tensors(&self) -> &BTreeMap<String, TensorData> {
        &self.tensors
    }

    /// The tensor of this name, where there is one.
    pub fn get(&self, name: &str) -> Option<&TensorData> {
        self.tensors.get(name)
    }

    /// Puts a tensor in; gives back the one that had this name.
    pub fn insert(&mut self, name: impl Into<String>, tensor: TensorData) -> Option<TensorData> {
        self.tensors.insert(name.into(), tensor)
    }

    /// Takes a tensor out, where there is one of this name.
    pub fn remove(&mut self, name: &str) -> Option<TensorData> {
        self.tensors.remove(name)
    }

    /// Texts about the tensors, such as the configuration of their network; a safetensors file carries them.
    pub fn metadata(&self) -> &BTreeMap<String, String> {
        &self.metadata
    }

    /// The same with a text under `key`, in place of one that was there.
    pub fn with_metadata(mut self, key: impl Into<String>, text: impl Into<String>) -> Self {
        self.metadata.insert(key.into(), text.into());
        self
    }

    /// The same with a tensor of zeros, such as a bias that the other network does not have. One that is there already
    /// stays.
    pub fn with_zeros(mut self, name: impl Into<String>, shape: &[usize]) -> Self {
        let zeros = || TensorData::zeros::<f32, _>(shape.to_vec());
        self.tensors.entry(name.into()).or_insert_with(zeros);
        self
    }

    /// The same tensors under other names.
    ///
    /// # Errors
    /// [`StateDictError::DuplicateName`] where two tensors would have the same name.
    pub fn renamed(self, renaming: &Renaming) -> Result<Self, StateDictError> {
        let mut renamed = BTreeMap::new();
        for (name, tensor) in self.tensors {
            let new = renaming.apply(&name);
            if renamed.insert(new.clone(), tensor).is_some() {
                return Err(StateDictError::DuplicateName {
                    name: new,
                    from: name,
                });
            }
        }
        Ok(Self {
            tensors: renamed,
            metadata: self.metadata,
        })
    }
}

impl FromIterator<(String, TensorData)> for StateDict {
    fn from_iter<I: IntoIterator<Item = (String, TensorData)>>(tensors: I) -> Self {
        Self {
            tensors: tensors.into_iter().collect(),
            metadata: BTreeMap::new(),
        }
    }
}
