//! [`SavedState`]: the whole state of a trainer on the host.

use std::collections::BTreeMap;

use serde_json::Value;

/// A training state on the host: what a checkpoint holds of a trainer.
#[derive(Debug, Clone, PartialEq)]
pub struct SavedState {
    /// Counters and other small things.
    pub numbers: Value,
    /// Contents of files by name: weights and what optimisers remember.
    pub files: BTreeMap<String, Vec<u8>>,
}
